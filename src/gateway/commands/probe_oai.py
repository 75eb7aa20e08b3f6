"""`gateway probe oai`: try a repository as a validator would, and say what is odd about its answers."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from gateway.clients.oai_pmh import OaiClient, OaiLinkFailed, OaiTimeout
from gateway.commands.checks import Result
from gateway.commands.oai_checks import run_checks
from gateway.commands.output import print_json, print_line, print_table, say, without_password
from gateway.commands.probe_link import LINK, NO, TIMEOUT, YES

DEFAULT_ADDRESS = "http://127.0.0.1:8080/oai"
_MARKS = {"ok": "ok", "odd": "ODD", "not offered": "-"}


def probe_oai(
    address: Annotated[str, typer.Argument(help="The repository's base URL.")] = DEFAULT_ADDRESS,
    user: Annotated[str, typer.Option(help="Name to log in with.")] = "",
    password: Annotated[
        str, typer.Option(envvar="GATEWAY_PROBE_PASSWORD", help="Password to that name.", show_default=False)
    ] = "",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.1, max=600)] = 60.0,
    insecure: Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Try an OAI-PMH repository: what it tells of itself, whether its lists hold together, and how it refuses.

    Exit codes: 0 nothing is odd; 1 something is; 2 wrong usage; 3 the link failed; 4 no answer in time.
    """
    if not address.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{address!r} is no http:// or https:// address")

    async def probe() -> list[Result]:
        async with OaiClient(address, user, password, timeout, verify=not insecure) as client:
            return await run_checks(client)

    shown = without_password(address)
    try:
        results = asyncio.run(probe())
    except (OaiTimeout, OaiLinkFailed) as error:
        say(f"{shown}: {error}")
        raise typer.Exit(TIMEOUT if isinstance(error, OaiTimeout) else LINK) from None
    odd = sum(result.verdict == "odd" for result in results)
    if as_json:
        checks = [
            {"check": each.name, "verdict": each.verdict, "detail": each.detail, "seconds": round(each.seconds, 4)}
            for each in results
        ]
        print_json({"address": shown, "odd": odd, "checks": checks})
    else:
        rows = [(_MARKS[each.verdict], each.name, each.detail, f"{each.seconds * 1000:.0f} ms") for each in results]
        print_table(f"{shown}, OAI-PMH 2.0", ("", "check", "seen", "took"), rows)
        print_line(f"{odd} odd" if odd else "nothing odd")
    raise typer.Exit(NO if odd else YES)
