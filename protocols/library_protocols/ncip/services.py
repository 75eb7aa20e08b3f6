"""The services: what each is for, its two messages, which versions have it, and why it may be refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from library_protocols.ncip import messages
from library_protocols.ncip.elements.base import Element
from library_protocols.ncip.facts.problems import GENERAL, OF_SERVICE
from library_protocols.ncip.messages import lookup, notifications, others
from library_protocols.ncip.messages.base import Request


class ServiceKind(Enum):
    """What a service does."""

    LOOKUP = "lookup"
    UPDATE = "update"
    NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service. `in_1_0`, `since`: whether NCIP 1.0 has it, and the first of the versions 2 that does (None where
    none does). `problems`: the values of ProblemType that are its own; those of `facts.GENERAL` come to them."""

    name: str
    kind: ServiceKind
    in_1_0: bool
    since: str | None
    request: type[Element]
    response: type[Element]
    problems: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """What it is for, in a sentence."""
        return " ".join((self.request.__doc__ or "").split())

    @property
    def problem_types(self) -> tuple[str, ...]:
        """Every value of ProblemType that fits."""
        return (*self.problems, *GENERAL)


_NOT_IN_1_0 = frozenset({"DeleteItem", "DeleteUser", "LookupItemSet", "LookupRequest"})
_SINCE_2_02 = frozenset({"LookupItemSet"})


def _row(name: str) -> ServiceRow:
    request, response = getattr(messages, name), getattr(messages, name + "Response")
    module = request.__module__
    if module == lookup.__name__ or request is others.AuthenticateUser:
        kind = ServiceKind.LOOKUP
    else:
        kind = ServiceKind.NOTIFICATION if module == notifications.__name__ else ServiceKind.UPDATE
    since = None if request is others.AuthenticateUser else "2.02" if name in _SINCE_2_02 else "2.0"
    return ServiceRow(name, kind, name not in _NOT_IN_1_0, since, request, response, OF_SERVICE.get(name, ()))


SERVICES: dict[str, ServiceRow] = {
    name: _row(name)
    for name in sorted(
        cls.__name__
        for cls in vars(messages).values()
        if isinstance(cls, type) and issubclass(cls, Request) and cls not in (Request, others.RenewAllItem)
    )
}
"""The 47 services of NCIP 2.02, and AuthenticateUser of NCIP 1, by name. LookupVersion stands beside: it has another
root; RenewAllItem is an extension."""
