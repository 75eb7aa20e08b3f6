"""`gateway probe z3950`: try a target with everything Z39.50 asks of one, and say what is odd about its answers."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.markup import escape

from gateway.clients.targets import z3950_target
from gateway.clients.z3950 import RECEIVED, Z3950Client, Z3950LinkFailed, Z3950Refused, Z3950Timeout
from gateway.commands.checks import Result
from gateway.commands.found import LINK, NO, TIMEOUT, YES
from gateway.commands.output import diagnostics, print_json, print_line, print_table, say, without_password
from gateway.commands.z3950_checks import run_checks
from library_protocols.z3950 import PqfError, inspect, mask, parse_pqf

DEFAULT_ADDRESS = "127.0.0.1:2100/all"
_MARKS = {"ok": "ok", "odd": "ODD", "not offered": "-"}


def probe_z3950(
    address: Annotated[str, typer.Argument(help="HOST[:PORT]/DATABASE, or z3950://…")] = DEFAULT_ADDRESS,
    query: Annotated[str, typer.Option(help="PQF that finds something there.")] = "@attr 1=4 wales",
    charset: Annotated[str, typer.Option(help="Charset to propose; empty proposes none.")] = "utf-8",
    version: Annotated[int, typer.Option(help="Version of the protocol: 2 or 3.", min=2, max=3)] = 3,
    user: Annotated[str, typer.Option(help="Name to log in with.")] = "",
    password: Annotated[
        str, typer.Option(envvar="GATEWAY_PROBE_PASSWORD", help="Password to that name.", show_default=False)
    ] = "",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.1, max=600)] = 30.0,
    trace: Annotated[bool, typer.Option("--trace", help="Show every PDU as it goes, on standard error.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Try a Z39.50 target: what it agrees to, what it serves of that, and how it refuses.

    Exit codes: 0 nothing is odd; 1 something is, or the target refused us; 2 wrong usage; 3 the link failed; 4 no
    answer in time.
    """
    try:
        target, asked = z3950_target(address), parse_pqf(query)
    except (ValueError, PqfError) as error:
        raise typer.BadParameter(str(error)) from error

    async def probe() -> list[Result]:
        try:
            client = Z3950Client(
                target.host, target.port, user=user or target.user, password=password or target.password,
                charset=charset or None, version=version, timeout=timeout, trace=_show if trace else None,
            )  # fmt: skip
            try:
                return await run_checks(client, target.database, asked)
            finally:
                await client.close()
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--charset") from error

    shown = without_password(address)
    try:
        results = asyncio.run(probe())
    except Z3950Timeout as error:
        say(f"{shown}: {error}")
        raise typer.Exit(TIMEOUT) from None
    except Z3950LinkFailed as error:
        say(f"{shown}: {error}")
        raise typer.Exit(LINK) from None
    except Z3950Refused as error:
        say(f"{shown}: refused: {error}")
        raise typer.Exit(NO) from None
    odd = sum(result.verdict == "odd" for result in results)
    if as_json:
        checks = [
            {"check": each.name, "verdict": each.verdict, "detail": each.detail, "seconds": round(each.seconds, 4)}
            for each in results
        ]
        print_json({"address": shown, "odd": odd, "checks": checks})
    else:
        rows = [(_MARKS[each.verdict], each.name, each.detail, f"{each.seconds * 1000:.0f} ms") for each in results]
        print_table(shown, ("", "check", "seen", "took"), rows)
        print_line(f"{odd} odd" if odd else "nothing odd")
    raise typer.Exit(NO if odd else YES)


def _show(who: str, octets: bytes) -> None:
    """One PDU, masked and explained, a line each element."""
    masked = mask(octets)
    arrow = "[green]target <[/green]" if who == RECEIVED else "[cyan]origin >[/cyan]"
    if masked is None:
        diagnostics.print(f"{arrow} {len(octets)} octets that cannot be shown")
        return
    for span in inspect(masked).spans:
        words = f"  ({span.meaning})" if span.meaning else ""
        diagnostics.print(
            f"{arrow} {'  ' * span.depth}{escape(span.code)} {escape(span.title)} {escape(span.value)}{escape(words)}",
            soft_wrap=True,
        )
