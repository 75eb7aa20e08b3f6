"""When two members' records are the same edition. Conservative: what is in doubt stays apart, for people to decide.

Evidence in this order: a number of the union catalogue or network zone, OCLC and LCCN control numbers, ISBN or ISSN.
Everything but the first needs the title to agree, and nothing to speak against it. Facts are kept as a few numbers a
record (hashes of the normalised values), because a load compares each record with all that share a number with it.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import cache
from hashlib import blake2b
from itertools import chain
from operator import mul
from struct import Struct
from typing import NamedTuple

from gateway.catalogue.materials import NUMBERS, material
from gateway.catalogue.records import Format
from library_protocols.marc import DataField, Record


class Kind(IntEnum):
    """What a number is, in falling order of weight."""

    UNION = 0
    OCLC = 1
    LCCN = 2
    ISBN = 3
    ISSN = 4


_KINDS = tuple(Kind)
CONTROL = (Kind.OCLC, Kind.LCCN)
MAX_NUMBERS = 12
"""Numbers a record is compared by. A set of 300 volumes lists as many ISBNs, and is the same as none of them."""


_LAYOUTS = [Struct("<qqHB" + "Bq" * numbers) for numbers in range(MAX_NUMBERS + 1)]


class Facts(NamedTuple):
    """What matching compares. `title` and `main` are 0 where there is none, `year` 0 where unknown; `numbers` are pairs
    of kind and key, a key being unique over all kinds."""

    title: int
    main: int
    year: int
    material: int
    numbers: tuple[tuple[int, int], ...]

    def kinds(self) -> set[int]:
        return {kind for kind, _ in self.numbers}

    def hashes(self) -> list[int]:
        return [key for _, key in self.numbers]

    def pack(self) -> bytes:
        """19 bytes, and 9 a number."""
        return _LAYOUTS[len(self.numbers)].pack(*self[:4], *chain.from_iterable(self.numbers))

    @classmethod
    def unpack(cls, data: bytes) -> Facts:
        title, main, year, kind, *flat = _LAYOUTS[(len(data) - 19) // 9].unpack(data)
        return cls(title, main, year, kind, tuple(zip(flat[::2], flat[1::2], strict=True)))


class Verdict(IntEnum):
    NOTHING = 0  # no number in common, or plainly two things
    DOUBT = 1  # a number in common, and something against it
    SAME = 2


class Judgement(NamedTuple):
    """`kind` is the weightiest number in common; `against` says what speaks against it, where in doubt."""

    verdict: Verdict
    kind: Kind | None = None
    against: str = ""


_NOTHING = Judgement(Verdict.NOTHING)


def judge(a: Facts, b: Facts) -> Judgement:
    """Whether two records are the same; `judge(a, b) == judge(b, a)`."""
    shared = {*a.numbers}.intersection(b.numbers)
    if not shared:
        return _NOTHING
    best = _KINDS[min(shared)[0]]
    if best is Kind.UNION:
        return Judgement(Verdict.SAME, best)
    if a.material != b.material:
        # Print and online editions list each other's ISBN; their control numbers are not one.
        return Judgement(Verdict.DOUBT, best, "format") if best in CONTROL else _NOTHING
    common = a.kinds() & b.kinds()
    if Kind.UNION in common:
        return Judgement(Verdict.DOUBT, best, "the union catalogue tells them apart")
    if not _titles_agree(a, b):
        return Judgement(Verdict.DOUBT, best, "title")
    for kind in CONTROL:
        if kind in common and all(pair[0] != kind for pair in shared):
            return Judgement(Verdict.DOUBT, best, f"{kind.name} numbers differ")
    if best is Kind.ISBN and a.year and b.year and abs(a.year - b.year) > 1:
        return Judgement(Verdict.DOUBT, best, "year")
    return Judgement(Verdict.SAME, best)


def _titles_agree(a: Facts, b: Facts) -> bool:
    """The same title, or one of them without the remainder that the other has."""
    if not a.main or not b.main:
        return False
    return a.title == b.title or (a.main == b.main and (a.title == a.main or b.title == b.main))


def join(record: Facts, group: Iterable[Facts]) -> Judgement:
    """What a record is to a shared bib: the same where it is the same as one of its records and in doubt with none,
    unless the union catalogue says so, whose word holds against any doubt."""
    judgements = [judge(record, one) for one in group]
    doubt = next((one for one in judgements if one.verdict is Verdict.DOUBT), None)
    same = [one for one in judgements if one.verdict is Verdict.SAME]
    if not same:
        return doubt or _NOTHING
    best = min(same, key=lambda one: one.kind or 0)
    return best if doubt is None or best.kind is Kind.UNION else doubt


class Rules:
    """How facts are read out of records. `union` are the prefixes of 035 that name the same record everywhere."""

    def __init__(self, union: Sequence[str] = ()) -> None:
        self._union = tuple(prefix.strip("()").casefold() for prefix in union)

    def facts(self, record: Record, marc: Format) -> Facts:
        return _unimarc(record, self._union) if marc == Format.UNIMARC else _marc21(record, self._union)


_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")
_OCLC = re.compile(r"(?:ocm|ocn|on)?0*(\d{1,14})$")
_PREFIXED = re.compile(r"\(([^()]{1,40})\)\s*(.+)", re.DOTALL)
_ISBN = re.compile(r"[\s-]*(97[89][\d\s-]{10,14}|[\d\s-]{9,12}[\dXx])(?![\dXx-])")
_ISSN = re.compile(r"\s*(\d{4})-?(\d{3}[\dXx])(?![\dXx])")
_LCCN = re.compile(r"\s*([a-z]{0,3})\s*(\d{8,10}|\d{2,4}-\d{1,6})", re.IGNORECASE)


_MARC21_TAGS = frozenset({"010", "020", "022", "035", "245", "260", "264"})
_UNIMARC_TAGS = frozenset({"010", "011", "035", "100", "200", "210", "214"})
_Found = dict[str, list[DataField]]


def _fields(record: Record, tags: frozenset[str]) -> _Found:
    """The few fields that matter, found in one pass: this is done for every record of a load."""
    found: _Found = {}
    for field in record.some(tags):
        found.setdefault(field[0], []).append(field)
    return found


def _texts(found: _Found, tag: str, code: str = "a") -> Sequence[str]:
    return [text for field in found[tag] for known, text in field[2] if known == code] if tag in found else ()


def _marc21(record: Record, union: tuple[str, ...]) -> Facts:
    found = _fields(record, _MARC21_TAGS)
    numbers = _from_035(found, union)
    agency = record.text("003").strip()
    if "OCoLC" in agency and (own := _OCLC.match(record.control_number)):
        numbers.append((Kind.OCLC, own.group(1)))
    elif union and agency.casefold() in union and record.control_number:
        numbers.append((Kind.UNION, f"{agency.casefold()} {record.control_number}"))
    numbers += [(Kind.LCCN, lccn) for text in _texts(found, "010") if (lccn := _lccn(text))]
    numbers += [(Kind.ISBN, isbn) for text in _texts(found, "020") if (isbn := _isbn(text))]
    numbers += [(Kind.ISSN, issn) for text in _texts(found, "022") if (issn := _issn(text))]
    title, main = _title(found, "245", "abnp", "anp")
    year = _year([record.text("008")[7:11]]) or _year([*_texts(found, "264", "c"), *_texts(found, "260", "c")])
    return Facts(title, main, year, NUMBERS[material(record, Format.MARC21)], _keys(numbers))


def _unimarc(record: Record, union: tuple[str, ...]) -> Facts:
    found = _fields(record, _UNIMARC_TAGS)
    numbers = _from_035(found, union)
    numbers += [(Kind.ISBN, isbn) for text in _texts(found, "010") if (isbn := _isbn(text))]
    numbers += [(Kind.ISSN, issn) for text in _texts(found, "011") if (issn := _issn(text))]
    title, main = _title(found, "200", "aehi", "ahi")
    coded = [text[9:13] for text in _texts(found, "100")]
    year = _year([*coded, *_texts(found, "214", "d"), *_texts(found, "210", "d")])
    return Facts(title, main, year, NUMBERS[material(record, Format.UNIMARC)], _keys(numbers))


def _from_035(found: _Found, union: tuple[str, ...]) -> list[tuple[Kind, str]]:
    numbers: list[tuple[Kind, str]] = []
    for text in _texts(found, "035"):
        if (said := _PREFIXED.match(text)) is None:
            continue
        prefix, number = said.group(1).strip(), said.group(2).strip()
        if prefix.casefold() in union:
            numbers.append((Kind.UNION, f"{prefix.casefold()} {number}"))
        elif prefix == "OCoLC" and (own := _OCLC.match(number)):
            numbers.append((Kind.OCLC, own.group(1)))
    return numbers


def _title(found: _Found, tag: str, whole: str, main: str) -> tuple[int, int]:
    field = next(iter(found.get(tag, ())), None)
    if field is None:
        return 0, 0
    skip = field.indicators[1:2]
    parts = [(code, text) for code, text in field.subfields if code in whole]
    if parts and tag == "245" and skip.isdecimal():
        parts[0] = (parts[0][0], parts[0][1][int(skip) :])
    full = _hash("title", _folded(" ".join([text for _, text in parts])))
    short = [text for code, text in parts if code in main]
    return full, full if len(short) == len(parts) else _hash("title", _folded(" ".join(short)))


def _folded(text: str) -> str:
    """Letters and digits only, without case and marks, one blank between words."""
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
    text = unicodedata.normalize("NFKD", text).translate(_marks())
    return " ".join(_WORD.findall(text.casefold()))


@cache
def _marks() -> dict[int, None]:
    """Every combining character, to be left out: a table, for it is used on every title that is not plain ASCII."""
    return {code: None for code in range(0x300, sys.maxunicode + 1) if unicodedata.combining(chr(code))}


_WORD = re.compile(r"[^\W_]+")
_ASCII = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(0x80)}


def _year(texts: Iterable[str]) -> int:
    """The first year that any of the texts names; 0 where none does."""
    return next((int(found.group(1)) for text in texts if (found := _YEAR.search(text))), 0)


def _isbn(text: str) -> str:
    """The thirteen digits of a valid ISBN, empty for anything else."""
    found = _ISBN.match(text)
    if found is None:
        return ""
    number = found.group(1).replace("-", "").replace(" ", "").upper()
    if len(number) == 10:
        return _with_check(f"978{number[:9]}") if _weighted(number) % 11 == 0 else ""
    return number if len(number) == 13 and _with_check(number[:12]) == number else ""


def _with_check(twelve: str) -> str:
    return f"{twelve}{-(sum(map(int, twelve[::2])) + 3 * sum(map(int, twelve[1::2]))) % 10}"


def _weighted(number: str) -> int:
    """The sum that ISBN of ten and ISSN are checked by: the last digit once, the one before twice; X is ten."""
    digits = [*map(int, number[:-1]), 10 if number[-1] == "X" else int(number[-1])]
    return sum(map(mul, digits, range(len(digits), 0, -1)))


def _issn(text: str) -> str:
    found = _ISSN.match(text)
    if found is None:
        return ""
    number = (found.group(1) + found.group(2)).upper()
    return number if _weighted(number) % 11 == 0 else ""


def _lccn(text: str) -> str:
    """Prefix, year and serial of six digits, as the Library of Congress normalises them."""
    found = _LCCN.match(text)
    if found is None:
        return ""
    prefix, number = found.group(1).lower(), found.group(2)
    year, hyphen, serial = number.partition("-")
    return f"{prefix}{year}{serial.zfill(6)}" if hyphen else prefix + number


def _keys(numbers: Iterable[tuple[Kind, str]]) -> tuple[tuple[int, int], ...]:
    unique = dict.fromkeys(numbers)
    return tuple((int(kind), _hash(kind.name, value)) for kind, value in list(unique)[:MAX_NUMBERS])


def _hash(kind: str, value: str) -> int:
    """A number of 63 bits that is never 0, except for an empty value."""
    if not value:
        return 0
    return int.from_bytes(blake2b(f"{kind} {value}".encode(), digest_size=8).digest(), "little") >> 1 or 1
