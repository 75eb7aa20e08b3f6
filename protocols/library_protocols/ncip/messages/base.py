"""What all messages have, and those that belong to no service."""

from __future__ import annotations

from library_protocols.ncip.elements.base import Element, Extensible, element, many, one
from library_protocols.ncip.elements.common import InitiationHeader, Problem, ResponseHeader


@element
class Request(Extensible):
    """A message that asks, commands or reports."""

    initiation_header: InitiationHeader | None = one("InitiationHeader")


@element
class Response(Extensible):
    """A message that answers. With problems it tells nothing else but fees and restrictions to accept."""

    response_header: ResponseHeader | None = one("ResponseHeader")
    problem: tuple[Problem, ...] = many("Problem")


@element
class NotificationResponse(Response):
    """The answer to a notification: nothing, or problems (in NCIP 1 messaging errors only)."""


@element
class Problems(Element):
    """A message that could not be understood is answered by problems alone."""

    problem: tuple[Problem, ...] = many("Problem", required=True)


@element
class ExtMessage(Element):
    """A message of somebody's own. `service` is it where the tables have it: LookupItemSet as the extensible catalogue
    toolkit sends it, RenewAllItem of WorldShare; else it stands in `unknown` whole."""

    service: Request | Response | None = None
    namespace: str = ""
