"""setSpecs, prefixes, identifiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.oai_pmh import (
    is_identifier,
    is_metadata_prefix,
    is_repository_identifier,
    is_set_spec,
    oai_identifier,
    set_ancestry,
    split_oai_identifier,
)
from library_protocols.oai_pmh.syntax import escape


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a", True), ("a:b:c", True), ("A-z_0.!~*'()", True), ("", False), (":a", False), ("a:", False), ("a::b", False),
     ("a b", False), ("ŵ", False), ("a/b", False), ("a\n", False)],
)  # fmt: skip
def test_set_specs(text: str, is_one: bool) -> None:
    assert is_set_spec(text) is is_one
    assert is_metadata_prefix(text) is (is_one and ":" not in text)


def test_a_set_lies_in_those_above_it() -> None:
    assert set_ancestry("a:b:c") == ("a", "a:b", "a:b:c")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("oai:a.b:1", True), ("http://x/y?z=%20#f", True), ("oai:a.b:1%2", False), ("junk", False), ('oai:"', False),
     ("oai:", False), ("1oai:x", False), ("oai:ŵ", False)],
)  # fmt: skip
def test_identifiers_are_uris(text: str, is_one: bool) -> None:
    assert is_identifier(text) is is_one


def test_repositories_are_named_by_a_domain() -> None:
    assert is_repository_identifier("catalogue.example")
    assert not any(map(is_repository_identifier, ("example", "a.1b", "a..b", ".a", "a.b/c", "")))


@given(st.from_regex(r"[a-z0-9_\-]{1,8}", fullmatch=True), st.text(min_size=1).filter(lambda t: t.isprintable()))
def test_any_control_number_makes_an_identifier(member: str, control: str) -> None:
    made = oai_identifier("demo.example", member, control)
    assert is_identifier(made)
    assert split_oai_identifier(made, "Demo.Example", 2) == (member, control)


@pytest.mark.parametrize(
    "text",
    ["oai:other.example:aber:1", "oai:demo.example:aber", "oai:demo.example::1", "oai:demo.example:aber:%ff", "x"],
)
def test_other_identifiers_are_not_ours(text: str) -> None:
    assert split_oai_identifier(text, "demo.example", 2) is None


def test_what_xml_cannot_hold_is_replaced() -> None:
    assert escape('<a b="c">&\x00\ud800\uffff') == "&lt;a b=&quot;c&quot;&gt;&amp;\ufffd\ufffd\ufffd"
