"""LookupItemSet: titles with their sets of holdings and items, in pages. A set is what a title has in one location.

A page holds so many items at most; a title that is unknown or has none counts as one. The token of the next page names
the place in the question and the last barcode told, and is signed for this peer and this question.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.adapters.ncip._common import agency, barcode_of, clean, foreign, item_id_out, written
from gateway.adapters.ncip._items import (
    bib_id_out,
    bib_named,
    bib_of,
    bib_sent,
    description_out,
    item_elements,
    item_optional_fields,
    location_out,
)
from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Item
from gateway.canonical.outcomes import Availability, AvailabilityOutcome, ItemOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import BibAvailability, ItemGet
from library_protocols.ncip import messages as wire
from library_protocols.ncip import parse_integer

AT_ONCE = 100
"""Titles that a platform is asked for at once."""
_MAC_OCTETS = 16
_BEGIN = frozenset({"", "0"})
"""Tokens that discovery layers send for the first page."""
_SET_MARK = "@"
_NO_BIB = Refusal(code=RefusalCode.BIB_NOT_FOUND)
_NO_ITEM = Refusal(code=RefusalCode.ITEM_NOT_FOUND)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page begins: behind this barcode of the question's so-manieth name."""

    name: int = 0
    after: str = ""


@dataclass(slots=True)
class _Page:
    """What a page holds so far, and what may still come; `following` is set where it is full and more would come."""

    room: int
    found: list[wire.BibInformation] = field(default_factory=list)
    following: _Place | None = None


async def lookup_item_set(work: Work, message: Any) -> wire.LookupItemSetResponse:
    """Titles by BibliographicId, sets by HoldingsSetId, or single items by ItemId, in the order asked for."""
    names: Sequence[Any] = message.bibliographic_id or message.holdings_set_id or message.item_id
    if not names:
        raise work.missing("BibliographicId")
    tokens = _Tokens(work, message)
    place = tokens.read(message.next_item_token)
    page = _Page(_room(work, message))
    if message.bibliographic_id or message.holdings_set_id:
        await _titles(work, message, page, place)
    else:
        await _items(work, message, page, place)
    return wire.LookupItemSetResponse(
        bib_information=tuple(page.found),
        next_item_token=tokens.make(page.following) if page.following is not None else None,
    )


def _room(work: Work, message: Any) -> int:
    """How many items a page may hold: what the peer wants, and no more than the configuration allows."""
    wanted = clean(message.maximum_items_count)
    if wanted is None:
        return work.settings.page
    count = parse_integer(wanted)
    if count is None or count < 1:
        raise work.stop_with("Element Rule Violated", "MaximumItemsCount", detail="NOT_POSITIVE: One item at least.")
    return min(count, work.settings.page)


# Titles


async def _titles(work: Work, message: Any, page: _Page, place: _Place) -> None:
    elements = item_elements(work, message.item_element_type)
    after = place.after
    async for number, sent, bib_id, location, known in _asked(work, message, place.name):
        if page.room == 0:
            page.following = _Place(number, "")
            return
        if known is None:
            page.found.append(_unknown(work, sent, bib_id))
            page.room -= 1
            continue
        items = [item for item in known.items if location in (None, item.permanent_location or "")]
        left = [item for item in items if item.barcode > after]
        after = ""
        if location is not None and not items:
            page.found.append(_unknown(work, sent, bib_id))
            page.room -= 1
            continue
        told = left[: page.room]
        page.found.append(await _told(work, known, sent, told, elements, empty=not items))
        page.room -= len(told) or 1
        if len(left) > len(told):
            page.following = _Place(number, told[-1].barcode)
            return


async def _asked(
    work: Work, message: Any, first: int
) -> AsyncIterator[tuple[int, wire.BibliographicId | None, str | None, str | None, Availability | None]]:
    """Each name from `first` on: its number, how it was sent, our record, the location of a set, and what is known."""
    names: Sequence[Any] = message.bibliographic_id or message.holdings_set_id
    for start in range(first, len(names), AT_ONCE):
        batch: list[tuple[wire.BibliographicId | None, str | None, str | None]] = []
        for sent in names[start : start + AT_ONCE]:
            if isinstance(sent, wire.BibliographicId):
                batch.append((sent, await bib_named(work, sent), None))
            else:
                bib_id, _, location = sent.strip().rpartition(_SET_MARK)
                batch.append((None, bib_id or sent.strip(), location if bib_id else None))
        ids = tuple(dict.fromkeys(bib_id for _, bib_id, _ in batch if bib_id))
        known: dict[str, Availability] = {}
        if ids:
            answer = await work.get(AvailabilityOutcome, BibAvailability(bib_ids=ids))
            known = {one.bib_id: one for one in answer.bibs}
        for number, (sent, bib_id, location) in enumerate(batch, start):
            yield number, sent, bib_id, location, known.get(bib_id or "")


def _unknown(work: Work, sent: wire.BibliographicId | None, bib_id: str | None) -> wire.BibInformation:
    """A title that is not known here, or a set that it has not."""
    if sent is None:
        problem = work.problem(_NO_BIB, "HoldingsSetId", bib_id)
        return wire.BibInformation(problem=(problem,))
    named, path = bib_sent(sent)
    return wire.BibInformation(
        bibliographic_id=_again(work, sent), problem=(work.problem(_NO_BIB, f"BibliographicId/{path}", named),)
    )


def _again(work: Work, sent: wire.BibliographicId) -> wire.BibliographicId:
    """A title as it was sent, where the schema lets it be written so: a record's number is of an agency or of a kind,
    and one that is of neither is of ours."""
    named = sent.bibliographic_record_id
    if named is None or (named.agency_id is None) != (named.bibliographic_record_identifier_code is None):
        return sent
    owned = replace(named, agency_id=named.agency_id or agency(work), bibliographic_record_identifier_code=None)
    return replace(sent, bibliographic_record_id=owned)


async def _told(
    work: Work,
    known: Availability,
    sent: wire.BibliographicId | None,
    items: Sequence[Item],
    elements: frozenset[str],
    *,
    empty: bool,
) -> wire.BibInformation:
    """A title with these of its items; `empty`: it has none at all."""
    described = "bibliographic description" in elements
    bib = await bib_of(work, known.bib_id) if described else None
    example = next(iter(items), None)
    by_location: dict[str, list[Item]] = {}
    for item in items:
        by_location.setdefault(item.permanent_location or "", []).append(item)
    sets = [_set(work, known.bib_id, location, group, elements) for location, group in by_location.items()]
    if empty:
        sets = [wire.HoldingsSet(problem=(work.problem(_NO_ITEM, "BibliographicId", known.bib_id),))]
    queue = known.hold_queue_length if "hold queue length" in elements else None
    return wire.BibInformation(
        bibliographic_id=_again(work, sent) if sent else bib_id_out(work, known.bib_id),
        bibliographic_description=description_out(work, example, bib) if described and (bib or example) else None,
        title_hold_queue_length=str(queue) if queue is not None else None,
        holdings_set=tuple(sets),
    )


def _set(work: Work, bib_id: str, location: str, items: Sequence[Item], elements: frozenset[str]) -> wire.HoldingsSet:
    """Items of one title in one location. The title is told once, above them."""
    below = elements - {"bibliographic description"}
    return wire.HoldingsSet(
        holdings_set_id=f"{bib_id}{_SET_MARK}{location}",
        location=location_out("Permanent Location", location) if location and "location" in elements else None,
        item_information=tuple(_information(work, item, below) for item in items),
    )


def _information(work: Work, item: Item, elements: frozenset[str]) -> wire.ItemInformation:
    return wire.ItemInformation(
        item_id=item_id_out(work, item, "Barcode"),
        date_due=written(item.due),
        date_recalled=written(item.recalled_at),
        hold_pickup_date=written(item.hold_until),
        item_optional_fields=item_optional_fields(work, item, elements),
    )


# Single items


async def _items(work: Work, message: Any, page: _Page, place: _Place) -> None:
    elements = item_elements(work, message.item_element_type)
    for number, sent in enumerate(message.item_id[place.name :], place.name):
        if page.room == 0:
            page.following = _Place(number, "")
            return
        page.found.append(await _one(work, sent, elements))
        page.room -= 1


async def _one(work: Work, sent: wire.ItemId, elements: frozenset[str]) -> wire.BibInformation:
    barcode = barcode_of(sent)
    answer = _NO_ITEM if barcode is None or foreign(work, sent.agency_id) else await work.perform(ItemGet(item=barcode))
    if not isinstance(answer, ItemOutcome):
        assert isinstance(answer, Refusal)
        problem = work.problem(answer, "ItemId/ItemIdentifierValue", barcode)
        unknown = wire.ItemInformation(item_id=sent, problem=(problem,))
        return wire.BibInformation(holdings_set=(wire.HoldingsSet(item_information=(unknown,)),))
    item = answer.item
    described = "bibliographic description" in elements
    bib = await bib_of(work, item.bib_id) if described else None
    return wire.BibInformation(
        bibliographic_id=bib_id_out(work, item.bib_id) if item.bib_id else None,
        bibliographic_description=description_out(work, item, bib) if described else None,
        holdings_set=(_set(work, item.bib_id or "", item.permanent_location or "", [item], elements),),
    )


# Tokens


class _Tokens:
    """Tokens of the pages of one question of one peer: the names and elements it asks for, not how many items."""

    def __init__(self, work: Work, message: Any) -> None:
        self._work = work
        names = (
            *("b", *(part for one in message.bibliographic_id for part in bib_sent(one))),
            *("h", *message.holdings_set_id),
            *("i", *(one.item_identifier_value for one in message.item_id)),
            *("e", *sorted(item_elements(work, message.item_element_type))),
        )
        made = hmac.new(work.settings.secret, digestmod=hashlib.sha256)
        for part in ("ncip-item-set", work.peer.member.code, work.peer.name, *names):
            octets = (part or "").encode("utf-8", "surrogatepass")
            made.update(len(octets).to_bytes(4, "big") + octets)
        self._question = made.digest()

    def make(self, place: _Place) -> str:
        told = f"{place.name}:{place.after}".encode()
        return base64.urlsafe_b64encode(self._mac(told) + told).decode().rstrip("=")

    def read(self, token: str | None) -> _Place:
        """Raises Stopped for a token that was not made here, for this peer and question."""
        sent = clean(token) or ""
        if sent in _BEGIN:
            return _Place()
        try:
            raw = base64.b64decode(sent + "=" * (-len(sent) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise self._bad() from None
        mac, told = raw[:_MAC_OCTETS], raw[_MAC_OCTETS:]
        if not hmac.compare_digest(mac, self._mac(told)):
            raise self._bad()
        name, _, after = told.decode().partition(":")
        return _Place(int(name), after)

    def _mac(self, told: bytes) -> bytes:
        return hmac.new(self._question, told, hashlib.sha256).digest()[:_MAC_OCTETS]

    def _bad(self) -> Exception:
        return self._work.stop_with(
            "Element Rule Violated", "NextItemToken", detail="BAD_TOKEN: This token is of another question."
        )
