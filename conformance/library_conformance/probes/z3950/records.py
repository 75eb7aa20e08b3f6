"""Retrieval: which records come, how many, in which syntax, and whether they can be read."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets, told, unclear
from library_conformance.probes import probe
from library_conformance.probes.z3950.talk import (
    RECORDS,
    SEARCH,
    USMARC,
    Association,
    association,
    diagnostic,
    refused,
)
from library_conformance.run import Run
from library_protocols.z3950 import External, NamePlusRecord, PresentResponse, Range, encode

SYNTAXES = {
    "usmarc": USMARC,
    "unimarc": "1.2.840.10003.5.1",
    "sutrs": "1.2.840.10003.5.101",
    "opac": "1.2.840.10003.5.102",
    "grs-1": "1.2.840.10003.5.105",
    "xml": "1.2.840.10003.5.109.10",
}
NO_SYNTAX = "1.2.840.10003.5.9999"
_SYNTAX = frozenset((227, 238, 239, 1070))
_ELEMENTS = frozenset((24, 25, 26, 1066))


def octets_of(record: NamePlusRecord) -> bytes:
    """A record's own octets; empty where it is a diagnostic or made of elements."""
    found = record.record.retrieval_record
    return (found.octets or b"") if found is not None else b""


def _surrogate(answer: PresentResponse) -> int:
    """The number of the diagnostic that stands in the first record's place, else 0."""
    first = (answer.records or (None,))[0]
    found = first.record.surrogate_diagnostic if first is not None else None
    return 0 if found is None or isinstance(found, External) else found.condition


def _set(run: Run, talk: Association, least: int = 1) -> int:
    """Searches; the count. Raises NotApplicable where there is too little."""
    count = talk.search(run.input("query")).result_count
    if count < least:
        raise NotApplicable(f"the query finds fewer than {least}")
    return count


@probe(RECORDS, needs=(SEARCH,), inputs=("query",))
def first_two(run: Run) -> Seen:
    """Asks for two records and counts them."""
    with association(run) as talk:
        count = _set(run, talk, 2)
        answer = talk.present(1, 2)
    if (seen := refused(answer, "refused", frozenset())) is not None:
        return seen
    if len(answer.records or ()) != answer.number_of_records_returned:
        return breaks("another number of records than is said")
    if answer.number_of_records_returned != 2:
        return breaks("not two records")
    if answer.present_status != 0:
        return breaks("two records, said to be not all")
    following = (3,) if count > 2 else (0, 3)
    if answer.next_result_set_position not in following:
        return meets("two records", "wrong next position")
    return meets("two records")


@probe("z3950.present.distinct/first-two", needs=(RECORDS,), inputs=("query",))
def distinct(run: Run) -> Seen:
    """Compares the first two records."""
    with association(run) as talk:
        _set(run, talk, 2)
        found = [octets_of(one) for one in talk.present(1, 2).records or ()]
    if not all(found):
        return unclear("records without octets")
    return meets("two different records") if found[0] != found[1] else breaks("the same record twice")


@probe("z3950.present.same/alone-and-in-range", needs=(RECORDS,), inputs=("query",))
def same(run: Run) -> Seen:
    """Asks for the second record in a range and alone."""
    with association(run) as talk:
        _set(run, talk, 2)
        in_range = [octets_of(one) for one in talk.present(1, 2).records or ()][-1:]
        alone = [octets_of(one) for one in talk.present(2, 1).records or ()]
    return meets("the same record") if in_range == alone else breaks("another record")


@probe(
    "z3950.search.count.true/last-and-beyond", verifies=("z3950.search.count.true", "z3950.present.out-of-range"),
    needs=(RECORDS,), inputs=("query",),
)  # fmt: skip
def last_and_beyond(run: Run) -> Seen:
    """Asks for the record whose number is the count, and for the one behind it."""
    with association(run) as talk:
        count = _set(run, talk)
        last, beyond = talk.present(count, 1), talk.present(count + 1, 1)
    if not last.records or diagnostic(last) or _surrogate(last):
        return breaks("the last record is not there")
    if beyond.records and not _surrogate(beyond):
        return breaks("there is a record behind the last")
    code = diagnostic(beyond) or _surrogate(beyond)
    return meets("as many as counted") if code == 13 else breaks(f"behind the last: diagnostic {code}")


@probe("z3950.present.unknown-set/made-up", needs=(RECORDS,))
def unknown_set(run: Run) -> Seen:
    """Asks for a record of a set that was never made."""
    with association(run) as talk:
        answer = talk.present(1, 1, result_set_id="conformance-none")
    code = diagnostic(answer)
    if code in (30, 27, 22, 128):
        return meets("refused with a diagnostic for it")
    return breaks(f"refused: diagnostic {code}" if code else "answered as if it existed")


@probe("z3950.present.ranges/two", needs=(RECORDS,), inputs=("query",))
def ranges(run: Run) -> Seen:
    """Asks for the second record and the first in two ranges of one request."""
    with association(run) as talk:
        if talk.version < 3:
            raise NotApplicable("version 3 is not spoken")
        _set(run, talk, 2)
        plain = [octets_of(one) for one in talk.present(1, 2).records or ()]
        more = (Range(starting_position=1, number_of_records=1),)
        answer = talk.present(2, 1, additional_ranges=more)
    if (seen := refused(answer, "refused", frozenset((243, 244)))) is not None:
        return seen
    found = [octets_of(one) for one in answer.records or ()]
    return meets("both ranges") if found == plain[::-1] else absent("the second range is not looked at")


@probe("z3950.present.database-name/first", needs=(RECORDS,), inputs=("query",))
def database_name(run: Run) -> Seen:
    """Looks whether the first record says which database it is from."""
    with association(run) as talk:
        _set(run, talk)
        first = (talk.present(1, 1).records or (None,))[0]
    return meets("named") if first is not None and first.name else breaks("not named")


# Syntaxes


def _syntax(name: str, oid: str) -> None:
    @probe(f"z3950.syntax.{name}/first-record", needs=(RECORDS,), inputs=("query",))
    def look(run: Run) -> Seen:
        with association(run) as talk:
            _set(run, talk)
            answer = talk.present(1, 1, preferred_record_syntax=oid)
        code = diagnostic(answer) or _surrogate(answer)
        if code:
            return absent("not offered") if code in _SYNTAX else breaks(f"refused: diagnostic {code}")
        if not answer.records or (found := answer.records[0].record.retrieval_record) is None:
            return breaks("no record")
        if found.direct_reference != oid:
            return absent("another syntax instead", note=found.direct_reference or "")
        return meets("offered")

    look.__doc__ = f"Asks for a record in {name}."


for _name, _oid in SYNTAXES.items():
    _syntax(_name, _oid)


@probe("z3950.syntax.unknown/made-up", needs=(RECORDS,), inputs=("query",))
def unknown_syntax(run: Run) -> Seen:
    """Asks for a syntax that does not exist."""
    with association(run) as talk:
        _set(run, talk)
        answer = talk.present(1, 1, preferred_record_syntax=NO_SYNTAX)
    code = diagnostic(answer) or _surrogate(answer)
    if code in _SYNTAX:
        return meets("refused with a diagnostic for it")
    return breaks(f"refused: diagnostic {code}" if code else "another syntax instead")


@probe(
    "z3950.record.iso2709/leader-and-directory",
    verifies=("z3950.record.iso2709", "z3950.record.charset"), needs=(RECORDS, "z3950.syntax.usmarc/first-record"),
    inputs=("query",),
)  # fmt: skip
def iso2709(run: Run) -> Seen:
    """Takes up to ten records apart by hand: lengths, directory, ends; and whether octets are what the leader says."""
    with association(run) as talk:
        count = _set(run, talk)
        answer = talk.present(1, min(count, 10))
    for record in answer.records or ():
        if problem := _problem(octets_of(record)):
            return breaks(problem)
    return meets("well-formed records")


def _problem(octets: bytes) -> str:
    """What is wrong with a record in ISO 2709, as we read the standard; empty where nothing is."""
    if len(octets) < 26 or not octets[:5].isdigit() or not octets[12:17].isdigit():
        return "no leader"
    if int(octets[:5]) != len(octets):
        return "the leader has another length"
    base = int(octets[12:17])
    if octets[-1:] != b"\x1d" or octets[base - 1 : base] != b"\x1e" or (base - 25) % 12:
        return "ends in the wrong places"
    for at in range(24, base - 1, 12):
        entry = octets[at : at + 12]
        if not entry[3:].isdigit():
            return "a directory of something else than digits"
        start, size = base + int(entry[7:]), int(entry[3:7])
        if octets[start + size - 1 : start + size] != b"\x1e":
            return "a field does not end where the directory says"
    if octets[9:10] == b"a":
        try:
            octets.decode()
        except UnicodeDecodeError:
            return "said to be UTF-8 and is not"
    elif any(octet > 0x7F for octet in octets) and _is_utf8(octets):
        return "UTF-8, and the leader does not say so"
    return ""


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


# Element sets


@probe("z3950.element-set.full-brief/f-and-b", needs=(RECORDS,), inputs=("query",))
def full_and_brief(run: Run) -> Seen:
    """Asks for a record by F and by B."""
    with association(run) as talk:
        _set(run, talk)
        answers = [talk.present(1, 1, simple=name) for name in ("F", "B")]
    codes = [diagnostic(answer) or _surrogate(answer) for answer in answers]
    if any(codes):
        return breaks(f"refused: diagnostic {max(codes)}")
    full, brief = (len(encode(answer)) for answer in answers)
    return meets("both") if brief <= full else breaks("brief is longer than full")


@probe("z3950.element-set.unknown/made-up", needs=(RECORDS,), inputs=("query",))
def unknown_elements(run: Run) -> Seen:
    """Asks for an element set that does not exist."""
    with association(run) as talk:
        _set(run, talk)
        answer = talk.present(1, 1, simple="conformance-none")
    code = diagnostic(answer) or _surrogate(answer)
    if code in _ELEMENTS:
        return meets("refused with a diagnostic for it")
    return breaks(f"refused: diagnostic {code}" if code else "another element set instead")


@probe("z3950.present.nothing/zero-records", needs=(RECORDS,), inputs=("query",))
def zero(run: Run) -> Seen:
    """Asks for no records at all."""
    with association(run) as talk:
        _set(run, talk)
        answer = talk.present(1, 0)
    code = diagnostic(answer)
    return told(f"refused: diagnostic {code}" if code else f"{answer.number_of_records_returned} records")
