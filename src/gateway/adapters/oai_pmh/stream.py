"""Sends a list while it is being made: one piece at a time, compressed on the way, nothing held but the piece at hand.

A list that breaks off in the middle is never ended politely: the connection is cut, so that no harvester takes half a
list for a whole one.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.adapters.oai_pmh.service import Answer

SEND_SECONDS = 60.0  # for one piece of some 100 KB; who reads slower than that gives its place to others
RECORDED_OCTETS = 4096  # of a response: its head and the first record
_GZIP_LEVEL = 1  # a third of the time of level 6, and MARCXML becomes a tenth larger than with it
_GZIP_WINDOW = 31  # how zlib is asked for gzip's wrapping

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Outgoing:
    """A response on its way. `octets` counts what was made, before compression; `beginning` is kept for the record;
    `failure` says why it was cut."""

    answer: Answer
    headers: dict[str, str]
    accepts_gzip: bool = False
    head_only: bool = False
    octets: int = 0
    beginning: bytes = b""
    failure: str | None = None


class Streamed(Response):
    """A response of unknown length. `done` is told when it has been sent, or cut."""

    def __init__(self, outgoing: Outgoing, done: Callable[[Outgoing], None]) -> None:
        if outgoing.accepts_gzip:
            outgoing.headers["Content-Encoding"] = "gzip"
        super().__init__(headers=outgoing.headers)
        del self.headers["content-length"]
        self._outgoing = outgoing
        self._done = done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        outgoing = self._outgoing
        try:
            async with aclosing(outgoing.answer.pieces) as pieces:
                await _send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                packer = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP_WINDOW) if outgoing.accepts_gzip else None
                if not outgoing.head_only:
                    async for piece in pieces:
                        self._note(piece)
                        packed = packer.compress(piece) if packer else piece
                        if packed:
                            await _send(send, {"type": "http.response.body", "body": packed, "more_body": True})
                rest = packer.flush() if packer and not outgoing.head_only else b""
                await _send(send, {"type": "http.response.body", "body": rest, "more_body": False})
        except TimeoutError:
            outgoing.failure = "the reader is too slow"
            raise
        except BaseException as error:
            outgoing.failure = "broken off"
            if isinstance(error, Exception):
                log.exception("oai_pmh.broken_off")
            raise
        finally:
            self._done(outgoing)

    def _note(self, piece: bytes) -> None:
        outgoing = self._outgoing
        outgoing.octets += len(piece)
        if len(outgoing.beginning) < RECORDED_OCTETS:
            outgoing.beginning += piece[: RECORDED_OCTETS - len(outgoing.beginning)]


async def _send(send: Send, message: dict[str, object]) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send(message)


def gzipped(octets: bytes) -> bytes:
    """A whole body, compressed."""
    packer = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP_WINDOW)
    return packer.compress(octets) + packer.flush()


__all__ = ["Outgoing", "Streamed", "gzipped"]
