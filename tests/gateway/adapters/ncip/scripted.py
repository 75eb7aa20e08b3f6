"""A desk that answers what a test tells it to, and keeps what it was asked: for what a handler makes of a message."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from gateway.adapters.ncip import mapping
from gateway.adapters.ncip._problems import Stopped
from gateway.adapters.ncip.session import command_key
from gateway.adapters.ncip.settings import NcipSettings
from gateway.adapters.ncip.work import Work
from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Hold, Identifier, Item, Loan, Patron, PatronName
from gateway.canonical.outcomes import Capability
from gateway.canonical.requests import Request
from gateway.canonical.vocabulary import HoldLevel, HoldStatus, IdentifierType, ItemStatus, LoanStatus
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.members.ncip_peers import NcipPeers
from library_protocols.ncip import NCIP_2_02
from tests.gateway.adapters.ncip.responder import SECRET

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DUE = datetime(2026, 12, 6, 23, 59, 59, tzinfo=UTC)
_NONE = ThreadPoolExecutor(1)  # no secret is checked

Said = Answer | list[Answer] | Callable[[Any], Answer]


@dataclass
class Desk:
    """`answers` by operation: one answer for ever, a list for one after the other, or a function of the request. What
    it has no answer for it cannot do."""

    answers: dict[str, Said]
    asked: list[Request] = field(default_factory=list)
    keys: list[CommandKey | None] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)

    def capabilities(self, member: str) -> Mapping[str, Capability]:
        return {operation: Capability(level="full") for operation in self.answers}

    async def perform(self, ctx: Context, request: Request, key: CommandKey | None = None) -> Answer:
        self.asked.append(request)
        self.keys.append(key)
        self.contexts.append(ctx)
        answer = self.answers[request.operation]
        if isinstance(answer, list):
            return answer.pop(0)
        return answer(request) if callable(answer) else answer

    def only(self, kind: type[Any]) -> Any:
        """The one request of this class."""
        (found,) = [one for one in self.asked if type(one) is kind]
        return found


@dataclass
class Scripted:
    """Carries messages out for the peer `broker` of Aberystwyth, against a desk of its own."""

    document: dict[str, Any]

    def desk(self, **answers: Said) -> Desk:
        """Operations are written with `__` for the dot: `loan__create=...`."""
        return Desk({name.replace("__", "."): answer for name, answer in answers.items()})

    async def ask(self, desk: Desk, message: Any, **profile: Any) -> Any:
        """The handler's answer, or the `Stopped` that it raised. `profile` changes what is configured of the peer."""
        document = copy.deepcopy(self.document)
        document["members"]["aber"]["ncip"]["peers"]["broker"] |= profile
        peer = NcipPeers(Config.model_validate(document), clock=SystemClock(), executor=_NONE).find("aber", "broker")
        assert peer is not None
        service = type(message).__name__
        work = Work(
            desk=desk,
            peer=peer,
            service=service,
            message=message,
            dialect=NCIP_2_02,
            now=NOW,
            settings=NcipSettings(SECRET),
            key=partial(command_key, peer, service, message, SECRET),
        )
        try:
            return await mapping.HANDLERS[service](work, message)
        except Stopped as stopped:
            return stopped


def an_item(**more: Any) -> Item:
    known: dict[str, Any] = {
        "id": "i1",
        "barcode": "30100001",
        "bib_id": "b1",
        "title": "Cymru",
        "status": ItemStatus.ON_LOAN,
    }
    known |= {"owner_member": "aber", "permanent_location": "ABER"}
    return Item(**(known | more))


def a_loan(**more: Any) -> Loan:
    known: dict[str, Any] = {"id": "l1", "item_id": "i1", "patron_id": "p1", "item_barcode": "30100001"}
    known |= {"patron_barcode": "20100001", "status": LoanStatus.OPEN, "loaned_at": NOW, "due": DUE}
    return Loan(**(known | more))


def a_hold(**more: Any) -> Hold:
    known: dict[str, Any] = {"id": "h1", "patron_id": "p1", "level": HoldLevel.BIB, "bib_id": "b1"}
    known |= {"status": HoldStatus.PENDING, "pickup_location": "ABER", "placed_at": NOW}
    return Hold(**(known | more))


def a_patron(**more: Any) -> Patron:
    known: dict[str, Any] = {"id": "p1", "name": PatronName(display="Amy Pond")}
    known["identifiers"] = (Identifier(type=IdentifierType.BARCODE, value="20100001"),)
    return Patron(**(known | more))


def problem(answer: Any) -> tuple[str, str | None, str | None]:
    """Type, element and value of the one problem of a `Stopped`, which begins its words with a code."""
    assert isinstance(answer, Stopped), answer
    (found,) = answer.problems
    assert found.problem_type is not None
    assert re.match("[A-Z][A-Z_]+", found.problem_detail or ""), found
    return found.problem_type.value, found.problem_element, found.problem_value
