"""SearchResult-1: what each term of a query finds alone, for clients that ask for it and those that only show it."""

from __future__ import annotations

from gateway.adapters.z3950.mapping import MOST_COUNTED
from library_protocols.asn1 import External
from library_protocols.z3950 import SearchResponse, parse_pqf
from library_protocols.z3950.common import OtherInformationItem
from library_protocols.z3950.facts.oids import SEARCH_RESULT_1
from library_protocols.z3950.records import QueryTerm, read_search_result_1
from library_protocols.z3950.rpn import GeneralTerm
from tests.gateway.adapters.z3950.asking import WALES, search
from tests.gateway.adapters.z3950.conftest import Listening


def _counts(response: SearchResponse) -> list[tuple[bytes, int | None]]:
    """Each term with what it found alone."""
    told = read_search_result_1(response.additional_search_info)
    assert not any(one.full_query for one in told)
    terms = [one.subquery_expression for one in told]
    assert all(isinstance(one, QueryTerm) and isinstance(one.query_term, GeneralTerm) for one in terms)
    return [(term.query_term.octets, one.subquery_count) for term, one in zip(terms, told, strict=True)]  # type: ignore[union-attr]


async def test_what_each_term_finds_is_told_to_who_wants_it(listening: Listening) -> None:
    query = parse_pqf("@or @and @attr 1=4 wales @attr 1=4 sea @attr 1=4 nowhere")
    plain = await listening.connect()
    assert (await plain.search(("aber",), query)).additional_search_info is None
    asks = (
        OtherInformationItem(oid=SEARCH_RESULT_1),
        OtherInformationItem(externally_defined_info=External(direct_reference=SEARCH_RESULT_1, octets=b"")),
    )
    for item in asks:
        response = await plain.send(search(query, additional_search_info=(item,)))
        assert isinstance(response, SearchResponse)
        assert response.result_count == 1
        assert _counts(response) == [(b"wales", 2), (b"sea", 2), (b"nowhere", 0)]
    always = await listening.connect(implementation="Counting 1")
    assert _counts(await always.search(("aber",), WALES)) == [(b"wales", 2)]
    named = parse_pqf("@and @set default @attr 1=4 sea")
    assert _counts(await always.search(("aber",), named)) == [(b"sea", 2)]
    too_many = parse_pqf("@or " * 30 + "@attr 1=4 sea " * 31)
    assert len(_counts(await always.search(("aber",), too_many))) == MOST_COUNTED
