"""What strangers say, made fit to be kept, counted and shown.

Subjects, clients and files from elsewhere are hostile until proven otherwise: what they send is bounded, numbers are
digits and few, and of words nothing is left that a terminal or a page would act on.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

MOST = 8 * 1024 * 1024
"""Octets of one message that are taken in: several times what the longest lists of records have."""
LONGEST = 2000
"""Letters of an observation, a note or a name that are kept."""
_ACTS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Controls of terminals, marks that turn writing round, ends of lines that few programs know, halves of letters."""
_ENDS = re.compile(r"[\t\n\r]+")
_DIGITS = re.compile(r"[0-9]{1,15}")


def number(text: str | bytes | None) -> int | None:
    """What decimal digits of ASCII say, fifteen at most; None of anything else."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    return int(text) if text is not None and _DIGITS.fullmatch(text) else None


def said(text: str) -> str:
    """Somebody's words in one line, of which nothing acts: controls are written as escapes."""
    shown = _ACTS.sub(_escape, _ENDS.sub(" ", text[: LONGEST + 1]))
    return shown if len(text) <= LONGEST else f"{shown[:LONGEST]}…"


def clean(value: Any) -> Any:
    """What JSON can hold, with all words in it made fit to be shown."""
    if isinstance(value, str):
        return said(value)
    if isinstance(value, Mapping):
        return {said(str(name)): clean(each) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [clean(each) for each in value]
    return value


def json_text(value: Any, *, indent: int | None = None) -> str:
    """JSON that can be shown on a terminal, cut into lines, and written as UTF-8, whatever words are in it."""
    return _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False, indent=indent))


def markdown(text: str) -> str:
    """Words that are no element of HTML and no link in a page of Markdown."""
    return text.replace("<", "&lt;").replace("](", "]\\(")


def inflated(octets: bytes) -> bytes:
    """What gzip holds. Raises OSError where it is none, ends early, or holds more than is taken in."""
    reader = zlib.decompressobj(31)
    try:
        found = reader.decompress(octets, MOST)
    except zlib.error as error:
        raise OSError(str(error)) from error
    if not reader.eof:
        raise OSError("the gzip does not end" if len(found) < MOST else "the gzip holds too much")
    return found


def readable(read: Callable[[], Any]) -> Any:
    """What reading gives; None where it cannot be read, be it for its form or its depth."""
    try:
        return read()
    except (ValueError, RecursionError):
        return None


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
