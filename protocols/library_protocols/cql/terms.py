"""What stands inside a term: literal text, masking characters, anchors; a backslash takes their meaning away."""

from __future__ import annotations

import re
from enum import Enum


class Mask(Enum):
    """A character of a term that stands for something else (CQL 1.2, masking)."""

    MANY = "*"
    """Any number of characters, none included."""
    ONE = "?"
    """Exactly one character."""
    ANCHOR = "^"
    """The beginning or the end of the field, or of a word in it where the relation is about words."""


Piece = str | Mask


_MASKS = {mask.value: mask for mask in Mask}
_PLAIN = re.compile(r"[^\\*?^]*")  # most terms have nothing to look for


def pieces(term: str) -> tuple[Piece, ...]:
    """Literal strings and masks of `term` in order, backslashes resolved. Never raises; neighbours are joined.

    A backslash makes any character behind it literal; one at the very end stands for itself.
    """
    if _PLAIN.fullmatch(term):
        return (term,) if term else ()
    found: list[Piece] = []
    literal: list[str] = []
    characters = iter(term)
    for character in characters:
        if character == "\\":
            literal.append(next(characters, "\\"))
        elif character in _MASKS:
            if literal:
                found.append("".join(literal))
                literal.clear()
            found.append(_MASKS[character])
        else:
            literal.append(character)
    if literal:
        found.append("".join(literal))
    return tuple(found)


def unescape(term: str) -> str:
    """The text of `term` without backslashes; masking characters stay as characters (relation modifier unmasked)."""
    if "\\" not in term:
        return term
    return "".join(piece if isinstance(piece, str) else piece.value for piece in pieces(term))


def escape(text: str) -> str:
    """A term that means exactly `text`: quotes, backslashes and masking characters get a backslash."""
    return "".join(f"\\{character}" if character in '\\"*?^' else character for character in text)
