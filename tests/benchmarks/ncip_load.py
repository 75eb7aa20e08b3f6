"""The load of brokers: each waits for an answer before it says the next thing. Run as a process of its own.

Reads the JSON object of `load.Load` from standard input, writes one with the figures. Documents are composed here by
hand, so that nothing of the gateway's own codec is measured twice.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import uvloop

from tests.benchmarks.load import Load, lendable
from tests.benchmarks.machine import LOAD_CPU, pin, processor_seconds

NAMESPACE = "http://www.niso.org/2008/ncip"
VERSION = "http://www.niso.org/schemas/ncip/v2_02/ncip_v2_02.xsd"
END = b"</ns1:NCIPMessage>"
ELEMENTS = ("Name Information", "User Address Information", "User Language", "User Privilege", "Block Or Trap")


def document(service: str, member: str, content: str) -> bytes:
    """A message as brokers write it: prefixed, with a header."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<ns1:NCIPMessage xmlns:ns1="{NAMESPACE}" ns1:version="{VERSION}"><ns1:{service}><ns1:InitiationHeader>'
        "<ns1:FromAgencyId><ns1:AgencyId>BROKER</ns1:AgencyId></ns1:FromAgencyId>"
        f"<ns1:ToAgencyId><ns1:AgencyId>{member.upper()}</ns1:AgencyId></ns1:ToAgencyId></ns1:InitiationHeader>"
        f"{content}</ns1:{service}></ns1:NCIPMessage>\n"
    ).encode()


def user(barcode: str) -> str:
    return f"<ns1:UserId><ns1:UserIdentifierValue>{barcode}</ns1:UserIdentifierValue></ns1:UserId>"


def item(barcode: str) -> str:
    return f"<ns1:ItemId><ns1:ItemIdentifierValue>{barcode}</ns1:ItemIdentifierValue></ns1:ItemId>"


def look_up_user(member: str, barcode: str) -> bytes:
    wanted = "".join(f"<ns1:UserElementType>{name}</ns1:UserElementType>" for name in ELEMENTS)
    return document("LookupUser", member, user(barcode) + wanted)


def check_out(member: str, patron: str, barcode: str, request: str) -> bytes:
    named = f"<ns1:RequestId><ns1:RequestIdentifierValue>{request}</ns1:RequestIdentifierValue></ns1:RequestId>"
    return document("CheckOutItem", member, user(patron) + item(barcode) + named)


def check_in(member: str, barcode: str) -> bytes:
    return document("CheckInItem", member, item(barcode))


class Broker(asyncio.Protocol):
    """One connection; `number` decides what it asks for, of the same patrons and items as kiosks do."""

    def __init__(self, load: Load, number: int) -> None:
        self.load, self.number = load, number
        self.code, self.member = load.members[number % len(load.members)]
        members = len(load.members)
        self.seat, self.seats = number // members, len(range(number % members, load.connections, members))
        self.quota = max(1, load.messages // load.connections)
        self.step = self.begun = load.first if load.kind == "pair" else 0
        self.refused = 0
        self.latencies: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def ask(self) -> None:
        octets = self._document()
        self.step += 1
        self.sent = time.perf_counter()
        self.transport.write(octets)

    def _document(self) -> bytes:
        load, step = self.load, self.step
        if load.kind == "patron":
            pick = load.first + (self.seat + step * self.seats) % load.spread
            return look_up_user(self.code, f"2{self.member:02d}{12 + pick:05d}")
        barcode = f"3{self.member:02d}{lendable(self.seat * 20 + (step // 2) % 20):05d}"
        if step % 2:
            return check_in(self.code, barcode)
        patron = f"2{self.member:02d}{12 + self.seat % 48:05d}"
        return check_out(self.code, patron, barcode, f"{self.number}-{step}")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.rstrip().endswith(END):
            return
        answer, self._buffer = self._buffer, b""
        self.latencies.append(time.perf_counter() - self.sent)
        self.refused += b":Problem>" in answer
        if self.done.done():
            return
        if self.step - self.begun >= self.quota:
            self.done.set_result(None)
        else:
            self.ask()


async def run(load: Load) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    brokers = [Broker(load, number) for number in range(load.connections)]
    for broker in brokers:
        await loop.create_connection(lambda broker=broker: broker, "127.0.0.1", load.port)
    spent, start = -processor_seconds(load.server), time.perf_counter()
    for broker in brokers:
        broker.ask()
    await asyncio.gather(*(broker.done for broker in brokers))
    took = time.perf_counter() - start
    spent += processor_seconds(load.server)
    count = sum(len(broker.latencies) for broker in brokers)
    return {
        "messages": count,
        "per_second": count / took,
        "processor_us": spent / count * 1e6,
        "refused": sum(broker.refused for broker in brokers),
    }


if __name__ == "__main__":
    pin(LOAD_CPU)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(Load(**json.load(sys.stdin))))))
