from __future__ import annotations

import pytest

from gateway.catalogue.query import QueryProblem
from gateway.catalogue.query_sets import query_set
from gateway.catalogue.records import Format
from library_protocols.cql import CqlError
from tests.gateway.catalogue.index.building import record

WALES = record("001 1\n008 990101s1998    xxk|||||||||||||||||eng||\n245 10 $aWales :$ba history")
ART = record("001 2\n008 990101s2001    xxk|||||||||||||||||wel||\n245 10 $aArt")


def test_a_set_holds_what_its_query_finds() -> None:
    found = query_set("aber", "welsh", "Welsh", "title = wales or language = wel")
    assert [found.matches(one, Format.MARC21) for one in (WALES, ART, WALES)] == [True, True, True]
    old = query_set("aber", "old", "Old", "date < 2000")
    assert [old.matches(one, Format.MARC21) for one in (WALES, ART)] == [True, False]


@pytest.mark.parametrize(
    "text",
    ["title =", "nothing = x", "title > a", "date = soon", "cql.resultSetId = x", "bath.possessingInstitution = aber"],
)
def test_a_query_that_cannot_be_answered_is_refused_at_once(text: str) -> None:
    with pytest.raises((CqlError, QueryProblem)):
        query_set("aber", "x", "X", text)
