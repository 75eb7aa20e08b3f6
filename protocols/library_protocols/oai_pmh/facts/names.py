"""Namespaces with the schemas that belong to them, the one format every repository has, and how deletes are kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class NamespaceFact:
    """A namespace of a response and where its schema is found."""

    name: str
    uri: str
    schema: str
    meaning: str
    clause: str


@dataclass(frozen=True, slots=True)
class FormatFact:
    """A format by its prefix. `schema` and `namespace` are what ListMetadataFormats says of it."""

    prefix: str
    schema: str
    namespace: str
    clause: str


class Deleted(StrEnum):
    """What a repository promises about records that went away."""

    NO = "no"
    TRANSIENT = "transient"
    PERSISTENT = "persistent"


_OAI = "http://www.openarchives.org/OAI/2.0/"

NAMESPACES: dict[str, NamespaceFact] = {
    fact.name: fact
    for fact in (
        NamespaceFact("oai_pmh", _OAI, f"{_OAI}OAI-PMH.xsd", "a response", "3.2"),
        NamespaceFact(
            "oai_identifier",
            f"{_OAI}oai-identifier",
            f"{_OAI}oai-identifier.xsd",
            "Identify: how identifiers are built",
            "G oai-identifier",
        ),
        NamespaceFact("friends", f"{_OAI}friends/", f"{_OAI}friends.xsd", "Identify: other repositories", "G friends"),
        NamespaceFact(
            "provenance",
            f"{_OAI}provenance",
            f"{_OAI}provenance.xsd",
            "about a record: where it was harvested",
            "G provenance",
        ),
    )
}

DELETED_RECORD: dict[Deleted, str] = {
    Deleted.NO: "deletes are not told: compare with a complete list now and then",
    Deleted.TRANSIENT: "deletes are told, and may be forgotten",
    Deleted.PERSISTENT: "deletes are told for ever",
}
"""The values of `deletedRecord` (2.5.1)."""

FORMATS: dict[str, FormatFact] = {
    "oai_dc": FormatFact("oai_dc", f"{_OAI}oai_dc.xsd", f"{_OAI}oai_dc/", "2.5"),
}
"""Formats the protocol itself names: this one every item must have."""


def schema_location(name: str) -> str:
    """The value of xsi:schemaLocation for one of `NAMESPACES`."""
    fact = NAMESPACES[name]
    return f"{fact.uri} {fact.schema}"


__all__ = [
    "DELETED_RECORD",
    "FORMATS",
    "NAMESPACES",
    "Deleted",
    "FormatFact",
    "NamespaceFact",
    "schema_location",
]
