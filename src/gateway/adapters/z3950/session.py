"""The state of one association: what was agreed, who asks, and the result sets it keeps. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from gateway.adapters.z3950.mapping import Problem
from gateway.adapters.z3950.settings import STANDARD, ClientRule, Z3950Settings
from gateway.members.readers import Reader
from library_protocols.asn1 import External
from library_protocols.ber import BerError
from library_protocols.values import value
from library_protocols.z3950 import InitializeRequest, InitializeResponse
from library_protocols.z3950.apdu import Anonymous, IdPass
from library_protocols.z3950.charneg import Proposal, as_other_information, charsets_of, proposal_in, select
from library_protocols.z3950.facts import Option
from library_protocols.z3950.records import init_diagnostic

OFFERED = frozenset((
    Option.SEARCH, Option.PRESENT, Option.DELETE_SET, Option.SCAN, Option.SORT, Option.LEVEL_1_SEGMENTATION,
    Option.NAMED_RESULT_SETS, Option.NEGOTIATION_MODEL, Option.QUERY_TYPE_104,
))  # fmt: skip
_OF_VERSION_3 = frozenset((Option.LEVEL_1_SEGMENTATION, Option.NEGOTIATION_MODEL, Option.QUERY_TYPE_104))
"""What is offered where version 3 is agreed, and not in version 2."""
DEFAULT_SET = "default"
SMALLEST_MESSAGE = 2_048
"""Octets; a client that proposes less gets this: no record fits what is smaller."""
LARGEST_MESSAGE = 16 * 1_048_576
"""Octets; clients propose the largest number they can write, and an answer is held in memory."""
_CHARSETS = frozenset(("utf-8", "marc-8", "iso-8859-1"))
"""What can be agreed for terms and messages."""
_OF_RECORDS = frozenset(("utf-8", "marc-8"))
"""What can be agreed for records too: MARC 21 has no other character sets."""
_FORGOTTEN = 1_000
"""Names of dropped result sets that are remembered, to tell them from those that never were."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """`user` is empty for somebody who gives no name."""

    user: str = ""
    password: str = ""


def credentials(request: InitializeRequest) -> Credentials:
    """Who the client says it is. Raises Problem for a form that is not read here."""
    match request.id_authentication:
        case None | Anonymous():
            return Credentials()
        case str() as text:
            user, _, password = text.partition("/")
            return Credentials(user.strip(), password)
        case IdPass() as given:
            return Credentials((given.user_id or "").strip(), given.password or "")
        case _:
            raise Problem(1013, "EXTERNAL")


@value
class Held:
    """A result set: the view it is of, what the client called that database, and what was found.

    `found` is a result set of the catalogue, or a tuple of Explain records.
    """

    view: str
    database: str
    found: Any
    explain: bool = False

    @property
    def count(self) -> int:
        return len(self.found) if self.explain else self.found.count


class Session:
    """`reader` is None for somebody who gave no name; `gone`: the connection is lost, and nobody reads an answer.

    `reads`: records have been asked for, and so will those of the next search be."""

    def __init__(self) -> None:
        self.reader: Reader | None = None
        self.gone = False
        self.reads = False
        self.rule: ClientRule = STANDARD
        self.version = 2
        self.options: frozenset[int] = frozenset()
        self.message_size = SMALLEST_MESSAGE
        self.record_size = SMALLEST_MESSAGE
        self.charset = "utf-8"
        self.record_charset = "utf-8"
        self._sets: OrderedDict[str, Held] = OrderedDict()
        self._dropped: OrderedDict[str, None] = OrderedDict()

    @property
    def tolerant(self) -> bool:
        """Whether attributes that cannot be honoured are left out."""
        return self.rule.unsupported == "ignore"

    @property
    def segments(self) -> bool:
        """Whether an answer to present may come in several PDUs."""
        return self.version >= 3 and Option.LEVEL_1_SEGMENTATION in self.options

    # Initialization

    def agree(
        self, request: InitializeRequest, settings: Z3950Settings, reader: Reader | None, peer: str | None
    ) -> InitializeResponse:
        """Accepts an association. Raises Problem where there is no version in common."""
        if not request.protocol_version & {0, 1, 2}:
            raise Problem(100, "no version in common")
        self.version = 3 if 2 in request.protocol_version else 2
        self.reader = reader
        self.rule = settings.rule(peer, reader.name if reader else "", request.implementation_name or "")
        self.charset = self.record_charset = self.rule.charset
        self.options = request.options & (OFFERED if self.version >= 3 else OFFERED - _OF_VERSION_3)
        self.message_size = min(max(request.preferred_message_size, SMALLEST_MESSAGE), LARGEST_MESSAGE)
        self.record_size = min(max(request.exceptional_record_size, self.message_size), LARGEST_MESSAGE)
        negotiation = self._negotiate(request) if self.version >= 3 else None
        in_field = request.user_information_field is not None
        return InitializeResponse(
            protocol_version=frozenset(range(self.version)),
            options=self.options,
            preferred_message_size=self.message_size,
            exceptional_record_size=self.record_size,
            result=True,
            implementation_name=settings.implementation_name,
            implementation_version=settings.implementation_version,
            user_information_field=negotiation if in_field else None,
            other_info=as_other_information(negotiation) if negotiation and not in_field else None,
        )

    def _negotiate(self, request: InitializeRequest) -> External | None:
        try:
            proposal = proposal_in(request.user_information_field, request.other_info)
            if proposal is None:
                return None
            charset = _picked(proposal, self.rule)
            records_too = bool(proposal.records_in_selected_char_sets) and charset in _OF_RECORDS
            answer = select(proposal, charset, records_too=records_too)
        except BerError as error:
            raise Problem(1001, str(error)) from error
        if charset is not None:
            self.charset = charset
            if records_too:
                self.record_charset = charset
        return answer

    # Result sets

    def check_name(self, name: str, *, replace: bool) -> None:
        """Raises Problem when a search may not give its result this name."""
        if name.lower() != DEFAULT_SET and Option.NAMED_RESULT_SETS not in self.options:
            raise Problem(22, name)
        if not name or len(name) > 256:
            raise Problem(128, name[:64])
        if name in self._sets and not replace:
            raise Problem(21, name)

    def keep(self, name: str, held: Held, most: int) -> None:
        """Puts a result set in the place of what had its name; the one longest unused goes where there are too many."""
        self._sets[name] = held
        self._sets.move_to_end(name)
        self._dropped.pop(name, None)
        while len(self._sets) > most:
            gone, _ = self._sets.popitem(last=False)
            self._dropped[gone] = None
            if len(self._dropped) > _FORGOTTEN:
                self._dropped.popitem(last=False)

    def find(self, name: str) -> Held:
        """The result set of that name. Raises Problem: 27 where it was dropped, 30 where it never was."""
        held = self._sets.get(name)
        if held is None:
            raise Problem(27 if name in self._dropped else 30, name)
        self._sets.move_to_end(name)
        return held

    def operand(self, name: str) -> Any:
        """What was found, as part of another search. Raises Problem."""
        held = self.find(name)
        if held.explain:
            raise Problem(18, name)
        return held.found

    def drop(self, name: str) -> bool:
        """Deletes a result set; False where there is none of that name."""
        return self._sets.pop(name, None) is not None

    def leave(self) -> None:
        """The connection is lost: what is being made for it need not be finished."""
        self.gone = True
        self.drop_all()

    def drop_all(self) -> None:
        """Deletes every result set."""
        self._sets.clear()

    def names(self) -> tuple[str, ...]:
        """Names of the result sets kept, the one longest unused first."""
        return tuple(self._sets)


def refusal(request: InitializeRequest, settings: Z3950Settings, problem: Problem) -> InitializeResponse:
    """An association refused, with the reason where version 3 has a place for it."""
    return InitializeResponse(
        protocol_version=request.protocol_version & {0, 1, 2},
        options=frozenset(),
        preferred_message_size=SMALLEST_MESSAGE,
        exceptional_record_size=SMALLEST_MESSAGE,
        result=False,
        implementation_name=settings.implementation_name,
        implementation_version=settings.implementation_version,
        user_information_field=init_diagnostic(problem.diagnostic),
    )


def _picked(proposal: Proposal, rule: ClientRule) -> str | None:
    """The charset that the configuration names for a client, where it is proposed; else the first proposed we have."""
    proposed = [name for name in charsets_of(proposal) if name in _CHARSETS]
    if rule.charset != STANDARD.charset and rule.charset in proposed:
        return rule.charset
    return next(iter(proposed), None)
