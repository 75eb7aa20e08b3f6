"""What kind of thing a record describes: the sets below `format`, and a fact that matching never overlooks.

From leader/06-07 and the form of item (MARC 21 008/23 or 29, 007/00; UNIMARC 100-135). Print and online are told
apart: a library that has one has not the other.
"""

from __future__ import annotations

from gateway.catalogue.records import Format
from library_protocols.marc import Record

MATERIALS = {
    "book": "Books",
    "ebook": "E-books",
    "journal": "Journals and other serials",
    "ejournal": "E-journals",
    "article": "Articles and chapters",
    "manuscript": "Manuscripts and theses",
    "score": "Music scores",
    "map": "Maps",
    "video": "Films and video",
    "audio": "Spoken word",
    "music": "Music recordings",
    "image": "Pictures",
    "software": "Computer files",
    "kit": "Kits",
    "archive": "Mixed materials",
    "object": "Objects",
    "other": "Other",
}
"""Name of the set, by its code; the order is that of numbers kept in the store, so new ones come last."""

CODES = tuple(MATERIALS)
NUMBERS = {code: number for number, code in enumerate(MATERIALS)}

# Leader/06 of both formats (MARC 21 Bibliographic, leader/06; UNIMARC manual, record label position 6).
_MARC21 = {
    "c": "score", "d": "score", "e": "map", "f": "map", "g": "video", "i": "audio", "j": "music", "k": "image",
    "m": "software", "o": "kit", "p": "archive", "r": "object", "t": "manuscript",
}  # fmt: skip
_UNIMARC = {
    "b": "manuscript", "c": "score", "d": "score", "e": "map", "f": "map", "g": "video", "i": "audio", "j": "music",
    "k": "image", "l": "software", "m": "kit", "r": "object",
}  # fmt: skip
_ONLINE = {"book": "ebook", "journal": "ejournal"}
TAGS = {Format.MARC21: frozenset({"008", "338"}), Format.UNIMARC: frozenset({"106", "135"})}
"""The fields that tell what a thing is, beside the leader."""


def material(record: Record, marc: Format) -> str:
    """The code of MATERIALS."""
    kind, level = record.leader[6:7], record.leader[7:8]
    if kind == "a":
        if level in "ab" and level:
            return "article"
        found = "journal" if level in "si" and level else "book"
    else:
        found = (_UNIMARC if marc == Format.UNIMARC else _MARC21).get(kind, "other")
    if found not in _ONLINE:
        return found
    online = _online_unimarc(record) if marc == Format.UNIMARC else _online_marc21(record, kind)
    return _ONLINE[found] if online else found


def _online_marc21(record: Record, kind: str) -> bool:
    fixed = record.text("008")
    place = 29 if kind in "efgkor" else 23
    return fixed[place : place + 1] in ("o", "s", "q") or "cr" in [field.first("b") for field in record.fields("338")]


def _online_unimarc(record: Record) -> bool:
    return record.first("106", "a")[:1] == "s" or bool(record.fields("135"))
