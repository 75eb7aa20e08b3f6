"""One recorded exchange for people: a line that sums it up, or its five stations one below the other.

The stations: octets in and the message in them, the canonical request, the platform's calls, the canonical answer,
the message out and its octets. Messages are decoded from the masked octets that were kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from rich.markup import escape

from gateway.clients.sip2_requests import said_yes
from gateway.commands.decode_ber import STANDARDS, print_recorded
from gateway.commands.decode_ncip import print_recorded_ncip, service_of
from gateway.commands.output import console, print_inspection, print_line, print_table, title_of
from gateway.crosswalks.refusals import REFUSALS
from gateway.exchanges.model import Verdict
from library_protocols.sip2 import DecodeError, Dialect, Message, decode, inspect, printable

SIP2 = "sip2"
NCIP = "ncip"
_COLOURS = {
    Verdict.ANSWERED: "green",
    Verdict.REPLAYED: "cyan",
    Verdict.REFUSED: "yellow",
    Verdict.FAILED: "red",
    Verdict.BAD_INPUT: "red",
    Verdict.IGNORED: "dim",
}
_DIALECTS = {name: Dialect(encoding=name) for name in ("utf-8", "cp850")}
_TITLES: dict[str, str] = {code.value: row.http_title for code, row in REFUSALS.items()}


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """What a line shows, as words: time, who, message, item, patron, answer, milliseconds."""
    asked = _message(record, "in")
    return {
        "time": f"{datetime.fromtimestamp(record['started']).astimezone():%Y-%m-%d %H:%M:%S.%f}"[:-3],
        "who": "/".join(part for part in (record.get("member"), record.get("terminal")) if part) or record["peer"],
        "message": _title(record, asked),
        "item": _item(record, asked),
        "patron": record.get("patron") or "",
        "answer": answer_in_words(record),
        "milliseconds": record["milliseconds"],
    }


def print_summary(record: dict[str, Any]) -> None:
    """One line."""
    said = summary(record)
    colour = _COLOURS.get(record["verdict"], "default")
    day, clock = said["time"].split(" ")
    when = clock if day == f"{datetime.now().astimezone():%Y-%m-%d}" else said["time"]
    print_line(
        f"[dim]{when}[/dim]  {escape(said['who']):<30} {escape(said['message']):<30} {escape(said['item']):<10} "
        f"{said['patron']:<12} {said['milliseconds']:>8.1f} ms  [{colour}]{escape(said['answer'])}[/{colour}]"
    )


def print_stations(record: dict[str, Any]) -> None:
    """All stations of one exchange."""
    said = summary(record)
    console.rule(escape(f"{said['time']}  {said['who']}  {said['message']}"), align="left", style="dim")
    print_line(f"[dim]exchange {record['id']}, link {record['link']} from {record['peer']}[/dim]")
    _print_wire(record, "in", "1  in")
    _print_canonical("2  canonical request", record.get("request"))
    print_line("[bold]3  platform calls[/bold]")
    calls = [
        (call["operation"], _milliseconds(call["milliseconds"]), call["failure"] or call["answer"] or "no answer yet")
        for call in record.get("calls") or ()
    ]
    if calls:
        print_table(None, ("operation", "time", "answer"), calls)
    else:
        print_line("   none")
    _print_canonical("4  canonical answer", record.get("answer"))
    _print_wire(record, "out", "5  out")
    print_line(
        f"[{_COLOURS.get(record['verdict'], 'default')}]{escape(said['answer'])}[/], {said['milliseconds']:.1f} ms"
    )
    print_line("")


def answer_in_words(record: dict[str, Any]) -> str:
    """Yes or no, and why; the screen's own words where the answer has them."""
    verdict = record["verdict"]
    screen = _screen_words(record)
    code = record.get("refusal")
    if code:
        return f"no: {_TITLES.get(code, code)} ({code})"
    match verdict:
        case Verdict.FAILED:
            return f"failed: {record.get('error') or screen or 'the platform did not answer'}"
        case Verdict.BAD_INPUT:
            return f"malformed: {record.get('error') or screen or 'not understood'}"
        case Verdict.IGNORED:
            return f"ignored: {record.get('error') or 'it gets no answer'}"
        case Verdict.REFUSED:
            return f"no: {screen}" if screen else "no"
        case Verdict.REPLAYED:
            return f"{_yes_or_no(record)}, as before"
        case _:
            return f"{_yes_or_no(record)}: {screen}" if screen else _yes_or_no(record)


def _yes_or_no(record: dict[str, Any]) -> str:
    given = _message(record, "out")
    return "no" if given is not None and given.known and not said_yes(given) else "yes"


def _screen_words(record: dict[str, Any]) -> str:
    given = _message(record, "out")
    return printable(" ".join(given.get_all("AF"))) if given is not None else ""


def _title(record: dict[str, Any], asked: Message | None) -> str:
    if asked is not None:
        return f"{asked.code} {title_of(asked.code)}"
    if record["protocol"] == NCIP and (service := service_of(_octets(record, "in") or b"")):
        return service
    return record.get("operation") or f"{record['protocol']}, unreadable"


def _item(record: dict[str, Any], asked: Message | None) -> str:
    request = record.get("request") or {}
    item = request.get("item") or request.get("item_id") or (asked.get("AB") if asked is not None else None)
    return printable(str(item)) if item else ""


def _octets(record: dict[str, Any], way: str) -> bytes | None:
    """The masked octets, where they were kept."""
    text = (record.get(way) or {}).get("text")
    return text.encode("latin-1") if text is not None else None


def _message(record: dict[str, Any], way: str) -> Message | None:
    octets = _octets(record, way)
    if record["protocol"] != SIP2 or not octets:
        return None
    try:
        return decode(octets, _dialect_of(octets))
    except DecodeError:
        return None


def _dialect_of(octets: bytes) -> Dialect:
    """UTF-8 where the octets are that; else the standard's default. The link's own charset is not kept."""
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return _DIALECTS["cp850"]
    return _DIALECTS["utf-8"]


def _print_wire(record: dict[str, Any], way: str, heading: str) -> None:
    kept = record.get(way)
    octets = _octets(record, way)
    print_line(f"[bold]{heading}[/bold]")
    if octets is None:
        length = (kept or {}).get("length")
        print_line(f"   {length} octets, not kept" if length else "   nothing kept")
        return
    standard = STANDARDS.get(record["protocol"])
    if standard is not None:
        print_recorded(standard, octets)
        return
    if record["protocol"] == NCIP:
        print_recorded_ncip(octets)
        return
    dialect = _dialect_of(octets)
    print_line(f"   {escape(printable(octets.decode(dialect.encoding, 'surrogateescape').rstrip()))}")
    if record["protocol"] == SIP2:
        inspection = inspect(octets, dialect)
        checksum = inspection.messages[0].checksum.value if inspection.messages else ""
        print_inspection(inspection, checksum if checksum != "invalid" else "")


def _print_canonical(heading: str, value: dict[str, Any] | None) -> None:
    print_line(f"[bold]{heading}[/bold]")
    if not value:
        print_line("   none")
        return
    body = {name: part for name, part in value.items() if name != "type"}
    print_line(f"   {escape(str(value.get('type', '')))}")
    for line in orjson.dumps(body, option=orjson.OPT_INDENT_2).decode().splitlines() if body else ():
        print_line(f"   {escape(line)}")


def _milliseconds(value: float | None) -> str:
    return f"{value:.1f} ms" if value is not None else ""
