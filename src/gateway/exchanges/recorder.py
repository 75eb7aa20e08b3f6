"""Records exchanges without holding anybody up: references are queued, then masked, packed and written in chunks.

The queue is bounded; what does not fit is counted as dropped, never waited for. Metrics are fed here, so that what is
counted and what is recorded are the same exchanges.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import accumulate

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.exchanges.file import ExchangeFile
from gateway.exchanges.model import Exchange
from gateway.exchanges.record import RecordMaker

CHUNK = 50  # exchanges a row: amortises compression and the write
CHUNK_OCTETS = 262_144  # of a chunk's messages, but for the last: masking long ones must not hold the loop
QUEUE_LIMIT = 20_000  # minutes of a busy consortium; beyond that recording gives way to answering
QUEUE_OCTETS = 64 << 20  # of the messages that wait, whatever their number
SHARE = 0.15  # of the loop's time at most: answering comes first
COMPLAIN_SECONDS = 60.0  # between two warnings: a full disk stays full for a while
FLUSH_SECONDS = 0.25  # how far `tail` may lag behind
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds

log = structlog.get_logger(__name__)


class Metrics(Collector):
    """Prometheus counters of exchanges; one set a registry. Counted in plain numbers, made into metrics when asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._exchanges: defaultdict[tuple[str, str | None, str | None, str], int] = defaultdict(int)
        self._buckets: dict[str, list[int]] = {}  # by protocol: how many fell into each, the last one without limit
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self.dropped = 0
        registry.register(self)

    def count(self, exchange: Exchange) -> None:
        protocol, took = exchange.protocol, max(0.0, exchange.finished - exchange.started)
        operation = getattr(exchange.request, "operation", None)
        self._exchanges[(protocol, exchange.member, operation, exchange.verdict)] += 1
        buckets = self._buckets.get(protocol)
        if buckets is None:
            buckets = self._buckets[protocol] = [0] * (len(BUCKETS) + 1)
        buckets[bisect_left(BUCKETS, took)] += 1
        self._seconds[protocol] += took

    def collect(self) -> Iterator[Metric]:
        exchanges = CounterMetricFamily(
            "gateway_exchanges",
            "Exchanges by protocol, member, operation and verdict",
            labels=["protocol", "member", "operation", "verdict"],
        )
        for (protocol, member, operation, verdict), times in self._exchanges.items():
            exchanges.add_metric([protocol, member or "none", operation or "none", str(verdict)], times)
        yield exchanges
        seconds = HistogramMetricFamily(
            "gateway_exchange_seconds", "Time from the last octet in to the first octet out", labels=["protocol"]
        )
        limits = [*map(str, BUCKETS), "+Inf"]
        for protocol, buckets in self._buckets.items():
            pairs = list(zip(limits, accumulate(buckets), strict=True))
            seconds.add_metric([protocol], pairs, self._seconds[protocol])
        yield seconds
        yield CounterMetricFamily("gateway_exchanges_unrecorded", "Exchanges that were not recorded", self.dropped)


class ExchangeRecorder:
    """A `Recorder`. `file` is None where exchanges are only counted."""

    def __init__(self, file: ExchangeFile | None, maker: RecordMaker, metrics: Metrics) -> None:
        self._file = file
        self._maker = maker
        self._metrics = metrics
        self._queue: deque[Exchange] = deque()
        self._octets = 0  # of the messages in the queue
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0  # monotonic seconds: when the next chunk may be written
        self._complained = float("-inf")

    @property
    def dropped(self) -> int:
        """Exchanges that were not recorded."""
        return self._metrics.dropped

    def add(self, exchange: Exchange) -> None:
        if len(self._queue) >= QUEUE_LIMIT or self._octets >= QUEUE_OCTETS:
            self._metrics.dropped += 1
            return
        self._octets += len(exchange.bytes_in) + len(exchange.bytes_out)
        self._queue.append(exchange)
        if self._timer is None:
            self._wait(FLUSH_SECONDS)
        elif len(self._queue) == CHUNK:
            # A chunk is whole: written now, while the processor still has it at hand.
            self._timer.cancel()
            self._wait(max(0.0, self._not_before - time.monotonic()))

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._flush)

    def _flush(self) -> None:
        """Writes one chunk and comes back for the rest, so that a long queue never holds the loop for long."""
        self._timer = None
        begun = time.monotonic()
        self._write(self._taken())
        rest = (time.monotonic() - begun) * (1 / SHARE - 1)
        self._not_before = time.monotonic() + rest
        if self._queue:
            self._wait(rest if len(self._queue) >= CHUNK else FLUSH_SECONDS)

    def _taken(self) -> list[Exchange]:
        chunk: list[Exchange] = []
        octets = 0
        while self._queue and len(chunk) < CHUNK and octets < CHUNK_OCTETS:
            exchange = self._queue.popleft()
            octets += len(exchange.bytes_in) + len(exchange.bytes_out)
            chunk.append(exchange)
        self._octets -= octets
        return chunk

    def _write(self, chunk: list[Exchange]) -> None:
        for exchange in chunk:
            self._metrics.count(exchange)
        if self._file is None or not chunk:
            return
        try:
            self._file.append([self._maker.make(exchange) for exchange in chunk])
        except (sqlite3.Error, ValueError, TypeError) as error:
            self._metrics.dropped += len(chunk)
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
            self._write(self._taken())
        if self._file is not None:
            self._file.close()
