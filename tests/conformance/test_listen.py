"""Clients that connect to a played server show what they do: ours are right, and scripted ones are found out."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sickle import Sickle
from typer.testing import CliRunner

from gateway.clients.ncip import NcipClient, Parties
from gateway.clients.sip2 import Sip2Client
from library_conformance.cli import app
from library_conformance.listen import Listener
from library_conformance.passive import KEPT
from library_protocols.ncip.messages import LookupUser, UserId
from library_protocols.sip2 import build
from tests.acceptance.sip2_line import sealed

DATE = "20260101    120000"


def verdicts(listener: Listener) -> dict[str, str]:
    return {
        one.rule.requirement: one.worst[1].observation if one.worst else KEPT
        for one in listener.judgements()
        if one.findings
    }


@pytest.fixture
def acs() -> Iterator[Listener]:
    with Listener("sip2") as listener:
        yield listener


async def test_the_gateways_own_kiosk_copes_with_everything(acs: Listener) -> None:
    kiosk = Sip2Client("127.0.0.1", acs.port)
    await kiosk.connect()
    fields = [("AO", "LIB"), ("AA", "1"), ("AC", ""), ("AD", "")]
    await kiosk.send(build("99", status_code="0", max_print_width=80, protocol_version="2.00"))
    for _ in range(8):
        await kiosk.send(build("63", fields=fields, transaction_date=DATE, language="001"), seconds=1.0)
    await kiosk.send(build("35", fields=fields, transaction_date=DATE))
    await kiosk.close()
    said = verdicts(acs)
    assert {name: one for name, one in said.items() if one != KEPT} == {}
    shown = {"damaged", "resend", "stray", "status", "unknown", "repeat", "retries", "checksum", "sequence", "first"}
    assert {f"sip2.client.{name}" for name in (*shown, "patience")} <= said.keys()


def test_a_kiosk_that_takes_whatever_comes_is_found_out(acs: Listener) -> None:
    """It never repeats anything and counts on."""
    body = f"63001{DATE}{' ' * 10}AOLIB|AA1|AC|AD|".encode()
    with socket.create_connection(("127.0.0.1", acs.port)) as link:
        link.settimeout(5)
        for number in range(7):
            link.sendall(sealed(b"9900802.00" if number == 0 else body, number) + b"\r")
            answer = b""
            while not answer.endswith(b"\r"):
                answer += link.recv(4096)
    said = verdicts(acs)
    assert said["sip2.client.damaged"] == "took an answer with a wrong checksum"
    assert said["sip2.client.resend"] == "went on after 96"
    assert said["sip2.client.stray"] == "took an answer with another sequence number"
    assert said["sip2.client.unknown"] == KEPT


def test_a_harvester_that_waits_and_escapes_is_right() -> None:
    with Listener("oai") as listener:
        sickle = Sickle(f"http://127.0.0.1:{listener.port}/oai", max_retries=2, default_retry_after=1)
        sickle.Identify()
        records = list(sickle.ListRecords(metadataPrefix="oai_dc"))
        said = verdicts(listener)
    assert [record.header.deleted for record in records] == [False, True, False]
    assert said["oai.harvester.retry-after"] == KEPT
    assert {
        said[f"oai.harvester.{name}"] for name in ("get", "escapes", "token-alone", "token-opaque", "token-end")
    } == {KEPT}
    assert said["oai.harvester.who"] == "no From"


def test_a_harvester_that_does_not_wait_is_found_out() -> None:
    with Listener("oai") as listener:
        base = f"http://127.0.0.1:{listener.port}/oai"
        httpx.get(base, params={"verb": "ListRecords", "metadataPrefix": "oai_dc"})
        for _ in range(2):
            httpx.get(base, params={"verb": "ListRecords", "resumptionToken": "part two+/=&%"})
        httpx.get(base, params={"verb": "ListRecords", "resumptionToken": "mine"})
        said = verdicts(listener)
    assert said["oai.harvester.retry-after"] == "asked again before Retry-After was over"
    assert said["oai.harvester.token-opaque"] == "a token that nobody gave"


@pytest.mark.parametrize("scheme", ["http", "tcp"])
async def test_the_gateways_own_broker_copes_with_pieces(scheme: str) -> None:
    with Listener("ncip") as listener:
        address = f"{scheme}://127.0.0.1:{listener.port}" + ("/ncip" if scheme == "http" else "")
        client = NcipClient(address, parties=Parties("BROKER", "LIB"), keep=True)
        for number in range(3):
            answer = await client.send(LookupUser(user_id=UserId(user_identifier_value=str(number))))
            assert [one.problem_type and one.problem_type.value for one in answer.problems] == ["Unsupported Service"]
        await client.close()
        said = verdicts(listener)
    assert {name: one for name, one in said.items() if one != KEPT} == {}
    wanted = {"namespace", "version.qualified", "header", "user-or-login"}
    assert {f"ncip.client.{name}" for name in wanted} <= said.keys()


def test_the_command_ends_by_number_and_writes_results(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def kiosk() -> None:
        for _ in range(100):
            try:
                link = socket.create_connection(("127.0.0.1", port), timeout=5)
            except OSError:
                threading.Event().wait(0.05)
                continue
            with link:
                link.sendall(sealed(b"9900801.00", 0) + b"\r")
                link.recv(4096)
            return

    thread = threading.Thread(target=kiosk)
    thread.start()
    command = ["listen", "sip2", "--port", str(port), "--exchanges", "1", "--seconds", "20", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, command)
    thread.join()
    document = json.loads((tmp_path / "results.json").read_text())
    wrong = {row["requirement"]: row for row in document["results"] if row["verdict"] == "deviates"}
    assert (done.exit_code, set(wrong)) == (1, {"sip2.client.version"})
    assert (tmp_path / wrong["sip2.client.version"]["transcript"]).exists()
    assert wrong["sip2.client.version"]["probe"] == "sip2.client.version/played"


def test_nobody_came(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["listen", "oai", "--seconds", "0.2", "--out", str(tmp_path)]).exit_code == 2
    assert CliRunner().invoke(app, ["listen", "scim", "--out", str(tmp_path)]).exit_code == 2
