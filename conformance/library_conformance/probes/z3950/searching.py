"""Searches: counts, operators, databases, kinds of queries, records that come with the answer."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets, told, unclear
from library_conformance.probes import probe
from library_conformance.probes.z3950.talk import (
    INIT,
    SEARCH,
    USMARC,
    Association,
    association,
    diagnostic,
    refused,
)
from library_conformance.run import Run
from library_protocols.z3950 import External, Query
from library_protocols.z3950.facts import Option

CQL = "1.2.840.10003.16.2"
_NONSENSE = "qzxqjvkwqz"
_DATABASE = frozenset((109, 235, 236, 108, 17, 1017))
_PROXIMITY = frozenset((3, 110, 129, 130, 131, 132, 201, 202, 203))


@probe(SEARCH, needs=(INIT,), inputs=("query",))
def plain_query(run: Run) -> Seen:
    """Searches as the inputs say."""
    with association(run) as talk:
        answer = talk.search(run.input("query"))
    if (seen := refused(answer, "refused", frozenset())) is not None:
        return seen
    if answer.number_of_records_returned:
        return breaks("sends records nobody asked for")
    return meets("counts what it finds") if answer.result_count > 0 else unclear("the query finds nothing")


@probe("z3950.search.count.stable/twice", needs=(SEARCH,), inputs=("query",))
def twice(run: Run) -> Seen:
    """Searches twice, on two associations, and compares the counts."""
    counts: list[int] = []
    for _ in range(2):
        with association(run) as talk:
            counts.append(talk.search(run.input("query")).result_count)
    return meets("the same count") if counts[0] == counts[1] else breaks("another count")


@probe("z3950.search.none/nonsense", needs=(SEARCH,))
def nothing(run: Run) -> Seen:
    """Searches for a word that is in no language."""
    with association(run) as talk:
        answer = talk.search(f"@attr 1=4 {_NONSENSE}")
    if (seen := refused(answer, "refused", frozenset())) is not None:
        return seen
    return meets("finds nothing, successfully") if answer.result_count == 0 else breaks("finds something")


@probe("z3950.search.next-position/nothing-returned", needs=(SEARCH,), inputs=("query",))
def next_position(run: Run) -> Seen:
    """Looks at where the target says that the next record is, when it has sent none."""
    with association(run) as talk:
        position = talk.search(run.input("query")).next_result_set_position
    return meets("the first") if position == 1 else breaks("another than the first")


def _counts(run: Run, *queries: str) -> list[int] | Seen:
    with association(run) as talk:
        found: list[int] = []
        for query in queries:
            answer = talk.search(query)
            if (seen := refused(answer, "refused", frozenset((110, 3)))) is not None:
                return seen
            found.append(answer.result_count)
    return found


def _operator(name: str, says: str, *patterns: tuple[str, bool]) -> None:
    """`patterns`: joins of the query and of nonsense, and whether they find what the query finds, or nothing."""

    @probe(f"z3950.search.operator.{name}/known-before", needs=(SEARCH,), inputs=("query",))
    def look(run: Run) -> Seen:
        query, nonsense = run.input("query"), f"@attr 1=4 {_NONSENSE}"
        found = _counts(run, query, *(pattern.format(query, nonsense) for pattern, _ in patterns))
        if isinstance(found, Seen):
            return found
        expected = [found[0] if same else 0 for _, same in patterns]
        return meets("the right counts") if found[1:] == expected else breaks("a wrong count")

    look.__doc__ = says


_operator("and", "Joins a query with itself and with nonsense by and.", ("@and {0} {0}", True), ("@and {0} {1}", False))
_operator("or", "Joins a query with itself and with nonsense by or.", ("@or {0} {0}", True), ("@or {1} {0}", True))
_operator("and-not", "Takes itself and nonsense from a query.", ("@not {0} {0}", False), ("@not {0} {1}", True))
_operator("nested", "Puts an or into an and with nonsense.", ("@and {1} @or {0} {0}", False))


@probe("z3950.search.operator.narrows/two-words", needs=(SEARCH,), inputs=("query", "term"))
def narrows(run: Run) -> Seen:
    """Compares the counts of two queries with those of their joins: |A| + |B| = |A or B| + |A and B|."""
    one, two = run.input("query"), f"@attr 1=4 {run.input('term')}"
    found = _counts(run, one, two, f"@and {one} {two}", f"@or {one} {two}")
    if isinstance(found, Seen):
        return found
    return meets("counts agree") if found[0] + found[1] == found[2] + found[3] else breaks("counts do not agree")


@probe("z3950.search.truncation/right", needs=(SEARCH,), inputs=("term",))
def truncation(run: Run) -> Seen:
    """Compares the count of a word with that of its beginning, truncated on the right."""
    term = run.input("term")
    with association(run) as talk:
        whole = talk.search(f"@attr 1=4 @attr 5=100 {term}")
        cut = talk.search(f"@attr 1=4 @attr 5=1 {term[:-1]}")
    seen = refused(whole, "refused") or refused(cut, "refused")
    if seen is not None:
        return seen
    return meets("finds at least as much") if cut.result_count >= whole.result_count else breaks("finds less")


@probe("z3950.search.result-set-operand/default", needs=(SEARCH,), inputs=("query",))
def operand(run: Run) -> Seen:
    """Uses the set just found in the next query."""
    with association(run) as talk:
        first = talk.search(run.input("query"), result_set_name=_name(talk))
        second = talk.search(f"@and @set {_name(talk)} {run.input('query')}")
    if (seen := refused(second, "refused", frozenset((18, 3, 30, 22)))) is not None:
        return seen
    return meets("the right count") if second.result_count == first.result_count else breaks("a wrong count")


def _name(talk: Association) -> str:
    return "conformance" if Option.NAMED_RESULT_SETS in talk.options else "default"


@probe("z3950.search.proximity/two-words", needs=(SEARCH,), inputs=("term",))
def proximity(run: Run) -> Seen:
    """Asks for a word within two words of itself or another."""
    with association(run) as talk:
        answer = talk.search(f"@attr 1=4 @prox 0 2 0 2 k 2 {run.input('term')} {run.input('term')}")
    return refused(answer, "refused", _PROXIMITY) or meets("answered")


@probe("z3950.search.type.unsupported/type-0", needs=(SEARCH,))
def private_query(run: Run) -> Seen:
    """Sends a query of the private kind, of which nobody can know what it means."""
    with association(run) as talk:
        answer = talk.search(Query(0, b"\x04\x01?"))
    code = diagnostic(answer)
    if code in (107, 3, 108):
        return meets("refused with a diagnostic for it")
    if code:
        return unclear("refused with another diagnostic", note=str(code))
    return breaks("answered as if it were known")


@probe("z3950.search.type.cql/title", needs=(SEARCH,), inputs=("term",))
def cql(run: Run) -> Seen:
    """Sends a query in CQL as type 104."""
    options = frozenset((Option.SEARCH, Option.PRESENT, Option.QUERY_TYPE_104))
    external = External(direct_reference=CQL, octets=f"dc.title={run.input('term')}".encode())
    with association(run, options=options) as talk:
        answer = talk.search(Query(104, external))
    return refused(answer, "refused", frozenset((107, 108, 3, 100))) or meets("answered")


@probe("z3950.search.term.utf-8/welsh", needs=(SEARCH,))
def welsh(run: Run) -> Seen:
    """Searches for a word with ŵ in UTF-8."""
    with association(run) as talk:
        answer = talk.search("@attr 1=4 dŵr")
    return refused(answer, "refused", frozenset()) or meets("answered")


@probe("z3950.search.term.empty/title", needs=(SEARCH,))
def empty(run: Run) -> Seen:
    """Searches for nothing at all in titles."""
    with association(run) as talk:
        answer = talk.search('@attr 1=4 ""')
    code = diagnostic(answer)
    if code:
        return told(f"refused: diagnostic {code}")
    return told("finds something" if answer.result_count else "finds nothing")


# Databases


@probe("z3950.database.unknown/made-up", needs=(SEARCH,))
def no_database(run: Run) -> Seen:
    """Searches a database that does not exist."""
    with association(run) as talk:
        answer = talk.search("@attr 1=4 x", database_names=("conformance-nowhere",))
    code = diagnostic(answer)
    if code in _DATABASE:
        return meets("refused with a diagnostic for it")
    return breaks(f"refused: diagnostic {code}" if code else "answered as if it existed")


@probe("z3950.database.combination/with-one-that-is-not", needs=(SEARCH,))
def combination(run: Run) -> Seen:
    """Searches the database together with one that does not exist."""
    with association(run) as talk:
        answer = talk.search("@attr 1=4 x", database_names=(run.input("database"), "conformance-nowhere"))
    code = diagnostic(answer)
    if code in _DATABASE | {23, 111}:
        return meets("refused with a diagnostic for it")
    return breaks(f"refused: diagnostic {code}" if code else "answered as if both existed")


@probe("z3950.database.case/swapped", needs=(SEARCH,), inputs=("query",))
def case(run: Run) -> Seen:
    """Writes the database's name in letters of the other case."""
    name = run.input("database").swapcase()
    if name == run.input("database"):
        raise NotApplicable("the name has no letters")
    with association(run) as talk:
        answer = talk.search(run.input("query"), database_names=(name,))
    return breaks("not found") if diagnostic(answer) else meets("found")


# Records with the answer


@probe("z3950.search.piggyback.small/first-record", needs=(SEARCH,), inputs=("query",))
def small_set(run: Run) -> Seen:
    """Says that sets of any size are small, and wants records with the answer."""
    with association(run) as talk:
        answer = talk.search(
            run.input("query"), small_set_upper_bound=1_000_000, large_set_lower_bound=1_000_001,
            preferred_record_syntax=USMARC, small_set_element_set_names="F",
        )  # fmt: skip
    if diagnostic(answer) in (1005, 1006):
        return absent("records do not come with the answer")
    if (seen := refused(answer, "refused", frozenset())) is not None:
        return seen
    number = len(answer.records or ())
    if number != answer.number_of_records_returned:
        return breaks("another number of records than is said")
    if not number:
        return breaks("no records")
    partial = number < answer.result_count
    if partial and answer.present_status in (0, None):
        return breaks("fewer records, and said to be all")
    return meets("records come with the answer")


@probe("z3950.search.piggyback.medium/one-record", needs=(SEARCH,), inputs=("query",))
def medium_set(run: Run) -> Seen:
    """Says that sets of any size are medium, and wants one record with the answer."""
    with association(run) as talk:
        answer = talk.search(
            run.input("query"), small_set_upper_bound=0, large_set_lower_bound=1_000_001, medium_set_present_number=1,
            preferred_record_syntax=USMARC, medium_set_element_set_names="F",
        )  # fmt: skip
    if diagnostic(answer) in (1005, 1006):
        return absent("records do not come with the answer")
    number = len(answer.records or ())
    return meets("one record") if number == 1 else breaks("another number of records")
