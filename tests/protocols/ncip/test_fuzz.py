"""Whatever arrives: a message or the codec's own error. Whatever a program makes of the tables: written, and the same
when it is read."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ncip import NCIP_1_0, NCIP_1_01, NCIP_2_0, NCIP_2_01, NCIP_2_02, SERVICES, DecodeError, Dialect
from library_protocols.ncip import messages as m
from library_protocols.ncip.codec import decode, encode
from library_protocols.ncip.elements.base import Element, Ext, Extensible, Foreign, Kind, SchemeValue, rows
from library_protocols.ncip.tables import CLASSES, columns
from tests.protocols.ncip.samples import SAMPLES

pytestmark = pytest.mark.fuzz

OCTETS = [sample.octets for sample in SAMPLES]
TOKENS = (
    "<NCIPMessage>|</NCIPMessage>|<ns1:|xmlns:ns1='http://www.niso.org/2008/ncip'|<LookupUser>|</LookupUser>|<Ext>|<Problem>"
    "|<MessagingError>|<ProcessingErrorElement>|<!DOCTYPE x|[<!ENTITY a 'b'>]|&a;|&#x0;|<![CDATA[|]]>|<!--|-->|<?xml|?>"
    "|<UniqueUserId>|<Scheme>|<Value>|version=|'|\"|>|/>|\ufeff|\0"
)
PIECES = st.sampled_from([*(token.encode() for token in TOKENS.split("|")), *OCTETS, b"\xff\xfe", b"\xfe\xff"])
SOUP = st.lists(PIECES | st.binary(max_size=6), max_size=12).map(b"".join)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    octets = bytearray(draw(st.sampled_from(OCTETS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(octets) - 1))
        change = draw(st.integers(0, 2))
        if change == 0:
            octets[at] = draw(st.integers(0, 255))
        elif change == 1:
            del octets[at : at + draw(st.integers(0, 40))]
        else:
            octets[at:at] = draw(PIECES)
        octets = octets or bytearray(b"<")
    return bytes(octets)


@given(SOUP | damaged() | st.binary(max_size=200))
def test_any_octets_are_a_message_or_an_error(data: bytes) -> None:
    try:
        envelope = decode(data)
    except DecodeError:
        return
    dialect = envelope.dialect
    again = decode(encode(envelope.message, dialect.for_answer()))
    assert type(again.message) is type(envelope.message)
    assert (again.dialect.generation, again.dialect.version) == (dialect.generation, dialect.version)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=12).map(
    lambda text: text.strip() or "x"
)
CODES = st.builds(SchemeValue, WORDS, st.none() | WORDS)
FOREIGN = st.builds(
    Foreign,
    st.sampled_from(["Note", "Title"]),
    st.sampled_from(["http://example.org/x", "http://www.niso.org/2008/ncip"]),
    WORDS,
    st.just(()) | st.just((("kind", "a<b"), ("{http://example.org/y}k", '"'))),
)


@st.composite
def element(draw: st.DrawFn, cls: type[Element], version: str, depth: int = 0) -> Any:
    """An element with what its version has: everything that must stand, some of what may."""
    values: dict[str, Any] = {}
    for column in columns(cls, version):
        row = column.row
        if row.attribute not in {each.name for each in fields(cls)}:
            continue
        if not column.required and (depth > 3 or draw(st.integers(0, 3))):
            continue
        if row.kind is Kind.STRUCT:
            inner: st.SearchStrategy[Any] = element(CLASSES[row.name], version, depth + 1)
        else:
            inner = {Kind.CODE: CODES, Kind.FLAG: st.just(True), Kind.TEXT: WORDS}[row.kind]
        if row.repeat:
            most = 1 if column.single else 2
            values[row.attribute] = tuple(draw(st.lists(inner, min_size=1, max_size=most)))
        else:
            values[row.attribute] = draw(inner)
    if issubclass(cls, Extensible) and version.startswith("2") and depth < 3 and not draw(st.integers(0, 5)):
        values["ext"] = Ext((draw(FOREIGN),))
    return cls(**values)


DIALECTS = {
    "2.02": [NCIP_2_02, Dialect(), Dialect(namespace=False, version_qualified=False), Dialect(scheme_children=True)],
    "2.01": [NCIP_2_01],
    "2.0": [NCIP_2_0],
}
MESSAGES = [cls for row in SERVICES.values() if row.since for cls in (row.request, row.response)]


@given(st.data(), st.sampled_from(sorted(DIALECTS)))
def test_what_is_made_of_the_tables_is_read_as_it_was(data: st.DataObject, version: str) -> None:
    cls = data.draw(st.sampled_from(MESSAGES))
    dialect = data.draw(st.sampled_from(DIALECTS[version]))
    message = data.draw(element(cls, version))
    envelope = decode(encode(message, dialect))
    if not dialect.namespace:
        message = _without_namespace(message)
    assert envelope.message == message
    assert not [each for each in envelope.deviations if each.element is not None]


def _without_namespace(message: Any) -> Any:
    """The same without its extensions, whose namespaces that dialect does not have."""
    if isinstance(message, Element):
        values = {each.name: _without_namespace(getattr(message, each.name)) for each in fields(message)}
        return type(message)(
            **{**values, "ext": values["ext"] and Ext(_plain(values["ext"]))} if "ext" in values else values
        )
    return tuple(_without_namespace(each) for each in message) if isinstance(message, tuple) else message


def _plain(ext: Ext) -> tuple[Foreign, ...]:
    ours = "http://www.niso.org/2008/ncip"
    return tuple(
        Foreign(each.name, "" if each.namespace == ours else each.namespace, each.text, each.attributes)
        for each in ext.content
    )


@given(st.data(), st.sampled_from([NCIP_1_0, NCIP_1_01]))
def test_ncip_1_is_read_as_it_was_written(data: st.DataObject, dialect: Dialect) -> None:
    cls = data.draw(st.sampled_from([*MESSAGES, m.AuthenticateUser, m.AuthenticateUserResponse]))
    message = data.draw(element(cls, "1.0"))
    octets = encode(message, dialect)
    envelope = decode(octets)
    assert type(envelope.message) is cls
    assert not [each for each in envelope.deviations if each.element is not None]
    assert encode(envelope.message, dialect) == octets


def test_every_class_can_be_written_empty() -> None:
    for cls in MESSAGES:
        for dialect in (NCIP_2_02, NCIP_1_0):
            assert type(decode(encode(cls(), dialect)).message) is cls  # pyright: ignore[reportArgumentType]
        assert rows(cls)
