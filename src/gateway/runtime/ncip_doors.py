"""NCIP put together: the responder over HTTP and TCP, what its peers are told by themselves, and their self-test."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from starlette.routing import Route

from gateway.adapters.ncip.self_test import SelfTest
from gateway.adapters.ncip.server import NcipHttpDoor
from gateway.adapters.ncip.service import NcipService
from gateway.adapters.ncip.settings import NcipSettings
from gateway.adapters.ncip.tcp import NcipDoor
from gateway.brokers.peer import client_of
from gateway.brokers.work import BrokerWork
from gateway.clients.ncip_profiles import PROFILES
from gateway.clients.ncip_transport import place
from gateway.clock import Clock
from gateway.config import Config, Problem
from gateway.desk import Desk
from gateway.exchanges.model import Recorder
from gateway.members import Members
from gateway.members.ncip_peers import NcipPeers, PeerIdentity
from gateway.store.port import Store
from library_protocols.ncip.messages import LookupVersion, LookupVersionResponse


@dataclass
class NcipDoors:
    """What peers ask, and what tells them."""

    peers: NcipPeers
    service: NcipService
    http: NcipHttpDoor
    tcp: NcipDoor
    brokers: BrokerWork

    def routes(self) -> list[Route]:
        """What an HTTP application mounts at its root."""
        return self.http.routes()

    def replace(self, config: Config) -> None:
        """Takes a new configuration while running."""
        self.peers.replace(config)
        self.service.replace(_settings(config))
        self.brokers.replace(config)


def ncip_doors(
    config: Config,
    store: Store,
    members: Members,
    desk: Desk,
    *,
    clock: Clock,
    executor: Executor,
    recorder: Recorder,
    registry: CollectorRegistry,
) -> NcipDoors:
    """The doors, and the work behind them, which `Server` starts."""
    peers = NcipPeers(config, clock=clock, executor=executor)
    service = NcipService(desk, peers, _settings(config), clock=clock, recorder=recorder)
    self_test = SelfTest(desk, clock.monotonic)
    return NcipDoors(
        peers,
        service,
        NcipHttpDoor(service, peers, members, self_test, _ask_outward),
        NcipDoor(service, clock, peers.exists),
        BrokerWork(config, store, desk.perform, clock=clock, registry=registry),
    )


def ncip_problems(config: Config) -> Iterator[Problem]:
    """What is wrong with peers that the configuration alone cannot see."""
    for code, member in config.members.items():
        for name, peer in member.ncip.peers.items():
            if peer.outward is None:
                continue
            at = f"members.{code}.ncip.peers.{name}.outward"
            if peer.outward.profile not in PROFILES:
                said = f"there is no profile {peer.outward.profile!r}"
                yield Problem("", f"{at}.profile", said, f"one of {', '.join(sorted(PROFILES))}")
            try:
                place(peer.outward.url)
            except ValueError as error:
                yield Problem("", f"{at}.url", str(error))


async def _ask_outward(peer: PeerIdentity) -> str:
    """Which versions a peer's own server speaks. Raises what the client raises."""
    async with client_of(peer.member, peer.profile) as client:
        answer = await client.ask(LookupVersion(), LookupVersionResponse)
    assert isinstance(answer, LookupVersionResponse)
    return ", ".join(answer.version_supported) or "no version that it names"


def _settings(config: Config) -> NcipSettings:
    ncip = config.ncip
    return NcipSettings(
        secret=config.derive_key("ncip"),
        message_bytes=ncip.message_bytes,
        connections=ncip.connections,
        idle_seconds=ncip.idle_seconds,
        message_seconds=ncip.message_seconds,
        answer_seconds=ncip.answer_seconds,
        page=ncip.page,
    )
