"""`gateway probe sip2`: a command-line kiosk. Every message an SC sends is a subcommand; without one, a self-test."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gateway.clients.sip2 import Sip2Client
from gateway.clients.sip2_requests import DATE_BLANK, HoldMode, Requests, Summary, local_time, said_yes
from gateway.commands.output import say
from gateway.commands.probe_link import (
    BAD,
    NO,
    PIN_VARIABLE,
    YES,
    Link,
    ask,
    converse,
    exit_code,
    logged_in,
    now,
    pin_from,
    show_frame,
)
from gateway.commands.self_test import self_test
from gateway.demo.consortium import KIOSK_PASSWORD, MEMBERS
from library_protocols.sip2 import DecodeError, Dialect, build, decode, encode, parse_sip_date

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORTS = {False: 6001, True: 6443}
INSTITUTIONS = {member.kiosk_login: member.main_location for member in MEMBERS}
"""What a demo kiosk calls its library; any other login needs --institution where its ACS wants AO."""


class AddressFirst(TyperGroup):
    """A group whose first word may be HOST:PORT, and whose options may stand anywhere, the subcommand's tail too."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[HOST:PORT]", *super().collect_usage_pieces(ctx)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["--address", *args]
        takes_value = {
            name: not getattr(parameter, "is_flag", False)
            for parameter in self.params
            for name in (*parameter.opts, *parameter.secondary_opts)
            if name.startswith("--") and name != "--help"
        }
        ours: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            name, has_value, _ = word.partition("=")
            if word == "--":
                rest += [word, *words]
            elif name not in takes_value:
                rest.append(word)
            else:
                ours.append(word)
                if takes_value[name] and not has_value:
                    ours += [value for value in [next(words, None)] if value is not None]
        return super().parse_args(ctx, ours + rest)


class Terminator(StrEnum):
    CR = "CR"
    CRLF = "CRLF"
    LF = "LF"


class SummaryName(StrEnum):
    NONE = "none"
    HOLDS = "holds"
    OVERDUE = "overdue"
    LOANS = "loans"
    FINES = "fines"
    RECALLS = "recalls"
    UNAVAILABLE = "unavailable"
    FEES = "fees"


class HoldAction(StrEnum):
    PLACE = "place"
    CHANGE = "change"
    CANCEL = "cancel"


app = typer.Typer(
    cls=AddressFirst,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND ...]",
)

Pin = Annotated[
    str | None, typer.Option(help=f"The patron's PIN; - asks for it, {PIN_VARIABLE} in the environment stands for it.")
]
Patron = Annotated[str, typer.Argument(help="Card number.")]
PatronOption = Annotated[str, typer.Option(help="Card number.")]
Item = Annotated[str, typer.Argument(help="Item number.")]
FeeAck = Annotated[bool | None, typer.Option("--fee-ack/--no-fee-ack", help="The patron accepts the fee (BO).")]
NoBlock = Annotated[
    bool, typer.Option("--no-block", help="It already happened while off-line and must not be refused.")
]
Moment = Annotated[
    str | None, typer.Option(help="A date, such as 2026-12-24, or date and time, such as 2026-12-24 17:00.")
]


@app.callback()
def probe(
    ctx: typer.Context,
    address: Annotated[str, typer.Option(hidden=True)] = DEFAULT_HOST,
    login: Annotated[str, typer.Option(help='Login (CN); "" sends no login.')] = MEMBERS[0].kiosk_login,
    password: Annotated[
        str, typer.Option(envvar="GATEWAY_PROBE_PASSWORD", help="The login's password (CO).", show_default=False)
    ] = KIOSK_PASSWORD,
    institution: Annotated[
        str | None, typer.Option(help="Institution id (AO); a demo kiosk knows its own.", show_default=False)
    ] = None,
    location: Annotated[str, typer.Option(help="Location code of the login (CP).")] = "",
    terminal_password: Annotated[str, typer.Option(help="Terminal password (AC).", show_default=False)] = "",
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS and verify the server's certificate.")] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="With --tls: trust any certificate.")] = False,
    ca_file: Annotated[Path | None, typer.Option(help="With --tls: trust these authorities (PEM).")] = None,
    server_name: Annotated[str | None, typer.Option(help="With --tls: the name to ask for and to verify.")] = None,
    encoding: Annotated[str, typer.Option(help="Character set.")] = "utf-8",
    terminator: Annotated[Terminator, typer.Option(help="End of a message.")] = Terminator.CR,
    delimiter: Annotated[str, typer.Option(help="Field delimiter.")] = "|",
    checksum: Annotated[bool, typer.Option(help="Send AY and AZ.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.1, max=600)] = 10.0,
    retries: Annotated[
        int, typer.Option(help="How often to repeat a message that is not answered.", min=0, max=99)
    ] = 3,
    trace: Annotated[bool, typer.Option("--trace", help="Show the lines of the wire on stderr, PINs starred.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON value on standard output.")] = False,
) -> None:
    """A command-line kiosk. Without a COMMAND it logs in, asks for the status, and says what is odd about the answer.

    Exit codes: 0 the ACS said yes; 1 it said no; 2 wrong usage; 3 the link failed; 4 no answer in time;
    5 the answer is damaged or malformed.
    """
    host, port = _address(address, tls)
    try:
        dialect = Dialect(
            encoding=encoding,
            delimiter=delimiter,
            terminator=terminator.value,
            error_detection="auto" if checksum else "never",
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    known = INSTITUTIONS.get(login, "") if institution is None else institution
    ctx.obj = link = Link(
        host=host,
        port=port,
        login=login,
        password=password,
        location=location,
        requests=Requests(known, now, terminal_password),
        dialect=dialect,
        tls=tls,
        insecure=insecure,
        ca_file=ca_file,
        server_name=server_name,
        timeout=timeout,
        retries=retries,
        trace=trace,
        as_json=as_json,
    )
    if ctx.invoked_subcommand is None:
        converse(link, lambda client: self_test(link, client))


def _address(text: str, tls: bool) -> tuple[str, int]:
    """HOST, HOST:PORT or [ADDRESS]:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or (text.startswith("[") and text.endswith("]")):
        host, port = text, str(DEFAULT_PORTS[tls])
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter(f"{text!r} is neither a subcommand nor HOST:PORT")
    return host.strip("[]"), int(port)


def _moment(text: str | None) -> str | None:
    """A date somebody typed, as SIP2 writes it: the last second of the day where no time is given."""
    if text is None:
        return None
    zone = datetime.now().astimezone().tzinfo
    moment = parse_sip_date(text, zone) if zone else None
    if moment is None:
        raise typer.BadParameter(f"{text!r} is no date such as 2026-12-24 or 2026-12-24 17:00")
    return local_time(moment)


@app.command()
def login(ctx: typer.Context) -> None:
    """93: log in, and show the answer."""
    link: Link = ctx.obj
    ask(link, lambda: link.requests.login(link.login, link.password, link.location), log_in=False)


@app.command()
def status(
    ctx: typer.Context,
    code: Annotated[str, typer.Option(help="0 in order, 1 out of paper, 2 shutting down.")] = "0",
    width: Annotated[str, typer.Option(help="Print width, three digits.")] = "040",
    version: Annotated[str, typer.Option(help="Protocol version.")] = "2.00",
) -> None:
    """99: say how the kiosk is, and hear what the ACS announces."""
    link: Link = ctx.obj
    ask(link, lambda: link.requests.status(code, width, version))


@app.command()
def patron_status(ctx: typer.Context, patron: Patron, pin: Pin = None) -> None:
    """23: what the patron may not do, and why."""
    link: Link = ctx.obj
    ask(link, lambda: link.requests.patron_status(patron, pin_from(pin)))


@app.command()
def patron_info(
    ctx: typer.Context,
    patron: Patron,
    pin: Pin = None,
    summary: Annotated[SummaryName, typer.Option(help="The list wanted.")] = SummaryName.NONE,
    window: Annotated[str | None, typer.Option(help="First and last line of the list, such as 1-10.")] = None,
) -> None:
    """63: the patron's account, with one list of items."""
    link: Link = ctx.obj
    wanted = _window(window)
    ask(link, lambda: link.requests.patron_information(patron, pin_from(pin), Summary[summary.name], wanted))


def _window(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal()):
        raise typer.BadParameter(f"{text!r} is no window such as 1-10")
    return int(first), int(last)


@app.command()
def checkout(
    ctx: typer.Context,
    item: Item,
    patron: PatronOption,
    pin: Pin = None,
    no_block: NoBlock = False,
    due: Moment = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back the check-in just made (BI).")] = False,
    fee_ack: FeeAck = None,
    renewals: Annotated[bool, typer.Option(help="Whether the kiosk lets a second check-out renew.")] = True,
    properties: Annotated[str | None, typer.Option(help="Item properties (CH).")] = None,
) -> None:
    """11: lend an item. --due is the date that was told off-line."""
    link: Link = ctx.obj
    told = _moment(due) or DATE_BLANK
    ask(
        link,
        lambda: link.requests.checkout(
            item,
            patron,
            pin_from(pin),
            renewals=renewals,
            no_block=no_block,
            due=told,
            undo=undo,
            fee_acknowledged=fee_ack,
            properties=properties,
        ),
    )


@app.command()
def checkin(
    ctx: typer.Context,
    item: Item,
    current_location: Annotated[str, typer.Option(help="Where the item is now (AP).")] = "",
    no_block: NoBlock = False,
    returned: Moment = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back the check-out just made (BI).")] = False,
    properties: Annotated[str | None, typer.Option(help="Item properties (CH).")] = None,
) -> None:
    """09: take an item back. --returned is when, if not now."""
    link: Link = ctx.obj
    when = _moment(returned)
    ask(
        link,
        lambda: link.requests.checkin(
            item, location=current_location, no_block=no_block, returned=when, undo=undo, properties=properties
        ),
    )


@app.command()
def renew(
    ctx: typer.Context,
    patron: PatronOption,
    item: Annotated[str | None, typer.Argument(help="Item number; or give --title.")] = None,
    title: Annotated[str | None, typer.Option(help="Title, where the item number is not known (AJ).")] = None,
    pin: Pin = None,
    third_party: Annotated[bool, typer.Option(help="Others than the patron may renew.")] = False,
    no_block: NoBlock = False,
    due: Moment = None,
    fee_ack: FeeAck = None,
) -> None:
    """29: renew one loan."""
    link: Link = ctx.obj
    _need_one(item, title)
    told = _moment(due) or DATE_BLANK
    ask(
        link,
        lambda: link.requests.renew(
            patron,
            pin_from(pin),
            item=item,
            title=title,
            third_party=third_party,
            no_block=no_block,
            due=told,
            fee_acknowledged=fee_ack,
        ),
    )


@app.command()
def renew_all(ctx: typer.Context, patron: Patron, pin: Pin = None, fee_ack: FeeAck = None) -> None:
    """65: renew all of the patron's loans."""
    link: Link = ctx.obj
    ask(link, lambda: link.requests.renew_all(patron, pin_from(pin), fee_acknowledged=fee_ack))


@app.command()
def item_info(ctx: typer.Context, item: Item) -> None:
    """17: what is known of an item. Exit code 1 when it is not known."""
    link: Link = ctx.obj
    ask(link, lambda: link.requests.item_information(item))


@app.command()
def item_update(
    ctx: typer.Context, item: Item, properties: Annotated[str, typer.Option(help="Item properties (CH).")]
) -> None:
    """19: store an item's properties."""
    link: Link = ctx.obj
    ask(link, lambda: link.requests.item_update(item, properties))


@app.command()
def hold(
    ctx: typer.Context,
    action: Annotated[HoldAction, typer.Argument(help="What to do.")],
    patron: PatronOption,
    item: Annotated[str | None, typer.Argument(help="Item number; or give --title.")] = None,
    title: Annotated[str | None, typer.Option(help="Title (AJ).")] = None,
    pin: Pin = None,
    kind: Annotated[
        str | None, typer.Option("--type", help="1 other, 2 any copy, 3 this copy, 4 any copy at one branch.")
    ] = None,
    pickup: Annotated[str | None, typer.Option(help="Where to collect it (BS).")] = None,
    expires: Moment = None,
    fee_ack: FeeAck = None,
) -> None:
    """15: place, change or cancel a hold."""
    link: Link = ctx.obj
    _need_one(item, title)
    until = _moment(expires)
    ask(
        link,
        lambda: link.requests.hold(
            HoldMode[action.name],
            patron,
            pin_from(pin),
            item=item,
            title=title,
            kind=kind,
            pickup=pickup,
            expires=until,
            fee_acknowledged=fee_ack,
        ),
    )


def _need_one(item: str | None, title: str | None) -> None:
    if item is None and title is None:
        raise typer.BadParameter("an item number or --title is needed")


@app.command()
def fee_paid(
    ctx: typer.Context,
    amount: Annotated[str, typer.Argument(help="Amount, with a decimal point.")],
    patron: PatronOption,
    pin: Pin = None,
    fee: Annotated[str | None, typer.Option(help="The fee that is paid (CG).")] = None,
    transaction: Annotated[str | None, typer.Option(help="Number of the payment (BK): it counts once.")] = None,
    fee_type: Annotated[str, typer.Option(help="Fee type, two digits.")] = "01",
    payment_type: Annotated[str, typer.Option(help="00 cash, 01 VISA, 02 credit card.")] = "00",
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "GBP",
) -> None:
    """37: tell that a fee was paid."""
    link: Link = ctx.obj
    ask(
        link,
        lambda: link.requests.fee_paid(
            amount,
            patron,
            pin_from(pin),
            fee=fee,
            transaction=transaction,
            fee_type=fee_type,
            payment_type=payment_type,
            currency=currency,
        ),
    )


@app.command()
def block(
    ctx: typer.Context,
    patron: Patron,
    reason: Annotated[str, typer.Option(help="Why (AL).")] = "",
    retained: Annotated[bool, typer.Option(help="The kiosk kept the card.")] = False,
) -> None:
    """01: block a patron's card."""
    link: Link = ctx.obj
    ask(link, lambda: link.requests.block(patron, reason, card_retained=retained))


@app.command()
def enable(ctx: typer.Context, patron: Patron, pin: Pin = None) -> None:
    """25: enable a patron that was blocked."""
    link: Link = ctx.obj
    ask(link, lambda: link.requests.enable(patron, pin_from(pin)))


@app.command()
def end_session(ctx: typer.Context, patron: Patron, pin: Pin = None) -> None:
    """35: the patron has gone."""
    link: Link = ctx.obj
    ask(link, lambda: link.requests.end_session(patron, pin_from(pin)))


@app.command()
def resend(ctx: typer.Context) -> None:
    """97: ask for the last answer again, which is that to the login."""
    link: Link = ctx.obj
    _send_octets(link, encode(build("97"), link.dialect, with_checksum=link.dialect.error_detection != "never"))


@app.command()
def raw(ctx: typer.Context, text: Annotated[str, typer.Argument(help="The line, as it shall go out.")]) -> None:
    """Any line, with its terminator and nothing else added."""
    link: Link = ctx.obj
    octets = text.encode(link.dialect.encoding, "replace") + link.dialect.terminator_octets
    _send_octets(link, octets)


def _send_octets(link: Link, octets: bytes) -> None:
    async def talk(client: Sip2Client) -> int:
        if not await logged_in(link, client):
            return NO
        line = await client.exchange_octets(octets)
        try:
            message = decode(line, link.dialect)
        except DecodeError as error:
            say(f"bad answer: {error}")
            return BAD
        # A 96 is no verdict on what was asked, and whoever sends a raw line asked for nothing in particular.
        code = YES if message.code == "96" else exit_code(message)
        show_frame(link, line, {"ok": said_yes(message)}, "as it came")
        return code

    converse(link, talk)
