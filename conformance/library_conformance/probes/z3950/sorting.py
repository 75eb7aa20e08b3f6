"""Sort: the same records in another order."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.z3950.records import octets_of
from library_conformance.probes.z3950.talk import RECORDS, Association, association, diagnostic, need
from library_conformance.run import Run
from library_protocols.z3950 import SortAttributes, SortElement, SortKeySpec, SortRequest, SortResponse
from library_protocols.z3950.facts import Option
from library_protocols.z3950.rpn import AttributeElement

SORTED = "z3950.sort.offered/title"
MOST = 20
"""Records that are compared."""
_REFUSALS = frozenset((207, 208, 209, 210, 211, 212, 213, 214, 215, 216, 230, 231, 237))


def _sort(talk: Association, use: int = 4, relation: int = 0) -> SortResponse:
    key = SortAttributes(id="1.2.840.10003.3.1", list=(AttributeElement(1, use),))
    spec = SortKeySpec(sort_element=SortElement(generic=key), sort_relation=relation, case_sensitivity=1)
    request = SortRequest(
        input_result_set_names=("default",), sorted_result_set_name="default", sort_sequence=(spec,)
    )  # fmt: skip
    return talk.ask(request, SortResponse)


def _records(talk: Association, count: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < count:
        more = [octets_of(one) for one in talk.present(len(found) + 1, count - len(found)).records or ()]
        if not more:
            break
        found += more
    return found


def _found(run: Run, talk: Association) -> int:
    count = talk.search(run.input("query")).result_count
    if not 2 <= count <= MOST:
        raise NotApplicable(f"the query does not find between 2 and {MOST}")
    return count


@probe(SORTED, verifies=("z3950.sort.offered", "z3950.sort.keeps-records"), needs=(RECORDS,), inputs=("query",))
def title(run: Run) -> Seen:
    """Sorts a set by title and looks whether the same records are in it."""
    with association(run) as talk:
        if (missing := need(talk, Option.SORT, "sort")) is not None:
            return missing
        count = _found(run, talk)
        before = _records(talk, count)
        answer = _sort(talk)
        if answer.sort_status == 2 or (answer.diagnostics and diagnostic(answer)):
            code = diagnostic(answer)
            return absent("refused") if code in _REFUSALS else breaks(f"announced, and refused: diagnostic {code}")
        after = _records(talk, count)
    return meets("the same records") if sorted(before) == sorted(after) else breaks("other records")


@probe("z3950.sort.direction/both-ways", needs=(SORTED,), inputs=("query",))
def directions(run: Run) -> Seen:
    """Sorts up and down: what comes first in one order comes last in the other."""
    with association(run) as talk:
        count = _found(run, talk)
        _sort(talk, relation=0)
        up = _records(talk, count)
        _sort(talk, relation=1)
        down = _records(talk, count)
    titles_up, titles_down = [_title(one) for one in up], [_title(one) for one in down]
    if titles_up == titles_down and len(set(titles_up)) > 1:
        return breaks("the same order both ways")
    return meets("the other way round") if titles_up[0] == titles_down[-1] else breaks("neither order")


def _title(octets: bytes) -> bytes:
    """Field 245 of a record in ISO 2709, from its filing position on; empty where there is none."""
    base = int(octets[12:17])
    for at in range(24, base - 1, 12):
        if octets[at : at + 3] == b"245":
            start = base + int(octets[at + 7 : at + 12])
            return octets[start : start + int(octets[at + 3 : at + 7])]
    return b""


@probe("z3950.sort.unsupported-key/value-9999", needs=(SORTED,), inputs=("query",))
def unsupported(run: Run) -> Seen:
    """Sorts by an attribute nobody offers."""
    with association(run) as talk:
        _found(run, talk)
        answer = _sort(talk, use=9999)
    code = diagnostic(answer)
    if code in _REFUSALS | {114, 1024}:
        return meets("refused with a diagnostic for it")
    return breaks(f"refused: diagnostic {code}" if code else "answered as if it were known")
