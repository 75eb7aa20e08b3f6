"""Users as a peer reads them: what is told to whom, and who may not be told of at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from library_protocols.ncip import NCIP_1_0, NCIP_2_02, SchemeValue, encode
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import Open, Responder, header, patron, problem_of, type_of, user_id
from tests.gateway.adapters.ncip.words import DIALECTS, elements, login, schema_of

EVERYTHING = (
    "Name Information", "User Address Information", "Date Of Birth", "User Language", "User Privilege",
    "Block Or Trap", "User Id", "Authentication Input", "Previous User Id",
)  # fmt: skip


async def lookup(responder: Responder, number: int = 1, *names: str, **more: Any) -> Any:
    return await responder.ask(wire.LookupUser(user_id=user_id(number), user_element_type=elements(*names), **more))


def personal(answer: Any) -> str:
    """Everything that the answer says, for what must not be in it."""
    return repr(answer)


async def test_nothing_is_told_that_was_not_asked_for(responder: Responder) -> None:
    answer = await lookup(responder)
    assert answer.user_id.user_identifier_value == patron(1)
    assert answer.user_id.user_identifier_type.value == "Barcode"
    assert answer.user_optional_fields is None
    assert not answer.loaned_item
    assert not answer.loaned_items_count
    assert not answer.user_fiscal_account


async def test_a_peer_may_have_all_that_it_may_see_unasked(node: Open) -> None:
    responder = await node(peer={"elements_unasked": "all", "user_elements": ["Name Information", "User Id"]})
    told = (await lookup(responder)).user_optional_fields
    assert told.name_information is not None
    assert told.user_id
    assert not told.user_privilege
    assert not told.block_or_trap
    assert told.date_of_birth is None


async def test_a_peer_gets_what_it_asks_for_as_far_as_it_may_see_it(node: Open) -> None:
    responder = await node(peer={"user_elements": ["Name Information"]})
    told = (await lookup(responder, 1, *EVERYTHING)).user_optional_fields
    assert told.name_information.personal_name_information.structured_personal_user_name.surname
    assert (told.user_address_information, told.user_privilege, told.block_or_trap, told.user_id) == ((), (), (), ())
    assert told.date_of_birth is None


async def test_everything_that_is_known_of_a_user(responder: Responder) -> None:
    told = (await lookup(responder, 8, *EVERYTHING)).user_optional_fields
    name = told.name_information.personal_name_information
    assert any(letter in name.unstructured_personal_user_name for letter in "ŵŷ")
    assert {one.electronic_address.electronic_address_type.value for one in told.user_address_information
            if one.electronic_address} <= {"mailto", "tel"}  # fmt: skip
    assert {one.value for one in told.user_language} <= {"wel", "eng"}
    assert [one.user_identifier_value for one in told.user_id] == [patron(8)]
    assert not told.previous_user_id


@pytest.mark.parametrize(
    ("number", "status", "why"), [(1, "ACTIVE", "active"), (3, "BLOCKED", "blocked"), (4, "BLOCKED", "expired")]
)
async def test_brokers_read_whether_somebody_may_borrow(
    responder: Responder, number: int, status: str, why: str
) -> None:
    told = (await lookup(responder, number, "User Privilege")).user_optional_fields.user_privilege
    by_type = {one.agency_user_privilege_type.value: one for one in told}
    assert by_type["STATUS"].user_privilege_status.user_privilege_status_type.value == status
    assert by_type["STATUS"].user_privilege_description == why
    assert by_type["PROFILE"].user_privilege_status.user_privilege_status_type.value
    assert all(one.agency_id.value == "ABER" and one.valid_to_date for one in told)


@pytest.mark.parametrize(
    ("number", "types"),
    [
        (1, set()),
        (3, {"Block Check Out"}),
        (4, {"Block Check Out", "Block Renewal", "Block Request Item", "Block Recall"}),
        (6, {"Block Check Out"}),
    ],
)
async def test_blocks_by_what_they_keep_from(responder: Responder, number: int, types: set[str]) -> None:
    told = (await lookup(responder, number, "Block Or Trap")).user_optional_fields.block_or_trap
    assert {one.block_or_trap_type.value for one in told} == types
    if number == 4:
        assert all(one.valid_from_date for one in told)


async def test_a_lost_card_is_a_trap_and_a_block(responder: Responder) -> None:
    told = (await lookup(responder, 7, "Block Or Trap")).user_optional_fields.block_or_trap
    assert {"Trap For Lost Card", "Block Check Out"} <= {one.block_or_trap_type.value for one in told}


async def test_loans_holds_and_charges_where_they_are_desired(responder: Responder) -> None:
    loans = await lookup(responder, 2, loaned_items_desired=True)
    assert loans.loaned_items_count[0].loaned_item_count_value == "2"
    assert len(loans.loaned_item) == 2
    assert all(one.item_id and one.date_due and one.title for one in loans.loaned_item)
    assert not loans.requested_item
    assert not loans.user_fiscal_account
    holds = await lookup(responder, 5, requested_items_desired=True)
    (ready,) = [one for one in holds.requested_item if one.request_status_type.value == "Available For Pickup"]
    assert ready.request_type.value == "Hold"
    assert ready.date_placed
    assert ready.request_id.request_identifier_value
    assert ready.pickup_location.value == "ABER"
    assert holds.requested_items_count[0].requested_item_count_value == str(len(holds.requested_item))
    fees = await lookup(responder, 3, user_fiscal_account_desired=True)
    (account,) = fees.user_fiscal_account
    assert (account.account_balance.monetary_value, account.account_balance.currency_code.value) == ("2500", "GBP")
    sums = [one.fiscal_transaction_information for one in account.account_details]
    assert sum(int(one.amount.monetary_value) for one in sums) == 2500
    assert all(one.fiscal_transaction_reference_id.fiscal_transaction_identifier_value for one in sums)
    assert {one.fiscal_action_type.value for one in sums} <= {"Penalty", "Assess"}


async def test_a_pickup_location_is_told_by_the_peers_name(node: Open) -> None:
    responder = await node(peer={"pickup": {"Hugh Owen": "ABER"}})
    holds = await lookup(responder, 5, requested_items_desired=True)
    assert {one.pickup_location.value for one in holds.requested_item} == {"Hugh Owen"}


async def test_version_1_is_answered_too(responder: Responder) -> None:
    question = wire.LookupUser(
        user_id=user_id(2), user_element_type=elements("Name Information"), loaned_items_desired=True
    )
    answer = await responder.ask(question, dialect=NCIP_1_0)
    assert len(answer.loaned_item) == 2
    assert answer.user_optional_fields.name_information is not None


async def test_version_1_has_numbers_that_are_seen(responder: Responder) -> None:
    """VisibleUserId names a user by what stands on the card, and is an element of its own."""
    seen = wire.UserId(user_identifier_type=SchemeValue("Barcode"), user_identifier_value=patron(1))
    asked = elements("Name Information")
    answer = await responder.ask(wire.LookupUser(visible_user_id=(seen,), user_element_type=asked), dialect=NCIP_1_0)
    assert answer.user_id.user_identifier_value == patron(1)
    told = await responder.ask(
        wire.LookupUser(user_id=user_id(1), user_element_type=elements("Visible User Id")), dialect=NCIP_1_0
    )
    assert [one.user_identifier_value for one in told.user_optional_fields.user_id] == [patron(1)]


# Who it is


@pytest.mark.parametrize("kind", ["User Id", "user id", "Barcode Id", "Username", "LDAPUsername"])
async def test_a_user_is_found_by_what_they_typed(responder: Responder, kind: str) -> None:
    answer = await responder.ask(wire.LookupUser(authentication_input=login(**{kind.replace(" ", "_"): patron(1)})))
    assert answer.user_id.user_identifier_value == patron(1)


@pytest.mark.parametrize("kind", ["PIN", "Password", "pin", "LDAPPassword"])
async def test_a_right_pin_lets_in_and_a_wrong_one_tells_nothing(responder: Responder, kind: str) -> None:
    right = await responder.ask(wire.LookupUser(authentication_input=login(User_Id=patron(1), **{kind: "1234"})))
    assert right.user_id.user_identifier_value == patron(1)
    wrong = await responder.ask(
        wire.LookupUser(
            authentication_input=login(User_Id=patron(1), **{kind: "9999"}),
            user_element_type=elements(*EVERYTHING),
            loaned_items_desired=True,
            user_fiscal_account_desired=True,
        )
    )
    assert type_of(wrong) == "User Authentication Failed"
    assert wrong.user_id is None
    assert wrong.user_optional_fields is None
    assert not wrong.loaned_item
    assert "9999" not in personal(wrong)
    assert (problem_of(wrong).problem_detail or "").startswith("PATRON_AUTH_FAILED")


async def test_vufind_sends_a_user_id_and_a_login(responder: Responder) -> None:
    both = wire.LookupUser(user_id=user_id(1), authentication_input=login(Username=patron(1), Password="1234"))
    assert (await responder.ask(both)).user_id.user_identifier_value == patron(1)
    other = wire.LookupUser(user_id=user_id(1), authentication_input=login(Username=patron(2), Password="1234"))
    assert type_of(await responder.ask(other)) == "User Authentication Failed"


async def test_nobody_and_nothing(responder: Responder) -> None:
    unknown = await responder.ask(wire.LookupUser(user_id=wire.UserId(user_identifier_value="nobody")))
    assert type_of(unknown) == "Unknown User"
    assert problem_of(unknown).problem_element == "LookupUser/UserId/UserIdentifierValue"
    assert problem_of(unknown).problem_value == "nobody"
    missing = await responder.ask(wire.LookupUser())
    assert type_of(missing) == "Needed Data Missing"
    assert problem_of(missing).problem_element == "LookupUser/UserId"


async def test_where_a_pin_is_needed_an_unknown_card_is_a_wrong_pin(node: Open) -> None:
    responder = await node(peer={"pin_required": ["patron.get", "patron.account"]})
    assert type_of(await lookup(responder, 1)) == "User Authentication Failed"
    for barcode in (patron(1), "nobody"):
        question = wire.LookupUser(authentication_input=login(Barcode_Id=barcode, PIN="0000"))
        answer = await responder.ask(question)
        assert type_of(answer) == "User Authentication Failed"
    right = await responder.ask(wire.LookupUser(authentication_input=login(Barcode_Id=patron(1), PIN="1234")))
    assert right.user_id.user_identifier_value == patron(1)


async def test_a_card_of_another_type_is_nobodys(node: Open) -> None:
    responder = await node(peer={"user_identifiers": {"Card": "barcode", "Student": "sis"}})

    async def asked(kind: str) -> Any:
        named = wire.UserId(user_identifier_type=SchemeValue(kind), user_identifier_value=patron(1))
        return await responder.ask(wire.LookupUser(user_id=named))

    card = await asked("card")
    assert (card.user_id.user_identifier_value, card.user_id.user_identifier_type.value) == (patron(1), "Card")
    assert type_of(await asked("Student")) == "Unknown User"
    assert (await asked("Whatever")).user_id.user_identifier_value == patron(1)


async def test_another_members_user_is_nobody(responder: Responder) -> None:
    named = wire.UserId(agency_id=SchemeValue("BANGOR"), user_identifier_value=patron(1))
    assert type_of(await responder.ask(wire.LookupUser(user_id=named))) == "Unknown User"


async def test_authenticate_user_of_version_1(responder: Responder) -> None:
    async def asked(**typed: str) -> Any:
        return await responder.ask(wire.AuthenticateUser(authentication_input=login(**typed)), dialect=NCIP_1_0)

    right = await asked(User_Id=patron(1), PIN="1234")
    assert right.user_id.user_identifier_value == patron(1)
    assert not right.problem
    for typed in ({"User_Id": patron(1), "PIN": "9999"}, {"User_Id": "nobody", "PIN": "1234"}):
        answer = await asked(**typed)
        assert type_of(answer) == "User Authentication Failed"
        assert answer.user_id is None
    assert type_of(await asked(User_Id=patron(1))) == "Needed Data Missing"


async def test_nothing_personal_is_logged(responder: Responder, capfd: pytest.CaptureFixture[str]) -> None:
    await lookup(responder, 1, *EVERYTHING, loaned_items_desired=True)
    await responder.ask(wire.LookupUser(authentication_input=login(User_Id=patron(1), PIN="9999")))
    said = "".join(capfd.readouterr())
    assert patron(1) not in said
    assert "9999" not in said


@pytest.mark.parametrize("dialect", [NCIP_2_02, NCIP_1_0])
async def test_a_service_that_a_peer_may_not_ask_for(node: Open, dialect: Any) -> None:
    responder = await node(peer={"services": ["LookupItem"]})
    question = wire.LookupUser(user_id=user_id(1), user_element_type=elements("Name Information"))
    answer = await responder.ask(question, dialect=dialect)
    assert type_of(answer) == "Unauthorized Service For Agency"


@pytest.mark.parametrize("version", ["1.0", "2.0", "2.02"])
async def test_answers_are_valid(responder: Responder, version: str, shared_data: Callable[[str], Path]) -> None:
    schema = schema_of(version, shared_data)
    asked = elements(*EVERYTHING)
    for number in range(1, 11):
        question = wire.LookupUser(
            initiation_header=header(), user_id=user_id(number), user_element_type=asked,
            loaned_items_desired=True, requested_items_desired=True, user_fiscal_account_desired=True,
        )  # fmt: skip
        answer = await responder.octets(encode(question, DIALECTS[version]))
        assert schema.complaint(answer) == "", answer.decode()
