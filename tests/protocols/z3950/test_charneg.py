"""Character sets: what is proposed, what is picked, in every form it is written."""

from __future__ import annotations

import pytest

from library_protocols.asn1 import External
from library_protocols.ber import BerError
from library_protocols.z3950 import charneg
from library_protocols.z3950.charneg import (
    charset_name,
    charset_of,
    charsets_of,
    proposal_in,
    propose,
    select,
    selection_in,
)
from library_protocols.z3950.facts.oids import CHARNEG_3


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "iso-8859-5", "marc-8"])
@pytest.mark.parametrize("in_other", [True, False])
def test_a_charset_is_agreed(charset: str, in_other: bool) -> None:
    offer = propose(charset.upper(), ("eng", "wel"), records_too=True)
    proposal = proposal_in(None if in_other else offer, charneg.as_other_information(offer) if in_other else None)
    assert proposal is not None
    assert charsets_of(proposal) == (charset,)
    assert proposal.proposed_languages == ("eng", "wel")
    answer = select(proposal, charset, "wel", records_too=True)
    selection = selection_in(answer, None)
    assert selection is not None
    assert charset_of(selection) == charset
    assert selection.selected_language == "wel"
    assert selection.records_in_selected_char_sets is True
    assert selection_in(offer, None) is None
    assert proposal_in(answer, None) is None


def test_utf_8_by_hand() -> None:
    level = bytes.fromhex("82 06 28 d3 16 01 00 08")  # [2] 1.0.10646.1.0.8
    inner = b"\xa2" + bytes((len(level),)) + level
    sets = b"\xa1" + bytes((len(inner),)) + inner
    proposal = b"\xa1" + bytes((len(sets) + 3,)) + sets + bytes.fromhex("83 01 ff")  # [3] records too
    found = proposal_in(External(direct_reference=CHARNEG_3, single=proposal), None)
    assert found is not None
    assert charsets_of(found) == ("utf-8",)
    assert propose("utf-8", records_too=True).single == proposal


def test_a_private_name_is_answered_as_it_was_proposed() -> None:
    # [3] private { [2] EXTERNAL { 1.2.840.10003.15.1000.81.1, octets "ISO-8859-1" } }, as YAZ writes it
    external = External(direct_reference=charneg.CHARSET_ID, octets=b"ISO-8859-1")
    contents = charneg.asn1.Implicit(charneg.CONTEXT | 2, charneg.asn1.EXTERNAL).write(external)
    proposal = charneg.Proposal(proposed_char_sets=(charneg.Raw(3, contents), charneg.Raw(3, b"\x83\x00")))
    assert charsets_of(proposal) == ("iso-8859-1",)
    selection = selection_in(select(proposal, "iso-8859-1", records_too=False), None)
    assert selection is not None
    assert charset_of(selection) == "iso-8859-1"
    assert selection.records_in_selected_char_sets is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("UTF8", "utf-8"),
        ("utf_8", "utf-8"),
        ("MARC-8", "marc-8"),
        ("marc8", "marc-8"),
        ("Marc_8", "marc-8"),
        ("MARC8lossless", "marc-8"),
        ("ANSEL", "marc-8"),
        ("Latin-1", "iso-8859-1"),
        ("iso8859-1", "iso-8859-1"),
        ("ISO_8859_5", "iso-8859-5"),
        ("KOI8-R", "koi8-r"),
    ],
)
def test_a_charset_has_one_name_however_it_is_written(written: str, name: str) -> None:
    assert charset_name(written) == name


def test_marc_8_is_proposed_as_yaz_proposes_it() -> None:
    """The octets of `negcharset marc-8 1` in yaz-client 5.34, from the Init it sends."""
    recorded = bytes.fromhex("a11da118a316a214060a2a8648ce130f8768510181066d6172632d388301") + b"\xff"
    assert propose("MARC8", records_too=True).single == recorded


def test_marc_8_by_its_registration_is_answered_so() -> None:
    # [1] ISO 2022 { [1] proposal { [0] 8 bits, [1] sets 1, 6 and 231 (ANSEL), [3] left and right } }
    sets = b"\xa1\x0a" + bytes.fromhex("020101 020106 020200e7")
    contents = b"\xa1\x16" + bytes.fromhex("a0028200") + sets + bytes.fromhex("a306830100840101")
    proposal = charneg.Proposal(proposed_char_sets=(charneg.Raw(1, contents),))
    assert charsets_of(proposal) == ("marc-8",)
    selection = selection_in(select(proposal, "marc-8", records_too=False), None)
    assert selection is not None
    assert charset_of(selection) == "marc-8"
    assert isinstance(selection.selected_char_sets, charneg.Raw)
    assert selection.selected_char_sets.number == 1


def test_nothing_is_agreed() -> None:
    proposal = proposal_in(propose("iso-8859-1"), None)
    assert proposal is not None
    selection = selection_in(select(proposal, None, records_too=False), None)
    assert selection is not None
    assert selection.selected_char_sets == charneg.NO_SET
    assert charset_of(selection) is None
    with pytest.raises(ValueError, match="not proposed"):
        select(proposal, "utf-8", records_too=False)
    with pytest.raises(ValueError, match="cannot be proposed"):
        propose("koi8-r")


def test_other_user_information_is_no_negotiation() -> None:
    assert proposal_in(External(direct_reference="1.2.3", single=b"\x05\x00"), None) is None
    assert proposal_in(None, None) is None


@pytest.mark.parametrize(
    "single", [b"", b"\xa1\x05", b"\xa3\x00", b"\xa1\x02\xa1\x00\x00", b"\xa1\x04\xa1\x02\xa9\x00"]
)
def test_misshapen_negotiation(single: bytes) -> None:
    with pytest.raises(BerError):
        proposal_in(External(direct_reference=CHARNEG_3, single=single), None)
