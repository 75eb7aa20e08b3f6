"""People from a JSON service: an address with placeholders, a path to the records, and a way of paging.

Records are objects, or the rows of a table whose first row names the columns. A cursor may also be a link to the next
page, which is followed on the same host alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from gateway.clock import Clock
from gateway.config.identity import JsonFeedConfig
from gateway.identity.feeds.answers import Unreadable, read_json, records_at
from gateway.identity.feeds.paging import Answer, WebFeed
from gateway.identity.feeds.port import FeedError
from gateway.identity.feeds.web import Passing, Sleep, Web, same_origin


class JsonFeed(WebFeed):
    """A JSON service. Attributes are dotted paths within a record; a table's are its columns."""

    def __init__(self, settings: JsonFeedConfig, *, clock: Clock | None = None, sleep: Sleep = asyncio.sleep) -> None:
        secret = settings.password.get_secret_value()
        basic = settings.authentication == "basic"
        headers = {"Accept": "application/json"}
        if settings.authentication == "bearer":
            headers["Authorization"] = f"Bearer {secret}"
        web = Web(
            settings,
            auth=httpx.BasicAuth(settings.user, secret) if basic else None,
            headers=headers,
            clock=clock,
            sleep=sleep,
        )
        super().__init__(settings, web, since_format=settings.since_format, clock=clock)
        self._settings = settings

    @property
    def _has_delta(self) -> bool:
        return bool(self._settings.delta_url)

    async def _ask(self, values: Mapping[str, str], *, delta: bool) -> Answer:
        template = self._settings.delta_url if delta else self._settings.url
        url = template
        for name, value in values.items():
            url = url.replace(f"{{{name}}}", quote(value, safe=""))
        if values["cursor"] and "{cursor}" not in template:
            url = same_origin(url, values["cursor"])
        return await self._web.patiently(partial(self._asked, url))

    async def _asked(self, url: str) -> Answer:
        reply = await self._web.once("GET", url, taken=frozenset({HTTPStatus.NO_CONTENT}))
        if reply.status == HTTPStatus.NO_CONTENT:
            return Answer([], None, nobody=True)
        try:
            return await asyncio.to_thread(self._opened, reply.content)
        except _NoJson as error:
            raise Passing(str(error)) from error
        except Unreadable as error:
            raise FeedError(str(error), retry=False) from error

    def _opened(self, octets: bytes) -> Answer:
        try:
            whole = read_json(octets)
        except Unreadable as error:
            raise _NoJson(str(error)) from error
        records = records_at(whole, self._settings.records.strip("."))
        return Answer(_rows(records) if self._settings.rows == "table" else records, whole)


class _NoJson(Unreadable):
    """Something broken off, or a page for people: another answer may be better."""


def _rows(records: list[Any]) -> list[Any]:
    """A table's rows as objects; one with another number of cells than the header stays what it is, which no record
    can be. Raises Unreadable where there is no header."""
    if not records:
        return []
    header, *rows = records
    if not isinstance(header, list) or not all(isinstance(name, str) and name for name in header):
        raise Unreadable("the first row of the table does not name the columns")
    if len(set(header)) != len(header):
        raise Unreadable("the table has columns that come twice")
    fits = [isinstance(row, list) and len(row) == len(header) for row in rows]
    return [dict(zip(header, row, strict=True)) if fit else row for row, fit in zip(rows, fits, strict=True)]


__all__ = ["JsonFeed"]
