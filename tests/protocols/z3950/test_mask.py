"""Who the user is and the password never stay in what is kept."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product

import pytest

from library_protocols.asn1 import External
from library_protocols.ber import CONTEXT, Reader, element
from library_protocols.z3950 import InitializeRequest, OtherInformationItem, decode, encode, mask
from library_protocols.z3950.apdu import IdPass, InitializeResponse, Pdu, SearchRequest
from library_protocols.z3950.charneg import as_other_information, propose
from library_protocols.z3950.codec import CLASSES
from library_protocols.z3950.control import (
    AccessControlRequest,
    AccessControlResponse,
    DuplicateDetectionRequest,
    ExtendedServicesRequest,
    ExtendedServicesResponse,
)
from tests.protocols.z3950.samples import PDUS

_CHALLENGE = {"reference_id", "simple_form", "externally_defined"}
COVERED: dict[type[Pdu], set[str]] = {
    InitializeRequest: {"id_authentication", "user_information_field"},
    InitializeResponse: {"user_information_field"},
    AccessControlRequest: _CHALLENGE,
    AccessControlResponse: {*_CHALLENGE, "diagnostic"},
    ExtendedServicesRequest: {"user_id", "permissions", "task_specific_parameters"},
    ExtendedServicesResponse: {"task_package"},
    DuplicateDetectionRequest: {"unknown"},
}


def test_who_the_user_is_does_not_stay() -> None:
    for authentication in (PDUS[0].id_authentication, "reader/secret"):  # type: ignore[attr-defined]
        octets = encode(
            InitializeRequest(
                reference_id=b"r",
                protocol_version=frozenset((0,)),
                options=frozenset((0,)),
                preferred_message_size=1,
                exceptional_record_size=1,
                id_authentication=authentication,
            )
        )
        masked = mask(octets)
        assert masked is not None
        assert len(masked) == len(octets)
        assert b"secret" in octets
        assert b"secret" not in masked
        assert b"reader" not in masked
        assert b"\x82\x01r" in masked
        assert mask(masked) == masked


def test_a_long_form_of_the_tag_hides_nothing() -> None:
    octets = bytes.fromhex("bf 14 0a a7 08 30 06 81 01 75 82 01 70")
    assert mask(octets) == bytes.fromhex("bf 14 0a a7 08 30 06 81 01 2a 82 01 2a")


def test_a_negotiation_stays_and_other_information_does_not() -> None:
    both = (*as_other_information(propose("utf-8")), OtherInformationItem(character_info="token"))
    octets = encode(
        InitializeRequest(
            protocol_version=frozenset((0,)),
            options=frozenset((0,)),
            preferred_message_size=1,
            exceptional_record_size=1,
            user_information_field=External(direct_reference="1.2.3", octets=b"key"),
            other_info=both,
        )
    )
    masked = mask(octets)
    assert masked is not None
    assert b"token" not in masked
    assert b"key" not in masked
    proposal = propose("utf-8").single
    assert proposal is not None
    assert proposal in masked


@pytest.mark.parametrize("pdu", PDUS, ids=lambda pdu: type(pdu).__name__)
def test_of_any_pdu_only_secrets_are_covered(pdu: Pdu) -> None:
    octets = encode(pdu)
    masked = mask(octets)
    assert masked is not None
    assert len(masked) == len(octets)
    assert mask(masked) == masked
    again = decode(masked)
    changed = {field.name for field in fields(pdu) if getattr(again, field.name) != getattr(pdu, field.name)}
    assert changed - {"other_info"} == {name for name in COVERED.get(type(pdu), ()) if getattr(pdu, name)}


def test_damaged_pdus_and_those_of_no_known_tag_are_not_kept() -> None:
    init = encode(PDUS[0])
    assert mask(init[:-1]) is None
    assert mask(element(CONTEXT | SearchRequest.tag, True, b"\x82\x7fcut off")) is None
    assert mask(b"GET /") is None
    assert mask(b"") is None
    for first in (0xB2, 0xB3):  # [18] and [19] are no PDUs
        assert mask(bytes((first,)) + init[1:]) is None


@pytest.mark.parametrize(
    "pdu",
    [
        PDUS[0],
        AccessControlResponse(simple_form=b"secret"),
        AccessControlResponse(externally_defined=External(direct_reference="1.2.3", octets=b"secret")),
    ],
    ids=lambda pdu: type(pdu).__name__,
)
def test_a_pdu_damaged_in_any_octet_shows_no_secret_or_is_dropped(pdu: Pdu) -> None:
    whole = encode(pdu)
    assert b"secret" in whole
    for at, octet in product(range(len(whole)), range(256)):
        masked = mask(whole[:at] + bytes((octet,)) + whole[at + 1 :])
        assert masked is None or b"secret" not in masked, (at, octet)


@pytest.mark.parametrize("tag", sorted(CLASSES))
def test_where_an_init_has_its_secrets_no_pdu_shows_any(tag: int) -> None:
    init = InitializeRequest(
        reference_id=b"r",
        protocol_version=frozenset((0,)),
        options=frozenset((0,)),
        preferred_message_size=1,
        exceptional_record_size=1,
        user_information_field=External(direct_reference="1.2.3", octets=b"secret"),
        other_info=(OtherInformationItem(character_info="secret"),),
    )
    for authentication in (IdPass(user_id="u", password="secret"), "u/secret", External(octets=b"secret")):
        octets = encode(replace(init, id_authentication=authentication))
        head = Reader(octets).head(0, len(octets))
        masked = mask(element(CONTEXT | tag, True, octets[head[2] :]))
        assert masked is not None
        assert b"secret" not in masked
        assert b"\x82\x01r" in masked or tag in (AccessControlRequest.tag, AccessControlResponse.tag)
