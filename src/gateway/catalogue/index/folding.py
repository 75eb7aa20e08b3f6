"""Text as its readers type it: one folding for what is indexed and for what is asked.

Case, accents, ligatures, width and script variants go character by character through one table, so that a whole
record is folded in one pass; what is neither letter nor digit parts words. Apostrophes are the one thing that needs
context: they join (i'r, o'r, O'Brien), but part an elided article from its noun (l'histoire, d'Arcy, dell'arte).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

ANY_CHARACTERS = "\ue000"
"""Stands for a masking `*` while a term is folded (private use: no record means anything by it)."""
ONE_CHARACTER = "\ue001"
SEPARATOR = "\x01"
"""Survives folding: texts joined by it can be folded at once and split again. No white space, as U+001F is."""

_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ŋ": "n", "ħ": "h", "ŧ": "t",
    "ĸ": "k", "ƀ": "b", "ƌ": "d", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ə": "a", "ǝ": "a", "ỽ": "v", "ỻ": "ll",
    # Arabic: spellings that readers do not tell apart; the hamza on a carrier goes with the other marks
    "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ۀ": "ه", "ہ": "ه", "ھ": "ه", "ٱ": "ا",
}  # fmt: skip
_DROPPED = frozenset("ـʻʼʽʾʿʹʺˈˊˋʰ`´\u00ad\u200b\u200c\u200d\u200e\u200f\u061c\ufeff\u2060·")
"""Tatweel, signs of transliteration (ISO 233, ALA-LC), soft and invisible characters; the Catalan point."""

_APOSTROPHES = re.compile(
    r"(?<![^\W_])(l|d|j|qu|dell|nell|sull|dall|all|un)['’](?=[^\W_]{3})|(?<=[^\W_])['’]+(?=[^\W_])", re.IGNORECASE
)


def _is_mark(character: str) -> bool:
    """Accents, harakat and points; vowel signs of Indic scripts and Thai are letters to their readers."""
    combining = unicodedata.combining(character)
    return 10 <= combining <= 35 or combining >= 200


def _alone(character: str) -> bool:
    """Whether each sign is a word: scripts without blanks are found by phrases of their signs."""
    code = ord(character)
    return (
        0x3400 <= code <= 0x9FFF or 0x3040 <= code <= 0x30FF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x3FFFF
    )


def _fold_character(character: str) -> str:
    if character in _DROPPED:
        return ""
    if "가" <= character <= "힣":
        return character
    folded: list[str] = []
    for part in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold()):
        if part in _DROPPED or _is_mark(part):
            continue
        if part in _LETTERS:
            folded.append(_LETTERS[part])
        elif part.isdecimal():
            folded.append(str(unicodedata.decimal(part)))
        elif _alone(part):
            folded.append(f" {part} ")
        elif part.isalnum() or unicodedata.category(part) in ("Mn", "Mc"):
            folded.append(part)
        else:
            folded.append(" ")
    return "".join(folded)


class _Table(dict[int, str | None]):
    """What `str.translate` looks characters up in; filled as characters are met."""

    def __missing__(self, code: int) -> str | None:
        # None, not an empty text: only then is text in ASCII translated without looking at each character.
        folded = self[code] = _fold_character(chr(code)) or None
        return folded


_TABLE = _Table()
for _code in range(128):
    _TABLE[_code] = _fold_character(chr(_code)) or None
for _kept in (SEPARATOR, ANY_CHARACTERS, ONE_CHARACTER):
    _TABLE[ord(_kept)] = _kept


def _join_or_part(match: re.Match[str]) -> str:
    return f"{match.group(1)} " if match.group(1) else ""


def _apostrophes(text: str) -> str:
    return _APOSTROPHES.sub(_join_or_part, text) if "'" in text or "’" in text else text


def fold(text: str) -> str:
    """The folded text; words are what stands between blanks, of which there may be several."""
    return _apostrophes(text).translate(_TABLE)


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return fold(text).split()


def heading(text: str) -> str:
    """The folded text with one blank between words: what two headings are compared by."""
    return " ".join(fold(text).split())


def headings(texts: Sequence[str]) -> list[str]:
    """The `heading` of each text. Texts in ASCII, as most are, are folded together, and so are the others: one by one
    it costs several times as much."""
    others = [place for place, text in enumerate(texts) if not text.isascii()]
    plain = list(texts)
    for place in others:
        plain[place] = ""
    folded = _together([_apostrophes(text) if "'" in text else text for text in plain])
    for place, text in zip(others, _together([_apostrophes(texts[place]) for place in others]), strict=True):
        folded[place] = text
    return folded


def _together(texts: list[str]) -> list[str]:
    joined = " ".join(SEPARATOR.join(texts).translate(_TABLE).split())
    folded = joined.replace(f" {SEPARATOR}", SEPARATOR).replace(f"{SEPARATOR} ", SEPARATOR).split(SEPARATOR)
    # A record may hold the separator itself.
    return folded if len(folded) == len(texts) else [heading(text) for text in texts]


def with_masks(text: str) -> str:
    """A masked term with its `*` and `?` as signs that survive folding; a backslash takes a sign as it is."""
    out: list[str] = []
    signs = iter(text)
    for sign in signs:
        if sign == "\\":
            out.append(next(signs, ""))
        elif sign == "*":
            out.append(ANY_CHARACTERS)
        elif sign == "?":
            out.append(ONE_CHARACTER)
        else:
            out.append(sign)
    return "".join(out)
