"""Requests and the parts of responses as values: what a server gets and gives, and what a client gives and gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from library_protocols.sru.facts import DIAGNOSTICS, Operation, Version, diagnostic_uri


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong. `uri` names it; `details` is the culprit; `message` is for people."""

    uri: str
    details: str = ""
    message: str = ""

    @classmethod
    def of(cls, number: int, details: str = "") -> Diagnostic:
        """The diagnostic of info:srw/diagnostic/1 with this number, its message from the table."""
        fact = DIAGNOSTICS.get(number)
        return cls(diagnostic_uri(number), details, fact.message if fact else "")


class SruError(ValueError):
    """A request that cannot be answered: the diagnostics, and how the answer is to be written.

    `version` and `operation` are what the request asked for as far as it could be understood.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...], version: Version, operation: Operation) -> None:
        super().__init__("; ".join(f"{each.message} ({each.details})" for each in diagnostics))
        self.diagnostics = diagnostics
        self.version = version
        self.operation = operation


@dataclass(frozen=True, slots=True)
class SortParameter:
    """One key of the parameter sortKeys: path,schema,ascending,caseSensitive,missingValue (L search-retrieve 1.1).

    `missing` is abort, highValue, lowValue, omit or a constant in quotation marks.
    """

    path: str
    schema: str = ""
    ascending: bool = True
    case_sensitive: bool = False
    missing: str = "highValue"


@dataclass(frozen=True, slots=True)
class FacetRequest:
    """What the facet parameters ask for (O part 3, 5).

    `limit` values for every facet, `limits` for some by index name; `starts` and `start` likewise, from 1.
    `by_count`: the most frequent first, else by value; `ascending` None means the order usual for that.
    """

    limit: int | None = None
    limits: dict[str, int] = field(default_factory=dict)
    start: int = 1
    starts: dict[str, int] = field(default_factory=dict)
    by_count: bool = True
    ascending: bool | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What every request has. `arguments` are the known parameters as sent; `extensions` those named `x-…`."""

    version: Version
    arguments: dict[str, str]
    extensions: dict[str, str]
    stylesheet: str = ""


@dataclass(frozen=True, slots=True)
class SearchRequest(Request):
    """searchRetrieve. `maximum_records` and `record_schema` are None or empty where the server chooses.

    `string`: records are to be escaped as text. `ttl` is in seconds, None where no result set is asked for.
    """

    query: str = ""
    query_type: str = "cql"
    start_record: int = 1
    maximum_records: int | None = None
    record_schema: str = ""
    string: bool = False
    packing: str = ""
    rendered_by: str = ""
    ttl: int | None = None
    sort: tuple[SortParameter, ...] = ()
    facets: FacetRequest | None = None


@dataclass(frozen=True, slots=True)
class ScanRequest(Request):
    """scan. `position` is where in the list the term asked for shall stand, from 1; 0 means just before it."""

    clause: str = ""
    position: int = 1
    maximum_terms: int | None = None


@dataclass(frozen=True, slots=True)
class ExplainRequest(Request):
    """explain."""

    string: bool = False


class Record(NamedTuple):
    """One record of a response. `data` is an XML element without declaration, UTF-8; `schema` is a URI.

    `position` is that in the result set, from 1. `extra` is XML of other namespaces for extraRecordData.
    """

    schema: str
    data: bytes
    position: int | None = None
    identifier: str = ""
    extra: bytes = b""


class Surrogate(NamedTuple):
    """A diagnostic in the place of a record."""

    diagnostic: Diagnostic
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """One entry of a scan. `where` is first, last, only, inner or empty."""

    value: str
    count: int | None = None
    display: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class FacetTerm:
    """One value of a facet, with the query that finds it within the results."""

    value: str
    count: int
    query: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet: its values in the order to show. `index` as the query language names it."""

    index: str
    terms: tuple[FacetTerm, ...]
    label: str = ""
