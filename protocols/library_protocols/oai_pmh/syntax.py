"""What names look like: setSpecs and their hierarchy, metadata prefixes, identifiers of the oai scheme."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote

_UNRESERVED = r"[A-Za-z0-9\-_.!~*'()]+"
_SET_SPEC = re.compile(rf"{_UNRESERVED}(?::{_UNRESERVED})*")
_PREFIX = re.compile(_UNRESERVED)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_DOMAIN = re.compile(r"[A-Za-z][A-Za-z0-9\-]*(?:\.[A-Za-z][A-Za-z0-9\-]*)+")
_LOCAL_SAFE = "-_.!~*'()/:@,$"
_INNER_SAFE = _LOCAL_SAFE.replace(":", "")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_set_spec(text: str) -> bool:
    """Whether `text` is a setSpec: names of unreserved characters, joined by colons (2.6)."""
    return _SET_SPEC.fullmatch(text) is not None


def set_ancestry(spec: str) -> tuple[str, ...]:
    """The set and the sets it lies in, outermost first: `a:b:c` gives a, a:b, a:b:c."""
    parts = spec.split(":")
    return tuple(":".join(parts[: depth + 1]) for depth in range(len(parts)))


def is_metadata_prefix(text: str) -> bool:
    """Whether `text` may be a metadataPrefix (3.4)."""
    return _PREFIX.fullmatch(text) is not None


def is_identifier(text: str) -> bool:
    """Whether `text` is written as a URI must be (2.4): a scheme, then reserved, unreserved and escaped characters."""
    return _URI.fullmatch(text) is not None


def is_repository_identifier(text: str) -> bool:
    """Whether `text` is a domain name as version 2 of the oai scheme wants it: at least one dot (G oai-identifier)."""
    return _DOMAIN.fullmatch(text) is not None


def oai_identifier(repository: str, *local: str) -> str:
    """`oai:repository:local`, each local part with what a URI does not hold percent-encoded, joined by colons.

    A colon within a part that is not the last one is encoded too, so that the parts can be told apart again.
    """
    return _beginning(repository, local[:-1]) + _quoted(local[-1], _LOCAL_SAFE)


@lru_cache(maxsize=1024)
def _beginning(repository: str, inner: tuple[str, ...]) -> str:
    """What all identifiers of a list begin with."""
    return "".join(f"{part}:" for part in ("oai", repository, *(_quoted(part, _INNER_SAFE) for part in inner)))


def _quoted(part: str, safe: str) -> str:
    return part if part.isalnum() and part.isascii() else quote(part, safe=safe)


def split_oai_identifier(text: str, repository: str, parts: int) -> tuple[str, ...] | None:
    """The local parts of an identifier of `repository`, decoded; None when it is not one with so many parts.

    The repository's name is a domain name: upper and lower case are the same.
    """
    found = text.split(":", parts + 1)
    if len(found) != parts + 2 or found[0].lower() != "oai" or found[1].lower() != repository.lower():
        return None
    try:
        decoded = tuple(unquote(part, errors="strict") for part in found[2:])
    except UnicodeDecodeError:
        return None
    return decoded if all(decoded) else None


def printable(text: str) -> str:
    """`text` without the characters XML 1.0 cannot hold; each becomes U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text)


def escape(text: str) -> str:
    """`text` for element content and for attributes in double quotes."""
    text = printable(text)
    if "&" in text or "<" in text or ">" in text or '"' in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text


__all__ = [
    "escape",
    "is_identifier",
    "is_metadata_prefix",
    "is_repository_identifier",
    "is_set_spec",
    "oai_identifier",
    "printable",
    "set_ancestry",
    "split_oai_identifier",
]
