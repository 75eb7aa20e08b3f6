"""`gateway explain`: what the fact tables, the index map and the table of refusals say about a code, field or word."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from gateway.canonical.messages import MessageRef
from gateway.canonical.refusals import EDGE_ERRORS, FailureCode, RefusalCode
from gateway.commands import explain_catalogue, explain_ldap, explain_ncip
from gateway.commands.explain_catalogue import Row
from gateway.commands.output import print_json, print_line, print_table, say
from gateway.crosswalks.ncip_problems import problem_row
from gateway.crosswalks.refusals import REFUSALS, RefusalRow, Sip2Refusal, problem_type
from gateway.crosswalks.texts import LANGUAGES, text
from library_protocols.ncip.facts import OF_SERVICE
from library_protocols.sip2 import FIELDS, MESSAGES, TABLES, Explanation
from library_protocols.sip2 import explain as explain_sip2
from library_protocols.sip2.facts import SOURCES

OK, UNKNOWN = 0, 1
"""Exit codes: explained; no table knows the term. Wrong usage is 2."""

LISTED = 3
"""Rows beyond which they are a table."""
LANGUAGE_NAMES = {"cy": "Welsh", "en": "English"}


class Topic(StrEnum):
    SIP2 = "sip2"
    Z3950 = "z3950"
    BIB1 = "bib1"
    SRU = "sru"
    CQL = "cql"
    OAI = "oai"
    LDAP = "ldap"
    NCIP = "ncip"
    REFUSAL = "refusal"


_ROWS: dict[Topic, Callable[[str], list[Row]]] = {
    Topic.Z3950: explain_catalogue.z3950,
    Topic.BIB1: explain_catalogue.bib1,
    Topic.SRU: explain_catalogue.sru,
    Topic.CQL: explain_catalogue.cql,
    Topic.OAI: explain_catalogue.oai,
    Topic.LDAP: explain_ldap.ldap,
    Topic.NCIP: explain_ncip.ncip,
}
_NAMES: dict[Topic, Callable[[], Iterable[str]]] = {Topic.LDAP: explain_ldap.names, Topic.NCIP: explain_ncip.names}
"""What may have been meant; of the other standards `explain_catalogue` knows."""


def explain(
    topic: Annotated[Topic, typer.Argument(help="Which tables to ask.")],
    term: Annotated[list[str], typer.Argument(help="A code, a name, or a name with a value.")],
    as_json: Annotated[bool, typer.Option("--json", help="The rows as one JSON array.")] = False,
) -> None:
    """Explain a term of a standard, or what a refusal looks like at each door.

    `explain sip2 AY`, `explain sip2 17`, `explain sip2 "circulation status 08"`, `explain refusal FEE_LIMIT`,
    `explain z3950 initRequest`, `explain bib1 14`, `explain bib1 use 4`, `explain sru 10`, `explain cql dc.title`,
    `explain oai badVerb`, `explain ldap 49`, `explain ldap 52e`, `explain ncip CheckOutItem`,
    `explain ncip "Unknown User"`. Exit code 0: explained; 1: no table knows it.
    """
    wanted = " ".join(term)
    if topic is Topic.SIP2:
        found = _sip2(wanted, as_json)
    elif topic is Topic.REFUSAL:
        found = _refusal(wanted, as_json)
    else:
        found = _standard(topic, wanted, as_json)
    raise typer.Exit(OK if found else UNKNOWN)


def _standard(topic: Topic, term: str, as_json: bool) -> bool:
    rows = _ROWS[topic](term)
    if as_json:
        print_json([{**row._asdict(), "more": dict(row.more)} for row in rows])
    elif len(rows) > LISTED:
        print_table(rows[0].kind, ("code", "name", "meaning"), [(row.term, row.title, row.text) for row in rows])
    else:
        for row in rows:
            title = f"  {escape(row.title)}" if row.title else ""
            print_line(f"[bold]{escape(row.term)}[/bold]{title}  [dim]({row.kind}, {escape(row.clause)})[/dim]")
            if row.text:
                print_line(f"  {escape(row.text)}")
            for about, said in row.more:
                print_line(f"  [dim]{about}:[/dim] {escape(said)}")
    if not rows:
        names = _NAMES[topic]() if topic in _NAMES else explain_catalogue.names_of(topic.value)
        _say_unknown(term, list(names))
    return bool(rows)


def _sip2(term: str, as_json: bool) -> bool:
    rows = explain_sip2(term)
    if as_json:
        print_json([row._asdict() for row in rows])
    elif rows:
        for row in rows:
            if row.kind in ("message", "field", "fixed"):
                _print_fact(row)
        listed = [row for row in rows if row.kind in ("value", "position")]
        if listed:
            print_table(
                listed[0].title, (listed[0].kind, "meaning", "clause"), [(r.term, r.text, r.clause) for r in listed]
            )
        letters = sorted({row.clause[0] for row in rows if row.clause[:1] in SOURCES})
        for letter in letters:
            print_line(f"[dim]{letter}: {escape(SOURCES[letter])}[/dim]")
    if not rows:
        names = [*MESSAGES, *FIELDS, *(m.title.lower() for m in MESSAGES.values()),
                 *(f.title for f in FIELDS.values()), *(t.title for t in TABLES.values())]  # fmt: skip
        _say_unknown(term, names)
    return bool(rows)


def _print_fact(row: Explanation) -> None:
    print_line(f"[bold]{escape(row.term)}[/bold]  {escape(row.title)}  [dim]({row.kind}, {escape(row.clause)})[/dim]")
    for part in row.text.split("; "):
        print_line(f"  {escape(part)}")


def _refusal(term: str, as_json: bool) -> bool:
    name = "_".join(term.upper().replace("-", " ").replace("_", " ").split())
    codes: dict[str, RefusalCode | FailureCode] = {code.value: code for code in REFUSALS}
    code = codes.get(name)
    if code is None:
        if as_json:
            print_json([])
        _say_unknown(name, list(codes))
        return False
    row = REFUSALS[code]
    facts = _refusal_facts(code, row)
    if as_json:
        print_json([facts])
        return True
    print_line(f"[bold]{code.value}[/bold]  {escape(row.http_title)}  [dim]({facts['kind']})[/dim]")
    print_table(None, ("door", "looks like"), [
        ("SIP2", facts["sip2"]),
        ("HTTP", f"{row.http}, type {facts['problem']}"),
        ("NCIP", f"{row.ncip.type}" + (f", element {row.ncip.element}" if row.ncip.element else "")),
        *(("", f"{problem} in {', '.join(services)}") for problem, services in facts["ncip"]["in"].items()),
        ("LDAP", f"result code {row.ldap}"),
        *((f"screen, {LANGUAGE_NAMES[language]}", words) for language, words in facts["screen"].items()),
    ])  # fmt: skip
    return True


def _refusal_facts(code: RefusalCode | FailureCode, row: RefusalRow) -> dict[str, Any]:
    message = MessageRef(id=row.message_id)
    return {
        "code": code.value,
        "kind": _kind(code),
        "title": row.http_title,
        "sip2": _sip2_words(code, row.sip2),
        "http": row.http,
        "problem": problem_type(code),
        "ncip": {"type": row.ncip.type, "element": row.ncip.element, "in": _ncip_elsewhere(code, row.ncip.type)},
        "ldap": row.ldap,
        "screen": {language: text(message, language) for language in LANGUAGES},
    }


def _ncip_elsewhere(code: RefusalCode | FailureCode, usual: str) -> dict[str, list[str]]:
    """Other problem types that it is in services whose lists do not have the usual one, with those services."""
    found: dict[str, list[str]] = {}
    for service in OF_SERVICE:
        problem = problem_row(code, service).type
        if problem != usual:
            found.setdefault(problem, []).append(service)
    return found


def _kind(code: RefusalCode | FailureCode) -> str:
    if isinstance(code, FailureCode):
        return "failure: something broke or is away; never stored, a retry asks again"
    if code in EDGE_ERRORS:
        return "edge error: the door says it before the library's rules are asked; never stored"
    return 'refusal: a legitimate "no", stored with its command and replayed to a retry'


def _sip2_words(code: RefusalCode | FailureCode, look: Sip2Refusal) -> str:
    """How the answer's fields stand, in the order a reader of the wire meets them."""
    parts = [f"ok=1 in {', '.join(sorted(look.ok_in))}, else ok=0" if look.ok_in else "ok=0"]
    if look.needs_pin:
        parts.append("BL=N and CQ=N, for a PIN is wrong or missing")
    elif look.card_known:
        parts.append("in 24, 26 and 64 BL=Y")
    elif isinstance(code, FailureCode) or code in EDGE_ERRORS or code.startswith(("PATRON_", "UNSUPPORTED_")):
        parts.append("in 24, 26 and 64 BL=N and everything denied")
    status = TABLES["patron_status"]
    marked = [row.meaning for row in status.rows if int(row.code) in look.status]
    if marked:
        parts.append(f"patron status: {', '.join(marked)}")
    if look.fee:
        parts.append("BT, BH and BV name the fee; sent again with BO=Y it is done")
    return "; ".join([*parts, "AF says why"])


def _say_unknown(term: str, names: list[str]) -> None:
    near = difflib.get_close_matches(term.lower(), {name.lower(): None for name in names}, n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    say(f"No table knows {term!r}.{hint}")
