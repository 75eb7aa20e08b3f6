"""Error codes: why a request got no list, and whether its response may repeat the request's arguments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """The codes of the protocol. A reader meets others too, and keeps them as text."""

    BAD_VERB = "badVerb"
    BAD_ARGUMENT = "badArgument"
    BAD_RESUMPTION_TOKEN = "badResumptionToken"  # noqa: S105
    CANNOT_DISSEMINATE_FORMAT = "cannotDisseminateFormat"
    ID_DOES_NOT_EXIST = "idDoesNotExist"
    NO_RECORDS_MATCH = "noRecordsMatch"
    NO_METADATA_FORMATS = "noMetadataFormats"
    NO_SET_HIERARCHY = "noSetHierarchy"


@dataclass(frozen=True, slots=True)
class ErrorFact:
    """One code. `silences`: the response must not repeat the request's arguments, since they may make no sense."""

    code: ErrorCode
    meaning: str
    silences: bool
    clause: str = "3.6"


ERRORS: dict[ErrorCode, ErrorFact] = {
    fact.code: fact
    for fact in (
        ErrorFact(ErrorCode.BAD_VERB, "no verb, one that does not exist, or more than one", True),
        ErrorFact(ErrorCode.BAD_ARGUMENT, "an argument is missing, repeated, not this verb's, or malformed", True),
        ErrorFact(ErrorCode.BAD_RESUMPTION_TOKEN, "the token was not made here for this list, or is too old", False),
        ErrorFact(ErrorCode.CANNOT_DISSEMINATE_FORMAT, "the repository or the item has no such format", False),
        ErrorFact(ErrorCode.ID_DOES_NOT_EXIST, "no item has this identifier", False),
        ErrorFact(ErrorCode.NO_RECORDS_MATCH, "nothing was found: an empty list, not a mistake", False),
        ErrorFact(ErrorCode.NO_METADATA_FORMATS, "the item is known but there is no format of it", False),
        ErrorFact(ErrorCode.NO_SET_HIERARCHY, "the repository has no sets", False),
    )
}

__all__ = ["ERRORS", "ErrorCode", "ErrorFact"]
