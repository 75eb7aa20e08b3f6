"""Other people's harvesters at our door: sickle and Perl's HTTP::OAI, full and incremental, deletes, sets, resumed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from sickle import Sickle
from sickle.iterator import OAIResponseIterator
from sickle.oaiexceptions import BadResumptionToken, IdDoesNotExist, NoRecordsMatch
from starlette.applications import Starlette

from gateway.adapters.oai_pmh.mapping import OaiSettings
from gateway.adapters.oai_pmh.server import oai_door
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.store import migrate, open_writer
from gateway.catalogue.store.writer import Writer
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.members.readers import Readers
from tests.gateway.catalogue.making import incoming
from tests.presence import missing

RECORDS, PAGE = 600, 50
START = 1_700_000_000
MAPS = "format:map"

# Prints one line a record: identifier, status, datestamp, setSpecs.
PERL = r"""
use strict; use warnings; use HTTP::OAI;
my ($base, $verb, %arguments) = @ARGV;
my $harvester = HTTP::OAI::Harvester->new(baseURL => $base, resume => 1);
sub show {
    my $record = shift;
    my $header = $record->can('header') ? $record->header : $record;
    print join(" ", $header->identifier, $header->status || 'live', $header->datestamp, $header->setSpec), "\n";
}
# Of a list over several pages only the last one is kept, unless each record is taken as it comes.
$arguments{onRecord} = \&show if $verb eq 'ListRecords' or $verb eq 'ListIdentifiers';
my $answer = $harvester->$verb(%arguments);
if ($answer->is_error) { print "error ", $answer->code, " ", $answer->message, "\n"; exit 0 }
if ($verb eq 'Identify') { print join(" ", $answer->repositoryName, $answer->deletedRecord), "\n"; exit 0 }
if ($verb eq 'ListSets') { while (my $set = $answer->next) { print $set->setSpec, "\n" } exit 0 }
if ($verb eq 'ListMetadataFormats') { while (my $f = $answer->next) { print $f->metadataPrefix, "\n" } exit 0 }
if ($verb eq 'GetRecord') { while (my $record = $answer->next) { show($record) } }
"""


@dataclass
class Served:
    url: str
    ingest: Ingest
    store: Writer
    now: int = START

    async def change(self) -> None:
        """An hour later one record is gone and one has changed."""
        self.now += 3600
        await self.ingest.put("aber", [incoming("5", deleted=True), incoming("6", "Another title")])
        await self.store.beat(self.now + 10)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    url = f"sqlite:///{tmp_path / 'catalogue.sqlite3'}"
    await migrate.upgrade(url)
    store = await open_writer(url)
    config = Config.model_validate({
        "pepper": "p" * 32, "members": {"aber": {"name": "Aberystwyth", "main_location": "ABER"}},
    })  # fmt: skip
    with ThreadPoolExecutor(1) as executor:
        readers = Readers(config, clock=SystemClock(), executor=executor)
        settings = OaiSettings({"aber": "Aberystwyth", "all": "All"}, (), "demo.example", page_records=PAGE)
        door = oai_door(store, readers, settings, secret=b"s" * 32)
        application = Starlette(routes=door.routes())
        server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        made = Served(f"http://127.0.0.1:{port}/oai/aber", Ingest(store), store)
        made.ingest = Ingest(store, now=lambda: made.now)
        for start in range(0, RECORDS, 100):
            leader = "00000nem a2200000 a 4500" if start == 0 else "00000nam a2200000 a 4500"
            await made.ingest.put(
                "aber", [incoming(str(n), f"Title {n}", leader=leader) for n in range(start, start + 100)]
            )
        await store.beat(made.now + 10)
        try:
            yield made
        finally:
            server.should_exit = True
            await serving
            await store.close()


async def test_sickle_harvests_everything_then_what_is_new(served: Served) -> None:
    sickle = Sickle(served.url)

    def everything() -> tuple[list[str], str]:
        records = sickle.ListRecords(metadataPrefix="marc21")
        found = [record.header.identifier for record in records]
        date = records.oai_response.xml.findtext("{http://www.openarchives.org/OAI/2.0/}responseDate")
        return found, date

    found, date = await asyncio.to_thread(everything)
    assert found == [f"oai:demo.example:aber:{number}" for number in range(RECORDS)]
    await served.change()

    def news(**chosen: str) -> list[tuple[str, bool]]:
        listed = sickle.ListRecords(False, **{"metadataPrefix": "oai_dc", **chosen})
        return [(record.header.identifier.rpartition(":")[2], record.deleted) for record in listed]

    assert await asyncio.to_thread(news, **{"from": date}) == [("5", True), ("6", False)]
    # of the set of maps both were members: one is gone, the other is no map any longer
    assert await asyncio.to_thread(news, **{"from": date, "set": MAPS}) == [("5", True), ("6", True)]
    assert len(await asyncio.to_thread(news, set=MAPS)) == 100


async def test_sickle_goes_on_from_a_token_it_kept(served: Served) -> None:
    def half() -> tuple[list[str], str]:
        sickle = Sickle(served.url, iterator=OAIResponseIterator)  # pyright: ignore[reportArgumentType]
        pages = sickle.ListRecords(metadataPrefix="marc21")
        found: list[str] = []
        for _ in range(3):
            found += pages.next().xml.xpath("//*[local-name()='header']/*[local-name()='identifier']/text()")
        assert pages.resumption_token is not None
        return found, pages.resumption_token.token

    first, token = await asyncio.to_thread(half)

    def rest() -> list[str]:
        return [record.header.identifier for record in Sickle(served.url).ListRecords(resumptionToken=token)]

    assert len({*first, *await asyncio.to_thread(rest)}) == RECORDS


async def test_sickle_reads_the_other_verbs_and_errors(served: Served) -> None:
    sickle = Sickle(served.url, http_method="POST")

    def look() -> None:
        assert getattr(sickle.Identify(), "deletedRecord", "") == "persistent"
        assert {form.metadataPrefix for form in sickle.ListMetadataFormats()} >= {"oai_dc", "marc21", "mods"}
        assert MAPS in [each.setSpec for each in sickle.ListSets()]
        record = sickle.GetRecord(metadataPrefix="oai_dc", identifier="oai:demo.example:aber:7")
        assert record.metadata["title"] == ["Title 7"]
        assert len(list(sickle.ListIdentifiers(metadataPrefix="oai_dc"))) == RECORDS
        with pytest.raises(IdDoesNotExist):
            sickle.GetRecord(metadataPrefix="oai_dc", identifier="oai:demo.example:aber:none")
        with pytest.raises(NoRecordsMatch):
            sickle.ListRecords(metadataPrefix="oai_dc", until="1990-01-01")
        with pytest.raises(BadResumptionToken):
            sickle.ListRecords(resumptionToken="junk")

    await asyncio.to_thread(look)


@pytest.fixture
def perl() -> str:
    found = shutil.which("perl")
    if found is None or subprocess.run([found, "-MHTTP::OAI", "-e", "1"], capture_output=True).returncode != 0:
        missing("Perl's HTTP::OAI is not installed")
    return found


async def harvest(perl: str, url: str, verb: str, **arguments: str) -> list[list[str]]:
    words = [word for pair in arguments.items() for word in pair]
    process = await asyncio.create_subprocess_exec(
        perl, "-e", PERL, url, verb, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(100):
        output, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return [line.split() for line in output.decode().splitlines()]


async def test_http_oai_harvests_everything_then_what_is_new(perl: str, served: Served) -> None:
    lines = await harvest(perl, served.url, "ListRecords", metadataPrefix="marc21")
    assert [line[0] for line in lines] == [f"oai:demo.example:aber:{number}" for number in range(RECORDS)]
    await served.change()
    lines = await harvest(
        perl, served.url, "ListIdentifiers", **{"metadataPrefix": "oai_dc", "from": "2023-11-14T22:30:00Z"}
    )
    assert [line[:2] for line in lines] == [["oai:demo.example:aber:5", "deleted"], ["oai:demo.example:aber:6", "live"]]
    lines = await harvest(perl, served.url, "ListRecords", metadataPrefix="oai_dc", set=MAPS)
    assert len(lines) == 100
    assert sum(line[1] == "deleted" for line in lines) == 2


async def test_http_oai_reads_the_other_verbs(perl: str, served: Served) -> None:
    assert await harvest(perl, served.url, "Identify") == [["Aberystwyth", "persistent"]]
    assert [MAPS] in await harvest(perl, served.url, "ListSets")
    assert ["mods"] in await harvest(perl, served.url, "ListMetadataFormats")
    [line] = await harvest(perl, served.url, "GetRecord", metadataPrefix="marc21", identifier="oai:demo.example:aber:7")
    assert line[:3] == ["oai:demo.example:aber:7", "live", "2023-11-14T22:13:20Z"]
    [line] = await harvest(
        perl, served.url, "GetRecord", metadataPrefix="nothing", identifier="oai:demo.example:aber:7"
    )
    assert line[0] == "error"
