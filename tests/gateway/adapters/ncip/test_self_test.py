"""What the self-test finds: each mistake once, with a sentence that says what to change."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.adapters.ncip.self_test import Level, Report, SelfTest
from gateway.members.ncip_peers import PeerIdentity
from gateway.members.secrets import hash_password
from tests.gateway.adapters.ncip.responder import Open, Responder, patron
from tests.gateway.adapters.ncip.test_service import Without

WELL = {
    "our_ids": ["ABER"],
    "require_tls": True,
    "pickup": {"Main desk": "ABER"},
    "institution_patron": patron(1),
    "user_identifiers": {"Barcode": "barcode"},
}
OUTWARD = {"url": "https://broker.example/ncip", "notify": ["ItemCheckedIn"]}


async def examined(responder: Responder, outward: Any = None, **more: Any) -> Report:
    peer = responder.peers.find("aber", "broker")
    assert peer is not None
    return await SelfTest(responder.desk, responder.service.clock.monotonic).examine(peer, outward, **more)


def levels(report: Report) -> dict[str, Level]:
    """The worst level by check."""
    order = (Level.OK, Level.WARNING, Level.WRONG)
    found: dict[str, Level] = {}
    for check in report.checks:
        found[check.name] = max(found.get(check.name, Level.OK), check.level, key=order.index)
    return found


def told(report: Report, name: str) -> str:
    return " ".join(check.told for check in report.checks if check.name == name)


async def test_a_peer_in_order_has_nothing_to_change(node: Open) -> None:
    report = await examined(await node(peer=WELL))
    assert report.level is Level.OK, report.told()
    assert {check["level"] for check in report.told()["checks"]} == {"ok"}
    assert (report.told()["member"], report.told()["peer"]) == ("aber", "broker")


@pytest.mark.parametrize(
    ("change", "name", "level", "word"),
    [
        ({"agency_ids": []}, "agency_ids", Level.WARNING, "agency_ids"),
        ({"agency_ids": ["BROKER", "aber"]}, "agency_ids", Level.WRONG, "aber"),
        ({"our_ids": ["BANGOR"]}, "our_ids", Level.WRONG, "BANGOR"),
        ({"location": "NOWHERE"}, "location", Level.WRONG, "NOWHERE"),
        ({"branches": {"LAW": "NOWHERE"}}, "branches", Level.WRONG, "LAW"),
        ({"pickup": {"Desk": "NOWHERE"}}, "pickup", Level.WRONG, "Desk"),
        ({"pickup": {}}, "pickup", Level.OK, "ABER"),
        ({"item_type": "PAPYRUS"}, "item_type", Level.WRONG, "PAPYRUS"),
        ({"institution_patron": "9999"}, "institution_patron", Level.WRONG, "no such patron"),
        ({"institution_patron": patron(4)}, "institution_patron", Level.WRONG, "expired"),
        ({"institution_patron": patron(3)}, "institution_patron", Level.WRONG, "borrow"),
        ({"institution_patron": None}, "institution_patron", Level.OK, "not known here"),
        ({"require_tls": False}, "tls", Level.WARNING, "require_tls"),
        ({"api_key_sha256": None, "networks": ["192.0.2.0/24"]}, "credential", Level.WARNING, "network"),
        ({"api_key_sha256": None, "networks": ["127.0.0.0/8"]}, "credential", Level.OK, "this machine"),
        ({"user_identifiers": {"Card": "rfid_uid"}}, "user_id", Level.WARNING, "barcode"),
        ({"delete_on_checkin": True, "services": ["CheckInItem"]}, "delete_on_checkin", Level.WRONG, "DeleteItem"),
        ({"delete_on_checkin": True, "services": ["DeleteItem"]}, "delete_on_checkin", Level.WARNING, "CheckInItem"),
        ({"notifications": "act", "services": ["LookupUser"]}, "notifications", Level.WARNING, "services"),
        ({"services": ["LookupUser"]}, "institution_patron", Level.WARNING, "no effect"),
    ],
)
async def test_each_mistake_is_told(node: Open, change: dict[str, Any], name: str, level: Level, word: str) -> None:
    report = await examined(await node(peer={**WELL, **change}))
    assert levels(report)[name] is level, report.told()
    assert word in told(report, name)


async def test_what_the_platform_cannot_do_is_listed(node: Open) -> None:
    report = await examined(await node(peer=WELL, platform=lambda reference: Without(reference, "loan.recall")))
    assert levels(report)["services"] is Level.WARNING
    assert "RecallItem" in told(report, "services")


async def test_an_encrypted_visit_and_one_in_clear(node: Open) -> None:
    responder = await node(peer={**WELL, "require_tls": False})
    assert "this very request" in told(await examined(responder, tls=False), "tls").lower()
    assert "this very request" not in told(await examined(responder, tls=True), "tls").lower()


async def test_the_peers_own_server_is_asked(node: Open) -> None:
    responder = await node(peer={**WELL, "outward": OUTWARD})
    asked: list[PeerIdentity] = []

    async def answers(peer: PeerIdentity) -> str:
        asked.append(peer)
        return "version 2.02"

    async def silent(peer: PeerIdentity) -> str:
        raise ConnectionRefusedError("10.0.0.7 of the inner network")

    well = await examined(responder, answers)
    assert (levels(well)["outward"], [peer.name for peer in asked]) == (Level.OK, ["broker"])
    assert "2.02" in told(well, "outward")
    away = await examined(responder, silent)
    assert levels(away)["outward"] is Level.WRONG
    assert "10.0.0.7" not in repr(away)
    assert "broker.example" in told(away, "outward")


async def test_a_credential_does_not_go_out_in_clear(node: Open) -> None:
    clear = {**OUTWARD, "url": "http://broker.example/ncip", "secret": "hush", "notify": []}
    report = await examined(await node(peer={**WELL, "outward": clear}))
    assert levels(report)["outward"] is Level.WARNING
    assert "https" in told(report, "outward")
    assert "hush" not in repr(report)
    here = await examined(await node(peer={**WELL, "outward": {**clear, "url": "http://127.0.0.1:8080/"}}))
    assert levels(here)["outward"] is Level.OK


async def test_nobodys_data_are_in_it(node: Open) -> None:
    responder = await node(peer={**WELL, "secret_hash": hash_password("hush"), "institution_patron": patron(8)})
    report = await examined(responder)
    assert patron(8) not in repr(report)
    assert "ŵ" not in repr(report)
    assert "argon2" not in repr(report)
