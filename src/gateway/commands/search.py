"""`gateway search`: ask any catalogue a question from the command line, whatever it speaks.

A target is an address with its standard as scheme, or a member's code at the gateway of `--gateway`. What each standard
finds becomes one `Found`, so that people and programs read the same whatever was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape

from gateway.clients.sru import SruBadAnswer, SruClient, SruLinkFailed, SruTimeout
from gateway.commands.brief import brief, readable
from gateway.commands.found import BAD, LINK, NO, TIMEOUT, YES, Found, Hit, SearchFailed, Wanted
from gateway.commands.output import print_json, print_line, print_table, say, without_password
from gateway.commands.search_z3950 import search_z3950
from gateway.commands.shelves import shelves_of_xml
from library_protocols.sru import Diagnostic, Record, Surrogate, Version

LOCAL_GATEWAY = "http://127.0.0.1:8080"


def search(
    target: Annotated[
        str,
        typer.Argument(
            help="An SRU server's address, https://HOST/PATH; a Z39.50 target's, z3950://HOST[:PORT]/DATABASE; "
            "or a member's code."
        ),
    ],
    query: Annotated[
        str, typer.Argument(help="CQL, such as 'dc.title = wales'; for Z39.50 also PQF, such as '@attr 1=4 wales'.")
    ],
    start: Annotated[int, typer.Option(help="Position of the first record to show.", min=1)] = 1,
    maximum: Annotated[int, typer.Option("--max", help="How many records to show.", min=0)] = 10,
    schema: Annotated[str, typer.Option(help="Record schema or syntax, such as marcxml, dc, mods, opac.")] = "",
    sort: Annotated[str, typer.Option(help="SRU's sortKeys; or write sortby into the query.")] = "",
    gateway: Annotated[str, typer.Option(help="Where a member's code is looked for.")] = LOCAL_GATEWAY,
    version: Annotated[str, typer.Option(help="Version of SRU: 1.1, 1.2 or 2.0.")] = "1.2",
    user: Annotated[str, typer.Option(help="Name to log in with.")] = "",
    password: Annotated[
        str, typer.Option(envvar="GATEWAY_SEARCH_PASSWORD", help="Password to that name.", show_default=False)
    ] = "",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.1, max=600)] = 30.0,
    insecure: Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Show the whole records.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Search a catalogue and show what it finds.

    Exit codes: 0 records were found; 1 none were, or the server refused; 2 wrong usage; 3 the link failed; 4 no answer
    in time; 5 the answer cannot be read.
    """
    address = target if "://" in target else f"{gateway.rstrip('/')}/sru" + ("" if target == "all" else f"/{target}")
    searcher = SEARCHERS.get(address.partition("://")[0].lower())
    if searcher is None:
        raise typer.BadParameter(f"{target!r} is no target: it begins with none of {', '.join(SEARCHERS)}")
    if version not in list(Version):
        raise typer.BadParameter(f"{version!r} is no version of SRU", param_hint="--version")
    wanted = Wanted(
        address, query, start, maximum, schema, sort, user, password, version, timeout, insecure
    )  # fmt: skip
    try:
        found = asyncio.run(searcher(wanted))
    except SearchFailed as failed:
        say(str(failed).replace(address, without_password(address)))
        raise typer.Exit(failed.code) from None
    if as_json:
        print_json(_as_json(wanted, found))
    else:
        _show(found, full=full)
    raise typer.Exit(YES if found.count and not found.problems else NO)


async def _sru(wanted: Wanted) -> Found:
    client = SruClient(
        wanted.target,
        Version(wanted.version),
        user=wanted.user,
        password=wanted.password,
        timeout=wanted.timeout,
        verify=not wanted.insecure,
    )
    async with client:
        try:
            answer = await client.search(
                wanted.query, start=wanted.start, maximum=wanted.maximum, schema=wanted.schema, sort=wanted.sort
            )
        except SruTimeout as error:
            raise SearchFailed(str(error), TIMEOUT) from error
        except SruLinkFailed as error:
            local = wanted.target.startswith(f"{LOCAL_GATEWAY}/")
            hint = "; --gateway says where the gateway is" if local else ""
            raise SearchFailed(f"{wanted.target}: {error}{hint}", LINK) from error
        except SruBadAnswer as error:
            refused = error.status is not None and 400 <= error.status < 500
            raise SearchFailed(f"{wanted.target}: {error}", NO if refused else BAD) from error
    hits = tuple(_hit(record, wanted.start + number) for number, record in enumerate(answer.records))
    return Found(answer.count, hits, answer.next_position, tuple(map(in_words, answer.diagnostics)))


def _hit(record: Record | Surrogate, position: int) -> Hit:
    if isinstance(record, Surrogate):
        return Hit(record.position or position, problem=in_words(record.diagnostic))
    return Hit(record.position or position, record.data, record.schema, shelves=shelves_of_xml(record.data))


def in_words(diagnostic: Diagnostic) -> str:
    """A diagnostic as one line: number, message, culprit."""
    number = diagnostic.uri.rpartition("/")[2]
    return " ".join(part for part in (number, diagnostic.message, f"({diagnostic.details})") if part.strip("()"))


Searcher = Callable[[Wanted], Coroutine[Any, Any, Found]]
SEARCHERS: dict[str, Searcher] = {"http": _sru, "https": _sru, "z3950": search_z3950}
"""Scheme of a target -> what asks it; raises SearchFailed."""


def _show(found: Found, *, full: bool) -> None:
    if found.count or not found.problems:
        count = "an unknown number of" if found.count is None else f"{found.count:,}"
        print_line(f"[bold]{count}[/bold] {'record' if found.count == 1 else 'records'}")
    for problem in found.problems:
        print_line(f"[red]![/red] {escape(problem)}")
    if full:
        for hit in found.hits:
            print_line(f"[bold]{hit.position}[/bold] {escape(hit.form or hit.problem)}")
            if hit.data:
                print_line(escape(readable(hit.data)))
            for shelf in hit.shelves:
                print_line(f"    {escape(str(shelf))}")
    elif found.hits:
        rows: list[tuple[str, ...]] = []
        shelves = any(hit.shelves for hit in found.hits)
        for hit in found.hits:
            told = brief(hit.data)
            title = f"! {hit.problem}" if hit.problem else told.title
            there = "\n".join(map(str, hit.shelves))
            rows.append((str(hit.position), title, told.maker, told.date, told.number, *([there] if shelves else [])))
        print_table(None, ("", "title", "by", "date", "number", *(["on the shelf"] if shelves else [])), rows)
    if found.following is not None and found.hits:
        print_line(f"more: --start {found.following}")


def _as_json(wanted: Wanted, found: Found) -> dict[str, Any]:
    return {
        "target": without_password(wanted.target),
        "query": wanted.query,
        "count": found.count,
        "problems": list(found.problems),
        "next": found.following,
        "records": [
            {
                "position": hit.position,
                "schema": hit.form,
                "problem": hit.problem or None,
                **{name: getattr(brief(hit.data), name) for name in ("title", "maker", "date", "number")},
                "holdings": [asdict(shelf) for shelf in hit.shelves],
                "data": hit.data.decode("utf-8", "replace"),
            }
            for hit in found.hits
        ],
    }
