"""Documents to messages and back. `decode` takes what peers write; `encode` writes what the schema of a dialect has.

The root tells the dialect: namespace, prefix, `version`; where it is silent, the document type and the names of the
elements do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
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
_OLD_NAMES = frozenset({*version1.NAMES.values(), *version1.VISIBLE})
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
    service = SERVICES.get(type(message).__name__.removesuffix("Response"))
    if service is not None and dialect.generation == 2 and service.since and dialect.version < service.since:
        dialect = replace(dialect, version=service.since)
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
    line = root.sourceline or 1
    text = root.get(f"{{{NAMESPACE}}}version")
    qualified = text is not None
    if text is None:
        text = root.get("version")
    found = _VERSION.search(text) if text else None
    if namespace:
        generation = 2
    elif found:
        generation = int(found[1])
    else:
        generation = 1 if _looks_old(root, doctype) else 2
    version = f"{found[1]}.{found[2]}" if found else ""
    if version not in SCHEMAS or int(version[0]) != generation:
        version = {"2.1": "2.01", "2.2": "2.02", "1.1": "1.01"}.get(version, "1.0" if generation == 1 else "2.02")
    if generation == 2 and not namespace:
        deviations.append(Deviation(Departure.NO_NAMESPACE, "", line))
    if text is None:
        deviations.append(Deviation(Departure.NO_VERSION, "", line))
    elif namespace and not qualified:
        deviations.append(Deviation(Departure.UNQUALIFIED_VERSION, "", line))
    return Dialect(
        generation,
        version,
        namespace=bool(namespace),
        prefix=root.prefix if namespace else None,
        version_qualified=None if text is None else qualified,
        scheme_children=generation == 1,
        doctype=bool(doctype),
        version_text=text if text and len(text) <= _LONGEST_VERSION else None,
    )


def _looks_old(root: Any, doctype: bytes) -> bool:
    if b"NCIP DTD Version 1" in doctype:
        return True
    return any(each.tag.rpartition("}")[2] in _OLD_NAMES for each in root.iter())


def _strip(root: Any, namespace: str) -> None:
    """Take all elements out of a namespace that is taken for NCIP's."""
    start = f"{{{namespace}}}"
    for each in root.iter():
        each.tag = each.tag.removeprefix(start)
