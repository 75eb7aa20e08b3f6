"""MARCXML to a `Record` and back.

What `to_marcxml` writes has one shape, byte for byte, and `from_marcxml` cuts that shape at its tags without a parser;
everything else goes through lxml, with entities, network and huge trees off. Namespaces: MARC21slim, marcxchange, none.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.marc.problems import MarcError, Repair
from library_protocols.marc.record import DataField, Record, Unsplit
from library_protocols.marc.sound import is_control, sound_field, sound_leader, sound_tag, sound_text

NAMESPACE = "http://www.loc.gov/MARC21/slim"
START = f'<record xmlns="{NAMESPACE}">'.encode()
"""The first bytes of everything that `to_marcxml` writes."""

_HEAD = START.decode() + "<leader>"
_CONTROL, _DATA, _SUBFIELD = '<controlfield tag="', '<datafield tag="', '<subfield code="'
_END_DATA, _END = "</subfield></datafield>", "</record>"
_BETWEEN = "</subfield>" + _SUBFIELD
_FIRST = len("10</subfield>")  # where its first subfield begins in a field of which that was made
_ESCAPED = ("&", "<", ">", "\r", '""', '\x1f"')  # in the text of a record that needs escaping
_ESCAPED_CODE = re.compile('\x1f[&<>"]')
_SUBFIELDS = re.compile('<subfield code="(&quot;|&amp;|&lt;|&gt;|[^&"<>])">([^<>]*)</subfield>').findall
_UNESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#13;", "\r"), ("&amp;", "&"))
_OTHER_REFERENCE = re.compile("&(?!(?:amp|lt|gt|quot|#13);)")
_CONTROL_BYTES = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_STRAY_AMPERSAND = re.compile(rb"&(?!(?:[A-Za-z_][\w.-]*|#[0-9]+|#x[0-9A-Fa-f]+);)")


class ReadXml(NamedTuple):
    """What was read. `format_claim` is marcxchange's attribute `format`, empty where there is none."""

    record: Record
    format_claim: str
    repairs: tuple[Repair, ...]


def to_marcxml(record: Record) -> bytes:
    """The `record` element in UTF-8, without declaration or blanks between elements.

    The record must be sound, as the readers of this package give it: then nothing needs to be left out and the
    element is valid against MARC21slim.
    """
    if record.unsplit is not None and (whole := _of_unsplit(record, record.unsplit)):
        return whole.encode("utf-8")
    parts = [_HEAD, record.leader, "</leader>"]
    parts += [f'{_CONTROL}{tag}">{text}</controlfield>' for tag, text in record.control]
    subfields_in_all = 0
    for tag, indicators, subfields in record.data:
        subfields_in_all += len(subfields)
        inner = _BETWEEN.join([f'{code}">{text}' for code, text in subfields])
        parts.append(
            f'{_DATA}{tag}" ind1="{indicators[0]}" ind2="{indicators[1]}">{_SUBFIELD}{inner}{_END_DATA}'
        )  # fmt: skip
    parts.append(_END)
    xml = "".join(parts)
    # Nearly no record needs escaping: it does when there are more angle brackets than tags, or an ampersand.
    tags = 2 * (2 + len(record.control) + len(record.data) + subfields_in_all)
    if "&" in xml or "\r" in xml or xml.count("<") != tags or xml.count(">") != tags or xml.count('""') != 0:
        return _escaped(record).encode("utf-8")
    return xml.encode("utf-8")


def _of_unsplit(record: Record, data: Unsplit) -> str | None:
    """The same of data fields that nobody has split: at subfields first, then at fields. None for unusual ones."""
    text, control = data.text, record.control
    said = "\x1e".join([text, *[said for _, said in control]])
    if any(signs in said for signs in _ESCAPED):
        if _ESCAPED_CODE.search(text):
            return None
        text, control = escape(text), [(tag, escape(said)) for tag, said in control]
    if not text:
        return None
    controls = "".join([f'{_CONTROL}{tag}">{said}</controlfield>' for tag, said in control])
    start, *parts = text.split("\x1f")
    inner = _BETWEEN.join([start, *[f'{part[0]}">{part[1:]}' for part in parts]])
    fields = _END_DATA.join(
        [
            f'{_DATA}{tag}" ind1="{part[0]}" ind2="{part[1]}">{part[_FIRST:]}'
            for tag, part in zip(data.tags, inner.split("\x1e")[1:], strict=True)
        ]
    )
    return f"{_HEAD}{record.leader}</leader>{controls}{fields}{_END_DATA}{_END}"


def escape(text: str) -> str:
    """Text for content and attributes: & < > " as references, and CR, which reading XML would lose."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text or ">" in text:
        text = text.replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("\r", "&#13;")


def _escaped(record: Record) -> str:
    parts = [_HEAD, record.leader, "</leader>"]
    parts += [f'{_CONTROL}{tag}">{escape(text)}</controlfield>' for tag, text in record.control]
    for tag, indicators, subfields in record.data:
        inner = _BETWEEN.join([f'{escape(code)}">{escape(text)}' for code, text in subfields])
        parts.append(
            f'{_DATA}{tag}" ind1="{indicators[0]}" ind2="{indicators[1]}">{_SUBFIELD}{inner}{_END_DATA}'
        )  # fmt: skip
    return "".join((*parts, _END))


def from_marcxml(data: bytes) -> Record:
    """The record that `to_marcxml` wrote, or any other MARCXML record. Raises MarcError."""
    return _own_shape(data) or read_marcxml(data).record


def _own_shape(data: bytes) -> Record | None:
    """The fast way, or None when the bytes are not of exactly the shape that `to_marcxml` writes.

    Text holds no angle bracket in XML, so that the tags split on are tags.
    """
    if not data.startswith(START) or not data.endswith(b"</record>"):
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    head, *fields = text[: -len(_END)].split(_DATA)
    leader, *controls = head.split(_CONTROL)
    if leader[: len(_HEAD)] != _HEAD or leader[-9:] != "</leader>":
        return None
    leader = leader[len(_HEAD) : -9]
    control: list[tuple[str, str]] = []
    for part in controls:
        if part[3:5] != '">' or part[-15:] != "</controlfield>" or part.count("<") != 1:
            return None
        control.append((part[:3], part[5:-15]))
    data_fields: list[DataField] = []
    new = tuple.__new__
    for part in fields:
        subfields = _SUBFIELDS(part)
        if (
            part[3:11] != '" ind1="'
            or part[12:20] != '" ind2="'
            or part[21:39] != f'">{_SUBFIELD}'
            or part[-12:] != "</datafield>"
            or part.count("<") != 2 * len(subfields) + 1
        ):
            return None
        data_fields.append(new(DataField, (part[:3], part[11] + part[20], tuple(subfields))))
    if "&" in text:
        if _OTHER_REFERENCE.search(text):
            return None
        return _unescaped(leader, control, data_fields)
    return Record(leader, control, data_fields)


def _unescaped(leader: str, control: list[tuple[str, str]], fields: list[DataField]) -> Record:
    return Record(
        leader,
        [(tag, _unescape(text)) for tag, text in control],
        [
            DataField(tag, indicators, tuple((_unescape(code), _unescape(text)) for code, text in subfields))
            for tag, indicators, subfields in fields
        ],
    )


def _unescape(text: str) -> str:
    if "&" in text:
        for reference, character in _UNESCAPED:
            text = text.replace(reference, character)
    return text


def read_marcxml(data: bytes) -> ReadXml:
    """Read the first record of a document, whatever stands around it. Raises MarcError when there is none."""
    repairs: list[Repair] = []
    element = _record_element(_parse(data, repairs))
    if element is None:
        raise MarcError(0, "no record element with a leader or fields")
    leader, control, fields = "", [], []
    for child in element:
        name = _local_name(child)
        if name == "leader":
            leader = child.text or ""
        elif name == "controlfield":
            _add_control(child, control, bool(fields), repairs)
        elif name == "datafield":
            if field := _data_field(child, repairs):
                fields.append(field)
        elif name:
            repairs.append(Repair("xml-order", name))
    if not control and not fields:
        raise MarcError(0, "no field has a tag and text")
    record = Record(sound_leader(leader, repairs), control, fields)
    return ReadXml(record, element.get("format") or "", tuple(dict.fromkeys(repairs)))


def _parse(data: bytes, repairs: list[Repair]) -> etree._Element:
    try:
        return _strict(data)
    except etree.XMLSyntaxError as error:
        kept = data.translate(None, _CONTROL_BYTES)
        mended = _STRAY_AMPERSAND.sub(b"&amp;", kept)
        if mended == data:
            raise _error(error, data) from error
        if len(kept) != len(data):
            repairs.append(Repair("control-character", f"{len(data) - len(kept)} in the document"))
        if len(mended) != len(kept):
            repairs.append(Repair("xml-reference", f"{(len(mended) - len(kept)) // 4} in the document"))
        try:
            return _strict(mended)
        except etree.XMLSyntaxError as still:
            raise _error(error, data) from still


def _strict(data: bytes) -> etree._Element:
    """Entities, network and huge trees stay off; a document that declares entities is refused as a whole."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except (ValueError, LookupError) as error:
        raise MarcError(0, f"damaged XML: {_reason(error)}") from error
    if root.getroottree().docinfo.doctype:
        raise MarcError(0, "XML with a document type, which may declare entities")
    return root


def _error(error: etree.XMLSyntaxError, data: bytes) -> MarcError:
    line, column = error.position
    start = 0
    for _ in range(line - 1):
        start = data.find(b"\n", start) + 1
    return MarcError(min(start + max(column - 1, 0), len(data)), f"damaged XML: {_reason(error)}")


def _reason(error: Exception) -> str:
    return " ".join((str(error) or type(error).__name__).split())


def _record_element(root: etree._Element) -> etree._Element | None:
    """The first `record` that holds fields: in an OAI-PMH answer one `record` wraps another, which is none."""
    for element in root.iter():
        if _local_name(element) == "record" and any(
            _local_name(child) in ("leader", "controlfield", "datafield") for child in element
        ):
            return element
    return None


def _local_name(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _text_of(element: etree._Element) -> str:
    text = element.text or ""
    return text if not len(element) else "".join(element.itertext())


def _add_control(element: etree._Element, control: list[tuple[str, str]], late: bool, repairs: list[Repair]) -> None:
    tag = sound_tag(element.get("tag") or "")
    if tag is None or not is_control(tag):
        repairs.append(Repair("tag", repr(element.get("tag") or "")))
        return
    if late:
        repairs.append(Repair("control-order", tag))
    control.append((tag, sound_text(_text_of(element), tag, repairs)))


def _data_field(element: etree._Element, repairs: list[Repair]) -> DataField | None:
    tag = sound_tag(element.get("tag") or "")
    if tag is None or is_control(tag):
        repairs.append(Repair("tag", repr(element.get("tag") or "")))
        return None
    subfields = [
        (child.get("code") or "", _text_of(child)) for child in element if _local_name(child) == "subfield"
    ]  # fmt: skip
    given = [element.get(name) for name in ("ind1", "ind2")]
    if any(value is None or len(value) != 1 for value in given):
        repairs.append(Repair("indicator", f"{tag}: {given!r}"))
    indicators = "".join((value or " ")[0] for value in given)
    return sound_field(tag, indicators, (element.text or "").strip(), subfields, repairs)
