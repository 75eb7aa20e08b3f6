"""`gateway probe oai` against our own door, and against one that does what it must not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typer.testing import CliRunner

from gateway.adapters.oai_pmh.server import oai_door
from gateway.cli import app
from gateway.clock import SystemClock
from gateway.commands.oai_checks import CHECKS
from gateway.members.readers import Readers
from tests.gateway.adapters.oai_pmh.conftest import FORMATS, SETTINGS, configuration
from tests.gateway.adapters.oai_pmh.shelf import Shelf

RUN = CliRunner()


class Altered:
    """An application whose answers are changed on the way, uncompressed, once there is a `change`."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner
        self.change: Callable[[bytes], bytes] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        change = self.change
        if change is None:
            await self.inner(scope, receive, send)
            return

        async def altered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name, value) for name, value in message["headers"] if name != b"content-length"]
                message = {**message, "headers": headers}
            elif message["type"] == "http.response.body":
                message = {**message, "body": change(message.get("body", b""))}
            await send(message)

        headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.inner({**scope, "headers": headers}, receive, altered)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Altered]]:
    shelf = Shelf()
    for number in range(25):
        shelf.now += 1
        shelf.put("aber", str(number), sets=("format:book",) if number % 2 else ())
    with ThreadPoolExecutor(1) as executor:
        door = oai_door(
            shelf,
            Readers(configuration(), clock=SystemClock(), executor=executor),
            SETTINGS,
            secret=b"s" * 32,
            formats=FORMATS,
        )
        served = Altered(Starlette(routes=door.routes()))
        running = uvicorn.Server(uvicorn.Config(served, port=0, log_level="error", lifespan="off"))
        thread = threading.Thread(target=running.run)
        thread.start()
        try:
            while not running.started:
                time.sleep(0.01)
            port = running.servers[0].sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}/oai/aber", served
        finally:
            running.should_exit = True
            thread.join(10)


def probe(address: str, *words: str) -> tuple[int, str]:
    found = RUN.invoke(app, ["probe", "oai", address, *words])
    return found.exit_code, found.output


def test_our_own_door_is_not_odd(server: tuple[str, Altered]) -> None:
    address, served = server
    served.change = None
    code, output = probe(address, "--json")
    report = json.loads(output.splitlines()[-1])
    assert [each for each in report["checks"] if each["verdict"] != "ok"] == []
    assert (code, report["odd"], len(report["checks"])) == (0, 0, len(CHECKS))
    code, output = probe(address)
    assert (code, "nothing odd" in output, "Aberystwyth" in output) == (0, True, True)


@pytest.mark.parametrize(
    ("before", "after", "check"),
    [
        (b"<baseURL>http", b"<baseURL>https", "Identify"),
        (b"<earliestDatestamp>2023-11-14T22", b"<earliestDatestamp>2023-11-14 22", "Identify"),
        (b"<adminEmail>post@demo.example</adminEmail>", b"", "Identify"),
        (b"Z</responseDate>", b".5Z</responseDate>", "envelope"),
        (b"OAI-PMH.xsd", b"other.xsd", "envelope"),
        (b"<repositoryIdentifier>demo.example", b"<repositoryIdentifier>demo", "oai-identifier"),
        (b"<metadataPrefix>oai_dc<", b"<metadataPrefix>dc<", "formats"),
        (b"<setSpec>format:book<", b"<setSpec>format book<", "sets"),
        (b"<identifier>oai:", b"<identifier>oai ", "identifiers"),
        (b"xsi:schemaLocation=\"http://www.openarchives.org/OAI/2.0/oai_dc/", b"xsi:schemaLocation=\"x", "one record"),
        (b'cursor="0"', b'cursor="1"', "resumption tokens"),
        (b'code="noRecordsMatch"', b'code="badArgument"', "wrong requests"),
        (b"", b"", "compression"),  # promised, and what is altered goes out as it is
    ],
)  # fmt: skip
def test_what_is_odd_is_found(server: tuple[str, Altered], before: bytes, after: bytes, check: str) -> None:
    address, served = server
    served.change = lambda octets: octets.replace(before, after)
    code, output = probe(address, "--json")
    report = json.loads(output.splitlines()[-1])
    odd = {each["check"] for each in report["checks"] if each["verdict"] == "odd"}
    assert (code, check in odd) == (1, True), report


def test_no_server_and_no_address(free_port: Callable[[], int]) -> None:
    assert probe(f"http://127.0.0.1:{free_port()}/oai")[0] == 3
    assert probe("ftp://x")[0] == 2


def test_an_address_that_http_refuses_is_tried_no_further(server: tuple[str, Altered]) -> None:
    url, served = server
    served.change = None
    result = RUN.invoke(app, ["probe", "oai", f"{url}/nowhere", "--json"])
    told = json.loads(result.stdout)
    assert (result.exit_code, told["odd"]) == (1, 1)
    assert [(check["check"], check["detail"]) for check in told["checks"]] == [("Identify", "HTTP 404: Not Found")]


def test_a_login_in_the_address_is_neither_compared_nor_shown(server: tuple[str, Altered]) -> None:
    url, served = server
    served.change = None
    result = RUN.invoke(app, ["probe", "oai", url.replace("//", "//reader:geheim@"), "--json"])
    told = json.loads(result.stdout)
    assert ("geheim" in result.output, told["address"]) == (False, url.replace("//", "//reader@"))
    assert [check for check in told["checks"] if check["verdict"] != "ok"] == []
