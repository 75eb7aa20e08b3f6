"""Reading many entries, page by page, on one connection of its own, and knowing at the end whether that was all.

A read is complete when the server said so: result 0 behind the last page, and no place named where more could be.
Everything else (a limit, a busy server, a lost connection) is a read that was cut short, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from gateway.config.identity import DirectoryConfig
from gateway.identity.directories.line import Answer, Budget, Entry, Line, LineLost, Search, SearchAnswer, Server
from gateway.identity.directories.lines import UNFIT, Lines
from gateway.identity.directories.port import DirectoryDown
from gateway.identity.directories.profiles import PROFILES
from gateway.identity.directories.trace import Trace
from library_protocols.ldap.controls import PagedResults, find_control
from library_protocols.ldap.errors import DecodeError
from library_protocols.ldap.facts.oids import PAGED_RESULTS
from library_protocols.ldap.facts.results import ResultCode, result_name
from library_protocols.ldap.messages import Control, Scope

PAGE_SECONDS = 120.0  # for one page: as long as Active Directory works on a query by default (MaxQueryDuration)

# MS-ADTS 3.1.1.3.1.3.3: `member;range=0-1499`, and `*` in place of the second number where the last value was sent.
_RANGE = re.compile(r"^(?P<name>[^;]+);range=(?P<first>\d+)-(?P<last>\d+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadEnd:
    """How a read ended: whether it was everything, otherwise why not. `answer` is the last one, where there was one."""

    complete: bool
    reason: str = ""
    answer: Answer | None = None


class Reading:
    def __init__(self, config: DirectoryConfig, lines: Lines, page_seconds: float = PAGE_SECONDS) -> None:
        self._config = config
        self._lines = lines
        self._controls = PROFILES[config.profile].controls
        self._page_seconds = page_seconds

    async def pages(self, search: Search, page: int) -> AsyncIterator[Sequence[Entry] | ReadEnd]:
        """Entries as they come, at last a ReadEnd. Raises DirectoryDown where not even the first page could be had."""
        line, answer = await self.first(self._page_of(search, page, b""))
        try:
            cookie = b""
            while True:
                try:
                    yield [await self._whole(line, entry) for entry in answer.entries]
                    end, cookie = _judged(answer, cookie)
                    if end is not None:
                        yield end
                        return
                    answer = await line.search(self._page_of(search, page, cookie), seconds=self._page_seconds)
                except LineLost as lost:
                    yield ReadEnd(False, f"the read broke off: {lost.reason}")
                    return
        finally:
            line.drop()

    async def first(self, search: Search) -> tuple[Line, SearchAnswer]:
        """The answer to a read's first search, and the connection on which it can be gone on with; the caller drops it.

        Raises DirectoryDown."""

        async def begin(server: Server, _: Budget) -> tuple[Line, SearchAnswer]:
            # The deadline of a login is for connecting; the first page may take as long as any other.
            line = await self._lines.bound(server, Budget(self._config.deadline_seconds), Trace())
            try:
                answer = await line.search(search, seconds=self._page_seconds)
                if answer.code in UNFIT and not answer.entries:
                    raise LineLost("search", f"the server answered {result_name(answer.code)}")
            except BaseException:
                line.drop()
                raise
            return line, answer

        servers = self._lines.count
        line, answer = await self._lines.on_a_server(Budget(self._page_seconds * servers), begin)
        if answer.code not in (ResultCode.SUCCESS, *_CUT) and not answer.entries:
            line.drop()
            raise DirectoryDown("search", result_name(answer.code))
        return line, answer

    async def more(self, line: Line, search: Search) -> SearchAnswer:
        """Another answer on a read's connection. Raises LineLost."""
        return await line.search(search, seconds=self._page_seconds)

    def _page_of(self, search: Search, page: int, cookie: bytes) -> Search:
        paging: Control = PagedResults(page, cookie).control()
        return replace(search, controls=(*search.controls, *self._controls, paging))

    async def _whole(self, line: Line, entry: Entry) -> Entry:
        """The entry with all values of attributes that came in parts."""
        parts = [match for match in map(_RANGE.match, entry.attributes) if match]
        if not parts:
            return entry
        attributes = {name: values for name, values in entry.attributes.items() if not _RANGE.match(name)}
        for part in parts:
            values = list(entry.attributes[part[0]])
            attributes[part["name"]] = values + await self._rest(line, entry.dn, part["name"], int(part["last"]) + 1)
        return replace(entry, attributes=attributes)

    async def _rest(self, line: Line, dn: str, name: str, first: int) -> list[bytes]:
        values: list[bytes] = []
        while True:
            wanted = f"{name};range={first}-*"
            search = Search(dn, "(objectClass=*)", [wanted], Scope.BASE, controls=self._controls)
            answer = await line.search(search, seconds=self._page_seconds)
            if answer.code != ResultCode.SUCCESS:
                raise LineLost("search", f"the rest of {name} could not be read: {result_name(answer.code)}")
            sent = {kind: found for entry in answer.entries for kind, found in entry.attributes.items()}
            part = next((match for match in map(_RANGE.match, sent) if match), None)
            values += [
                value for kind, found in sent.items() if kind.lower().startswith(name.lower()) for value in found
            ]
            if part is None or int(part["last"]) < first:
                return values
            first = int(part["last"]) + 1


_CUT = frozenset(
    {ResultCode.SIZE_LIMIT_EXCEEDED, ResultCode.TIME_LIMIT_EXCEEDED, ResultCode.ADMIN_LIMIT_EXCEEDED, *UNFIT}
)
"""Results with which a server ends a read that it had begun well."""


def _judged(answer: SearchAnswer, before: bytes) -> tuple[ReadEnd | None, bytes]:
    """Whether a page was the last one, else the cookie for the next. `before` is the cookie that led to it."""
    if answer.code != ResultCode.SUCCESS:
        return ReadEnd(False, f"the server ended the read with {result_name(answer.code)}", answer), b""
    if answer.references:
        return ReadEnd(False, "a part of the tree is on another server, which is not followed", answer), b""
    control = find_control(answer.controls, PAGED_RESULTS)
    if control is None:
        return ReadEnd(True, answer=answer), b""  # a server without paging sends everything at once
    try:
        cookie = PagedResults.read(control).cookie
    except DecodeError:
        return ReadEnd(False, "the server's paging could not be read", answer), b""
    if not cookie:
        return ReadEnd(True, answer=answer), b""
    if cookie == before and not answer.entries:
        return ReadEnd(False, "the server repeats the same empty page", answer), b""
    return None, cookie
