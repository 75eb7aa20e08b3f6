"""Octets to a tree: character sets, document types, entities. What a tree can do to its reader is decided here.

Octets become UTF-8 before they are parsed, whatever was declared; the document type is cut out and never looked at, so
that no entity exists but XML's five. No network, no huge trees.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.ncip.dialect import NAMESPACE
from library_protocols.ncip.errors import DecodeError, Departure, Deviation

MAX_DEPTH = 64
"""Deepest element read; the deepest of the tables is the twelfth."""
_DECLARATION = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["'][^>]{0,100}>""")
_PROLOG = re.compile(rb"(?:<\?.*?\?>|<!--.*?-->|\s+)*+", re.DOTALL)
_DOCUMENT_TYPE = re.compile(rb"""<!DOCTYPE(?:[^\[\]<>"']|"[^"]*"|'[^']*')*+>""")
_ROOT = re.compile(rb"""(<(?:[\w.-]+:)?NCIPMessage)(?=[\s/>])(?:[^"'<>]|"[^"]*"|'[^']*')*+>""")
_PREFIX = re.compile(rb"[<\s]([A-Za-z_][\w.-]*):[\w.-]+")
_DECLARED = re.compile(rb"\sxmlns:([A-Za-z_][\w.-]*)=")
_MOST_PREFIXES = 8
"""Prefixes that are declared for a sender who forgot to: there is one, or two."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_ENCODINGS = {
    "utf-8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "utf8": "utf-8",
    **{f"iso-8859-{n}": f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
    **{f"windows-{n}": f"cp{n}" for n in range(1250, 1259)},
}
"""Character sets read, besides UTF-16 by its first octets. Whoever says ISO 8859-1 may mean Windows-1252, which has the
same letters and more."""
_FAULTS = {code: name for name, code in vars(etree.ErrorTypes).items() if isinstance(code, int)}
_USUAL = (b'<?xml version="1.0" encoding="UTF-8"', b"<?xml version='1.0' encoding='UTF-8'", b"<NCIPMessage")
_PARSER = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    load_dtd=False,
    no_network=True,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    remove_blank_text=True,
    collect_ids=False,
)


def parse(octets: bytes) -> tuple[Any, bytes, list[Deviation]]:
    """The root element, its document type (b"" where there is none), and what was wrong. Raises DecodeError."""
    deviations: list[Deviation] = []
    octets = _as_utf8(octets, deviations)
    doctype = b""
    if b"<!DOCTYPE" in octets:
        octets, doctype = _without_document_type(octets)
    try:
        return etree.fromstring(octets, _PARSER), doctype, deviations
    except etree.XMLSyntaxError as error:
        undeclared = error.code == etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE
        declared = _with_prefixes(octets) if undeclared else octets
        if declared == octets:
            raise _refusal(error) from None
    try:
        deviations.append(Deviation(Departure.UNDECLARED_PREFIX, line=1))
        return etree.fromstring(declared, _PARSER), doctype, deviations
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from None


def _refusal(error: Any) -> DecodeError:
    kind = _FAULTS.get(error.code, "no XML").removeprefix("ERR_").replace("_", " ").lower()
    return DecodeError(f"not well-formed: {kind}", line=error.lineno or 1)


def _with_prefixes(octets: bytes) -> bytes:
    """The root with prefixes declared that it uses and does not declare: they are meant for NCIP's namespace."""
    root = _ROOT.search(octets)
    if root is None:
        return octets
    tag = root[0]
    missing = sorted(set(_PREFIX.findall(tag)) - {b"xml", b"xmlns"} - set(_DECLARED.findall(tag)))
    if len(missing) > _MOST_PREFIXES:
        return octets
    spaces = b"".join(b' xmlns:%s="%s"' % (prefix, NAMESPACE.encode()) for prefix in missing)
    return octets[: root.end(1)] + spaces + octets[root.end(1) :]


def _as_utf8(octets: bytes, deviations: list[Deviation]) -> bytes:
    if octets.startswith(_USUAL) and octets.isascii():
        return octets
    octets = octets.lstrip(b" \t\r\n")
    for mark, encoding in _MARKS:
        if octets.startswith(mark):
            if encoding == "utf-8":
                octets = octets[len(mark) :].lstrip(b" \t\r\n")
                break
            return _recoded(octets, encoding)
    if not octets.startswith(b"<"):
        raise DecodeError("no XML: it does not begin with <" if octets else "nothing at all")
    found = _DECLARATION.match(octets)
    declared = found[1].decode().lower() if found else "utf-8"
    encoding = _ENCODINGS.get(declared)
    if encoding is None:
        if not declared.startswith(("utf-16", "ucs-2")):
            raise DecodeError("a character set that is not read")
        encoding = "utf-8"
    try:
        if encoding != "utf-8":
            return _recoded(octets, encoding)
        octets.decode()
    except UnicodeDecodeError:
        octets = _recoded(octets, "cp1252")
        deviations.append(Deviation(Departure.WRONG_ENCODING, line=1))
    return octets


def _recoded(octets: bytes, encoding: str) -> bytes:
    try:
        return octets.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeError:
        raise DecodeError("octets that are in no character set they could be in") from None


def _without_document_type(octets: bytes) -> tuple[bytes, bytes]:
    prolog = _PROLOG.match(octets)
    start = prolog.end() if prolog else 0
    if not octets.startswith(b"<!DOCTYPE", start):
        return octets, b""
    found = _DOCUMENT_TYPE.match(octets, start)
    if found is None:
        raise DecodeError("a document type with declarations of its own", line=octets.count(b"\n", 0, start) + 1)
    doctype = found[0]
    after = _PROLOG.match(octets, found.end())
    if after and octets.startswith(b"<!DOCTYPE", after.end()):
        raise DecodeError("two document types", line=octets.count(b"\n", 0, after.end()) + 1)
    return octets[:start] + b"\n" * doctype.count(b"\n") + octets[found.end() :], doctype
