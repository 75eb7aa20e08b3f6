"""`gateway check` of identity: the person register, feeds, and the campus directories that the configuration names.

All directories are asked at once, each at all of its servers. One that is away is a warning: it may be back before the
gateway starts; so is one of several servers. One that lets the service account in nowhere, or whose certificates are
not to be trusted, is a problem.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Container, Iterable, Iterator

from gateway.clock import SystemClock
from gateway.config import Config
from gateway.config.agreement import is_loopback
from gateway.config.identity import DirectoryConfig, FeedConfig, FieldConfig
from gateway.identity.directories import open_directory
from gateway.identity.feeds import open_feed
from gateway.identity.feeds.port import FeedError
from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import Everyone, RegisterUnavailable
from gateway.runtime.results import Result

HINTS = {
    "connect": "its servers and the firewall between?",
    "tls": "its `ca` and `server_name`?",
    "service bind": "its `bind_dn` and `bind_password`?",
    "base": "its `base`, and may `bind_dn` read it?",
}
"""By the step that failed."""


async def check_register(config: Config) -> AsyncIterator[Result]:
    """The register's database; one in a file is brought to the current schema."""
    try:
        if config.register_url.startswith("sqlite:"):
            await migrate.upgrade(config.register_url)
        register = await open_register(config.register_url)
        try:
            people = [await register.count(member, Everyone()) for member in config.members]
        finally:
            await register.close()
    except (RegisterUnavailable, OSError) as error:
        yield Result("register", "problem", str(error), "`gateway platform migrate` brings a schema up to date")
    else:
        yield Result("register", "ok", f"{sum(people):,} people, schema {migrate.head()}")


async def check_directories(config: Config) -> AsyncIterator[Result]:
    """One result for each directory, in the order of the configuration."""
    asked = [
        _directory(f"members.{code}.identity.directories.{name}", name, directory)
        for code, member in config.members.items()
        for name, directory in member.identity.directories.items()
    ]
    for result in await asyncio.gather(*asked):
        yield result


def check_feeds(config: Config) -> Iterator[Result]:
    """What is wrong with a feed is known before its first run. Nothing is asked of any source."""
    clock = SystemClock()
    for code, member in config.members.items():
        for feed in member.identity.feeds:
            what = f"members.{code}.identity.feeds.{feed.name}"
            try:
                open_feed(config, code, feed, clock=clock)
            except (ValueError, FeedError) as error:
                yield Result(what, "problem", str(error))
                continue
            folder = getattr(feed, "folder", None)
            if folder is not None and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                hint = "make it, so that the gateway may read, write and rename in it"
                yield Result(what, "problem", f"{folder} is no folder that can be used", hint)
            else:
                yield Result(what, "ok", feed.kind)


def check_categories(code: str, feeds: Iterable[FeedConfig], known: Container[str], hint: str) -> Iterator[Result]:
    """A member's platform takes nobody in by a category that it does not know, and a feed's settings name some."""
    for feed in feeds:
        field = feed.fields.get("category", FieldConfig())
        named = {rule.category for rule in feed.categories} | {*field.codes.values(), field.value}
        if missing := sorted(name for name in named if name and name not in known):
            found = f"the platform does not know the category {', '.join(map(repr, missing))}"
            yield Result(f"members.{code}.identity.feeds.{feed.name}", "warning", found, hint)


def check_passwords(config: Config) -> Iterator[Result]:
    """Campus passwords are worth more than PINs: who sends them in clear shows them to the network."""
    asking = [
        code
        for code, member in config.members.items()
        if any(check.by.startswith("directory:") for check in member.identity.authentication.checks)
    ]
    for name, listener in config.listeners.items():
        served = [code for code in asking if listener.member in (None, code)]
        if listener.protocol == "sip2" and served and not listener.tls and not is_loopback(listener.host):
            found = f"kiosks of {', '.join(served)} may send campus passwords here in clear"
            yield Result(f"listeners.{name}", "warning", found, "use TLS, or `require_tls` for their terminals")


async def _directory(what: str, name: str, settings: DirectoryConfig) -> Result:
    try:
        directory = open_directory(name, settings, clock=SystemClock())
    except ValueError as error:
        return Result(what, "problem", str(error), "a PEM file of certificates")
    try:
        steps = await directory.check()
    finally:
        await directory.close()
    failed = next((step for step in steps if not step.ok), None)
    if failed is None:
        return Result(what, "ok", "; ".join(f"{step.name}: {step.detail}" for step in steps))
    answers = any(step.ok and step.name == "base" for step in steps)
    state = "warning" if answers or failed.name == "connect" else "problem"
    return Result(what, state, f"{failed.name}: {failed.detail}", HINTS.get(failed.name, ""))
