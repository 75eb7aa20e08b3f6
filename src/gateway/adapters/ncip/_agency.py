"""LookupAgency: what the member is called and what it supports; of other members nothing is told, not even that they
are there."""

from __future__ import annotations

from typing import Any

from gateway.adapters.ncip._common import value, wanted
from gateway.adapters.ncip.work import Work
from gateway.crosswalks.ncip_values import PrivilegeType
from library_protocols.ncip import SchemeValue, scheme_value
from library_protocols.ncip import messages as wire

AGENCY_ELEMENTS = frozenset(
    {
        "organization name information",
        "authentication prompt",
        "application profile supported type",
        "agency user privilege type",
    }
)
"""AgencyElementTypes that are known of a member here, in lower case."""
_PROMPTS = (("Card number or user name", "User Id", False), ("PIN or password", "PIN", True))
"""What a user is asked, as which AuthenticationInputType the answer comes, and whether it is secret."""


async def lookup_agency(work: Work, message: Any) -> wire.LookupAgencyResponse:
    """The member, by any name that it has here."""
    asked_for = value(message.agency_id)
    if not asked_for:
        raise work.missing("AgencyId")
    names = {name.casefold() for name in (work.peer.agency, *work.profile.our_ids)}
    if asked_for.casefold() not in names and work.peer.owner_of(asked_for) != work.peer.member.code:
        raise work.stop_with("Unknown Agency", "AgencyId", detail="UNKNOWN_AGENCY: Nobody here has that name.")
    elements = wanted(message.agency_element_type) or AGENCY_ELEMENTS
    return wire.LookupAgencyResponse(
        agency_id=message.agency_id,
        organization_name_information=_names(work) if "organization name information" in elements else (),
        authentication_prompt=_prompts() if "authentication prompt" in elements else (),
        application_profile_supported_type=tuple(map(SchemeValue, work.profile.profiles))
        if "application profile supported type" in elements
        else (),
        agency_user_privilege_type=tuple(scheme_value("AgencyUserPrivilegeType", kind.value) for kind in PrivilegeType)
        if "agency user privilege type" in elements
        else (),
    )


def _names(work: Work) -> tuple[wire.OrganizationNameInformation, ...]:
    return (
        wire.OrganizationNameInformation(
            organization_name_type=scheme_value("OrganizationNameType", "Official Name"),
            organization_name=work.member.name,
        ),
    )


def _prompts() -> tuple[wire.AuthenticationPrompt, ...]:
    text = scheme_value("AuthenticationDataFormatType", "text/plain")
    return tuple(
        wire.AuthenticationPrompt(
            prompt_output=wire.PromptOutput(
                authentication_prompt_data=words, authentication_prompt_type=SchemeValue("Prompt")
            ),
            prompt_input=wire.PromptInput(
                authentication_input_type=scheme_value("AuthenticationInputType", kind),
                authentication_data_format_type=text,
                sensitive_data_flag=secret,
            ),
        )
        for words, kind, secret in _PROMPTS
    )
