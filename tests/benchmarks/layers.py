"""Where the time of one message goes: processor time of each layer alone, in microseconds, the best of many short runs.

In one process and without a socket, so that a busy machine disturbs it little. "cold": nothing of the question is in
any cache, "warm": it was asked before and nothing has changed. The layers leave out what joins them; the whole has it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from gateway.adapters.sip2 import mapping
from gateway.adapters.sip2.answer_memory import AnswerMemory
from gateway.demo.consortium import MEMBERS
from gateway.platforms.reference import items, patrons
from gateway.runtime.compose import Composition
from library_protocols.sip2.codec import decode, encode_body, seal
from tests.benchmarks.load import DATE, LOGIN, sealed
from tests.benchmarks.node import config, forget, loaded

QUESTIONS = 40
MEMBER = MEMBERS[0]


class Pipe(asyncio.Transport):
    """Where answers go that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[bytes] = []
        self.answered = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.answers.append(bytes(data))
        self.answered.set()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return False


def best(run: Callable[[Any], object], over: list[Any], rounds: int) -> float:
    """Microseconds for one of `over`."""
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for one in over:
            run(one)
        least = min(least, time.process_time() - start)
    return least / len(over) * 1e6


def now(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives that does not suspend."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("it suspended")


async def measure(quick: bool) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        gateway = await loaded(config(Path(folder)))
        try:
            return {
                kind: await _layers(gateway, kind, texts, 20 if quick else 200)
                for kind, texts in (
                    ("item", [f"17{DATE}AO{MEMBER.code.upper()}|AB{MEMBER.item_barcode(n)}|" for n in _numbers()]),
                    (
                        "patron",
                        [
                            f"63001{DATE}          AO{MEMBER.code.upper()}|AA{MEMBER.patron_barcode(n)}|"
                            for n in _numbers()
                        ],
                    ),
                )
            }
        finally:
            await gateway.close()


def _numbers() -> range:
    return range(15, 15 + QUESTIONS)


async def _layers(gateway: Composition, kind: str, texts: list[str], rounds: int) -> dict[str, float]:
    pipe, link = Pipe(), gateway.sip2.factory()()
    link.connection_made(pipe)
    link.data_received(sealed(LOGIN.format(login=f"{MEMBER.code}-bench"), 0))
    await pipe.answered.wait()
    frames = [sealed(text, 1) for text in texts]
    surroundings, identity = link.session.surroundings, link.session.identity
    assert identity is not None
    ctx = identity.context(protocol="sip2")
    messages = [decode(frame[:-1], surroundings.profile.wire) for frame in frames]
    requests: list[Any] = [mapping.to_request(message, surroundings) for message in messages]
    outcomes = [now(gateway.desk.perform(ctx, request)) for request in requests]
    moment = gateway.clock.now()
    memory = AnswerMemory()
    asked = list(zip(messages, outcomes, strict=True))
    answers = [mapping.to_answer(message, surroundings, outcome, moment) for message, outcome in asked]
    plan, name = (items.GET, "item") if kind == "item" else (patrons.GET, "patron")
    values = [
        {"member": MEMBER.code, "now": gateway.platform.now(), name: getattr(request, name), f"{name}_id": None}
        for request in requests
    ]

    def cold(_: Any) -> None:
        for request in requests:
            now(gateway.desk.perform(ctx, request))

    def whole(_: Any) -> None:
        for frame in frames:
            link.data_received(frame)
            link._take_turn()
        pipe.answers.clear()

    def without_memory(run: Callable[[Any], None]) -> float:
        least = float("inf")
        for _ in range(rounds):
            forget(gateway)
            now(gateway.platform.rules(MEMBER.code))
            least = min(least, best(run, [None], 1))
        return least / QUESTIONS

    wire = surroundings.profile.wire
    return {
        "decode": best(lambda frame: decode(frame[:-1], wire), frames, rounds),
        "to_request": best(lambda message: mapping.to_request(message, surroundings), messages, rounds),
        "desk_and_platform_cold": without_memory(cold),
        "of_which_store_read": best(lambda value: now(gateway.store.read(plan, value)), values, rounds),
        "desk_and_platform_warm": best(lambda request: now(gateway.desk.perform(ctx, request)), requests, rounds),
        "to_answer_cold": best(lambda pair: mapping.to_answer(pair[0], surroundings, pair[1], moment), asked, rounds),
        "to_answer_warm": best(lambda pair: memory.to_answer(pair[0], surroundings, pair[1], moment), asked, rounds),
        "encode": best(lambda answer: seal(encode_body(answer, wire), "1", True, wire), answers, rounds),
        "whole_cold": without_memory(whole),
        "whole_warm": best(whole, [None], rounds) / QUESTIONS,
    }
