"""Every octet of a message explained, and of what is none as far as it goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.ldap import BindResponse, LdapMessage, Result, encode, inspect
from tests.protocols.ldap.samples import EVERY_FILTER, MESSAGES

AD_REFUSAL = "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 775, v4563"


def covers(data: bytes) -> None:
    at = 0
    for span in inspect(data).spans:
        assert span.offset == at
        assert span.length > 0
        at += span.length
    assert at == len(data)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message.op).__name__)
def test_every_octet_belongs_to_a_span_that_has_a_name(message: LdapMessage) -> None:
    found = inspect(encode(message))
    covers(found.data)
    assert found.messages == (message,)
    assert found.remarks == ()
    assert all(span.title and span.clause for span in found.spans)
    assert {span.kind for span in found.spans} <= {"header", "field"}


def test_values_are_told_in_words() -> None:
    refused = inspect(encode(LdapMessage(7, BindResponse(Result(49, "", AD_REFUSAL)))))
    said = {span.title: (span.value, span.meaning) for span in refused.spans}
    assert said["messageID"] == ("7", "")
    assert said["resultCode"] == ("49", "invalidCredentials: name or password is wrong; which of them is not told")
    assert said["diagnosticMessage"] == (AD_REFUSAL, "775: the account is locked: too many wrong passwords")
    assert said["BindResponse"][1] == "whether that is believed"


def test_filters_and_controls_are_told() -> None:
    search = next(message for message in MESSAGES if getattr(message.op, "filter", None) == EVERY_FILTER)
    said = [(span.title, span.value, span.meaning) for span in inspect(encode(search)).spans]
    assert ("scope", "2", "sub") in said
    assert ("derefAliases", "3", "always") in said
    assert ("typesOnly", "0", "false") in said
    assert ("initial", "a", "") in said
    assert ("matchingRule", "2.5.13.2", "") in said
    assert ("selector", "+", "all operational attributes") in said
    assert any(title == "controlType" and "pagedResults" in meaning for title, _, meaning in said)


def test_what_goes_wrong_is_told_with_its_place() -> None:
    good = encode(MESSAGES[0])
    found = inspect(good + bytes.fromhex("30 05 02 01 07 5e 00"))
    covers(found.data)
    assert found.messages == (MESSAGES[0],)
    assert found.remarks == (f"[APPLICATION 30] is no operation (at octet {len(good) + 5})",)


@pytest.mark.fuzz
@given(st.binary(max_size=60) | st.sampled_from([encode(message) for message in MESSAGES]).map(lambda o: o[:-2] + o))
def test_any_octets(data: bytes) -> None:
    covers(data)
