"""The line to one member's platform: its methods, its circuit, its capabilities, and the record of each call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from gateway.canonical.context import CommandKey, Context, PlatformCall
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import Capability
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.requests import Request
from gateway.clock import Clock
from gateway.desk.circuit import Circuit
from gateway.desk.operations import METHODS, OPERATIONS
from gateway.platforms.port import Platform

_log = structlog.get_logger(__name__)


class Line:
    """`ask` raises PlatformFailure and nothing else."""

    __slots__ = ("_clock", "_methods", "_unsupported", "capabilities", "circuit", "inline", "member", "own", "platform")

    def __init__(self, member: str, platform: Platform, clock: Clock) -> None:
        self.member = member
        self.platform = platform
        self.inline = platform.inline
        self.own = platform.own
        self.circuit = Circuit()
        self._clock = clock
        self._methods: dict[type[Request], Callable[..., Awaitable[Any]]] = {
            request: getattr(platform, name) for request, name in METHODS.items()
        }
        self.capabilities: Mapping[str, Capability] = platform.capabilities(member)
        self._unsupported = frozenset(
            OPERATIONS[name] for name, can in self.capabilities.items() if name in OPERATIONS and can.level == "none"
        )

    def objection(self, request: Request) -> Refusal | None:
        """UNSUPPORTED_BY_PLATFORM where the platform says that it cannot do this at all."""
        if type(request) not in self._unsupported:
            return None
        return Refusal(
            code=RefusalCode.UNSUPPORTED_BY_PLATFORM,
            detail={"operation": request.operation},
            messages=(MessageRef(id="refusal.unsupported_by_platform"),),
        )

    async def ask(self, ctx: Context, request: Request, key: CommandKey | None = None) -> Any:
        """One call through the port; commands take their key."""
        circuit = self.circuit
        if circuit.open:
            circuit.admit(self._clock.monotonic())
        call = None
        if ctx.calls is not None:
            call = PlatformCall(request.operation, request, self._clock.monotonic())
            ctx.calls.append(call)
        try:
            method = self._methods[type(request)]
            answer = await (method(ctx, request) if key is None else method(ctx, request, key))
        except PlatformFailure as failure:
            circuit.failed(failure, self._clock.monotonic())
            self._close(call, failure=str(failure))
            raise
        except Exception as error:
            # A fault of the driver, perhaps over this one request: it says nothing of the platform.
            circuit.abandoned()
            self._close(call, failure=type(error).__name__)
            _log.exception("driver raised", operation=request.operation, member=self.member)
            raise PlatformFailure(
                FailureCode.UPSTREAM_ERROR, "the driver failed", outcome_unknown=request.command
            ) from error
        except BaseException:
            circuit.abandoned()
            self._close(call, failure="cancelled")
            raise
        circuit.succeeded()
        if call is not None:
            self._close(call, answer=answer)
        return answer

    def late(self, failure: PlatformFailure) -> None:
        """A request was given up at its deadline."""
        self.circuit.failed(failure, self._clock.monotonic())

    def _close(self, call: PlatformCall | None, *, answer: object = None, failure: str | None = None) -> None:
        if call is not None:
            call.finished = self._clock.monotonic()
            call.answer = answer
            call.failure = failure
