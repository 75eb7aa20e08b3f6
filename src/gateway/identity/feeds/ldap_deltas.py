"""How a directory tells what has changed: times of modification, Active Directory's DirSync, RFC 4533's refreshOnly.

Each says where a later delta begins before the complete read that it follows, so that nothing changes unseen between
the two. DirSync tells of whom something changed, and who is deleted; what they are now is then read as always, so that
no record is half a record.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.config.identity import LdapFeedConfig
from gateway.identity.directories.line import Entry, Line, LineLost, Search, SearchAnswer
from gateway.identity.directories.profiles import Profile, text_of
from gateway.identity.directories.reading import ReadEnd, Reading
from gateway.identity.feeds.port import FeedError
from library_protocols.ldap.controls import (
    DirSyncFlag,
    DirSyncRequest,
    DirSyncResponse,
    SyncDone,
    SyncInfo,
    SyncMode,
    SyncRequest,
    SyncState,
    SyncStateKind,
    find_control,
)
from library_protocols.ldap.dn import folded_dn
from library_protocols.ldap.errors import DecodeError, DnError
from library_protocols.ldap.facts import NO_ATTRIBUTES
from library_protocols.ldap.facts.oids import DIR_SYNC, SYNC_DONE, SYNC_INFO, SYNC_STATE
from library_protocols.ldap.facts.results import ResultCode, result_name
from library_protocols.ldap.filters import (
    And,
    Approx,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
    escape_filter_value,
    parse_filter,
)
from library_protocols.ldap.messages import Scope

BATCH = 50  # keys in one filter: longer ones are refused by some servers' limits on filters

Position = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """Some of what has changed: entries as they are now, and keys of those that are gone."""

    entries: Sequence[Entry]
    gone: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What is read: `filter` is the feed's, in parentheses."""

    settings: LdapFeedConfig
    profile: Profile
    base: str
    scope: Scope
    filter: str
    clock: Clock


class Delta(Protocol):
    attribute: str
    """What has to be read of each entry beside what the field map names; '' for nothing."""

    async def begin(self, reading: Reading, line: Line) -> Position:
        """Where changes after a complete read that begins now will begin. Raises LineLost, FeedError."""
        ...

    def saw(self, entries: Sequence[Entry]) -> None:
        """Told of every page of a complete read."""
        ...

    def changes(
        self, reading: Reading, line: Line, since: Position, attributes: Sequence[str]
    ) -> AsyncIterator[Told | ReadEnd]:
        """What has changed since a position. Raises LineLost, FeedError."""
        ...

    def following(self, before: Position) -> Position:
        """Where the next changes begin, after a read or changes that went well from `before`."""
        ...


class ModifyTimestamp:
    """Whoever was changed at or after a time, some minutes before the last change that was seen: clocks differ, and
    servers hear of changes late. It tells nothing of those who are gone or do not fit the filter any more."""

    def __init__(self, source: Source) -> None:
        self.attribute = source.profile.changed
        self._source = source
        self._fraction = ".0" if self.attribute == "whenChanged" else ""  # Active Directory wants it
        self._latest = ""
        self._begun = ""

    async def begin(self, reading: Reading, line: Line) -> Position:
        self._latest = ""
        # Of a long read the last change seen may be later than one of somebody who had been read before it.
        self._begun = _time_text(self._source.clock.now())
        return {"since": self._begun}

    def saw(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            for value in _values(entry, self.attribute):
                self._latest = max(self._latest, value.decode("ascii", "replace")[:14])

    async def changes(
        self, reading: Reading, line: Line, since: Position, attributes: Sequence[str]
    ) -> AsyncIterator[Told | ReadEnd]:
        self._latest = self._begun = ""
        start = _time(str(since.get("since", ""))) - timedelta(seconds=self._source.settings.overlap_seconds)
        filter_ = f"(&{self._source.filter}({self.attribute}>={_time_text(start)}{self._fraction}Z))"
        search = Search(self._source.base, filter_, attributes, self._source.scope)
        async for part in reading.pages(line, search, self._source.settings.page_size):
            if isinstance(part, ReadEnd):
                yield part
            else:
                self.saw(part)
                yield Told(part)

    def following(self, before: Position) -> Position:
        if self._begun:
            return {"since": min(self._latest or self._begun, self._begun)}
        return {"since": max(self._latest, str(before["since"]))}


class DirSync:
    """MS-ADTS 3.1.1.3.4.1.3. Always of a whole naming context, so it tells of more than the feed reads. An account
    without the right to replicate changes is shown what it may read, which those deleted are not among."""

    attribute = ""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._cookie = b""

    async def begin(self, reading: Reading, line: Line) -> Position:
        self._cookie = b""
        context = await self._context(reading, line)
        # Of people alone and no attribute but the key: only the cookie is wanted.
        search = Search(context, self._source.filter, [self._source.profile.key])
        async for _ in self._rounds(reading, line, search):
            pass
        return {"cookie": _text(self._cookie)}

    def saw(self, entries: Sequence[Entry]) -> None:
        pass

    async def changes(
        self, reading: Reading, line: Line, since: Position, attributes: Sequence[str]
    ) -> AsyncIterator[Told | ReadEnd]:
        self._cookie = _octets(str(since.get("cookie", "")))
        # Without the feed's filter: it would hide those who do not fit it any more.
        told_of = {*attributes, *attributes_of(parse_filter(self._source.filter)), "isDeleted", "name"}  # name: a move
        search = Search(await self._context(reading, line), "(objectClass=*)", sorted(told_of))
        async for entries in self._rounds(reading, line, search):
            deleted, changed = self._parted(entries)
            gone = list(deleted)
            for at in range(0, len(changed), BATCH):
                told, rest = await self._now(reading, line, changed[at : at + BATCH], attributes)
                gone += rest
                yield Told(told)
            yield Told([], gone)
        yield ReadEnd(True)

    def following(self, before: Position) -> Position:
        return {"cookie": _text(self._cookie)} if self._cookie else before

    async def _rounds(self, reading: Reading, line: Line, search: Search) -> AsyncIterator[Sequence[Entry]]:
        flags = DirSyncFlag(0)
        while True:
            request = DirSyncRequest(flags, 0, self._cookie)
            answer = await reading.ask(line, replace(search, controls=[request.control()]))
            if answer.code == ResultCode.INSUFFICIENT_ACCESS_RIGHTS and not flags:
                flags = DirSyncFlag.OBJECT_SECURITY
                continue
            if answer.code != ResultCode.SUCCESS:
                # A cookie that the server does not take any more is the likeliest of what a later try will not mend.
                raise FeedError(f"DirSync: {result_name(answer.code)}", retry=answer.code in _BUSY)
            control = find_control(answer.controls, DIR_SYNC)
            if control is None:
                raise FeedError("DirSync: the server does not do it", retry=False)
            try:
                response = DirSyncResponse.read(control)
            except DecodeError:
                raise FeedError("DirSync: the answer could not be read", retry=False) from None
            yield [await reading.whole(line, entry) for entry in answer.entries]
            if response.more and response.cookie == self._cookie:
                raise FeedError("DirSync: the server repeats itself")
            self._cookie = response.cookie
            if not response.more:
                return

    async def _context(self, reading: Reading, line: Line) -> str:
        """The naming context that the base is in."""
        answer = await reading.ask(line, Search("", "(objectClass=*)", ["namingContexts"], Scope.BASE))
        values = (value for entry in answer.entries for found in entry.attributes.values() for value in found)
        contexts = [value.decode("utf-8", "replace") for value in values]
        fitting = [one for one in contexts if _within(self._source.base, one)]
        if not fitting:
            raise FeedError("DirSync: the server has no naming context with the base in it", retry=False)
        return max(fitting, key=len)

    def _parted(self, entries: Sequence[Entry]) -> tuple[list[str], list[bytes]]:
        """Keys, as text, of those deleted, and as octets of those changed."""
        gone: list[str] = []
        changed: list[bytes] = []
        for entry in entries:
            key = next(iter(_values(entry, self._source.profile.key)), b"")
            if not key:
                continue
            if _values(entry, "isDeleted") == [b"TRUE"]:
                gone.append(text_of(self._source.profile, self._source.profile.key, key))
            else:
                changed.append(key)
        return gone, changed

    async def _now(
        self, reading: Reading, line: Line, keys: Sequence[bytes], attributes: Sequence[str]
    ) -> tuple[Sequence[Entry], list[str]]:
        """Those of the keys who are in the feed now, and keys of those who are not."""
        name = self._source.profile.key
        any_of = "".join(f"({name}={escape_filter_value(key)})" for key in keys)
        search = Search(self._source.base, f"(&{self._source.filter}(|{any_of}))", attributes, self._source.scope)
        found: list[Entry] = []
        async for part in reading.pages(line, search, self._source.settings.page_size):
            if not isinstance(part, ReadEnd):
                found += part
            elif not part.complete:
                raise LineLost("search", part.reason)
        there = {
            value
            for entry in found
            for kind, values in entry.attributes.items()
            if kind.lower() == name.lower()
            for value in values
        }
        return found, [text_of(self._source.profile, name, key) for key in keys if key not in there]


_BUSY = frozenset({ResultCode.BUSY, ResultCode.UNAVAILABLE, ResultCode.TIME_LIMIT_EXCEEDED})


class SyncRepl:
    """RFC 4533, refreshOnly. Changed entries come whole. Who is gone is told where the server remembers it; where it
    lists instead who is still there, a complete read finds out."""

    attribute = ""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._cookie = b""

    async def begin(self, reading: Reading, line: Line) -> Position:
        # The first synchronization lists everybody, but only its cookie is wanted.
        self._cookie = b""
        await self._refresh(reading, line, None, [NO_ATTRIBUTES], discard=True)
        return {"cookie": _text(self._cookie)}

    def saw(self, entries: Sequence[Entry]) -> None:
        pass

    async def changes(
        self, reading: Reading, line: Line, since: Position, attributes: Sequence[str]
    ) -> AsyncIterator[Told | ReadEnd]:
        answer = await self._refresh(reading, line, _octets(str(since.get("cookie", ""))), attributes)
        gone: list[str] = []
        entries: list[Entry] = []
        try:
            for response in answer.between:
                info = SyncInfo.read(response) if response.oid == SYNC_INFO else None
                if info is not None and info.kind == "syncIdSet" and info.deletes:
                    gone += [_uuid(value) for value in info.uuids]
            for entry in answer.entries:
                control = find_control(entry.controls, SYNC_STATE)
                state = SyncState.read(control) if control is not None else None
                if state is not None and state.state == SyncStateKind.DELETE:
                    gone.append(_uuid(state.entry_uuid))
                elif state is None or state.state != SyncStateKind.PRESENT:
                    entries.append(entry)
        except DecodeError:
            raise FeedError("syncrepl: the answer could not be read", retry=False) from None
        size = self._source.settings.page_size
        for at in range(0, len(entries), size):
            yield Told(entries[at : at + size])
        for at in range(0, len(gone), size):
            yield Told([], gone[at : at + size])
        yield ReadEnd(True)

    def following(self, before: Position) -> Position:
        return {"cookie": _text(self._cookie)} if self._cookie else before

    async def _refresh(
        self, reading: Reading, line: Line, cookie: bytes | None, attributes: Sequence[str], *, discard: bool = False
    ) -> SearchAnswer:
        source, request = self._source, SyncRequest(SyncMode.REFRESH_ONLY, cookie).control()
        search = Search(source.base, source.filter, attributes, source.scope, controls=[request], discard=discard)
        answer = await reading.ask(line, search)
        if answer.code != ResultCode.SUCCESS:
            raise FeedError(f"syncrepl: {result_name(answer.code)}", retry=answer.code in _BUSY)
        try:
            control = find_control(answer.controls, SYNC_DONE)
            done = SyncDone.read(control) if control is not None else None
            told = [SyncInfo.read(one).cookie for one in answer.between if one.oid == SYNC_INFO]
        except DecodeError:
            raise FeedError("syncrepl: the answer could not be read", retry=False) from None
        if done is None:
            raise FeedError("syncrepl: the server does not do it", retry=False)
        # "No change" may come without a cookie: the last one given stays good (RFC 4533 3.2).
        self._cookie = done.cookie or next((one for one in reversed(told) if one), b"") or cookie or b""
        return answer


DELTAS = {"modify-timestamp": ModifyTimestamp, "dirsync": DirSync, "syncrepl": SyncRepl}
"""What the setting `delta` names."""


def attributes_of(filter_: Filter) -> Iterator[str]:
    """The attributes that a filter asks about."""
    match filter_:
        case And(parts) | Or(parts):
            for part in parts:
                yield from attributes_of(part)
        case Not(part):
            yield from attributes_of(part)
        case Equality() | Substrings() | GreaterOrEqual() | LessOrEqual() | Present() | Approx() | Extensible():
            if filter_.attribute:
                yield filter_.attribute


def _values(entry: Entry, attribute: str) -> list[bytes]:
    wanted = attribute.lower()
    return next((values for name, values in entry.attributes.items() if name.lower() == wanted), [])


def _time_text(at: datetime) -> str:
    """GeneralizedTime (RFC 4517 3.3.13) to the second, without the Z."""
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise FeedError("where the changes begin is not known any more", retry=False) from None


def _text(cookie: bytes) -> str:
    return base64.b64encode(cookie).decode("ascii")


def _octets(text: str) -> bytes:
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error:
        octets = b""
    if not octets:
        raise FeedError("where the changes begin is not known any more", retry=False)
    return octets


def _uuid(octets: bytes) -> str:
    return str(uuid.UUID(bytes=octets)) if len(octets) == 16 else octets.hex()


def _within(dn: str, context: str) -> bool:
    try:
        inner, outer = folded_dn(dn), folded_dn(context)
    except DnError:
        return False
    return bool(outer) and inner[-len(outer) :] == outer
