"""How a "no" is told: a type that the service has, our own code, a path that is in the message, never a PIN."""

from __future__ import annotations

from datetime import UTC
from typing import Any, cast

import pytest

from gateway.adapters.ncip import _problems
from gateway.canonical.refusals import EDGE_ERRORS, FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.crosswalks.ncip import SERVICES as SERVED
from gateway.crosswalks.ncip_problems import (
    IN_SERVICE,
    INSTEAD,
    LAST_RESORT,
    PATHS,
    VALUE_LIMIT,
    allowed,
    problem_row,
)
from gateway.crosswalks.refusals import REFUSALS
from library_protocols.ncip import NCIP_1_0, NCIP_2_02, SERVICES, SchemeValue
from library_protocols.ncip import messages as wire
from library_protocols.ncip.codec import decode, encode
from library_protocols.ncip.facts import GENERAL, MESSAGING, OF_SERVICE
from tests.gateway.adapters.ncip.responder import item_id, user_id

CODES = (*RefusalCode, *FailureCode)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_problem_is_in_its_services_list(service: str) -> None:
    own = allowed(service)
    for code in CODES:
        told = problem_row(code, service).type
        assert told not in MESSAGING, (code, told)
        assert own is None or told in own, (code, told)


def test_the_tables_name_only_what_there_is() -> None:
    assert {service for _, service in IN_SERVICE} <= SERVICES.keys()
    known = {value for values in (GENERAL, *OF_SERVICE.values()) for value in values}
    assert LAST_RESORT in GENERAL
    assert {value for values in INSTEAD.values() for value in values} <= known
    for (code, service), value in IN_SERVICE.items():
        assert problem_row(code, service).type == value, "an override that never comes to pass"


@pytest.mark.parametrize(
    ("code", "service", "told"),
    [
        (RefusalCode.PATRON_NOT_FOUND, "CheckOutItem", "Unknown User"),
        (RefusalCode.PATRON_BLOCKED, "CheckOutItem", "User Blocked"),
        (RefusalCode.PATRON_BLOCKED, "AcceptItem", "User Ineligible To Check Out This Item"),
        (RefusalCode.PATRON_INACTIVE, "LookupUser", "User Access Denied"),
        (RefusalCode.PATRON_INELIGIBLE, "RenewItem", "User Ineligible To Renew This Item"),
        (RefusalCode.LIMIT_REACHED, "CheckOutItem", "Maximum Check Outs Exceeded"),
        (RefusalCode.LIMIT_REACHED, "RequestItem", "User Ineligible To Request This Item"),
        (RefusalCode.LOAN_NOT_FOUND, "CheckInItem", "Item Not Checked Out"),
        (RefusalCode.LOAN_OF_OTHER_PATRON, "RenewItem", "Item Not Checked Out"),
        (RefusalCode.ITEM_UNAVAILABLE, "CheckOutItem", "Resource Cannot Be Provided"),
        (RefusalCode.ITEM_UNAVAILABLE, "RequestItem", "Item Does Not Circulate"),
        (RefusalCode.ON_HOLD_FOR_OTHER, "RenewItem", "Renewal Not Allowed - Item Has Outstanding Requests"),
        (RefusalCode.DUPLICATE_HOLD, "RequestItem", "Duplicate Request"),
        (RefusalCode.DUPLICATE_HOLD, "AcceptItem", "Cannot Accept Item"),
        (RefusalCode.HOLD_AMBIGUOUS, "LookupRequest", "Non-Unique Request"),
        (RefusalCode.CONFLICT, "AcceptItem", "Cannot Accept Item"),
        (RefusalCode.CONFLICT, "CreateUser", "Duplicate User"),
        (RefusalCode.CONFLICT, "CreateItem", "Duplicate Item"),
        (RefusalCode.CONFLICT, "CreateUserFiscalTransaction", "Duplicate Fiscal Transaction"),
        (RefusalCode.FEE_NOT_FOUND, "CreateUserFiscalTransaction", "Element Rule Violated"),
        (RefusalCode.PICKUP_INVALID, "RequestItem", "Element Rule Violated"),
        (RefusalCode.RECALL_NOT_ALLOWED, "RecallItem", "Item Cannot Be Recalled"),
        (RefusalCode.UNDO_NOT_POSSIBLE, "CancelRecallItem", "Recall Cannot Be Cancelled At This Time"),
        (RefusalCode.CHECKIN_BLOCKED, "CheckInItem", LAST_RESORT),
        (RefusalCode.UNSUPPORTED_BY_PLATFORM, "LookupItem", "Unsupported Service"),
        (RefusalCode.TERMINAL_FORBIDDEN, "LookupItem", "Unauthorized Service For Agency"),
        (RefusalCode.TERMINAL_AUTH_FAILED, "LookupItem", "Agency Authentication Failed"),
        (FailureCode.UPSTREAM_TIMEOUT, "CheckOutItem", "Temporary Processing Failure"),
    ],
)
def test_what_a_refusal_is_in_a_service(code: Any, service: str, told: str) -> None:
    assert problem_row(code, service).type == told


def test_few_refusals_have_nothing_better_than_the_last_resort() -> None:
    """Those that a service can never meet, and CheckInItem, which has only two values."""
    meeting = {(c, s) for c in RefusalCode for s in OF_SERVICE if problem_row(c, s).type == LAST_RESORT}
    ours = {"CheckOutItem", "RenewItem", "RequestItem", "AcceptItem", "CancelRequestItem"}
    wanted = {code for code, service in meeting if service in ours} - {RefusalCode.DESK_NOT_ALLOWED}
    assert wanted <= {
        RefusalCode.BLOCK_NOT_FOUND, RefusalCode.FEE_NOT_FOUND, RefusalCode.HOLD_NOT_FOUND, RefusalCode.CONFLICT,
        RefusalCode.UNDO_NOT_POSSIBLE, RefusalCode.CHECKIN_BLOCKED, RefusalCode.RECALL_NOT_ALLOWED,
        RefusalCode.DUPLICATE_HOLD, RefusalCode.HOLD_NOT_ALLOWED, RefusalCode.HOLD_ALREADY_PROCESSED,
        RefusalCode.PICKUP_INVALID,
    }  # fmt: skip


def test_every_path_exists_in_some_message() -> None:
    for element, row in {row.ncip.element: row for row in REFUSALS.values()}.items():
        for path in PATHS.get(element or "", (element,) if element else ()):
            name = _problems.attribute(path.split("/")[0])
            assert any(hasattr(service.request, name) for service in SERVICES.values()), (path, row)


PIN = "8642"
SIGNED = (
    wire.AuthenticationInput(
        authentication_input_data="somebody",
        authentication_data_format_type=SchemeValue("text/plain"),
        authentication_input_type=SchemeValue("Username"),
    ),
    wire.AuthenticationInput(
        authentication_input_data=PIN,
        authentication_data_format_type=SchemeValue("text/plain"),
        authentication_input_type=SchemeValue("PIN"),
    ),
)


def told(message: Any, no: Refusal | PlatformFailure, **more: Any) -> wire.Problem:
    return _problems.refused(message, type(message).__name__, no, zone=UTC, **more)


def test_detail_begins_with_our_code_and_goes_on_in_words() -> None:
    message = wire.CheckOutItem(user_id=user_id(1), item_id=item_id(1))
    limit = told(message, Refusal(code=RefusalCode.LIMIT_REACHED, detail={"kind": "loans", "limit": 10}))
    assert limit.problem_detail is not None
    assert limit.problem_detail.startswith("LIMIT_REACHED.loans: ")
    assert limit.problem_detail.endswith(".")
    assert told(message, PlatformFailure(FailureCode.UPSTREAM_ERROR, "secret")).problem_detail is not None
    assert "secret" not in repr(told(message, PlatformFailure(FailureCode.UPSTREAM_ERROR, "secret")))
    for code in sorted(set(RefusalCode) - EDGE_ERRORS):
        assert (told(message, Refusal(code=code)).problem_detail or "").startswith(f"{code}: ")


def test_element_is_a_path_and_value_what_was_sent_there() -> None:
    message = wire.CheckOutItem(user_id=user_id(1), item_id=item_id(7))
    user = told(message, Refusal(code=RefusalCode.PATRON_NOT_FOUND))
    assert user.problem_element == "CheckOutItem/UserId/UserIdentifierValue"
    assert user.problem_value == user_id(1).user_identifier_value
    item = told(message, Refusal(code=RefusalCode.ITEM_NOT_FOR_LOAN))
    assert (item.problem_element, item.problem_value) == (
        "CheckOutItem/ItemId/ItemIdentifierValue",
        item_id(7).item_identifier_value,
    )
    given = told(message, Refusal(code=RefusalCode.INVALID_DATE), element="DesiredDateDue", value="x" * 900)
    assert given.problem_element == "CheckOutItem/DesiredDateDue"
    assert given.problem_value == "x" * VALUE_LIMIT
    assert told(message, Refusal(code=RefusalCode.DESK_NOT_ALLOWED)).problem_element is None


def test_the_first_of_several_and_what_is_not_there() -> None:
    several = wire.RequestItem(item_id=(item_id(3), item_id(4)))
    assert told(several, Refusal(code=RefusalCode.ITEM_NOT_FOUND)).problem_value == item_id(3).item_identifier_value
    none = told(wire.RequestItem(), Refusal(code=RefusalCode.ITEM_NOT_FOUND))
    assert (none.problem_element, none.problem_value) == ("RequestItem/ItemId/ItemIdentifierValue", None)


@pytest.mark.parametrize("code", [RefusalCode.PATRON_AUTH_FAILED, RefusalCode.PATRON_NOT_FOUND])
def test_what_authenticates_is_never_told_back(code: RefusalCode) -> None:
    message = wire.LookupUser(authentication_input=SIGNED)
    problem = told(message, Refusal(code=code))
    assert problem.problem_element == "LookupUser/AuthenticationInput"
    assert problem.problem_value is None
    forced = told(message, Refusal(code=code), element="AuthenticationInput/AuthenticationInputData", value=PIN)
    assert PIN not in repr(forced)
    assert PIN not in encode(wire.LookupUserResponse(problem=(forced,)), NCIP_2_02).decode()


@pytest.mark.parametrize("dialect", [NCIP_2_02, NCIP_1_0])
def test_a_problem_arrives_in_both_generations(dialect: Any) -> None:
    message = wire.CheckOutItem(user_id=user_id(1), item_id=item_id(7))
    problem = told(message, Refusal(code=RefusalCode.ITEM_NOT_FOR_LOAN))
    read = decode(encode(wire.CheckOutItemResponse(problem=(problem,)), dialect)).message
    assert isinstance(read, wire.CheckOutItemResponse)
    (again,) = read.problem
    assert again.problem_type is not None
    assert again.problem_type.value == "Item Does Not Circulate"
    assert again.problem_value == problem.problem_value
    assert (again.problem_element or "").endswith("ItemIdentifierValue")


def test_every_service_that_is_served_can_tell_every_refusal() -> None:
    for service in SERVED:
        if service not in SERVICES:
            continue
        message, response = SERVICES[service].request(), cast(Any, SERVICES[service].response)
        for code in RefusalCode:
            problem = told(message, Refusal(code=code))
            dialect = NCIP_1_0 if service == "AuthenticateUser" else NCIP_2_02
            read = decode(encode(response(problem=(problem,)), dialect)).message
            assert getattr(read, "problem", ()), (service, code)
