"""What a message says of itself: claims, headers of answers, and when two messages are one command."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from gateway.adapters.ncip.session import WINDOW, claim_of, command_key, response_header, service_of
from gateway.config import Config
from gateway.members.ncip_peers import Claim, PeerIdentity
from library_protocols.ncip import NCIP_1_0, NCIP_2_02, ExtMessage, SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import BROKER, SECRET, header, item_id, request_id, user_id

PIN = "8642"


def peer(name: str = "broker", member: str = "aber", **profile: Any) -> PeerIdentity:
    document = {
        "pepper": "a pepper for these tests",
        "members": {
            member: {
                "name": "A library",
                "main_location": "MAIN",
                "institution_ids": ["ABER"],
                "ncip": {"peers": {name: {**BROKER, **profile}}},
            }
        },
    }
    config = Config.model_validate(document).members[member]
    return PeerIdentity(
        config, name, config.ncip.peers[name], frozenset(), frozenset(), "MAIN", lambda agency: None
    )  # fmt: skip


def authentication(kind: str, data: str) -> wire.AuthenticationInput:
    return wire.AuthenticationInput(
        authentication_input_data=data,
        authentication_data_format_type=SchemeValue("text/plain"),
        authentication_input_type=SchemeValue(kind),
    )


# Claims


def test_what_is_asked_for_whatever_it_is_wrapped_in() -> None:
    assert service_of(wire.LookupUser()) == "LookupUser"
    assert service_of(ExtMessage(service=wire.RenewAllItem())) == "RenewAllItem"
    assert service_of(wire.LookupVersion()) == "LookupVersion"
    for nothing in (wire.LookupUserResponse(), wire.Problems(), ExtMessage()):
        assert service_of(nothing) == ""


def test_a_claim_is_what_the_header_says() -> None:
    sent = header(
        from_system_id=SchemeValue("SYS"),
        from_agency_authentication=" hush ",
        application_profile_type=SchemeValue("ILL"),
        on_behalf_of_agency=wire.OnBehalfOfAgency(agency_id=SchemeValue("LIB")),
    )
    key = (SecretStr("k"),)
    assert claim_of(wire.LookupUser(initiation_header=sent), key) == Claim(
        "BROKER", SecretStr("hush"), "SYS", "ILL", "ABER", "LIB", key
    )
    assert claim_of(wire.LookupUser()) == Claim()
    blank = header(from_agency_authentication="  ")
    assert claim_of(wire.LookupUser(initiation_header=blank)).secret is None
    system = header(from_system_authentication="hush")
    assert claim_of(wire.LookupUser(initiation_header=system)).secret == SecretStr("hush")


# Headers


def names(made: wire.ResponseHeader | None) -> tuple[str, str]:
    assert made is not None
    assert made.from_agency_id is not None
    assert made.to_agency_id is not None
    return (
        made.from_agency_id.agency_id.value if made.from_agency_id.agency_id else "",
        made.to_agency_id.agency_id.value if made.to_agency_id.agency_id else "",
    )


def test_the_header_of_an_answer_is_the_questions_the_other_way_round() -> None:
    sent = header(from_system_id=SchemeValue("A"), to_system_id=SchemeValue("B"), from_agency_authentication="hush")
    made = response_header(wire.LookupUser(initiation_header=sent), NCIP_2_02, peer())
    assert names(made) == ("ABER", "BROKER")
    assert made is not None
    assert (made.from_system_id, made.to_system_id) == (SchemeValue("B"), SchemeValue("A"))
    assert made.from_agency_authentication is None
    assert names(response_header(wire.LookupUser(initiation_header=header(to="aber")), NCIP_2_02, peer()))[0] == "aber"


def test_only_ncip_1_has_a_header_where_there_was_none() -> None:
    assert response_header(wire.LookupUser(), NCIP_2_02, peer()) is None
    assert names(response_header(wire.LookupUser(), NCIP_1_0, peer())) == ("ABER", "BROKER")
    assert names(response_header(wire.LookupUser(), NCIP_1_0, None)) == ("", "")


def test_a_peer_reads_its_own_name_for_us() -> None:
    ours = peer(our_ids=["ABER-ILL"])
    known = wire.LookupUser(initiation_header=header(to="ABER-ILL"))
    assert names(response_header(known, NCIP_2_02, ours))[0] == "ABER-ILL"
    assert names(response_header(wire.LookupUser(), NCIP_1_0, ours))[0] == "ABER-ILL"
    nameless = wire.LookupUser(initiation_header=header(to="something else"))
    assert names(response_header(nameless, NCIP_2_02, ours))[0] == "ABER-ILL"


# Keys


def key(message: Any, who: PeerIdentity | None = None) -> Any:
    return command_key(who or peer(), type(message).__name__, message, SECRET)


def test_a_request_id_names_one_command_of_each_service_item_and_user() -> None:
    lent = wire.CheckOutItem(request_id=request_id("R1"), item_id=item_id(1), user_id=user_id(1))
    said_again = replace(lent, initiation_header=header(), desired_date_due="2026-12-24T00:00:00Z")
    assert key(lent) == key(said_again)
    assert not key(lent).repeatable
    others = [
        replace(lent, request_id=request_id("R2")),
        replace(lent, item_id=item_id(2)),
        replace(lent, user_id=user_id(2)),
        wire.UndoCheckOutItem(request_id=request_id("R1"), item_id=item_id(1), user_id=user_id(1)),
    ]
    values = {key(one).value for one in (lent, *others)}
    assert len(values) == 5
    assert key(lent, peer("relais")).value not in values
    assert key(lent, peer(member="bangor")).value not in values


def test_what_one_request_says_twice_differently_are_two_commands() -> None:
    first = wire.UpdateRequestItem(
        request_id=request_id("R1"), add_request_fields=wire.AddRequestFields(pickup_location=SchemeValue("A"))
    )
    other = replace(first, add_request_fields=wire.AddRequestFields(pickup_location=SchemeValue("B")))
    assert key(first).value != key(other).value
    assert key(first) == key(replace(first, initiation_header=header()))


def test_a_message_without_a_name_is_known_by_its_words_for_a_while() -> None:
    renewal = wire.RenewItem(user_id=user_id(1), item_id=item_id(1), initiation_header=header())
    made = key(renewal)
    assert (made.window, made.repeatable, made.permanent) == (WINDOW, True, False)
    assert made == key(replace(renewal, initiation_header=header(from_system_id=SchemeValue("another"))))
    assert made.value != key(replace(renewal, item_id=item_id(2))).value
    assert made.value != key(replace(renewal, desired_date_due="2026-12-24")).value


def test_a_pin_is_in_no_key_and_a_name_is() -> None:
    def signed(pin: str, name: str = "somebody") -> wire.RenewItem:
        both = (authentication("Username", name), authentication("pin", pin))
        return wire.RenewItem(authentication_input=both, item_id=item_id(1))

    assert key(signed(PIN)) == key(signed("1111"))
    assert key(signed(PIN)).value != key(signed(PIN, "else")).value


def test_keys_hold_nothing_that_can_be_read_or_made_by_others() -> None:
    lent = wire.CheckOutItem(item_id=item_id(1), user_id=user_id(1))
    made = key(lent)
    for word in (user_id(1).user_identifier_value, item_id(1).item_identifier_value, "broker", "aber"):
        assert word not in repr(made)
    assert made.value != command_key(peer(), "CheckOutItem", lent, b"another secret").value


def fiscal(reference: str | None, amount: str = "250", action: str = "Payment") -> wire.CreateUserFiscalTransaction:
    named = None
    if reference:
        named = wire.FiscalTransactionReferenceId(
            agency_id=SchemeValue("BROKER"), fiscal_transaction_identifier_value=reference
        )
    return wire.CreateUserFiscalTransaction(
        user_id=user_id(10),
        fiscal_transaction_information=wire.FiscalTransactionInformation(
            fiscal_action_type=SchemeValue(action),
            fiscal_transaction_type=SchemeValue("Fine"),
            fiscal_transaction_reference_id=named,
            amount=wire.Amount(currency_code=SchemeValue("GBP"), monetary_value=amount),
        ),
    )


def test_a_fiscal_reference_names_a_transaction_for_ever() -> None:
    paid = key(fiscal("F1"))
    assert paid.permanent
    assert paid == key(fiscal("F1"))
    more = key(fiscal("F1", amount="900"))
    assert (more.value == paid.value, more.fingerprint == paid.fingerprint) == (True, False)
    assert key(fiscal("F1", action="Waive")).value != paid.value
    assert key(fiscal("F2")).value != paid.value
    assert key(fiscal(None)).repeatable
