"""23, 63, 01, 25, 35 and their answers 24, 64, 26, 36: what is said about a patron, and to whom nothing is.

A PIN that is wrong, empty, or missing where one is needed gives the same empty answer as an unknown card: BL=N, CQ=N,
no name, no contact, no amount, no list, so that no single field a client may read lets anybody in.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

from gateway.adapters.sip2 import _lists
from gateway.adapters.sip2._common import (
    Field,
    No,
    Result,
    amount,
    digits4,
    echo,
    institution,
    missing,
    no_lines,
    optional,
    pin,
    screen,
    sip_now,
    value,
)
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical import requests as req
from gateway.canonical.entities import Block, Patron
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import AccountOutcome, PatronOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import BlockReason, BlockSeverity, PatronStatus
from gateway.crosswalks.languages import UNKNOWN, language_of, sip2_code
from gateway.crosswalks.refusals import DENIED, row_of
from gateway.crosswalks.sip2 import SCOPE_POSITIONS, STATUS_POSITION
from library_protocols.sip2.messages import Message, build

_WRONG_PIN = Refusal(code=RefusalCode.PATRON_AUTH_FAILED)
_COUNTS = (
    "hold_items_count",
    "overdue_items_count",
    "charged_items_count",
    "fine_items_count",
    "recall_items_count",
    "unavailable_holds_count",
)
_DENIALS = (
    BlockReason.BORROW_DENIED,
    BlockReason.RENEW_DENIED,
    BlockReason.RECALL_DENIED,
    BlockReason.HOLD_DENIED,
)
_NO_COUNTS = dict.fromkeys(_COUNTS, "0000")


def read_status(message: Message, s: Surroundings) -> req.Request | Refusal:
    patron = value(message, "AA")
    return missing("AA") if patron is None else req.PatronGet(patron=patron, pin=pin(message, s))


def read_information(message: Message, s: Surroundings) -> req.Request | Refusal:
    patron = value(message, "AA")
    if patron is None:
        return missing("AA")
    wanted = _lists.wanted(message, s)
    return req.PatronAccount(
        patron=patron,
        pin=pin(message, s),
        loans=bool(wanted & _lists.OF_LOANS),
        holds=bool(wanted & _lists.OF_HOLDS),
        fees=bool(wanted & _lists.OF_FEES),
    )


def read_block(message: Message, s: Surroundings) -> req.Request | Refusal:
    patron = value(message, "AA")
    if patron is None:
        return missing("AA")
    retained = message.fixed["card_retained"] == "Y"
    return req.PatronBlock(patron=patron, text=value(message, "AL"), card_retained=retained)


def read_enable(message: Message, s: Surroundings) -> req.Request | Refusal:
    patron = value(message, "AA")
    return missing("AA") if patron is None else req.PatronEnable(patron=patron, pin=pin(message, s))


def request_language(message: Message, s: Surroundings) -> str | None:
    """BCP 47 tag of the language field of 23 and 63; None for other messages and unknown codes."""
    code = message.fixed.get("language")
    return None if code is None else language_of(code, s.profile.texts.language_codes)


def answer(
    code: str, message: Message, s: Surroundings, result: Result, now: datetime, language: str | None
) -> Message:
    """24, 26 or 64."""
    if isinstance(result, Refusal | PlatformFailure):
        return _nothing(code, message, s, result, now, language)
    assert isinstance(result, PatronOutcome)
    sent = pin(message, s) is not None
    # The desk checks every PIN it is given before a command, and marks the answers of reads.
    if sent and result.pin_verified is not True and (message.code in ("23", "63") or result.pin_verified is False):
        return _nothing(code, message, s, _WRONG_PIN, now, language)
    patron = result.patron
    fixed = {
        "patron_status": patron_status(patron, s, now),
        "language": _language(message, s, patron),
        "transaction_date": sip_now(s, now),
    }
    # A block placed or lifted by card number alone tells no more than the policy lets anybody see.
    shown = sent or message.code in ("23", "63") or "patron.get" not in s.pin_required
    fields: list[Field] = [
        ("AO", institution(message, s)),
        ("AA", echo(message, "AA")),
        ("AE", patron.name.display if shown and s.profile.patron.name else ""),
    ]
    lists: list[Field] = []
    if code == "64":
        fixed |= _lists.counts(patron, s)
        limits = patron.limits
        fields += optional(
            [
                ("BZ", digits4(limits.holds, None)),
                ("CA", digits4(limits.overdues, None)),
                ("CB", digits4(limits.loans, None)),
            ],
            s,
        )
    fields.append(("BL", "N" if patron.status is PatronStatus.DELETED else "Y"))
    if sent:
        fields.append(("CQ", "Y"))
    if code != "26" and shown:
        fields += optional([("BH", s.currency), ("BV", amount(patron.balance) if patron.balance else None)], s)
    if code == "64":
        fees = patron.limits.fees
        fields += optional([("CC", amount(fees) if fees else None)], s)
        if isinstance(result, AccountOutcome):
            lists = _lists.fields(message, s, result, language or patron.language)
        fields += _contacts(patron, s)
    if shown and code != "26":
        fields += _own_fields(patron, s, now)
    lines = screen((*result.messages, *patron.messages, *_told(patron, now, shown)), s, language or patron.language)
    if lists:
        room = s.profile.wire.max_message - _size(fields) - _size(lines) - 100
        fields += _lists.fitting(lists, room)
    return build(code, fields=[*fields, *lines], **fixed)


def _size(fields: list[Field]) -> int:
    return sum(len((item or "").encode("utf-8", "surrogatepass")) + 3 for _, item in fields)


def _nothing(code: str, message: Message, s: Surroundings, no: No, now: datetime, language: str | None) -> Message:
    row = row_of(no).sip2
    valid = row.card_known and (not row.needs_pin or s.profile.patron.bl_tells_card_only)
    fixed = {
        "patron_status": _positions(frozenset(row.status)) if valid and not row.needs_pin else _denied(s),
        "language": _asked_language(message),
        "transaction_date": sip_now(s, now),
    }
    if code == "64":
        fixed |= _NO_COUNTS
    fields: list[Field] = [
        ("AO", institution(message, s)),
        ("AA", echo(message, "AA")),
        ("AE", ""),
        ("BL", "Y" if valid else "N"),
        ("CQ", "N"),
        *no_lines(no, s, language),
    ]
    return build(code, fields=fields, **fixed)


@cache
def _positions(marked: frozenset[int]) -> str:
    return "".join("Y" if position in marked else " " for position in range(14))


def _denied(s: Surroundings) -> str:
    return _positions(frozenset({0} if s.profile.patron.status_when_unknown == "first" else DENIED))


def _stands(block: Block, now: datetime) -> bool:
    return block.expires_at is None or block.expires_at > now


def patron_status(patron: Patron, s: Surroundings, now: datetime) -> str:
    """The fourteen positions: what the blocks deny, and their reasons where they have a position of their own."""
    marked: set[int] = set()
    if patron.status is not PatronStatus.ACTIVE:
        marked.update(DENIED)
    for block in patron.blocks:
        if block.severity is not BlockSeverity.BLOCK or not _stands(block, now):
            continue
        marked.update(SCOPE_POSITIONS[block.scope])
        position = STATUS_POSITION.get(block.reason)
        if position is not None:
            marked.add(position)
    if marked and s.profile.patron.status_when_blocked == "all":
        marked = {0, *range(3, 14)}
    return _positions(frozenset(marked))


def _told(patron: Patron, now: datetime, shown: bool) -> list[MessageRef]:
    """Why the patron may not do something, in words, and the notices where a patron is `shown` at all; the text of
    any other block is staff's and stays with them."""
    told: list[MessageRef] = []
    if patron.status is PatronStatus.EXPIRED:
        told.append(MessageRef(id="refusal.patron_expired"))
    elif patron.status is not PatronStatus.ACTIVE:
        told.append(MessageRef(id="refusal.patron_inactive"))
    standing = [block for block in patron.blocks if _stands(block, now)]
    blocks = [block for block in standing if block.reason is not BlockReason.NOTICE]
    notices = [block for block in standing if block.reason is BlockReason.NOTICE]
    # What follows from another reason need not be said again.
    telling = [block for block in blocks if block.reason not in _DENIALS] or ([] if told else blocks)
    told += [MessageRef(id=f"block.{block.reason.lower()}") for block in telling]
    return told + [MessageRef(id="block.notice", text=(block.text or None) if shown else None) for block in notices]


def _asked_language(message: Message) -> str:
    """The request's own code, which 01 and 25 do not have and a confused kiosk may fill with anything."""
    code = message.fixed.get("language", UNKNOWN)
    return code if code.isascii() and code.isdigit() else UNKNOWN


def _language(message: Message, s: Surroundings, patron: Patron) -> str:
    asked = _asked_language(message)
    if s.profile.patron.language_from == "request":
        return asked
    return sip2_code(patron.language, s.profile.texts.language_codes) or asked


def _contacts(patron: Patron, s: Surroundings) -> list[Field]:
    if not s.profile.patron.contacts:
        return []
    contacts = patron.contacts
    return optional(
        [
            ("BD", next(iter(contacts.addresses), None)),
            ("BE", next(iter(contacts.emails), None)),
            ("BF", next(iter(contacts.phones), None)),
        ],
        s,
    )


def _own_fields(patron: Patron, s: Surroundings, now: datetime) -> list[Field]:
    """The profile's further fields about a patron."""
    wanted = s.profile.fields.patron
    if not wanted:
        return []
    expires = patron.expires_at.astimezone(s.zone) if patron.expires_at else None
    born = patron.birth_date
    category = patron.category
    sources: dict[str, str | None] = {
        "expiry": f"{expires:%Y%m%d}" if expires else None,
        "expiry_long": f"{expires:%Y%m%d    %H%M%S}" if expires else None,
        "birth_date": f"{born:%Y%m%d}" if born else None,
        "birth_date_long": f"{born:%Y%m%d}    000000" if born else None,
        "category": category.code if category else None,
        "category_label": category.label if category else None,
        "home_library": patron.home_library,
        "internal_id": patron.id,
        "expired": "Y" if patron.status is PatronStatus.EXPIRED else "N",
        "balance": amount(patron.balance) if patron.balance else None,
        "language": patron.language,
    }
    return optional([(code, sources[source]) for code, source in wanted.items()], s)


def answer_end(message: Message, s: Surroundings, now: datetime, language: str | None) -> Message:
    """36. Ending a session asks nothing of the platform and always succeeds."""
    fields: list[Field] = [
        ("AO", institution(message, s)),
        ("AA", echo(message, "AA")),
        *screen((MessageRef(id="session.ended"),), s, language),
    ]
    return build("36", fields=fields, end_session="Y", transaction_date=sip_now(s, now))


def refuse_end(message: Message, s: Surroundings, no: No, now: datetime, language: str | None) -> Message:
    fields: list[Field] = [
        ("AO", institution(message, s)),
        ("AA", echo(message, "AA")),
        *no_lines(no, s, language),
    ]
    return build("36", fields=fields, end_session="N", transaction_date=sip_now(s, now))
