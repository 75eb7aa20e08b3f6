"""A directory for programs that look people up or check passwords: whoever is asked for is there, made up on the spot.

Every password is right but the first one of a person; who is called nobody is not found. People's entries stand below
`ou=played`, so that a bind on any connection shows which answer it came from. TLS is not offered.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar
from uuid import NAMESPACE_OID, uuid5

from library_conformance.listeners import Act, Close, Script, Shown, in_pieces
from library_conformance.octets import tlv, whole
from library_protocols.ldap import (
    AbandonRequest,
    AddRequest,
    AddResponse,
    BindRequest,
    BindResponse,
    CompareRequest,
    CompareResponse,
    Control,
    DecodeError,
    DelRequest,
    DelResponse,
    Equality,
    ExtendedRequest,
    ExtendedResponse,
    Filter,
    LdapMessage,
    ModifyDnRequest,
    ModifyDnResponse,
    ModifyRequest,
    ModifyResponse,
    PagedResults,
    Response,
    Result,
    ResultCode,
    Scope,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
    Simple,
    UnbindRequest,
    decode,
    encode,
    escape_dn_value,
    find_control,
)
from library_protocols.ldap.facts import ALL_OPERATIONAL, ALL_USER, oids
from library_protocols.ldap.filters import And, Or

PLAYED = ",ou=played,"
PAGE = 2
"""Entries of one page, however many are wanted: an answer is never whole at once."""
_PEOPLE = ("anna", "bertil", "carys", "dafydd", "eve")
_LOGINS = ("uid", "samaccountname", "userprincipalname", "mail", "cn", "employeenumber", "librarybarcode")
"""What people are usually asked for by, where a filter compares with several things."""
_CLASSES = (b"top", b"person", b"organizationalPerson", b"inetOrgPerson")
_COOKIE = b"\x00\xffgo on at "
"""Begins cookies: octets that are no text."""
_ONCE_MORE = 3
"""So often the same question is answered with the same referral."""
_SOON = 1.0
"""Seconds within which the same question means that its answer was not understood."""
_ELSEWHERE = "ldap://directory.invalid/"
_UNHEARD_OF = Control("2.25.117394203859021675364290487130964205871", value=b"of a later document")
_LATER = tlv(0x8F, b"of a later document")
"""An element with a context tag that no result has."""
_REFUSED: Mapping[type, type] = {
    AddRequest: AddResponse, DelRequest: DelResponse, ModifyRequest: ModifyResponse, ModifyDnRequest: ModifyDnResponse,
}  # fmt: skip
_NOTE = "note:"
LIBERTIES: Mapping[str, str] = {
    "pieces": "ldap.client.pieces",
    "unknown control": "ldap.client.unknown-control",
    "unknown elements": "ldap.client.unknown-elements",
    "reference": "ldap.client.reference",
}
"""Liberties that leave the answer what it is, and the requirements that they show."""

Entry = tuple[str, Mapping[str, tuple[bytes, ...]]]


@dataclass(slots=True)
class Played(Script):
    """Answers well, then in pieces, with a control and an element that nobody knows, with a reference among the
    entries; then finds two people for one, is busy, sends elsewhere, and ends the connection with a notice."""

    tells: ClassVar[tuple[str, ...]] = (*LIBERTIES.values(), "ldap.client.one-entry")

    referred: SearchRequest | None = None
    times: int = 0
    left: bool = False
    noted: str = ""
    """What stands among `taken` of the last liberty on this connection: how it was understood is not known yet."""

    def whole(self, octets: bytes) -> int:
        return whole(octets) if octets else 0

    def acts(self, message: bytes) -> Iterator[Act]:
        try:
            asked = decode(message)
        except DecodeError:
            yield _notice(ResultCode.PROTOCOL_ERROR)
            yield Close()
            return
        if not isinstance(asked.op, UnbindRequest | SearchRequest):
            self._understood(asked.op)
        critical = [one.oid for one in asked.controls if one.critical]
        if self.left:
            yield Close()
        elif isinstance(asked.op, UnbindRequest):
            self.left = True  # and the client closes; what it says instead is heard once
            self._left_well()
        elif isinstance(asked.op, SearchRequest) and not set(critical) - {oids.PAGED_RESULTS, oids.MANAGE_DSA_IT}:
            yield from self._search(asked, asked.op)
        elif (response := self._simple(asked.op)) is not None:
            yield encode(LdapMessage(asked.message_id, response))

    def _simple(self, op: object) -> Response | None:
        """The one response to everything but a search that can be done; None for what nobody answers."""
        match op:
            case BindRequest():
                return BindResponse(Result(self._bind(op)))
            case SearchRequest():
                return SearchResultDone(Result(ResultCode.UNAVAILABLE_CRITICAL_EXTENSION))
            case CompareRequest():
                return CompareResponse(Result(ResultCode.COMPARE_FALSE))
            case ExtendedRequest(oid=str(oid)):
                return ExtendedResponse(Result(ResultCode.PROTOCOL_ERROR), oid if oid == oids.START_TLS else None)
            case _:
                response = _REFUSED.get(type(op))
                return response(Result(ResultCode.UNWILLING_TO_PERFORM)) if response else None

    def _bind(self, op: BindRequest) -> ResultCode:
        if op.version != 3:
            return ResultCode.PROTOCOL_ERROR
        if not isinstance(op.authentication, Simple):
            return ResultCode.AUTH_METHOD_NOT_SUPPORTED
        if op.name and not op.authentication.password:
            return ResultCode.UNWILLING_TO_PERFORM
        if PLAYED not in op.name:
            return ResultCode.SUCCESS
        if op.name.startswith("cn="):
            self.shown.append(Shown("ldap.client.one-entry", "tried a password at one of several"))
        elif "several" in self.taken:
            self.shown.append(Shown("ldap.client.one-entry"))
        return ResultCode.INVALID_CREDENTIALS if self.liberty("refusal") else ResultCode.SUCCESS

    def _search(self, asked: LdapMessage, op: SearchRequest) -> Iterator[Act]:
        if not op.base and op.scope == Scope.BASE:
            yield from _told(asked.message_id, [("", _ROOT)], op)
            return
        page = _page(asked)
        if page is not None and page.cookie:
            yield from self._next_page(asked, op, page)
            return
        login = _login(op.filter)
        several = ("several",) if login and not login.startswith("nobody") and PLAYED not in op.base else ()
        if self.referred == op and self.times < _ONCE_MORE:
            self.times += 1
            yield _done(asked.message_id, ResultCode.REFERRAL, referrals=(_ELSEWHERE + op.base,))
            return
        self._asked_again(op)
        match self.liberty(*LIBERTIES, *several, "busy", "referral", "notice"):
            case "several":
                two = [(f"cn={name} of two{PLAYED}{op.base}", _attributes(login, op)) for name in ("one", "two")]
                yield from _told(asked.message_id, two, op, code=ResultCode.SIZE_LIMIT_EXCEEDED)
            case "busy":
                yield _done(asked.message_id, ResultCode.BUSY)
            case "referral":
                self.referred, self.times = op, 1
                yield _done(asked.message_id, ResultCode.REFERRAL, referrals=(_ELSEWHERE + op.base,))
            case "notice":
                yield _notice(ResultCode.UNAVAILABLE)
            case liberty:
                yield from self._answer(asked, op, page, login, liberty)

    def _understood(self, op: object) -> None:
        """What is done next, other than leaving, shows what was made of a liberty on this connection."""
        if self.noted in self.taken:
            self.taken.remove(self.noted)
            liberty = self.noted.split(" ", 2)[2]
            self.shown.append(Shown(LIBERTIES[liberty], "gave it up" if isinstance(op, AbandonRequest) else ""))

    def _left_well(self) -> None:
        """Who says good-bye after an answer may mean the same question as it is, however soon it comes again: a person
        tries a command twice."""
        if self.noted in self.taken:
            digest, _, liberty = self.noted.split(" ", 2)
            self.taken[self.taken.index(self.noted)] = f"{digest} -inf {liberty}"

    def _asked_again(self, op: SearchRequest) -> None:
        """A search shows what was made of liberties on this and on other connections: whoever has not understood asks
        the same again, soon. The same later on may be meant as it is."""
        for noted in [one for one in self.taken if one.startswith(_NOTE)]:
            digest, moment, liberty = noted.split(" ", 2)
            soon, same = time.monotonic() - float(moment) < _SOON, digest == _digest(op)
            self.taken.remove(noted)
            if soon or not same:
                self.shown.append(Shown(LIBERTIES[liberty], "asked the same again" if same else ""))

    def _answer(
        self, asked: LdapMessage, op: SearchRequest, page: PagedResults | None, login: str, liberty: str
    ) -> Iterator[Act]:
        found = _entries(op, login)
        shown, cookie = (found[:PAGE], _COOKIE + b"%d" % PAGE) if page and len(found) > PAGE else (found, b"")
        if liberty in LIBERTIES:
            self.noted = f"{_digest(op)} {time.monotonic()} {liberty}"
            self.taken.append(self.noted)
        acts = list(_told(asked.message_id, shown, op, liberty=liberty, cookie=cookie if page else None))
        yield from in_pieces(b"".join(acts)) if liberty == "pieces" else acts

    def _next_page(self, asked: LdapMessage, op: SearchRequest, page: PagedResults) -> Iterator[Act]:
        number = page.cookie.removeprefix(_COOKIE)
        if number == page.cookie or not number.isdigit():
            yield _done(asked.message_id, ResultCode.UNWILLING_TO_PERFORM)
            return
        first = int(number)
        found = _entries(op, _login(op.filter))
        cookie = _COOKIE + b"%d" % (first + PAGE) if first + PAGE < len(found) else b""
        yield from _told(asked.message_id, found[first : first + PAGE], op, cookie=cookie)


def _digest(op: SearchRequest) -> str:
    """Of what is asked; the limits of a second try may be others."""
    return _NOTE + sha256(repr((op.base, op.scope, op.filter)).encode()).hexdigest()[:16]


def _told(
    number: int,
    found: list[Entry],
    op: SearchRequest,
    *,
    code: ResultCode = ResultCode.SUCCESS,
    liberty: str = "",
    cookie: bytes | None = None,
) -> Iterator[bytes]:
    """The messages that answer a search."""
    if op.size_limit and len(found) > op.size_limit:
        found, code = found[: op.size_limit], ResultCode.SIZE_LIMIT_EXCEEDED
    for name, attributes in found:
        shown = tuple((kind, () if op.types_only else values) for kind, values in attributes.items())
        yield encode(LdapMessage(number, SearchResultEntry(name, shown)))
    if liberty == "reference":
        yield encode(LdapMessage(number, SearchResultReference((_ELSEWHERE + op.base,))))
    controls = () if cookie is None else (PagedResults(0, cookie).control(),)
    if liberty == "unknown control":
        controls = (_UNHEARD_OF, *controls)
    done = SearchResultDone(Result(code), unknown=_LATER if liberty == "unknown elements" else b"")
    yield encode(LdapMessage(number, done, controls))


def _done(number: int, code: ResultCode, referrals: tuple[str, ...] = ()) -> bytes:
    return encode(LdapMessage(number, SearchResultDone(Result(code, referrals=referrals))))


def _notice(code: ResultCode) -> bytes:
    return encode(LdapMessage(0, ExtendedResponse(Result(code), oids.NOTICE_OF_DISCONNECTION)))


def _page(asked: LdapMessage) -> PagedResults | None:
    control = find_control(asked.controls, oids.PAGED_RESULTS)
    try:
        return PagedResults.read(control) if control else None
    except DecodeError:
        return None


_ROOT: Mapping[str, tuple[bytes, ...]] = {
    "objectClass": (b"top",),
    "supportedLDAPVersion": (b"3",),
    "namingContexts": (b"dc=example",),
    "supportedControl": (oids.PAGED_RESULTS.encode(), oids.MANAGE_DSA_IT.encode()),
}


def _entries(op: SearchRequest, login: str) -> list[Entry]:
    """Who is found: one person by a name, five by none; of an entry that was shown before itself."""
    if PLAYED in op.base:
        login = op.base.partition(",")[0].partition("=")[2]
        return [(op.base, _attributes(login, op))]
    if login.startswith("nobody"):
        return []
    people = (login,) if login else _PEOPLE
    return [(f"uid={escape_dn_value(one)}{PLAYED}{op.base}", _attributes(one, op)) for one in people]


def _login(asked: Filter) -> str:
    """By what a filter asks for one person; empty where it asks for many."""
    found = {one.attribute.lower(): one.value for one in _equalities(asked) if one.attribute.lower() != "objectclass"}
    value = next((found[name] for name in _LOGINS if name in found), next(iter(found.values()), b""))
    return value.decode("utf-8", "replace")


def _equalities(asked: Filter) -> Iterator[Equality]:
    match asked:
        case Equality():
            yield asked
        case And(parts) | Or(parts):
            for part in parts:
                yield from _equalities(part)
        case _:
            return


def _attributes(login: str, op: SearchRequest) -> Mapping[str, tuple[bytes, ...]]:
    """What is shown of a person: what was asked for of what there is."""
    there = {
        "objectClass": _CLASSES,
        "uid": (login.encode(),),
        "cn": (f"Person {login}".encode(),),
        "sn": (login.encode() or b"Person",),
        "givenName": (b"Person",),
        "mail": (b"person@library.example",),
        **{one.attribute: (one.value,) for one in _equalities(op.filter) if one.attribute.lower() != "objectclass"},
    }
    wanted = {name.lower() for name in op.attributes}
    operational = {"entryUUID": (str(uuid5(NAMESPACE_OID, login)).encode(),)}
    shown = {name: value for name, value in there.items() if not wanted or ALL_USER in wanted or name.lower() in wanted}
    hidden = {k: v for k, v in operational.items() if ALL_OPERATIONAL in wanted or k.lower() in wanted}
    return shown | hidden
