"""NCIP beside SIP2 on the same platform, and the codec beside lxml alone."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.ncip import decode, encode
from tests.benchmarks import scenarios
from tests.benchmarks.machine import SERVER_CPU, pin, python
from tests.benchmarks.ncip_load import check_in, check_out, look_up_user
from tests.benchmarks.scenarios import ALL, CONNECTIONS, Figures, folder, server

ROUNDS = 5


def ncip(quick: bool) -> Figures:
    """LookupUser beside 63, check-out and check-in pairs beside 11 and 09: short runs by turns, of each the best."""
    figures: Figures = {}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with folder() as data, server(python("tests.benchmarks.ncip_node", str(data), str(port))) as (sip2, process):
        for kind, messages in (("patron", 4_000), ("pair", 2_000)):
            runs: dict[str, list[Figures]] = {"sip2": [], "ncip": []}
            for turn in range(1 if quick else ROUNDS):
                # What is said again is done once: each round of pairs goes on where the last one stopped.
                said = {"spread": 48, "first": turn * messages if kind == "pair" else 0, "server": process.pid}
                runs["sip2"].append(scenarios.load(sip2, kind, messages, **said))
                runs["ncip"].append(_brokers(port, kind, messages, **said))
            if refused := sum(run.get("refused", 0) for found in runs.values() for run in found):
                raise RuntimeError(f"{kind}: {refused} refused")
            rate = {name: max(run["per_second"] for run in found) for name, found in runs.items()}
            cost = {name: min(run["processor_us"] for run in found) for name, found in runs.items()}
            figures["look_up_user" if kind == "patron" else "check_out_and_in"] = {
                **{f"{name}_per_second": value for name, value in rate.items()},
                **{f"{name}_processor_us": value for name, value in cost.items()},
                "ratio": rate["ncip"] / rate["sip2"],
            }
    return {**figures, "codec": _codec(1_000 if quick else 5_000)}


def _brokers(port: int, kind: str, messages: int, **more: Any) -> Figures:
    spec = {"port": port, "kind": kind, "connections": CONNECTIONS, "messages": messages, "members": ALL, **more}
    command = python("tests.benchmarks.ncip_load")
    answer = subprocess.run(command, input=json.dumps(spec), capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def _codec(times: int) -> Figures:
    """Reading and writing three documents as brokers send them, against lxml doing the same with no idea of them."""
    pin(SERVER_CPU)
    documents = [
        look_up_user("aber", "20100001"),
        check_out("aber", "20100001", "30100001", "1-1"),
        check_in("aber", "30100001"),
    ]

    def ours(octets: bytes) -> None:
        envelope = decode(octets)
        encode(envelope.message, envelope.dialect)

    def bare(octets: bytes) -> None:
        etree.tostring(etree.fromstring(octets), encoding="UTF-8", xml_declaration=True)

    best = {"ours": 0.0, "bare": 0.0}
    for _ in range(5):
        for name, work in (("ours", ours), ("bare", bare)):
            best[name] = max(best[name], _rate(work, documents, times // 5))
    return {
        "documents_per_second": best["ours"],
        "lxml_per_second": best["bare"],
        "ratio": best["ours"] / best["bare"],
    }


def _rate(work: Callable[[bytes], None], documents: list[bytes], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        for octets in documents:
            work(octets)
    return times * len(documents) / (time.process_time() - began)


SCENARIOS: dict[str, Callable[[bool], Figures]] = {"ncip": ncip}
