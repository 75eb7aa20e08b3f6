"""LDAP in recordings: messages of a link read, and each request with what came to it.

Octets that are no message are kept as what cannot be read. Values that are covered read as stars.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from library_conformance.passive_rules import Link, Said, Side, once
from library_protocols.ldap import (
    AbandonRequest,
    And,
    Approx,
    BindRequest,
    DecodeError,
    Equality,
    ExtendedRequest,
    Extensible,
    Filter,
    Framer,
    GreaterOrEqual,
    IntermediateResponse,
    LdapMessage,
    LessOrEqual,
    Not,
    Or,
    PagedResults,
    Request,
    Result,
    SearchRequest,
    SearchResultEntry,
    SearchResultReference,
    Simple,
    Substrings,
    UnbindRequest,
    decode,
    find_control,
)
from library_protocols.ldap.facts import oids

_LARGEST = 64 * 1_048_576
_SLACK = 0.002
"""Seconds by which the times of a recorded exchange may be off: they are rounded to milliseconds."""
_MORE = (SearchResultEntry, SearchResultReference, IntermediateResponse)
UNANSWERED = (AbandonRequest, UnbindRequest)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message; `place` orders those of a link."""

    said: Said
    message: LdapMessage
    place: float


@dataclass(slots=True)
class Asked:
    """A request with its answers; `final` is the one that ends it, None where that did not come."""

    spoken: Spoken
    answers: list[Spoken] = field(default_factory=list)
    final: Spoken | None = None

    @property
    def said(self) -> Said:
        return self.spoken.said

    @property
    def op(self) -> object:
        return self.spoken.message.op

    @property
    def number(self) -> int:
        return self.spoken.message.message_id

    @property
    def code(self) -> int | None:
        """The result; None where there is none."""
        result = getattr(self.final.message.op, "result", None) if self.final else None
        return result.code if isinstance(result, Result) else None

    @property
    def entries(self) -> list[SearchResultEntry]:
        return [one.message.op for one in self.answers if isinstance(one.message.op, SearchResultEntry)]

    @property
    def password(self) -> bytes | None:
        """Of a simple bind as somebody; None for everything else."""
        match self.op:
            case BindRequest(name=str(name), authentication=Simple(password)) if name:
                return password
            case _:
                return None

    @property
    def starts_tls(self) -> bool:
        return isinstance(self.op, ExtendedRequest) and self.op.oid == oids.START_TLS

    def open_at(self, later: Spoken, *, certain: bool) -> bool:
        """Whether the answer had not come yet when something else was said; `certain`: it is known what came."""
        if isinstance(self.op, UNANSWERED):
            return False
        return certain if self.final is None else self.final.place > later.place + _SLACK

    def same_as(self, other: Asked) -> bool:
        """The same operation with the same controls, whatever its number."""
        return self.op == other.op and self.spoken.message.controls == other.spoken.message.controls


@dataclass(slots=True)
class Talk:
    """A link read. `strays` answer nothing that was asked, `notices` are nobody's; what cannot be read is kept with the
    side that said it. `certain`: nothing that was said is missing."""

    certain: bool
    asked: list[Asked] = field(default_factory=list)
    notices: list[Spoken] = field(default_factory=list)
    strays: list[Spoken] = field(default_factory=list)
    unreadable: list[Said] = field(default_factory=list)

    def behind(self, spoken: Spoken) -> list[Asked]:
        """What the client said after something."""
        return [one for one in self.asked if one.spoken.place > spoken.place]


def talk(link: Link) -> Talk:
    return once(link, "ldap", lambda: _read(link))


def _read(link: Link) -> Talk:
    found = Talk(link.framed and all(one.octets is not None for one in link.said))
    last: dict[int, Asked] = {}
    for number, said in enumerate(link.said):
        messages = _messages(said, found)
        for message in messages:
            one = Spoken(said, message, number if link.framed else said.at)
            if said.side is Side.CLIENT:
                asked = last[message.message_id] = Asked(one)
                found.asked.append(asked)
            elif not message.message_id:
                found.notices.append(one)
            elif (asked := last.get(message.message_id)) is None or asked.final is not None:
                found.strays.append(one)
            else:
                asked.answers.append(one)
                asked.final = None if isinstance(message.op, _MORE) else one
    return found


def _messages(said: Said, found: Talk) -> Iterator[LdapMessage]:
    framer = Framer(_LARGEST)
    for octets in framer.receive(said.octets or b""):
        try:
            message = decode(octets)
        except DecodeError:
            found.unreadable.append(said)
            continue
        if isinstance(message.op, Request) is (said.side is Side.CLIENT):
            yield message
        else:
            found.unreadable.append(said)
    if framer.error is not None:
        found.unreadable.append(said)


def covered(value: bytes) -> bool:
    """Whether something is there and nothing is known of it."""
    return bool(value) and not value.strip(b"*")


def page_of(message: LdapMessage) -> PagedResults | None:
    """The control for pages; None where there is none that can be read."""
    control = find_control(message.controls, oids.PAGED_RESULTS)
    try:
        return PagedResults.read(control) if control is not None else None
    except DecodeError:
        return None


def cookie_given(asked: Asked) -> bytes:
    """Where the next page begins; empty where there is none."""
    page = page_of(asked.final.message) if asked.final else None
    return page.cookie if page else b""


def searches(link: Link) -> list[tuple[Asked, SearchRequest]]:
    return [(one, one.op) for one in talk(link).asked if isinstance(one.op, SearchRequest)]


def parts(asked: Filter) -> Iterator[Filter]:
    """A filter and all that it is made of."""
    yield asked
    match asked:
        case And(inside) | Or(inside):
            for one in inside:
                yield from parts(one)
        case Not(inside):
            yield from parts(inside)
        case _:
            return


def values(asked: Filter) -> Iterator[bytes]:
    """What a filter compares with."""
    for one in parts(asked):
        match one:
            case Equality() | Approx() | GreaterOrEqual() | LessOrEqual() | Extensible():
                yield one.value
            case Substrings():
                yield from (piece for piece in (one.initial, *one.any, one.final) if piece)
            case _:
                continue
