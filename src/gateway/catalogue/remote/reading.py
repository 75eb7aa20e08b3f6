"""What a member's server says of a record, read into ours: MARC of any wrapping, holdings from wherever they come.

Holdings are those of an OPAC record, else of the fields 852, 866 and 952. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.catalogue.records import CatalogueRecord, Format, Holding
from library_protocols.ber import BerError
from library_protocols.marc import DataField, MarcError, Record, read, to_marcxml
from library_protocols.marc.reading import EightBits
from library_protocols.z3950 import External, NamePlusRecord
from library_protocols.z3950.facts.oids import OPAC, UNIMARC, USMARC, XML
from library_protocols.z3950.records import HoldingsAndCirc, read_opac

EIGHT_BITS: dict[str, EightBits] = {"marc-8": "marc-8", "iso-8859-1": "cp1252"}
"""What a charset of the configuration is called where records are read; Windows' set has Latin-1's characters."""
_MARC = (USMARC, UNIMARC, XML)


@dataclass(frozen=True, slots=True)
class Told:
    """One record as it was understood."""

    record: Record
    format: Format
    holdings: tuple[Holding, ...]


def of_z3950(view: str, found: NamePlusRecord, eight_bits: EightBits | None) -> Told | None:
    """A record of a present response; None for a diagnostic, and for what is no MARC."""
    external = found.record.retrieval_record
    if external is None:
        return None
    holdings: tuple[Holding, ...] | None = None
    try:
        if external.direct_reference == OPAC:
            opac = read_opac(external)
            external = opac.bibliographic_record
            told = [one for one in opac.holdings_data or () if isinstance(one, HoldingsAndCirc)]
            holdings = tuple(_of_opac(view, one) for one in told) or None
        if external is None or external.direct_reference not in _MARC:
            return None
        return of_marc(view, _octets(external), eight_bits, holdings)
    except BerError:
        return None


def of_marc(
    view: str, octets: bytes, eight_bits: EightBits | None = None, holdings: tuple[Holding, ...] | None = None
) -> Told | None:
    """A record in ISO 2709 or MARCXML, with these holdings or those in its fields; None for what is neither."""
    try:
        parsed = read(octets, eight_bits=eight_bits)
    except MarcError:
        return None
    control = parsed.record.control_number
    if holdings is None:
        holdings = _of_fields(view, parsed.record.data)
    return Told(parsed.record, Format(parsed.format), tuple(replace(one, control=control) for one in holdings))


def catalogue_record(view: str, number: int, told: Told) -> CatalogueRecord:
    """The record as the view shows it. `number` is its id; it belongs to no shared bib and no set."""
    return CatalogueRecord(
        number, view, told.record.control_number, 0, told.format, to_marcxml(told.record), 0, holdings=told.holdings
    )


def _octets(external: External) -> bytes:
    return external.octets or external.single or b""


def _of_opac(view: str, said: HoldingsAndCirc) -> Holding:
    circulation = said.circulation_data or ()
    return Holding(
        view,
        said.local_location or "",
        said.call_number or "",
        copies=len(circulation) or 1,
        location_name=said.local_location or "",
        collection=said.shelving_location or "",
        summary=said.enum_and_chron or "",
        note=said.public_note or "",
        barcodes=tuple(one.item_id for one in circulation if one.item_id),
        circulation=circulation,
        copy_number=said.copy_number or "",
    )


def _of_fields(view: str, fields: Iterable[DataField]) -> tuple[Holding, ...]:
    """One holding for each place and call number: 852 says what 952 says of single pieces, 866 belongs to the 852
    before it."""
    found: dict[tuple[str, str], Holding] = {}
    last: tuple[str, str] | None = None
    for field in fields:
        if field.tag == "852":
            made = _of_852(view, field)
            last = (made.location, made.call_number)
            found[last] = _together(found[last], made) if last in found else made
        elif field.tag == "866" and last is not None:
            found[last] = replace(found[last], summary="; ".join(filter(None, (found[last].summary, _of(field, "a")))))
        elif field.tag == "952":
            made = _of_952(view, field)
            key = (made.location, made.call_number)
            found[key] = _together(found[key], made) if key in found else made
    return tuple(replace(one, copies=max(one.copies, len(one.barcodes))) for one in found.values())


def _together(known: Holding, more: Holding) -> Holding:
    """Two mentions of one place; what says something is kept."""
    return replace(
        known,
        location_name=known.location_name or more.location_name,
        collection=known.collection or more.collection,
        note=known.note or more.note,
        item_type=known.item_type or more.item_type,
        barcodes=tuple(dict.fromkeys((*known.barcodes, *more.barcodes))),
    )


def _of_852(view: str, field: DataField) -> Holding:
    """MARC 21 holdings: $b sublocation (else $a), $c shelving, $h and $i call number, $p piece, $z public note."""
    return Holding(
        view,
        _of(field, "b") or _of(field, "a"),
        _of(field, "hi"),
        collection=_of(field, "c"),
        note=_of(field, "z"),
        barcodes=tuple(text.strip() for text in field.all("p")),
    )


def _of_952(view: str, field: DataField) -> Holding:
    """A piece as Koha and we write it ($b place, $c shelving, $o call number, $p barcode, $y type), else as FOLIO does
    ($c place, $d its name, $e call number, $i type, $m barcode)."""
    if _of(field, "p") or _of(field, "o"):
        place, name, call, barcode = _of(field, "b") or _of(field, "a"), "", _of(field, "o"), _of(field, "p")
        kind, collection = _of(field, "y"), _of(field, "c")
    else:
        place, name, call, barcode = _of(field, "c"), _of(field, "d"), _of(field, "e"), _of(field, "m")
        kind, collection = _of(field, "i"), ""
    return Holding(
        view, place, call, location_name=name, collection=collection, item_type=kind,
        barcodes=(barcode,) if barcode else (),
    )  # fmt: skip


def _of(field: DataField, codes: str) -> str:
    """The text of these subfields."""
    return " ".join(filter(None, (text.strip() for text in field.all(codes))))
