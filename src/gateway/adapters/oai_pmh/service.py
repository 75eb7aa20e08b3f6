"""Answers to the six verbs, out of the catalogue's feed. Knows no HTTP: it gives octets, piece by piece.

A page is read from the feed first, which says how the list goes on; its records are then fetched and rendered in
slices, and between two slices the event loop serves others.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from time import perf_counter
from typing import Protocol

import structlog

from gateway.adapters.oai_pmh.mapping import OaiFormat, OaiSettings, header_of, identity, local_identifier, record_of
from gateway.adapters.oai_pmh.session import ListState, begin, windows
from gateway.adapters.oai_pmh.token import BadToken, Tokens
from gateway.catalogue.records import CatalogueRecord, FeedEntry, FeedPage, SetDescription
from gateway.doors.pages import PAGE_RECORDS
from library_protocols.oai_pmh import (
    CLOSING,
    ErrorCode,
    MetadataFormat,
    OaiError,
    Request,
    Set,
    Verb,
    errors,
    identify,
    list_closing,
    list_opening,
    metadata_formats,
    opening,
    resumption_token,
    set_element,
)

SLICE = 50  # records fetched in one go: some 2 ms
TURN_SECONDS = 0.002  # of rendering before others have their turn; a crosswalk takes a third of a millisecond a record
DAY = 86_400
VERSION = version("library-gateway")
LISTS = frozenset({Verb.LIST_RECORDS, Verb.LIST_IDENTIFIERS})

log = structlog.get_logger(__name__)


class OaiCatalogue(Protocol):
    """What this door reads of the catalogue; `gateway.catalogue` says what each means."""

    async def horizon(self) -> int: ...

    async def changes(
        self,
        view: str,
        set_spec: str,
        after_seq: int,
        from_: int | None,
        until: int | None,
        size: int,
        *,
        with_deleted: bool = True,
    ) -> FeedPage: ...

    async def feed_records(self, view: str, page: FeedPage, *, holdings: bool = True) -> list[CatalogueRecord]: ...

    async def count(self, view: str, set_spec: str, from_: int | None, until: int | None) -> tuple[int, int]: ...

    async def by_identifier(self, view: str, identifier: str) -> CatalogueRecord | None: ...

    async def earliest(self, view: str) -> int | None: ...

    async def sets(self, view: str) -> list[SetDescription]: ...


@dataclass(frozen=True, slots=True)
class Door:
    """Which door was asked, and under what address; `as_page`: a page for people is made of the answer, which holds so
    many records at most."""

    view: str
    base_url: str
    as_page: bool = False


@dataclass(slots=True)
class Answer:
    """`pieces` is the response. `mark` names its content apart from responseDate: equal marks, equal answers; None for
    errors. `codes` are the errors told; `streamed`: the pieces are still being made; `skipped` counts records that have
    no such form, once all pieces are read."""

    pieces: AsyncGenerator[bytes, None]
    mark: str | None = None
    codes: tuple[str, ...] = ()
    streamed: bool = False
    skipped: int = 0


@dataclass(slots=True)
class _Page:
    """`remaining` counts the records of the list from this page on."""

    entries: list[FeedEntry] = field(default_factory=list)
    remaining: int = 0
    more: bool = False
    horizon: int | None = None


class Refused(Exception):
    """The request is answered with errors."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.error = OaiError(code, message)


class OaiService:
    """The door's answers. `formats` in the order in which they are listed."""

    def __init__(
        self, catalogue: OaiCatalogue, tokens: Tokens, settings: OaiSettings, formats: Iterable[OaiFormat]
    ) -> None:
        self._catalogue = catalogue
        self._tokens = tokens
        self._formats = {form.prefix: form for form in formats}
        self.settings = settings

    async def bad(self, door: Door, found: Sequence[OaiError], arguments: dict[str, str] | None = None) -> Answer:
        """The answer to what is no request, or to one that cannot be met."""
        horizon = await self._catalogue.horizon()
        octets = errors(door.base_url, horizon, found, arguments)
        return Answer(_whole(octets), codes=tuple(str(each.code) for each in found))

    async def answer(self, door: Door, request: Request) -> Answer:
        """The answer to a well-formed request. Raises what the catalogue raises when it is away."""
        try:
            if request.verb in LISTS:
                return await self._list(door, request)
            body = await self._body(door, request)
        except Refused as refused:
            return await self.bad(door, [refused.error], request.arguments())
        horizon = await self._catalogue.horizon()
        head = opening(door.base_url, horizon, request.arguments())
        return Answer(_whole(head + body + CLOSING), mark=_mark(door, request, body))

    async def _body(self, door: Door, request: Request) -> bytes:
        match request.verb:
            case Verb.IDENTIFY:
                earliest = await self._catalogue.earliest(door.view)
                if earliest is None:
                    earliest = await self._catalogue.horizon()
                first = await self._catalogue.changes(door.view, "", 0, None, None, 1, with_deleted=False)
                example = next(iter(await self._catalogue.feed_records(door.view, first, holdings=False)), None)
                return identify(identity(self.settings, door.view, door.base_url, earliest, example))
            case Verb.LIST_METADATA_FORMATS:
                return await self._metadata_formats(door.view, request)
            case Verb.LIST_SETS:
                return await self._sets(door.view, request)
            case _:
                return await self._get_record(door.view, request)

    async def _metadata_formats(self, view: str, request: Request) -> bytes:
        able = list(self._formats.values())
        if request.identifier is not None:
            found = await self._item(view, request.identifier)
            able = [form for form in able if _can_render(found, form)]
        if not able:
            raise Refused(ErrorCode.NO_METADATA_FORMATS, "the item cannot be given in any format")
        return metadata_formats(MetadataFormat(form.prefix, form.schema, form.namespace) for form in able)

    async def _sets(self, view: str, request: Request) -> bytes:
        if request.resumption_token is not None:
            raise Refused(ErrorCode.BAD_RESUMPTION_TOKEN, "the sets of this repository come in one response")
        found = await self._catalogue.sets(view)
        if not found:
            raise Refused(ErrorCode.NO_SET_HIERARCHY, "this repository has no sets")
        told = b"".join(set_element(Set(each.spec, each.name)) for each in found)
        return list_opening(Verb.LIST_SETS) + told + list_closing(Verb.LIST_SETS)

    async def _check_set(self, view: str, spec: str) -> None:
        """Raises Refused where no set of the view is that one or below it."""
        known = await self._catalogue.sets(view)
        if not known:
            raise Refused(ErrorCode.NO_SET_HIERARCHY, "this repository has no sets")
        if not any(f"{each.spec}:".startswith(f"{spec}:") for each in known):
            raise Refused(ErrorCode.NO_RECORDS_MATCH, f"this repository has no set {spec}")

    async def _item(self, view: str, identifier: str) -> CatalogueRecord:
        local = local_identifier(self.settings.repository_identifier, view, identifier)
        found = await self._catalogue.by_identifier(view, local) if local is not None else None
        if found is None:
            raise Refused(ErrorCode.ID_DOES_NOT_EXIST, "no item has this identifier")
        return found

    async def _get_record(self, view: str, request: Request) -> bytes:
        form = self._form(request.metadata_prefix or "")
        found = await self._item(view, request.identifier or "")
        if not form.fits(found):
            raise Refused(ErrorCode.CANNOT_DISSEMINATE_FORMAT, f"the item is {found.format}, and not in this format")
        try:
            told = record_of(self.settings.repository_identifier, view, found, form)
        except ValueError as error:
            _cannot_render(found, form, error)
            raise Refused(ErrorCode.CANNOT_DISSEMINATE_FORMAT, "the item cannot be given in this format") from None
        return list_opening(Verb.GET_RECORD) + told + list_closing(Verb.GET_RECORD)

    def _form(self, prefix: str) -> OaiFormat:
        form = self._formats.get(prefix)
        if form is None:
            raise Refused(ErrorCode.CANNOT_DISSEMINATE_FORMAT, "this repository has no such format")
        return form

    async def _list(self, door: Door, request: Request) -> Answer:
        horizon = await self._catalogue.horizon()
        if request.resumption_token is not None:
            try:
                state = self._tokens.read(door.view, request.verb, request.resumption_token, horizon)
            except BadToken as error:
                raise Refused(ErrorCode.BAD_RESUMPTION_TOKEN, str(error)) from None
        else:
            state = begin(door.view, request, horizon, old_deletions=self.settings.old_deletions)
        form = self._form(state.prefix)
        page = await self._page(state, self._size(door))
        if not page.entries and not state.cursor and request.set_spec:
            await self._check_set(door.view, request.set_spec)
        if not page.entries:
            page = await self._remainder(state, door, form)
        told = Answer(_whole(b""), mark=_mark(door, request, _content(page, self._expires(horizon))), streamed=True)
        pieces = self._pieces(door, request, form, state, page, told)
        # The first piece is made before anything is sent: whether there is a list at all shows only then.
        first = await anext(pieces, None)
        if first is None and state.cursor:
            told.mark, page = None, await self._remainder(state, door, form)
            pieces = self._pieces(door, request, form, state, page, told)
            first = await anext(pieces, None)
        if first is None:
            raise Refused(ErrorCode.NO_RECORDS_MATCH, "there are no such records")
        told.pieces = _from(first, pieces)
        return told

    def _size(self, door: Door) -> int:
        return min(self.settings.page_records, PAGE_RECORDS) if door.as_page else self.settings.page_records

    async def _page(self, state: ListState, size: int) -> _Page:
        """The next `size` records of the list at most, over as many of its stretches as it takes."""
        page = _Page()
        for window in windows(state):
            room = size - len(page.entries)
            if page.more or not room:
                live, dead = await self._catalogue.count(state.view, state.set_spec, window.from_, window.until)
                page.remaining += live + dead
                page.more = page.more or live + dead > 0
                continue
            found = await self._catalogue.changes(
                state.view, state.set_spec, state.after, window.from_, window.until, room,
                with_deleted=window.with_deleted,
            )  # fmt: skip
            page.entries += found.entries
            page.remaining += max(found.size - found.before, len(found.entries))
            page.more = found.more
            page.horizon = found.horizon if page.horizon is None else min(page.horizon, found.horizon)
        return page

    async def _remainder(self, state: ListState, door: Door, form: OaiFormat) -> _Page:
        """For a token whose rest has moved away since, or has no such form: a record of the list again, since a list
        cannot be empty."""
        if not state.cursor:
            return _Page()
        state, unread = replace(state, after=0, cursor=0), Answer(_whole(b""))
        while True:
            page = await self._page(state, self._size(door))
            for entry in page.entries:
                if await self._slice(door.view, state.verb, form, (entry,), unread):
                    return _Page([entry], 1, more=False, horizon=page.horizon)
            if not page.more:
                return _Page()
            state = state.advanced(page.entries[-1].seq, len(page.entries))

    async def _pieces(
        self, door: Door, request: Request, form: OaiFormat, state: ListState, page: _Page, told: Answer
    ) -> AsyncGenerator[bytes, None]:
        """The response; nothing at all where no record of the rest of the list can be given."""
        horizon = page.horizon if page.horizon is not None else state.start
        head = opening(door.base_url, horizon, request.arguments()) + list_opening(request.verb)
        cursor, size, begun = state.cursor, state.cursor + page.remaining, False
        while True:
            for start in range(0, len(page.entries), SLICE):
                entries = tuple(page.entries[start : start + SLICE])
                written = await self._slice(door.view, request.verb, form, entries, told)
                if written:
                    yield written if begun else head + written
                    begun = True
                await asyncio.sleep(0)
            if page.entries:
                state = state.advanced(page.entries[-1].seq, len(page.entries))
            if begun or not page.more:
                break
            page, told.mark = await self._page(state, self._size(door)), None
        if not begun:
            return
        token = b""
        if page.more:
            expires = self._expires(horizon)
            made = self._tokens.make(state, expires)
            token = resumption_token(made, expires=expires, complete_list_size=size, cursor=cursor)
        elif request.resumption_token is not None:
            token = resumption_token("", complete_list_size=size, cursor=cursor)
        yield token + list_closing(request.verb) + CLOSING

    async def _slice(
        self, view: str, verb: Verb, form: OaiFormat, entries: tuple[FeedEntry, ...], told: Answer
    ) -> bytes:
        part = FeedPage(entries, len(entries), 0, more=False, horizon=0)
        headers_alone = verb is Verb.LIST_IDENTIFIERS
        read = await self._catalogue.feed_records(view, part, holdings=form.holdings and not headers_alone)
        found = [each for each in read if form.fits(each)]
        told.skipped += len(read) - len(found)
        repository = self.settings.repository_identifier
        if headers_alone:
            return b"".join([header_of(repository, view, each) for each in found])
        written: list[bytes] = []
        begun = perf_counter()
        for each in found:
            if perf_counter() - begun > TURN_SECONDS:
                await asyncio.sleep(0)
                begun = perf_counter()
            try:
                written.append(record_of(repository, view, each, form))
            except ValueError as error:
                _cannot_render(each, form, error)
                told.skipped += 1
        return b"".join(written)

    def _expires(self, horizon: int) -> int:
        """To the day, so that one list asked for twice on a day is the same list."""
        return (horizon // DAY + 1 + self.settings.token_days) * DAY


def _can_render(found: CatalogueRecord, form: OaiFormat) -> bool:
    """Whether GetRecord gives the record in this format; a deleted one has its header in each."""
    if found.deleted or not form.fits(found):
        return found.deleted
    try:
        form.render(found)
    except ValueError:
        return False
    return True


def _cannot_render(found: CatalogueRecord, form: OaiFormat, error: ValueError) -> None:
    log.warning(
        "oai_pmh.not_rendered", member=found.member, control=found.control, format=form.prefix, error=str(error)
    )


def _mark(door: Door, request: Request, content: bytes) -> str:
    """The version is part of it: another one may render the same records otherwise."""
    words = repr((VERSION, door, request.arguments())).encode()
    return hashlib.sha256(words + content).hexdigest()[:32]


def _content(page: _Page, expires: int) -> bytes:
    """A record that changes gets another place in the feed: the places name the content."""
    return repr(([entry.seq for entry in page.entries], page.remaining, page.more, expires)).encode()


async def _whole(octets: bytes) -> AsyncGenerator[bytes, None]:
    yield octets


async def _from(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield first
    async for piece in rest:
        yield piece


__all__ = ["Answer", "Door", "OaiCatalogue", "OaiService"]
