"""Reading MARC and writing it as MARCXML, against pymarc doing the same to the same records in the same run.

Processor time of one process, by turns and best of each, so that what else the machine does weighs little.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from typing import Any

import pymarc

from library_protocols.marc import from_marcxml, read, to_iso2709, to_marcxml
from tests.benchmarks.corpus import Corpus

_ROUNDS = 5


def marc(quick: bool) -> dict[str, Any]:
    """Microseconds of processor time a record, and ours to pymarc's. MARC-8 and UTF-8 records separately."""
    count = 200 if quick else 2_000
    # Every eleventh: neighbours are the same work.
    corpus = Corpus()
    utf8 = [corpus.record(11 * number) for number in range(count)]
    records = [read(data).record for data in utf8]
    marc8 = [to_iso2709(record, "marc-8") for record in records]
    figures: dict[str, Any] = {"records": count, "bytes a record": sum(map(len, utf8)) / count}
    figures["utf-8"] = _compared(utf8)
    figures["marc-8"] = _compared(marc8)
    figures["MARCXML to record µs"] = _best(from_marcxml, [to_marcxml(record) for record in records])
    figures["record to ISO 2709 µs"] = _best(to_iso2709, records)
    return figures


def _compared(octets: list[bytes]) -> dict[str, Any]:
    ours, theirs = [read(data).record for data in octets], [_pymarc(data) for data in octets]
    times = {"read": [9e9, 9e9], "MARCXML": [9e9, 9e9]}
    for _ in range(_ROUNDS):
        times["read"][0] = min(times["read"][0], _once(read, octets))
        times["read"][1] = min(times["read"][1], _once(_pymarc, octets))
        times["MARCXML"][0] = min(times["MARCXML"][0], _once(to_marcxml, ours))
        times["MARCXML"][1] = min(times["MARCXML"][1], _once(pymarc.record_to_xml, theirs))
    both = [sum(column) for column in zip(*times.values(), strict=True)]
    found: dict[str, Any] = {}
    for name, (own, other) in (*times.items(), ("read and MARCXML", both)):
        found |= {f"{name} µs": own, f"{name}, pymarc µs": other, f"{name}, times as fast": other / own}
    return found | {"read and MARCXML, times pymarc's reader alone": times["read"][1] / both[0]}


def _pymarc(data: bytes) -> pymarc.Record:
    return pymarc.Record(data=data, to_unicode=True)


def _best(function: Callable[[Any], object], values: list[Any]) -> float:
    return min(_once(function, values) for _ in range(_ROUNDS))


def _once(function: Callable[[Any], object], values: Iterable[Any]) -> float:
    """Microseconds of processor time a call."""
    gc.collect()
    begun, calls = time.process_time(), 0
    for value in values:
        function(value)
        calls += 1
    return (time.process_time() - begun) / calls * 1e6
