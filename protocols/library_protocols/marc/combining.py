"""Marks before and after their letter: the 8-bit sets of libraries write a mark before its base, Unicode after it.

Shared by MARC-8 and ISO 5426, which differ in their tables and in nothing else that concerns marks.
"""

from __future__ import annotations

import re
from codecs import charmap_decode
from collections.abc import Iterable, Iterator
from unicodedata import combining, normalize

_REFERENCE = re.compile(r"&#x([0-9A-Fa-f]{2,6});")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def by_table(data: bytes, table: str) -> str:
    """Each byte as the character at its place in a table of 256."""
    return charmap_decode(data, "strict", table)[0]  # pyright: ignore[reportArgumentType]  a string is a mapping too


def marks_first(marks: Iterable[str]) -> re.Pattern[str]:
    """Finds runs of these marks with the base that follows them, for `marks_last`."""
    return re.compile(f"([{re.escape(''.join(sorted(set(marks))))}]+)([^\\x00-\\x1f])")


def marks_last(text: str, pattern: re.Pattern[str]) -> str:
    """`text` with each run of marks moved behind its base, composed (NFC). A run without a base stays."""
    return normalize("NFC", pattern.sub(r"\2\1", text))


def resolve_references(text: str) -> str:
    """Numeric character references of the lossless conversion, &#xHHHH;, as characters. Others stay as they are."""
    return _REFERENCE.sub(_referred, text)


def _referred(match: re.Match[str]) -> str:
    number = int(match.group(1), 16)
    if number < 0xA0 or 0xD800 <= number < 0xE000 or number & 0xFFFE == 0xFFFE or number > 0x10FFFF:
        return match.group()
    return chr(number)


def reference(character: str) -> str:
    """How the lossless conversion writes what the target does not have."""
    return f"&#x{ord(character):04X};"


def clusters(text: str) -> Iterator[tuple[str, str]]:
    """Base and the marks behind it, of NFC text. A mark without a base comes with an empty base."""
    base, marks = "", ""
    for character in text:
        if combining(character) and character > "\x7f":
            marks += character
            continue
        if base or marks:
            yield base, marks
        base, marks = character, ""
    if base or marks:
        yield base, marks
