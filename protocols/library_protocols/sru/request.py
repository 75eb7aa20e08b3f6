"""A request's parameters to a `Request`: GET's query string and POST's form alike.

What is wrong is raised once, with all diagnostics: a client that has three mistakes hears of three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from library_protocols.sru.facts import Operation, ParameterFact, Value, Version, parameters
from library_protocols.sru.messages import (
    Diagnostic,
    ExplainRequest,
    FacetRequest,
    Request,
    ScanRequest,
    SearchRequest,
    SortParameter,
    SruError,
)

HIGHEST = Version.V2_0
MAX_FIELDS = 100
"""Most parameters of one request that are looked at."""
MAX_NUMBER = 2**31 - 1
"""Largest number a parameter may hold; more than any result set has."""

Pairs = Sequence[tuple[str, str]]
_Kind = TypeVar("_Kind")


def read_form(octets: bytes) -> list[tuple[str, str]]:
    """The pairs of a query string or of an application/x-www-form-urlencoded body, in order.

    Text is UTF-8; a pair that is not is taken for Latin-1, as old clients write it. Raises SruError for too many.
    """
    pieces = octets.split(b"&")
    if len(pieces) > MAX_FIELDS:
        raise SruError((Diagnostic.of(6, f"more than {MAX_FIELDS} parameters"),), HIGHEST, Operation.EXPLAIN)
    pairs = [piece.partition(b"=") for piece in pieces if piece]
    return [(_text(name), _text(value)) for name, _, value in pairs]


def _text(encoded: bytes) -> str:
    plain = unquote_to_bytes(encoded.replace(b"+", b" "))
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return plain.decode("latin-1")


def read_request(pairs: Pairs) -> Request:
    """The request that `pairs` make. A parameter with an empty value is as good as absent.

    Raises SruError for a version, operation, parameter or value that SRU does not know.
    """
    values = {name: value for name, value in pairs if value != ""}
    version, operation = _what(values)
    facts = parameters(operation, version)
    wrong = [Diagnostic.of(8, name) for name in _unknown(pairs, facts)]
    wrong += [Diagnostic.of(6, f"{name} is given more than once") for name in _repeated(pairs)]
    if "version" not in values and "operation" in values and operation is not Operation.EXPLAIN:
        wrong.append(Diagnostic.of(7, "version"))
    wrong += [Diagnostic.of(7, fact.name) for fact in facts.values() if fact.required and fact.name not in values]
    arguments = {name: value for name, value in values.items() if name in facts}
    extensions = {name: value for name, value in values.items() if name.startswith("x-")}
    reader = _Reader(arguments, facts, wrong)
    request = _READERS[operation](reader, version, extensions)
    if wrong:
        raise SruError(tuple(wrong), version, operation)
    return request


def _what(values: dict[str, str]) -> tuple[Version, Operation]:
    """Version and operation. Without both parameters it is 2.0, which has neither."""
    named, told = values.get("operation"), values.get("version")
    if named is None:
        operation = next((each for each in _SIGNS if _SIGNS[each] in values), Operation.EXPLAIN)
    else:
        operation = next((each for each in Operation if each.value == named), None)
    if told is None:
        version = Version.V2_0 if named is None else Version.V1_2
    else:
        version = next((each for each in Version if each.value == told), None)
    if version is None:
        raise SruError((Diagnostic.of(5, HIGHEST.value),), HIGHEST, operation or Operation.EXPLAIN)
    if operation is None:
        offered = ", ".join(each.value for each in Operation)
        raise SruError((Diagnostic.of(4, offered),), version, Operation.EXPLAIN)
    if named is None and version is not Version.V2_0 and operation is not Operation.EXPLAIN:
        raise SruError((Diagnostic.of(7, "operation"),), version, operation)
    return version, operation


_SIGNS = {Operation.SEARCH_RETRIEVE: "query", Operation.SCAN: "scanClause"}
"""What gives the operation away where it is not named (O part 3, 3)."""


def _unknown(pairs: Pairs, facts: Mapping[str, ParameterFact]) -> list[str]:
    found = dict.fromkeys(name for name, _ in pairs)
    return [name for name in found if name not in facts and not name.startswith("x-")]


def _repeated(pairs: Pairs) -> list[str]:
    found = dict.fromkeys(name for name, _ in pairs)
    return [name for name in found if sum(name == each for each, _ in pairs) > 1] if len(found) < len(pairs) else []


class _Reader:
    """Values as their facts want them; what does not fit becomes a diagnostic and the default."""

    def __init__(self, arguments: dict[str, str], facts: Mapping[str, ParameterFact], wrong: list[Diagnostic]) -> None:
        self.arguments = arguments
        self._facts = facts
        self._wrong = wrong

    def search(self, version: Version, extensions: dict[str, str]) -> SearchRequest:
        escaping = "recordXMLEscaping" if version is Version.V2_0 else "recordPacking"
        return SearchRequest(
            version,
            self.arguments,
            extensions,
            self.text("stylesheet"),
            query=self.text("query"),
            query_type=self.text("queryType") or "cql",
            start_record=self.number("startRecord", 1),
            maximum_records=self.number("maximumRecords", None),
            record_schema=self.text("recordSchema"),
            string=self.choice(escaping) == "string",
            packing=self.choice("recordPacking") if version is Version.V2_0 else "",
            rendered_by=self.choice("renderedBy") if version is Version.V2_0 else "",
            ttl=self.number("resultSetTTL", None),
            sort=self.sort(),
            facets=self.facets() if "facetLimit" in self.arguments else None,
        )

    def scan(self, version: Version, extensions: dict[str, str]) -> ScanRequest:
        return ScanRequest(
            version,
            self.arguments,
            extensions,
            self.text("stylesheet"),
            clause=self.text("scanClause"),
            position=self.number("responsePosition", 1),
            maximum_terms=self.number("maximumTerms", None),
        )

    def explain(self, version: Version, extensions: dict[str, str]) -> ExplainRequest:
        escaping = "recordXMLEscaping" if version is Version.V2_0 else "recordPacking"
        string = self.choice(escaping) == "string"
        return ExplainRequest(version, self.arguments, extensions, self.text("stylesheet"), string=string)

    def text(self, name: str) -> str:
        return self.arguments.get(name, "")

    def choice(self, name: str) -> str:
        value, fact = self.text(name), self._facts[name]
        if value and value not in fact.choices:
            self._wrong.append(
                Diagnostic.of(fact.diagnostic, f"{fact.name} {value}" if fact.diagnostic == 6 else value)
            )
            return ""
        return value

    def number(self, name: str, default: _Kind) -> int | _Kind:
        value = self.text(name)
        if not value:
            return default
        fact, number = self._facts[name], _number(value)
        if number is None or (number == 0 and fact.value is Value.POSITIVE):
            self._wrong.append(Diagnostic.of(fact.diagnostic, f"{fact.name} {value}"))
            return default
        return number

    def sort(self) -> tuple[SortParameter, ...]:
        found = tuple(self._sort_key(key) for key in self.text("sortKeys").split())
        paths = [(key.path, key.schema) for key in found]
        self._wrong += [Diagnostic.of(85, path[0]) for path in dict.fromkeys(paths) if paths.count(path) > 1]
        return found

    def _sort_key(self, text: str) -> SortParameter:
        path, schema, ascending, case, missing, *rest = (*text.split(","), "", "", "", "")
        if not path or any(rest):
            self._wrong.append(Diagnostic.of(80, text))
        if ascending not in ("", "0", "1"):
            self._wrong.append(Diagnostic.of(90, ascending))
        if case not in ("", "0", "1"):
            self._wrong.append(Diagnostic.of(91, case))
        constant = len(missing) > 1 and missing[0] == missing[-1] == '"'
        if missing not in ("", "abort", "highValue", "lowValue", "omit") and not constant:
            self._wrong.append(Diagnostic.of(92, missing))
        return SortParameter(path, schema, ascending != "0", case == "1", missing or "highValue")

    def facets(self) -> FacetRequest:
        limit, limits = self._facet_numbers("facetLimit", 0)
        start, starts = self._facet_numbers("facetStart", 1)
        by_count: bool = True
        ascending: bool | None = None
        for word in filter(None, (each.strip() for each in self.text("facetSort").split(","))):
            match word:
                case "recordCount" | "alphanumeric":
                    by_count = word == "recordCount"
                case "ascending" | "descending":
                    ascending = word == "ascending"
                case _:
                    self._wrong.append(Diagnostic.of(6, f"facetSort {word}"))
        return FacetRequest(limit, limits, start or 1, starts, by_count, ascending)

    def _facet_numbers(self, name: str, least: int) -> tuple[int | None, dict[str, int]]:
        general: int | None = None
        named: dict[str, int] = {}
        for part in filter(None, (each.strip() for each in self.text(name).split(","))):
            number, colon, index = part.partition(":")
            value = _number(number)
            if value is None or value < least or (colon and not index):
                self._wrong.append(Diagnostic.of(6, f"{name} {part}"))
            elif colon:
                named[index] = value
            else:
                general = value
        return general, named


_READERS: dict[Operation, Callable[[_Reader, Version, dict[str, str]], Request]] = {
    Operation.SEARCH_RETRIEVE: _Reader.search,
    Operation.SCAN: _Reader.scan,
    Operation.EXPLAIN: _Reader.explain,
}


def _number(text: str) -> int | None:
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > 10:
        return None
    number = int(text)
    return number if number <= MAX_NUMBER else None
