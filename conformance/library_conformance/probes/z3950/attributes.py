"""What a target makes of attributes: the searches of the Bath profile, and those it does not offer."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets, unclear
from library_conformance.probes import probe
from library_conformance.probes.z3950.talk import INIT, SEARCH, UNSUPPORTED, addinfo, association, diagnostic, refused
from library_conformance.run import Run
from library_protocols.z3950 import RpnQuery
from library_protocols.z3950.rpn import AttributeElement, AttributesPlusTerm, GeneralTerm

BIB_1 = "1.2.840.10003.3.1"
NO_SET = "1.2.840.10003.3.999"
_KEYWORD = "@attr 2=3 @attr 3=3 @attr 4=2 @attr 5=100 @attr 6=1"
_WORD = "wales"

BATH = {
    "author-keyword": f"@attr 1=1003 {_KEYWORD}",
    "title-keyword": f"@attr 1=4 {_KEYWORD}",
    "subject-keyword": f"@attr 1=21 {_KEYWORD}",
    "any-keyword": f"@attr 1=1016 {_KEYWORD}",
    "title-truncated": "@attr 1=4 @attr 2=3 @attr 3=3 @attr 4=2 @attr 5=1 @attr 6=1",
    "title-exact": "@attr 1=4 @attr 2=3 @attr 3=1 @attr 4=1 @attr 5=100 @attr 6=3",
    "title-first-words": "@attr 1=4 @attr 2=3 @attr 3=1 @attr 4=1 @attr 5=100 @attr 6=1",
    "title-first-characters": "@attr 1=4 @attr 2=3 @attr 3=1 @attr 4=1 @attr 5=1 @attr 6=1",
    "author-exact": "@attr 1=1003 @attr 2=3 @attr 3=1 @attr 4=1 @attr 5=100 @attr 6=3",
    "standard-identifier": "@attr 1=1007 @attr 2=3 @attr 3=1 @attr 4=1 @attr 5=100 @attr 6=1",
    "date": "@attr 1=31 @attr 2=3 @attr 3=1 @attr 4=4 @attr 5=100 @attr 6=1",
}
"""The searches of Functional Area A by the names of our requirements, all six attributes each."""
_TERMS = {"standard-identifier": "9780708312360", "date": "1993"}

UNHEARD = {
    "use": (1, 9999, frozenset((113, 114, 116, 123, 1024))),
    "relation": (2, 99, frozenset((117, 113, 123, 1024))),
    "structure": (4, 999, frozenset((118, 113, 123, 1024))),
    "position": (3, 99, frozenset((119, 113, 123, 1024))),
    "truncation": (5, 999, frozenset((120, 113, 123, 1024))),
    "completeness": (6, 99, frozenset((122, 113, 123, 1024))),
}
"""Of each type a value that Bib-1 has not, and the diagnostics that fit."""


def _bath(name: str, attributes: str) -> None:
    @probe(f"z3950.bath.{name}/all-six-attributes", needs=(INIT,))
    def look(run: Run) -> Seen:
        term = _TERMS.get(name) or run.input("term", _WORD)
        with association(run) as talk:
            answer = talk.search(f'{attributes} "{term}"')
        return refused(answer, "refused") or meets("answered with hits" if answer.result_count else "answered")

    look.__doc__ = f"Searches as the profile has it: {name.replace('-', ' ')}."


def _unheard(name: str, kind: int, value: int, fitting: frozenset[int]) -> None:
    @probe(f"z3950.attribute.unsupported.{name}/value-{value}", needs=(SEARCH,))
    def look(run: Run) -> Seen:
        base = "" if kind == 1 else "@attr 1=4 "
        with association(run) as talk:
            answer = talk.search(f"{base}@attr {kind}={value} {run.input('term', _WORD)}")
        code = diagnostic(answer)
        if code in fitting:
            return meets("refused with the diagnostic for it")
        if code:
            return unclear("refused with another diagnostic", note=str(code))
        return breaks("answered as if it were known" if answer.search_status else "refused without a diagnostic")

    look.__doc__ = f"Searches with a {name} attribute of value {value}, which nobody offers."


for _name, _attributes in BATH.items():
    _bath(_name, _attributes)
for _name, (_kind, _value, _fitting) in UNHEARD.items():
    _unheard(_name, _kind, _value, _fitting)


@probe("z3950.attribute.addinfo/use-9999", needs=(SEARCH,))
def culprit(run: Run) -> Seen:
    """Searches by a Use attribute nobody offers and looks whether the diagnostic names it."""
    with association(run) as talk:
        answer = talk.search("@attr 1=9999 x")
    if not diagnostic(answer):
        raise NotApplicable("nothing is refused")
    return meets("names the attribute") if "9999" in addinfo(answer) else breaks("does not name the attribute")


@probe("z3950.attribute.unsupported.set/nobodys", needs=(SEARCH,))
def other_set(run: Run) -> Seen:
    """Searches with an attribute set that does not exist."""
    term = GeneralTerm(run.input("term", _WORD).encode())
    query = RpnQuery(NO_SET, AttributesPlusTerm((AttributeElement(1, 4),), term))
    with association(run) as talk:
        answer = talk.search(query)
    code = diagnostic(answer)
    if code == 121:
        return meets("refused with the diagnostic for it")
    if code:
        return unclear("refused with another diagnostic", note=str(code))
    return breaks("answered as if it were known")


@probe("z3950.attribute.explicit-set/each-attribute", needs=(SEARCH,))
def explicit_set(run: Run) -> Seen:
    """Names the attribute set again with each attribute, as some clients do, and compares the hits."""
    term = GeneralTerm(run.input("term", _WORD).encode())
    with association(run) as talk:
        counts: list[int] = []
        for repeated in (None, BIB_1):
            attributes = (AttributeElement(1, 4, repeated), AttributeElement(4, 2, repeated))
            answer = talk.search(RpnQuery(BIB_1, AttributesPlusTerm(attributes, term)))
            code = diagnostic(answer)
            if code:
                if not repeated or code not in UNSUPPORTED | {247}:
                    return breaks(f"refused: diagnostic {code}")
                return absent(f"refused: diagnostic {code}")
            counts.append(answer.result_count)
    return meets("the same hits") if counts[0] == counts[1] else breaks("other hits")
