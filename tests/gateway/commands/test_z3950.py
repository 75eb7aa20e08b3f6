"""`gateway search z3950://…` and `gateway probe z3950`, against the door and against servers that misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.clients.targets import z3950_target
from library_protocols.z3950 import InitializeResponse, SearchResponse, Target
from library_protocols.z3950.events import Request, Send, Waiting
from tests.gateway.adapters.z3950.conftest import (
    PASSWORD,
    READER,
    Listening,
    built_index,
    inline,
    listening,
    settings,
    shelf_records,
)

__all__ = ["built_index", "inline", "listening", "settings", "shelf_records"]


async def gateway(*arguments: str) -> Result:
    """The command run in a thread, while the server of the test runs here."""
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


async def searched(listening: Listening, *arguments: str, database: str = "all") -> tuple[int, dict[str, object]]:
    result = await gateway("search", f"z3950://127.0.0.1:{listening.port}/{database}", *arguments, "--json")
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize("query", ["@attr 1=4 wales", "dc.title = wales"])
@pytest.mark.parametrize("schema", ["", "usmarc", "marcxml", "dc", "xml", "opac"])
async def test_records_are_found(listening: Listening, query: str, schema: str) -> None:
    code, found = await searched(listening, query, "--schema", schema)
    assert code == 0
    assert found["count"] == 2
    titles = {one["title"] for one in found["records"]}  # type: ignore[union-attr]
    assert titles == {"A history of Wales", "Wales and the sea"}


async def test_text_is_shown_as_it_came(listening: Listening) -> None:
    result = await gateway(
        "search", f"z3950://127.0.0.1:{listening.port}/aber", "@attr 1=4 dŵr", "--schema", "sutrs", "--full"
    )
    assert result.exit_code == 0
    assert "Title: Dŵr a thân" in result.stdout


async def test_pages_and_places(listening: Listening) -> None:
    code, found = await searched(listening, "@attr 1=4 sea", "--start", "2", "--max", "1")
    assert code == 0
    assert [one["position"] for one in found["records"]] == [2]  # type: ignore[union-attr]
    _, found = await searched(listening, "@attr 1=4 sea", "--max", "1")
    assert found["next"] == 2
    _, found = await searched(listening, "@attr 1=4 galles", "--schema", "usmarc")
    assert "238" in found["records"][0]["problem"]  # type: ignore[index]


async def test_a_target_that_refuses(listening: Listening) -> None:
    code, found = await searched(listening, "@attr 1=9999 x")
    assert code == 1
    assert found["problems"] == ["114 this access point is not offered: 9999"]
    code, found = await searched(listening, "x", database="nowhere")
    assert (code, found["count"]) == (1, 0)
    result = await gateway(
        "search", f"z3950://127.0.0.1:{listening.port}/cardiff", "@attr 1=4 wales", "--user", READER, "--password", "x"
    )
    assert result.exit_code == 1
    code, found = await searched(
        listening, "@attr 1=4 wales", "--user", READER, "--password", PASSWORD, database="cardiff"
    )
    assert (code, found["count"]) == (0, 1)


@pytest.mark.parametrize(
    "arguments", [("@attr x y",), ("@and a",), ("x", "--sort", "date")], ids=["attribute", "operand", "sort"]
)
async def test_wrong_usage(listening: Listening, arguments: tuple[str, ...]) -> None:
    result = await gateway("search", f"z3950://127.0.0.1:{listening.port}/all", *arguments)
    assert result.exit_code == 2


async def test_nobody_listens(free_port: Callable[[], int]) -> None:
    result = await gateway("search", f"z3950://127.0.0.1:{free_port()}/all", "x")
    assert result.exit_code == 3


def test_addresses() -> None:
    whole = z3950_target("z3950://me:p%40ss@host.example:7090/a%20b")
    assert (whole.host, whole.port, whole.database, whole.user, whole.password) == (
        "host.example", 7090, "a b", "me", "p@ss",
    )  # fmt: skip
    bare = z3950_target("host.example")
    assert (bare.port, bare.database) == (210, "Default")
    for wrong in ("http://host/x", "z3950://", "z3950://host:x/y"):
        with pytest.raises(ValueError, match=r"z3950|[Pp]ort"):
            z3950_target(wrong)


# Probe


async def test_nothing_is_odd_about_the_door(listening: Listening) -> None:
    result = await gateway("probe", "z3950", f"127.0.0.1:{listening.port}/aber", "--json")
    told = json.loads(result.stdout)
    assert [one for one in told["checks"] if one["verdict"] == "odd"] == []
    assert result.exit_code == 0
    seen = {one["check"]: one["detail"] for one in told["checks"]}
    assert seen["record syntaxes"] == "usmarc xml sutrs opac"
    assert "114" in seen["an unknown access point is refused"]
    assert seen["character set"] == "utf-8"


async def test_the_wire_can_be_watched_without_the_password(listening: Listening) -> None:
    result = await gateway(
        "probe", "z3950", f"127.0.0.1:{listening.port}/cardiff", "--trace", "--user", READER, "--password", PASSWORD
    )
    assert result.exit_code == 0
    assert "searchRequest" in result.stderr
    assert PASSWORD not in result.output


async def test_a_target_that_says_yes_to_everything_is_odd() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = Target()
        while data := await reader.read(10_000):
            target.receive_data(data)
            while not isinstance(event := target.next_event(), Waiting):
                if isinstance(event, Send):
                    writer.write(event.data)
                elif isinstance(event, Request) and event.pdu.tag == 20:
                    accepted = InitializeResponse(
                        protocol_version=frozenset((0, 1, 2)), options=frozenset((0, 1)), preferred_message_size=1,
                        exceptional_record_size=1, result=True,
                    )  # fmt: skip
                    writer.write(target.respond(accepted))
                elif isinstance(event, Request) and event.pdu.tag == 22:
                    answer = SearchResponse(
                        result_count=7, number_of_records_returned=0, next_result_set_position=1, search_status=True
                    )
                    writer.write(target.respond(answer))
                else:
                    writer.write(b"\0\0")  # what is no PDU
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    result = await gateway("probe", "z3950", f"127.0.0.1:{port}/x", "--json", "--timeout", "5")
    server.close()
    told = json.loads(result.stdout)
    odd = {one["check"] for one in told["checks"] if one["verdict"] == "odd"}
    assert {"an unknown access point is refused", "an unknown database is refused", "record syntaxes"} <= odd
    assert result.exit_code == 1


async def test_a_target_that_refuses_us(listening: Listening) -> None:
    result = await gateway(
        "probe", "z3950", f"127.0.0.1:{listening.port}/aber", "--user", READER, "--password", "wrong"
    )
    assert result.exit_code == 1
    assert "1011" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("http://x/y",), ("127.0.0.1/x", "--query", "@and"), ("127.0.0.1/x", "--charset", "x")]
)
async def test_wrong_usage_of_the_probe(arguments: tuple[str, ...]) -> None:
    assert (await gateway("probe", "z3950", *arguments)).exit_code == 2
