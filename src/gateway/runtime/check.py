"""`gateway check`: tries what a configuration names (ports, certificates, stores, profiles, members' own servers,
campus directories) without serving anything."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from gateway.canonical.context import Context
from gateway.canonical.refusals import PlatformFailure, Refusal
from gateway.canonical.requests import ConfigList
from gateway.canonical.vocabulary import Permission
from gateway.catalogue.store import migrate as catalogue_schema
from gateway.catalogue.store import open_reader
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.clock import SystemClock
from gateway.config import Config, ListenerConfig, MemberConfig, refuse_demo
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.runtime import tls
from gateway.runtime.check_identity import (
    check_categories,
    check_directories,
    check_feeds,
    check_passwords,
    check_register,
)
from gateway.runtime.check_sources import check_sources
from gateway.runtime.compose import problems
from gateway.runtime.data_directory import PROGRAM_FILE, serving_process
from gateway.runtime.listeners import PortInUse, bind
from gateway.runtime.program import program
from gateway.runtime.results import Result
from gateway.store import migrate, open_store
from gateway.store.effects import StoreUnavailable

DAYS_TO_RENEW = 30  # a certificate that ends sooner is worth a word


async def check(config: Config) -> list[Result]:
    """Tries everything; nothing is left open. A data directory and an SQLite store are made where there are none."""
    counted = f"{_count(len(config.members), 'member')}, {_count(_terminals(config), 'terminal')}"
    results = [Result("configuration", "ok", counted)]
    results += [Result(p.key, "problem", p.message, p.hint) for p in [*problems(config), *refuse_demo(config)]]
    results += _directory(config)
    results += _certificates(config)
    serving = serving_process(config.data_dir)
    results += _program(config.data_dir, serving)
    for name, listener in config.listeners.items():
        results += _listener(name, listener, serving)
    results += [*check_passwords(config), *check_feeds(config)]
    tries = (
        _store(config),
        check_register(config),
        _catalogue(config),
        check_sources(config),
        check_directories(config),
    )
    for tried in tries:
        results += [result async for result in tried]
    return results


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _terminals(config: Config) -> int:
    return sum(len(member.terminals) for member in config.members.values())


def _directory(config: Config) -> Iterator[Result]:
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        trial = config.data_dir / ".check"
        trial.touch()
        trial.unlink()
    except OSError as error:
        yield Result("data_dir", "problem", f"{config.data_dir}: {error.strerror}", "make it writable for the gateway")
    else:
        yield Result("data_dir", "ok", str(config.data_dir))


def _certificates(config: Config) -> Iterator[Result]:
    pairs = {"tls": (config.tls.certificate, config.tls.key)}
    pairs |= {f"tls.names.{name}": (files.certificate, files.key) for name, files in config.tls.names.items()}
    for what, (certificate, key) in pairs.items():
        if certificate is None or key is None:
            continue
        try:
            tls.server_context(certificate, key, client_ca=config.tls.client_ca)
            left = tls.days_left(certificate)
        except (OSError, ssl.SSLError, ValueError) as error:
            yield Result(what, "problem", f"{certificate}: {error}", "a PEM certificate chain and its private key")
            continue
        if left < 0:
            yield Result(what, "problem", f"expired {-left:.0f} days ago", "renew it")
        elif left < DAYS_TO_RENEW:
            yield Result(what, "warning", f"expires in {left:.0f} days", "renew it")
        else:
            yield Result(what, "ok", f"valid for {left:.0f} days")


def _program(data_dir: Path, serving: int | None) -> Iterator[Result]:
    """Whether a gateway that serves is the one that is installed."""
    try:
        runs = (data_dir / PROGRAM_FILE).read_text(encoding="ascii")
    except (OSError, ValueError):
        runs = ""
    if serving is not None and runs != program():
        found = f"process {serving} runs {runs or 'another one'}, and {program()} is installed"
        yield Result("program", "warning", found, "restart it: what keeps its catalogue cannot be started again")


def _listener(name: str, listener: ListenerConfig, serving: int | None) -> Iterator[Result]:
    what = f"listeners.{name}"
    try:
        bind(listener.host, listener.port).close()
    except PortInUse as error:
        if serving is not None:
            yield Result(what, "warning", f"{error}", f"process {serving} serves from this data directory")
            return
        yield Result(what, "problem", str(error), "another program has the port")
        return
    clear = not listener.tls and not ipaddress.ip_address(listener.host).is_loopback
    if clear:
        hint = "use TLS, or a network that only kiosks are in"
        yield Result(what, "warning", f"{listener.host}:{listener.port} speaks in clear beyond this machine", hint)
    else:
        yield Result(what, "ok", f"{listener.host}:{listener.port}")


async def _store(config: Config) -> AsyncIterator[Result]:
    try:
        if config.store_url.startswith("sqlite:"):
            await migrate.upgrade(config.store_url)
        else:
            await migrate.check(config.store_url)
        store = await open_store(config.store_url)
    except (StoreUnavailable, migrate.WrongRevision, OSError) as error:
        yield Result("store", "problem", str(error), "`gateway platform migrate` brings a schema up to date")
        return
    yield Result("store", "ok", f"answers, schema {migrate.head()}")
    pepper = config.pepper.get_secret_value().encode()
    platform = ReferencePlatform(store, SystemClock(), pepper=pepper)
    try:
        for code, member in config.members.items():
            for result in await _member(platform, code, member):
                yield result
    finally:
        await platform.close()
        await store.close()


async def _catalogue(config: Config) -> AsyncIterator[Result]:
    if not config.catalogue.enabled:
        return
    try:
        if config.catalogue_url.startswith("sqlite:"):
            await catalogue_schema.upgrade(config.catalogue_url)
        catalogue = await open_reader(config.catalogue_url)
        found = await catalogue.stats()
        await catalogue.close()
    except (CatalogueUnavailable, OSError) as error:
        yield Result("catalogue", "problem", str(error), "`gateway platform migrate` brings a schema up to date")
    else:
        yield Result("catalogue", "ok", f"{_count(found.records, 'record')}, schema {catalogue_schema.head()}")
        if found.records and "repository_identifier" not in config.catalogue.model_fields_set:
            name = config.catalogue.repository_identifier
            made = f"OAI identifiers are made with {name!r}, which must not change once somebody has harvested"
            yield Result("catalogue", "warning", made, "set `catalogue.repository_identifier` to a domain of yours")


async def _member(platform: ReferencePlatform, code: str, member: MemberConfig) -> list[Result]:
    what = f"members.{code}"
    ctx = Context(code, "check", member.main_location, frozenset({Permission.CONFIG_READ}))
    try:
        locations = await _codes(platform, ctx, "locations")
        categories = await _codes(platform, ctx, "categories")
    except PlatformFailure as failure:
        return [Result(what, "problem", str(failure))]
    hint = f"`gateway import rules {code} FILE.toml` loads the member's locations and rules"
    found = Result(what, "ok", _count(len(locations), "location"))
    if member.main_location not in locations:
        found = Result(what, "warning", f"the platform does not know the location {member.main_location!r}", hint)
    return [found, *check_categories(code, member.identity.feeds, categories, hint)]


async def _codes(platform: ReferencePlatform, ctx: Context, what: str) -> set[str]:
    answer = await platform.config_list(ctx, ConfigList(what=what))
    return set() if isinstance(answer, Refusal) else {str(row.get("code")) for row in answer.rows}
