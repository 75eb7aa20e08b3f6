"""The broker that probes are: how a document gets to the subject, and what its answer says, found by local names.

Over HTTP a document is a POST, over TCP it goes as it is and the answer ends with its root's last tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.model import NotApplicable, Seen, SetupFailed, absent, breaks
from library_conformance.probes.ncip import shapes
from library_conformance.probes.ncip.words import NAMESPACE, Words
from library_conformance.run import Line, Run
from library_conformance.web import REDIRECTS, http_error

GENERATION = "ncip generation"
XML_TYPE = 'application/xml; charset="utf-8"'
_END = re.compile(rb"</(?:[\w.-]+:)?NCIP(?:Version)?Message\s*>\s*")
_NOT_SERVED = ("unsupported service", "unauthorized service for agency", "unauthorized service for system",
               "unknown service")  # fmt: skip
_NOT_LET_IN = ("agency authentication failed", "system authentication failed", "unknown agency", "unknown system",
               "unauthorized combination of element values for agency",
               "unauthorized combination of element values for system")  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """A problem of either generation; `element` is a path where version 1 nests."""

    type: str
    scheme: str = ""
    detail: str = ""
    element: str = ""
    value: str = ""


@dataclass(frozen=True)
class Answer:
    """What came. `status` and `headers` only over HTTP; `closed`: the subject ended the connection."""

    octets: bytes
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False

    @cached_property
    def root(self) -> Any:
        """The document, None where it is none."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
        try:
            return etree.fromstring(self.octets.strip(b"\0 \r\n\t"), parser)
        except (etree.XMLSyntaxError, ValueError):
            return None

    @property
    def readable(self) -> bool:
        return self.root is not None and local(self.root) in ("NCIPMessage", "NCIPVersionMessage")

    @cached_property
    def message(self) -> Any:
        """The element in the root, None where there is none."""
        return next(children(self.root), None) if self.readable else None

    @property
    def name(self) -> str:
        """Of what the message is: `LookupUserResponse`, `Problem`, or "" where nothing can be read."""
        return "" if self.message is None else local(self.message)

    @property
    def generation(self) -> int:
        """1 where its names are those of version 1, 2 where it is in the namespace; else by the version told."""
        if any(
            local(found).startswith(("Unique", "ProcessingError", "MessagingError")) for found in elements(self.root)
        ):
            return 1
        told = re.search(r"v([12])_", self.root.get("version") or "")
        return 2 if etree.QName(self.root).namespace or told is None else int(told[1])

    def all(self, *path: str) -> list[Any]:
        """Elements that end such a path of names; those of version 1 by their names in version 2."""
        if not self.readable:
            return []
        found = []
        for each in elements(self.root):
            at = each
            for wanted in reversed(path):
                if at is None or name_of(at) != wanted:
                    break
                at = at.getparent()
            else:
                found.append(each)
        return found

    def texts(self, *path: str) -> list[str]:
        return [said(each) for each in self.all(*path)]

    def text(self, *path: str) -> str:
        """Of the first such element, "" where there is none."""
        return next(iter(self.texts(*path)), "")

    def has(self, *path: str) -> bool:
        return bool(self.all(*path))

    @cached_property
    def problems(self) -> list[Problem]:
        return [*self._new(), *self._old()] if self.readable else []

    @property
    def types(self) -> str:
        """The problems' types, for observations."""
        return ", ".join(dict.fromkeys(one.type or "a problem of no type" for one in self.problems))

    def problem(self, *wanted: str) -> bool:
        """Whether one of the problems is of one of these types, whatever its letters' case."""
        known = {each.casefold() for each in wanted}
        return any(one.type.casefold() in known for one in self.problems)

    @property
    def ok(self) -> bool:
        return self.readable and not self.problems and self.name.endswith("Response")

    @property
    def not_served(self) -> bool:
        return self.problem(*_NOT_SERVED)

    @property
    def not_let_in(self) -> bool:
        return self.problem(*_NOT_LET_IN)

    def faults(self) -> list[tuple[str, str]]:
        """Elements that do not hold what they should, each with `order` or `content`."""
        if not self.readable:
            return []
        generation = self.generation
        return [
            (name_of(each), kind)
            for each in elements(self.root)
            if (kind := shapes.fault(name_of(each), [name_of(child) for child in children(each)], generation))
        ]

    def _new(self) -> Iterator[Problem]:
        for each in self.all("Problem"):
            parts = {local(child): child for child in children(each)}
            if "ProcessingError" in parts or "MessagingError" in parts:
                continue
            kind = parts.get("ProblemType")
            yield Problem(
                "" if kind is None else said(kind),
                "" if kind is None else scheme(kind),
                *("" if (part := parts.get(name)) is None else said(part)
                  for name in ("ProblemDetail", "ProblemElement", "ProblemValue")),
            )  # fmt: skip

    def _old(self) -> Iterator[Problem]:
        for name in ("ProcessingError", "MessagingError"):
            for each in self.all(name):
                kind = next((child for child in children(each) if local(child) == f"{name}Type"), None)
                path = [said(found) for found in elements(each) if local(found) == "ElementName"]
                value = next((said(found) for found in elements(each) if local(found) == f"{name}Value"), "")
                yield Problem(
                    "" if kind is None else said(kind), "" if kind is None else scheme(kind), "", "/".join(path), value
                )


def local(element: Any) -> str:
    """An element's name without its prefix."""
    return etree.QName(element).localname


def name_of(element: Any) -> str:
    """The same, with version 1's name for an identifier read as version 2's."""
    name = local(element)
    return name.removeprefix("Unique") if name.startswith("Unique") else name


def children(element: Any) -> Iterator[Any]:
    return element.iterchildren(etree.Element)


def elements(element: Any) -> Iterator[Any]:
    return element.iter(etree.Element)


def said(element: Any) -> str:
    """An element's text; of a code of version 1 its value."""
    value = next((child for child in children(element) if local(child) == "Value"), element)
    return "".join(value.itertext()).strip()


def scheme(element: Any) -> str:
    """The scheme of a code: an attribute, or an element."""
    told = element.get(f"{{{NAMESPACE}}}Scheme") or element.get("Scheme")
    return told or next((said(child) for child in children(element) if local(child) == "Scheme"), "")


def whole(octets: bytes) -> int:
    """Where a document on a TCP connection ends."""
    found = _END.search(octets)
    return found.end() if found else 0


def over_http(run: Run) -> bool:
    return bool(run.target.url)


def needs_http(run: Run) -> None:
    if not over_http(run):
        raise NotApplicable("the subject is not spoken to over HTTP")


def needs_tcp(run: Run) -> None:
    if over_http(run):
        raise NotApplicable("the subject is spoken to over HTTP")


def words(run: Run, generation: int | None = None) -> Words:
    """In the generation that the subject was found to speak, or this one."""
    return Words(
        generation or run.found.get(GENERATION, 2),
        run.input("from_agency", "JUDGE"),
        run.input("agency", "LIBRARY"),
        run.input("secret", ""),
    )


def needs_generation(run: Run, generation: int) -> Words:
    """Words of a generation. Raises NotApplicable where the subject speaks the other one."""
    if run.found.get(GENERATION, generation) != generation:
        raise NotApplicable(f"the subject speaks version {run.found[GENERATION]}")
    return words(run, generation)


def head(run: Run, **more: str) -> dict[str, str]:
    """HTTP headers of a document."""
    key = run.input("api_key", "")
    return {"Content-Type": XML_TYPE, **({"Authorization": f"Bearer {key}"} if key else {}), **more}


def ask(run: Run, document: bytes, *, headers: Mapping[str, str] | None = None) -> Answer:
    """Says a document and gives what comes. Silence over TCP and a connection that is closed without an answer
    are answers without octets. Raises httpx.TimeoutException over HTTP, and Unreachable where nobody is there."""
    if over_http(run):
        try:
            response = run.http("POST", content=document, headers=headers or head(run))
        except ConnectionError:
            return Answer(b"", closed=True)
        return Answer(response.content, response.status_code, response.headers)
    with run.line() as line:
        return on(run, line, document)


def on(run: Run, line: Line, document: bytes, **options: float) -> Answer:
    """The same on a connection that is open."""
    try:
        line.send(document, **options)
    except OSError:
        return Answer(b"", closed=True)
    octets = line.receive(whole, run.patience)
    return Answer(octets, closed=line.closed)


def http_octets(run: Run, document: bytes, *, version: str = "1.1", close: bool = True) -> bytes:
    """A POST as octets, for what a client library would not let through."""
    parts = urlsplit(run.target.url or "http://library/ncip")
    lines = [
        f"POST {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/{version}",
        f"Host: {parts.netloc}",
        *(f"{name}: {value}" for name, value in head(run).items()),
        f"Content-Length: {len(document)}",
        *(("Connection: close",) if close and version == "1.1" else ()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + document


def http_whole(octets: bytes) -> int:
    """Where an HTTP answer with a Content-Length ends."""
    top, gap, body = octets.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", top)
    if not gap or found is None or len(body) < int(found[1]):
        return 0
    return len(top) + 4 + int(found[1])


def unread(answer: Answer) -> Seen:
    """What is broken where no NCIP came."""
    if answer.status in REDIRECTS:
        return http_error(answer.status)
    if not answer.octets:
        return breaks("closed without an answer" if answer.closed else "no answer")
    return breaks("answered with something else than NCIP")


def refusal(answer: Answer) -> Seen | None:
    """What is to be said where a service is not offered, or the answer cannot be read; None where it can."""
    if not answer.readable:
        return unread(answer)
    if answer.not_served:
        return absent("not offered")
    return None


def let_in(answer: Answer) -> Answer:
    """Raises SetupFailed where who asks is turned away: nothing can be learnt then."""
    if answer.not_let_in:
        raise SetupFailed(f"who asks is not let in: {answer.types}")
    return answer
