"""Verbs: the six requests, the arguments each takes, and the element that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """The six requests of the protocol."""

    IDENTIFY = "Identify"
    LIST_METADATA_FORMATS = "ListMetadataFormats"
    LIST_SETS = "ListSets"
    GET_RECORD = "GetRecord"
    LIST_IDENTIFIERS = "ListIdentifiers"
    LIST_RECORDS = "ListRecords"


class Use(StrEnum):
    """Whether an argument must, may or must alone be given."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, slots=True)
class ArgumentFact:
    """One argument: what its value is."""

    name: str
    meaning: str
    clause: str


@dataclass(frozen=True, slots=True)
class VerbFact:
    """One verb: what it asks for, its arguments, the element repeated in its answer, the errors it may meet."""

    verb: Verb
    meaning: str
    arguments: dict[str, Use]
    item: str
    errors: tuple[str, ...]
    clause: str

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(name for name, use in self.arguments.items() if use is Use.REQUIRED)


ARGUMENTS: dict[str, ArgumentFact] = {
    fact.name: fact
    for fact in (
        ArgumentFact("identifier", "the item's unique identifier, a URI", "2.4"),
        ArgumentFact("metadataPrefix", "the format records are wanted in, by its prefix", "3.4"),
        ArgumentFact("from", "records with this datestamp or a later one", "2.7.1"),
        ArgumentFact("until", "records with this datestamp or an earlier one", "2.7.1"),
        ArgumentFact("set", "records of this set and the sets below it", "2.7.2"),
        ArgumentFact("resumptionToken", "the rest of a list that an earlier response began", "3.5"),
    )
}
"""The arguments beside `verb`, in the order in which responses echo them."""

_SELECTION = {
    "metadataPrefix": Use.REQUIRED,
    "from": Use.OPTIONAL,
    "until": Use.OPTIONAL,
    "set": Use.OPTIONAL,
    "resumptionToken": Use.EXCLUSIVE,
}
_LIST_ERRORS = ("badArgument", "badResumptionToken", "cannotDisseminateFormat", "noRecordsMatch", "noSetHierarchy")

VERBS: dict[Verb, VerbFact] = {
    fact.verb: fact
    for fact in (
        VerbFact(Verb.IDENTIFY, "what the repository is", {}, "", ("badArgument",), "4.2"),
        VerbFact(
            Verb.LIST_METADATA_FORMATS,
            "which formats there are, of one item or at all",
            {"identifier": Use.OPTIONAL},
            "metadataFormat",
            ("badArgument", "idDoesNotExist", "noMetadataFormats"),
            "4.4",
        ),
        VerbFact(
            Verb.LIST_SETS,
            "which sets there are",
            {"resumptionToken": Use.EXCLUSIVE},
            "set",
            ("badArgument", "badResumptionToken", "noSetHierarchy"),
            "4.6",
        ),
        VerbFact(
            Verb.GET_RECORD,
            "one record",
            {"identifier": Use.REQUIRED, "metadataPrefix": Use.REQUIRED},
            "record",
            ("badArgument", "cannotDisseminateFormat", "idDoesNotExist"),
            "4.1",
        ),
        VerbFact(Verb.LIST_IDENTIFIERS, "headers of records", _SELECTION, "header", _LIST_ERRORS, "4.3"),
        VerbFact(Verb.LIST_RECORDS, "records", _SELECTION, "record", _LIST_ERRORS, "4.5"),
    )
}

__all__ = ["ARGUMENTS", "VERBS", "ArgumentFact", "Use", "Verb", "VerbFact"]
