"""What a member says of itself, and nothing of others."""

from __future__ import annotations

from typing import Any

import pytest

from library_protocols.ncip import NCIP_1_0, SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import Open, Responder, problem_of, type_of

ALL = (
    "Agency Address Information", "Agency User Privilege Type", "Application Profile Supported Type",
    "Authentication Prompt", "Consortium Agreement", "Organization Name Information",
)  # fmt: skip


def question(name: str, *names: str) -> wire.LookupAgency:
    return wire.LookupAgency(agency_id=SchemeValue(name), agency_element_type=tuple(map(SchemeValue, names)))


async def test_what_a_member_says_of_itself(node: Open) -> None:
    responder = await node(peer={"profiles": ["EZBORROW"], "our_ids": ["ABERYSTWYTH"]})

    async def asked(message: wire.LookupAgency) -> Any:
        header = wire.InitiationHeader(
            from_agency_id=wire.FromAgencyId(agency_id=SchemeValue("BROKER")),
            to_agency_id=wire.ToAgencyId(agency_id=SchemeValue("ABERYSTWYTH")),
            application_profile_type=SchemeValue("EZBORROW"),
        )
        return await responder.ask(
            wire.LookupAgency(
                initiation_header=header, agency_id=message.agency_id, agency_element_type=message.agency_element_type
            )
        )

    for name in ("ABER", "aber", "Aberystwyth"):
        told = await asked(question(name, *ALL))
        assert told.agency_id.value == name
        (called,) = told.organization_name_information
        assert called.organization_name == "Aberystwyth University"
        assert called.organization_name_type.value == "Official Name"
        assert [one.value for one in told.application_profile_supported_type] == ["EZBORROW"]
        assert [one.value for one in told.agency_user_privilege_type] == ["STATUS", "PROFILE", "LIBRARY"]
        secret = [one.prompt_input.sensitive_data_flag for one in told.authentication_prompt]
        assert secret == [False, True]
        assert told.agency_address_information == ()
    only = await asked(question("ABER", "organization name information"))
    assert only.organization_name_information
    assert not only.authentication_prompt


@pytest.mark.parametrize("name", ["BANGOR", "nobody"])
async def test_others_are_not_told_of(responder: Responder, name: str) -> None:
    answer = await responder.ask(question(name, *ALL))
    assert type_of(answer) == "Unknown Agency"
    assert (problem_of(answer).problem_element, problem_of(answer).problem_value) == ("LookupAgency/AgencyId", name)
    assert answer.agency_id is None


async def test_an_agency_must_be_named(responder: Responder) -> None:
    answer = await responder.ask(wire.LookupAgency(agency_element_type=(SchemeValue("FIXME"),)))
    assert type_of(answer) == "Needed Data Missing"


async def test_version_1(responder: Responder) -> None:
    answer = await responder.ask(question("ABER", *ALL), dialect=NCIP_1_0)
    assert answer.organization_name_information
