"""One message of a peer while it is carried out: who asks, what may be asked of the desk, and how a "no" is told.

Handlers get a `Work` and the message, and give the answer of the service; `raise work.stop(...)` ends one with
problems. Every command has a key of its own that comes from the message's, so that a message that was sent again does
nothing twice, however many commands it means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from gateway.adapters.ncip import _problems
from gateway.adapters.ncip._problems import No, Stopped
from gateway.adapters.ncip.settings import NcipSettings
from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context, LinkMemory, PlatformCall
from gateway.canonical.outcomes import Capability, Outcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import Request
from library_protocols.ncip import Dialect, Problem

if TYPE_CHECKING:
    from gateway.members.ncip_peers import PeerIdentity

O = TypeVar("O", bound=Outcome)  # noqa: E741  what a request is answered with


class PeerDesk(Protocol):
    """The desk, as far as this door asks it."""

    def capabilities(self, member: str) -> Mapping[str, Capability]: ...

    async def perform(self, ctx: Context, request: Request, key: CommandKey | None = None) -> Answer: ...


@dataclass(slots=True)
class Work:
    """`service` is the name of the message's service, `key` gives what names the message for exactly-once, `deadline`
    is in seconds of the desk's monotonic clock. `asked`, `answered`: the last canonical request and its answer, of so
    many `questions`. `known`: what the desk has just said to a question, which need not be asked again."""

    desk: PeerDesk
    peer: PeerIdentity
    service: str
    message: Any
    dialect: Dialect
    now: datetime
    settings: NcipSettings
    key: Callable[[], CommandKey]
    deadline: float | None = None
    exchange: str | None = None
    calls: list[PlatformCall] | None = None
    link: LinkMemory = field(default_factory=LinkMemory)
    asked: Request | None = None
    answered: Answer | None = None
    questions: int = 0
    known: tuple[Request, Answer] | None = None
    _steps: set[str] = field(default_factory=set)

    @property
    def member(self) -> Any:
        """The member's configuration (`gateway.config.MemberConfig`)."""
        return self.peer.member

    @property
    def profile(self) -> Any:
        """What is configured of the peer (`gateway.config.NcipPeerConfig`)."""
        return self.peer.profile

    @property
    def zone(self) -> tzinfo:
        return self.peer.member.zone

    # The desk

    def supports(self, operation: str) -> bool:
        """Whether the member's platform has this operation at all."""
        capability = self.desk.capabilities(self.peer.member.code).get(operation)
        return capability is not None and capability.level != "none"

    async def perform(self, request: Request, step: str = "") -> Answer:
        """The desk's answer; a refusal is returned. Raises PlatformFailure, which the service answers.

        `step` tells commands of one operation apart that the same message means, in words that a repetition of the
        message finds again (an item's barcode, a number): ValueError where two have the same."""
        self.asked = request
        self.questions += 1
        if self.known is not None and self.known[0] == request:
            self.answered = self.known[1]
        else:
            key = self.step_key(f"{request.operation} {step}") if request.command else None
            self.answered = await self.desk.perform(self.context(), request, key)
        return self.answered

    def context(self) -> Context:
        """The surroundings of a question to the desk."""
        return self.peer.context(link=self.link, deadline=self.deadline, calls=self.calls, exchange=self.exchange)

    async def get(self, outcome: type[O], request: Request, step: str = "", **where: str | None) -> O:
        """The desk's answer where it is a yes. Raises Stopped with the refusal as a problem; `where` is `element` and
        `value` of `problem`."""
        answer = await self.perform(request, step)
        if isinstance(answer, Refusal):
            raise self.stop(answer, **where)
        assert isinstance(answer, outcome), f"{request.operation} gave {type(answer).__name__}"
        return answer

    def step_key(self, step: str) -> CommandKey:
        """The key of one command of this message."""
        if step in self._steps:
            raise ValueError(f"two commands of one message are both {step!r}")
        self._steps.add(step)
        whole = self.key()
        value = hashlib.sha256(f"{whole.value}\0{step}".encode("utf-8", "surrogatepass")).hexdigest()
        return replace(whole, value=value)

    # Problems

    def problem(self, no: No, element: str | None = None, value: str | None = None) -> Problem:
        """What a refusal or failure is in this service. `element` is a path below the service's own element, such as
        `ItemId/ItemIdentifierValue`; without it the refusal's usual place, without `value` what was sent there."""
        return _problems.refused(self.message, self.service, no, element=element, value=value, zone=self.zone)

    def own_problem(
        self, type_: str, element: str | None = None, value: str | None = None, detail: str | None = None
    ) -> Problem:
        """A problem that no refusal stands behind, by its ProblemType. `detail` begins with a code of ours
        (`UNKNOWN_PICKUP: ...`)."""
        return _problems.own(self.message, self.service, type_, element, value, detail)

    def stop(self, no: No, element: str | None = None, value: str | None = None, **fields: Any) -> Stopped:
        """To be raised: the answer is this problem. `fields` are those of the answer that may stand beside it, such as
        `required_fee_amount`."""
        return Stopped(self.problem(no, element, value), **fields)

    def stop_with(
        self, type_: str, element: str | None = None, value: str | None = None, detail: str | None = None
    ) -> Stopped:
        """To be raised: the answer is this problem, of a type that no refusal stands behind."""
        return Stopped(self.own_problem(type_, element, value, detail))

    def missing(self, element: str) -> Stopped:
        """To be raised: the message lacks what the service cannot do without. `element` is a path below it."""
        no = Refusal(code=RefusalCode.BAD_REQUEST, detail={"missing": element})
        return Stopped(self.problem(no, element))


Handler = Callable[[Work, Any], Awaitable[Any]]
"""Carries a message out: gives the answer of its service, or raises Stopped or PlatformFailure."""
