"""People from a campus directory: a whole subtree in pages, or what has changed since the last time.

A read is complete when the server said so behind the last page, and only then. The cookie between pages dies with its
connection, so a read that broke off begins again. An attribute that the directory shows of anybody and not of this
person is empty; one that it shows of nobody is absent: the account may not read it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.clock import Clock
from gateway.config.identity import DirectoryConfig, LdapFeedConfig
from gateway.identity.directories import open_directory
from gateway.identity.directories.checking import SCOPES
from gateway.identity.directories.directory import LdapDirectory, plain
from gateway.identity.directories.line import Entry, Line, LineLost, Search
from gateway.identity.directories.port import DirectoryDown
from gateway.identity.directories.profiles import text_of
from gateway.identity.directories.reading import ReadEnd
from gateway.identity.feeds.ldap_deltas import DELTAS, Delta, Source, Told
from gateway.identity.feeds.port import Bad, End, FeedError, Page, SourceRecord
from library_protocols.ldap.errors import FilterError
from library_protocols.ldap.facts.results import ResultCode, result_name
from library_protocols.ldap.filters import filter_text, parse_filter

POSITION: Mapping[str, Any] = {}
"""Of every page: there is no other place to go on from."""
DN = "dn"
"""A field map may name it like an attribute: where an entry stands may say what somebody is."""
JOIN = "+"  # between names in `from`, not a name itself

_SHOWN = frozenset({ResultCode.SUCCESS, ResultCode.SIZE_LIMIT_EXCEEDED})
_CUT_SHORT = _SHOWN | {ResultCode.ADMIN_LIMIT_EXCEEDED}
# A later try may help after these; after other results somebody must change the configuration or a right.
_PASSING = frozenset({ResultCode.BUSY, ResultCode.UNAVAILABLE, ResultCode.TIME_LIMIT_EXCEEDED, ResultCode.OTHER})


class LdapFeed:
    """Implements Feed. Raises ValueError where the directory's make has no such deltas, the filter is none, or the file
    of authorities cannot be read."""

    def __init__(self, settings: LdapFeedConfig, directory: DirectoryConfig, *, clock: Clock) -> None:
        self._settings = settings
        try:
            self._filter = filter_text(parse_filter(settings.filter))
        except FilterError as error:
            raise ValueError(f"feed {settings.name}: filter: {error}") from None
        self._base = settings.base or directory.base
        self._scope = SCOPES[directory.scope]
        self._directory: LdapDirectory = open_directory(settings.directory, directory, clock=clock)
        self._profile = self._directory.profile
        if settings.delta not in self._profile.deltas:
            raise ValueError(f'feed {settings.name}: {self._profile.name} has no delta = "{settings.delta}"')
        self._key = settings.source_id or self._profile.key
        self._names = named(settings)
        self._delta: Delta | None = None
        if settings.delta != "none":
            source = Source(settings, self._profile, self._base, self._scope, self._filter, clock)
            self._delta = DELTAS[settings.delta](source)

    async def read(self, position: Mapping[str, Any] | None = None) -> AsyncIterator[Page | End]:
        line = await self._open()
        try:
            begun = await self._delta.begin(self._directory.reading, line) if self._delta else None
            pages = _Pages(self, await self._spoken(line))
            search = Search(self._base, self._filter, self._wanted(), self._scope)
            async for part in self._directory.reading.pages(line, search, self._settings.page_size):
                if isinstance(part, ReadEnd):
                    end = pages.judged(part)
                    more = self._delta.following(begun) if end.complete and self._delta and begun is not None else None
                    yield End(end.complete, end.reason, more)
                    return
                if self._delta is not None:
                    self._delta.saw(part)
                if part:
                    yield pages.page(Told(part))
        except LineLost as lost:
            raise FeedError(f"{lost.step}: {lost.reason}") from None
        finally:
            line.drop()

    def delta(self, since: Mapping[str, Any]) -> AsyncIterator[Page | End] | None:
        return None if self._delta is None else self._changes(self._delta, since)

    async def _changes(self, delta: Delta, since: Mapping[str, Any]) -> AsyncIterator[Page | End]:
        line = await self._open()
        try:
            spoken = await self._spoken(line)
            pages = _Pages(self, spoken)
            async for told in delta.changes(self._directory.reading, line, since, self._wanted()):
                if isinstance(told, ReadEnd):
                    end = pages.judged(told)
                    yield End(False, end.reason, delta.following(since) if end.complete else None)
                    return
                if told.entries or told.gone:
                    yield pages.page(told)
        except LineLost as lost:
            yield End(False, f"the read broke off: {lost.reason}")
        finally:
            line.drop()

    async def _open(self) -> Line:
        try:
            return await self._directory.reading.open()
        except DirectoryDown as down:
            # A service account that is refused stays refused until somebody looks at it.
            raise FeedError(str(down), retry=down.step != "bind") from None

    async def _spoken(self, line: Line) -> frozenset[str]:
        """The attributes, in lower case, that the directory shows of anybody whom this feed reads."""
        shown: set[str] = set()
        for name in self._names:
            if name.lower() == DN:
                continue
            anybody = f"(&{self._filter}({name}=*))"
            answer = await self._directory.reading.ask(line, Search(self._base, anybody, [name], self._scope, size=1))
            if answer.code not in _SHOWN and answer.code in _PASSING:
                raise FeedError(f"search: {result_name(answer.code)}")
            if any(entry.attributes for entry in answer.entries):
                shown.add(name.lower())
        return frozenset(shown)

    def _wanted(self) -> list[str]:
        more = [self._delta.attribute] if self._delta is not None and self._delta.attribute else []
        attributes = [name for name in self._names if name.lower() != DN]
        return list({name.lower(): name for name in (self._key, *attributes, *more)}.values())

    def record(self, entry: Entry, spoken: Iterable[str], where: str) -> SourceRecord | Bad:
        """An entry as a record, or why it is none."""
        found = plain(entry).attributes
        keys = found.get(self._key.lower(), [])
        if len(keys) != 1 or not keys[0]:
            return Bad(where, f"{len(keys)} values of {self._key} where one belongs")
        asked = {name.lower() for name in self._names}
        attributes: dict[str, list[str]] = {name: [] for name in spoken}
        for name, values in found.items():
            if name in asked:
                attributes[name] = [text_of(self._profile, name, value) for value in values]
        if DN in asked:
            attributes[DN] = [entry.dn]
        return SourceRecord(text_of(self._profile, self._key, keys[0]), attributes, where=where)

    @property
    def by_profile_key(self) -> bool:
        """Whether people are known by the key that the directory tells deletions by."""
        return self._key.lower() == self._profile.key.lower()

    async def settle(self, *, done: bool) -> None:
        """Nothing is taken from a directory."""

    async def close(self) -> None:
        await self._directory.close()


@dataclass(slots=True)
class _Pages:
    """Numbers pages of one read, and makes records of what was told."""

    feed: LdapFeed
    spoken: frozenset[str]
    number: int = 0
    good: int = 0
    bad: int = 0

    def page(self, told: Told) -> Page:
        self.number += 1
        where = f"page {self.number}"
        made = [self.feed.record(entry, self.spoken, where) for entry in told.entries]
        records = [one for one in made if isinstance(one, SourceRecord)]
        if self.feed.by_profile_key:
            records += [SourceRecord(key, gone=True, where=where) for key in told.gone]
        bad = [one for one in made if isinstance(one, Bad)]
        self.good += len(made) - len(bad)
        self.bad += len(bad)
        return Page(records, POSITION, bad)

    def judged(self, end: ReadEnd) -> ReadEnd:
        """The end of the read, as far as it proves anything. Raises FeedError where an error ended it before its first
        page: then it was none."""
        if not end.complete and not self.number and end.code not in _CUT_SHORT:
            raise FeedError(end.reason, retry=end.code is None or end.code in _PASSING)
        # Every entry has the key of its make of directory: where it is not shown, a right is missing. Of other keys
        # some may be without one, but not all.
        if end.complete and self.bad and (self.feed.by_profile_key or not self.good):
            return ReadEnd(False, f"{self.bad:,} entries were shown without their key", end.code)
        return end


def named(settings: LdapFeedConfig) -> Sequence[str]:
    """The attributes that a field map names, each once, as they are first written."""
    names = (name for field in settings.fields.values() for name in field.source if name != JOIN)
    return list({name.lower(): name for name in names}.values())
