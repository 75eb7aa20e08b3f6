"""Scan: terms in order, with counts that a search confirms."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.z3950.talk import INIT, association, diagnostic, need
from library_conformance.run import Run
from library_protocols.z3950 import ScanResponse, TermInfo
from library_protocols.z3950.facts import Option
from library_protocols.z3950.rpn import GeneralTerm

TERMS = "z3950.scan.offered/title"
NUMBER = 5
_POINT = "@attr 1=4 {0}"


def terms_of(answer: ScanResponse) -> list[TermInfo]:
    entries = answer.entries.entries if answer.entries is not None else None
    return [one for one in entries or () if isinstance(one, TermInfo)]


def _text(info: TermInfo) -> str:
    return info.term.octets.decode("utf-8", "replace") if isinstance(info.term, GeneralTerm) else str(info.term)


@probe(TERMS, verifies=("z3950.scan.offered", "z3950.scan.number"), needs=(INIT,))
def title(run: Run) -> Seen:
    """Asks for five terms of titles from the input's term on."""
    with association(run) as talk:
        if (missing := need(talk, Option.SCAN, "scan")) is not None:
            return missing
        answer = talk.scan(_POINT.format(run.input("term", "a")), NUMBER)
    if code := diagnostic(answer):
        return breaks(f"announced, and refused: diagnostic {code}")
    found = terms_of(answer)
    if not found:
        return breaks("no terms")
    if len(found) > NUMBER:
        return breaks("more terms than asked for")
    if answer.number_of_entries_returned != len(found):
        return breaks("another number of terms than is said")
    if len(found) < NUMBER and answer.scan_status == 0:
        return breaks("fewer terms, and said to be all")
    return meets("terms")


@probe("z3950.scan.order/folded", needs=(TERMS,))
def order(run: Run) -> Seen:
    """Looks whether terms come in order and none twice, marks and case aside."""
    with association(run) as talk:
        found = [_text(one).casefold() for one in terms_of(talk.scan(_POINT.format(run.input("term", "a")), 20))]
    if len(set(found)) < len(found):
        return breaks("a term twice")
    plain = [one for one in found if one.isascii()]
    return meets("in order") if plain == sorted(plain, key=_key) else breaks("out of order")


def _key(term: str) -> str:
    return "".join(letter if letter.isalnum() else " " for letter in term)


@probe("z3950.scan.position/preferred-three", needs=(TERMS,))
def position(run: Run) -> Seen:
    """Wants the start in the third place, and the same start in the first: the term there must be the same."""
    point = _POINT.format(run.input("term", "m"))
    with association(run) as talk:
        first = talk.scan(point, NUMBER, preferred_position_in_response=1)
        third = talk.scan(point, NUMBER, preferred_position_in_response=3)
    if diagnostic(third):
        return absent("only one position is offered")
    terms, at = terms_of(third), third.position_of_term
    if at is None or not 1 <= at <= len(terms) + 1:
        return breaks("no position is said")
    if at != 3:
        return absent("another position instead")
    return meets("where it was asked for") if _text(terms[2]) == _text(terms_of(first)[0]) else breaks("another term")


@probe("z3950.scan.counts/search-again", needs=(TERMS, "z3950.search.count/plain-query"), inputs=("term",))
def counts(run: Run) -> Seen:
    """Searches for the first term by the attributes of the scan, and compares the counts."""
    with association(run) as talk:
        first = terms_of(talk.scan(f"@attr 1=4 @attr 4=2 {run.input('term')}", 1))
        if not first or first[0].global_occurrences is None:
            raise NotApplicable("no count is said")
        answer = talk.search(f'@attr 1=4 @attr 4=2 "{_text(first[0])}"')
    return meets("the same") if answer.result_count == first[0].global_occurrences else breaks("another count")


@probe("z3950.scan.unsupported-use/value-9999", needs=(TERMS,))
def unsupported(run: Run) -> Seen:
    """Scans by a Use attribute nobody offers."""
    with association(run) as talk:
        answer = talk.scan("@attr 1=9999 a", NUMBER)
    code = diagnostic(answer)
    if code in (113, 114, 116, 123, 228, 1024):
        return meets("refused with a diagnostic for it")
    return breaks(f"refused: diagnostic {code}" if code else "answered as if it were known")


@probe("z3950.scan.database/made-up", needs=(TERMS,))
def no_database(run: Run) -> Seen:
    """Scans a database that does not exist."""
    with association(run) as talk:
        code = diagnostic(talk.scan("@attr 1=4 a", NUMBER, database_names=("conformance-nowhere",)))
    if code in (109, 235, 236):
        return meets("refused with a diagnostic for it")
    return breaks(f"refused: diagnostic {code}" if code else "answered as if it existed")


@probe("z3950.scan.step-size/two", needs=(TERMS,))
def step(run: Run) -> Seen:
    """Asks for every third term only."""
    with association(run) as talk:
        answer = talk.scan(_POINT.format(run.input("term", "a")), NUMBER, step_size=2)
    code = diagnostic(answer)
    if code:
        return told(f"refused: diagnostic {code}")
    return told("another step" if answer.step_size not in (None, 2) else "answered")
