"""Checking a password: find the one entry, then bind as it, once, on a connection that serves for nothing else.

The bind is never repeated: one that was sent and not answered may have counted as a wrong password. Before it is sent,
another server may take the place of one that fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.config.identity import DirectoryConfig
from gateway.identity.directories import logins
from gateway.identity.directories.line import Budget, Entry, Line, LineLost, Search, SearchAnswer, Server
from gateway.identity.directories.lines import Lines
from gateway.identity.directories.port import DirectoryDown, Login, Verdict
from gateway.identity.directories.profiles import PROFILES, text_of
from gateway.identity.directories.trace import Trace
from gateway.identity.directories.verdicts import verdict
from library_protocols.ldap.controls import password_policy_request
from library_protocols.ldap.facts.results import ResultCode, result_name
from library_protocols.ldap.messages import Scope

SCOPES = {"sub": Scope.SUB, "one": Scope.ONE}
_MAX_LOGIN = 256  # characters; RFC 4519's uid has 256, and no card number is longer


class Checking:
    def __init__(self, config: DirectoryConfig, lines: Lines) -> None:
        self._config = config
        self._lines = lines
        self._profile = PROFILES[config.profile]

    async def authenticate(self, login: str, password: str, budget: Budget, trace: Trace) -> Login:
        """Checks a password. Raises DirectoryDown."""
        if not _sendable(password):
            return Login(Verdict.WRONG, steps=trace.steps)
        if not _possible(login):
            return Login(Verdict.UNKNOWN, steps=trace.steps)
        if self._config.bind_as == "search":
            return await self._by_search(login, password, budget, trace, fresh=False)
        return await self._by_name(login, password, budget, trace, self._config.attributes)

    async def explain(self, login: str, password: str | None, budget: Budget, trace: Trace) -> Login:
        """The same on new connections, for people. Without a password it ends with the search. Raises DirectoryDown."""
        if not _possible(login):
            return Login(Verdict.UNKNOWN, steps=trace.steps)
        if password is not None and not _sendable(password):
            with trace.step("bind") as note:
                note.ok, note.detail = False, "a password that is empty, or no text, is wrong; it is not sent"
            return Login(Verdict.WRONG, steps=trace.steps)
        if self._config.bind_as != "search" and password:
            return await self._by_name(login, password, budget, trace, (*self._profile.shown, *self._config.attributes))
        return await self._by_search(login, password, budget, trace, fresh=True)

    async def find(
        self, login: str, attributes: Sequence[str], budget: Budget, trace: Trace, *, fresh: bool = False
    ) -> tuple[list[Entry], Server | None]:
        """At most two entries of a login, and the server that has them. Raises DirectoryDown."""
        if not _possible(login):
            return [], None
        answer, server = await self._lines.search(self._search(login, attributes), budget, trace, fresh=fresh)
        return _entries(answer), server

    def _search(self, login: str, attributes: Sequence[str]) -> Search:
        filter_ = logins.filter_of(self._config.login_filter, login)
        scope = SCOPES[self._config.scope]
        return Search(self._config.base, filter_, attributes, scope, size=2, controls=self._profile.controls)

    async def _by_search(self, login: str, password: str | None, budget: Budget, trace: Trace, *, fresh: bool) -> Login:
        shown = self._profile.shown if fresh else ()
        lock = [self._profile.lock] if self._profile.lock else []
        wanted = (self._profile.key, *shown, *lock, *self._config.attributes)
        found, server = await self.find(login, wanted, budget, trace, fresh=fresh)
        if len(found) != 1:
            return Login(Verdict.AMBIGUOUS if found else Verdict.UNKNOWN, steps=trace.steps)
        entry = found[0]
        if password is None:
            return Login(Verdict.RIGHT, entry.dn, self._texts(entry), trace.steps)
        state = {name.lower(): values for name, values in entry.attributes.items()}
        line = await self._lines.on_a_server(
            budget, lambda at, part: self._lines.opened(at, part, trace), prefer=server
        )
        try:
            came_to = await self._bind(line, entry.dn, password, state, budget, trace)
        finally:
            line.drop()
        attributes = self._texts(entry) if came_to is Verdict.RIGHT else {}
        return Login(came_to, entry.dn, attributes, trace.steps)

    async def _by_name(self, login: str, password: str, budget: Budget, trace: Trace, wanted: Sequence[str]) -> Login:
        """Binds by a name made of the login alone; the entry is read as the person, where attributes are wanted."""
        by_template = self._config.bind_as == "template"
        name = (
            logins.dn_of(self._config.bind_template, login)
            if by_template
            else logins.upn_of(login, self._config.upn_suffix)
        )
        if name is None:
            return Login(Verdict.UNKNOWN, steps=trace.steps)
        line = await self._lines.on_a_server(budget, lambda at, part: self._lines.opened(at, part, trace))
        try:
            came_to = await self._bind(line, name, password, {}, budget, trace)
            entry = None
            if came_to is Verdict.RIGHT and wanted:
                search = self._search(login, wanted)
                if by_template:
                    search = Search(name, "(objectClass=*)", wanted, Scope.BASE, size=2)
                entry = await self._own_entry(line, search, budget, trace)
        finally:
            line.drop()
        dn = name if by_template and came_to is not Verdict.UNKNOWN else ""
        return Login(came_to, entry.dn if entry else dn, self._texts(entry) if entry else {}, trace.steps)

    async def _bind(
        self, line: Line, name: str, password: str, state: Mapping[str, list[bytes]], budget: Budget, trace: Trace
    ) -> Verdict:
        with trace.step("bind") as note:
            given = budget.left()
            try:
                answer = await line.bind(name, password, [password_policy_request()], seconds=given)
            except LineLost as lost:
                self._lines.failed(line.server, lost, given)
                raise DirectoryDown(lost.step, lost.reason, sent=True) from None
            came_to = verdict(self._profile, answer, state)
            if not isinstance(came_to, Verdict):
                raise DirectoryDown("bind", came_to)
            note.ok, note.detail = came_to is Verdict.RIGHT, f"{result_name(answer.code)}: {came_to}"
            return came_to

    async def _own_entry(self, line: Line, search: Search, budget: Budget, trace: Trace) -> Entry | None:
        """What somebody may read of themselves; the password was right, whatever comes of it."""
        with trace.step("attributes") as note:
            try:
                answer = await line.search(search, seconds=budget.left())
            except LineLost as lost:
                note.ok, note.detail = False, lost.reason
                return None
            note.ok, note.detail = len(answer.entries) == 1, f"{len(answer.entries)} found"
            return answer.entries[0] if len(answer.entries) == 1 else None

    def _texts(self, entry: Entry) -> dict[str, list[str]]:
        return {
            name.lower(): [text_of(self._profile, name, value) for value in values]
            for name, values in entry.attributes.items()
        }


def _possible(login: str) -> bool:
    return login.strip() != "" and len(login) <= _MAX_LOGIN and _encodable(login)


def _sendable(password: str) -> bool:
    """Whether a directory could hold it. An empty one would let anybody in (RFC 4513 5.1.2)."""
    return password != "" and "\0" not in password and _encodable(password)


def _encodable(text: str) -> bool:
    """Octets that were no text when they came, from a kiosk of another encoding, stand in it as surrogates."""
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def _entries(answer: SearchAnswer) -> list[Entry]:
    """The entries of a search for one person. Raises DirectoryDown where the server did not search."""
    if answer.code in (ResultCode.SUCCESS, ResultCode.SIZE_LIMIT_EXCEEDED):
        found = list(answer.entries[:2])
        if answer.code != ResultCode.SUCCESS and len(found) == 1:
            # The account may see one entry only, and this was not all: the same as two.
            return found * 2
        return found
    why = {
        ResultCode.NO_SUCH_OBJECT: "the base does not exist, or the account may not read it",
        ResultCode.OPERATIONS_ERROR: "the server wants a bind first",
    }
    reason = next((text for code, text in why.items() if code == answer.code), "")
    raise DirectoryDown("search", f"{result_name(answer.code)}{f': {reason}' if reason else ''}")
