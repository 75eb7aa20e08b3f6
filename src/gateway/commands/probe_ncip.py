"""`gateway probe ncip`: try a responder with what NCIP asks of one, or ask it any service from the command line."""

from __future__ import annotations

import asyncio
import getpass
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from gateway.clients.ncip import (
    Answer,
    Login,
    NcipBadAnswer,
    NcipClient,
    NcipTimeout,
    NcipUnavailable,
    Parties,
    Question,
    Trace,
    problem_words,
)
from gateway.clients.ncip_profiles import DIALECTS, PROFILES, Profile
from gateway.clients.ncip_questions import BESIDE, NoSuchPath, Words, names_of, question
from gateway.clients.sip2 import tls_context
from gateway.commands.checks import Result
from gateway.commands.decode_ncip import show_ncip
from gateway.commands.found import BAD, LINK, NO, TIMEOUT, USAGE, YES
from gateway.commands.ncip_checks import Subject, run_checks
from gateway.commands.output import diagnostics, print_json, print_line, print_table, say
from library_protocols.ncip import SERVICES, EncodeError, ServiceKind
from library_protocols.ncip.mask import mask

DEFAULT_ADDRESS = "http://127.0.0.1:8080/ncip/aber"
PIN_VARIABLE = "GATEWAY_PROBE_PIN"
_MARKS = {"ok": "ok", "odd": "ODD", "not offered": "-"}
_ACCOUNT = ("LoanedItemsDesired", "RequestedItemsDesired", "UserFiscalAccountDesired")


@dataclass(frozen=True, slots=True)
class _Reached:
    """How a responder is reached and spoken to."""

    address: str
    profile: Profile
    login: Login
    timeout: float
    verify: ssl.SSLContext | bool
    trace: Trace | None

    def client(self, parties: Parties, version: str) -> NcipClient:
        return NcipClient(
            self.address, self.profile, version=version, parties=parties, login=self.login, timeout=self.timeout,
            verify=self.verify, trace=self.trace,
        )  # fmt: skip


def probe_ncip(
    address: Annotated[
        str, typer.Argument(help="https://…, http://…, tcp://HOST:PORT or http10://…")
    ] = DEFAULT_ADDRESS,
    service: Annotated[
        str, typer.Option("--service", "-s", help="Ask this service; without it, a run of checks.")
    ] = "",
    message: Annotated[Path | None, typer.Option(help="Send the document in this file as it is.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Allow what changes something at the other end.")] = False,
    user: Annotated[str, typer.Option(help="UserId, a card number.")] = "",
    pin: Annotated[
        str, typer.Option(help=f"The user's PIN; - asks for it, {PIN_VARIABLE} in the environment stands for it.")
    ] = "",
    item: Annotated[str, typer.Option(help="ItemId, a barcode.")] = "",
    request: Annotated[str, typer.Option(help="RequestId.")] = "",
    bib: Annotated[str, typer.Option(help="BibliographicRecordId; --to-agency is whose it is.")] = "",
    pickup: Annotated[str, typer.Option(help="PickupLocation.")] = "",
    amount: Annotated[str, typer.Option(help="Sum of a fiscal transaction, such as 2.50.")] = "",
    currency: Annotated[str, typer.Option(help="Its currency.")] = "GBP",
    date: Annotated[str, typer.Option(help="The date of the service: when it is due, needed, shipped.")] = "",
    status: Annotated[str, typer.Option(help="CirculationStatus.")] = "",
    title: Annotated[str, typer.Option(help="Title of the item.")] = "",
    name: Annotated[str, typer.Option(help="Name of the user or agency.")] = "",
    note: Annotated[str, typer.Option(help="Text of a notice.")] = "",
    action: Annotated[str, typer.Option(help="RequestedActionType or FiscalActionType.")] = "",
    kind: Annotated[str, typer.Option("--type", help="RequestType or FiscalTransactionType.")] = "",
    scope: Annotated[str, typer.Option(help="RequestScopeType.")] = "",
    account: Annotated[bool, typer.Option("--account", help="Of a user: loans, requests and charges too.")] = False,
    elements: Annotated[
        list[str] | None, typer.Option("--element", help="Element to be told, such as 'Circulation Status'.")
    ] = None,
    paths: Annotated[
        list[str] | None, typer.Option("--set", help="Any element: ItemOptionalFields/ItemDescription/CallNumber=QA 76")
    ] = None,
    from_agency: Annotated[str, typer.Option(help="FromAgencyId: who asks.")] = "",
    to_agency: Annotated[str, typer.Option(help="ToAgencyId: who is asked.")] = "",
    on_behalf_of: Annotated[str, typer.Option(help="OnBehalfOfAgency.")] = "",
    from_system: Annotated[str, typer.Option(help="FromSystemId.")] = "",
    application_profile: Annotated[str, typer.Option(help="ApplicationProfileType.")] = "",
    secret: Annotated[
        str,
        typer.Option(envvar="GATEWAY_PROBE_SECRET", help="Sent as FromAgencyAuthentication.", show_default=False),
    ] = "",
    api_key: Annotated[
        str, typer.Option(envvar="GATEWAY_PROBE_API_KEY", help="Sent as a bearer token.", show_default=False)
    ] = "",
    login: Annotated[str, typer.Option(help="Name for HTTP Basic.")] = "",
    password: Annotated[
        str, typer.Option(envvar="GATEWAY_PROBE_PASSWORD", help="Password to that name.", show_default=False)
    ] = "",
    profile: Annotated[str, typer.Option(help="Kind of system: `gateway explain ncip profiles`.")] = "standard",
    version: Annotated[str, typer.Option(help="Version to speak; the profile's own without it.")] = "",
    ca_file: Annotated[
        Path | None, typer.Option(help="PEM file of the authorities that may have signed the certificate.")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Trust any certificate.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds for a message and its answer.", min=0.1, max=600)] = 30.0,
    trace: Annotated[bool, typer.Option("--trace", help="Show every document as it goes, on standard error.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """Try an NCIP responder: whether it lets us in, how it says no, what it makes of hostile and of other dialects'
    documents. Nothing is written: cards and items that nobody has are looked up.

    With --service or --message: ask one thing and show question and answer. What changes something wants --write.

    Exit codes: 0 nothing is odd, or the answer is yes; 1 something is, or the answer is no; 2 wrong usage; 3 the link
    failed; 4 no answer in time; 5 what came is no NCIP.
    """
    parties = Parties(
        from_agency, to_agency, from_system, "", on_behalf_of, application_profile, secret
    )  # fmt: skip
    row = _profile(profile, version)
    reached = _Reached(
        address, row, Login(api_key, login, password), timeout, _context(ca_file, insecure), _show if trace else None
    )
    try:
        client = reached.client(parties, version)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="ADDRESS") from None
    for lacking in parties.lacks(row):
        say(f"{row.title} wants {lacking}")
    if message is not None:
        _one(client, _file(message), "", write, as_json=as_json)
    if service:
        named = {
            "user": user, "item": item, "request": request, "bib": bib, "pickup": pickup, "status": status,
            "date": date, "title": title, "name": name, "note": note, "action": action, "type": kind, "scope": scope,
        }  # fmt: skip
        set_ = [*_pairs(paths or []), *((each, "") for each in _ACCOUNT if account)]
        words = Words(
            {short: value for short, value in named.items() if value} | _agency(service, bib, to_agency),
            tuple(set_), tuple(elements or []), _pin(pin), _sum(amount), currency,
        )  # fmt: skip
        _one(client, _question(service, words), service, write, as_json=as_json)
    _checks(client, Subject(lambda who, spoken: reached.client(who, spoken or version), parties), as_json=as_json)


def _one(client: NcipClient, asked: Question | bytes, service: str, write: bool, *, as_json: bool) -> NoReturn:
    """Asks one thing and leaves."""
    row = SERVICES.get(service)
    changes = service == "RenewAllItem" or (row is not None and row.kind is not ServiceKind.LOOKUP)
    if changes and not write:
        say(f"{service} changes something at the other end: --write allows it")
        raise typer.Exit(USAGE)
    if isinstance(asked, bytes) and not write:
        say("what a file asks for may change something at the other end: --write allows it")
        raise typer.Exit(USAGE)
    try:
        octets = asked if isinstance(asked, bytes) else client.document(asked)
    except EncodeError as error:
        say(str(error))
        raise typer.Exit(USAGE) from None
    if not as_json:
        show_ncip([octets], as_json=False, show_secrets=False)
    answer = asyncio.run(_asked(client, octets))
    if as_json:
        print_json(_report(client, service, octets, answer))
    else:
        show_ncip([answer.octets], as_json=False, show_secrets=False)
        status = "" if answer.status is None else f"HTTP {answer.status}, "
        for problem in answer.problems:
            print_line(f"[red]no[/red]  {_escaped(problem_words(problem))}")
        print_line(f"{status}{answer.seconds * 1000:.0f} ms")
    raise typer.Exit(NO if answer.problems else YES)


async def _asked(client: NcipClient, octets: bytes) -> Answer:
    async with client:
        try:
            return await client.send_octets(octets)
        except NcipTimeout as error:
            _leave(client, error, TIMEOUT)
        except NcipBadAnswer as error:
            _leave(client, error, BAD)
        except NcipUnavailable as error:
            _leave(client, error, LINK)


def _leave(client: NcipClient, error: NcipUnavailable, code: int) -> NoReturn:
    unknown = "; whether it was carried out is unknown" if error.outcome_unknown else ""
    say(f"{client.place.shown}: {error}{unknown}")
    raise typer.Exit(code) from None


def _checks(client: NcipClient, subject: Subject, *, as_json: bool) -> NoReturn:
    shown = client.place.shown
    try:
        results = asyncio.run(run_checks(subject))
    except NcipUnavailable as error:
        say(f"{shown}: {error}")
        raise typer.Exit(TIMEOUT if isinstance(error, NcipTimeout) else LINK) from None
    odd = sum(result.verdict == "odd" for result in results)
    if as_json:
        print_json({"address": shown, "odd": odd, "checks": [_result(each) for each in results]})
    else:
        rows = [(_MARKS[each.verdict], each.name, each.detail, f"{each.seconds * 1000:.0f} ms") for each in results]
        print_table(f"{shown}, NCIP {client.dialect.version}", ("", "check", "seen", "took"), rows)
        print_line(f"{odd} odd" if odd else "nothing odd")
    raise typer.Exit(NO if odd else YES)


def _result(result: Result) -> dict[str, Any]:
    return {
        "check": result.name, "verdict": result.verdict, "detail": result.detail, "seconds": round(result.seconds, 4)
    }  # fmt: skip


def _report(client: NcipClient, service: str, octets: bytes, answer: Answer) -> dict[str, Any]:
    return {
        "address": client.place.shown,
        "service": service or None,
        "status": answer.status,
        "seconds": round(answer.seconds, 4),
        "answer": type(answer.message).__name__,
        "problems": [
            {
                "type": problem.problem_type.value if problem.problem_type else None,
                "detail": problem.problem_detail,
                "element": problem.problem_element,
                "value": problem.problem_value,
            }
            for problem in answer.problems
        ],
        "sent": _covered(octets),
        "received": _covered(answer.octets),
    }


def _covered(octets: bytes) -> str | None:
    masked = mask(octets)
    return None if masked is None else masked.decode("utf-8", "replace")


def _show(who: str, octets: bytes) -> None:
    arrow = "[cyan]initiator >[/cyan]" if who == "initiator" else "[green]responder <[/green]"
    shown = _covered(octets)
    text = f"{len(octets)} octets that cannot be shown" if shown is None else " ".join(shown.split())
    diagnostics.print(f"{arrow} {_escaped(text)}", soft_wrap=True)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


def _question(service: str, words: Words) -> Question:
    if service not in SERVICES and service not in BESIDE:
        near = [each for each in (*SERVICES, *BESIDE) if each.casefold() == service.casefold()]
        raise typer.BadParameter(f"no service of that name{f': {near[0]}?' if near else ''}", param_hint="--service")
    try:
        return question(service, words, datetime.now(UTC))
    except NoSuchPath as error:
        say(f"{error}; it takes {', '.join('--' + name for name in (*names_of(service), 'set PATH=VALUE'))}")
    except ValueError as error:
        say(str(error))
    raise typer.Exit(USAGE)


def _agency(service: str, bib: str, agency: str) -> dict[str, str]:
    """Whose record a bib is, and which agency is asked about."""
    about = service == "LookupAgency" or bool(bib)
    return {"agency": agency} if agency and about else {}


def _pairs(given: list[str]) -> list[tuple[str, str]]:
    return [(path.strip(), value) for path, _, value in (each.partition("=") for each in given)]


def _pin(given: str) -> str:
    if given == "-":
        return getpass.getpass("PIN: ")
    return given or os.environ.get(PIN_VARIABLE, "")


def _sum(amount: str) -> Decimal | None:
    if not amount:
        return None
    try:
        return Decimal(amount)
    except InvalidOperation:
        raise typer.BadParameter("no sum", param_hint="--amount") from None


def _profile(name: str, version: str) -> Profile:
    if name not in PROFILES:
        raise typer.BadParameter(f"one of {', '.join(PROFILES)}", param_hint="--profile")
    if version and version not in DIALECTS:
        raise typer.BadParameter(f"one of {', '.join(DIALECTS)}", param_hint="--version")
    return PROFILES[name]


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        say(f"{path}: {error.strerror or error}")
        raise typer.Exit(USAGE) from None


def _context(ca_file: Path | None, insecure: bool) -> ssl.SSLContext:
    try:
        return tls_context(ca_file, insecure=insecure)
    except OSError as error:
        say(f"{ca_file}: {error.strerror or error}")
        raise typer.Exit(USAGE) from error
