"""Records for the catalogue's benchmarks: as many as wanted, made from real ones, the same on every machine.

A few thousand real records (of the data beside the repository where it is present, else the demo's) become templates
with holes for the control number, the numbers that a work alone has, and two words of the title. Filling a template
costs some microseconds, so that what is measured is reading records, not making them. Every tenth to third record is
another member's of the same work.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from random import Random

from pymarc import Field, Indicators, MARCReader, Record, Subfield

from gateway.demo.bibs import pool

MEMBERS = ("aber", "bangor", "cardiffmet", "cardiff", "glyndwr", "nlw", "rwcmd", "swansea", "usw", "uwtsd", "nhs")
TEMPLATES = 4000
VOCABULARY = 150_000
SHARED_DATA = Path(__file__).parents[3] / "shared/data/marc"

_CONTROL, _NUMBER, _RARE, _COMMON = b"@" * 10, b"%" * 13, b"qqqqqqqq", b"zzzzzzzz"
_HOLES = re.compile(b"(" + b"|".join((_CONTROL, _NUMBER, _RARE, _COMMON)) + b")")
_OF_A_WORK = ("010", "015", "016", "020", "022", "024", "027", "035")
"""Fields of numbers that no two works share: a template's own would make one work of all that are made from it."""
_SEED = 1588  # the Welsh Bible
_RECORDS_A_WORK = (10, 7)  # ten records, seven works


class Corpus:
    """`record(n)` is the n-th record as ISO 2709 in UTF-8, `member(n)` whose it is."""

    def member(self, number: int) -> str:
        return MEMBERS[number % len(MEMBERS)]

    def record(self, number: int) -> bytes:
        works, records = _RECORDS_A_WORK[1], _RECORDS_A_WORK[0]
        work = number * works // records
        mixed = (work * 2_654_435_761) & 0xFFFFFFFF
        words = self._words
        # A third power falls off as words in titles do: few are very common, most are rare.
        often = int(len(words) * ((mixed & 0xFFFF) / 0x10000) ** 3)
        filled = {
            _CONTROL: b"%010d" % number,
            _NUMBER: b"979%010d" % work,
            _COMMON: words[often],
            _RARE: words[mixed % len(words)],
        }
        template = self._templates[work % len(self._templates)]
        return b"".join([filled.get(piece, piece) for piece in template])

    def records(self, first: int, after: int) -> Iterator[bytes]:
        return map(self.record, range(first, after))

    def words(self) -> list[str]:
        """The words that were put into titles, the commonest first."""
        return [word.decode() for word in self._words]

    @cached_property
    def _words(self) -> list[bytes]:
        syllables = [a + b for a, b in product("bcdfghjklmnprstvw", "aeiouwy")]
        chance = Random(_SEED)
        made = {"".join(chance.choices(syllables, k=4)) for _ in range(VOCABULARY * 5 // 4)}
        return [word.encode() for word in sorted(made)[:VOCABULARY]]

    @cached_property
    def _templates(self) -> list[list[bytes]]:
        with redirect_stderr(io.StringIO()):  # pymarc tells of every sign that it cannot read
            made = [template for record in _sources() if (template := _template(record))]
        Random(_SEED).shuffle(made)
        return made[:TEMPLATES]


@cache
def corpus() -> Corpus:
    """One for the whole process: its templates take seconds to make."""
    return Corpus()


def _sources() -> Iterator[Record]:
    logging.getLogger("pymarc").setLevel(logging.CRITICAL)  # what it thinks of real records fills the screen
    for file in sorted(SHARED_DATA.glob("*.mrc")) if SHARED_DATA.is_dir() else ():
        if "unimarc" not in file.name and "auth" not in file.name:
            yield from (record for record in MARCReader(file.read_bytes(), to_unicode=True) if record is not None)
    yield from (record for bib in pool() for record in MARCReader(bib.marc, to_unicode=True) if record is not None)


def _template(record: Record) -> list[bytes] | None:
    """The bytes between the holes and the holes, None for a record that cannot be one."""
    title = record.get("245")
    if title is None or not title.subfields or len(record.fields) > 80:
        return None
    known_to_oclc = record.get("035") is not None
    record.remove_fields("001", *_OF_A_WORK)
    record.force_utf8 = True
    first = title.subfields[0]
    title.subfields[0] = Subfield(first.code, f"{_COMMON.decode()} {_RARE.decode()} {first.value}")
    record.add_ordered_field(Field("001", data=_CONTROL.decode()))
    number = _NUMBER.decode()
    for tag, text in (("020", number), *([("035", f"(OCoLC){number}")] if known_to_oclc else [])):
        record.add_ordered_field(Field(tag, Indicators(" ", " "), [Subfield("a", text)]))
    leader = str(record.leader)
    status = "n" if leader[5] == "d" else leader[5]  # a deletion is no record to count
    record.leader = f"{leader[:5]}{status}{leader[6:9]}a{leader[10:]}"  # type: ignore[assignment]  pymarc takes text as well
    try:
        data = record.as_marc()
    except (ValueError, UnicodeError, TypeError, AttributeError):
        return None
    if len(data) > 20_000 or any(data.count(hole) != 1 for hole in (_CONTROL, _RARE, _COMMON)):
        return None
    return _HOLES.split(data)
