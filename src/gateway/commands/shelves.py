"""What holdings in a catalogue's answer say of the shelf: a line a place. From OPAC records, in BER and in XML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.z3950.records import HoldingsAndCirc, OpacRecord

_OPTIONS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "recover": True}
_PLACE = ("nucCode", "localLocation", "shelvingLocation")


@dataclass(frozen=True, slots=True)
class Shelf:
    """One place's holdings. `due` has the dates told of those that are away; `items` is 0 where none are told of."""

    place: str
    call_number: str
    items: int
    available: int
    due: tuple[str, ...] = ()

    def __str__(self) -> str:
        there = f"{self.available} of {self.items} there" if self.items else ""
        due = f"back {', '.join(self.due)}" if self.due else ""
        return "; ".join(part for part in (self.place, self.call_number, there, due) if part)


def shelves_of_opac(record: OpacRecord) -> tuple[Shelf, ...]:
    """Of an OPAC record; holdings that are MARC are passed over."""
    found: list[Shelf] = []
    for each in record.holdings_data or ():
        if not isinstance(each, HoldingsAndCirc):
            continue
        items = each.circulation_data or ()
        found.append(
            _shelf(
                (each.nuc_code, each.local_location, each.shelving_location),
                each.call_number,
                [(item.available_now, item.availability_date) for item in items],
            )
        )
    return tuple(found)


def shelves_of_xml(data: bytes) -> tuple[Shelf, ...]:
    """Of the same as XML, whatever its namespace; nothing where it has no holdings."""
    try:
        root = etree.fromstring(data, etree.XMLParser(**_OPTIONS))
    except (etree.XMLSyntaxError, ValueError):
        return ()
    found: list[Shelf] = []
    for holding in () if root is None else root.iter("{*}holding"):
        items = [
            (any(each.get("value") == "1" for each in item.iter("{*}availableNow")), _text(item, "availabilityDate"))
            for item in holding.iter("{*}circulation")
        ]
        found.append(_shelf([_text(holding, name) for name in _PLACE], _text(holding, "callNumber"), items))
    return tuple(found)


def _shelf(place: Iterable[str | None], call_number: str | None, items: Sequence[tuple[bool, str | None]]) -> Shelf:
    return Shelf(
        " ".join(part for part in place if part),
        call_number or "",
        len(items),
        sum(there for there, _ in items),
        tuple(date for there, date in items if not there and date),
    )


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()
