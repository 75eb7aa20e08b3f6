"""Titles made of the words that came with an item: those of the library's own go to the catalogue as small MARC
records, those of interlibrary loans stay out of it."""

from __future__ import annotations

import re

import orjson

from gateway.canonical.requests import BibWords
from gateway.canonical.vocabulary import MediaType
from gateway.platforms.reference.exactly_once import Command
from gateway.platforms.reference.ids import new_id
from gateway.store.effects import Effect, Insert, Update
from gateway.store.rows import BibRow, MemberStateRow
from library_protocols.marc import DataField, MarcError, Record, read, write_iso2709

_MADE_HERE = "library-gateway"
"""003 of a record that was made of words: it may be made again, a record that somebody catalogued may not."""

_LONGEST = 1000
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_LISTS = ("isbn", "issn", "oclc")
_TEXTS = ("title", "author", "publisher", "year", "edition", "language")
# Leader/06-07 (MARC 21): type of record and bibliographic level.
_LEADERS = {
    MediaType.MAGAZINE: "as",
    MediaType.BOUND_JOURNAL: "as",
    MediaType.AUDIO_TAPE: "im",
    MediaType.CD: "jm",
    MediaType.VIDEO_TAPE: "gm",
    MediaType.DISKETTE: "mm",
    MediaType.OTHER: "rm",
}


def plain(text: str | None) -> str | None:
    """One line of text without control characters, of a length that a screen can bear; None for nothing."""
    return _UNSEEN.sub(" ", text or "").strip()[:_LONGEST] or None


def temporary_title(words: BibWords, command: Command, fallback: str) -> BibRow:
    """The title of an interlibrary loan: suppressed, and with position 0 never among the changes that others harvest.

    `fallback` is its title where the words have none."""
    return _described(blank(command, plain(words.title) or fallback, suppressed=True), words)


def own_title(words: BibWords, command: Command, state: MemberStateRow | None) -> tuple[BibRow, list[Effect]]:
    """A title of the library's own, which must have a title, and what makes it known."""
    bib = _described(blank(command, plain(words.title) or "", suppressed=False), words)
    made_known = _make_known(bib, command, state)
    return bib, [Insert(bib), *made_known]


def differs(bib: BibRow, words: BibWords) -> bool:
    """Whether the words say anything that the title does not."""
    return any(getattr(bib, name) != value for name, value in _said(words).items())


def may_be_described(bib: BibRow) -> bool:
    """Whether nobody has catalogued it."""
    if bib.marc is None:
        return True
    try:
        return read(bib.marc).record.text("003") == _MADE_HERE
    except MarcError:
        return False


def describe_anew(bib: BibRow, words: BibWords, command: Command, state: MemberStateRow | None) -> list[Effect]:
    """The title by these words, as far as they say anything, and what makes that known."""
    _described(bib, words)
    bib.changed_at = command.now
    return [Update(bib), *([] if is_temporary(bib) else _make_known(bib, command, state))]


def is_temporary(bib: BibRow) -> bool:
    """Whether it was made for an interlibrary loan, or stands in for another member's title."""
    return bib.suppressed and bib.position == 0


def _make_known(bib: BibRow, command: Command, state: MemberStateRow | None) -> list[Effect]:
    bib.marc = _marc(bib)
    if state is None:
        bib.position = 1
        return [Insert(MemberStateRow(command.member, policy_version=0, change_position=1))]
    state.change_position += 1
    bib.position = state.change_position
    return [Update(state)]


def _said(words: BibWords) -> dict[str, str]:
    """Columns of the title, and what the words say of them."""
    said = {name: text for name in _TEXTS if (text := plain(getattr(words, name))) is not None}
    for name in _LISTS:
        numbers = [number for text in getattr(words, name) if (number := plain(text)) is not None]
        if numbers:
            said[f"{name}_json"] = orjson.dumps(list(dict.fromkeys(numbers))).decode()
    if words.media_type is not None:
        said["media_type"] = words.media_type.value
    return said


def _described(bib: BibRow, words: BibWords) -> BibRow:
    for name, value in _said(words).items():
        setattr(bib, name, value)
    return bib


def blank(command: Command, title: str, *, suppressed: bool, bib_id: str | None = None) -> BibRow:
    """A title of which nothing else is known. Position 0: not among the changes that others harvest."""
    return BibRow(
        member=command.member,
        id=bib_id or new_id(command.now),
        title=title,
        author=None,
        publisher=None,
        year=None,
        edition=None,
        isbn_json="[]",
        issn_json="[]",
        oclc_json="[]",
        language=None,
        media_type=None,
        suppressed=suppressed,
        marc=None,
        position=0,
        created_at=command.now,
        changed_at=command.now,
        deleted_at=None,
    )


def _marc(bib: BibRow) -> bytes:
    """A minimal MARC 21 record of the title."""
    year = bib.year if bib.year and re.fullmatch(r"\d{4}", bib.year) else ""
    language = bib.language if bib.language and re.fullmatch(r"[a-z]{3}", bib.language) else "und"
    kind = _LEADERS.get(MediaType(bib.media_type), "am") if bib.media_type else "am"
    coded = f"{'':6}{'s' if year else 'n'}{year or 'uuuu'}    xx {'':17}{language} d"
    data = [DataField("020", "  ", (("a", number),)) for number in orjson.loads(bib.isbn_json)]
    data += [DataField("022", "  ", (("a", number),)) for number in orjson.loads(bib.issn_json)]
    data += [DataField("035", "  ", (("a", f"(OCoLC){number}"),)) for number in orjson.loads(bib.oclc_json)]
    if bib.author:
        data.append(DataField("100", "1 ", (("a", bib.author),)))
    data.append(DataField("245", "10" if bib.author else "00", (("a", bib.title),)))
    if bib.edition:
        data.append(DataField("250", "  ", (("a", bib.edition),)))
    imprint = [(code, text) for code, text in (("b", bib.publisher), ("c", bib.year)) if text]
    if imprint:
        data.append(DataField("264", " 1", tuple(imprint)))
    control = [("001", bib.id), ("003", _MADE_HERE), ("008", coded)]
    return write_iso2709(Record(f"00000n{kind} a2200000 i 4500", control, data)).data
