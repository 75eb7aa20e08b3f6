"""A list that a student system gives piece by piece, and the proof that it was all of it.

A short page proves nothing, because servers give fewer records than they are asked for: a list ends where its total is
reached, with a page without anybody, without a cursor or by its flag. The same page twice means that a server does not
page at all.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.clock import Clock, SystemClock
from gateway.config.identity import PagingConfig, WebFeedBase
from gateway.identity.feeds.answers import Unreadable, attributes, text_at
from gateway.identity.feeds.port import Bad, End, FeedError, Page, SourceRecord, is_key
from gateway.identity.feeds.web import Web

MAX_PAGES = 100_000
"""Pages of one read: at ten records a page more than any university has people."""
MAX_EMPTY = 100
"""Pages without anybody one after the other, which some services give between others."""
_TRUE, _FALSE = frozenset({"true", "1", "yes", "y"}), frozenset({"false", "0", "no", "n", ""})


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: the records in it as trees, and the whole of it, in which `total`, `cursor` and `more` are found.
    `nobody` is an answer that says nothing but that there is nobody (any more)."""

    records: list[Any]
    whole: Any
    nobody: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a read stands; what a page's position is made of. `count` are the records so far, `number` the page or
    offset to be asked for, `at` when the read began (ISO 8601)."""

    number: int
    at: str
    count: int = 0
    pages: int = 0
    cursor: str = ""
    total: int | None = None
    moved: bool = False  # the total was not the same throughout
    bad: int = 0
    ended: bool = False
    resumed: bool = False

    @classmethod
    def begun(cls, paging: PagingConfig, now: datetime) -> Place:
        # An offset begins at 0 where nothing is said, a page at 1.
        offset = paging.kind == "offset" and "first" not in paging.model_fields_set
        return cls(0 if offset else paging.first, now.astimezone(UTC).isoformat(timespec="seconds"))

    @classmethod
    def kept(cls, position: Mapping[str, Any]) -> Place:
        """From a page's position."""
        return replace(cls(**{name: position[name] for name in cls.__slots__ if name in position}), resumed=True)

    def position(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "resumed"}

    def values(self, paging: PagingConfig) -> dict[str, str]:
        """What a question's placeholders stand for here."""
        number = str(self.number)
        return {"page": number, "offset": number, "size": str(paging.size), "cursor": self.cursor}

    def behind(self, paging: PagingConfig, answer: Answer, bad: int) -> Place:
        """The place behind an answer. Raises Unreadable where the answer does not say what it has to."""
        if answer.nobody:
            return replace(self, pages=self.pages + 1, ended=True)
        told = len(answer.records)
        total = _number(answer.whole, paging.total) if paging.total else None
        after = replace(
            self,
            count=self.count + told,
            pages=self.pages + 1,
            total=total,
            moved=self.moved or (self.pages > 0 and total != self.total),
            bad=self.bad + bad,
            number=self.number + (told if paging.kind == "offset" else 1),
        )
        if paging.kind == "none":
            return replace(after, ended=True)
        if paging.kind == "cursor":
            cursor = text_at(answer.whole, paging.cursor) or ""
            return replace(after, cursor=cursor, ended=not cursor)
        if paging.kind == "has-more":
            return replace(after, ended=not _flag(answer.whole, paging.more))
        return replace(after, ended=not told or (total is not None and after.count >= total))


class WebFeed(ABC):
    """What feeds over HTTP have in common; each says by `_ask` how one question is put."""

    def __init__(self, settings: WebFeedBase, web: Web, *, since_format: str, clock: Clock | None = None) -> None:
        self._paging = settings.paging
        self._source_id = settings.source_id
        self._expected = settings.expected
        self._overlap = timedelta(seconds=settings.overlap_seconds)
        self._since_format = since_format
        self._web = web
        self._clock = clock or SystemClock()

    @property
    @abstractmethod
    def _has_delta(self) -> bool:
        """Whether the source can be asked for changes alone."""

    @abstractmethod
    async def _ask(self, values: Mapping[str, str], *, delta: bool) -> Answer:
        """One question and its answer. Raises FeedError."""

    def read(self, position: Mapping[str, Any] | None = None) -> AsyncIterator[Page | End]:
        """Everybody, from the beginning or from a page's position. Raises FeedError as it goes."""
        return self._read(position, None)

    def delta(self, since: Mapping[str, Any]) -> AsyncIterator[Page | End] | None:
        """Who has changed since an End's `next_delta`, some time before it; None where the service gives no changes, or
        it is not known since when."""
        if not self._has_delta or not since.get("at"):
            return None
        return self._read(None, datetime.fromisoformat(str(since["at"])))

    async def settle(self, *, done: bool) -> None:  # noqa: B027  most sources need nothing
        """Nothing to put away."""

    async def close(self) -> None:
        await self._web.close()

    async def _read(self, position: Mapping[str, Any] | None, since: datetime | None) -> AsyncIterator[Page | End]:
        for name, lacks in (
            ("source_id", not self._source_id),
            ("paging.cursor", self._paging.kind == "cursor" and not self._paging.cursor),
            ("paging.more", self._paging.kind == "has-more" and not self._paging.more),
        ):
            if lacks:
                raise FeedError(f"`{name}` is missing", retry=False)
        place = Place.kept(position) if position else Place.begun(self._paging, self._clock.now())
        told = "" if since is None else (since - self._overlap).astimezone(UTC).strftime(self._since_format)
        seen: set[bytes] = set()
        empty = 0
        while not place.ended:
            if place.pages == MAX_PAGES or empty == MAX_EMPTY:
                raise FeedError("the list does not end", retry=False)
            values = {**place.values(self._paging), "since": told}
            answer = await self._ask(values, delta=since is not None)
            page = place.pages + 1
            records, bad, digest = await asyncio.to_thread(self._taken, answer, page)
            if answer.records and digest in seen:
                raise FeedError(f"page {page} has been there before: the list does not go on", retry=False)
            seen.add(digest)
            empty = 0 if answer.records else empty + 1
            try:
                place = place.behind(self._paging, answer, len(bad))
            except Unreadable as error:
                raise FeedError(str(error), retry=False) from error
            yield Page(records, place.position(), bad, place.total)
        if since is not None:  # one cut short is not gone on from: the next begins where this one began
            reason = _cut_short(place)
            yield End(False, reason, None if reason else {"at": place.at})
            return
        reason = _cut_short(place) or self._missing(place)
        yield End(not reason, reason, {"at": place.at} if self._has_delta else None)

    def _taken(self, answer: Answer, page: int) -> tuple[list[SourceRecord], list[Bad], bytes]:
        records: list[SourceRecord] = []
        bad: list[Bad] = []
        for number, tree in enumerate(answer.records, 1):
            where = f"page {page}, record {number}"
            try:
                found = attributes(tree)
            except Unreadable as error:
                bad.append(Bad(where, str(error)))
                continue
            source_id = next(iter(found.get(self._source_id, ())), "")
            if is_key(source_id):
                records.append(SourceRecord(source_id, found, where=where))
            else:
                bad.append(Bad(where, f"has no usable {self._source_id}"))
        content = [[record.attributes for record in records], [each.reason for each in bad]]
        return records, bad, hashlib.sha256(json.dumps(content).encode()).digest()

    def _missing(self, place: Place) -> str:
        """Why a read that was not cut short was not everybody, '' where it was."""
        if place.count < self._expected:
            return f"the service gave {place.count} records, fewer than {self._expected}"
        if not place.count:
            return "the service gave no records"
        if place.bad:
            return f"{place.bad} records could not be read"
        if place.resumed and place.total is None and self._paging.kind not in ("none", "cursor"):
            return "reading went on after an interruption, and without a total nobody knows whether the list moved"
        return ""


def _cut_short(place: Place) -> str:
    """Why a list that came to its end was not the whole list, '' where nothing speaks against it."""
    if place.moved:
        return "the number of records changed while they were read"
    if place.total is not None and place.total != place.count:
        return f"the service says that there are {place.total} records and gave {place.count}"
    return ""


def _number(whole: Any, path: str) -> int:
    text = text_at(whole, path) or ""
    if not text.isdecimal():
        raise Unreadable(f"the answer has no number at `{path}`")
    return int(text)


def _flag(whole: Any, path: str) -> bool:
    text = text_at(whole, path)
    if text is None or text.casefold() not in _TRUE | _FALSE:
        raise Unreadable(f"the answer has no flag at `{path}`")
    return text.casefold() in _TRUE


__all__ = ["MAX_PAGES", "Answer", "Place", "WebFeed"]
