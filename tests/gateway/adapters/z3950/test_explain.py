"""The Explain database, and services that are not offered and say so."""

from __future__ import annotations

from gateway.adapters.z3950.mapping import ELEMENT_SETS, SYNTAXES
from gateway.clients.z3950 import complaints
from library_protocols.z3950 import (
    parse_pqf,
)
from library_protocols.z3950.control import (
    DuplicateDetectionRequest,
    DuplicateDetectionResponse,
    ExtendedServicesRequest,
    ExtendedServicesResponse,
    ResourceReportRequest,
    ResourceReportResponse,
)
from library_protocols.z3950.explain_records import CategoryList, DatabaseInfo, read_explain
from library_protocols.z3950.facts.oids import EXPLAIN, USMARC, XML
from tests.gateway.adapters.z3950.asking import WALES, octets
from tests.gateway.adapters.z3950.conftest import Listening


async def test_the_explain_database(listening: Listening) -> None:
    client = await listening.connect()
    found = await client.search(("IR-Explain-1",), parse_pqf("@attrset exp-1 @attr 1=1 CategoryList"))
    assert found.result_count == 1
    (one,) = (await client.present(1, 1, syntax=EXPLAIN)).records
    assert one.record.retrieval_record is not None
    assert isinstance(read_explain(one.record.retrieval_record), CategoryList)
    for category, count in (("TargetInfo", 1), ("DatabaseInfo", 3), ("AttributeSetInfo", 1), ("AttributeDetails", 3)):
        found = await client.search(("IR-Explain-1",), parse_pqf(f"@attrset exp-1 @attr 1=1 {category}"))
        assert found.result_count == count
        for one in (await client.present(1, count, syntax=EXPLAIN)).records:
            assert one.record.retrieval_record is not None
            read_explain(one.record.retrieval_record)
    narrowed = parse_pqf("@attrset exp-1 @and @attr 1=1 DatabaseInfo @attr 1=3 aber")
    assert (await client.search(("IR-Explain-1",), narrowed)).result_count == 1
    (info,) = (await client.present(1, 1, syntax=EXPLAIN)).records
    assert info.record.retrieval_record is not None
    database = read_explain(info.record.retrieval_record)
    assert isinstance(database, DatabaseInfo)
    assert database.name == "aber"
    assert database.access_info is not None
    element_sets = database.access_info.element_set_names or ()
    assert element_sets[:2] == ("F", "B")
    assert {"marcxml", "dc", "mods"} <= set(element_sets)
    assert [one.condition for one in (await client.present(1, 1, syntax=USMARC)).diagnostics] == [239]
    assert complaints(await client.search(("IR-Explain-1",), WALES))[0].condition == 121
    await client.search(("IR-Explain-1",), narrowed, result_set="explained")
    assert complaints(await client.search(("aber",), parse_pqf("@set explained")))[0].condition == 18


async def test_what_explain_lists_is_served(listening: Listening) -> None:
    client = await listening.connect()
    await client.search(("aber",), WALES)
    for name in ELEMENT_SETS:
        page = await client.present(1, 1, syntax=XML, element_set=name)
        assert octets(page.records[0]).startswith(b"<"), name
    for syntax in SYNTAXES:
        assert not (await client.present(1, 1, syntax=syntax)).diagnostics, syntax


async def test_services_that_are_not_offered_say_so(listening: Listening) -> None:
    client = await listening.connect()
    answer = await client.send(ExtendedServicesRequest(function=1, package_type="1.2.840.10003.9.4", wait_action=1))
    assert isinstance(answer, ExtendedServicesResponse)
    assert [one.condition for one in answer.diagnostics or ()] == [221]  # type: ignore[union-attr]
    answer = await client.send(DuplicateDetectionRequest(input_result_set_ids=("a",), output_result_set_name="b"))
    assert isinstance(answer, DuplicateDetectionResponse)
    assert answer.status == 1
    answer = await client.send(ResourceReportRequest())
    assert isinstance(answer, ResourceReportResponse)
    assert answer.resource_report_status == 3
