"""Users as a peer reads them: what is told to whom, who may not be told of at all, users made and changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.vocabulary import BlockReason, BlockScope, BlockSeverity
from library_protocols.ncip import NCIP_1_0, NCIP_2_0, NCIP_2_02, SchemeValue, encode
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import Open, Responder, header, patron, problem_of, type_of, user_id
from tests.protocols.ncip.schemas import FOLDER, load_dtd, load_xsd

EVERYTHING = (
    "Name Information", "User Address Information", "Date Of Birth", "User Language", "User Privilege",
    "Block Or Trap", "User Id", "Authentication Input", "Previous User Id",
)  # fmt: skip


def elements(*names: str) -> tuple[SchemeValue, ...]:
    return tuple(map(SchemeValue, names))


def login(**typed: str) -> tuple[wire.AuthenticationInput, ...]:
    """AuthenticationInputs by type, with `_` for blanks."""
    return tuple(
        wire.AuthenticationInput(
            authentication_input_data=data,
            authentication_data_format_type=SchemeValue("text"),
            authentication_input_type=SchemeValue(kind.replace("_", " ")),
        )
        for kind, data in typed.items()
    )


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


# Made and changed


def person(given: str, family: str) -> wire.NameInformation:
    parts = wire.StructuredPersonalUserName(given_name=given, surname=family)
    return wire.NameInformation(
        personal_name_information=wire.PersonalNameInformation(structured_personal_user_name=parts)
    )


def privilege(kind: str, status: str = "", until: str | None = None) -> wire.UserPrivilege:
    return wire.UserPrivilege(
        agency_id=SchemeValue("ABER"),
        agency_user_privilege_type=SchemeValue(kind),
        valid_to_date=until,
        user_privilege_status=wire.UserPrivilegeStatus(user_privilege_status_type=SchemeValue(status))
        if status
        else None,
    )


def mail(text: str) -> wire.UserAddressInformation:
    return wire.UserAddressInformation(
        user_address_role_type=SchemeValue("Home"),
        electronic_address=wire.ElectronicAddress(
            electronic_address_type=SchemeValue("mailto"), electronic_address_data=text
        ),
    )


def block(kind: str, until: str | None = None) -> wire.BlockOrTrap:
    return wire.BlockOrTrap(agency_id=SchemeValue("ABER"), block_or_trap_type=SchemeValue(kind), valid_to_date=until)


async def category(responder: Responder) -> str:
    outcome = await responder.desk_says(req.PatronGet(patron=patron(1)))
    return outcome.patron.category.code


def new_user(code: str, **more: Any) -> wire.CreateUser:
    known: dict[str, Any] = {
        "user_id": wire.UserId(user_identifier_type=SchemeValue("Barcode"), user_identifier_value="N-1"),
        "name_information": person("Nia", "Puw"),
        "user_address_information": (mail("nia@example.org"),),
        "date_of_birth": "2001-02-03T00:00:00+05:00",
        "user_language": (SchemeValue("wel"),),
        "user_privilege": (privilege("PROFILE", code, "2030-07-31T00:00:00Z"),),
    }
    return wire.CreateUser(**known | more)


async def test_a_user_is_made_once(responder: Responder) -> None:
    message = new_user(await category(responder), block_or_trap=(block("Block Request Item"),))
    made = await responder.ask(message)
    assert made.user_id.user_identifier_value == "N-1"
    assert not made.problem
    assert await responder.ask(message) == made
    known = (await responder.desk_says(req.PatronGet(patron="N-1"))).patron
    assert (known.name.display, known.name.family, known.language) == ("Nia Puw", "Puw", "cy")
    assert str(known.birth_date) == "2001-02-03"
    assert known.contacts.emails == ("nia@example.org",)
    assert known.expires_at.date().isoformat() == "2030-07-31"
    assert [(one.reason, one.scope) for one in known.blocks] == [(BlockReason.HOLD_DENIED, BlockScope.HOLD)]
    assert known.has_pin is False


async def test_a_pin_is_never_kept(responder: Responder) -> None:
    message = new_user(await category(responder), user_id=None, authentication_input=login(Username="nia", PIN="4711"))
    made = await responder.ask(message)
    assert not made.problem
    assert (await responder.desk_says(req.PatronGet(patron="nia"))).patron.has_pin is False


async def test_what_a_new_user_lacks(responder: Responder) -> None:
    code = await category(responder)
    cases = [
        ({"name_information": None}, "Needed Data Missing", "CreateUser/NameInformation"),
        ({"user_id": None}, "Needed Data Missing", "CreateUser/UserId/UserIdentifierValue"),
        ({"user_privilege": ()}, "Needed Data Missing", "CreateUser/UserPrivilege"),
        ({"user_privilege": (privilege("PROFILE", "no-such"),)}, "Unknown Value From Known Scheme", "UserPrivilege"),
        ({"block_or_trap": (block("Protokol"),)}, "Unknown Value From Known Scheme", "BlockOrTrap/BlockOrTrapType"),
        ({"date_of_birth": "in May"}, "Invalid Date", "CreateUser/DateOfBirth"),
        ({"user_language": (SchemeValue("ENGLISH"),)}, "Unknown Value From Known Scheme", "UserLanguage"),
    ]
    for fields, type_, element in cases:
        answer = await responder.ask(new_user(code, **fields))
        assert type_of(answer) == type_, fields
        assert element in problem_of(answer).problem_element
        assert answer.user_id is None
    gone = await responder.ask(wire.LookupUser(user_id=wire.UserId(user_identifier_value="N-1")))
    assert type_of(gone) == "Unknown User"


async def test_somebody_who_is_there_is_a_duplicate_and_stays_as_they_are(responder: Responder) -> None:
    before = await responder.desk_says(req.PatronGet(patron=patron(1)))
    answer = await responder.ask(new_user(await category(responder), user_id=user_id(1)))
    assert type_of(answer) == "Duplicate User"
    assert await responder.desk_says(req.PatronGet(patron=patron(1))) == before


async def test_an_organization_is_a_name(responder: Responder) -> None:
    name = wire.OrganizationNameInformation(
        organization_name_type=SchemeValue("Official Name"), organization_name="Massachusetts Virtual Catalog"
    )
    message = new_user(
        await category(responder), name_information=wire.NameInformation(organization_name_information=(name,))
    )
    assert not (await responder.ask(message)).problem
    known = (await responder.desk_says(req.PatronGet(patron="N-1"))).patron
    assert known.name.display == "Massachusetts Virtual Catalog"


async def test_a_user_is_changed(responder: Responder) -> None:
    before = (await responder.desk_says(req.PatronGet(patron=patron(1)))).patron
    message = wire.UpdateUser(
        user_id=user_id(1),
        delete_user_fields=wire.DeleteUserFields(
            user_address_information=tuple(map(mail, before.contacts.emails)), date_of_birth="1999-01-01"
        ),
        add_user_fields=wire.AddUserFields(
            name_information=person("Enw", "Newydd"),
            user_address_information=(mail("newydd@example.org"),),
            block_or_trap=(block("Block Check Out", "2031-01-01T00:00:00Z"),),
        ),
    )
    answer = await responder.ask(message)
    assert answer.user_id.user_identifier_value == patron(1)
    assert not answer.problem
    after = (await responder.desk_says(req.PatronGet(patron=patron(1)))).patron
    assert (after.name.display, after.contacts.emails) == ("Enw Newydd", ("newydd@example.org",))
    assert (after.category, after.status, after.birth_date) == (before.category, before.status, None)
    (blocked,) = after.blocks
    assert (blocked.reason, blocked.scope) == (BlockReason.BORROW_DENIED, BlockScope.BORROW)
    assert blocked.expires_at is not None
    assert blocked.expires_at.year == 2031
    assert await responder.ask(message) == answer
    assert (await responder.desk_says(req.PatronGet(patron=patron(1)))).patron == after
    lift = wire.UpdateUser(
        user_id=user_id(1), delete_user_fields=wire.DeleteUserFields(block_or_trap=(block("block check out"),))
    )
    assert not (await responder.ask(lift)).problem
    assert (await responder.desk_says(req.PatronGet(patron=patron(1)))).patron.blocks == ()
    assert not (await responder.ask(lift)).problem


async def test_a_patron_who_is_not_active_does_not_become_so(responder: Responder) -> None:
    inactive = wire.AddUserFields(user_privilege=(privilege("STATUS", "Inactive"),))
    assert not (await responder.ask(wire.UpdateUser(user_id=user_id(1), add_user_fields=inactive))).problem
    renamed = wire.AddUserFields(name_information=person("Enw", "Newydd"))
    assert not (await responder.ask(wire.UpdateUser(user_id=user_id(1), add_user_fields=renamed))).problem
    known = (await responder.desk_says(req.PatronGet(patron=patron(1)))).patron
    assert (known.status, known.name.family) == ("inactive", "Newydd")


async def test_what_is_not_kept_is_refused_and_then_nothing_is_changed(responder: Responder) -> None:
    before = await responder.desk_says(req.PatronGet(patron=patron(3)))
    fee = wire.UserPrivilegeFee(amount=wire.Amount(currency_code=SchemeValue("GBP"), monetary_value="100"))
    added = [
        ({"authentication_input": login(PIN="4711")}, "AuthenticationInput"),
        ({"user_privilege": (wire.UserPrivilege(user_privilege_fee=fee),)}, "UserPrivilege/UserPrivilegeFee"),
    ]
    for fields, element in added:
        fields = {"name_information": person("Enw", "Newydd")} | fields
        answer = await responder.ask(wire.UpdateUser(user_id=user_id(3), add_user_fields=wire.AddUserFields(**fields)))
        assert type_of(answer) == "Unable To Add Element"
        assert problem_of(answer).problem_element == f"UpdateUser/AddUserFields/{element}"
        assert "4711" not in personal(answer)
    deleted = [
        ({"name_information": person("Amy", "Pond")}, "NameInformation"),
        ({"block_or_trap": (block("Block Check Out"),)}, "BlockOrTrap/BlockOrTrapType"),  # owes too much
    ]
    for fields, element in deleted:
        answer = await responder.ask(
            wire.UpdateUser(user_id=user_id(3), delete_user_fields=wire.DeleteUserFields(**fields))
        )
        assert type_of(answer) == "Unable To Delete Element"
        assert problem_of(answer).problem_element == f"UpdateUser/DeleteUserFields/{element}"
    assert await responder.desk_says(req.PatronGet(patron=patron(3))) == before


async def test_empty_fields_say_nothing(responder: Responder) -> None:
    empty = wire.AddUserFields(
        name_information=person("", ""), date_of_birth="", user_language=(SchemeValue(""),), block_or_trap=(block(""),)
    )
    answer = await responder.ask(wire.UpdateUser(user_id=user_id(1), add_user_fields=empty))
    assert type_of(answer) == "Needed Data Missing"


async def test_a_notice_is_left_for_a_user(responder: Responder) -> None:
    message = wire.SendUserNotice(
        user_id=user_id(1),
        user_notice_details=wire.UserNoticeDetails(
            notice_type=SchemeValue("Overdue"), notice_content="Mae eich llyfr yma."
        ),
    )
    answer = await responder.ask(message)
    assert answer.user_id.user_identifier_value == patron(1)
    assert answer.date_sent
    (left,) = (await responder.desk_says(req.PatronGet(patron=patron(1)))).patron.blocks
    assert (left.reason, left.severity, left.text) == (BlockReason.NOTICE, BlockSeverity.TRAP, "Mae eich llyfr yma.")
    told = (await lookup(responder, 1, "Block Or Trap", "User Privilege")).user_optional_fields
    assert [one.block_or_trap_type.value for one in told.block_or_trap] == ["Trap For Message"]
    assert told.user_privilege[0].user_privilege_status.user_privilege_status_type.value == "ACTIVE"


async def test_a_notice_needs_words_a_user_and_no_patience(responder: Responder) -> None:
    words = wire.UserNoticeDetails(notice_type=SchemeValue("Overdue"))
    later = wire.SendUserNotice(user_id=user_id(1), date_to_send="2999-01-01T00:00:00Z", user_notice_details=words)
    assert type_of(await responder.ask(later)) == "Unsupported Notice"
    assert type_of(await responder.ask(wire.SendUserNotice(user_id=user_id(1)))) == "Needed Data Missing"
    nobody = wire.UserId(user_identifier_value="nobody")
    unknown = await responder.ask(wire.SendUserNotice(user_id=nobody, user_notice_details=words))
    assert type_of(unknown) == "Unknown User"
    assert not (await responder.ask(wire.SendUserNotice(user_id=user_id(1), user_notice_details=words))).problem


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


async def test_auto_graphics_gives_all_privileges_one_type(responder: Responder) -> None:
    code = await category(responder)
    said = (("user status", "Active"), ("patron type", code))
    privileges = tuple(replace(privilege("Staff", status), user_privilege_description=what) for what, status in said)
    answer = await responder.ask(new_user(code, user_privilege=privileges), dialect=NCIP_1_0)
    assert not answer.problem, answer
    assert (await responder.desk_says(req.PatronGet(patron="N-1"))).patron.category.code == code


@pytest.mark.parametrize("version", ["1.0", "2.0", "2.02"])
async def test_answers_are_valid(responder: Responder, version: str, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data(FOLDER)
    dialect = {"1.0": NCIP_1_0, "2.0": NCIP_2_0, "2.02": NCIP_2_02}[version]
    name = version.replace(".", "_")
    made = load_dtd(folder / f"ncip1/ncip_v{name}.dtd") if version == "1.0" else None
    schema = made or load_xsd(folder / f"ncip2/ncip_v{name}.xsd")
    asked = elements(*EVERYTHING)
    for number in range(1, 11):
        question = wire.LookupUser(
            initiation_header=header(), user_id=user_id(number), user_element_type=asked,
            loaned_items_desired=True, requested_items_desired=True, user_fiscal_account_desired=True,
        )  # fmt: skip
        answer = await responder.octets(encode(question, dialect))
        assert schema.complaint(answer) == "", answer.decode()
