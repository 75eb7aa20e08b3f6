"""`gateway probe ldap` against a real directory, a stand-in for Active Directory, and servers that answer oddly."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.commands.ldap_checks import CHECKS, NOBODY
from library_protocols.ldap import (
    BindRequest,
    CompareRequest,
    DecodeError,
    ExtendedRequest,
    Framer,
    LdapMessage,
    Not,
    Result,
    Sasl,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    Simple,
    decode,
    encode,
)
from library_protocols.ldap.facts.oids import PAGED_RESULTS, START_TLS, WHO_AM_I
from tests.bad_network import SilentServer
from tests.fake_ad import FakeAd
from tests.slapd import READER, READER_PASSWORD, SUFFIX, Slapd

RUN = CliRunner()
WITH_PASSWORD = {"GATEWAY_PROBE_PASSWORD": READER_PASSWORD}

Change = Callable[[Any, LdapMessage], list[LdapMessage]]
"""What becomes of a message of the server's, given what it answers."""


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    server = Slapd.start(tmp_path_factory.mktemp("campus"), people=5)
    yield server
    server.stop()


class Altered:
    """A server in front of another whose answers it changes."""

    def __init__(self, port: int) -> None:
        self.behind = port
        self.change: Change = lambda _, message: [message]
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Altered:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there, back = await asyncio.open_connection("127.0.0.1", self.behind)
        asked: dict[int, Any] = {}
        with contextlib.suppress(OSError):
            await asyncio.gather(self._questions(reader, back, asked), self._answers(there, writer, asked))
        back.transport.abort()
        writer.transport.abort()

    async def _questions(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, asked: dict[int, Any]) -> None:
        framer = Framer()
        while octets := await reader.read(65_536):
            for framed in framer.receive(octets):
                with contextlib.suppress(DecodeError):
                    message = decode(framed)
                    asked[message.message_id] = message.op
            back.write(octets)
        back.close()

    async def _answers(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: dict[int, Any]) -> None:
        framer = Framer(1 << 24)
        while octets := await there.read(65_536):
            for message in map(decode, framer.receive(octets)):
                question = asked.get(message.message_id)
                for one in _in_clear_text(question, message):
                    for changed in self.change(question, one):
                        writer.write(encode(changed))
        writer.close()


def _in_clear_text(asked: Any, message: LdapMessage) -> list[LdapMessage]:
    """What stands between cannot read what is encrypted: it offers no StartTLS and refuses it."""
    if isinstance(asked, ExtendedRequest) and asked.oid == START_TLS:
        return _result(message, code=52)
    return _root("supportedExtension", WHO_AM_I.encode())(asked, message)


@pytest.fixture(scope="module")
def altered(slapd: Slapd) -> Iterator[Altered]:
    with Altered(slapd.ldap_port) as server:
        yield server


def probe(*arguments: str, user: str = READER) -> tuple[int, dict[str, Any]]:
    """Exit code and report."""
    options = ["--user", user] if user else []
    result = RUN.invoke(app, ["probe", "ldap", *arguments, *options, "--json"], env=WITH_PASSWORD)
    assert READER_PASSWORD not in result.output
    assert result.stdout, result.output
    return result.exit_code, json.loads(result.stdout)


def verdicts(report: dict[str, Any], verdict: str) -> set[str]:
    return {each["check"] for each in report["checks"] if each["verdict"] == verdict}


def seen(report: dict[str, Any], check: str) -> str:
    return next(each["detail"] for each in report["checks"] if each["check"] == check)


def test_nothing_is_odd_about_a_real_directory(slapd: Slapd) -> None:
    code, report = probe(f"ldaps://localhost:{slapd.ldaps_port}", "--ca-file", str(slapd.authority))
    assert (code, report["odd"], len(report["checks"])) == (0, 0, len(CHECKS))
    assert verdicts(report, "not offered") == set()
    assert seen(report, "encryption").startswith("TLSv1.")
    assert seen(report, "pages") == "pages of 2, 2, 1"
    assert seen(report, "who am I") == f"dn:{READER}"
    assert seen(report, "name without password").startswith("53 unwillingToPerform")


def test_in_clear_text_and_unbound_it_says_what_cannot_be_tried(slapd: Slapd) -> None:
    code, report = probe(f"127.0.0.1:{slapd.ldap_port}", "--insecure", user="")
    assert (code, report["odd"]) == (0, 0)
    assert verdicts(report, "not offered") >= {"encryption", "one person", "pages", "compare"}
    assert seen(report, "StartTLS").startswith("TLSv1.")
    assert seen(report, "anonymous bind") == "taken, and shows nobody"


def test_every_connection_is_encrypted_on_demand(slapd: Slapd) -> None:
    address = f"ldap://localhost:{slapd.ldap_port}"
    code, report = probe(address, "--starttls", "--ca-file", str(slapd.authority))
    assert (code, report["odd"]) == (0, 0)
    assert seen(report, "StartTLS").startswith("refused on an encrypted connection")


def test_nobody_s_account_is_locked_and_nothing_is_written(tmp_path: Path) -> None:
    server = Slapd.start(tmp_path, people=3, lockout=True)
    try:
        before = server.search("(objectClass=*)", "*", "+")
        for _ in range(5):
            probe(f"ldaps://localhost:{server.ldaps_port}", "--ca-file", str(server.authority))
        assert server.search("(objectClass=*)", "*", "+") == before
    finally:
        server.stop()


def test_active_directory_is_tried_as_it_is() -> None:
    with FakeAd() as ad:
        ad.add_user("ann", "ann-secret")
        code, report = probe(f"127.0.0.1:{ad.port}", user="")
    assert code in (0, 1)
    assert seen(report, "wrong password").startswith("49 invalidCredentials")
    assert "data 52" in seen(report, "wrong password")
    assert "dirSync" in seen(report, "what it offers")


def _result(message: LdapMessage, **changes: Any) -> list[LdapMessage]:
    """The message with another result."""
    result = replace(getattr(message.op, "result"), **changes)  # noqa: B009  operations of one kind have one
    return [replace(message, op=replace(message.op, result=result))]


def _root(attribute: str, *values: bytes) -> Change:
    """The root DSE with other values of an attribute."""

    def change(asked: Any, message: LdapMessage) -> list[LdapMessage]:
        if not isinstance(message.op, SearchResultEntry) or message.op.dn:
            return [message]
        attributes = tuple((name, values if name == attribute else held) for name, held in message.op.attributes)
        return [replace(message, op=replace(message.op, attributes=attributes))]

    return change


def _when(fits: Callable[[Any], bool], **changes: Any) -> Change:
    """Another result for questions that fit."""

    def change(asked: Any, message: LdapMessage) -> list[LdapMessage]:
        if fits(asked) and isinstance(getattr(message.op, "result", None), Result):
            return _result(message, **changes)
        return [message]

    return change


def _twice(asked: Any, message: LdapMessage) -> list[LdapMessage]:
    return [message] * (2 if isinstance(message.op, SearchResultEntry) and message.op.dn else 1)


def _with_values(asked: Any, message: LdapMessage) -> list[LdapMessage]:
    if isinstance(asked, SearchRequest) and asked.types_only and isinstance(message.op, SearchResultEntry):
        return [replace(message, op=replace(message.op, attributes=(("objectClass", (b"person",)),)))]
    return [message]


def _found_by_not(asked: Any, message: LdapMessage) -> list[LdapMessage]:
    if isinstance(asked, SearchRequest) and isinstance(asked.filter, Not) and isinstance(message.op, SearchResultDone):
        return [replace(message, op=SearchResultEntry(asked.base)), message]
    return [message]


def _without_controls(asked: Any, message: LdapMessage) -> list[LdapMessage]:
    return [replace(message, controls=())]


def _another_number(asked: Any, message: LdapMessage) -> list[LdapMessage]:
    return [replace(message, message_id=message.message_id + 77)] if message.message_id == 2 else [message]


def _nobody(asked: Any, message: LdapMessage) -> list[LdapMessage]:
    if isinstance(asked, ExtendedRequest) and asked.oid == WHO_AM_I:
        return [replace(message, op=replace(message.op, value=b""))]
    return [message]


def _binds(**wanted: Any) -> Callable[[Any], bool]:
    return lambda asked: (
        isinstance(asked, BindRequest) and all(getattr(asked, name) == value for name, value in wanted.items())
    )


def _bind_by(kind: type, fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda asked: isinstance(asked, BindRequest) and isinstance(asked.authentication, kind) and fits(asked)


def _extended(oid: str) -> Callable[[Any], bool]:
    return lambda asked: isinstance(asked, ExtendedRequest) and asked.oid == oid


def _search_at(start: str) -> Callable[[Any], bool]:
    return lambda asked: isinstance(asked, SearchRequest) and asked.base.startswith(start)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (_root("supportedLDAPVersion", b"2"), "root DSE"),
        (_root("subschemaSubentry", b"cn=nowhere"), "schema"),
        (_root("supportedExtension", START_TLS.encode()), "StartTLS"),
        (_when(_bind_by(Simple, lambda b: b.name != "" and not b.authentication.password), code=0),
         "name without password"),
        (_when(_binds(name=f"cn=no-such-name,{SUFFIX}"), matched_dn=SUFFIX), "wrong password"),
        (_when(_binds(name=f"cn=no-such-name,{SUFFIX}"), code=0), "wrong password"),
        (_when(_binds(version=2), code=0), "LDAP version 2"),
        (_when(_bind_by(Sasl, lambda _: True), code=0), "unknown SASL mechanism"),
        (_when(_search_at(""), code=0), "unknown control"),
        (_when(_extended(NOBODY), code=0), "unknown extended operation"),
        (_nobody, "who am I"),
        (_twice, "one person"),
        (_with_values, "attributes on request"),
        (_found_by_not, "filters with the unknown"),
        (_without_controls, "pages"),
        (_when(_search_at(SUFFIX), code=0), "a cookie of nobody's"),
        (_when(_search_at("ou=no such place"), code=0), "no such base"),
        (_when(_search_at("this is"), code=0), "no name at all"),
        (_when(lambda asked: isinstance(asked, CompareRequest), code=6), "compare"),
        (_another_number, "two questions at once"),
    ],
)  # fmt: skip
def test_what_is_odd_is_found(altered: Altered, change: Change, check: str) -> None:
    altered.change = change
    code, report = probe(f"127.0.0.1:{altered.port}", "--insecure")
    assert code == 1
    assert check in verdicts(report, "odd"), report


def test_in_front_of_a_directory_that_is_left_as_it_is_nothing_is_odd(altered: Altered) -> None:
    altered.change = lambda _, message: [message]
    code, report = probe(f"127.0.0.1:{altered.port}")
    assert (code, verdicts(report, "odd")) == (0, set())
    altered.change = _root("supportedControl", PAGED_RESULTS[:-1].encode())
    _, report = probe(f"127.0.0.1:{altered.port}")
    assert verdicts(report, "not offered") >= {"pages", "a cookie of nobody's"}


def test_no_server_no_answer_and_no_address(free_port: Callable[[], int], slapd: Slapd) -> None:
    def code(*arguments: str) -> int:
        return RUN.invoke(app, ["probe", "ldap", *arguments]).exit_code

    assert code(f"127.0.0.1:{free_port()}") == 3
    assert code(f"ldaps://localhost:{slapd.ldaps_port}") == 3, "nobody trusts its authority"
    with SilentServer() as silent:
        assert code(f"127.0.0.1:{silent.port}", "--timeout", "0.2") == 4
    for wrong in ("ftp://x", "ldap://", "ldap://x:y", "ldap://x/dc=y", "ldap://u@x"):
        assert code(wrong) == 2, wrong
    assert code("x", "--filter", "(") == 2
    assert code("ldaps://x", "--starttls") == 2
    assert code("x", "--ca-file", "nowhere.pem") == 2


def test_a_trace_shows_messages_and_no_secret(slapd: Slapd) -> None:
    arguments = ["probe", "ldap", f"127.0.0.1:{slapd.ldap_port}", "--user", READER, "--insecure", "--trace"]
    result = RUN.invoke(app, arguments, env=WITH_PASSWORD)
    assert "BindRequest" in result.stderr
    assert "SearchResultEntry" in result.stderr
    assert READER_PASSWORD not in result.output
    assert "u000001" not in result.stderr
