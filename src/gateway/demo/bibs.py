"""The demo's catalogue: invented records, made deterministically from the words, as MARC 21 and as bib rows.

One pool is made once a process; members hold overlapping parts of it, as members of a consortium do. Every member
holds all featured records first, in the same order, so that item numbers mean the same title everywhere.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from pymarc import Field, Indicators, Leader, Record, Subfield

from gateway.demo.consortium import DemoMember
from gateway.demo.words import (
    ENGLISH_PATTERNS,
    FAMILY_NAMES,
    FEATURED,
    GIVEN_NAMES,
    PUBLISHERS,
    TOPICS,
    WELSH_PATTERNS,
    WELSH_TOPICS,
)
from gateway.importing.description import Description, describe
from library_protocols.marc import read

BIBS_PER_MEMBER = 1050
FILM_BIB = 30
"""Place of the one film among the featured records."""
_FIRST_ID = 990_000_000_001
_SEED = 1536  # any number will do; the records must be the same on every machine


@dataclass(frozen=True, slots=True)
class DemoBib:
    """One record: `marc` is ISO 2709 in UTF-8, shared by every member that holds it."""

    id: str
    subject: str
    call_number: str
    description: Description
    marc: bytes


@dataclass(frozen=True, slots=True)
class _Work:
    title: str
    remainder: str | None
    author: str
    subject: str
    language: str


@cache
def pool() -> tuple[DemoBib, ...]:
    """Every record of the consortium, the featured ones first."""
    chance = random.Random(_SEED)  # noqa: S311  reproducible on purpose
    works = [_Work(*featured) for featured in FEATURED]
    works += _invented(chance)
    return tuple(_bib(number, work, chance) for number, work in enumerate(works))


@cache
def bibs_of(member: DemoMember) -> tuple[DemoBib, ...]:
    """The member's records: the featured ones, its own subjects, then a part of the rest that differs by member."""
    everything = pool()
    featured, rest = everything[: len(FEATURED)], everything[len(FEATURED) :]
    start = (member.number - 1) * len(rest) // 11
    rotated = rest[start:] + rest[:start]
    own = [bib for bib in rotated if bib.subject in member.subjects]
    others = [bib for bib in rotated if bib.subject not in member.subjects]
    return tuple([*featured, *own, *others][:BIBS_PER_MEMBER])


def _invented(chance: random.Random) -> list[_Work]:
    works: list[_Work] = []
    for subject, (_, topics) in TOPICS.items():
        for topic in topics:
            for pattern, remainder in ENGLISH_PATTERNS:
                title = pattern.format(topic=topic, Topic=_capital(topic))
                works.append(_Work(title, remainder, _author(chance), subject, "eng"))
    for subject, radical, soft in WELSH_TOPICS:
        for pattern, remainder in WELSH_PATTERNS:
            title = pattern.format(topic=radical, Topic=_capital(radical), soft=soft)
            works.append(_Work(title, remainder, _author(chance), subject, "wel"))
    chance.shuffle(works)
    return works


def _author(chance: random.Random) -> str:
    return f"{chance.choice(FAMILY_NAMES)}, {chance.choice(GIVEN_NAMES)}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _bib(number: int, work: _Work, chance: random.Random) -> DemoBib:
    bib_id = str(_FIRST_ID + number)
    subject_class = TOPICS[work.subject][0]
    point = "" if "." in subject_class else "."
    call_number = f"{subject_class}{point}{chance.randrange(10, 99)} {work.author[:3].upper()}"
    record = _record(bib_id, work, call_number, chance, film=number == FILM_BIB)
    marc = record.as_marc()
    return DemoBib(bib_id, work.subject, call_number, describe(read(marc).record), marc)


def _record(bib_id: str, work: _Work, call_number: str, chance: random.Random, *, film: bool) -> Record:
    year = str(chance.randrange(1962, 2027))
    place, publisher = chance.choice(PUBLISHERS)
    pages = chance.randrange(96, 640)
    family, _, given = work.author.partition(", ")
    edition = chance.choice((None, None, None, "2nd ed.", "Revised edition"))
    height = chance.randrange(18, 31)
    leader = Leader(f"     n{'g' if film else 'a'}m a22      i 4500")
    record = Record(force_utf8=True, leader=leader)  # pyright: ignore[reportArgumentType]
    record.add_field(Field("001", data=bib_id), Field("003", data="DEMO"), Field("005", data=f"{year}0301090000.0"))
    if film:
        record.add_field(Field("007", data="vd cvaizs"))  # a DVD in colour, with stereo sound
    kind = "094            vl" if film else "           000 0 "  # 008/18-34
    record.add_field(
        Field("008", data=f"{year[2:]}0301s{year}    wlk{kind}{work.language} d"),
        _field("020", "  ", ("a", _isbn(bib_id))),
        _field("035", "  ", ("a", f"(OCoLC){int(bib_id) - 989_000_000_000}")),
        _field("082", "04", ("a", call_number.partition(" ")[0]), ("2", "23")),
        _field("100", "1 ", ("a", f"{work.author},"), ("e", "film director." if film else "author.")),
    )
    title = [("a", f"{work.title} :"), ("b", f"{work.remainder} /")] if work.remainder else [("a", f"{work.title} /")]
    record.add_field(_field("245", f"1{_non_filing(work.title)}", *title, ("c", f"{given} {family}.")))
    if edition:
        record.add_field(_field("250", "  ", ("a", edition)))
    record.add_field(
        _field("264", " 1", ("a", f"{place} :"), ("b", f"{publisher},"), ("c", f"{year}.")),
        *(_DVD if film else (_field("300", "  ", ("a", f"{pages} pages ;"), ("c", f"{height} cm")), *_VOLUME)),
        _field("650", " 0", ("a", f"{_capital(work.subject)}.")),
    )
    if "Wales" in work.title or "Cym" in work.title or "Gym" in work.title:
        record.add_field(_field("651", " 0", ("a", "Wales.")))
    return record


def _field(tag: str, indicators: str, *subfields: tuple[str, str]) -> Field:
    return Field(tag, Indicators(*indicators), [Subfield(code, value) for code, value in subfields])


def _non_filing(title: str) -> int:
    """Characters of a leading article, which sorting skips (245, second indicator)."""
    first, space, _ = title.partition(" ")
    return len(first) + 1 if space and first in {"A", "An", "The", "Y", "Yr"} else 0


def _isbn(bib_id: str) -> str:
    """An ISBN-13 with a right check digit, out of a block that no publisher was given (979-9)."""
    body = f"9799{int(bib_id) % 10**8:08d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


_VOLUME = (
    _field("336", "  ", ("a", "text"), ("b", "txt"), ("2", "rdacontent")),
    _field("337", "  ", ("a", "unmediated"), ("b", "n"), ("2", "rdamedia")),
    _field("338", "  ", ("a", "volume"), ("b", "nc"), ("2", "rdacarrier")),
)
_DVD = (
    _field("300", "  ", ("a", "1 DVD video (94 min) :"), ("b", "sound, colour ;"), ("c", "12 cm")),
    _field("336", "  ", ("a", "two-dimensional moving image"), ("b", "tdi"), ("2", "rdacontent")),
    _field("337", "  ", ("a", "video"), ("b", "v"), ("2", "rdamedia")),
    _field("338", "  ", ("a", "videodisc"), ("b", "vd"), ("2", "rdacarrier")),
)
