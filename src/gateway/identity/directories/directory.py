"""The Directory port over LDAP: logins, reads and checks of one directory, by however many servers it has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from gateway.clock import Clock
from gateway.config.identity import DirectoryConfig
from gateway.identity.directories.checking import SCOPES, Checking
from gateway.identity.directories.line import Budget, Entry, LineLost, Opener, Search, server
from gateway.identity.directories.lines import Lines
from gateway.identity.directories.port import DirectoryDown, DirectoryEntry, Login, Step, Verdict
from gateway.identity.directories.profiles import PROFILES
from gateway.identity.directories.reading import PAGE_SECONDS, ReadEnd, Reading
from gateway.identity.directories.servers import Servers
from gateway.identity.directories.trace import Trace
from library_protocols.ldap.facts.results import ResultCode, result_name
from library_protocols.ldap.messages import Scope


class LdapDirectory:
    """Implements the Directory port on lines that an Opener opens. Belongs to one event loop. `page_seconds` is how
    long one page of a read may take."""

    def __init__(
        self, name: str, config: DirectoryConfig, opener: Opener, clock: Clock, page_seconds: float = PAGE_SECONDS
    ) -> None:
        self._config = config
        self._servers = Servers([server(url) for url in config.servers], config.retry_seconds, clock)
        self._lines = Lines(name, config, self._servers, opener, clock)
        self._checking = Checking(config, self._lines)
        self.reading = Reading(config, self._lines, page_seconds)
        self.profile = PROFILES[config.profile]

    async def authenticate(self, login: str, password: str, *, deadline: float) -> Login:
        return await self._checking.authenticate(login, password, Budget(deadline), Trace())

    async def find(self, login: str, *, deadline: float) -> list[DirectoryEntry]:
        wanted = (self.profile.key, *self.profile.shown, *self._config.attributes)
        found, _ = await self._checking.find(login, wanted, Budget(deadline), Trace())
        return [plain(entry) for entry in found]

    async def explain(self, login: str, password: str | None, *, deadline: float) -> Login:
        trace = Trace()
        try:
            return await self._checking.explain(login, password, Budget(deadline), trace)
        except DirectoryDown as down:
            if not trace.steps or trace.steps[-1].ok:
                trace.steps.append(Step(down.step, False, down.reason, 0.0))
            return Login(Verdict.UNKNOWN, steps=trace.steps, down=True)

    async def entries(
        self, base: str, filter_: str, attributes: Sequence[str], *, page: int
    ) -> AsyncIterator[list[DirectoryEntry]]:
        search = Search(base or self._config.base, filter_, attributes, SCOPES[self._config.scope])
        line = await self.reading.open()
        try:
            async for part in self.reading.pages(line, search, page):
                if not isinstance(part, ReadEnd):
                    yield [plain(entry) for entry in part]
                elif not part.complete:
                    raise DirectoryDown("search", part.reason)
        finally:
            line.drop()

    async def check(self) -> list[Step]:
        """Every server in turn, whether it is passed over or not."""
        trace = Trace()
        base = Search(self._config.base, "(objectClass=*)", scope=Scope.BASE, controls=self.profile.controls)
        for at in self._servers.all:
            part = Budget(self._config.deadline_seconds)
            try:
                line = await self._lines.bound(at, part, trace)
            except (LineLost, DirectoryDown) as error:
                if not trace.steps or trace.steps[-1].ok:
                    trace.steps.append(Step(error.step, False, error.reason, 0.0))
                continue
            try:
                with trace.step("base") as note:
                    answer = await line.search(base, seconds=part.left())
                    note.ok = answer.code == ResultCode.SUCCESS and len(answer.entries) == 1
                    note.detail = self._config.base if note.ok else f"{self._config.base}: {result_name(answer.code)}"
            except LineLost:
                continue
            finally:
                line.drop()
        return trace.steps

    async def close(self) -> None:
        self._lines.close()


def plain(entry: Entry) -> DirectoryEntry:
    """Attributes by lower-case name; those that differ by an option alone (a language) are one."""
    attributes: dict[str, list[bytes]] = {}
    for name, values in entry.attributes.items():
        attributes.setdefault(name.partition(";")[0].lower(), []).extend(values)
    return DirectoryEntry(entry.dn, attributes)
