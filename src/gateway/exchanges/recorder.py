"""Records exchanges without holding anybody up: references are queued, then masked, packed and written in chunks.

The queue is bounded; what does not fit is counted as dropped, never waited for. Metrics are fed here, so that what is
counted and what is recorded are the same exchanges.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from gateway.exchanges.file import ExchangeFile
from gateway.exchanges.model import Exchange
from gateway.exchanges.record import RecordMaker

CHUNK = 50  # exchanges a row: amortises compression and the write
QUEUE_LIMIT = 20_000  # minutes of a busy consortium; beyond that recording gives way to answering
SHARE = 0.15  # of the loop's time at most while there is a queue: answering comes first
COMPLAIN_SECONDS = 60.0  # between two warnings: a full disk stays full for a while
FLUSH_SECONDS = 0.25  # how far `tail` may lag behind

log = structlog.get_logger(__name__)


class Metrics:
    """Prometheus counters of exchanges; one set a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.exchanges = Counter(
            "gateway_exchanges",
            "Exchanges by protocol, member, operation and verdict",
            ["protocol", "member", "operation", "verdict"],
            registry=registry,
        )
        self._children: dict[tuple[str, str, str, str], Counter] = {}
        self.seconds = Histogram(
            "gateway_exchange_seconds",
            "Time from the last octet in to the first octet out",
            ["protocol"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=registry,
        )
        self.dropped = Counter("gateway_exchanges_unrecorded", "Exchanges that were not recorded", registry=registry)

    def count(self, exchange: Exchange) -> None:
        operation = getattr(exchange.request, "operation", None) or "none"
        labels = (exchange.protocol, exchange.member or "none", operation, exchange.verdict.value)
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self.exchanges.labels(*labels)
        child.inc()
        self.seconds.labels(exchange.protocol).observe(max(0.0, exchange.finished - exchange.started))


class ExchangeRecorder:
    """A `Recorder`. `file` is None where exchanges are only counted."""

    def __init__(self, file: ExchangeFile | None, maker: RecordMaker, metrics: Metrics) -> None:
        self._file = file
        self._maker = maker
        self._metrics = metrics
        self._queue: list[Exchange] = []
        self._timer: asyncio.TimerHandle | None = None
        self.dropped = 0
        self._complained = float("-inf")

    def add(self, exchange: Exchange) -> None:
        if len(self._queue) >= QUEUE_LIMIT:
            self.dropped += 1
            self._metrics.dropped.inc()
            return
        self._queue.append(exchange)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        """Writes one chunk and comes back for the rest, so that a long queue never holds the loop for long."""
        self._timer = None
        chunk, self._queue = self._queue[:CHUNK], self._queue[CHUNK:]
        begun = time.monotonic()
        self._write(chunk)
        if self._queue:
            took = time.monotonic() - begun
            delay = took * (1 / SHARE - 1) if len(self._queue) >= CHUNK else FLUSH_SECONDS
            self._timer = asyncio.get_running_loop().call_later(delay, self._flush)

    def _write(self, chunk: list[Exchange]) -> None:
        for exchange in chunk:
            self._metrics.count(exchange)
        if self._file is None or not chunk:
            return
        try:
            self._file.append([self._maker.make(exchange) for exchange in chunk])
        except (sqlite3.Error, ValueError, TypeError) as error:
            self.dropped += len(chunk)
            self._metrics.dropped.inc(len(chunk))
            if time.monotonic() - self._complained > COMPLAIN_SECONDS:
                self._complained = time.monotonic()
                log.warning("exchanges.not_recorded", dropped_so_far=self.dropped, error=str(error))

    async def keep_retention(self, days: float, every: float = 3600.0) -> None:
        """Forgets old exchanges now and then; runs until cancelled."""
        while self._file is not None:
            with contextlib.suppress(sqlite3.Error):
                self._file.forget(days)
            await asyncio.sleep(every)

    def close(self) -> None:
        """Writes what is queued and closes the file."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            chunk, self._queue = self._queue[:CHUNK], self._queue[CHUNK:]
            self._write(chunk)
        if self._file is not None:
            self._file.close()
