"""`gateway kiosks`: a fleet of simulated kiosks against a server, for demos and load, that checks its books."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.clients.fleet import Fleet, FleetMember, Plan, Result
from gateway.clients.sip2 import tls_context
from gateway.commands.output import diagnostics, print_json, print_line, print_table, say
from gateway.commands.probe_link import now
from gateway.demo.consortium import BY_CODE, KIOSK_PASSWORD, MEMBERS, PATRON_PIN, DemoMember

CLEAN, VIOLATED, USAGE, LINK = range(4)
"""Exit codes: the books agree; they do not; wrong usage; no kiosk got through, or not all books could be seen."""

MOST_KIOSKS = 2500
LONGEST = 86_400.0
SHOWN_VIOLATIONS = 20
REFRESH_SECONDS = 0.5
PATRONS, ITEMS = "10,12-60", "41-1200"
"""Numbers of the demo's patrons that may borrow (10 owes something and can pay) and of its free items."""

_RANGES = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*")


def kiosks(
    address: Annotated[str, typer.Argument(metavar="[HOST:PORT]", help="The server.")] = "127.0.0.1:6001",
    count: Annotated[int, typer.Option(min=1, max=MOST_KIOSKS, help="Kiosks.")] = 450,
    think: Annotated[float, typer.Option(min=0, max=3600, help="Seconds between two messages of a kiosk.")] = 8.0,
    duration: Annotated[float, typer.Option(min=0.1, max=LONGEST, help="Seconds.")] = 60.0,
    member: Annotated[list[str] | None, typer.Option(help="Only this demo member's kiosks; may be repeated.")] = None,
    patrons: Annotated[
        str, typer.Option(help="Numbers of the demo's patrons, or a file with a card number a line.")
    ] = PATRONS,
    items: Annotated[
        str, typer.Option(help="Numbers of the demo's items, or a file with an item number a line.")
    ] = ITEMS,
    login: Annotated[str | None, typer.Option(help="A login that is no demo member's; then name both files.")] = None,
    password: Annotated[
        str, typer.Option(envvar="GATEWAY_PROBE_PASSWORD", help="That login's password.", show_default=False)
    ] = KIOSK_PASSWORD,
    institution: Annotated[str, typer.Option(help="That login's institution id (AO).")] = "",
    pin: Annotated[
        str, typer.Option(envvar="GATEWAY_PROBE_PIN", help="The patrons' PIN.", show_default=False)
    ] = PATRON_PIN,
    duplicates: Annotated[float, typer.Option(min=0, max=1, help="Share of messages sent twice.")] = 0.05,
    drops: Annotated[float, typer.Option(min=0, max=1, help="Share of messages after which the link is cut.")] = 0.02,
    timeout: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds to wait for an answer.")] = 10.0,
    seed: Annotated[int | None, typer.Option(help="Makes the same choices again.")] = None,
    tidy: Annotated[bool, typer.Option(help="Bring back in the end what was borrowed.")] = True,
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS and verify the server's certificate.")] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="With --tls: trust any certificate.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON value.")] = False,
) -> None:
    """Simulate a fleet of self-service kiosks, then compare what they were told with what the server shows.

    Nobody else may use these patrons and items meanwhile. Ctrl-C ends the fleet early and still compares. Exit codes:
    0 the books agree; 1 a loan or payment was lost, doubled or made up; 2 wrong usage; 3 no kiosk got through, or not
    every account could be seen in the end.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        raise typer.BadParameter(f"{address!r} is not HOST:PORT")
    identities = (
        [_stranger(login, password, institution, pin, patrons, items)]
        if login is not None
        else [_of_demo(one, pin, patrons, items) for one in _members(member)]
    )
    plan = Plan(
        host=host.strip("[]"),
        port=int(port),
        members=identities,
        count=count,
        think=think,
        duration=duration,
        duplicates=duplicates,
        drops=drops,
        timeout=timeout,
        seed=seed,
        tidy=tidy,
        tls=tls_context(insecure=insecure) if tls else None,
    )
    result = uvloop.run(_run(plan, quiet=as_json or not diagnostics.is_terminal))
    if as_json:
        print_json(facts(plan, result))
    else:
        _print(plan, result)
    raise typer.Exit(_exit_code(result))


def _members(wanted: list[str] | None) -> list[DemoMember]:
    unknown = [code for code in wanted or () if code not in BY_CODE]
    if unknown:
        raise typer.BadParameter(f"no demo member {unknown[0]!r}; there are {', '.join(BY_CODE)}")
    return [BY_CODE[code] for code in wanted] if wanted else list(MEMBERS)


def _of_demo(member: DemoMember, pin: str, patrons: str, items: str) -> FleetMember:
    return FleetMember(
        login=member.kiosk_login,
        password=KIOSK_PASSWORD,
        institution=member.main_location,
        pin=pin,
        patrons=[member.patron_barcode(number) for number in _numbers(patrons)],
        items=[member.item_barcode(number) for number in _numbers(items)],
    )


def _stranger(login: str, password: str, institution: str, pin: str, patrons: str, items: str) -> FleetMember:
    return FleetMember(login, password, institution, pin, _lines(patrons), _lines(items))


def _numbers(text: str) -> list[int]:
    if not _RANGES.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is no list of numbers such as {PATRONS}; files go with --login")
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    if not found:
        raise typer.BadParameter(f"{text!r} names no number")
    return found


def _lines(file: str) -> list[str]:
    try:
        found = [line.strip() for line in Path(file).read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}; with --login both files are needed") from error
    if not found:
        raise typer.BadParameter(f"{file} is empty")
    return found


async def _run(plan: Plan, *, quiet: bool) -> Result:
    fleet = Fleet(plan, now)
    if quiet:
        return await fleet.run()
    watcher = asyncio.create_task(_watch(fleet))
    try:
        return await fleet.run()
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


async def _watch(fleet: Fleet) -> None:
    """A bar on stderr while the fleet runs, with what it has done."""
    loop = asyncio.get_running_loop()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=diagnostics, auto_refresh=False) as progress:
        task = progress.add_task(f"{fleet.plan.count} kiosks", total=fleet.plan.duration, said="")
        started = loop.time()
        while True:
            passed = loop.time() - started
            tally = fleet.tally
            said = f"{tally.messages} messages, {tally.refusals.total()} refusals, {tally.reconnects} reconnects"
            if fleet.comparing:
                progress.update(task, description="comparing the books", completed=fleet.plan.duration, said=said)
            else:
                progress.update(task, completed=min(passed, fleet.plan.duration), said=said)
            progress.refresh()
            await asyncio.sleep(REFRESH_SECONDS)


def facts(plan: Plan, result: Result) -> dict[str, Any]:
    """The result for programs; times in milliseconds unless their names say seconds."""
    tally, ledger = result.tally, result.ledger
    return {
        "kiosks": plan.count,
        "think_seconds": plan.think,
        "seconds": round(result.running, 3),
        "interrupted": result.interrupted,
        "messages": tally.messages,
        "messages_a_second": round(tally.messages / result.running, 2) if result.running else None,
        "by_message": dict(sorted(tally.codes.items())),
        "milliseconds": {name: tally.percentile(share) for name, share in _SHARES},
        "refusals": dict(tally.refusals.most_common()),
        "logins": tally.connected,
        "duplicates": tally.duplicates,
        "reconnects": tally.reconnects,
        "repeats": tally.repeats,
        "given_up": tally.given_up,
        "failures": dict(tally.failures.most_common()),
        "accounts_compared": result.accounts_checked,
        "items_compared": result.items_checked,
        "unknown_items": len(ledger.unknown_items),
        "violations": [
            {"kind": violation.kind.value, "subject": violation.subject, "said": violation.said}
            for violation in ledger.violations
        ],
    }


_SHARES = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))


def _print(plan: Plan, result: Result) -> None:
    said = facts(plan, result)
    times = said["milliseconds"]
    rows = [
        ("kiosks", str(plan.count)),
        ("messages", f"{said['messages']} in {result.running:.1f} s, {said['messages_a_second']} a second"),
        *((name, "" if times[name] is None else f"{times[name]:.1f} ms") for name, _ in _SHARES),
        ("refusals", str(result.tally.refusals.total())),
        ("sent twice on purpose", str(said["duplicates"])),
        ("reconnects", str(said["reconnects"])),
        ("repeated after a timeout", str(said["repeats"])),
        ("given up", str(said["given_up"])),
        ("compared", f"{said['accounts_compared']} accounts, {said['items_compared']} items"),
        ("violations", str(len(said["violations"]))),
    ]
    print_table("Fleet" + (", interrupted" if result.interrupted else ""), ("", ""), rows)
    for title, counted in (("Refusals", said["refusals"]), ("Failures", said["failures"])):
        if counted:
            print_table(title, ("times", "what"), [(str(times), what) for what, times in counted.items()])
    for violation in said["violations"][:SHOWN_VIOLATIONS]:
        print_line(f"[red]{violation['kind']}[/red]  {escape(violation['subject'])}: {escape(violation['said'])}")
    hidden = len(said["violations"]) - SHOWN_VIOLATIONS
    if hidden > 0:
        print_line(f"and {hidden} more; --json lists them all")


def _exit_code(result: Result) -> int:
    if result.tally.connected == 0:
        say("No kiosk got a link and a login.")
        return LINK
    if result.ledger.violations:
        return VIOLATED
    if result.accounts_checked < len(result.ledger.opening):
        say(f"Only {result.accounts_checked} of {len(result.ledger.opening)} accounts could be seen in the end.")
        return LINK
    return CLEAN
