"""A question to a repository and what came of it, as elements. Owes nothing to any other reader of the protocol.

What the probes of one run need again and again (Identify, the first part of a list) is asked once and remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.model import NotApplicable, Seen, breaks, meets, unclear
from library_conformance.run import Run
from library_conformance.web import (
    Raw,
    children,
    document,
    escaped,
    fetch,
    http_error,
    local,
    namespace,
    status_words,
    text,
)

OAI = "http://www.openarchives.org/OAI/2.0/"
OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
VERBS = ("Identify", "ListMetadataFormats", "ListSets", "GetRecord", "ListIdentifiers", "ListRecords")
DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
SECOND = re.compile(DAY.pattern + r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ")
MOST_PARTS = 12
"""Parts of a list that are followed: a whole harvest of a live repository is not ours to make."""

Pairs = tuple[tuple[str, str], ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Header:
    """One header, and where it stands: alone, or in a record."""

    element: etree._Element
    record: etree._Element | None

    @property
    def identifier(self) -> str:
        return text(self.element, "identifier") or ""

    @property
    def datestamp(self) -> str:
        return text(self.element, "datestamp") or ""

    @property
    def sets(self) -> tuple[str, ...]:
        return tuple((each.text or "").strip() for each in children(self.element) if local(each) == "setSpec")

    @property
    def deleted(self) -> bool:
        return self.element.get("status") == "deleted"

    @property
    def metadata(self) -> list[etree._Element]:
        """What stands in the metadata."""
        found = [] if self.record is None else [each for each in children(self.record) if local(each) == "metadata"]
        return [inner for each in found for inner in children(each)]

    @property
    def key(self) -> tuple[str, str, tuple[str, ...], bool]:
        return self.identifier, self.datestamp, tuple(sorted(self.sets)), self.deleted


@dataclass
class Page:
    """An answer. `root` is None where it is no document of the protocol."""

    status: int
    octets: bytes
    head: Mapping[str, str] = field(default_factory=dict)
    """The headers of HTTP."""

    @cached_property
    def root(self) -> etree._Element | None:
        found = document(self.octets) if self.status == 200 else None
        return found if found is not None and local(found) == "OAI-PMH" else None

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(each.get("code", "") for each in self._parts("error"))

    def body(self, verb: str) -> etree._Element | None:
        return next(iter(self._parts(verb)), None)

    @property
    def headers(self) -> list[Header]:
        """The headers of a list or a single record, in their order."""
        found: list[Header] = []
        for part in [] if self.root is None else children(self.root):
            for each in children(part):
                if local(each) == "header":
                    found.append(Header(each, None))
                elif local(each) == "record":
                    found += [Header(one, each) for one in children(each) if local(one) == "header"]
        return found

    @property
    def tokens(self) -> list[etree._Element]:
        parts = [] if self.root is None else children(self.root)
        return [each for part in parts for each in children(part) if local(each) == "resumptionToken"]

    @property
    def token(self) -> str:
        """The token that leads on; empty where the list ends here."""
        return (self.tokens[0].text or "").strip() if self.tokens else ""

    def _parts(self, name: str) -> list[etree._Element]:
        return [] if self.root is None else [each for each in children(self.root) if local(each) == name]

    @property
    def words(self) -> str:
        """What came, in words that are the same for the same behaviour."""
        if self.status != 200:
            return status_words(self.status)
        if self.root is None:
            return "answered with no document of the protocol"
        if self.errors:
            return "answered " + " and ".join(dict.fromkeys(self.errors))
        names = [local(each) for each in children(self.root)]
        return "answered " + (names[2] if len(names) > 2 else "with nothing")


def query_of(pairs: Pairs) -> str:
    return "&".join(f"{name}={escaped(value)}" for name, value in pairs)


def ask(run: Run, verb: str, **arguments: str) -> Page:
    """A request; `from_` stands for `from`."""
    pairs = tuple((name.rstrip("_"), value) for name, value in arguments.items())
    return ask_query(run, query_of((("verb", verb), *pairs)))


def ask_query(run: Run, query: str) -> Page:
    """A request whose query is written already."""
    answer = fetch(run, query)
    return Page(answer.status_code, answer.content, answer.headers)


def page_of(answer: Raw | None) -> Page:
    """What came on a socket; status 0 where that was no answer of HTTP."""
    if answer is None:
        return Page(0, b"")
    try:
        return Page(answer.status, answer.plain, answer.headers)
    except (OSError, EOFError):
        return Page(answer.status, b"", answer.headers)


def once(run: Run, name: str, make: Callable[[], T]) -> T:
    """What was asked once in this run, and need not be asked again."""
    name = f"oai {name}"
    if name not in run.found:
        run.found[name] = make()
    return run.found[name]


def identify(run: Run) -> Page:
    return once(run, "identify", lambda: ask(run, "Identify"))


def granularity(run: Run) -> str:
    """The granularity that is announced, seconds where nothing legal is."""
    told = text(identify(run).body("Identify"), "granularity")
    return "YYYY-MM-DD" if told == "YYYY-MM-DD" else "YYYY-MM-DDThh:mm:ssZ"


def in_granularity(run: Run, datestamp: str) -> bool:
    pattern = DAY if granularity(run) == "YYYY-MM-DD" else SECOND
    return bool(pattern.fullmatch(datestamp))


def prefix(run: Run) -> str:
    return run.input("prefix", "oai_dc")


def first_part(run: Run, verb: str = "ListIdentifiers", **arguments: str) -> Page:
    """The first part of a list of everything, or of what `arguments` select."""
    name = f"first {verb} {sorted(arguments.items())}"
    return once(run, name, lambda: ask(run, verb, metadataPrefix=prefix(run), **arguments))


def example(run: Run) -> Header:
    """A record that is not deleted. Raises NotApplicable where the first part of the list has none."""
    found = next((each for each in first_part(run).headers if not each.deleted and each.identifier), None)
    if found is None:
        raise NotApplicable("the first part of the list holds no record")
    return found


def set_list(run: Run) -> Page:
    """The first part of the list of sets."""
    return once(run, "sets", lambda: ask(run, "ListSets"))


def sets(run: Run) -> list[str]:
    """The setSpecs that ListSets tells in its first part."""
    body = set_list(run).body("ListSets")
    return [] if body is None else [text(each, "setSpec") or "" for each in children(body) if local(each) == "set"]


def narrowed(run: Run) -> dict[str, str]:
    """What selects a short list where the inputs name a set, and everything elsewhere."""
    given = run.input("set", "")
    return {"set": given} if given else {}


def parts(run: Run, verb: str, **arguments: str) -> list[Page]:
    """A list, part by part: all of it, or its first dozen of parts."""
    found = [ask(run, verb, metadataPrefix=prefix(run), **arguments)]
    while found[-1].token and len(found) < MOST_PARTS:
        found.append(ask(run, verb, resumptionToken=found[-1].token))
    return found


def followed(run: Run) -> list[Page]:
    """The list that the probes of tokens look at, followed once in a run. Raises NotApplicable where it is whole."""
    found = once(run, "followed", lambda: parts(run, "ListIdentifiers", **narrowed(run)))
    if not found[0].token:
        raise NotApplicable("the list comes whole in its first answer")
    return found


def some_token(run: Run) -> str:
    """A token as fresh as this run can have it. Raises NotApplicable where the list comes whole."""
    found = ask(run, "ListIdentifiers", metadataPrefix=prefix(run)).token
    if not found:
        raise NotApplicable("the list comes whole in its first answer")
    return found


def refused(page: Page, *codes: str) -> Seen:
    """Whether a request that is wrong got one of the errors that it may get."""
    if page.errors and set(page.errors) <= set(codes):
        return meets(page.words)
    return breaks(page.words)


def served(page: Page, verb: str) -> Seen:
    """Whether a request that is right got its answer."""
    if page.body(verb) is not None and not page.errors:
        return meets(page.words)
    return http_error(page.status) if page.status != 200 else breaks(page.words)


def all_of(checks: Iterator[str], otherwise: str, *, nothing: str = "") -> Seen:
    """`breaks` with the first complaint of `checks`, else `meets`; `unclear` where there was nothing to check."""
    complaint = next(checks, "")
    if complaint:
        return breaks(complaint)
    return unclear(nothing) if nothing else meets(otherwise)


def in_oai(element: etree._Element | None) -> bool:
    return element is not None and namespace(element) == OAI
