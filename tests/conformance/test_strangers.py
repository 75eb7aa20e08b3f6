"""Subjects that are something else altogether: nothing of the standard is seen in them, and nothing of ours breaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from library_conformance.model import Execution
from tests.conformance.judging import Judge, demo_inputs
from tests.conformance.servers.strangers import stranger

WORDS = {
    "page": b"<html><body>Welcome to the library</body></html>",
    "other-xml": b'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title></channel></rss>',
    "octets": b"\x00\xff\xfe<",
    "nothing": b"",
    "hollow-list": b"<OAI-PMH><responseDate/><request/><ListRecords><record/></ListRecords></OAI-PMH>",
    "hollow-result": b"<searchRetrieveResponse><numberOfRecords>1</numberOfRecords><records><record/></records>"
    b"<diagnostics><x/></diagnostics></searchRetrieveResponse>",
    "silence": None,
}
OF_HTTP = {
    "oai.http.whole", "oai.http.plain", "oai.http.status", "oai.http.content-type", "oai.xml.no-doctype",
    "oai.xml.well-formed", "oai.xml.utf8",
    "sru.http.whole", "sru.http.content-type", "sru.http.status", "sru.xml.well-formed",
}  # fmt: skip
"""What a server may do right that knows nothing of the standard."""


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("standard", ["oai", "sru"])
def test_what_is_something_else_does_nothing_right(judge: Callable[..., Judge], standard: str, words: str) -> None:
    with stranger(WORDS[words]) as address:
        said = judge(standard, address, demo_inputs(standard))
    executions = {row["execution"] for row in said.results}
    assert Execution.HARNESS_ERROR not in executions
    right = {row["requirement"] for row in said.results if row["verdict"] == "conforms"} - OF_HTTP
    assert right == set()
    assert sum(row["verdict"] == "deviates" for row in said.results) > 5


def test_a_subject_that_is_not_there_is_left_alone(judge: Callable[..., Judge], free_port: Callable[[], int]) -> None:
    for standard in ("oai", "sru"):
        said = judge(standard, f"http://127.0.0.1:{free_port()}/x", demo_inputs(standard))
        assert {row["execution"] for row in said.results} <= {"setup_error", "blocked"}
        assert len({row["probe"] for row in said.results if row["transcript"]}) <= 3
