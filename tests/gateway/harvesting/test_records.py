"""What a harvested record's metadata tells of its format."""

from __future__ import annotations

import pytest

from gateway.harvesting.records import namespace_of


@pytest.mark.parametrize(
    ("metadata", "namespace"),
    [
        (b'<record xmlns="urn:a"><leader/></record>', "urn:a"),
        (b'<m:record xmlns="urn:b" xmlns:m="urn:a" xmlns:n="urn:c"/>', "urn:a"),
        (b'<record\n  xmlns:m="urn:a" xmlns="urn:b" type="x">', "urn:b"),
        (b'<record type="x"><m:leader xmlns="urn:a"/></record>', ""),
        (b"", ""),
    ],
)
def test_the_namespace_is_that_of_the_element_itself(metadata: bytes, namespace: str) -> None:
    assert namespace_of(metadata) == namespace
