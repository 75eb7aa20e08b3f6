"""Records for tests, made of what matters to the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.catalogue.ingest import Incoming
from gateway.catalogue.records import SourceKind
from library_protocols.marc import DataField, Record, to_iso2709

ISBNS = ("9780306406157", "9780131103627", "9780262033848", "9781491950357")


def record(
    control: str,
    title: str = "A history of Wales",
    *,
    isbn: Sequence[str] = (),
    issn: str = "",
    oclc: str = "",
    lccn: str = "",
    union: str = "",
    year: str = "2001",
    leader: str = "00000nam a2200000 a 4500",
    form: str = " ",
    part: str = "",
    rest: str = "",
    note: str = "",
) -> Record:
    """A MARC 21 record; `union` is a whole 035 such as `(WHELF)1`, `rest` and `part` are 245 $b and $n."""
    data: list[DataField] = []
    if lccn:
        data.append(DataField("010", "  ", (("a", lccn),)))
    data += [DataField("020", "  ", (("a", number),)) for number in isbn]
    if issn:
        data.append(DataField("022", "  ", (("a", issn),)))
    if oclc:
        data.append(DataField("035", "  ", (("a", f"(OCoLC){oclc}"),)))
    if union:
        data.append(DataField("035", "  ", (("a", union),)))
    if title:
        subfields = [("a", title)] + [(code, text) for code, text in (("n", part), ("b", rest)) if text]
        data.append(DataField("245", "00", tuple(subfields)))
    if note:
        data.append(DataField("500", "  ", (("a", note),)))
    fixed = f"010101s{year}    enk     {form}     000 0 eng d"
    return Record(leader, [("001", control), ("008", fixed)] if control else [("008", fixed)], data)


def incoming(control: str, title: str = "A history of Wales", **said: Any) -> Incoming:
    """What a file gives for such a record; of `said` what `Incoming` knows goes there."""
    own = {
        name: said.pop(name)
        for name in ("suppressed", "private", "deleted", "holdings", "provenance", "label")
        if name in said
    }
    made = record(control, title, **said)
    return Incoming(to_iso2709(made, "utf-8"), SourceKind.ISO2709, made, **own)
