"""`gateway check` beyond this machine: the members' own servers that are searched, and those that are harvested.

All are asked at once, each for a few seconds. One that is away is a warning: it may be back before the gateway starts,
and the gateway serves without it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable

from gateway.catalogue.query import QueryProblem, Term
from gateway.catalogue.remote import LinkFailed, LinkTimeout, links_to
from gateway.config import Config, HarvestConfig, SourceConfig
from gateway.harvesting.schedule import sources
from gateway.harvesting.source import Source, SourceProblem, Stopped
from gateway.runtime.results import Result

SECONDS = 5.0
"""For each server: one that needs longer for one word is of no use to who searches."""
WORD = "history"
"""A word that any library's catalogue can be asked for."""


async def check_sources(config: Config) -> AsyncIterator[Result]:
    """One result for each server that the configuration names, in its order."""
    asked: list[Awaitable[Result]] = [
        _searched(code, member.catalogue.source)
        for code, member in config.members.items()
        if member.catalogue.source is not None
    ]
    asked += [_harvested(code, source) for code, source in sources(config)]
    for result in await asyncio.gather(*asked):
        yield result


async def _searched(member: str, source: SourceConfig) -> Result:
    what, hint = f"members.{member}.catalogue.source", "its url, user and password are those of the server?"
    link = links_to(member, source)()
    try:
        async with asyncio.timeout(SECONDS):
            await link.open()
            found = await link.find(Term("any", WORD), ())
    except (LinkFailed, LinkTimeout, QueryProblem) as problem:
        return Result(what, "warning", f"{source.url}: {problem}", hint)
    except TimeoutError:
        return Result(what, "warning", f"{source.url}: no answer within {SECONDS:g} s", hint)
    finally:
        await link.close()
    return Result(what, "ok", f"{source.url} answers, {found.count} records with {WORD!r}")


async def _harvested(member: str, source: HarvestConfig) -> Result:
    what, hint = f"members.{member}.catalogue.harvest.{source.name}", "its url, user and password are the provider's?"
    stop = threading.Event()
    password = source.password.get_secret_value()
    provider = Source(source.url, user=source.user, password=password, timeout=SECONDS / 2, stop=stop, tries=1)
    asked, listed = "Identify", True
    try:
        async with asyncio.timeout(SECONDS):
            name, prefixes = await asyncio.to_thread(_identified, provider)
            if source.set_spec is not None:
                asked = "ListSets"
                listed = await asyncio.to_thread(_lists, provider, source.set_spec)
    except SourceProblem as problem:
        return Result(what, "warning", str(problem), hint)
    except (TimeoutError, Stopped):
        return Result(what, "warning", f"{source.url}: no answer to {asked} within {SECONDS:g} s", hint)
    finally:
        stop.set()
        provider.close()
    if source.metadata_prefix not in prefixes:
        wrong = f"{source.url} has no format {source.metadata_prefix!r}"
        return Result(what, "problem", wrong, f"`metadata_prefix` is one of {', '.join(prefixes)}")
    if not listed:
        wrong = f"{source.url} lists no set {source.set_spec!r}"
        return Result(what, "warning", wrong, "`set_spec` is one that `?verb=ListSets` shows there")
    return Result(what, "ok", f"{source.url} is {name!r} and has {source.metadata_prefix}")


def _identified(provider: Source) -> tuple[str, list[str]]:
    """Name and formats. Raises SourceProblem, Stopped."""
    name = provider.identify_repository().name
    return name, [each.prefix for each in provider.harvest(verb="ListMetadataFormats").response.formats]


def _lists(provider: Source, spec: str) -> bool:
    """Whether the set, or one below it, is among those that the provider lists. Raises SourceProblem, Stopped."""
    arguments: dict[str, str] = {}
    while True:
        response = provider.harvest(verb="ListSets", **arguments).response
        if any(f"{each.spec}:".startswith(f"{spec}:") for each in response.sets):
            return True
        following = {"resumptionToken": response.token.value} if response.token and response.token.value else {}
        if not following or following == arguments:
            return False
        arguments = following
