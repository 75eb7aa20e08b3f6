"""Documents of NCIP in what was pasted, with or without the HTTP around them, and every element of them explained.

Passwords are covered, as everywhere; what is said about the whole is said of the document as it came.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Any

from rich.markup import escape

from gateway.commands.output import print_json, print_line, print_table
from gateway.commands.pasted import hex_octets
from library_protocols.ncip.bodies import document_of
from library_protocols.ncip.framing import Framer
from library_protocols.ncip.inspect import Inspection, Span, dialect_words, inspect
from library_protocols.ncip.mask import mask
from library_protocols.ncip.scan import view_of

_LONGEST_VALUE = 100
"""Characters of a value that a table shows; a notice may be a letter."""
_LARGEST = 16_777_216
"""Octets of a document that somebody pastes: no gateway takes as many."""
_ROOT = re.compile(rb"<(?:[\w.-]+:)?NCIP(?:Version)?Message[\s/>]")
_ESCAPED_ROOT = re.compile(rb"%3C(?:[\w.-]+(?:%3A|:))?NCIP(?:Version)?Message", re.IGNORECASE)
_SERVICE = re.compile(
    rb"<(?:[\w.-]+:)?NCIP(?:Version)?Message(?:\s[^<>]*+)?>(?:\s|<!--.*?-->)*+<(?:[\w.-]+:)?(\w+)", re.DOTALL
)
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?<(?:\?xml\s|!DOCTYPE\s|(?:[\w.-]+:)?NCIP(?:Version)?Message[\s/>])")
_HEAD = re.compile(rb"(?:\A|\n)(?:[A-Z]+ \S+ HTTP/|HTTP/\d[^\n]*|[\w-]+:[^\n]*)(?:\r?\n[\w-]+:[^\n]*)*\r?\n\r?\n")
_CONTENT_TYPE = re.compile(rb"^content-type:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_ENCODING = re.compile(r"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']""")


def find_ncip(pasted: str | bytes) -> list[bytes]:
    """The documents in octets, in text or in a hex dump, in order; what surrounds them is left out. The last one may be
    cut short. Empty when there are none."""
    octets = pasted if isinstance(pasted, bytes) else hex_octets(pasted) or _octets_of(pasted)
    found: list[bytes] = []
    if _ESCAPED_ROOT.search(octets):
        found = _in_form(octets)
    return found or _documents(octets)


def _octets_of(text: str) -> bytes:
    """Text as its document was encoded: a terminal has made it its own, and the declaration says what it was."""
    declared = _ENCODING.search(text)
    try:
        return text.encode(declared[1] if declared else "utf-8")
    except (LookupError, UnicodeEncodeError):
        return text.encode("utf-8", "surrogateescape")


def _in_form(octets: bytes) -> list[bytes]:
    head = _HEAD.search(octets)
    told = _CONTENT_TYPE.search(head[0]) if head else None
    body = octets[head.end() :] if head else octets
    document = document_of(told[1].decode("latin-1") if told else "", body.strip())
    return _documents(document) if isinstance(document, bytes) else []


def _documents(octets: bytes) -> list[bytes]:
    """The documents among other octets: whatever stands before one is passed over."""
    view = view_of(octets)
    if view.width == 2:
        return [octets] if _ROOT.search(view.octets) else []
    found: list[bytes] = []
    at = 0
    while (beginning := _BEGINNING.search(octets, at)) is not None:
        framer = Framer(_LARGEST)
        rest = octets[beginning.start() :]
        frames = [frame.octets for frame in takewhile(lambda frame: not frame.http, framer.receive(rest))]
        at = beginning.start()
        for one in frames or [rest.rstrip()]:
            at = octets.index(one, at) + len(one)
            if _ROOT.search(one):
                found.append(one)
    return found


def show_ncip(documents: list[bytes], *, as_json: bool, show_secrets: bool) -> bool:
    """Prints them one after the other; whether all can be read."""
    readable = True
    for octets in documents:
        whole = inspect(octets)
        readable = readable and whole.envelope is not None
        shown = octets if show_secrets else mask(octets)
        spans = inspect(shown).spans if shown is not None else ()
        if as_json:
            print_json(_as_json(whole, spans))
        else:
            _show(whole, spans)
    return readable


def print_recorded_ncip(octets: bytes) -> None:
    """What a recorded exchange holds of one direction, masked already."""
    documents = _documents(octets)
    for one in documents:
        found = inspect(one)
        _show(found, found.spans)
    if not documents:
        print_line(f"   {len(octets)} octets that are no NCIP")


def service_of(octets: bytes) -> str:
    """The name of the first document's message, also where it cannot be read; empty where there is none."""
    found = _SERVICE.search(view_of(octets).octets)
    return found[1].decode() if found else ""


def _title(spans: tuple[Span, ...]) -> str:
    return next((span.title for span in spans if span.depth == 1), "")


def _show(whole: Inspection, spans: tuple[Span, ...]) -> None:
    how = dialect_words(whole.dialect) if whole.dialect else "NCIP"
    title = _title(spans) or "no message"
    print_line(f"[bold]{escape(title)}[/bold]  ({escape(how)}, {len(whole.data)} octets)")
    if spans:
        rows = [_row(span) for span in spans if span.kind != "end"]
        print_table(None, ("line", "element", "value", "meaning", "versions"), rows)
    else:
        print_line("   covered: where its secrets are cannot be told")
    for remark in whole.remarks:
        print_line(f"[yellow]![/yellow] {escape(remark)}")
    print_line("")


def _row(span: Span) -> tuple[str, ...]:
    value = span.value if len(span.value) <= _LONGEST_VALUE else f"{span.value[:_LONGEST_VALUE]}…"
    meaning = "; ".join((*((span.meaning,) if span.meaning else ()), *(f"! {remark}" for remark in span.remarks)))
    return str(span.line), f"{'  ' * span.depth}{span.title}", " ".join(value.split()), meaning, span.clause


def _as_json(whole: Inspection, spans: tuple[Span, ...]) -> dict[str, Any]:
    return {
        "protocol": "ncip",
        "message": _title(spans),
        "dialect": dialect_words(whole.dialect) if whole.dialect else None,
        "fields": [
            {
                "offset": span.offset,
                "length": span.length,
                "line": span.line,
                "kind": span.kind,
                "path": span.code,
                "title": span.title,
                "value": span.value,
                "meaning": span.meaning,
                "versions": span.clause,
                "depth": span.depth,
                "remarks": list(span.remarks),
            }
            for span in spans
            if span.kind != "end"
        ],
        "remarks": list(whole.remarks),
    }
