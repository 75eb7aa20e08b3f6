"""Documents to messages and back. `decode` takes what peers write; `encode` writes what the schema of a dialect has.

The root tells the dialect: namespace, prefix, `version`; where it is silent, the document type and the names of the
elements do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from library_protocols.ncip.dialect import NAMESPACE, SCHEMAS, Dialect
from library_protocols.ncip.documents import parse
from library_protocols.ncip.errors import DecodeError, Departure, Deviation
from library_protocols.ncip.facts import version1
from library_protocols.ncip.messages import ExtMessage, Message, Problems
from library_protocols.ncip.reading import Reader
from library_protocols.ncip.services import SERVICES
from library_protocols.ncip.tables import CLASSES, EXTENSIONS, MESSAGES, VERSION_MESSAGES
from library_protocols.ncip.writing import encode

__all__ = ["Envelope", "decode", "encode"]

ROOT = "NCIPMessage"
VERSION_ROOT = "NCIPVersionMessage"
_VERSION = re.compile(r"(?<![0-9.])v?([12])[_.](0?[0-2])(?![0-9])")
_LONGEST_VERSION = 200
_QUALIFIED_VERSION = f"{{{NAMESPACE}}}version"
_OTHER_WORDS = {"2.1": "2.01", "2.2": "2.02", "1.1": "1.01"}
_OLD_NAMES = frozenset({*version1.NAMES.values(), *version1.VISIBLE})
_SINCE = {cls: row.since for row in SERVICES.values() for cls in (row.request, row.response)}
_IN_EXT = {**{name: CLASSES[name] for name in EXTENSIONS}, **MESSAGES}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a document was: the message, how it was written, and how it departs from the standard."""

    message: Message
    dialect: Dialect
    deviations: tuple[Deviation, ...] = ()


def decode(octets: bytes) -> Envelope:
    """Read one document. Raises DecodeError."""
    root, doctype, deviations = parse(octets)
    namespace, _, name = root.tag.rpartition("}")
    namespace = namespace[1:]
    if name not in (ROOT, VERSION_ROOT):
        raise DecodeError("the root element is not NCIPMessage", line=root.sourceline or 1)
    if namespace not in ("", NAMESPACE):
        deviations.append(Deviation(Departure.OTHER_NAMESPACE, name, root.sourceline or 1))
        _strip(root, namespace)
        namespace = ""
    dialect = _dialect(root, namespace, doctype, deviations)
    if not len(root):
        raise DecodeError("no service", problem="Invalid Message Syntax Error", dialect=dialect)
    reader = Reader(dialect.generation, bool(namespace), deviations)
    try:
        message = _version_message(root, reader) if name == VERSION_ROOT else _message(root, reader)
    except DecodeError as error:
        error.dialect = dialect
        raise
    since = _SINCE.get(type(message))
    if since and dialect.generation == 2 and dialect.version < since:
        dialect = replace(dialect, version=since)
    if reader.scheme_children:
        dialect = replace(dialect, scheme_children=True)
    return Envelope(message, dialect, tuple(deviations))


def _message(root: Any, reader: Reader) -> Message:
    first, *others = root
    name = first.tag.rpartition("}")[2]
    if name == "Problem":
        problems = [problem for each in root for problem in reader.problems(each)]
        return Problems(problem=tuple(problems))
    for each in others:
        kept = reader.foreign(each)
        reader.deviations.append(Deviation(Departure.UNKNOWN_ELEMENT, kept.name, kept.line, kept))
    if name == "Ext":
        return _extension(first, reader)
    cls = MESSAGES.get(name) or VERSION_MESSAGES.get(name)
    if cls is None:
        raise DecodeError("an unknown service", line=first.sourceline or 1, problem="Unknown Service", service=name)
    return reader.read(first, cls)


def _version_message(root: Any, reader: Reader) -> Message:
    name = root[0].tag.rpartition("}")[2]
    cls = VERSION_MESSAGES.get(name)
    if cls is None:
        raise DecodeError("an unknown service", line=root[0].sourceline or 1, problem="Unknown Service", service=name)
    return reader.read(root[0], cls)


def _extension(element: Any, reader: Reader) -> ExtMessage:
    first = element[0] if len(element) else None
    if first is not None:
        namespace, _, name = first.tag.rpartition("}")
        cls = _IN_EXT.get(name)
        if cls is not None and namespace[1:] in ("", NAMESPACE, EXTENSIONS.get(name)):
            others = tuple(reader.foreign(each) for each in element[1:])
            return ExtMessage(service=reader.read(first, cls), namespace=namespace[1:], unknown=others)
    return ExtMessage(unknown=tuple(reader.foreign(each) for each in element))


def _dialect(root: Any, namespace: str, doctype: bytes, deviations: list[Deviation]) -> Dialect:
    text = root.get(_QUALIFIED_VERSION)
    qualified = text is not None
    if text is None:
        text = root.get("version")
    if text is not None and len(text) > _LONGEST_VERSION:
        text = ""
    old = not namespace and not _VERSION.search(text or "") and _looks_old(root, doctype)
    dialect, departures = _told(
        text, qualified, root.prefix if namespace else None, bool(namespace), bool(doctype), old
    )
    for departure in departures:
        deviations.append(Deviation(departure, "", root.sourceline or 1))
    return dialect


@lru_cache(maxsize=256)
def _told(
    text: str | None, qualified: bool, prefix: str | None, namespace: bool, doctype: bool, old: bool
) -> tuple[Dialect, tuple[Departure, ...]]:
    """The dialect of a root, and how it departs from the standard; `old`: a root that is silent is NCIP 1."""
    found = _VERSION.search(text) if text else None
    generation = 2 if namespace else int(found[1]) if found else 1 if old else 2
    version = f"{found[1]}.{found[2]}" if found else ""
    version = _OTHER_WORDS.get(version, version)
    if version not in SCHEMAS or int(version[0]) != generation:
        version = "1.0" if generation == 1 else "2.02"
    departures = []
    if generation == 2 and not namespace:
        departures.append(Departure.NO_NAMESPACE)
    if text is None:
        departures.append(Departure.NO_VERSION)
    elif namespace and not qualified:
        departures.append(Departure.UNQUALIFIED_VERSION)
    dialect = Dialect(
        generation,
        version,
        namespace=namespace,
        prefix=prefix,
        version_qualified=None if text is None else qualified,
        scheme_children=generation == 1,
        doctype=doctype,
        version_text=text or None,
    )
    return dialect, tuple(departures)


def _looks_old(root: Any, doctype: bytes) -> bool:
    if b"NCIP DTD Version 1" in doctype:
        return True
    return any(each.tag.rpartition("}")[2] in _OLD_NAMES for each in root.iter())


def _strip(root: Any, namespace: str) -> None:
    """Take all elements out of a namespace that is taken for NCIP's."""
    start = f"{{{namespace}}}"
    for each in root.iter():
        each.tag = each.tag.removeprefix(start)
