"""Reading a feed to its end, as the sync does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.identity.feeds.port import Bad, End, Feed, FeedError, Page, SourceRecord


@dataclass
class Read:
    """What a read brought, all pages together."""

    records: list[SourceRecord] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    end: End | None = None

    @property
    def ids(self) -> list[str]:
        return [record.source_id for record in self.records]

    @property
    def ended(self) -> End:
        assert self.end is not None
        return self.end


async def collect(pages: AsyncIterator[Page | End]) -> Read:
    """Everything that comes; nothing may come after an End."""
    read = Read()
    async for page in pages:
        assert read.end is None
        if isinstance(page, End):
            read.end = page
        else:
            read.pages.append(page)
            read.records += page.records
            read.bad += page.bad
    assert read.end is not None
    return read


async def run(feed: Feed, position: Mapping[str, Any] | None = None, *, done: bool = True) -> Read:
    """A whole run: read, settle, close."""
    try:
        try:
            read = await collect(feed.read(position))
        except FeedError:
            await feed.settle(done=False)
            raise
        await feed.settle(done=done)
    finally:
        await feed.close()
    return read


async def first_page(pages: AsyncIterator[Page | End]) -> Page:
    """The first page; the rest is not read."""
    page = await anext(pages)
    assert isinstance(page, Page)
    return page
