"""Text out of MARC: the punctuation that ISBD puts between elements is cut where the elements stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from library_protocols.marc import DataField, escape

_SEPARATORS = " /:;,=+"
# Words that keep their full stop; words of one or two letters do too.
_ABBREVIATED = frozenset(
    {
        "abbr",
        "arr",
        "bros",
        "cent",
        "corp",
        "dept",
        "eds",
        "etc",
        "gen",
        "inc",
        "ltd",
        "mrs",
        "nos",
        "orch",
        "prof",
        "pts",
        "rev",
        "ser",
        "suppl",
        "univ",
        "vol",
        "vols",
    }
)
_LAST_WORD = re.compile(r"([^\W\d_]+)\.$")
_NON_SORTING = re.compile("\x98(.*?)\x9c")
OCLC_NUMBER = re.compile(r"\(OCoLC\)\s*(?:oc[mn]|on)?0*(\d+)")
"""A system number of WorldCat as 035 and 7XX $w hold it; group 1 is the number."""
# What XML has no way to say (holdings come from elsewhere than records do), and C1 controls, which have no shape.
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x80-\x9f\ud800-\udfff\ufffe\uffff]")


def trim(text: str) -> str:
    """Without blanks, a separator or a full stop at the end that ends the element and not a word."""
    text = text.strip()
    stripped = text.rstrip(_SEPARATORS)
    if stripped.endswith(".") and not stripped.endswith(".."):
        word = _LAST_WORD.search(stripped)
        if word is None or (len(word.group(1)) > 2 and word.group(1).lower() not in _ABBREVIATED):
            stripped = stripped[:-1].rstrip(_SEPARATORS)
    if stripped[:1] == "[" and stripped[-1:] == "]" and stripped.count("[") == 1:
        stripped = stripped[1:-1]
    return stripped


def joined(field: DataField, codes: str, separator: str = " ") -> str:
    """The subfields with these codes, in the record's order, as one trimmed text."""
    return trim(separator.join(text.strip() for code, text in field.subfields if code in codes))


def each(field: DataField, codes: str) -> list[str]:
    """The subfields with these codes, each trimmed, empty ones left out."""
    return [text for code, raw in field.subfields if code in codes and (text := trim(raw))]


def clean(text: str) -> str:
    """Text without characters that XML does not allow or that nobody sees, such as marks of what does not sort."""
    return _UNSHOWN.sub("", text) if _UNSHOWN.search(text) else text


def shown(text: str) -> str:
    """Clean text, escaped for content and attributes of XML."""
    return escape(clean(text))


def non_sorting(text: str, count: str = "0") -> tuple[str, str]:
    """Article and title: by the marks of the text itself, else by the indicator that counts characters."""
    if match := _NON_SORTING.match(text):
        return match.group(1), text[match.end() :]
    length = int(count) if count.isdigit() else 0
    return (text[:length], text[length:]) if length < len(text) else ("", text)


def unique(texts: Iterable[str]) -> list[str]:
    """Each text once, in order, without empty ones."""
    return [text for text in dict.fromkeys(texts) if text]
