"""Requests read: what is well formed, and which errors the rest is answered with."""

from __future__ import annotations

import pytest

from library_protocols.oai_pmh import BadRequest, Granularity, Request, Verb, read_arguments, read_query
from library_protocols.oai_pmh.facts import VERBS, Use
from library_protocols.oai_pmh.request import MAX_OCTETS

GOOD = [
    (b"verb=Identify", Request(Verb.IDENTIFY)),
    (b"verb=ListMetadataFormats", Request(Verb.LIST_METADATA_FORMATS)),
    # a percent-encoded colon, as many clients write it
    (b"verb=GetRecord&identifier=oai%3Aa.b%3A1&metadataPrefix=oai_dc",
     Request(Verb.GET_RECORD, identifier="oai:a.b:1", metadata_prefix="oai_dc")),
    (b"verb=ListSets&resumptionToken=a%20b%2Bc%26", Request(Verb.LIST_SETS, resumption_token="a b+c&")),
    (b"resumptionToken=x&verb=ListRecords", Request(Verb.LIST_RECORDS, resumption_token="x")),
]  # fmt: skip

BAD = [
    (b"", ["badVerb"]),
    (b"junk", ["badVerb"]),
    (b"verb=junk", ["badVerb"]),
    (b"verb=identify", ["badVerb"]),
    (b"verb=", ["badVerb"]),
    (b"verb=Identify&verb=Identify", ["badVerb"]),
    (b"verb=Identify&identifier=oai:a.b:1", ["badArgument"]),
    (b"verb=Identify&test=test", ["badArgument"]),
    (b"verb=GetRecord&metadataPrefix=oai_dc", ["badArgument"]),
    (b"verb=GetRecord&identifier=oai:a.b:1", ["badArgument"]),
    (b"verb=GetRecord", ["badArgument", "badArgument"]),
    (b"verb=GetRecord&metadataPrefix=oai_dc&identifier=invalid%22id", ["badArgument"]),
    (b"verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:a.b:%00", ["badArgument"]),
    (b"verb=GetRecord&metadataPrefix=oai%22dc&identifier=oai:a.b:1", ["badArgument"]),
    (b"verb=ListRecords", ["badArgument"]),
    (b"verb=ListRecords&metadataPrefix=", ["badArgument"]),
    (b"verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", ["badArgument"]),
    (b"verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x", ["badArgument"]),
    (b"verb=ListRecords&resumptionToken=junk&until=2000-02-05", ["badArgument"]),
    (b"verb=ListRecords&resumptionToken=", ["badArgument"]),
    (b"verb=ListRecords&resumptionToken=a%01", ["badArgument"]),
    (b"verb=ListIdentifiers&metadataPrefix=oai_dc&from=junk", ["badArgument"]),
    (b"verb=ListRecords&metadataPrefix=oai_dc&from=junk&until=2001-02-30&set=a::b", ["badArgument"] * 3),
    (b"verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-05&until=2002-02-06T05:35:00Z", ["badArgument"]),
    (b"verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-06&until=2002-02-05", ["badArgument"]),
    (b"verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-06T00:00:00.5Z", ["badArgument"]),
    (b"verb=ListRecords&metadataPrefix=oai_dc&set=%C5%B5", ["badArgument"]),
    (b"verb=ListRecords&metadataPrefix=%ff", ["badArgument"]),
    (b"verb=Identify&" + b"a=1&" * 40, ["badArgument"]),
    (b"verb=Identify&a=" + b"x" * MAX_OCTETS, ["badArgument"]),
]


@pytest.mark.parametrize(("octets", "expected"), GOOD)
def test_good_requests(octets: bytes, expected: Request) -> None:
    assert read_query(octets) == expected


@pytest.mark.parametrize(("octets", "codes"), BAD, ids=lambda value: str(value)[:60])
def test_bad_requests(octets: bytes, codes: list[str]) -> None:
    found = read_query(octets)
    assert isinstance(found, BadRequest)
    assert [str(error.code) for error in found.errors] == codes


def test_both_ends_of_a_range_are_in_it() -> None:
    found = read_query(b"verb=ListRecords&metadataPrefix=oai_dc&from=2024-02-29&until=2024-02-29&set=a:b.c")
    assert isinstance(found, Request)
    assert found.from_ is not None
    assert found.until is not None
    assert found.until.last - found.from_.first == 86_399
    assert found.set_spec == "a:b.c"


def test_a_repository_of_days_takes_no_seconds() -> None:
    query = b"verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-05T00:00:00Z"
    assert isinstance(read_query(query, Granularity.SECOND), Request)
    assert isinstance(read_query(query, Granularity.DAY), BadRequest)


def test_what_is_written_is_read() -> None:
    for octets, expected in GOOD:
        found = read_query(octets)
        assert isinstance(found, Request)
        assert read_query(found.query().encode()) == expected
    assert GOOD


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_its_own_arguments_and_no_other(verb: Verb) -> None:
    values = {"identifier": "oai:a.b:1", "metadataPrefix": "oai_dc", "from": "2001-01-01", "until": "2001-01-01",
              "set": "a", "resumptionToken": "t"}  # fmt: skip
    uses = VERBS[verb].arguments
    shared = [(name, values[name]) for name, use in uses.items() if use is not Use.EXCLUSIVE]
    assert isinstance(read_arguments([("verb", verb), *shared]), Request)
    for name in values.keys() - uses.keys():
        assert isinstance(read_arguments([("verb", verb), *shared, (name, values[name])]), BadRequest)


def test_a_long_value_is_not_repeated_whole() -> None:
    found = read_query(b"verb=" + b"x" * 4000)
    assert isinstance(found, BadRequest)
    assert len(found.errors[0].message) < 120
