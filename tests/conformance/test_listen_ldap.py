"""Programs that ask a played directory show what they do: the gateway's own and ldapsearch cope, careless ones are
found out."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.clock import SystemClock
from gateway.config.identity import DirectoryConfig
from gateway.identity.directories import open_directory
from gateway.identity.directories.directory import LdapDirectory
from gateway.identity.directories.port import DirectoryDown
from library_conformance.listen import Listener
from library_conformance.listeners.ldap import LIBERTIES
from library_conformance.octets import whole
from library_conformance.passive import KEPT
from library_protocols.ldap import (
    AbandonRequest,
    BindRequest,
    CompareRequest,
    Control,
    DelRequest,
    ExtendedRequest,
    LdapMessage,
    PagedResults,
    Request,
    ResultCode,
    Sasl,
    SearchRequest,
    Simple,
    UnbindRequest,
    decode,
    encode,
    parse_filter,
)
from library_protocols.ldap.facts import oids
from tests.presence import missing

BASE = "dc=library,dc=example"
SERVICE, PASSWORD = f"cn=reader,{BASE}", "secret"
IN_CLEAR = {"ldap.client.password-in-clear": "a password over a connection in clear"}
"""Of everybody: the played directory offers no TLS."""


def verdicts(listener: Listener) -> dict[str, str]:
    return {
        one.rule.requirement: one.worst[1].observation if one.worst else KEPT
        for one in listener.judgements()
        if one.findings
    }


def wrong(said: dict[str, str]) -> dict[str, str]:
    return {name: one for name, one in said.items() if one != KEPT}


@pytest.fixture
def directory() -> Iterator[Listener]:
    with Listener("ldap") as listener:
        yield listener


# The gateway's own


@asynccontextmanager
async def driver(listener: Listener) -> AsyncIterator[LdapDirectory]:
    config = DirectoryConfig(
        servers=(f"ldap://127.0.0.1:{listener.port}",), security="none", base=BASE, bind_dn=SERVICE,
        bind_password=PASSWORD, retry_seconds=0.01,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip
    opened = open_directory("campus", config, clock=SystemClock())
    try:
        yield opened
    finally:
        await opened.close()


async def login(opened: LdapDirectory, name: str, password: str = "1234") -> str:
    try:
        return str((await opened.authenticate(name, password, deadline=3)).verdict)
    except DirectoryDown:
        return "down"


async def test_the_gateways_driver_copes_with_a_bad_day(directory: Listener) -> None:
    async with driver(directory) as opened:
        came = [await login(opened, f"reader{number}") for number in range(9)]
        assert await login(opened, "reader*)(uid=*\\") == "right"
        assert await login(opened, "reader1", "") == "wrong"
        assert await login(opened, "nobody") == "unknown"
        pages = [page async for page in opened.entries(BASE, "(objectClass=person)", ["cn"], page=5)]
    assert came.count("wrong") == came.count("ambiguous") == 1
    assert set(came) == {"right", "wrong", "ambiguous", "down"}
    assert [len(page) for page in pages] == [2, 2, 1]
    said = verdicts(directory)
    assert wrong(said) == IN_CLEAR
    shown = {
        "one-entry",
        "pieces",
        "unknown-control",
        "unknown-elements",
        "unbind",
        "reference",
        "busy",
        "notice",
        "paging.cookie",
        "no-empty-password",
    }
    assert {f"ldap.client.{name}" for name in shown} <= said.keys()


def test_ldapsearch_copes(directory: Listener) -> None:
    codes: list[int] = []
    for number in range(9):
        codes.append(ldapsearch(directory, "-D", SERVICE, "-w", PASSWORD, f"(uid=reader{number})", "cn"))
    assert sorted(set(codes)) == [0, ResultCode.SIZE_LIMIT_EXCEEDED, ResultCode.REFERRAL, ResultCode.BUSY, 52]
    assert ldapsearch(directory, "-E", "pr=50/noprompt", "(objectClass=person)", "cn") == 0
    said = verdicts(directory)
    assert wrong(said) == IN_CLEAR
    assert {f"ldap.client.{name}" for name in ("unbind", "unknown-elements", "paging.same")} <= said.keys()


def test_who_goes_on_without_tls_is_found_out(directory: Listener) -> None:
    assert ldapsearch(directory, "-Z", "-D", SERVICE, "-w", PASSWORD, "(uid=reader)") == 0
    assert verdicts(directory)["ldap.client.start-tls.refused"] == "a password in clear, though TLS was asked for"


def ldapsearch(listener: Listener, *more: str) -> int:
    if shutil.which("ldapsearch") is None:
        missing("ldapsearch is not installed")
    command = ["ldapsearch", "-x", "-H", f"ldap://127.0.0.1:{listener.port}", "-b", BASE, "-LLL", *more]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode


# Scripted ones


class Program:
    """Says what it is told to, and hears the whole answer."""

    def __init__(self, listener: Listener) -> None:
        self.link = socket.create_connection(("127.0.0.1", listener.port), timeout=5)
        self.number = 0
        self.waiting = b""

    def ask(self, op: Request, *controls: Control) -> list[LdapMessage]:
        self.number += 1
        self.link.sendall(encode(LdapMessage(self.number, op, controls)))
        heard = [self.hear()]
        while not hasattr(heard[-1].op, "result"):
            heard.append(self.hear())
        return heard

    def hear(self) -> LdapMessage:
        while not (end := whole(self.waiting) if self.waiting else 0):
            piece = self.link.recv(4096)
            assert piece, "closed"
            self.waiting += piece
        message, self.waiting = decode(self.waiting[:end]), self.waiting[end:]
        return message

    def code(self, op: Request, *controls: Control) -> int:
        return self.ask(op, *controls)[-1].op.result.code  # pyright: ignore[reportAttributeAccessIssue]

    def leave(self) -> None:
        self.link.close()


def asked_for(uid: str) -> SearchRequest:
    return SearchRequest(BASE, 2, 0, 0, 0, False, parse_filter(f"(uid={uid})"), ("cn",))


def test_who_takes_the_first_of_several_is_found_out(directory: Listener) -> None:
    program = Program(directory)
    for number in range(6):
        entries = [one.op for one in program.ask(asked_for(f"reader{number}")) if hasattr(one.op, "dn")]
        if entries:
            program.ask(BindRequest(3, entries[0].dn, Simple(b"1234")))  # pyright: ignore[reportAttributeAccessIssue]
    program.leave()
    said = wrong(verdicts(directory))
    assert said["ldap.client.one-entry"] == "tried a password at one of several"
    assert said["ldap.client.bind-result"] == "went on as if it had been let in"


def test_who_leaves_without_a_word_is_found_out(directory: Listener) -> None:
    program = Program(directory)
    program.ask(asked_for("reader"))
    program.leave()
    until = time.monotonic() + 5
    while (said := verdicts(directory).get("ldap.client.unbind")) is None and time.monotonic() < until:
        time.sleep(0.02)
    assert said == "left without unbind"


@pytest.mark.parametrize("hangs_up", [False, True])
def test_who_does_not_understand_an_answer_is_found_out(directory: Listener, hangs_up: bool) -> None:
    program = Program(directory)
    for name in ("anna", "anna", "bob", "bob", "eve"):
        program.ask(asked_for(name))
        if hangs_up:
            program.leave()
            program = Program(directory)
    said, again = verdicts(directory), "asked the same again"
    assert [said[name] for name in LIBERTIES.values()] == [again, KEPT, again, KEPT]


def test_who_takes_leave_and_comes_back_with_the_same_question_is_not_blamed(directory: Listener) -> None:
    for number, name in enumerate(("anna", "anna", "bob", "eve"), 1):
        program, until = Program(directory), time.monotonic() + 5
        program.ask(asked_for(name))
        program.link.sendall(encode(LdapMessage(9, UnbindRequest())))
        while directory.count < 2 * number and time.monotonic() < until:
            time.sleep(0.01)
        program.leave()
    assert verdicts(directory).get("ldap.client.pieces", KEPT) == KEPT


def test_who_gives_an_answer_up_is_found_out(directory: Listener) -> None:
    program = Program(directory)
    program.ask(asked_for("anna"))
    program.link.sendall(encode(LdapMessage(2, AbandonRequest(1))))
    assert program.code(asked_for("anna")) == 0
    assert verdicts(directory)["ldap.client.pieces"] == "gave it up"


def test_who_goes_round_and_minds_no_notice_is_found_out(directory: Listener) -> None:
    program = Program(directory)
    for number in range(5):
        program.ask(asked_for(f"reader{number}"))
    asked = [program.code(asked_for("anna")) for _ in range(6)]
    assert asked == [ResultCode.BUSY, *[ResultCode.REFERRAL] * 3, ResultCode.UNAVAILABLE, ResultCode.SUCCESS]
    assert wrong(verdicts(directory)) == {
        "ldap.client.busy": "asked again at once",
        "ldap.client.referral-loop": "asked the same again and again after a referral",
        "ldap.client.notice": "spoke on after a notice of disconnection",
    }


def test_what_is_no_message_ends_the_connection_with_a_notice(directory: Listener) -> None:
    program = Program(directory)
    program.link.sendall(b"GET / HTTP/1.1\r\n" + b" " * 80)
    assert program.hear().message_id == 0
    assert program.link.recv(10) == b""
    assert wrong(verdicts(directory)) == {"ldap.client.message": "what is no request"}


# The directory itself


@pytest.mark.parametrize(
    ("op", "controls", "code"),
    [
        (BindRequest(3, "", Simple(b"")), (), ResultCode.SUCCESS),
        (BindRequest(3, SERVICE, Simple(b"x")), (), ResultCode.SUCCESS),
        (BindRequest(3, SERVICE, Simple(b"")), (), ResultCode.UNWILLING_TO_PERFORM),
        (BindRequest(2, SERVICE, Simple(b"x")), (), ResultCode.PROTOCOL_ERROR),
        (BindRequest(3, "", Sasl("EXTERNAL")), (), ResultCode.AUTH_METHOD_NOT_SUPPORTED),
        (ExtendedRequest(oids.START_TLS), (), ResultCode.PROTOCOL_ERROR),
        (CompareRequest(BASE, "cn", b"x"), (), ResultCode.COMPARE_FALSE),
        (DelRequest(BASE), (), ResultCode.UNWILLING_TO_PERFORM),
        (asked_for("a"), (Control("1.2.3", True),), ResultCode.UNAVAILABLE_CRITICAL_EXTENSION),
        (asked_for("a"), (PagedResults(5, b"mine").control(),), ResultCode.UNWILLING_TO_PERFORM),
        (replace(asked_for("a"), filter=parse_filter("(objectClass=*)"), size_limit=1), (),
         ResultCode.SIZE_LIMIT_EXCEEDED),
    ],
)  # fmt: skip
def test_what_is_asked_is_answered_as_a_directory_does(
    directory: Listener, op: Request, controls: tuple[Control, ...], code: ResultCode
) -> None:
    assert Program(directory).code(op, *controls) == code
