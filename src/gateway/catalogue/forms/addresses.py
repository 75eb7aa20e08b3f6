"""Addresses out of subfields that hold anything: what is written where a schema wants a URI has to be one.

Cataloguers write blanks into addresses, two addresses into one subfield, and words instead of any. Characters that no
URI has are percent-encoded, two addresses become two, and what still is none is left to be shown as words.
"""

from __future__ import annotations

import re

from gateway.catalogue.forms.text import clean

# RFC 3986, appendix B: takes any text apart, without a judgement.
_PARTS = re.compile(r"([^:/?#]+:)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY = re.compile(r"(?:[^@\[\]]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^:@\[\]]*)(?::[0-9]+)?")
_NEXT = re.compile(r"[,;]*\s+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_NO_URI = re.compile(r'[\s<>"{}|\\^`]|%(?![0-9A-Fa-f]{2})')
_ONLY_HOST = re.compile(r"[\[\]#]")  # what has a meaning of its own, and none where it is found


def addresses(text: str) -> list[str]:
    """The addresses in a text, each a URI or IRI that xs:anyURI takes; none where it holds words alone."""
    parts = _NEXT.split(clean(text).strip())
    if len(parts) > 1:
        # Between two addresses stand words such as "or"; before the first one, what it is about.
        parts = [word for part in parts for word in part.split(maxsplit=1)[:1] if "://" in word]
    return [found for part in parts if (found := _address(part))]


def is_uri(text: str) -> bool:
    """Whether a text is an absolute URI as it stands."""
    return _SCHEME.match(text) is not None and _address(text) == text


def _address(text: str) -> str:
    """The text as one URI; empty where it cannot be one."""
    taken = _PARTS.fullmatch(_NO_URI.sub(_encoded, text))
    if taken is None:
        return ""
    scheme, authority, path, query, fragment = taken.groups()
    if scheme is None:
        if not path or ":" in path.partition("/")[0] or any(map(str.isspace, text)):
            return ""
    elif not _SCHEME.fullmatch(scheme):
        return ""
    if authority is not None and not _AUTHORITY.fullmatch(authority):
        return ""
    return "".join((
        scheme or "",
        "" if authority is None else f"//{authority}",
        _ONLY_HOST.sub(_encoded, path),
        "" if query is None else f"?{_ONLY_HOST.sub(_encoded, query)}",
        "" if fragment is None else f"#{_ONLY_HOST.sub(_encoded, fragment)}",
    ))  # fmt: skip


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in found.group().encode())


__all__ = ["addresses", "is_uri"]
