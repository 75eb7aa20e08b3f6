"""`gateway probe sru`: try a server with everything SRU asks of one, and say what is odd about its answers."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from gateway.clients.sru import SruClient, SruLinkFailed, SruTimeout
from gateway.commands.checks import Result
from gateway.commands.found import LINK, NO, TIMEOUT, YES
from gateway.commands.output import print_json, print_line, print_table, say, without_password
from gateway.commands.sru_checks import run_checks
from library_protocols.sru import Version

DEFAULT_ADDRESS = "http://127.0.0.1:8080/sru"
_MARKS = {"ok": "ok", "odd": "ODD", "not offered": "-"}


def probe_sru(
    address: Annotated[str, typer.Argument(help="The server's base URL.")] = DEFAULT_ADDRESS,
    version: Annotated[str, typer.Option(help="Version of SRU: 1.1, 1.2 or 2.0.")] = "1.2",
    user: Annotated[str, typer.Option(help="Name to log in with.")] = "",
    password: Annotated[
        str, typer.Option(envvar="GATEWAY_PROBE_PASSWORD", help="Password to that name.", show_default=False)
    ] = "",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.1, max=600)] = 30.0,
    insecure: Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Try an SRU server: what it tells of itself, whether it does what it tells, and how it refuses.

    Exit codes: 0 nothing is odd; 1 something is; 2 wrong usage; 3 the link failed; 4 no answer in time.
    """
    if version not in list(Version):
        raise typer.BadParameter(f"{version!r} is no version of SRU", param_hint="--version")
    if not address.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{address!r} is no http:// or https:// address")

    async def probe() -> list[Result]:
        client = SruClient(address, Version(version), user, password, timeout, verify=not insecure)
        async with client:
            return await run_checks(client)

    shown = without_password(address)
    try:
        results = asyncio.run(probe())
    except SruTimeout as error:
        say(f"{shown}: {error}")
        raise typer.Exit(TIMEOUT) from None
    except SruLinkFailed as error:
        say(f"{shown}: {error}")
        raise typer.Exit(LINK) from None
    odd = sum(result.verdict == "odd" for result in results)
    if as_json:
        checks = [
            {"check": each.name, "verdict": each.verdict, "detail": each.detail, "seconds": round(each.seconds, 4)}
            for each in results
        ]
        print_json({"address": shown, "version": version, "odd": odd, "checks": checks})
    else:
        rows = [(_MARKS[each.verdict], each.name, each.detail, f"{each.seconds * 1000:.0f} ms") for each in results]
        print_table(f"{shown}, SRU {version}", ("", "check", "seen", "took"), rows)
        print_line(f"{odd} odd" if odd else "nothing odd")
    raise typer.Exit(NO if odd else YES)
