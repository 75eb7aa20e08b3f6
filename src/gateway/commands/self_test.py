"""The probe without a subcommand: logs in, asks for the status, and says in words what 98 promises and what is odd."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any

from rich.markup import escape

from gateway.clients.sip2 import Answer, Sip2Client
from gateway.clients.sip2_requests import said_yes
from gateway.commands.output import checksum_words, inspect_masked, inspection_json, print_json, print_line, print_table
from gateway.commands.probe_link import NO, YES, Link, exit_code, logged_in
from library_protocols.sip2 import TABLES, Message, parse_sip_date

CLOCK_MINUTES = 5
SHORT_TENTHS = 20
"""Below two seconds a timeout was probably meant in seconds: some servers document it so."""

_FLAGS = (
    ("online_status", "on-line"),
    ("checkin_ok", "check-in"),
    ("checkout_ok", "check-out"),
    ("acs_renewal_policy", "renewals"),
    ("status_update_ok", "patron status updates"),
    ("offline_ok", "off-line transactions"),
)
_OFF_LINE, _UNKNOWN = "000", "999"


async def self_test(link: Link, client: Sip2Client) -> int:
    """Exit code: yes when the login is accepted and the ACS is on-line."""
    if not await logged_in(link, client):
        return NO
    answer = await client.send(link.requests.status())
    status = answer.message
    checksum = checksum_words(answer.frame, link.dialect)
    warnings = warnings_about(link, answer, checksum, datetime.now().astimezone())
    code = exit_code(status)
    if link.as_json:
        inspection = inspection_json(inspect_masked(answer.frame, link.dialect), checksum)
        print_json({
            "ok": code == YES,
            "login": link.login or None,
            "milliseconds": round(answer.seconds * 1000, 3),
            "announced": announced(status),
            "warnings": warnings,
            "answer": inspection,
        })  # fmt: skip
        return code
    _print(link, answer, warnings)
    return code


def announced(status: Message) -> dict[str, Any]:
    """What a 98 promises, decoded; None where it does not say. Seconds for the timeout."""
    fixed = status.fixed
    timeout, retries = fixed["timeout_period"], fixed["retries_allowed"]
    positions = status.get("BX") or ""
    return {
        **{name: fixed[name] == "Y" for name, _ in _FLAGS},
        "timeout_seconds": int(timeout) / 10 if timeout.isdecimal() and timeout not in (_OFF_LINE, _UNKNOWN) else None,
        "retries": int(retries) if retries.isdecimal() and retries != _UNKNOWN else None,
        "protocol_version": fixed["protocol_version"],
        "institution": status.get("AO"),
        "library": status.get("AM"),
        "messages": {row.name: positions[int(row.code) : int(row.code) + 1] == "Y" for row in _supported()},
    }


def warnings_about(link: Link, answer: Answer, checksum: str, here: datetime) -> list[str]:
    """What an installer should know; `here` is this machine's time."""
    status = answer.message
    return [
        *_about_status(status),
        *_about_clock(status, here),
        *_about_line(link, answer, checksum),
    ]


def _about_status(status: Message) -> list[str]:
    fixed, said = status.fixed, announced(status)
    found: list[str] = []
    if not said["online_status"]:
        found.append("The ACS says that it is off-line: kiosks go out of service or keep transactions for later.")
    if not said["checkin_ok"]:
        found.append("Check-in is not allowed: 3M kiosks do not start without it, they need it to cancel.")
    if fixed["timeout_period"] == _OFF_LINE:
        found.append("Timeout 000 means that the ACS is off-line.")
    elif said["timeout_seconds"] is None:
        found.append("The ACS does not say how long to wait for an answer.")
    elif int(fixed["timeout_period"]) < SHORT_TENTHS:
        found.append(
            f"Timeout {fixed['timeout_period']} is {said['timeout_seconds']:g} seconds: it counts tenths of a second. "
            "Were seconds meant?"
        )
    if said["retries"] is None:
        found.append("The ACS does not say how often a message may be repeated.")
    if fixed["protocol_version"] != "2.00":
        found.append(f"Protocol version {fixed['protocol_version']!r} is not 2.00: some kiosks compare it as text.")
    positions = status.get("BX")
    if positions is None:
        found.append("BX is missing: some kiosks then send no message but those of SIP 1.")
    elif len(positions.rstrip()) != len(_supported()):
        found.append(f"BX has {len(positions.rstrip())} positions instead of {len(_supported())}.")
    return found


def _about_clock(status: Message, here: datetime) -> list[str]:
    zone = here.tzinfo
    assert zone is not None
    told = parse_sip_date(status.fixed["date_time_sync"], zone)
    if told is None:
        return ["The ACS gives no date and time to follow."]
    minutes = abs((told - here).total_seconds()) / 60
    if minutes > CLOCK_MINUTES:
        return [f"The ACS's clock and this machine's differ by {minutes:.0f} minutes: kiosks will follow the ACS's."]
    return []


def _about_line(link: Link, answer: Answer, checksum: str) -> list[str]:
    status = answer.message
    found: list[str] = []
    institution = status.get("AO")
    if institution is not None and link.requests.institution and institution != link.requests.institution:
        found.append(f"AO is {institution!r}, we sent {link.requests.institution!r}.")
    if link.dialect.error_detection != "never" and checksum == "absent":
        found.append("We sent a checksum and got none: error detection is off at the ACS.")
    if checksum == "valid as characters":
        found.append("The checksum is summed over characters, not octets: kiosks will refuse text beyond ASCII.")
    if not link.tls and not _loopback(link.host):
        found.append("Without TLS everybody on the way can read card numbers and PINs.")
    found += [f"{remark.reason[0].upper()}{remark.reason[1:]}." for remark in status.remarks]
    found += [f"On the way: {remark}." for remark in answer.remarks]
    return found


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _print(link: Link, answer: Answer, warnings: list[str]) -> None:
    status = answer.message
    said = announced(status)
    verdict = "[green]in service[/green]" if said_yes(status) else "[red]not in service[/red]"
    who = f"logged in as {link.login}" if link.login else "without login"
    print_line(
        f"[bold]{escape(link.host)}:{link.port}[/bold]  {verdict}, {escape(who)}, {answer.seconds * 1000:.1f} ms"
    )
    timeout, retries = said["timeout_seconds"], said["retries"]
    rows = [(words, "yes" if said[name] else "no") for name, words in _FLAGS]
    rows += [
        ("time for an answer", f"{timeout:g} s" if timeout is not None else "not said"),
        ("repetitions", str(retries) if retries is not None else "not said"),
        ("protocol version", said["protocol_version"]),
        ("institution (AO)", said["institution"] or ""),
        ("library (AM)", said["library"] or ""),
    ]
    print_table(None, ("announced", ""), rows)
    listed = [(f"{name}  {row.meaning}", "yes" if said["messages"][name] else "no") for row in _supported()
              for name in (row.name,)]  # fmt: skip
    print_table(None, ("message (BX)", ""), listed)
    for warning in warnings:
        print_line(f"[yellow]![/yellow] {escape(warning)}")
    if not warnings:
        print_line("[green]Nothing odd.[/green]")


def _supported() -> tuple[Any, ...]:
    return TABLES["supported_messages"].rows
