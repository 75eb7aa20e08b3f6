"""Answers of student systems as trees of plain values, the same for JSON and XML: objects, lists and text.

A record becomes attributes by dotted paths, lists gathered under one path. `null`, an empty object and an empty element
are "empty"; what does not occur is "absent". An object with a `type` is found under `path[TYPE]` too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

MAX_DEPTH = 40
"""Objects within objects. Student systems send five."""

TEXT = ""
"""Name of an element's own text where it has attributes or children as well."""
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_TYPES = ("type", "@type")


class Unreadable(Exception):
    """An answer that is not what it should be; the words say what is wrong and quote nothing."""


def read_json(octets: bytes) -> Any:
    """A JSON text with all numbers as they stand, as text. Raises Unreadable."""
    try:
        return json.loads(octets, parse_int=str, parse_float=str, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the answer is no JSON") from error


def read_xml(octets: bytes) -> Any:
    """The root element. Raises Unreadable for what is broken, and for a document type, entities or not."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(octets, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("the answer is no XML, or breaks off") from error
    if root.getroottree().docinfo.doctype:
        raise Unreadable("the answer has a document type declaration")
    return root


def tree(element: Any) -> Any:
    """An element as JSON would have it: names without namespaces, attributes with `@` before them, text where there is
    nothing else, None where there is nothing at all."""
    found: dict[str, Any] = {}
    for name, value in element.attrib.items():
        if not name.startswith(_XSI):
            found[f"@{etree.QName(name).localname}"] = value
    for child in element.iterchildren("{*}*"):
        name, value = etree.QName(child).localname, tree(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], _Many):
            found[name].append(value)
        else:
            found[name] = _Many((found[name], value))
    text = (element.text or "").strip()
    if not found:
        return text or None
    return {**found, TEXT: text} if text else found


class _Many(list[Any]):
    """Elements of one name; no value of a tree is a list otherwise."""


def found_at(answer: Any, path: str) -> list[Any] | None:
    """What stands at a dotted path, through lists on the way; None where nothing does. '' is the answer itself."""
    here = [answer]
    for name in filter(None, path.split(".")):
        here = [each[name] for each in _each(here) if isinstance(each, dict) and name in each]
        if not here:
            return None
    return here


def records_at(answer: Any, path: str, *, xml: bool = False) -> list[Any]:
    """The records at a path; null, an empty list and an empty element are no records. In XML an empty list often is a
    list's element without its items, which is taken for empty where the path names that element too.

    Raises Unreadable where the path does not lead anywhere: an error that came as an answer looks like that."""
    found = found_at(answer, path)
    if found is None:
        above, _, _ = path.rpartition(".")
        within = found_at(answer, above)
        if xml and within is not None and (above or answer is None):
            return []
        raise Unreadable(f"the answer has no `{path}`")
    return [
        each for value in found for each in (value if isinstance(value, list) else [value] if value is not None else [])
    ]


def text_at(answer: Any, path: str) -> str | None:
    """A single value as text; None where there is none."""
    found = found_at(answer, path)
    value = found[0] if found else None
    if isinstance(value, dict):
        value = value.get(TEXT)
    return None if value is None or isinstance(value, list) else _text(value)


def attributes(record: Any) -> dict[str, list[str]]:
    """A record by dotted paths. Raises Unreadable where it is no object, or nested beyond measure."""
    if not isinstance(record, dict):
        raise Unreadable("is no object")
    found: dict[str, list[str]] = {}
    _gather(record, "", found, 0)
    return found


def _gather(value: Any, path: str, found: dict[str, list[str]], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Unreadable("is nested too deeply")
    if isinstance(value, dict) and value:
        _members(value, path, found, depth)
        kind = next((value[name] for name in _TYPES if isinstance(value.get(name), str)), "")
        if kind and path and "[" not in path:  # one in a path: with each the number of paths would double
            _members(value, f"{path}[{kind}]", found, depth)
    elif isinstance(value, list) and value:
        for each in value:
            _gather(each, path, found, depth + 1)
    else:
        text = "" if isinstance(value, dict | list) else _text(value)
        found.setdefault(path, []).extend([text] if text else [])


def _members(value: dict[str, Any], path: str, found: dict[str, list[str]], depth: int) -> None:
    for name, each in value.items():
        _gather(each, f"{path}.{name}" if path and name else path or name, found, depth + 1)


def _each(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _each(value)
        else:
            yield value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).strip()


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


__all__ = [
    "MAX_DEPTH",
    "Unreadable",
    "attributes",
    "found_at",
    "read_json",
    "read_xml",
    "records_at",
    "text_at",
    "tree",
]
