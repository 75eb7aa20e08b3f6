"""What every subcommand of `gateway probe sip2` shares: link, trace, verdict and exit codes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer
from rich.markup import escape

from gateway.clients.sip2 import (
    SENT,
    Answer,
    Sip2BadAnswer,
    Sip2Client,
    Sip2LinkFailed,
    Sip2Timeout,
    tls_context,
)
from gateway.clients.sip2_requests import Requests, local_time, said_yes
from gateway.commands.output import (
    checksum_words,
    covered,
    diagnostics,
    inspect_masked,
    inspection_json,
    print_inspection,
    print_json,
    print_line,
    say,
    title_of,
)
from library_protocols.sip2 import MESSAGES, Dialect, Message, decode_text, printable

YES, NO, USAGE, LINK, TIMEOUT, BAD = range(6)
"""Exit codes: the ACS said yes; it said no; wrong usage; link failed; no answer in time; answer damaged."""

PIN_VARIABLE = "GATEWAY_PROBE_PIN"


@dataclass(frozen=True, slots=True)
class Link:
    """How to reach the ACS and how to write to it; what stands before the subcommand."""

    host: str
    port: int
    login: str
    password: str
    location: str
    requests: Requests
    dialect: Dialect
    tls: bool
    insecure: bool
    ca_file: Path | None
    server_name: str | None
    timeout: float
    retries: int
    trace: bool
    as_json: bool

    def client(self) -> Sip2Client:
        """Raises typer.Exit where the CA file cannot be used."""
        try:
            context = tls_context(self.ca_file, insecure=self.insecure) if self.tls else None
        except OSError as error:
            say(f"{self.ca_file}: {error.strerror or error}")
            raise typer.Exit(USAGE) from error
        return Sip2Client(
            self.host,
            self.port,
            dialect=self.dialect,
            tls=context,
            server_name=self.server_name,
            timeout=self.timeout,
            retries=self.retries,
            trace=self._show if self.trace else None,
        )

    def _show(self, who: str, octets: bytes) -> None:
        text = printable(decode_text(covered(octets, self.dialect), self.dialect))
        arrow = "[cyan]SC  >[/cyan]" if who == SENT else "[green]ACS <[/green]"
        diagnostics.print(f"{arrow} {escape(text)}", soft_wrap=True)


def now() -> str:
    """The transaction date of a message sent now, on this machine's clock."""
    return local_time(datetime.now().astimezone())


def pin_from(option: str | None) -> str | None:
    """The PIN of an option: `-` asks for it without echo, none at all takes the environment's."""
    if option == "-":
        return typer.prompt("PIN", hide_input=True, default="", show_default=False)
    return os.environ.get(PIN_VARIABLE) if option is None else option


def ask(link: Link, build: Callable[[], Message], *, log_in: bool = True) -> None:
    """Sends one message, after a login if there is one, shows the answer and ends with its exit code."""
    try:
        message = build()
    except ValueError as error:
        say(str(error))
        raise typer.Exit(USAGE) from error

    async def talk(client: Sip2Client) -> int:
        if log_in and not await logged_in(link, client):
            return NO
        answer = await client.send(message)
        show_answer(link, message.code, answer)
        return exit_code(answer.message)

    converse(link, talk)


def converse(link: Link, talk: Callable[[Sip2Client], Awaitable[int]]) -> None:
    """Opens the link, runs `talk` and ends the program with its exit code, or with that of what went wrong."""

    async def run() -> int:
        client = link.client()
        try:
            await client.connect()
            return await talk(client)
        finally:
            await client.close()

    try:
        code = asyncio.run(run())
    except Sip2BadAnswer as error:
        code = _failed(link, BAD, f"bad answer: {error}")
    except Sip2LinkFailed as error:
        code = _failed(link, LINK, f"link failed: {error}")
    except Sip2Timeout as error:
        code = _failed(link, TIMEOUT, f"timeout: {error}")
    raise typer.Exit(code)


async def logged_in(link: Link, client: Sip2Client) -> bool:
    """Logs in where a login is given; tells why when that is refused."""
    if not link.login:
        return True
    answer = await client.send(link.requests.login(link.login, link.password, link.location))
    if said_yes(answer.message):
        return True
    show_answer(link, "93", answer)
    say(f"The ACS refused the login {link.login!r}.")
    return False


def show_answer(link: Link, asked: str, answer: Answer) -> None:
    """The answer for people or for programs."""
    yes = said_yes(answer.message)
    show_frame(
        link,
        answer.frame,
        {
            "asked": asked,
            "ok": yes,
            "milliseconds": round(answer.seconds * 1000, 3),
            "sendings": answer.sendings,
            "notes": list(answer.remarks),
        },
        f"{'yes' if yes else 'no'}, {answer.seconds * 1000:.1f} ms"
        + (f", sent {answer.sendings} times" if answer.sendings > 1 else ""),
    )
    if not link.as_json:
        for remark in answer.remarks:
            print_line(f"[yellow]![/yellow] {escape(remark)}")


def show_frame(link: Link, frame: bytes, facts: dict[str, object], headline: str) -> None:
    """One line of the wire: `facts` go with it for programs, `headline` for people."""
    inspection = inspect_masked(frame, link.dialect)
    checksum = checksum_words(frame, link.dialect)
    if link.as_json:
        print_json({**facts, "answer": inspection_json(inspection, checksum)})
        return
    code = inspection.messages[0].code if inspection.messages else "??"
    print_line(f"[bold]{escape(code)} {escape(title_of(code))}[/bold]  ({headline}, checksum {checksum})")
    print_inspection(inspection, checksum)


def exit_code(message: Message) -> int:
    """Yes, no, or malformed: an answer whose fixed part is not whole cannot be trusted to say either."""
    fact = MESSAGES.get(message.code)
    if fact is None or any(remark.clause == fact.clause for remark in message.remarks):
        return BAD
    return YES if said_yes(message) else NO


def _failed(link: Link, code: int, words: str) -> int:
    if link.as_json:
        print_json({"ok": False, "error": words, "exit": code})
    say(words)
    return code
