"""The probe that campus IT tries its own servers with finds nothing odd about our door."""

from __future__ import annotations

import pytest

from gateway.clients.ldap import Place
from gateway.commands.ldap_checks import CHECKS, Subject, run_checks
from library_protocols.ldap import parse_filter
from tests.gateway.adapters.ldap.conftest import ABER, PASSWORD, READER, Listening


@pytest.mark.parametrize(
    ("tls", "start_tls", "user", "not_offered"),
    [
        (True, False, READER, set()),
        (False, True, READER, set()),
        (False, False, READER, {"encryption"}),
        (True, False, "", {"one person", "attributes on request", "filters with the unknown", "pages", "compare",
                           "filters that are always true or never", "a cookie of nobody's"}),
    ],
    ids=["TLS", "StartTLS", "clear text", "nobody"],
)  # fmt: skip
async def test_our_own_door_is_not_odd(
    listening: Listening, tls: bool, start_tls: bool, user: str, not_offered: set[str]
) -> None:
    port = listening.tls_port if tls else listening.port
    place = Place("localhost", port, tls, listening.trusting(), 10.0)
    people = parse_filter("(objectClass=person)")
    results = await run_checks(Subject(place, user, PASSWORD, ABER, people, start_tls))
    assert [each for each in results if each.verdict == "odd"] == []
    assert {each.name for each in results if each.verdict == "not offered"} == not_offered
    assert len(results) == len(CHECKS)
