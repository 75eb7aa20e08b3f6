"""How many notifications to brokers were sent, failed and were given up, and how many wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector


class BrokerMetrics(Collector):
    """Prometheus counters of notifications; one set a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._outcomes: Counter[tuple[str, str, str]] = Counter()
        self._waiting: dict[tuple[str, str], int] = {}
        registry.register(self)

    def count(self, member: str, peer: str, outcome: str) -> None:
        """One attempt: `sent`, `failed` or `given_up`."""
        self._outcomes[(member, peer, outcome)] += 1

    def waiting(self, member: str, peer: str, notices: int) -> None:
        self._waiting[(member, peer)] = notices

    def collect(self) -> Iterator[Metric]:
        told = CounterMetricFamily(
            "gateway_broker_notices", "Notifications to brokers by outcome", labels=["member", "peer", "outcome"]
        )
        for labels, times in self._outcomes.items():
            told.add_metric(list(labels), times)
        yield told
        waiting = GaugeMetricFamily(
            "gateway_broker_notices_waiting", "Notifications that wait to be sent", labels=["member", "peer"]
        )
        for labels, notices in self._waiting.items():
            waiting.add_metric(list(labels), notices)
        yield waiting
