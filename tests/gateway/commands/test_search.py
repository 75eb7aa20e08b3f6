"""`gateway search` and `gateway probe sru` against a real catalogue, and against servers that do not behave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from typer.testing import Result

from gateway.commands.brief import Brief, brief
from gateway.commands.output import without_password
from gateway.commands.probe import app as probe_app
from gateway.commands.search import search
from gateway.commands.sru_checks import CHECKS
from library_protocols.marc import DataField, Record, to_iso2709, to_marcxml
from library_protocols.sru import Description, Diagnostic, Operation, Version, failure, search_response, write_explain
from tests.gateway.commands.runner import run
from tests.sru_server import PASSWORD, READER, TITLES, sru_server


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sru_server(tmp_path_factory.mktemp("sru")) as url:
        yield url


def found(result: Result) -> dict[str, object]:
    return json.loads(result.stdout)


def test_a_search_for_people(base: str) -> None:
    result = run(search, f"{base}/aber", "dc.creator any jones sortby dc.date", "--max", "2")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["3", "records"]
    assert "Mabinogion" in lines[2]
    assert "gardd" in lines[3]
    assert lines[4] == ["more:", "--start", "3"]


def test_a_search_for_programs(base: str) -> None:
    result = run(search, f"{base}/aber", "cql.allRecords = 1", "--json", "--version", "2.0", "--schema", "dc")
    told = found(result)
    assert told["count"] == len(TITLES)
    records = told["records"]
    assert isinstance(records, list)
    assert [record["title"] for record in records] == [title for title, *_ in TITLES]
    assert records[0]["schema"] == "info:srw/schema/1/dc-v1.1"


def test_a_members_code_stands_for_its_address(base: str) -> None:
    gateway = base.removesuffix("/sru")
    assert found(run(search, "aber", "mabinogion", "--gateway", gateway, "--json"))["target"] == f"{base}/aber"
    everything = found(run(search, "all", "mabinogion", "--gateway", gateway, "--json"))
    assert (everything["target"], everything["count"]) == (base, 1)


def test_full_records(base: str) -> None:
    result = run(search, f"{base}/aber", "mabinogion", "--full")
    assert '<subfield code="a">The Mabinogion</subfield>' in result.stdout


def test_nothing_found_and_refused(base: str) -> None:
    nothing = run(search, f"{base}/aber", "dc.title = juggling")
    assert (nothing.exit_code, nothing.stdout.strip()) == (1, "0 records")
    wrong = run(search, f"{base}/aber", "dc.title =", "--json")
    assert wrong.exit_code == 1
    problems = found(wrong)["problems"]
    assert isinstance(problems, list)
    assert problems[0].startswith("10 ")


def test_a_closed_catalogue(base: str) -> None:
    closed = run(search, f"{base}/bangor", "mabinogion", "--json")
    assert (closed.exit_code, found(closed)["count"]) == (1, 0)
    opened = run(search, f"{base}/bangor", "mabinogion", "--json", "--user", READER, "--password", PASSWORD)
    assert (opened.exit_code, found(opened)["count"]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("gopher://library.example", "a"), 2),
        (("http://127.0.0.1:1/sru", "a", "--version", "3.0"), 2),
        (("http://127.0.0.1:1/sru", "a"), 3),
    ],
)
def test_what_cannot_be_asked(arguments: tuple[str, ...], code: int) -> None:
    assert run(search, *arguments).exit_code == code


@pytest.mark.parametrize("version", [version.value for version in Version])
def test_our_own_server_has_nothing_odd(base: str, version: str) -> None:
    result = run(probe_app, "sru", f"{base}/aber", "--version", version, "--json")
    told = found(result)
    checks = told["checks"]
    assert isinstance(checks, list)
    assert [check for check in checks if check["verdict"] != "ok"] == []
    assert (told["odd"], len(checks), result.exit_code) == (0, len(CHECKS), 0)


def serve(answer: Callable[[], bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            octets = answer()
            self.send_response(200)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing is said of requests."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def yes_man() -> Iterator[str]:
    """Answers everything with the same empty result: knows neither explain nor mistakes."""
    yield from serve(lambda: b"".join(search_response(Version.V1_2, 0)))


def test_a_server_that_says_yes_to_everything_is_odd(yes_man: str) -> None:
    result = run(probe_app, "sru", yes_man, "--json")
    told = found(result)
    assert result.exit_code == 1
    checks = told["checks"]
    assert isinstance(checks, list)
    verdicts = {check["check"]: check["verdict"] for check in checks}
    assert verdicts["explain"] == verdicts["broken CQL"] == verdicts["an unknown parameter"] == "odd"
    assert verdicts["search"] == "ok"
    assert verdicts["pages"] == verdicts["every schema explain tells of"] == "not offered"
    people = run(probe_app, "sru", yes_man)
    assert f"{told['odd']} odd" in people.stdout


def test_nothing_to_search_by_is_said_as_such() -> None:
    """As of a view whose own server is away: explain without indexes, a diagnostic for everything else."""
    explain = write_explain(Description("localhost", 80, "sru", "Away"), Version.V1_2)
    told = [failure(Operation.EXPLAIN, Version.V1_2, (), explain)] * 2
    away = failure(Operation.SEARCH_RETRIEVE, Version.V1_2, (Diagnostic.of(2),))
    for url in serve(lambda: told.pop() if told else away):
        checks = found(run(probe_app, "sru", url, "--json"))["checks"]
        assert isinstance(checks, list)
        assert [check["verdict"] for check in checks] == ["ok", "ok", "odd"]
        assert "no index at all" in checks[0]["detail"]
        assert "explain tells of no index" in checks[2]["detail"]


def test_what_http_refuses_is_told_once_in_the_servers_words(base: str) -> None:
    lost = run(search, "nowhere", "a", "--gateway", base.removesuffix("/sru"))
    assert (lost.exit_code, lost.stderr.strip()) == (1, f"{base}/nowhere: HTTP 404: There is no such catalogue.")
    probed = found(run(probe_app, "sru", f"{base}/nowhere", "--json"))["checks"]
    assert isinstance(probed, list)
    assert [check["check"] for check in probed] == ["explain", "explain at the bare address", "search"]
    assert {check["detail"] for check in probed} == {"HTTP 404: There is no such catalogue."}


def test_one_record_and_a_refusal_are_said_as_such(base: str) -> None:
    assert run(search, f"{base}/aber", "dc.title = mabinogion").stdout.splitlines()[0] == "1 record"
    refused = run(search, f"{base}/aber", "dc.juggle = a")
    assert (refused.exit_code, refused.stdout.splitlines()[0][:4]) == (1, "! 16")


@pytest.mark.parametrize("scheme", ["http", "z3950"])
def test_a_password_in_an_address_is_not_shown(scheme: str) -> None:
    failed = run(search, f"{scheme}://reader:geheim@127.0.0.1:1/aber", "a")
    assert (failed.exit_code, "reader@127.0.0.1:1" in failed.stderr, "geheim" in failed.output) == (3, True, False)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("z3950://a:b@host:210/db", "z3950://a@host:210/db"),
        ("a:b@host/db", "a@host/db"),
        ("host:210/db@x:y", "host:210/db@x:y"),
        ("http://host/?q=a:b@c", "http://host/?q=a:b@c"),
    ],
)
def test_an_address_without_its_password(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_no_sru_at_all() -> None:
    for url in serve(lambda: b"<html>It works</html>"):
        assert run(search, url, "a").exit_code == 5
        assert run(probe_app, "sru", url).exit_code == 1
    assert run(probe_app, "sru", "http://127.0.0.1:1/sru").exit_code == 3
    assert run(probe_app, "sru", "ftp://x").exit_code == 2


MARC = Record(
    "00000nam a2200000 a 4500",
    (("001", "b1"), ("008", "010101s1999    wlk           000 0 wel d")),
    (DataField("100", "1 ", (("a", "Jones, Mair,"),)), DataField("245", "10", (("a", "Tŷ /"), ("c", "Mair Jones")))),
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (to_marcxml(MARC), Brief("Tŷ", "Jones, Mair", "1999", "b1")),
        (to_iso2709(MARC, "utf-8"), Brief("Tŷ", "Jones, Mair", "1999", "b1")),
        (b"<opacRecord><bibliographicRecord>" + to_marcxml(MARC) + b"</bibliographicRecord></opacRecord>",
         Brief("Tŷ", "Jones, Mair", "1999", "b1")),
        (b"<dc><title>A</title><title>B</title><creator>C</creator><date>1</date></dc>", Brief("A", "C", "1", "")),
        (b"<mods><titleInfo><title>A</title></titleInfo><dateIssued>2</dateIssued></mods>", Brief("A", "", "2", "")),
        (b"<broken", Brief()),
        (b"", Brief()),
        (b"no record", Brief()),
    ],
)  # fmt: skip
def test_brief_forms(data: bytes, expected: Brief) -> None:
    assert brief(data) == expected
