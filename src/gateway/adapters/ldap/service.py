"""What the LDAP door answers, connections aside: an operation and its session in, a result out.

Nothing is ever written. Every problem is a result of the operation; what the tables of refusals and failures say of a
patron's PIN is told to nobody but by the code for "wrong".
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import structlog

from gateway.adapters.ldap.filters import Released, shown
from gateway.adapters.ldap.mapping import StaticEntry, Tree, static
from gateway.adapters.ldap.matching import RULES, NoValue
from gateway.adapters.ldap.paging import BadCookie, Cookies
from gateway.adapters.ldap.people import PatronDesk, People, Work, as_text
from gateway.adapters.ldap.schema import CONTROLS, root_dse, subschema
from gateway.adapters.ldap.search import AnyEntry, Limits, Pieces, Search, Send
from gateway.adapters.ldap.session import (
    EVERYTHING,
    Base,
    Claim,
    Kind,
    Place,
    Principal,
    Problem,
    Session,
    base_of,
    claim_of,
    no_such_object,
    password_of,
)
from gateway.adapters.ldap.settings import LdapSettings
from gateway.canonical.entities import Patron
from gateway.canonical.refusals import PlatformFailure
from gateway.canonical.vocabulary import PatronStatus
from gateway.clock import Clock
from gateway.crosswalks.ldap import SUFFIX_CLASSES
from gateway.crosswalks.refusals import row_of
from gateway.identity.register.port import Register, RegisterUnavailable
from gateway.members.ldap_accounts import LdapAccount, LdapAccounts
from library_protocols.ldap import (
    BindRequest,
    CompareRequest,
    Control,
    DecodeError,
    Dn,
    PagedResults,
    Result,
    ResultCode,
    Scope,
    SearchRequest,
    find_control,
    parse_dn,
)
from library_protocols.ldap.facts import oids

SILENT_SECONDS = 2.0
"""How much longer than its time a search may take that hears nothing: the time is looked at between its parts."""

log = structlog.get_logger(__name__)

_SERVER_VIEW = Principal(Kind.ACCOUNT, attributes=frozenset({EVERYTHING}))
"""How the server's own entries are seen, by everybody."""
_SCOPES = (Scope.BASE, Scope.ONE, Scope.SUB)


class LdapService:
    """Answers operations of any number of sessions."""

    def __init__(
        self, register: Register, accounts: LdapAccounts, desk: PatronDesk, settings: LdapSettings, clock: Clock
    ) -> None:
        self._people = People(register, desk, clock)
        self._accounts = accounts
        self._clock = clock
        self._pieces = Pieces()
        self._cookies = Cookies(secrets.token_bytes(32))  # cookies are of one connection: no other process reads them
        self._subschema = subschema()
        self.settings = settings

    def replace(self, settings: LdapSettings) -> None:
        """Takes new settings while running. Who is bound stays so; a member whose tree is gone has nothing any more."""
        self.settings = settings

    def _trees(self, session: Session) -> Mapping[str, Tree]:
        """What there is on a connection: everything, or where its listener is a member's that member's tree."""
        trees, member = self.settings.trees, session.listener_member
        return trees if member is None else {member: trees[member]} if member in trees else {}

    # Bind

    async def bind(self, session: Session, request: BindRequest, controls: Sequence[Control], work: Work) -> Result:
        """Binds the session, or leaves it anonymous."""
        session.forget()

        async def bound() -> Result:
            _check_controls(controls)
            session.principal = await self._bound(session, request, work)
            return Result()

        return await self._result(bound, work)

    async def _bound(self, session: Session, request: BindRequest, work: Work) -> Principal:
        password = password_of(request, session)
        if password is None:
            return Principal()
        claim, names = claim_of(request.name, self._trees(session))
        if claim.patron:
            return await self._bound_patron(claim, names, password, work)
        account = await self._accounts.login(claim.member, claim.account, as_text(password), work.peer)
        tree = self.settings.trees.get(claim.member)
        if not isinstance(account, LdapAccount) or tree is None:
            raise Problem(ResultCode.INVALID_CREDENTIALS)
        return Principal(
            Kind.ACCOUNT, account.member, account.name, tree.account(account.name), names, account.attributes
        )

    async def _bound_patron(self, claim: Claim, names: Dn, password: bytes, work: Work) -> Principal:
        tree = self.settings.trees[claim.member]
        try:
            patron = await self._people.authenticate(claim.member, claim.patron, password, work)
        except PlatformFailure as failure:
            raise _unavailable(failure) from failure
        if not isinstance(patron, Patron) or patron.status in (PatronStatus.INACTIVE, PatronStatus.DELETED):
            raise Problem(ResultCode.INVALID_CREDENTIALS)
        person = await self._people.person_behind(claim.member, claim.patron, patron)
        if person is not None and not person.active:
            raise Problem(ResultCode.INVALID_CREDENTIALS)
        principal = Principal(
            Kind.PATRON, claim.member, bound_as=names, person_id=person.id if person else "", patron_id=patron.id
        )
        entry = await self._people.own(tree, principal, work)
        return replace(principal, dn=entry.dn if entry else tree.person(claim.patron))

    # Search

    async def search(
        self, session: Session, request: SearchRequest, controls: Sequence[Control], work: Work, send: Send
    ) -> tuple[Result, tuple[Control, ...]]:
        """Sends entries; the result, and the controls that go with it."""
        answered: list[Control] = []

        async def searched() -> Result:
            await self._pieces.turn()
            paged = _paging(controls)
            cookie = await self._search(session, request, paged, work, send)
            if paged is not None:
                answered.append(PagedResults(0, cookie).control())
            return Result()

        result = await self._result(searched, work)
        return result, tuple(answered)

    async def _search(
        self, session: Session, request: SearchRequest, paged: PagedResults | None, work: Work, send: Send
    ) -> bytes:
        """The cookie of the next page, empty where there is none."""
        principal, settings = session.principal, self.settings
        if request.scope not in _SCOPES:
            raise Problem(ResultCode.PROTOCOL_ERROR, f"scope {request.scope}")
        base = base_of(request.base, request.scope, principal, self._trees(session))
        position, sent = "", 0
        if paged is not None and paged.cookie:
            try:
                position, sent = self._cookies.read(session.bind_name, request, paged.cookie)
            except BadCookie:
                raise Problem(ResultCode.UNWILLING_TO_PERFORM, "the cookie is none of this search") from None
        if paged is not None and not paged.size:
            return b""
        now = self._clock.monotonic()
        seconds = min(settings.time_seconds, request.time_limit or math.inf)
        limits = Limits(
            self._most(request, principal, paged=paged is not None),
            now + seconds,
            min(paged.size, settings.page_size) if paged is not None else None,
            sent,
        )
        work.deadline = limits.deadline
        search = self._prepared(session, request, base, work)
        try:
            async with asyncio.timeout(seconds + SILENT_SECONDS):
                position = await search.run(limits, position, send)
        except TimeoutError:
            raise Problem(ResultCode.TIME_LIMIT_EXCEEDED) from None
        if paged is None or not position:
            return b""
        return self._cookies.make(session.bind_name, request, position, sent + work.entries)

    def _prepared(self, session: Session, request: SearchRequest, base: Base, work: Work) -> Search:
        statics, principal = self._statics(base, request.scope, session), session.principal
        if base.place is Place.SUBSCHEMA or (base.place is Place.ROOT and request.scope == Scope.BASE):
            principal, tree = _SERVER_VIEW, Tree("", "", "")
        else:
            tree = self.settings.trees[principal.member]
        return Search(request, base, principal, tree, statics, self._people, self._clock, work, self._pieces.turn)

    def _most(self, request: SearchRequest, principal: Principal, *, paged: bool) -> int | None:
        """Most entries in all, the client's limit and ours: an account that pages is not limited by us."""
        ours = None if paged and principal.kind is Kind.ACCOUNT else self.settings.size_limit
        limits = [one for one in (request.size_limit, ours) if one]
        return min(limits) if limits else None

    def _statics(self, base: Base, scope: int, session: Session) -> list[StaticEntry]:
        """Entries of the server, and for an account those of its tree, that base and scope reach."""
        place, principal = base.place, session.principal
        if place is Place.SUBSCHEMA:
            return [] if scope == Scope.ONE else [self._subschema]
        if place is Place.ROOT and scope == Scope.BASE:
            return [self._root(session)]
        if principal.kind is not Kind.ACCOUNT or place is Place.PERSON:
            return []
        tree = self.settings.trees[principal.member]
        suffix, people, account = _suffix(tree), _people(tree), _account(tree, principal)
        reached = {
            Place.ROOT: ([], [suffix], [suffix, people, account]),
            Place.SUFFIX: ([suffix], [people, account], [suffix, people, account]),
            Place.PEOPLE: ([people], [], [people]),
            Place.ACCOUNT: ([account], [], [account]),
        }
        return reached[place][scope]

    def _root(self, session: Session) -> StaticEntry:
        """Who is bound is told of the own member's suffix alone."""
        settings, member = self.settings, session.principal.member
        known = [tree for tree in self._trees(session).values() if member in ("", tree.member)]
        return root_dse(
            [tree.suffix for tree in known],
            start_tls=session.start_tls,
            vendor=settings.vendor_name,
            version=settings.vendor_version,
        )

    # Compare

    async def compare(
        self, session: Session, request: CompareRequest, controls: Sequence[Control], work: Work
    ) -> Result:
        """compareTrue or compareFalse, or why that cannot be said."""

        async def compared() -> Result:
            await self._pieces.turn()
            _check_controls(controls)
            work.deadline = self._clock.monotonic() + self.settings.time_seconds
            true = await self._compared(session, request, work)
            return Result(int(ResultCode.COMPARE_TRUE if true else ResultCode.COMPARE_FALSE))

        return await self._result(compared, work)

    async def _compared(self, session: Session, request: CompareRequest, work: Work) -> bool:
        principal = session.principal
        base = base_of(request.dn, Scope.BASE, principal, self._trees(session))
        entry, released = await self._entry(base, session, work)
        rows = shown(request.attribute, released)
        if not rows:
            raise Problem(ResultCode.NO_SUCH_ATTRIBUTE)
        if rows[0].name == "userPassword" and base.place is Place.PERSON:
            return await self._password_is(entry, principal, request.value, work)
        if not isinstance(entry, StaticEntry) and any(row.live for row in rows):
            await self._people.learn([entry], principal, work)
        answers = [values for row in rows if (values := entry.values(row.name)) is None or values]
        if not answers:
            raise Problem(ResultCode.NO_SUCH_ATTRIBUTE)
        if None in answers:
            raise Problem(ResultCode.UNAVAILABLE, "the platform does not say that now")
        rule = RULES.get(rows[0].form.equality.lower())
        if rule is None:
            raise Problem(ResultCode.INAPPROPRIATE_MATCHING)
        try:
            wanted = rule.key(request.value)
        except NoValue:
            raise Problem(ResultCode.INVALID_ATTRIBUTE_SYNTAX) from None
        return any(rule.key(value) == wanted for values in answers if values for value in values)

    async def _entry(self, base: Base, session: Session, work: Work) -> tuple[AnyEntry, Released]:
        """The entry that a name is of, and what of it is shown. Raises Problem."""
        principal = session.principal
        if statics := self._statics(base, Scope.BASE, session):
            server = base.place in (Place.ROOT, Place.SUBSCHEMA)
            return statics[0], _SERVER_VIEW.released if server else principal.released
        tree = self.settings.trees[principal.member]
        if base.place is not Place.PERSON:
            raise no_such_object(tree, in_people=False)
        found = await (
            self._people.own(tree, principal, work)
            if base.own
            else self._people.named(tree, base.value, principal, work)
        )
        if found is None:
            raise no_such_object(tree, in_people=True)
        return found, principal.released

    async def _password_is(self, entry: AnyEntry, principal: Principal, password: bytes, work: Work) -> bool:
        """Some programs compare `userPassword` where others bind: the PIN is checked and counted as with a bind."""
        if not principal.compares_passwords() or isinstance(entry, StaticEntry):
            raise Problem(ResultCode.NO_SUCH_ATTRIBUTE)
        person = entry.person
        value = entry.values("uid") or (b"",)
        try:
            found = await self._people.authenticate(
                person.member, value[0].decode(), password, work, patron_id=person.platform_id
            )
        except PlatformFailure as failure:
            raise _unavailable(failure) from failure
        return isinstance(found, Patron)

    # What all have

    async def _result(self, operation: Callable[[], Awaitable[Result]], work: Work) -> Result:
        """The result of an operation, whatever comes in between; what should not happen is `other`."""
        try:
            return await operation()
        except Problem as problem:
            return problem.result
        except RegisterUnavailable:
            return Result(int(ResultCode.UNAVAILABLE), diagnostic="the register of people does not answer")
        except Exception:
            log.exception("ldap.failed", exchange=work.exchange)
            return Result(int(ResultCode.OTHER), diagnostic="an error of the server's own")


def _unavailable(failure: PlatformFailure) -> Problem:
    """What stands behind a check of a PIN does not answer: that is not a wrong PIN."""
    code = ResultCode(row_of(failure).ldap)
    # A bind has no time limit of its own that could be exceeded (RFC 4511 4.2).
    code = ResultCode.UNAVAILABLE if code is ResultCode.TIME_LIMIT_EXCEEDED else code
    return Problem(code, "what checks passwords does not answer")


def _check_controls(controls: Sequence[Control], known: Sequence[str] = ()) -> None:
    """Raises Problem for a critical control that is not for this operation (RFC 4511 4.1.11)."""
    unknown = next((one.oid for one in controls if one.critical and one.oid not in known), None)
    if unknown is not None:
        raise Problem(ResultCode.UNAVAILABLE_CRITICAL_EXTENSION, unknown)


def _paging(controls: Sequence[Control]) -> PagedResults | None:
    """What a search says of pages. Raises Problem."""
    _check_controls(controls, CONTROLS)
    control = find_control(controls, oids.PAGED_RESULTS)
    if control is None:
        return None
    try:
        return PagedResults.read(control)
    except DecodeError as error:
        raise Problem(ResultCode.PROTOCOL_ERROR, f"pagedResults: {error}") from None


@lru_cache(maxsize=1024)
def _suffix(tree: Tree) -> StaticEntry:
    kind, value = parse_dn(tree.suffix)[0][0]
    named = next(name for name in SUFFIX_CLASSES if name == kind.lower())
    classes = (SUFFIX_CLASSES[named],)
    return static(tree.suffix, {named: value, "description": tree.name}, classes=classes, below=True)


@lru_cache(maxsize=1024)
def _people(tree: Tree) -> StaticEntry:
    return static(tree.people, {"ou": "people"}, classes=("organizationalUnit",), below=True)


@lru_cache(maxsize=1024)
def _account(tree: Tree, principal: Principal) -> StaticEntry:
    return static(principal.dn, {"cn": principal.name}, classes=("applicationProcess",), below=False)
