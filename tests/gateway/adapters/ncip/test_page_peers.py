"""The peers of the pages, with the settings that stand there, do what the pages say."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from gateway.canonical.requests import HoldGet
from gateway.members.secrets import key_digest
from library_protocols.ncip import NCIP_1_0, SchemeValue
from library_protocols.ncip import messages as wire
from tests.gateway.adapters.ncip.responder import (
    KEY,
    Open,
    Responder,
    header,
    item_id,
    patron,
    problem_of,
    type_of,
    user_id,
)
from tests.sources import ROOT

PIN = "1234"


async def served(node: Open, page: str, name: str) -> Responder:
    """A node with that peer of a page, known by a key; what a member has to have beforehand is one of the demo's."""
    blocks = re.findall(
        r"^```toml\n(.*?)^```", (ROOT / f"docs/how-to/{page}.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    told = [tomllib.loads(block).get("members", {}).get("aber", {}).get("ncip", {}) for block in blocks]
    peer: dict[str, Any] = next(one["peers"][name] for one in told if name in one.get("peers", {}))
    peer |= {"api_key_sha256": key_digest(KEY), "networks": ["127.0.0.0/8"], "require_tls": False}
    if "item_type" in peer:
        peer["item_type"] = "BOOK"
    if "institution_patron" in peer:
        peer["institution_patron"] = patron(12)

    def change(document: dict[str, Any]) -> None:
        document["members"]["aber"]["ncip"] = {"peers": {name: peer}}

    return await node(change=change)


def named(kind: str, text: str) -> wire.AuthenticationInput:
    return wire.AuthenticationInput(
        authentication_input_data=text,
        authentication_data_format_type=SchemeValue("text"),
        authentication_input_type=SchemeValue(kind),
    )


def piece(sender: str, pickup: str, **more: Any) -> wire.AcceptItem:
    return wire.AcceptItem(
        initiation_header=header(sender=sender, **more),
        request_id=wire.RequestId(request_identifier_value="T-1"),
        requested_action_type=SchemeValue("Hold For Pickup"),
        user_id=user_id(1),
        item_id=wire.ItemId(item_identifier_value="PIECE-1"),
        pickup_location=SchemeValue(pickup),
    )


async def test_reshare_brings_lends_and_takes_back(node: Open) -> None:
    responder = await served(node, "connect-reshare", "reshare")
    said: dict[str, Any] = {"application_profile_type": SchemeValue("RESHARE")}
    top = header(sender="RESHARE-ABER", **said)
    accepted = await responder.ask(piece("RESHARE-ABER", "Main Library", **said))
    assert accepted.item_id.item_identifier_value == "PIECE-1"
    hold = await responder.desk_says(HoldGet(external_ref="ncip:reshare:T-1"), name="reshare")
    assert hold.hold.pickup_location == "ABER"
    lent = await responder.ask(
        wire.CheckOutItem(
            initiation_header=top,
            user_id=wire.UserId(user_identifier_value="SOMEBODY-ELSEWHERE"),
            item_id=item_id(41),
            request_id=wire.RequestId(request_identifier_value="T-2"),
        )
    )
    assert (lent.user_id.user_identifier_value, bool(lent.date_due)) == ("SOMEBODY-ELSEWHERE", True)
    back = await responder.ask(wire.CheckInItem(initiation_header=top, item_id=item_id(41)))
    assert not back.problem


@pytest.mark.parametrize(
    ("sender", "profile", "element"),
    [
        ("OTHER", "RESHARE", "InitiationHeader/FromAgencyId/AgencyId"),
        ("RESHARE-ABER", "OTHER", "InitiationHeader/ApplicationProfileType"),
    ],
)
async def test_reshare_hears_which_name_is_wrong(node: Open, sender: str, profile: str, element: str) -> None:
    responder = await served(node, "connect-reshare", "reshare")
    top = header(sender=sender, application_profile_type=SchemeValue(profile))
    refused = await responder.ask(wire.LookupUser(initiation_header=top, user_id=user_id(1)))
    assert type_of(refused) == "Unauthorized Combination Of Element Values For Agency"
    assert problem_of(refused).problem_element == f"LookupUser/{element}"


async def test_reshare_hears_that_there_is_no_such_pickup_location(node: Open) -> None:
    responder = await served(node, "connect-reshare", "reshare")
    said: dict[str, Any] = {"application_profile_type": SchemeValue("RESHARE")}
    refused = await responder.ask(piece("RESHARE-ABER", "main library of elsewhere", **said))
    assert type_of(refused) == "Element Rule Violated"
    assert problem_of(refused).problem_element == "AcceptItem/PickupLocation"


async def test_relais_takes_back_what_is_back_and_its_piece_is_gone(node: Open) -> None:
    responder = await served(node, "connect-relais", "relais")
    top = header(sender="Relais")
    accepted = await responder.ask(piece("Relais", "ABERMAIN"), dialect=NCIP_1_0)
    assert not accepted.problem
    for _ in range(2):
        back = await responder.ask(
            wire.CheckInItem(initiation_header=top, item_id=wire.ItemId(item_identifier_value="PIECE-1")),
            dialect=NCIP_1_0,
        )
        assert not back.problem
    gone = await responder.ask(
        wire.CheckOutItem(
            initiation_header=top, user_id=user_id(1), item_id=wire.ItemId(item_identifier_value="PIECE-1")
        ),
        dialect=NCIP_1_0,
    )
    assert type_of(gone) == "Unknown Item"


async def test_vufind_needs_the_pin_for_what_the_page_says_and_not_for_blocks(node: Open) -> None:
    responder = await served(node, "connect-vufind", "vufind")
    top = header(sender="My discovery portal")
    blocks = await responder.ask(
        wire.LookupUser(initiation_header=top, user_id=user_id(3), user_element_type=(SchemeValue("Block Or Trap"),))
    )
    assert blocks.user_optional_fields.block_or_trap
    login = (named("Username", patron(1)), named("Password", PIN))
    for proof, refused in (((), True), (login, False)):
        account = await responder.ask(
            wire.LookupUser(
                initiation_header=top,
                user_id=None if proof else user_id(1),
                authentication_input=proof,
                loaned_items_desired=True,
            )
        )
        assert bool(account.problem) is refused
        placed = await responder.ask(
            wire.RequestItem(
                initiation_header=top,
                user_id=wire.UserId(
                    user_identifier_type=SchemeValue("Institution Id Number"), user_identifier_value=patron(1)
                ),
                authentication_input=proof,
                item_id=(item_id(42),),
                request_type=SchemeValue("Hold"),
                request_scope_type=SchemeValue("Item"),
                pickup_location=SchemeValue("2"),
            )
        )
        assert bool(placed.problem) is refused
        if refused:
            assert type_of(placed) == "User Authentication Failed"


async def test_vufinds_number_of_a_title_is_ours(node: Open) -> None:
    responder = await served(node, "connect-vufind", "vufind")
    found = await responder.ask(
        wire.LookupItemSet(
            initiation_header=header(sender="My discovery portal"),
            bibliographic_id=(
                wire.BibliographicId(
                    bibliographic_item_id=wire.BibliographicItemId(
                        bibliographic_item_identifier="990000000001",
                        bibliographic_item_identifier_code=SchemeValue("Legal Deposit Number"),
                    )
                ),
            ),
            item_element_type=(SchemeValue("Circulation Status"),),
        )
    )
    (title,) = found.bib_information
    assert title.holdings_set[0].item_information


async def test_what_stands_for_alma_is_known_by_its_profile_in_any_case(node: Open) -> None:
    responder = await served(node, "connect-alma-resource-sharing", "illiad")
    top = header(to="44WHELF_ABW", sender="44WHELF_ABW", application_profile_type=SchemeValue("illiad"))
    found = await responder.ask(wire.LookupUser(initiation_header=top, user_id=user_id(1)))
    assert found.user_id.user_identifier_value == patron(1)
    assert found.response_header.from_agency_id.agency_id.value == "44WHELF_ABW"
