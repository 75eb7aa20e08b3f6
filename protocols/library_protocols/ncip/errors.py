"""What is wrong with octets that arrive: too wrong to be a message, or only out of the standard."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from library_protocols.ncip.elements.base import SchemeValue
from library_protocols.ncip.facts.problems import MESSAGING_ERROR

if TYPE_CHECKING:
    from library_protocols.ncip.dialect import Dialect
    from library_protocols.ncip.elements.base import Foreign


class DecodeError(ValueError):
    """These octets are no message.

    `line` counts from 1; `problem_type` is what to answer; `dialect` is as far as it was seen, None where nothing was.
    `service` is the name of the service element where it was read, known or not. The reason quotes no content.
    """

    def __init__(
        self,
        reason: str,
        *,
        line: int = 1,
        problem: str = "Invalid Message Syntax Error",
        dialect: Dialect | None = None,
        service: str | None = None,
    ) -> None:
        super().__init__(f"{reason} (line {line})")
        self.reason = reason
        self.line = line
        self.problem_type = SchemeValue(problem, MESSAGING_ERROR)
        self.dialect = dialect
        self.service = service


class EncodeError(ValueError):
    """The message does not exist in this dialect: a fault of the program, not of a peer."""


class Departure(Enum):
    """In what way a document departs from the standard and is read all the same."""

    UNKNOWN_ELEMENT = "an element that does not belong here"
    REPEATED_ELEMENT = "an element more often than once: the first is taken"
    WRONG_ORDER = "an element out of order"
    OTHER_GENERATION = "an element of the other NCIP"
    WRONG_ENCODING = "octets that are not in the encoding that was declared: read as Windows-1252"
    STRAY_TEXT = "text between elements"
    NO_NAMESPACE = "NCIP 2 without its namespace"
    OTHER_NAMESPACE = "NCIP in a namespace that is not its own"
    NO_VERSION = "no version"
    UNQUALIFIED_VERSION = "a version outside the namespace"
    SCHEME_ELEMENTS = "Scheme and Value as elements"
    SCHEME_UNQUALIFIED = "a Scheme outside the namespace"
    UNDECLARED_PREFIX = "a prefix that is not declared: taken for NCIP's"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One departure. `path` is the names of the elements from the message's on, with slashes; `line` counts from 1."""

    departure: Departure
    path: str = ""
    line: int = 0
    element: Foreign | None = None
