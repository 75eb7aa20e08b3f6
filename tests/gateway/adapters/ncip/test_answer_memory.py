"""A lookup that is asked again: the same answer while nothing changed, a new one as soon as anything did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.adapters.ncip.answer_memory import SIZE, AnswerMemory, Remembered
from gateway.canonical.entities import Patron, PatronName
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.requests import PatronGet
from gateway.members import Evidence
from library_protocols.ncip import NCIP_2_02, SchemeValue
from library_protocols.ncip import messages as wire
from library_protocols.ncip.codec import Envelope, decode, encode
from tests.gateway.adapters.ncip.responder import Open, Responder, header, item_id, type_of, user_id
from tests.gateway.adapters.ncip.test_session import authentication, peer

ELEMENTS = (SchemeValue("Circulation Status"), SchemeValue("Hold Queue Length"))
LOOKUP = wire.LookupItem(item_id=item_id(1), item_element_type=ELEMENTS)
USER = wire.LookupUser(user_id=user_id(1), user_element_type=(SchemeValue("Block Or Trap"),))


def remembered(message: Any, number: int = 0) -> tuple[bytes, Remembered]:
    outcome = PatronOutcome(patron=Patron(id="p", name=PatronName(display="Ann")))
    made = Remembered(Envelope(message, NCIP_2_02), peer(), PatronGet(patron="p"), outcome, b"answer")
    return encode(message, NCIP_2_02) + b" " * number, made


def test_nothing_that_came_with_a_secret_is_kept() -> None:
    memory = AnswerMemory()
    signed = replace(USER, authentication_input=(authentication("PIN", "1234"),))
    for message in (
        signed,
        replace(USER, initiation_header=header(from_agency_authentication="hush")),
        replace(USER, initiation_header=header(from_system_authentication="hush")),
        wire.LookupItemSet(item_id=(item_id(1),)),
        replace(USER, user_id=wire.UserId(user_identifier_value="x" * 5000)),
    ):
        document, made = remembered(message)
        memory.keep(document, made)
        assert memory.find(document) is None
    document, made = remembered(USER)
    memory.keep(document, made)
    assert memory.find(document) is made


def test_the_one_used_longest_ago_goes_first() -> None:
    memory = AnswerMemory(size=2)
    documents = []
    for number in range(2):
        document, made = remembered(USER, number)
        memory.keep(document, made)
        documents.append(document)
    assert memory.find(documents[0]) is not None
    third, made = remembered(USER, 2)
    memory.keep(third, made)
    assert [memory.find(one) is not None for one in (*documents, third)] == [True, False, True]
    assert SIZE > 2


async def test_what_changed_is_told_at_once(responder: Responder) -> None:
    first = await responder.ask(LOOKUP)
    assert await responder.ask(LOOKUP) == first
    assert not (await responder.ask(wire.CheckOutItem(user_id=user_id(1), item_id=item_id(1)))).problem
    second = await responder.ask(LOOKUP)
    assert second != first
    assert await responder.ask(LOOKUP) == second
    assert not (await responder.ask(wire.CheckInItem(item_id=item_id(1)))).problem
    assert (await responder.ask(LOOKUP)).item_optional_fields == first.item_optional_fields


async def test_the_desk_is_asked_every_time_and_once(responder: Responder) -> None:
    for _ in range(3):
        await responder.ask(USER)
        exchange = responder.recorded.exchanges[-1]
        assert [call.operation for call in exchange.calls] == ["patron.get"]
        assert getattr(exchange.request, "operation", "") == "patron.get"
        assert isinstance(exchange.answer, PatronOutcome)
    assert not (await responder.ask(wire.CheckOutItem(user_id=user_id(1), item_id=item_id(1)))).problem
    await responder.ask(USER)
    assert [call.operation for call in responder.recorded.exchanges[-1].calls] == ["patron.get"]


async def test_nobody_hears_what_another_was_answered(node: Open) -> None:
    def two(document: dict[str, Any]) -> None:
        seen = {"user_elements": ["User Id"], "networks": ["127.0.0.0/8"], "services": ["@all"], "pin_required": []}
        document["members"]["aber"]["ncip"]["peers"]["lan"] = {"agency_ids": ["BROKER"], **seen}

    responder = await node(change=two)
    asked = wire.LookupUser(user_id=user_id(1), user_element_type=(SchemeValue("Name Information"),))
    broker = await responder.ask(asked)
    assert broker.user_optional_fields.name_information is not None
    lan = await responder.ask(asked, key=None)
    assert lan.user_optional_fields is None or lan.user_optional_fields.name_information is None
    assert await responder.ask(asked) == broker
    assert type_of(await responder.ask(asked, key="gw_wrong")) == "Agency Authentication Failed"
    bangor = Evidence(peer="127.0.0.1", path_member="bangor")
    assert (await responder.ask(asked, evidence=bangor)).problem


async def test_a_new_configuration_is_heard_at_once(responder: Responder) -> None:
    asked = replace(USER, user_element_type=(SchemeValue("Name Information"),), initiation_header=header())
    document = encode(asked, NCIP_2_02)
    before: Any = decode(await responder.octets(document)).message
    assert before.user_optional_fields.name_information is not None
    config = responder.config
    aber = config.members["aber"]
    broker = aber.ncip.peers["broker"].model_copy(update={"user_elements": frozenset({"User Id"})})
    ncip = aber.ncip.model_copy(update={"peers": {"broker": broker}})
    members = {**config.members, "aber": aber.model_copy(update={"ncip": ncip})}
    responder.peers.replace(config.model_copy(update={"members": members}))
    after: Any = decode(await responder.octets(document)).message
    assert after.user_optional_fields is None or after.user_optional_fields.name_information is None
