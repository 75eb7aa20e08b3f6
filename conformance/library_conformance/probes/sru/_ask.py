"""A question to an SRU server and what came of it, as elements. Owes nothing to any other reader of the protocol.

What is not about a version is asked in the one that is spoken best: 1.2, then 1.1, then 2.0. Elements are found by
their local names; that their namespaces are right is a requirement of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.model import NotApplicable, Seen, breaks, meets
from library_conformance.run import Run
from library_conformance.web import Raw, child, children, document, escaped, fetch, local, namespace, status_words, text

OLD = "http://www.loc.gov/zing/srw/"
OASIS = "http://docs.oasis-open.org/ns/search-ws/"
RESPONSES = {"searchRetrieve": "searchRetrieveResponse", "scan": "scanResponse", "explain": "explainResponse"}
SURROGATE = "info:srw/schema/1/diagnostics-v1.1"
DUBLIN_CORE = ("dc", "info:srw/schema/1/dc-v1.1", "oai_dc")
_NUMBER = re.compile(r"info:srw/diagnostic/1/(\d+)$")

Pairs = tuple[tuple[str, str], ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """`number` is 0 where its address is not of the list of diagnostics."""

    element: etree._Element
    number: int
    details: str
    message: str


@dataclass(frozen=True, slots=True)
class Record:
    element: etree._Element

    @property
    def schema(self) -> str:
        return text(self.element, "recordSchema") or ""

    @property
    def packing(self) -> str:
        return text(self.element, "recordPacking") or text(self.element, "recordXMLEscaping") or ""

    @property
    def position(self) -> str | None:
        return text(self.element, "recordPosition")

    @property
    def data(self) -> etree._Element | None:
        """The record itself, packed either way; None where there is none."""
        holder = child(self.element, "recordData")
        if holder is None:
            return None
        inner = children(holder)
        return inner[0] if inner else document((holder.text or "").strip().encode())

    @property
    def as_text(self) -> bool:
        holder = child(self.element, "recordData")
        return holder is not None and not children(holder) and bool((holder.text or "").strip())

    @property
    def surrogate(self) -> bool:
        return self.schema == SURROGATE or (self.data is not None and local(self.data) == "diagnostic")

    @property
    def digest(self) -> str:
        """The same for the same data."""
        data = self.data
        if data is None:
            return ""
        return hashlib.sha256(etree.tostring(data, method="c14n", exclusive=True)).hexdigest()


@dataclass
class Answer:
    """An answer. `root` is None where it is no well-formed document."""

    status: int
    octets: bytes
    head: Mapping[str, str] = field(default_factory=dict)
    """The headers of HTTP."""

    @cached_property
    def root(self) -> etree._Element | None:
        return document(self.octets)

    @property
    def kind(self) -> str:
        return "" if self.root is None else local(self.root)

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the request; surrogates among the records are not counted."""
        holder = child(self.root, "diagnostics")
        return tuple(_diagnostic(each) for each in ([] if holder is None else children(holder)))

    @property
    def count(self) -> int | None:
        found = text(self.root, "numberOfRecords") or ""
        return int(found) if found.isascii() and found.isdigit() else None

    @cached_property
    def records(self) -> list[Record]:
        holder = child(self.root, "records")
        return [Record(each) for each in ([] if holder is None else children(holder)) if local(each) == "record"]

    @property
    def following(self) -> int | None:
        found = text(self.root, "nextRecordPosition") or ""
        return int(found) if found.isdigit() else None

    @property
    def numbers(self) -> set[int]:
        return {each.number for each in self.diagnostics}

    @property
    def words(self) -> str:
        """What came, in words that are the same for the same behaviour."""
        if self.diagnostics:
            found = sorted({str(each.number) if each.number else "of no list" for each in self.diagnostics})
            return f"answered diagnostic {' and '.join(found)}"
        if self.status != 200:
            return status_words(self.status)
        if self.kind not in RESPONSES.values():
            return "answered with no document of SRU"
        if self.kind == "searchRetrieveResponse":
            return "answered a result" if self.count else "answered an empty result"
        return f"answered {self.kind}"


def _diagnostic(element: etree._Element) -> Diagnostic:
    number = _NUMBER.match(text(element, "uri") or "")
    details, message = text(element, "details") or "", text(element, "message") or ""
    return Diagnostic(element, int(number[1]) if number else 0, details, message)


# Asking


def query_of(pairs: Pairs) -> str:
    return "&".join(f"{name}={escaped(value)}" for name, value in pairs)


def ask_query(run: Run, query: str) -> Answer:
    """A request whose query is written already."""
    answer = fetch(run, query)
    return Answer(answer.status_code, answer.content, answer.headers)


def answer_of(raw: Raw | None) -> Answer:
    """What came on a socket; status 0 where that was no answer of HTTP."""
    if raw is None:
        return Answer(0, b"")
    try:
        return Answer(raw.status, raw.plain, raw.headers)
    except (OSError, EOFError):
        return Answer(raw.status, b"", raw.headers)


def pairs_of(version: str, operation: str, parameters: dict[str, str]) -> Pairs:
    """The parameters of a request in a version: 2.0 names neither version nor operation."""
    head = () if version == "2.0" else (("operation", operation), ("version", version))
    return (*head, *parameters.items())


def ask(run: Run, operation: str, version: str = "", **parameters: str) -> Answer:
    """A request in a version, by default in the one that is spoken best."""
    return ask_query(run, query_of(pairs_of(version or spoken(run), operation, parameters)))


def search(run: Run, query: str, size: int = 0, **parameters: str) -> Answer:
    return ask(run, "searchRetrieve", query=query, maximumRecords=str(size), **parameters)


def quoted(term: str) -> str:
    return term.replace("\\", "\\\\").replace('"', '\\"')


def scan(run: Run, term: str, most: int = 5, **more: str) -> Answer:
    """The terms around one of the index of titles."""
    clause = f'{title_index(run)} = "{quoted(term)}"'
    return ask(run, "scan", scanClause=clause, maximumTerms=str(most), **more)


def first_scan(run: Run) -> Answer:
    """Five terms from a on."""
    return once(run, "scan a", lambda: scan(run, "a"))


def once(run: Run, name: str, make: Callable[[], T]) -> T:
    """What was asked once in this run, and need not be asked again."""
    name = f"sru {name}"
    if name not in run.found:
        run.found[name] = make()
    return run.found[name]


# What a run knows of its subject


def word(run: Run) -> str:
    """A word that stands in many records."""
    return run.input("query")


def other_word(run: Run) -> str:
    """A word that stands in some."""
    return run.input("other_query", "history")


def title_index(run: Run) -> str:
    return run.input("index", "dc.title")


def spoken(run: Run) -> str:
    """The version that is spoken best; 1.2, which most speak, where none is."""
    given = run.input("version", "")
    if given:
        return given
    found = versions(run)
    return next((version for version in ("1.2", "1.1", "2.0") if version in found), "1.2")


def versions(run: Run) -> dict[str, Answer]:
    """The versions in which a search is answered with a number, in a response of that version."""
    return once(run, "versions", lambda: _versions(run))


def _versions(run: Run) -> dict[str, Answer]:
    query = run.input("query", "a")
    found: dict[str, Answer] = {}
    for version in ("1.1", "1.2", "2.0"):
        answer = ask(run, "searchRetrieve", version, query=query, maximumRecords="1")
        told = text(answer.root, "version") or ""
        if version == "2.0" and answer.root is not None and namespace(answer.root) == f"{OASIS}sruResponse":
            told = told or version
        if told == version and answer.count is not None and not answer.numbers & {4, 5, 7, 8}:
            found[version] = answer
    return found


@dataclass(frozen=True, slots=True)
class Index:
    """An index as explain tells of it; the flags are None where explain says nothing."""

    names: tuple[str, ...]
    search: bool | None
    scan: bool | None
    sort: bool | None


@dataclass
class Explained:
    """What explain tells: `schemas` are short name and identifier."""

    root: etree._Element

    def _part(self, name: str) -> list[etree._Element]:
        found = child(self.root, name)
        return [] if found is None else children(found)

    @property
    def indexes(self) -> list[Index]:
        return [_index(each) for each in self._part("indexInfo") if local(each) == "index"]

    @property
    def sets(self) -> dict[str, str]:
        return {
            each.get("name", ""): each.get("identifier", "") for each in self._part("indexInfo") if local(each) == "set"
        }

    @property
    def schemas(self) -> list[tuple[str, str]]:
        return [
            (each.get("name", ""), each.get("identifier", ""))
            for each in self._part("schemaInfo")
            if local(each) == "schema" and each.get("retrieve") != "false"
        ]

    @property
    def supported(self) -> set[str]:
        """The types of what is supported; one whose value is `false` is not."""
        return {
            each.get("type", "")
            for each in self._part("configInfo")
            if local(each) == "supports" and (each.text or "").strip().lower() != "false"
        }

    def values(self, element: str, kind: str) -> list[str]:
        """The values of default, setting or supports of one kind."""
        return [
            (each.text or "").strip()
            for each in self._part("configInfo")
            if local(each) == element and each.get("type") == kind
        ]


def _index(element: etree._Element) -> Index:
    names = [
        f"{name.get('set')}.{(name.text or '').strip()}" if name.get("set") else (name.text or "").strip()
        for each in children(element) if local(each) == "map" for name in children(each) if local(name) == "name"
    ]  # fmt: skip
    flags = (element.get(name) for name in ("search", "scan", "sort"))
    return Index(tuple(names), *({"true": True, "false": False}.get(flag or "") for flag in flags))


def base_explain(run: Run) -> Answer:
    """What the base address says where nothing is asked."""
    return once(run, "explain", lambda: ask_query(run, ""))


def explained(run: Run) -> Explained:
    """Explain's own record. Raises NotApplicable where there is none."""
    answer = base_explain(run)
    record = child(answer.root, "record") if answer.kind == "explainResponse" else None
    data = None if record is None else Record(record).data
    if data is None:
        raise NotApplicable("there is no explain")
    return Explained(data)


def dublin_core(run: Run, query: str, size: int = 20, **parameters: str) -> list[etree._Element]:
    """Records in Dublin Core. Raises NotApplicable where they are not to be had."""
    for schema in DUBLIN_CORE:
        answer = search(run, query, size, recordSchema=schema, **parameters)
        found = [one.data for one in answer.records if not one.surrogate]
        if found and not answer.diagnostics:
            return [each for each in found if each is not None]
    raise NotApplicable("records are not to be had in Dublin Core")


# Judging


def counts(run: Run, *queries: str) -> tuple[int, ...] | Seen:
    """How many records each query finds, or the verdict on one that was not answered."""
    found: list[int] = []
    for query in queries:
        answer = once(run, f"count {query}", lambda query=query: search(run, query))
        if answer.count is None or answer.diagnostics:
            return breaks(answer.words)
        found.append(answer.count)
    return tuple(found)


def agree(run: Run, queries: tuple[str, ...], right: Callable[..., bool], good: str, bad: str) -> Seen:
    """Whether the numbers of several queries stand in the relation in which they have to stand."""
    found = counts(run, *queries)
    if isinstance(found, Seen):
        return found
    return meets(good) if right(*found) else breaks(bad)


def refused(answer: Answer, *numbers: int) -> Seen:
    """Whether a request that is wrong got one of the diagnostics that it may get."""
    return meets(answer.words) if answer.numbers & set(numbers) else breaks(answer.words)


def agree_or_refused(
    run: Run, queries: tuple[str, ...], right: Callable[..., bool], good: str, bad: str, *numbers: int
) -> Seen:
    """The same for a feature that need not be there: then a diagnostic of these has to say so."""
    for query in queries:
        answer = once(run, f"count {query}", lambda query=query: search(run, query))
        if answer.diagnostics:
            return meets(f"refused with {answer.words}") if answer.numbers & set(numbers) else breaks(answer.words)
    return agree(run, queries, right, good, bad)


def orderly(answer: Answer) -> bool:
    """Whether a request that is out of the ordinary was answered, or refused as the standard or HTTP refuses."""
    return (answer.kind in RESPONSES.values() and answer.status == 200) or answer.status in (400, 413, 414, 431)
