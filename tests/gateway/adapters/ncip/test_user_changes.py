"""Users made and changed over NCIP, and notices left for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.canonical import requests as req
from gateway.canonical.outcomes import PatronOutcome, ProvisionOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import BlockReason, BlockScope, BlockSeverity
from library_protocols.ncip import NCIP_1_0, SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import Responder, patron, problem_of, type_of, user_id
from tests.gateway.adapters.ncip.scripted import Scripted, a_patron, problem
from tests.gateway.adapters.ncip.words import elements, login


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
        assert "4711" not in repr(answer)
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
    asked = elements("Block Or Trap", "User Privilege")
    told = (await responder.ask(wire.LookupUser(user_id=user_id(1), user_element_type=asked))).user_optional_fields
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


async def test_auto_graphics_gives_all_privileges_one_type(responder: Responder) -> None:
    code = await category(responder)
    said = (("user status", "Active"), ("patron type", code))
    privileges = tuple(replace(privilege("Staff", status), user_privilege_description=what) for what, status in said)
    answer = await responder.ask(new_user(code, user_privilege=privileges), dialect=NCIP_1_0)
    assert not answer.problem, answer
    assert (await responder.desk_says(req.PatronGet(patron="N-1"))).patron.category.code == code


async def test_each_command_of_a_message_has_its_own_key_and_keeps_it(demo: dict[str, Any]) -> None:
    """The first refusal is the answer; the repetition asks the same under the same keys, and goes on."""
    scripted = Scripted(demo)
    one = PatronOutcome(patron=a_patron())
    blocked: list[Any] = [Refusal(code=RefusalCode.PATRON_NOT_FOUND), one, one]
    desk = scripted.desk(
        patron__get=one, patron__provision=ProvisionOutcome(patron_id="p1", changed=True), patron__block=blocked
    )
    message = wire.UpdateUser(
        user_id=user_id(1),
        add_user_fields=wire.AddUserFields(
            user_language=(SchemeValue("wel"),), block_or_trap=(block("Block Check Out"), block("Block Renewal"))
        ),
    )
    first = await scripted.ask(desk, message)
    assert problem(first)[:2] == ("Unknown User", "UpdateUser/AddUserFields/BlockOrTrap/BlockOrTrapType")
    again = await scripted.ask(desk, message)
    assert isinstance(again, wire.UpdateUserResponse)
    keys = [(type(asked), key.value) for asked, key in zip(desk.asked, desk.keys, strict=True) if key is not None]
    assert [kind for kind, _ in keys] == [
        req.PatronProvision, req.PatronBlock, req.PatronProvision, req.PatronBlock, req.PatronBlock,
    ]  # fmt: skip
    assert keys[:2] == keys[2:4]
    assert len({value for _, value in keys}) == 3
    assert not any(patron(1) in value for _, value in keys)
