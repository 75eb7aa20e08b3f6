"""Which records are the same edition: the rules one by one, and what they do to shared bibs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.matching import MAX_NUMBERS, Facts, Kind, Rules, Verdict, join, judge
from gateway.catalogue.records import Format
from library_protocols.marc import DataField, Record
from tests.gateway.catalogue.making import ISBNS, record

RULES = Rules(["(WHELF)"])
A, B = ISBNS[:2]


def facts(title: str = "A history of Wales", **said: Any) -> Facts:
    return RULES.facts(record("1", title, **said), Format.MARC21)


CASES: list[tuple[str, dict[str, Any], dict[str, Any], Verdict, str]] = [
    ("nothing in common", {}, {}, Verdict.NOTHING, ""),
    ("same title only", {"isbn": [A]}, {"isbn": [B]}, Verdict.NOTHING, ""),
    ("ISBN and title", {"isbn": [A]}, {"isbn": [B, A]}, Verdict.SAME, ""),
    ("ISBN of ten digits", {"isbn": ["0-306-40615-2 (cased)"]}, {"isbn": ["978 0 306 40615 7"]}, Verdict.SAME, ""),
    ("ISBN, wrong check digit", {"isbn": ["9780306406158"]}, {"isbn": ["9780306406158"]}, Verdict.NOTHING, ""),
    ("ISBN, a year apart", {"isbn": [A], "year": "2001"}, {"isbn": [A], "year": "2002"}, Verdict.SAME, ""),
    ("ISBN, years apart", {"isbn": [A], "year": "2001"}, {"isbn": [A], "year": "2009"}, Verdict.DOUBT, "year"),
    ("ISBN, one year unknown", {"isbn": [A], "year": "    "}, {"isbn": [A]}, Verdict.SAME, ""),
    ("ISBN, another title", {"isbn": [A]}, {"isbn": [A], "title": "Chemistry"}, Verdict.DOUBT, "title"),
    ("ISBN, no title", {"isbn": [A]}, {"isbn": [A], "title": ""}, Verdict.DOUBT, "title"),
    ("ISBN, case, marks and dots", {"isbn": [A], "title": "Tŷ  Gwyn /"}, {"isbn": [A], "title": "TY GWYN"},
     Verdict.SAME, ""),
    ("ISBN, remainder of title on one side", {"isbn": [A], "rest": "from the beginnings"}, {"isbn": [A]},
     Verdict.SAME, ""),
    ("ISBN, two remainders", {"isbn": [A], "rest": "from the beginnings"}, {"isbn": [A], "rest": "to 1900"},
     Verdict.DOUBT, "title"),
    ("ISBN, two parts", {"isbn": [A], "part": "1"}, {"isbn": [A], "part": "2"}, Verdict.DOUBT, "title"),
    ("ISBN, one online", {"isbn": [A]}, {"isbn": [A], "form": "o"}, Verdict.NOTHING, ""),
    ("ISBN, OCLC numbers differ", {"isbn": [A], "oclc": "1"}, {"isbn": [A], "oclc": "2"}, Verdict.DOUBT,
     "OCLC numbers differ"),
    ("ISBN, LCCNs differ", {"isbn": [A], "lccn": "2001000001"}, {"isbn": [A], "lccn": "2001000002"}, Verdict.DOUBT,
     "LCCN numbers differ"),
    ("OCLC", {"oclc": "ocm00012345"}, {"oclc": "12345"}, Verdict.SAME, ""),
    ("OCLC, another year", {"oclc": "1", "year": "1999"}, {"oclc": "1", "year": "2010"}, Verdict.SAME, ""),
    ("OCLC, another title", {"oclc": "1"}, {"oclc": "1", "title": "Chemistry"}, Verdict.DOUBT, "title"),
    ("OCLC, another kind of thing", {"oclc": "1"}, {"oclc": "1", "form": "o"}, Verdict.DOUBT, "format"),
    ("OCLC, LCCNs differ", {"oclc": "1", "lccn": "2001000001"}, {"oclc": "1", "lccn": "2001000002"}, Verdict.DOUBT,
     "LCCN numbers differ"),
    ("LCCN as it is written", {"lccn": "   85-2 "}, {"lccn": "85000002"}, Verdict.SAME, ""),
    ("ISSN", {"issn": "0028-0836", "year": "1869"}, {"issn": "00280836", "year": "1999"}, Verdict.SAME, ""),
    ("ISSN, wrong check digit", {"issn": "0028-0837"}, {"issn": "0028-0837"}, Verdict.NOTHING, ""),
    ("union catalogue", {"union": "(WHELF)7"}, {"union": "(WHELF)7", "title": "Chemistry"}, Verdict.SAME, ""),
    ("union catalogue, apart", {"union": "(WHELF)7", "isbn": [A]}, {"union": "(WHELF)8", "isbn": [A]}, Verdict.DOUBT,
     "the union catalogue tells them apart"),
    ("somebody else's number", {"union": "(Other)7"}, {"union": "(Other)7"}, Verdict.NOTHING, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b", "verdict", "against"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_rules(a: dict[str, Any], b: dict[str, Any], verdict: Verdict, against: str) -> None:
    for one, other in ((a, b), (b, a)):
        found = judge(facts(**one), facts(**other))
        assert (found.verdict, found.against) == (verdict, against)


def test_the_union_catalogue_by_001_and_003() -> None:
    def made(control: str, agency: str, title: str) -> Facts:
        plain = record(control, title)
        return RULES.facts(plain.replace(control=[*plain.control, ("003", agency)]), Format.MARC21)

    assert judge(made("7", "WHELF", "A"), made("7", "whelf ", "B")).verdict is Verdict.SAME
    assert judge(made("7", "Other", "A"), made("7", "Other", "A")).verdict is Verdict.NOTHING


def test_unimarc_and_marc21_meet() -> None:
    made = Record(
        "00000nam0 2200000   450 ",
        [("001", "1")],
        [
            DataField("010", "  ", (("a", "0-306-40615-2"),)),
            DataField("100", "  ", (("a", "20010101d2001    m  y0engy50      ba"),)),
            DataField("200", "1 ", (("a", "A history of Wales"), ("f", "by J. Davies"))),
        ],
    )
    found = Rules().facts(made, Format.UNIMARC)
    assert found.year == 2001
    assert judge(found, facts(isbn=[A])).verdict is Verdict.SAME


def test_leading_articles_do_not_count() -> None:
    with_article = record("1", "The history of Wales", isbn=[A])
    marked = with_article.replace(
        data=[field._replace(indicators="04") if field.tag == "245" else field for field in with_article.data]
    )
    assert judge(RULES.facts(marked, Format.MARC21), facts("History of Wales", isbn=[A])).verdict is Verdict.SAME


def test_doubt_about_one_of_a_group_is_doubt_about_the_group() -> None:
    old, late = facts(isbn=[A], year="2000"), facts(isbn=[A], year="2005")
    middle = facts(isbn=[A], year="2001")
    assert join(middle, [old]).verdict is Verdict.SAME
    assert join(middle, [old, late]).verdict is Verdict.DOUBT
    union = facts(isbn=[A], year="2009", union="(WHELF)1")
    assert join(union, [old, facts(union="(WHELF)1")]).kind is Kind.UNION


def test_a_set_of_many_volumes_is_compared_by_few_numbers() -> None:
    many = [f"97803064{n:05d}" for n in range(2000)]
    assert 0 < len(facts(isbn=many).numbers) <= MAX_NUMBERS


numbers = st.lists(st.tuples(st.sampled_from([int(kind) for kind in Kind]), st.integers(1, 3)), max_size=4, unique=True)
any_facts = st.builds(
    lambda title, main, year, material, numbers: Facts(
        title, main, year, material, tuple((kind, kind * 10 + key) for kind, key in numbers)
    ),
    st.integers(0, 2), st.integers(0, 2), st.sampled_from((0, 2000, 2001, 2002)), st.integers(0, 1), numbers,
)  # fmt: skip


@given(any_facts, any_facts)
def test_judging_has_no_direction(a: Facts, b: Facts) -> None:
    assert judge(a, b) == judge(b, a)
    if a.numbers and a.main and a.title:
        assert judge(a, a).verdict is Verdict.SAME
    if {key for _, key in a.numbers}.isdisjoint(key for _, key in b.numbers):
        assert judge(a, b).verdict is Verdict.NOTHING


@given(any_facts)
def test_facts_are_kept_as_they_are(a: Facts) -> None:
    assert Facts.unpack(a.pack()) == a


texts = st.text(max_size=30)


@given(
    st.lists(st.tuples(st.sampled_from(["010", "011", "020", "022", "035", "200", "245", "264"]), texts), max_size=6)
)
def test_any_text_gives_facts(said: list[tuple[str, str]]) -> None:
    made = Record("0" * 24, [("001", "1")], [DataField(tag, "09", (("a", text),)) for tag, text in said])
    for marc in Format:
        found = RULES.facts(made, marc)
        assert Facts.unpack(found.pack()) == found
