"""Reading many entries, page by page, on one connection of its own, and knowing at the end whether that was all.

A read is complete when the server said so: result 0 behind the last page, and no place named where more could be.
Everything else (a limit, a busy server, a lost connection) is a read that was cut short, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from gateway.config.identity import DirectoryConfig
from gateway.identity.directories.line import Budget, Entry, Line, LineLost, Search, SearchAnswer, Server
from gateway.identity.directories.lines import Lines
from gateway.identity.directories.profiles import PROFILES
from gateway.identity.directories.trace import Trace
from library_protocols.ldap.controls import PagedResults, find_control
from library_protocols.ldap.errors import DecodeError
from library_protocols.ldap.facts.oids import PAGED_RESULTS
from library_protocols.ldap.facts.results import ResultCode, result_name
from library_protocols.ldap.messages import Scope

PAGE_SECONDS = 120.0  # for one page: as long as Active Directory works on a query by default (MaxQueryDuration)

# MS-ADTS 3.1.1.3.1.3.3: `member;range=0-1499`, and `*` in place of the second number where the last value was sent.
_RANGE = re.compile(r"^(?P<name>[^;]+);range=(?P<first>\d+)-(?P<last>\d+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadEnd:
    """How a read ended: whether it was everything, otherwise why not. `code` is the result of the last answer, None
    where there was none."""

    complete: bool
    reason: str = ""
    code: int | None = None


class Reading:
    def __init__(self, config: DirectoryConfig, lines: Lines, page_seconds: float = PAGE_SECONDS) -> None:
        self._config = config
        self._lines = lines
        self._controls = PROFILES[config.profile].controls
        self._page_seconds = page_seconds

    async def open(self) -> Line:
        """A connection for reading; who has it drops it. Raises DirectoryDown."""

        async def bound(server: Server, part: Budget) -> Line:
            return await self._lines.bound(server, part, Trace())

        return await self._lines.on_a_server(Budget(self._config.deadline_seconds * self._lines.count), bound)

    async def ask(self, line: Line, search: Search) -> SearchAnswer:
        """One search that is not in pages. Raises LineLost."""
        asked = replace(search, controls=(*search.controls, *self._controls))
        return await line.search(asked, seconds=self._page_seconds)

    async def pages(self, line: Line, search: Search, page: int) -> AsyncIterator[Sequence[Entry] | ReadEnd]:
        """Entries as they come, at last a ReadEnd."""
        cookie = b""
        try:
            while True:
                paging = PagedResults(page, cookie).control()
                answer = await self.ask(line, replace(search, controls=(*search.controls, paging)))
                yield [await self.whole(line, entry) for entry in answer.entries]
                end, cookie = _judged(answer, cookie)
                if end is not None:
                    yield end
                    return
        except LineLost as lost:
            yield ReadEnd(False, f"the read broke off: {lost.reason}")

    async def whole(self, line: Line, entry: Entry) -> Entry:
        """The entry with all values of attributes that came in parts. Raises LineLost."""
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
            answer = await self.ask(line, Search(dn, "(objectClass=*)", [wanted], Scope.BASE))
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


def _judged(answer: SearchAnswer, before: bytes) -> tuple[ReadEnd | None, bytes]:
    """Whether a page was the last one, else the cookie for the next. `before` is the cookie that led to it."""
    if answer.code != ResultCode.SUCCESS:
        return ReadEnd(False, f"the server ended the read with {result_name(answer.code)}", answer.code), b""
    if answer.references:
        return ReadEnd(False, "a part of the tree is on another server, which is not followed", answer.code), b""
    control = find_control(answer.controls, PAGED_RESULTS)
    if control is None:
        return ReadEnd(True, code=answer.code), b""  # a server without paging sends everything at once
    try:
        cookie = PagedResults.read(control).cookie
    except DecodeError:
        return ReadEnd(False, "the server's paging could not be read", answer.code), b""
    if not cookie:
        return ReadEnd(True, code=answer.code), b""
    if cookie == before and not answer.entries:
        return ReadEnd(False, "the server repeats the same empty page", answer.code), b""
    return None, cookie
