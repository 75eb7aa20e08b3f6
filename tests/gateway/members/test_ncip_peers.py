"""Who speaks NCIP: the credential first, then where a message arrives, names inside the message last."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.canonical.vocabulary import Permission
from gateway.config import Config
from gateway.crosswalks.ncip import permissions_of
from gateway.members import Evidence
from gateway.members.ncip_peers import (
    AUTHENTICATION,
    COMBINATION,
    MISSING,
    NOT_NOW,
    UNKNOWN_AGENCY,
    UNKNOWN_SYSTEM,
    Claim,
    NcipPeers,
    PeerIdentity,
    PeerRefused,
)
from gateway.members.secrets import hash_password, key_digest
from tests.gateway.desk.fakes import HandClock

HASHES = {name: hash_password(f"secret of {name}") for name in ("reshare", "relais")}
RESHARE = SecretStr("secret of reshare")
KEY = SecretStr("gw_key-of-alma")
HOME = Evidence(peer="127.0.0.1")
ABROAD = Evidence(peer="192.0.2.7")
NETWORK = {"networks": ["127.0.0.0/8"]}
SHARED = {"agency_ids": ["RESHARE"], "secret_hash": HASHES["reshare"], "services": ["@all"]}


def config(aber: dict[str, Any] | None = None, bangor: dict[str, Any] | None = None) -> Config:
    """Two members with the peers given."""
    return Config.model_validate(
        {
            "pepper": "a pepper for these tests",
            "limits": {"login_failures": 2},
            "members": {
                "aber": {
                    "name": "Aberystwyth",
                    "main_location": "ABER",
                    "institution_ids": ["ABER", "UK-AbW"],
                    "tls_names": ["aber.example.org"],
                    "ncip": {"peers": aber or {}},
                },
                "bangor": {
                    "name": "Bangor",
                    "main_location": "BANGOR",
                    "institution_ids": ["BANGOR"],
                    "ncip": {"peers": bangor or {}},
                },
            },
        }
    )


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


class Try:
    """Resolves; `who` is (member, peer), or the problem."""

    def __init__(self, clock: HandClock, executor: ThreadPoolExecutor) -> None:
        self._with = {"clock": clock, "executor": executor}

    def peers(self, aber: dict[str, Any] | None = None, bangor: dict[str, Any] | None = None) -> NcipPeers:
        return NcipPeers(config(aber, bangor), **self._with)


@pytest.fixture
def make(clock: HandClock, executor: ThreadPoolExecutor) -> Try:
    return Try(clock, executor)


async def who(peers: NcipPeers, evidence: Evidence = HOME, **claim: Any) -> Any:
    found = await peers.resolve(evidence, Claim(**claim))
    return (found.member.code, found.name) if isinstance(found, PeerIdentity) else found.problem


async def test_a_shared_secret_names_its_peer_and_takes_the_right_agency(make: Try) -> None:
    peers = make.peers({"reshare": SHARED, "relais": {"agency_ids": ["RELAIS"], "secret_hash": HASHES["relais"]}})
    assert await who(peers, from_agency="reshare", secret=RESHARE, to_agency="aber") == ("aber", "reshare")
    assert await who(peers, from_agency="RESHARE", secret=SecretStr("secret of relais")) == AUTHENTICATION
    assert await who(peers, from_agency="RELAIS", secret=RESHARE) == AUTHENTICATION
    assert await who(peers, from_agency="RESHARE") == AUTHENTICATION
    assert await who(peers, secret=RESHARE) == AUTHENTICATION


async def test_unknown_and_known_agencies_cannot_be_told_apart_without_a_secret(make: Try) -> None:
    peers = make.peers({"reshare": SHARED})
    guess = SecretStr("a guess")
    known = await peers.resolve(HOME, Claim(from_agency="RESHARE", secret=guess, to_agency="BANGOR"))
    unknown = await peers.resolve(HOME, Claim(from_agency="NOBODY", secret=guess, to_agency="MARS"))
    assert isinstance(known, PeerRefused)
    assert isinstance(unknown, PeerRefused)
    assert (known.problem, known.element, known.member) == (unknown.problem, unknown.element, unknown.member)
    assert (await who(peers, to_agency="ABER"), await who(peers, to_agency="MARS")) == (AUTHENTICATION,) * 2


async def test_a_broker_with_one_secret_at_two_members_is_at_the_one_that_is_named(make: Try) -> None:
    peers = make.peers({"reshare": SHARED}, {"reshare": SHARED})
    said = {"from_agency": "RESHARE", "secret": RESHARE}
    assert await who(peers, **said, to_agency="BANGOR") == ("bangor", "reshare")
    assert await who(peers, **said, to_agency="UK-ABW") == ("aber", "reshare")
    assert await who(peers, Evidence(peer="127.0.0.1", path_member="bangor"), **said) == ("bangor", "reshare")
    assert await who(peers, Evidence(peer="127.0.0.1", listener_member="aber"), **said) == ("aber", "reshare")
    named = Evidence(peer="127.0.0.1", tls=True, tls_name="ABER.example.org")
    assert await who(peers, named, **said) == ("aber", "reshare")
    assert await who(peers, **said) == MISSING
    assert await who(peers, **said, to_agency="MARS") == UNKNOWN_AGENCY


async def test_what_is_weaker_may_only_agree(make: Try) -> None:
    peers = make.peers({"reshare": SHARED}, {"relais": {"agency_ids": ["RELAIS"], "secret_hash": HASHES["relais"]}})
    said = {"from_agency": "RESHARE", "secret": RESHARE}
    for evidence in (
        Evidence(peer="127.0.0.1", path_member="bangor"),
        Evidence(peer="127.0.0.1", listener_member="bangor"),
        Evidence(peer="127.0.0.1", path_member="bangor", tls_name="aber.example.org", tls=True),
    ):
        assert await who(peers, evidence, **said) == COMBINATION
    assert await who(peers, **said, to_agency="BANGOR") == COMBINATION
    assert await who(peers, **said, to_agency="MARS") == COMBINATION
    assert await who(peers, Evidence(peer="127.0.0.1", path_member="aber"), **said, to_agency="BANGOR") == COMBINATION


async def test_an_api_key_comes_by_any_way_and_a_wrong_one_spoils_all(make: Try) -> None:
    alma = {"agency_ids": ["ALMA"], "api_key_sha256": key_digest(KEY.get_secret_value())}
    peers = make.peers({"alma": alma, "lan": {"agency_ids": ["LAN"], **NETWORK}})
    assert await who(peers, keys=(KEY,)) == ("aber", "alma")
    assert await who(peers, keys=(KEY, KEY), from_agency="ALMA") == ("aber", "alma")
    assert await who(peers, keys=(KEY,), from_agency="OTHER") == COMBINATION
    assert await who(peers, keys=(SecretStr("gw_another"),), from_agency="LAN") == AUTHENTICATION
    assert await who(peers, keys=(KEY, SecretStr("gw_another"))) == AUTHENTICATION
    assert await who(peers, from_agency="LAN") == ("aber", "lan")
    assert await who(peers, from_agency="ALMA") == COMBINATION  # from that network it is LAN or nobody


async def test_a_client_certificate_and_every_other_credential_must_be_there(make: Try) -> None:
    both = {"client_certificate": "CN=alma", "api_key_sha256": key_digest(KEY.get_secret_value())}
    peers = make.peers({"alma": both, "relais": {"client_certificate": "CN=relais"}})
    certified = Evidence(peer="127.0.0.1", tls=True, client_certificate="CN=alma")
    assert await who(peers, certified, keys=(KEY,)) == ("aber", "alma")
    assert await who(peers, certified) == AUTHENTICATION
    assert await who(peers, keys=(KEY,)) == AUTHENTICATION
    relais = Evidence(peer="127.0.0.1", tls=True, client_certificate="CN=relais")
    assert await who(peers, relais) == ("aber", "relais")
    assert await who(peers, relais, keys=(KEY,)) == AUTHENTICATION  # a certificate and a key of two different peers
    assert await who(peers, Evidence(peer="127.0.0.1", tls=True, client_certificate="CN=mallory")) == AUTHENTICATION


async def test_a_peer_known_by_its_network_alone_is_picked_by_its_agency(make: Try) -> None:
    peers = make.peers({"one": {"agency_ids": ["ONE"], **NETWORK}, "two": {"agency_ids": ["TWO"], **NETWORK}})
    assert await who(peers, from_agency="TWO") == ("aber", "two")
    assert await who(peers, from_agency="HUB", on_behalf_of="ONE") == UNKNOWN_AGENCY
    assert await who(peers) == MISSING
    assert await who(peers, from_agency="THREE") == UNKNOWN_AGENCY
    assert await who(peers, ABROAD, from_agency="TWO") == AUTHENTICATION
    assert await who(peers, Evidence(), from_agency="TWO") == AUTHENTICATION


async def test_whom_a_hub_acts_for_picks_among_its_peers(make: Try) -> None:
    one, two = ({"agency_ids": ["HUB", name], **NETWORK} for name in ("ONE", "TWO"))
    peers = make.peers({"one": one, "two": two})
    assert await who(peers, from_agency="HUB", on_behalf_of="TWO") == ("aber", "two")
    assert await who(peers, from_agency="HUB") == UNKNOWN_AGENCY


async def test_an_application_profile_picks_and_a_foreign_one_is_refused(make: Try) -> None:
    peers = make.peers(
        {
            "ill": {"profiles": ["ILL"], "agency_ids": ["X"], **NETWORK},
            "any": {"agency_ids": ["X"], "system_ids": ["SYS"], **NETWORK},
        }
    )
    assert await who(peers, from_agency="X", profile="ill") == ("aber", "ill")
    assert await who(peers, from_agency="X", profile="other") == ("aber", "any")
    alone = make.peers({"ill": {"profiles": ["ILL"], "system_ids": ["SYS"], **NETWORK}})
    assert await who(alone, profile="other") == COMBINATION
    assert await who(alone, from_system="else") == UNKNOWN_SYSTEM
    assert await who(alone, from_system="sys", profile="ILL") == ("aber", "ill")


async def test_networks_and_tls_bound_what_a_secret_opens(make: Try) -> None:
    peers = make.peers({"reshare": {**SHARED, "networks": ["198.51.100.0/24"], "require_tls": True}})
    said = {"from_agency": "RESHARE", "secret": RESHARE}
    assert await who(peers, ABROAD, **said) == AUTHENTICATION
    assert await who(peers, Evidence(peer="198.51.100.9"), **said) == AUTHENTICATION
    assert await who(peers, Evidence(peer="198.51.100.9", tls=True), **said) == ("aber", "reshare")


async def test_guesses_are_slowed_down_and_the_right_secret_is_remembered(make: Try, clock: HandClock) -> None:
    peers = make.peers({"reshare": SHARED})
    wrong = Claim(from_agency="RESHARE", secret=SecretStr("a guess"))
    for _ in range(2):
        await peers.resolve(HOME, wrong)
    refused = await peers.resolve(HOME, Claim(from_agency="RESHARE", secret=RESHARE))
    assert isinstance(refused, PeerRefused)
    assert (refused.problem, refused.reason) == (NOT_NOW, "throttled")
    assert refused.retry_after > 0
    assert await who(peers, ABROAD, from_agency="RESHARE", secret=RESHARE) == ("aber", "reshare")
    clock.elapsed += refused.retry_after + 1
    assert await who(peers, from_agency="RESHARE", secret=RESHARE) == ("aber", "reshare")


async def test_guesses_of_unknown_agencies_are_slowed_down_too(make: Try) -> None:
    peers = make.peers({"reshare": SHARED})
    claims = [Claim(from_agency=f"A{number}", secret=SecretStr("a guess")) for number in range(4)]
    problems = [await peers.resolve(HOME, claim) for claim in claims]
    assert [one.problem for one in problems if isinstance(one, PeerRefused)][-1] == NOT_NOW


async def test_a_new_configuration_counts_at_once(make: Try) -> None:
    peers = make.peers({"reshare": SHARED})
    said = {"from_agency": "RESHARE", "secret": RESHARE}
    assert await who(peers, **said) == ("aber", "reshare")
    peers.replace(config({"relais": {"agency_ids": ["RESHARE"], "secret_hash": HASHES["relais"]}}))
    assert await who(peers, **said) == AUTHENTICATION
    peers.replace(config(None, {"reshare": SHARED}))
    assert await who(peers, **said) == ("bangor", "reshare")


async def test_what_a_peer_may_do_where_and_under_which_name(make: Try) -> None:
    peers = make.peers(
        {
            "reshare": {
                **SHARED,
                "services": ["LookupItem", "CheckInItem"],
                "location": "HUGH",
                "branches": {"ABER-LAW": "LAW"},
                "our_ids": ["ABER-ILL"],
                "pin_required": ["loan.create"],
            }
        }
    )
    said = Claim(from_agency="RESHARE", secret=RESHARE, to_agency="ABER-ILL")
    peer = await peers.resolve(HOME, said)
    assert isinstance(peer, PeerIdentity)
    assert (peer.services, peer.agency, peer.location) == ({"LookupItem", "CheckInItem"}, "ABER-ILL", "HUGH")
    ctx = peer.context(deadline=5.0, exchange="x")
    assert (ctx.member, ctx.terminal, ctx.protocol) == ("aber", "ncip:reshare", "ncip")
    assert (ctx.location, ctx.pin_required, ctx.deadline) == ("HUGH", {"loan.create"}, 5.0)
    assert ctx.permissions == permissions_of({"LookupItem", "CheckInItem"})
    assert (ctx.may(Permission.CHECKIN), ctx.may(Permission.PAY)) == (True, False)
    branch = await peers.resolve(HOME, Claim(from_agency="RESHARE", secret=RESHARE, to_agency="aber-law"))
    assert isinstance(branch, PeerIdentity)
    assert branch.context().location == "LAW"
    assert (peer.external_ref("R/1"), peer.own_ref("ncip:reshare:R/1")) == ("ncip:reshare:R/1", "R/1")
    assert (peer.own_ref("ncip:reshare2:R/1"), peer.own_ref(None)) == (None, None)
    assert (peer.owner_of("bangor"), peer.owner_of("mars")) == ("bangor", None)


async def test_staff_find_peers_by_name(make: Try) -> None:
    peers = make.peers({"reshare": SHARED}, {"relais": {"client_certificate": "CN=relais"}})
    assert [peer.name for peer in peers.of_member("aber")] == ["reshare"]
    assert peers.find("bangor", "relais") is not None
    assert peers.find("bangor", "reshare") is None
    assert (peers.exists("bangor"), peers.exists("mars")) == (True, False)


async def test_many_at_once_are_all_resolved(make: Try) -> None:
    peers = make.peers({"reshare": SHARED}, {"reshare": SHARED})
    said = {"from_agency": "RESHARE", "secret": RESHARE}
    found = await asyncio.gather(*(who(peers, **said, to_agency=("ABER", "BANGOR")[n % 2]) for n in range(20)))
    assert found == [(("aber", "bangor")[n % 2], "reshare") for n in range(20)]
