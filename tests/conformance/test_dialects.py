"""What the placeholders of declared probes stand for."""

from __future__ import annotations

import re

from library_conformance.dialect import dialect_of
from library_conformance.run import Run, Target
from library_conformance.transcript import Transcript
from tests.gateway.identity.feeds import http_double
from tests.gateway.identity.feeds.http_double import Answered

OAI = (
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-01-01T00:00:00Z</responseDate>'
    "<request>http://x.example/</request>%s</OAI-PMH>"
)
HEADER = "<header><identifier>oai:x.example:1</identifier><datestamp>2020-02-03</datestamp></header>"
PARTS = {
    "Identify": "<Identify><earliestDatestamp>2020-01-02</earliestDatestamp>"
    "<granularity>YYYY-MM-DD</granularity></Identify>",
    "ListIdentifiers": f"<ListIdentifiers>{HEADER}<resumptionToken>next</resumptionToken></ListIdentifiers>",
    "ListSets": "<ListSets><set><setSpec>a</setSpec></set><set><setSpec>b</setSpec></set></ListSets>",
}
SRU = '<r:searchRetrieveResponse xmlns:r="http://www.loc.gov/zing/srw/">%s</r:searchRetrieveResponse>'


def _values(standard: str, target: str, **inputs: str) -> dict[str, str]:
    """Every placeholder of a standard, filled."""
    surroundings = Run(Target.parse(target), inputs, Transcript(), pause=0.0, patience=2.0)
    values = dialect_of(standard).values
    return {name: value(surroundings) for name, value in values.items() if not name.startswith("announced.")}


def test_placeholders_of_oai_are_what_a_repository_tells() -> None:
    with http_double.serving(lambda asked: Answered((OAI % PARTS[asked.query["verb"]]).encode())) as one:
        assert _values("oai", one.url) == {
            "prefix": "oai_dc", "identifier": "oai:x.example:1", "datestamp": "2020-02-03", "token": "next",
            "granularity": "YYYY-MM-DD", "sets": "2", "earlier_year": "2019-01-01",
        }  # fmt: skip


def test_placeholders_of_sru_are_the_inputs_and_what_is_spoken() -> None:
    told = "<r:version>1.1</r:version><r:numberOfRecords>1</r:numberOfRecords>"
    with http_double.serving(lambda asked: Answered((SRU % told).encode())) as one:
        assert _values("sru", one.url, query="wales") == {
            "word": "wales", "other_word": "history", "index": "dc.title", "spoken": "1.1", "old_version": "1.1",
            "new_version": "", "packing": "recordPacking",
        }  # fmt: skip


def test_placeholders_of_sip2_are_the_inputs_or_nobody_and_the_present() -> None:
    values = _values("sip2", "127.0.0.1:9", patron="1", patron_pin="2", login="k")
    assert re.fullmatch(r"\d{8}    \d{6}", values.pop("now"))
    assert re.fullmatch(r"\d{8}   Z\d{6}", values.pop("utc"))
    assert values == {
        "patron": "1", "item": "ZZZ9999999", "nobody": "ZZZ0000000", "nothing": "ZZZ9999999", "pin": "2", "login": "k",
        "password": "", "institution": "", "location": "", "terminal_password": "",
    }  # fmt: skip
