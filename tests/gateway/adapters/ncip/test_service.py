"""One document in, one document out, whatever the document."""

from __future__ import annotations

from library_protocols.ncip import NCIP_1_0, NCIP_2_02
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import Responder, item_id, type_of


async def test_a_service_that_nobody_serves_is_answered_in_its_own_response(responder: Responder) -> None:
    for dialect in (NCIP_2_02, NCIP_1_0):
        answer = await responder.ask(wire.UpdateAgency(), dialect=dialect)
        assert isinstance(answer, wire.UpdateAgencyResponse)
        assert type_of(answer) == "Unsupported Service"


async def test_nobody_is_told_anything_without_a_credential(responder: Responder) -> None:
    answer = await responder.ask(wire.LookupItem(item_id=item_id(1)), key=None)
    assert type_of(answer) == "Agency Authentication Failed"
