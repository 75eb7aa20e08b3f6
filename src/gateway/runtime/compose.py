"""The composition root: the one place that knows every part. Builds a gateway; nothing listens yet."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from gateway.adapters.sip2.profile import load_profile
from gateway.adapters.sip2.service import Sip2Service, Sip2Settings
from gateway.api.app import create_app
from gateway.catalogue import set_rules, visibility
from gateway.catalogue.remote import problem_of_address
from gateway.clock import Clock, SystemClock
from gateway.config import Config, ConfigError, ExchangeLevel, MemberPolicy, Problem
from gateway.desk import Desk
from gateway.doors.http import Front
from gateway.exchanges.file import FILE_NAME as EXCHANGES_FILE
from gateway.exchanges.file import ExchangeFile
from gateway.exchanges.record import RecordMaker
from gateway.exchanges.recorder import ExchangeRecorder, Metrics
from gateway.identity.authentication import Authentication
from gateway.identity.directories import open_directory
from gateway.identity.register import migrate as register_schema
from gateway.identity.register import open_register
from gateway.identity.register.port import Register
from gateway.journal import Journal
from gateway.journal.journal import FILE_NAME as JOURNAL_FILE
from gateway.members import Members
from gateway.members.readers import Readers
from gateway.platforms.port import Platform
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.runtime import beside
from gateway.runtime.catalogue_doors import CatalogueDoors, catalogue_doors
from gateway.runtime.child import Child
from gateway.runtime.identity_doors import IdentityDoors, identity_doors
from gateway.runtime.ncip_doors import NcipDoors, ncip_doors, ncip_problems
from gateway.runtime.platform import platform_settings, reference_platform
from gateway.store import migrate, open_store
from gateway.store.attempts import StoreAttempts
from gateway.store.port import Store
from library_protocols import sip2
from library_protocols.ldap import mask as mask_ldap
from library_protocols.ncip import mask as mask_ncip
from library_protocols.z3950 import mask as mask_z3950

log = structlog.get_logger(__name__)


@dataclass
class Composition:
    """A gateway put together, not yet listening. Close it with `close`."""

    config: Config
    clock: Clock
    store: Store
    platform: ReferencePlatform
    members: Members
    readers: Readers
    desk: Desk
    register: Register
    authentication: Authentication
    people: IdentityDoors
    ncip: NcipDoors
    doors: CatalogueDoors | None
    children: dict[str, Child]
    journal: Journal
    recorder: ExchangeRecorder
    sip2: Sip2Service
    app: FastAPI
    executor: ThreadPoolExecutor

    @property
    def http(self) -> Front:
        """What an HTTP listener serves."""
        routes = [*(self.doors.routes() if self.doors else ()), *self.people.routes(), *self.ncip.routes()]
        return Front(routes, self.app)

    def replace(self, config: Config) -> None:
        """Takes a new configuration while running: members, terminals, policies, limits.

        The configuration must be one that `problems` finds nothing wrong with."""
        self.platform.replace_settings(platform_settings(config))
        self.members.replace(config)
        self.readers.replace(config)
        self.authentication.replace(config)
        self.desk.replace(_platforms(config, self.platform), _policies(config), self.authentication.verifiers)
        self.sip2.replace(_sip2_settings(config))
        self.people.replace(config)
        self.ncip.replace(config)
        if self.doors is not None:
            self.doors.replace(config)
        self.config = config

    async def drain(self) -> None:
        """Lets every link finish what it is doing and closes it."""
        doors = [self.sip2.drain(), self.people.ldap.drain(), self.ncip.tcp.drain()]
        await asyncio.gather(*doors, *([self.doors.z3950.drain()] if self.doors else []))

    async def close(self) -> None:
        """Finishes what is running and closes every file."""
        await self.desk.drain()
        self.recorder.close()
        if self.doors is not None:
            await self.doors.catalogue.close()
        await self.authentication.close()
        await self.register.close()
        await self.platform.close()
        await self.store.close()
        self.journal.close()
        self.executor.shutdown(wait=False)


async def compose(config: Config, *, clock: Clock | None = None) -> Composition:
    """Builds a gateway. Raises StoreUnavailable, CatalogueUnavailable, RegisterUnavailable, migrate.WrongRevision,
    OSError, sqlite3.Error.

    An SQLite store is brought to the current schema here; a PostgreSQL one must be brought there by its owner first,
    because the gateway's own role may not change tables.
    """
    clock = clock or SystemClock()
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if config.store_url.startswith("sqlite:"):
        await migrate.upgrade(config.store_url)
    else:
        await migrate.check(config.store_url)
    store = await open_store(config.store_url, max_connections=config.store.max_connections)
    register = await _register(config)
    executor = ThreadPoolExecutor(2, thread_name_prefix="secrets")  # argon2 releases the interpreter's lock
    platform = reference_platform(config, store, clock, executor)
    journal = Journal(config.data_dir / JOURNAL_FILE, clock=clock, max_entries=config.journal.max_entries)
    members = Members(config, clock=clock, executor=executor)
    readers = Readers(config, clock=clock, executor=executor)
    attempts = StoreAttempts(store)
    authentication = Authentication(
        config, register=register, attempts=attempts, clock=clock, open_directory=partial(open_directory, clock=clock)
    )
    desk = Desk(
        _platforms(config, platform),
        clock=clock,
        attempts=attempts,
        journal=journal,
        policies=_policies(config),
        verifiers=authentication.verifiers,
    )
    registry = CollectorRegistry()
    recorder = _recorder(config, registry)
    sip2_service = Sip2Service(desk, members, recorder=recorder, clock=clock, settings=_sip2_settings(config))
    people = identity_doors(config, register, members, desk, clock=clock, executor=executor, recorder=recorder)
    ncip = ncip_doors(
        config, store, members, desk, clock=clock, executor=executor, recorder=recorder, registry=registry
    )
    doors = await catalogue_doors(config, readers, desk, clock, recorder) if config.catalogue.enabled else None
    children = beside.children(config)
    app = create_app(
        desk,
        members,
        clock=clock,
        recorder=recorder,
        cursor_secret=config.derive_key("cursors"),
        body_limit=config.limits.body_bytes,
        registry=registry,
        doors=[*(doors.routes() if doors else ()), *people.routes(), *ncip.routes()],
        beside=lambda: {role: child.state for role, child in children.items()},
    )
    return Composition(
        config=config,
        clock=clock,
        store=store,
        platform=platform,
        members=members,
        readers=readers,
        desk=desk,
        register=register,
        authentication=authentication,
        people=people,
        ncip=ncip,
        doors=doors,
        children=children,
        journal=journal,
        recorder=recorder,
        sip2=sip2_service,
        app=app,
        executor=executor,
    )


async def _register(config: Config) -> Register:
    if config.register_url.startswith("sqlite:"):
        await register_schema.upgrade(config.register_url)
    return await open_register(config.register_url)


def problems(config: Config) -> list[Problem]:
    """What single parts find wrong with a configuration that is well formed: SIP2 profiles, queries of sets,
    conditions of what members keep to themselves, addresses of their servers, authorities of their directories."""
    found: list[Problem] = list(ncip_problems(config))
    for code, member in config.members.items():
        for login, terminal in member.terminals.items():
            try:
                load_profile(terminal.profile, terminal.overrides)
            except ValueError as error:
                found.append(Problem("", f"members.{code}.terminals.{login}.profile", str(error)))
        source = member.catalogue.source
        if source is not None and (wrong := problem_of_address(source)):
            found.append(Problem("", f"members.{code}.catalogue.source.url", wrong))
        for name, directory in member.identity.directories.items():
            try:
                ssl.create_default_context(cafile=directory.ca)
            except OSError as error:
                said = error.strerror or "no certificate can be read from it"
                key = f"members.{code}.identity.directories.{name}.ca"
                found.append(Problem("", key, f"{directory.ca}: {said}", "a PEM file of certificates"))
    for read in (set_rules.configured, visibility.configured):
        try:
            read(config)
        except ConfigError as error:
            found += error.problems
    return found


def _policies(config: Config) -> Mapping[str, MemberPolicy]:
    return {code: member.policies for code, member in config.members.items()}


def _platforms(config: Config, platform: Platform) -> dict[str, Platform]:
    return dict.fromkeys(config.members, platform)


def _open(octets: bytes) -> bytes:
    """What anybody may ask and see, names and passwords left out by the door, needs no mask."""
    return octets


def _recorder(config: Config, registry: CollectorRegistry) -> ExchangeRecorder:
    level = config.exchanges.level
    file = None if level is ExchangeLevel.NONE else ExchangeFile(config.data_dir / EXCHANGES_FILE)
    maker = RecordMaker(
        {
            "sip2": partial(sip2.mask, personal=True),
            "z3950": mask_z3950,
            "ldap": partial(mask_ldap, personal=True),
            "ncip": partial(mask_ncip, personal=True),
            "oai": _open,
            "scim": _open,
            "sru": _open,
        },
        config.derive_key("patron tags"),
        bodies=level is ExchangeLevel.FULL,
    )
    return ExchangeRecorder(file, maker, Metrics(registry))


def _sip2_settings(config: Config) -> Sip2Settings:
    return Sip2Settings(config.limits)
