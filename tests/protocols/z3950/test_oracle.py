"""Another reader of the standard's own module has the last word: asn1tools, on the part of it that compiles."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asn1tools
import pytest

from library_protocols.z3950 import Pdu, SearchRequest, decode, encode
from library_protocols.z3950.facts import PDUS as FACTS
from tests.protocols.z3950.samples import PDUS

# EXTERNAL as X.208 has it: asn1tools gives its first alternative no element of its own.
EXTERNAL = """
External ::= [UNIVERSAL 8] IMPLICIT SEQUENCE {
    direct-reference OBJECT IDENTIFIER OPTIONAL,
    indirect-reference INTEGER OPTIONAL,
    data-value-descriptor ObjectDescriptor OPTIONAL,
    encoding CHOICE {
        single-ASN1-type [0] ANY,
        octet-aligned [1] IMPLICIT OCTET STRING,
        arbitrary [2] IMPLICIT BIT STRING } }
END
"""


@pytest.fixture(scope="session")
def oracle(shared_data: Callable[[str], Path]) -> Any:
    module = shared_data("schemas/z3950/z3950v3.asn").read_text(encoding="utf-8", errors="replace")
    module = re.sub(r"\bEXTERNAL\b", "External", module[: module.index("END -- IR DEFINITIONS")])
    return asn1tools.compile_string(module + EXTERNAL, "ber")


@pytest.mark.parametrize("pdu", PDUS, ids=lambda pdu: type(pdu).__name__)
def test_both_agree_on_every_pdu(oracle: Any, pdu: Pdu) -> None:
    octets = encode(pdu)
    name, value = oracle.decode("PDU", octets)
    assert name == FACTS[pdu.tag].name
    theirs = oracle.encode("PDU", (name, value))
    assert theirs == octets  # the order of the definition included, which some peers insist on
    assert decode(theirs) == pdu


def test_values_mean_the_same(oracle: Any) -> None:
    search = next(pdu for pdu in PDUS if isinstance(pdu, SearchRequest))
    _, value = oracle.decode("PDU", encode(search))
    assert value["databaseNames"] == ["aber", "bangor"]
    assert value["smallSetUpperBound"] == 5
    assert value["replaceIndicator"] is True
    kind, query = value["query"]
    assert kind == "type-101"
    assert query["attributeSet"] == "1.2.840.10003.3.1"
    _, top = query["rpn"]
    assert top["op"][0] == "prox"
    assert top["op"][1]["proximityUnitCode"] == ("private", 99)


def test_what_the_oracle_writes_is_read(oracle: Any) -> None:
    octets = oracle.encode(
        "PDU",
        (
            "presentRequest",
            {
                "resultSetId": "1",
                "resultSetStartPoint": 300,
                "numberOfRecordsRequested": -1,
                "recordComposition": ("simple", ("genericElementSetName", "F")),
                "preferredRecordSyntax": "1.2.840.10003.5.109.10",
            },
        ),
    )
    pdu = decode(octets)
    assert (pdu.result_set_start_point, pdu.number_of_records_requested, pdu.simple) == (300, -1, "F")  # type: ignore[attr-defined]
    assert encode(pdu) == octets
