"""Octets explained: every one of them belongs to a span, and every element's span says what it is.

The walk is along the tags and the tables, so a document that cannot be read as a whole is explained up to where it goes
wrong; what the codec says about the whole of it stands beside.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field

from library_protocols import spans
from library_protocols.ncip.codec import Envelope, decode
from library_protocols.ncip.dialect import Dialect
from library_protocols.ncip.documents import MAX_DEPTH
from library_protocols.ncip.elements.base import COUNT, DATE_TIME, INTEGER, POSITIVE, Element, Kind, Row
from library_protocols.ncip.errors import DecodeError
from library_protocols.ncip.facts import MINOR_DIGITS, SCHEMES, known_problem, version1
from library_protocols.ncip.scan import Token, View, attributes, local, tokens, view_of
from library_protocols.ncip.services import SERVICES
from library_protocols.ncip.tables import CLASSES, columns, places, visible_columns
from library_protocols.ncip.values import format_datetime, parse_datetime, parse_integer

_ROOTS = {
    "NCIPMessage": "one message",
    "NCIPVersionMessage": "a question for versions, or its answer",
}
_ERRORS_OF_1 = {
    "MessagingError": "the message is wrong",
    "MessagingErrorType": "what is wrong with it",
    "MessagingErrorElement": "where, from the outside in",
    "MessagingErrorValue": "what stood there",
    "ProcessingError": "it cannot be done",
    "ProcessingErrorType": "why not",
    "ProcessingErrorElement": "where, from the outside in",
    "ProcessingErrorValue": "what stood there",
    "ElementName": "an element's name",
}
"""NCIP 1's problems, which the codec reads as those of NCIP 2."""
_PAIR = ("Scheme", "Value")
_NUMBERS = {COUNT: 0, POSITIVE: 1, INTEGER: None}


@dataclass(frozen=True, slots=True)
class Span(spans.Span):
    """Some octets and what they are. `kind` is header (elements within), field, end or unknown; `code` is the path from
    the message on; `title` the element's name; `clause` tells the versions that have it there; `line` counts from 1;
    `remarks` are departures from the standard.
    """

    line: int = 0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """All octets of `data` as spans, in order and without gaps; the message in them, None where there is none that can
    be read; how it is written, as far as that was seen; what is wrong at large."""

    data: bytes
    spans: tuple[Span, ...]
    envelope: Envelope | None
    dialect: Dialect | None
    remarks: tuple[str, ...]


def inspect(data: bytes) -> Inspection:
    """Explain one document. Never raises, whatever `data` holds."""
    envelope, dialect, remarks = None, None, []
    marks: dict[tuple[str, int], list[str]] = {}
    try:
        envelope = decode(data)
    except DecodeError as error:
        dialect = error.dialect
        remarks.append(f"{error.reason} (line {error.line}): to be answered with {error.problem_type.value}")
    else:
        dialect = envelope.dialect
        for deviation in envelope.deviations:
            marks.setdefault((deviation.path.rpartition("/")[2], deviation.line), []).append(deviation.departure.value)
    walk = _Walk(data, dialect.version if dialect else "2.02", marks)
    walk.run()
    for (name, line), words in marks.items():
        remarks += [f"{said} ({name}, line {line})" if name else said for said in words]
    return Inspection(data, tuple(walk.spans), envelope, dialect, (*remarks, *walk.remarks))


def dialect_words(dialect: Dialect) -> str:
    """How a document is written, in a few words."""
    words = [f"NCIP {dialect.version}"]
    if dialect.generation == 2:
        words.append(f"prefix {dialect.prefix}" if dialect.prefix else "default namespace" if dialect.namespace else
                     "no namespace")  # fmt: skip
        if dialect.namespace and not dialect.version_qualified:
            words.append("no version" if dialect.version_qualified is None else "version without namespace")
        if dialect.scheme_children:
            words.append("Scheme and Value as elements")
    elif dialect.doctype:
        words.append("document type")
    return ", ".join(words)


@dataclass(slots=True)
class _Open:
    """An element whose end has not come. `cls` is what is known of its children, `row` what it is in its parent.
    `offset`: where its span begins; `span`: which it is, None while it goes on."""

    name: str
    bare: str
    path: str
    offset: int
    line: int
    cls: type[Element] | None
    row: Row | None
    meaning: str
    clause: str
    span: int | None = None
    texts: list[str] = field(default_factory=list)
    scheme: str | None = None
    seen: set[str] = field(default_factory=set)
    currency: str = ""


class _Walk:
    def __init__(self, data: bytes, version: str, marks: dict[tuple[str, int], list[str]]) -> None:
        self.view: View = view_of(data)
        self.data = data
        self.version = version
        self.marks = marks
        self.spans: list[Span] = []
        self.remarks: list[str] = []
        self._open: list[_Open] = []
        self._line = 1
        self._done = 0  # octets that have a span

    def run(self) -> None:
        at = 1 if self.view.width == 2 else 3 if self.data.startswith(b"\xef\xbb\xbf") else 0
        steps: dict[str, Callable[[Token], None]] = {
            "start": self._start, "empty": self._start, "end": self._end, "text": self._text, "cdata": self._text,
        }  # fmt: skip
        for token in tokens(self.view.octets, at):
            if len(self._open) > MAX_DEPTH:
                break
            steps.get(token.kind, self._other)(token)
            self._line += self.view.octets.count(b"\n", at, token.stop)
            at = token.stop
        while self._open:
            self._finish(self._open.pop(), at)
        self._fill(at)
        rest = len(self.data) - self._done
        if rest:
            self._add(len(self.data), "unknown", value=f"{rest} octets", meaning="not looked at: no XML, or too deep")

    def _start(self, token: Token) -> None:
        name = self._read(*token.inside)
        bare = local(name.encode()).decode()
        parent = self._open[-1] if self._open else None
        if parent is not None and _is_code(parent) and bare in _PAIR:
            inner = _Open(name, bare, parent.path, 0, self._line, None, None, "", "", span=-1)
            self._open.append(inner)
        else:
            if parent is not None and parent.span is None:
                self._close(parent, token.start)
            self._fill(token.start)
            known = self._known(parent, bare)
            path = f"{parent.path}/{bare}" if parent and parent.path else bare if parent else ""
            self._open.append(_Open(name, bare, path, token.start, self._line, *known))
            if parent is not None:
                parent.seen.add(known[1].name if known[1] else bare)
        for attribute, start, stop in attributes(self.view.octets, token.attributes):
            if local(attribute) == b"Scheme":
                self._open[-1].scheme = self._read(start, stop)
        if token.kind == "empty":
            self._leave(token)

    def _end(self, token: Token) -> None:
        name = self._read(*token.inside)
        if not any(one.name == name for one in self._open):
            return
        while self._open[-1].name != name:
            self._finish(self._open.pop(), token.start)
        self._leave(token)

    def _leave(self, token: Token) -> None:
        """Takes the innermost element from the open ones, whose last tag this is."""
        last = self._open.pop()
        if last.span == -1:
            parent = self._open[-1]
            text = "".join(last.texts).strip()
            if last.bare == "Scheme":
                parent.scheme = text
            else:
                parent.texts.append(text)
            return
        self._finish(last, token.stop)

    def _text(self, token: Token) -> None:
        if self._open:
            text = self._read(*token.inside)
            self._open[-1].texts.append(text if token.kind == "cdata" else html.unescape(text))

    def _other(self, token: Token) -> None:
        if token.kind in ("instruction", "doctype") and not self._open:
            title = "XML declaration" if token.kind == "instruction" else "document type"
            self._fill(token.start)
            self._add(token.stop * self.view.width, "header", title=title, value=self._read(*token.inside))

    def _known(self, parent: _Open | None, bare: str) -> tuple[type[Element] | None, Row | None, str, str]:
        """What the tables know of an element: the class of what is in it, its row, what it means, its versions."""
        if parent is None:
            return None, None, _ROOTS.get(bare, ""), ""
        if parent.bare in _ROOTS or parent.bare == "Ext":
            cls = CLASSES.get(bare)
            return cls, None, _about(cls), _versions_of_service(bare)
        if bare == version1.WRAPPER:
            return parent.cls, None, "requests and loans", "1.0"
        if bare in _ERRORS_OF_1 and parent.bare in ("Problem", *_ERRORS_OF_1):
            kind = Kind.CODE if bare.endswith("Type") else Kind.TEXT
            row = Row("ProblemType" if kind is Kind.CODE else bare, kind, generation=1)
            return None, row, _ERRORS_OF_1[bare], "1.0"
        place = places(parent.cls).get(bare) if parent.cls is not None else None
        if place is None:
            return None, None, "", ""
        cls = CLASSES.get(bare) or CLASSES.get(place.row.name) if place.row.kind is Kind.STRUCT else None
        return cls, place.row, _about(cls), _versions_of(parent.cls, place.row.name, place.generation)

    def _finish(self, element: _Open, stop: int) -> None:
        """Ends an element, which is known to have no more children."""
        if element.span is None:
            self._close(element, stop)
        if element.cls is not None and element.row is not None and not element.seen & {*version1.ERRORS}:
            visible = element.bare in version1.VISIBLE
            inside = visible_columns(element.bare) if visible else columns(element.cls, self.version)
            wanted = {one.row.name for one in inside if one.required}
            if absent := sorted(wanted - element.seen):
                self.remarks.append(
                    f"{element.path} (line {element.line}): required and not there: {', '.join(absent)}"
                )

    def _close(self, element: _Open, stop: int) -> None:
        """Ends an element's span: at its first child, or with its last tag."""
        value = "".join(element.texts).strip()
        meaning, remarks = self._said(element, value)
        key = (element.bare, element.line)
        remarks += self.marks.pop(key, [])
        known = element.row is not None or element.cls is not None or element.bare in (*_ROOTS, "Ext", version1.WRAPPER)
        structure = element.row is None or element.row.kind is Kind.STRUCT
        element.span = len(self.spans)
        self._add(
            stop * self.view.width,
            "unknown" if not known else "header" if structure else "field",
            code=element.path,
            title=element.bare,
            value=value,
            meaning=meaning,
            clause=element.clause,
            depth=max(0, element.path.count("/") + 1 if element.path else 0),
            line=element.line,
            remarks=tuple(remarks),
        )
        if element.bare == "CurrencyCode" and self._open and self._open[-1] is not element:
            self._open[-1].currency = value

    def _said(self, element: _Open, value: str) -> tuple[str, list[str]]:
        """What an element with this text says, and what is odd about it."""
        row = element.row
        if row is None or row.kind is Kind.STRUCT:
            return element.meaning, []
        if value and not value.strip("*"):
            return "covered", []
        if row.kind is Kind.CODE:
            return _code(row.name, value, element)
        if row.type == DATE_TIME and value:
            moment = parse_datetime(value)
            return (format_datetime(moment), []) if moment else ("", ["no date"])
        if row.type in _NUMBERS and value:
            number, least = parse_integer(value), _NUMBERS[row.type]
            if number is None or (least is not None and number < least):
                return "", ["no such number"]
            if row.name == "MonetaryValue" and len(self._open) > 0:
                return _sum(number, self._open[-1].currency), []
        return element.meaning, []

    def _fill(self, stop: int) -> None:
        """What stands before `stop` and has no span yet: ends of elements, blanks, comments."""
        if stop * self.view.width > self._done:
            self._add(stop * self.view.width, "end")

    def _add(self, stop: int, kind: str, *, code: str = "", title: str = "", value: str = "", meaning: str = "",
             clause: str = "", depth: int = 0, line: int = 0, remarks: tuple[str, ...] = ()) -> None:  # fmt: skip
        span = Span(self._done, stop - self._done, kind, code, title, value, meaning, clause, depth,
                    line or self._line, remarks)  # fmt: skip
        self.spans.append(span)
        self._done = stop

    def _read(self, start: int, stop: int) -> str:
        octets = self.data[start * self.view.width : stop * self.view.width]
        if self.view.width == 2:
            return octets.decode("utf-16-be" if self.view.high_first else "utf-16-le", "replace")
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            return octets.decode("windows-1252", "replace")


def _is_code(element: _Open) -> bool:
    return element.row is not None and element.row.kind is Kind.CODE


def _about(cls: type[Element] | None) -> str:
    return " ".join((cls.__doc__ or "").split()).partition(". ")[0].rstrip(".") if cls is not None else ""


def _versions_of(cls: type[Element] | None, name: str, generation: int) -> str:
    """The versions that have an element there, under that name."""
    if cls is None:
        return ""
    other = {0: "", 1: "2", 2: "1"}[generation]  # versions that have another name for it
    has = [
        version
        for version in ("1.0", "2.0", "2.01", "2.02")
        if not (other and version.startswith(other)) and any(one.row.name == name for one in columns(cls, version))
    ]
    return f"{has[0]} to {has[-1]}" if len(has) > 1 else "".join(has)


def _versions_of_service(name: str) -> str:
    row = SERVICES.get(name.removesuffix("Response"))
    if row is None:
        return ""
    return f"1.0 to {'2.02' if row.since else '1.01'}" if row.in_1_0 else f"{row.since} to 2.02" if row.since else ""


def _code(name: str, value: str, element: _Open) -> tuple[str, list[str]]:
    if name == "ProblemType":
        known = known_problem(value)
        return ("a standard problem" if known else "", [] if known else ["no problem type of the standard"])
    fact = SCHEMES.get(name)
    scheme = f"of {element.scheme}" if element.scheme else ""
    if fact is None or not fact.values or not value:
        return scheme, []
    listed = fact.find(value)
    if listed is None:
        also = value.casefold() in (one.casefold() for one in fact.also)
        return scheme, [f"not in the list of {name}" + (", but in use" if also else "")]
    return ("listed" if listed == value else f"listed as {listed}"), []


def _sum(number: int, currency: str) -> str:
    digits = MINOR_DIGITS.get(currency.upper(), 2)
    return f"{number / 10**digits:.{digits}f} {currency}".strip()
