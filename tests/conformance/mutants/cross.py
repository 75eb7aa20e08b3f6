"""Systems one of whose doors says something else than the others, and the requirement that shows it.

What stands between is told by its door: the proxy changes that door's messages and leaves sums wrong, which probes of
doors do not mind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from library_protocols.ldap import BindRequest, BindResponse, LdapMessage, Result, SearchResultEntry, decode, encode
from tests.conformance.proxy import Back, Mutant, Talk

LEND = "cross.loan.visible/lend-here-look-there"
HOLD = "cross.hold.visible/request-here-look-there"
SHELF = "cross.item.shelf/lend-and-look-in-records"


def other_fixed(code: bytes, place: int, value: bytes) -> Callable[..., bytes]:
    """Puts other characters into the fixed part of an answer."""
    return lambda message, _: (
        message[:place] + value + message[place + len(value) :] if message.startswith(code) else message
    )


def instead(old: bytes, new: bytes) -> Callable[..., bytes]:
    return lambda message, _: message.replace(old, new)


def swallowed(code: bytes, answer: bytes) -> Callable[[bytes, Talk], Iterable[bytes | Back]]:
    """Says that it was done, and does nothing."""
    return lambda message, _: (Back(answer + b"\r"),) if message.startswith(code) else (message,)


def no_holds(message: bytes, _: Talk) -> bytes:
    """64 with counts of nothing, neither of holds nor of those that cannot be fetched yet."""
    return message[:37] + b"0000" + message[41:57] + b"0000" + message[61:] if message.startswith(b"64") else message


def numbers(digit: bytes) -> Callable[..., bytes]:
    """Another number of records, of as many digits."""
    return lambda message, _: re.sub(rb"(?<=OfRecords>)\d+", lambda told: digit * len(told[0]), message)


def other_people(message: bytes, _: Talk) -> bytes:
    """Entries with other names."""
    read = decode(message)
    if not isinstance(read.op, SearchResultEntry):
        return message
    return encode(replace(read, op=replace(read.op, attributes=(("cn", (b"Somebody Else",)),))))


def nobodys_password(message: bytes, talk: Talk) -> bytes:
    """Binds of people are refused, those of accounts are not."""
    asked = decode(talk.request).op
    refused = isinstance(asked, BindRequest) and asked.name.startswith("uid=")
    return encode(LdapMessage(decode(message).message_id, BindResponse(Result(49)))) if refused else message


LENT, RETURNED = b"121NNY20260101    120000AOABER|AA|AB|AJ|AH|", b"101YNN20260101    120000AOABER|AB|AQ|"
DONE, NOT_DONE = b"161Y20260101    120000AOABER|AA|", b"160N20260101    120000AOABER|AA|"

CIRCULATION: tuple[tuple[str, str, Mutant], ...] = (
    ("cross.loan.visible", "sip2", Mutant("everything on the shelf", (LEND,), other_fixed(b"18", 2, b"03"))),
    ("cross.loan.account", "sip2", Mutant("empty accounts", (LEND,), instead(b"|AU", b"|XU"))),
    ("cross.item.status", "sip2",
     Mutant("always on loan", ("cross.item.status/on-the-shelf-and-on-loan",), other_fixed(b"18", 2, b"04"))),
    ("cross.item.title", "sip2", Mutant("other titles", ("cross.item.title/one-item",), instead(b"|AJ", b"|AJNot "))),
    ("cross.patron.blocked", "sip2",
     Mutant("nobody blocked", ("cross.patron.blocked/through-each",), other_fixed(b"24", 2, b" " * 14))),
    ("cross.patron.known", "sip2",
     Mutant("nobody known", ("cross.patron.known/somebody-and-nobody",), instead(b"|BLY", b"|BLN"))),
    ("cross.patron.name", "sip2", Mutant("other names", ("cross.patron.name/one-patron",), instead(b"|AE", b"|AENo"))),
    ("cross.patron.pin", "sip2", Mutant("no PIN is right", ("cross.patron.pin/right-one",), instead(b"|CQY", b"|CQN"))),
    ("cross.fees.balance", "sip2",
     Mutant("owes more", ("cross.fees.balance/owing-and-not",), instead(b"|BV", b"|BV1"))),
    ("cross.fees.balance", "sip2",
     Mutant("tells no balance", ("cross.fees.balance/owing-and-not",), instead(b"|BV", b"|XV"))),
    ("cross.hold.visible", "sip2", Mutant("counts no holds", (HOLD,), no_holds)),
    ("cross.hold.withdrawn", "sip2", Mutant("keeps holds", (HOLD,), requests=swallowed(b"15-", DONE))),
    ("cross.hold.withdrawn", "sip2", Mutant("withdraws nothing", (HOLD,), requests=swallowed(b"15-", NOT_DONE))),
)  # fmt: skip
"""Through the doors for lending."""
PEOPLE: tuple[tuple[str, str, Mutant], ...] = (
    ("cross.patron.name", "ldap", Mutant("other entries", ("cross.patron.name/one-patron",), other_people)),
    ("cross.patron.pin", "ldap", Mutant("no person is let in", ("cross.patron.pin/right-one",), nobodys_password)),
    ("cross.patron.known", "ldap",
     Mutant("entries of nobody", ("cross.patron.known/somebody-and-nobody",),
            lambda message, _: b"" if isinstance(decode(message).op, SearchResultEntry) else message)),
)  # fmt: skip
"""Through a directory beside them."""
RECORDS: tuple[tuple[str, str, Mutant], ...] = (
    ("cross.item.shelf", "sip2",
     Mutant("lends to nobody", (SHELF,), requests=lambda message, talk: (
         (Back(LENT + b"\r"),) if message.startswith(b"11") else
         (Back(RETURNED + b"\r"),) if message.startswith(b"09") else (message,)))),
    ("cross.item.shelf", "sip2", Mutant("keeps what is returned", (SHELF,), requests=swallowed(b"09", RETURNED))),
    ("cross.search.count", "sru", Mutant("counts one more", ("cross.search.count/one-word",),
                                         numbers(b"9"))),
    ("cross.search.nothing", "sru", Mutant("finds everything", ("cross.search.nothing/made-up-word",),
                                           instead(b"OfRecords>0<", b"OfRecords>7<"))),
    ("cross.record.found", "sru", Mutant("finds nothing", ("cross.record.found/first-titles",),
                                         numbers(b"0"))),
)  # fmt: skip
"""Through the doors for searching."""
