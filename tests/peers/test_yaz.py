"""YAZ's clients against our Z39.50 door, and our client against YAZ's test server."""

from __future__ import annotations

import asyncio
import shutil
import unicodedata
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.canonical.query_problems import ProblemCode
from gateway.catalogue.forms import render
from gateway.catalogue.query import And, QueryProblem, Term
from gateway.catalogue.remote import RemoteViews
from gateway.clients.z3950 import Z3950Client, complaints
from gateway.clock import SystemClock
from gateway.config import SourceConfig
from library_protocols.z3950 import SortElement, SortKeySpec, parse_pqf
from library_protocols.z3950.facts.oids import BIB_1, OPAC, SUTRS, USMARC, XML
from library_protocols.z3950.records import OpacRecord, read_opac, read_sutrs
from library_protocols.z3950.rpn import AttributesPlusTerm
from tests.gateway.adapters.z3950.conftest import (
    READER,
    Listening,
    built_index,
    inline,
    listening,
    settings,
    shelf_records,
)
from tests.presence import missing

__all__ = ["built_index", "inline", "listening", "settings", "shelf_records"]

SECONDS = 30


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed")
    return found


async def said(command: list[str], lines: list[str]) -> str:
    """What a program prints that is told these lines."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate("\n".join([*lines, ""]).encode()), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output.decode("utf-8", "replace")


async def zoomsh(listening: Listening, *lines: str, database: str = "aber") -> str:
    target = f"127.0.0.1:{listening.port}/{database}"
    return await said([program("zoomsh")], [f"connect {target}", *lines, "quit"])


async def yaz_client(listening: Listening, *lines: str, before: tuple[str, ...] = (), database: str = "all") -> str:
    opened = f"open 127.0.0.1:{listening.port}/{database}"
    return await said([program("yaz-client")], [*before, opened, *lines, "quit"])


# zoomsh


@pytest.mark.parametrize(
    ("syntax", "element_set", "expected"),
    [
        ("usmarc", "F", "245 10 $a A history of Wales"),
        ("xml", "F", '<datafield tag="245"'),
        ("xml", "mods", "<mods "),
        ("xml", "B", "A history of Wales</dc:title>"),
        ("sutrs", "F", "Title: A history of Wales"),
        ("sutrs", "B", "Author: Davies, John"),
        ("opac", "F", '<availableNow value="1"/>'),
    ],
)
async def test_zoomsh_reads_every_syntax(listening: Listening, syntax: str, element_set: str, expected: str) -> None:
    output = await zoomsh(
        listening,
        f"set preferredRecordSyntax {syntax}",
        f"set elementSetName {element_set}",
        'search @attr 1=4 "history of wales"',
        "show 0 1",
    )
    assert ": 1 hits" in output
    assert expected in output


async def test_zoomsh_is_told_the_culprit(listening: Listening) -> None:
    output = await zoomsh(
        listening, "search @attr 1=9999 x", "set preferredRecordSyntax grs-1", "search @attr 1=4 wales", "show 0 1"
    )
    assert "(Bib-1:114) 9999" in output
    assert "(Bib-1:239) 1.2.840.10003.5.105" in output
    assert "(Bib-1:235) nowhere" in await zoomsh(listening, "search x", database="nowhere")


async def test_zoomsh_walks_along_an_index(listening: Listening) -> None:
    output = await zoomsh(listening, "scan @attr 1=4 a")
    assert [line for line in output.splitlines() if line.endswith(" 1")][:2] == ["A history of Wales 1", "Dŵr a thân 1"]


# yaz-client


async def test_yaz_client_converses(listening: Listening) -> None:
    output = await yaz_client(
        listening,
        "find @attr 1=4 wales",
        "sort 1=31 >i",
        "show 1",
        "find @and @set 1 @attr 1=4 sea",
        "delete 1",
        "querytype cql",
        "find dc.title = wales sortby dc.date",
        "show 2",
        "close",
    )
    assert "Connection accepted by v3 target." in output
    assert "search present delSet scan sort namedResultSets" in output
    assert "Number of hits: 2, setno 1" in output
    assert "Received SortResponse: status=success" in output
    assert "Number of hits: 1, setno 2" in output
    assert "Got deleteResultSetResponse status=0" in output
    assert output.count("245 10 $a Wales and the sea") == 2
    assert "Reason: finished" in output


async def test_yaz_client_asks_for_explain(listening: Listening) -> None:
    output = await yaz_client(
        listening,
        "base IR-Explain-1",
        "format explain",
        "find @attrset exp-1 @attr 1=1 DatabaseInfo",
        "show 1",
        "find @attrset exp-1 @attr 1=1 AttributeDetails",
        "show 1",
    )
    assert "Number of hits: 3" in output
    assert "databaseInfo" in output
    assert "attributeDetails" in output


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "iso-8859-5"])
async def test_yaz_client_agrees_on_a_charset(listening: Listening, charset: str) -> None:
    output = await yaz_client(listening, before=(f"negcharset {charset} {charset}",))
    assert "Connection accepted" in output
    offered = charset != "iso-8859-5"
    assert (f"Accepted character set : {charset}".lower() in output.lower()) is offered


@pytest.mark.parametrize("name", ["marc-8", "MARC8", "marc8s"])
async def test_yaz_client_agrees_on_marc_8(listening: Listening, name: str) -> None:
    """Without named result sets: YAZ 5.34 cannot write a name of one letter in MARC-8, and calls its sets 1, 2, 3."""
    output = await yaz_client(
        listening,
        "find @attr 1=4 thân",
        "show 1",
        "scan @attr 1=4 d",
        before=(f"negcharset {name}", "options search present scan", "marccharset marc-8"),
    )
    assert f"Accepted character set : {name}" in output
    assert "Accepted records in ...: -1" in output
    assert "00170nam  2200085 a 4500" in output
    assert unicodedata.normalize("NFD", "245 10 $a Dŵr a thân") in unicodedata.normalize("NFD", output)
    assert unicodedata.normalize("NFD", "* Dŵr a thân (1)") in unicodedata.normalize("NFD", output)


async def test_yaz_client_is_told_that_records_are_in_no_latin_1(listening: Listening) -> None:
    output = await yaz_client(
        listening, "find @attr 1=4 sea", "show 1", before=("negcharset latin-1", "marccharset utf-8")
    )
    assert "Accepted character set : latin-1" in output
    assert "Accepted records in ...: 0" in output
    assert "nam a2200085" in output


async def test_zoomsh_reads_marc_8(listening: Listening) -> None:
    lines = ["set charset marc8", f"connect 127.0.0.1:{listening.port}/all", "search @attr 1=4 sea", "show 0 1", "quit"]
    output = await said([program("zoomsh")], lines)
    assert ": 2 hits" in output
    assert "nam  2200085" in output


async def test_yaz_client_deletes_result_sets(listening: Listening) -> None:
    output = await yaz_client(
        listening,
        "find @attr 1=4 wales",
        "find @attr 1=4 sea",
        "delete 1 2",
        "delete 1 nothing",
        "find @attr 1=4 sea",
        "delete",
        "show 1",
    )
    assert "Got deleteResultSetResponse status=0\n1 status=0\n2 status=0" in output
    assert "Got deleteResultSetResponse status=9\n1 status=1\nnothing status=1" in output
    assert "Got deleteResultSetResponse status=0\nElapsed" in output
    assert "Specified result set does not exist -- v2 addinfo '3'" in output


async def test_yaz_reads_our_segments(listening: Listening) -> None:
    """yaz-client agrees on segments, decodes and prints them, but does not know what to do with them; neither zoomsh
    nor Perl's ZOOM can agree on them."""
    wide = b'<datafield tag="500" ind1=" " ind2=" "><subfield code="a">' + b"x" * 700 + b"</subfield></datafield>"
    kept = listening.shelf.kept
    listening.shelf.kept = {
        number: replace(one, marcxml=one.marcxml.replace(b"</record>", wide + b"</record>"))
        for number, one in kept.items()
    }
    lines = [
        "options search present level_1Segmentation",
        f"open 127.0.0.1:{listening.port}/all",
        "find @attr 1=1016 @attr 2=103 x",
        "show 1+5",
        "quit",
    ]
    output = await said([program("yaz-client"), "-k", "2", "-a", "-"], lines)
    assert "Options: search present level_1Segmentation" in output
    assert "segmentRequest {\n  numberOfRecordsReturned 2\n" in output
    assert output.count("OCTETSTRING(len=8") == 2


async def test_yaz_client_gives_a_name(listening: Listening) -> None:
    refused = await yaz_client(listening, before=(f"auth {READER} wrong",), database="cardiff")
    assert "Connection rejected by v3 target." in refused
    assert "code=1011" in refused
    closed = await yaz_client(listening, "find x", database="cardiff")
    assert "[236]" in closed
    accepted = await yaz_client(
        listening, "find @attr 1=4 wales", before=(f"auth {READER} battery",), database="cardiff"
    )
    assert "code=1011" in accepted


async def test_yaz_client_of_version_2(listening: Listening) -> None:
    output = await yaz_client(listening, "find @attr 1=4 wales", "show 1", before=("zversion 2",))
    assert "Connection accepted by v2 target." in output
    assert "245 10" in output


# Perl's ZOOM

PERL = r"""
use ZOOM; use Encode;
binmode STDOUT, ":raw";
my $o = new ZOOM::Options();
$o->option(preferredRecordSyntax => "usmarc");
$o->option(charset => "utf-8");
my $c = create ZOOM::Connection($o);
$c->connect("127.0.0.1", $ARGV[0]);
$c->option(databaseName => "aber");
my $found = $c->search_pqf('@attr 1=4 sea');
print "hits ", $found->size(), "\n";
$found->sort("yaz", "1=31 <i");
print $found->record(0)->render();
print $found->record(0)->raw(), "\n";
eval { $c->search_pqf('@attr 1=4 @attr 2=100 x') };
print "error ", $@->code(), " ", $@->addinfo(), "\n";
my $terms = $c->scan_pqf('@attr 1=4 wal');
my ($term, $count) = $terms->display_term(0);
print "term $term $count\n";
"""


async def test_perl(listening: Listening) -> None:
    perl = program("perl")
    if "ok" not in await said([perl, "-e", "print eval { require ZOOM; 1 } ? 'ok' : 'no'"], []):
        missing("Perl's Net::Z3950::ZOOM is not installed")
    output = await said([perl, "-e", PERL, str(listening.port)], [])
    assert "hits 2" in output
    assert "245 10 $a The sea" in output
    assert "error 117 100" in output
    assert "term Wales and the sea 1" in output


# Our client


@pytest.fixture
async def ztest(free_port: Callable[[], int], tmp_path: Path) -> AsyncIterator[int]:
    """YAZ's test server, with its canned records in the database Default and a list of terms of ours."""
    port = free_port()
    (tmp_path / "dummy-words").write_text("".join(f"term{number:02}:{number}\n" for number in range(1, 40)))
    process = await asyncio.create_subprocess_exec(
        program("yaz-ztest"), "-T", f"tcp:127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=tmp_path,
    )  # fmt: skip
    try:
        for _ in range(100):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                break
        yield port
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_our_client_speaks_to_another_server(ztest: int) -> None:
    client = Z3950Client("127.0.0.1", ztest)
    try:
        accepted = await client.connect()
        assert "YAZ" in (accepted.implementation_name or "")
        assert client.charset is not None
        found = await client.search(("Default",), parse_pqf("@attr 1=4 computer"), records=1, syntax=USMARC)
        assert found.result_count > 0
        assert len(found.records or ()) == 1
        page = await client.present(1, 5, syntax=USMARC)
        assert len(page.records) == 5
        assert page.complete
        (sutrs,) = (await client.present(1, 1, syntax=SUTRS)).records
        assert sutrs.record.retrieval_record is not None
        assert read_sutrs(sutrs.record.retrieval_record)
        (opac,) = (await client.present(1, 1, syntax=OPAC)).records
        assert opac.record.retrieval_record is not None
        assert isinstance(read_opac(opac.record.retrieval_record), OpacRecord)
        (xml,) = (await client.present(1, 1, syntax=XML)).records
        # Debian's package lacks the file its XML records are from: then a diagnostic stands for one.
        assert xml.record.retrieval_record is not None or xml.record.surrogate_diagnostic is not None
        start = parse_pqf("@attr 1=4 term03").root
        assert isinstance(start, AttributesPlusTerm)
        scanned = await client.scan(("Default",), start, attribute_set=BIB_1, terms=5)
        assert scanned.number_of_entries_returned == 5
        key = SortKeySpec(sort_element=SortElement(generic="title"), sort_relation=0, case_sensitivity=1)
        assert (await client.sort([key])).sort_status in (0, 2)
        assert complaints(await client.search(("nowhere",), parse_pqf("x")))[0].condition == 109
        assert (await client.delete("default")).delete_operation_status in (0, 1, 9)
    finally:
        await client.close()


async def test_our_catalogue_searches_another_server(ztest: int) -> None:
    source = SourceConfig.model_validate({"url": f"z3950://127.0.0.1:{ztest}/Default"})
    remote = RemoteViews({"aber": source}, SystemClock())
    server = remote.get("aber")
    assert server is not None
    try:
        found = await server.search(And(Term("title", "computer"), Term("author", "knuth")))
        assert found.count > 0
        ids = await found.page(1, min(found.count, 7))
        records = [one for one in await server.records(ids) if one is not None]
        assert len(records) == len(ids)
        assert all(one.member == "aber" and b"<record" in one.marcxml for one in records)
        assert any(one.holdings for one in records)  # they come as OPAC records
        assert all(render("mods", one) for one in records)
        scan = await server.scan("title", "term01", 5, 1, words=False)
        assert [(entry.term, entry.count) for entry in scan.entries][:2] == [("term01", 1), ("term02", 2)]
        away = source.model_copy(update={"url": f"z3950://127.0.0.1:{ztest}/nowhere"})
        nowhere = RemoteViews({"aber": away}, SystemClock())
        missing_there = nowhere.get("aber")
        assert missing_there is not None
        with pytest.raises(QueryProblem) as raised:
            await missing_there.search(Term("title", "computer"))
        assert (raised.value.code, raised.value.detail.partition(" ")[0]) == (ProblemCode.UNAVAILABLE, "109")
        await nowhere.close()
    finally:
        await remote.close()
