"""Who the user is and the password never stay in what is kept."""

from __future__ import annotations

from itertools import product

from library_protocols.asn1 import External
from library_protocols.z3950 import InitializeRequest, OtherInformationItem, encode, mask
from library_protocols.z3950.charneg import as_other_information, propose
from tests.protocols.z3950.samples import PDUS


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


def test_other_pdus_are_kept_whole_and_damaged_ones_not_at_all() -> None:
    search = encode(PDUS[2])
    assert mask(search) == search
    init = encode(PDUS[0])
    assert mask(init[:-1]) is None
    assert mask(b"GET /") is None
    assert mask(b"") is None


def test_an_init_damaged_in_any_octet_shows_no_password_or_is_dropped() -> None:
    whole = encode(PDUS[0])
    for at, octet in product(range(1, len(whole)), range(256)):
        masked = mask(whole[:at] + bytes((octet,)) + whole[at + 1 :])
        assert masked is None or b"secret" not in masked, (at, octet)
