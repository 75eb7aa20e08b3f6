"""A SIP2 kiosk's end of a TCP link: the pure engine `Sc` with a socket and a clock around it.

One message is out at a time. When no answer comes in time the same octets go out again, as often as the standard
lets an SC repeat them; after a lost link the owner decides whether to repeat (`resume`). Whoever watches the wire
gets every line as it goes, unmasked, and masks it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from library_protocols.sip2 import STANDARD, Dialect, Framer, Message, Oversize
from library_protocols.sip2.events import Ignored, LinkFailed, Response, Send, StatusChanged
from library_protocols.sip2.sc import Sc

SENT, RECEIVED = "SC", "ACS"
"""Who wrote a line that is traced."""

OPENING = frozenset({"93", "99"})
SEQUENCES = 10
IGNORED, UNREADABLE = "ignored: ", "unreadable: "
READ_OCTETS = 65_536

Trace = Callable[[str, bytes], None]


class Sip2LinkFailed(Exception):
    """There is no link, it was lost, or TLS was refused. Whether the ACS carried the message out is unknown."""


class Sip2BadAnswer(Sip2LinkFailed):
    """The two ends cannot understand each other: damaged answers again and again, or only answers to something else."""


class Sip2Timeout(Exception):
    """No answer in time, every repetition included. Whether the ACS carried the message out is unknown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`frame` is the answer's octets without terminator; `seconds` run from the first sending to the answer.

    `sendings` counts how often the request went out; `remarks` say what happened in between.
    """

    message: Message
    frame: bytes
    seconds: float
    sendings: int
    remarks: tuple[str, ...] = ()


def tls_context(ca_file: Path | None = None, *, insecure: bool = False) -> ssl.SSLContext:
    """A client's TLS context that verifies certificate and name, unless `insecure` says not to.

    Raises OSError or ssl.SSLError where `ca_file` cannot be read.
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Sip2Client:
    """One SC. `timeout` is in seconds for each sending, `retries` how often a message is repeated after it.

    `trace` is called with `SENT` or `RECEIVED` and each line's octets.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        dialect: Dialect = STANDARD,
        tls: ssl.SSLContext | None = None,
        server_name: str | None = None,
        timeout: float = 10.0,
        retries: int = 3,
        trace: Trace | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.timeout = timeout
        self.retries = retries
        self._dialect = dialect
        self._tls = tls
        self._server_name = server_name
        self._trace = trace
        self._engine = Sc(dialect)
        self._framer = Framer(dialect.max_message)
        self._last: tuple[Message, bytes] | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def connected(self) -> bool:
        return self._writer is not None and not self._writer.is_closing()

    async def connect(self) -> None:
        """Opens a link with a fresh engine: AY starts at 0 again. Raises Sip2LinkFailed, or Sip2Timeout."""
        await self.close()
        self._engine = Sc(self._dialect)
        self._framer = Framer(self._dialect.max_message)
        name = (self._server_name or self.host) if self._tls else None
        try:
            async with asyncio.timeout(self.timeout):
                self._reader, self._writer = await asyncio.open_connection(
                    self.host, self.port, ssl=self._tls, server_hostname=name
                )
        except TimeoutError as error:
            raise Sip2Timeout(f"{self.host}:{self.port} did not accept within {self.timeout:g} s") from error
        except (OSError, ssl.SSLError) as error:
            raise Sip2LinkFailed(f"{self.host}:{self.port}: {_reason(error)}") from error

    async def close(self) -> None:
        """Ends the link; harmless where there is none."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()

    def abort(self) -> None:
        """Cuts the link at once, as a power failure would."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def send(self, message: Message, *, seconds: float | None = None, retries: int | None = None) -> Answer:
        """Asks and waits for the answer, repeating the same octets when it does not come.

        Raises Sip2Timeout, Sip2LinkFailed or Sip2BadAnswer; LocalError for what an SC does not ask with.
        """
        octets = self._start(message)
        return await self._converse(
            octets, self.timeout if seconds is None else seconds, self.retries if retries is None else retries
        )

    async def begin(self, message: Message) -> None:
        """Sends without waiting: for whoever means to lose the link or to send twice. `resume` or `again` go on."""
        await self._write(self._start(message))

    async def again(self, *, seconds: float | None = None) -> Answer:
        """Sends the message that is out once more, octet by octet, and waits. Raises as `send` does."""
        octets = self._engine.retransmit()
        return await self._converse(octets, self.timeout if seconds is None else seconds, 0)

    async def resume(self, *, seconds: float | None = None) -> Answer:
        """On a new link, sends the last message of the old one with identical octets, AY included.

        What opens a link (93, 99) does not count as such. Raises as `send` does, and ValueError when
        nothing was sent yet.
        """
        if self._last is None:
            raise ValueError("nothing was sent yet")
        message, octets = self._last
        for _ in range(SEQUENCES):
            if self._engine.send(message) == octets:
                break
            self._engine.give_up()
        return await self._converse(octets, self.timeout if seconds is None else seconds, self.retries)

    async def exchange_octets(self, octets: bytes, *, seconds: float | None = None) -> bytes:
        """Writes octets as they are and gives back the next line as it comes, without terminator or judgement.

        For messages no engine would send. Raises Sip2Timeout or Sip2LinkFailed.
        """
        await self._write(octets)
        limit = self.timeout if seconds is None else seconds
        try:
            async with asyncio.timeout(limit):
                while True:
                    for frame in self._framer.feed(await self._read()):
                        line = b"" if isinstance(frame, Oversize) else frame
                        self._show(RECEIVED, line)
                        return line
        except TimeoutError as error:
            raise Sip2Timeout(f"no answer within {limit:g} s") from error

    def _start(self, message: Message) -> bytes:
        octets = self._engine.send(message)
        if message.code not in OPENING:
            self._last = (message, octets)
        return octets

    async def _converse(self, octets: bytes, seconds: float, retries: int) -> Answer:
        loop = asyncio.get_running_loop()
        started = loop.time()
        remarks: list[str] = []
        try:
            for sending in range(1, retries + 2):
                await self._write(octets)
                response = await self._response(loop.time() + seconds, remarks)
                if response is not None:
                    return Answer(response.message, response.frame, loop.time() - started, sending, tuple(remarks))
                remarks.append(f"no answer within {seconds:g} s")
        except BaseException:
            self._engine.give_up()
            raise
        self._engine.give_up()
        unreadable = [remark for remark in remarks if remark.startswith(UNREADABLE)]
        if unreadable:
            raise Sip2BadAnswer("; ".join(unreadable))
        raise Sip2Timeout(f"no answer to {retries + 1} sendings, {seconds:g} s each")

    async def _response(self, deadline: float, remarks: list[str]) -> Response | None:
        """The answer, or None when the deadline has passed."""
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    event = self._engine.next_event()
                    if isinstance(event, Response):
                        self._show(RECEIVED, event.frame)
                        return event
                    if isinstance(event, Send | StatusChanged | Ignored | LinkFailed):
                        await self._act(event, remarks)
                    else:
                        self._engine.receive_data(await self._read())
        except TimeoutError:
            return None

    async def _act(self, event: Send | StatusChanged | Ignored | LinkFailed, remarks: list[str]) -> None:
        self._show(RECEIVED, event.frame)
        match event:
            case LinkFailed(reason=reason):
                raise Sip2BadAnswer(reason)
            case StatusChanged():
                remarks.append("the ACS changed its status first")
                await self._write(self._engine.retransmit())
            case Send(data=data, reason=reason):
                remarks.append(reason)
                await self._write(data)
            case Ignored(reason=reason, message=message):
                readable = message is not None and message.known
                remarks.append((IGNORED if readable else UNREADABLE) + reason)

    async def _write(self, octets: bytes) -> None:
        if self._writer is None:
            raise Sip2LinkFailed("there is no link")
        self._show(SENT, octets)
        try:
            self._writer.write(octets)
            await self._writer.drain()
        except (OSError, ssl.SSLError) as error:
            raise Sip2LinkFailed(f"link lost: {_reason(error)}") from error

    async def _read(self) -> bytes:
        if self._reader is None:
            raise Sip2LinkFailed("there is no link")
        try:
            data = await self._reader.read(READ_OCTETS)
        except TimeoutError:
            raise
        except (OSError, ssl.SSLError) as error:
            raise Sip2LinkFailed(f"link lost: {_reason(error)}") from error
        if not data:
            raise Sip2LinkFailed("the ACS closed the link")
        return data

    def _show(self, who: str, octets: bytes) -> None:
        if self._trace is not None:
            self._trace(who, octets.rstrip(b"\r\n"))


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)
