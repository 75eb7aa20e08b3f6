"""Documents made from the official schemas alone, none of our tables: what every reader of NCIP has to take.

`instances` walks a schema's or a document type's own content models, takes every branch of every choice in turn, and
puts in either all that may stand or only what must.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

XS = "{http://www.w3.org/2001/XMLSchema}"
NAMESPACE = "http://www.niso.org/2008/ncip"
FOLDER = "schemas/ncip-lcf-iso18626"
TEXTS = {
    "dateTime": "2026-11-22T09:30:00Z",
    "integer": "-250",
    "nonNegativeInteger": "0",
    "positiveInteger": "1",
    "string": 'Llyfrau & <pethau> "ŵyr" o\'r 19g',
}


@dataclass
class Part:
    """A name, a sequence (",") or a choice ("|"), and how often it stands."""

    name: str = ""
    joint: str = ""
    parts: list[Part] = field(default_factory=list)
    least: int = 1
    many: bool = False


@dataclass
class Schema:
    """Content models by element; where an element has none, the type of its text."""

    models: dict[str, Part]
    types: dict[str, str]
    generation: int
    valid: Any

    def messages(self) -> list[str]:
        """The names of all messages."""
        return [part.name for part in _leaves(self.models["NCIPMessage"]) if part.name not in ("Problem", "Ext")]

    def complaint(self, document: bytes) -> str:
        """Why a document is not valid, "" where it is."""
        root = etree.fromstring(document)
        return "" if self.valid.validate(root) else str(self.valid.error_log)


def load_xsd(path: Path) -> Schema:
    """A schema of NCIP 2."""
    tree = etree.parse(str(path))
    models, types = {}, {}
    for element in tree.getroot().findall(f"{XS}element"):
        name, content = element.get("name"), element.find(f"{XS}complexType")
        if element.get("type"):
            types[name] = element.get("type").removeprefix("xs:")
        elif content is not None:
            parts = [_particle(each) for each in content if each.tag in (f"{XS}sequence", f"{XS}choice")]
            models[name] = parts[0] if parts else Part(joint=",")
    return Schema(models, types, 2, etree.XMLSchema(tree))


def _particle(node: Any) -> Part:
    part = Part(least=int(node.get("minOccurs", "1")), many=node.get("maxOccurs") == "unbounded")
    kind = etree.QName(node).localname
    if kind == "element":
        part.name = node.get("ref")
    elif kind in ("sequence", "choice"):
        part.joint = "," if kind == "sequence" else "|"
        part.parts = [_particle(each) for each in node if isinstance(each.tag, str)]
    else:
        part.joint, part.least = ",", 0
    return part


def load_dtd(path: Path) -> Schema:
    """The document type of NCIP 1."""
    text = re.sub(r"<!--.*?-->", "", path.read_text("utf-8", "replace"), flags=re.DOTALL)
    models, types = {}, {}
    for name, model in re.findall(r"<!ELEMENT\s+(\S+)\s+(.*?)>", text, re.DOTALL):
        if "#PCDATA" in model:
            types[name] = "string"
        else:
            models[name] = Part(joint=",") if "EMPTY" in model else _group(iter(re.findall(r"[(),|?*+]|\w+", model)))
    for name, _, kind in re.findall(r"<!ATTLIST\s+(\S+)\s+(%(\w+);|datatype)", text):
        types[name] = kind or types.get(name, "string")
    return Schema(models, types, 1, etree.DTD(str(path)))


def _group(tokens: Iterator[str]) -> Part:
    stack: list[Part] = [Part(joint=",")]
    last = stack[0]
    for token in tokens:
        if token == "(":
            stack.append(Part(joint=","))
        elif token == ")":
            last = stack.pop()
            stack[-1].parts.append(last)
        elif token in ",|":
            stack[-1].joint = token
        elif token in "?*+":
            last.least, last.many = int(token == "+"), token != "?"
        else:
            last = Part(name=token)
            stack[-1].parts.append(last)
    return stack[0].parts[0]


def _leaves(part: Part) -> Iterator[Part]:
    if part.name:
        yield part
    for each in part.parts:
        yield from _leaves(each)


def instances(schema: Schema, message: str, version: str) -> Iterator[bytes]:
    """Documents of one message: every branch of its own choices, with everything and with the least, and inside them
    the branches of the elements' choices in turn."""
    turn = itertools.count()
    for full, branches in itertools.product((True, False), range(4)):
        inside = "".join(_element(schema, message, full, branches, turn, 0))
        if schema.generation == 1:
            yield f'<NCIPMessage version="{version}">{inside}</NCIPMessage>'.encode()
        else:
            yield f'<n:NCIPMessage xmlns:n="{NAMESPACE}" n:version="{version}">{inside}</n:NCIPMessage>'.encode()


def _element(schema: Schema, name: str, full: bool, branch: int, turn: Any, depth: int) -> Iterator[str]:
    mark = "" if schema.generation == 1 else "n:"
    kind = schema.types.get(name)
    if kind == "SchemeValuePair":
        scheme = f" n:Scheme={quoteattr('http://example.org/a?b=c&d')}" if next(turn) % 3 else ""
        yield f"<{mark}{name}{scheme}>{escape(TEXTS['string'])}</{mark}{name}>"
    elif name not in schema.models:
        yield f"<{mark}{name}>{escape(TEXTS[kind or 'string'])}</{mark}{name}>"
    elif name == "Ext":
        yield f"<{mark}Ext><{mark}Title>{escape(TEXTS['string'])}</{mark}Title></{mark}Ext>"
    else:
        yield f"<{mark}{name}>"
        yield from _part(schema, schema.models[name], full, branch, turn, depth + 1)
        yield f"</{mark}{name}>"


def _part(schema: Schema, part: Part, full: bool, branch: int, turn: Any, depth: int) -> Iterator[str]:
    recursive = part.name in ("MessagingErrorElement", "ProcessingErrorElement") and depth > 5
    if not part.least and (not full or recursive):
        return
    for _ in range(2 if full and part.many and depth < 4 else 1):
        if part.name:
            yield from _element(schema, part.name, full, next(turn), turn, depth)
        elif part.joint == "|":
            chosen = part.parts[branch % len(part.parts)]
            if depth > 4 and any(leaf.name.endswith("ErrorElement") for leaf in _leaves(chosen)):
                chosen = part.parts[-1]
            yield from _part(schema, chosen, full, branch // len(part.parts), turn, depth)
        else:
            for each in part.parts:
                yield from _part(schema, each, full, branch, turn, depth)
