"""What a person wants to see of a record in a line: title, who made it, when, and its number. Any XML, or ISO 2709."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.marc import MarcError, Record, read

_OPTIONS = {"resolve_entities": False, "no_network": True, "load_dtd": False, "recover": True}
_TITLES, _MAKERS = ("title",), ("creator", "author", "namePart", "contributor")
_DATES, _NUMBERS = ("date", "dateIssued", "issued"), ("recordIdentifier", "identifier")


@dataclass(frozen=True, slots=True)
class Brief:
    """Parts are empty where the record does not say, or cannot be read."""

    title: str = ""
    maker: str = ""
    date: str = ""
    number: str = ""


def brief(data: bytes) -> Brief:
    """The brief form of a record as it came."""
    if not data.lstrip().startswith(b"<"):
        return _of_marc(data, "iso2709")
    try:
        root = etree.fromstring(data, etree.XMLParser(**_OPTIONS))
    except (etree.XMLSyntaxError, ValueError):
        return Brief()
    if root is None:
        return Brief()
    marc = next((each for each in root.iter() if _local(each) == "record" and _has(each, "leader")), None)
    if marc is not None:
        return _of_marc(etree.tostring(marc, encoding="utf-8", with_tail=False), "marcxml")
    texts = [(_local(each), " ".join("".join(each.itertext()).split())) for each in root.iter() if not len(each)]
    return Brief(*(_first(texts, names) for names in (_TITLES, _MAKERS, _DATES, _NUMBERS)))


def readable(data: bytes) -> str:
    """A whole record for people: ISO 2709 a line each field, anything else as it came."""
    text = data.decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        return text
    try:
        record = read(data, source="iso2709").record
    except MarcError:
        return text
    lines = [f"LDR    {record.leader}", *(f"{tag}    {value}" for tag, value in record.control)]
    for field in record.data:
        said = " ".join(f"${code} {value}" for code, value in field.subfields)
        lines.append(f"{field.tag} {field.indicators} {said}")
    return "\n".join(lines)


def _of_marc(data: bytes, source: str) -> Brief:
    try:
        record = read(data, source="marcxml" if source == "marcxml" else "iso2709").record
    except MarcError:
        return Brief()
    if record.fields("245") or not record.fields("200"):
        title = _joined(record, "245", "abnp")
        maker = next((text for tag in ("100", "110", "111", "700", "710") if (text := record.first(tag, "a"))), "")
        date = record.first("264", "c") or record.first("260", "c") or record.text("008")[7:11]
    else:
        title = _joined(record, "200", "aehi")
        maker = next((text for tag in ("700", "701", "710", "702") if (text := record.first(tag, "a"))), "")
        date = record.first("210", "d") or record.first("214", "d")
    return Brief(title.rstrip(" /:;,"), maker.rstrip(" ,"), date.strip(" .,[]"), record.control_number)


def _joined(record: Record, tag: str, codes: str) -> str:
    return " ".join(text for field in record.fields(tag)[:1] for code, text in field.subfields if code in codes)


def _first(texts: Iterable[tuple[str, str]], names: tuple[str, ...]) -> str:
    found = {name: text for name, text in reversed(list(texts)) if text}
    return next((found[name] for name in names if name in found), "")


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _has(element: etree._Element, name: str) -> bool:
    return any(_local(child) == name for child in element)
