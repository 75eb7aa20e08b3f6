"""Answers as trees: XML and JSON alike, paths, lists, types; absent is not empty."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.identity.feeds.answers import (
    MAX_DEPTH,
    Unreadable,
    attributes,
    read_json,
    read_xml,
    records_at,
    text_at,
    tree,
)

WORKER = b"""<w:Worker xmlns:w="urn:w" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" w:version="3">
  <w:Reference><w:ID w:type="WID">ab12</w:ID><w:ID w:type="Employee_ID">21001</w:ID></w:Reference>
  <w:Name><w:First> Ann </w:First><w:Middle/><w:Last xsi:nil="true"/></w:Name>
  <!-- a comment --><w:Email>a@x.example</w:Email><w:Email>b@x.example</w:Email><w:Email/>
</w:Worker>"""


def test_an_element_by_paths() -> None:
    assert attributes(tree(read_xml(WORKER))) == {
        "@version": ["3"],
        "Reference.ID": ["ab12", "21001"],
        "Reference.ID.@type": ["WID", "Employee_ID"],
        "Reference.ID[WID]": ["ab12"],
        "Reference.ID[WID].@type": ["WID"],
        "Reference.ID[Employee_ID]": ["21001"],
        "Reference.ID[Employee_ID].@type": ["Employee_ID"],
        "Name.First": ["Ann"],
        "Name.Middle": [],
        "Name.Last": [],
        "Email": ["a@x.example", "b@x.example"],
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'{"id": 20159707, "year": 2.50, "on": true}', {"id": ["20159707"], "year": ["2.50"], "on": ["true"]}),
        (b'{"name": {"first": "Ann", "last": null}}', {"name.first": ["Ann"], "name.last": []}),
        (b'{"mail": [], "x": {}, "y": "", "z": " "}', {"mail": [], "x": [], "y": [], "z": []}),
        (b'{"mail": ["a", "", null, "b"]}', {"mail": ["a", "b"]}),
        (b'{"a": [{"v": 1}, {"v": 2, "w": 3}]}', {"a.v": ["1", "2"], "a.w": ["3"]}),
        (
            b'{"type": "person", "credentials": '
            b'[{"type": "bannerId", "value": "A1"}, {"type": {"x": 1}, "value": "B"}]}',
            {
                "type": ["person"],
                "credentials.type": ["bannerId"],
                "credentials.type.x": ["1"],
                "credentials.value": ["A1", "B"],
                "credentials[bannerId].type": ["bannerId"],
                "credentials[bannerId].value": ["A1"],
            },
        ),
    ],
)
def test_an_object_by_paths(text: bytes, found: dict[str, list[str]]) -> None:
    assert attributes(read_json(text)) == found


@pytest.mark.parametrize("record", [None, "x", ["a"], []])
def test_what_is_no_object_is_no_record(record: Any) -> None:
    with pytest.raises(Unreadable):
        attributes(record)


def test_types_within_types_do_not_multiply() -> None:
    record: Any = "x"
    for _ in range(MAX_DEPTH - 2):
        record = {"type": "t", "in": record}
    assert len(attributes({"top": record})) < MAX_DEPTH**2 * 4


def test_nesting_has_an_end() -> None:
    record: Any = "x"
    for _ in range(MAX_DEPTH + 2):
        record = {"in": record}
    with pytest.raises(Unreadable, match="deeply"):
        attributes(record)


@pytest.mark.parametrize(
    "octets", [b"", b"{", b"[1,]", b"<html>", b"[NaN]", b"\xff", b"[" * 100_000, b"9" * 10 + b"x", b'{"a": 1} {"b": 2}']
)
def test_what_is_no_json(octets: bytes) -> None:
    with pytest.raises(Unreadable):
        read_json(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<a><b></a>",
        b"<a>",
        b"<a/><b/>",
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        b"<a>" * 5000 + b"</a>" * 5000,
        b"<!DOCTYPE a [<!ENTITY a 'ha'><!ENTITY b '" + b"&a;" * 5000 + b"'>]><a>" + b"&b;" * 5000 + b"</a>",
    ],
)
def test_what_is_no_xml(octets: bytes) -> None:
    with pytest.raises(Unreadable):
        read_xml(octets)


@pytest.mark.parametrize(
    ("answer", "path", "records"),
    [
        ([{"a": 1}], "", [{"a": 1}]),
        ({"data": {"items": [{"a": 1}, None]}}, "data.items", [{"a": 1}, None]),
        ({"items": {"a": 1}}, "items", [{"a": 1}]),
        ({"items": None}, "items", []),
        ({"items": []}, "items", []),
        ([["ID"], ["1"]], "", [["ID"], ["1"]]),
        ({"pages": [{"items": [1]}, {"items": [2]}]}, "pages.items", [1, 2]),
    ],
)
def test_records_at_a_path(answer: Any, path: str, records: list[Any]) -> None:
    assert records_at(answer, path) == records


@pytest.mark.parametrize("answer", [{"error": "no"}, {"data": None}, {"data": {"error": 1}}, None, "x", []])
def test_a_path_that_leads_nowhere_is_not_an_empty_list(answer: Any) -> None:
    with pytest.raises(Unreadable):
        records_at(answer, "data.items")


@pytest.mark.parametrize(
    ("xml", "path", "count"),
    [
        (b"<r><Students/></r>", "Students.Student", 0),
        (b"<r><Students><Count>0</Count></Students></r>", "Students.Student", 0),
        (b"<r><Students><Student><Id>1</Id></Student></Students></r>", "Students.Student", 1),
        (b"<r><S><I>1</I></S><S><I>2</I></S></r>", "S", 2),
        (b"<r/>", "S", 0),
    ],
)
def test_records_in_xml(xml: bytes, path: str, count: int) -> None:
    assert len(records_at(tree(read_xml(xml)), path, xml=True)) == count


@pytest.mark.parametrize(("xml", "path"), [(b"<r><Error>x</Error></r>", "S"), (b"<r><Error/></r>", "Students.Student")])
def test_an_error_in_xml_is_not_an_empty_list(xml: bytes, path: str) -> None:
    with pytest.raises(Unreadable):
        records_at(tree(read_xml(xml)), path, xml=True)


def test_a_single_value() -> None:
    answer = tree(read_xml(b'<r><n u="x">5</n><m/><l><a/><a/></l></r>'))
    assert [text_at(answer, path) for path in ("n", "m", "l.a", "x", "n.@u")] == ["5", None, None, None, "x"]
