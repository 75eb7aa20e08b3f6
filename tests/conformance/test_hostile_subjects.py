"""Subjects that mean harm: what they say without end, in bombs or in controls must neither stop the judge nor act."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from library_conformance import foreign
from library_conformance import run as running
from library_conformance.exits import Exit
from library_conformance.model import Unreachable
from library_conformance.probes.ldap import root
from library_conformance.probes.scim import client
from library_conformance.probes.sip2 import wire
from library_conformance.run import Endless, Run, Target
from library_conformance.runner import Plan, run
from library_conformance.transcript import Cover, Transcript
from library_conformance.web import Raw, ask_octets, chunks, get_octets

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(serve: Serve) -> Iterator[int]:
    """A port at which every connection is handed to a function, which may take its time."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(one: socket.socket) -> None:
        with one, contextlib.suppress(OSError):
            one.settimeout(10)
            serve(one)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def says(octets: bytes) -> Serve:
    def serve(one: socket.socket) -> None:
        one.recv(65_536)
        one.sendall(octets)

    return serve


def goes_on(first: bytes, more: bytes, wait: float = 0.0) -> Serve:
    """Says `more` again and again, until nobody listens."""

    def serve(one: socket.socket) -> None:
        one.recv(65_536)
        one.sendall(first)
        while True:
            one.sendall(more)
            time.sleep(wait)

    return serve


def aimed(port: int, *, patience: float = 0.4, web: bool = True) -> Run:
    target = Target("127.0.0.1", port, url=f"http://127.0.0.1:{port}/x" if web else "")
    return Run(target, {}, Transcript(), pause=0.0, patience=patience)


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> int:
    """Little is taken in, so that a test need not send much."""
    most = 100_000
    for module in (running, foreign):
        monkeypatch.setattr(module, "MOST", most)
    return most


@pytest.mark.parametrize(
    "serve",
    [
        goes_on(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05),
        goes_on(HEAD + b"\r\n", b"<", 0.05),
        goes_on(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", 0.05),
    ],
    ids=["head", "body", "chunks"],
)
def test_the_patience_is_for_all_of_an_answer_and_not_for_each_of_its_octets(serve: Serve) -> None:
    with serving(serve) as port, pytest.raises(httpx.TimeoutException):
        aimed(port).http()


@pytest.mark.parametrize(
    "serve",
    [
        goes_on(HEAD + b"Content-Length: 99999999999\r\n\r\n", b"<" * 65_536),
        goes_on(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"a" * 0x1000 + b"\r\n"),
        says(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"a" * 3_000_000)),
        says(HEAD + b"Content-Encoding: gzip\r\n\r\nno gzip at all"),
    ],
    ids=["gigabytes", "chunks", "bomb", "no gzip"],
)
def test_an_answer_longer_than_any_is_none(serve: Serve, little: int) -> None:
    with serving(serve) as port, pytest.raises(ConnectionError):
        aimed(port, patience=5).http()


def test_a_compressed_answer_is_unpacked_and_keeps_its_head() -> None:
    body = gzip.compress(b"<x>long enough</x>")
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with serving(says(head + body)) as port:
        answer = aimed(port, patience=5).http()
    assert (answer.status_code, answer.text) == (200, "<x>long enough</x>")
    assert answer.headers["content-encoding"] == "gzip"


def test_a_line_takes_in_so_much_and_no_more(little: int) -> None:
    with serving(goes_on(b"", b"A" * 65_536)) as port:
        made = aimed(port, patience=5, web=False)
        with made.line() as line:
            line.send(b"?")
            came = line.receive(lambda _: 0)
            assert line.closed
    assert little <= len(came) <= little + 65_536


def test_messages_without_end_come_to_an_end(little: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_TOLD", 8 * little)
    with serving(goes_on(b"", b"98\r" * 20_000)) as port, aimed(port, patience=5, web=False).line() as line:
        line.send(b"?")
        with pytest.raises(Endless):
            list(iter(lambda: line.receive(lambda octets: octets.rfind(b"\r") + 1), b""))


def test_chunks_that_lead_backwards_or_nowhere_are_no_chunks() -> None:
    assert chunks(b"-8\r\nabc\r\n-8\r\nabc\r\n") == (b"", 0)
    assert chunks(b"3;x=y\r\nabc\r\n0\r\n\r\n") == (b"abc", 17)
    assert chunks(b"9" * 5000 + b"\r\nabc") == (b"", 0)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nabc",
        b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: ²\r\n\r\nabc".encode("latin-1"),
    ],
    ids=["length", "status", "raised two"],
)
def test_numbers_that_are_none_are_no_error_of_ours(answer: bytes) -> None:
    with serving(says(answer)) as port:
        made = aimed(port)
        found = ask_octets(made, get_octets(made, "verb=Identify"))
    assert found is None or found.body == b"abc"


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b"a" * 200)[:-9], gzip.compress(b"a" * 200_000)],
    ids=["none", "cut short", "too much"],
)
def test_gzip_that_is_none_or_too_much_is_an_error_of_the_line(body: bytes, little: int) -> None:
    with pytest.raises(OSError, match=r"gzip|header"):
        _ = Raw(200, {"content-encoding": "gzip"}, body).plain


def test_a_handshake_that_stalls_is_nobody_there() -> None:
    def serve(one: socket.socket) -> None:
        while one.recv(65_536):
            pass

    with serving(serve) as port, contextlib.ExitStack() as stack:
        made = Run(Target("127.0.0.1", port, tls=True), {}, Transcript(), patience=0.3, verify=False)
        with pytest.raises(Unreachable):
            stack.enter_context(made.line())


def test_directories_without_a_root_are_no_error_of_ours(tmp_path: Path) -> None:
    with serving(says(b"\x30\x84\xff\xff\xff\xff" + b"x" * 100)) as port:
        plan = Plan("ldap", Target("127.0.0.1", port), {}, tmp_path, only=("ldap.root",), pause=0.0, patience=0.2)
        document = run(plan)
    assert not [row["probe"] for row in document["results"] if row["execution"] == "harness_error"]
    assert root.SCHEMA not in {row["probe"] for row in document["results"] if row["execution"] == "ran"}


# What is written


SECRET = 'pw&"é 7391+/'


@pytest.mark.parametrize(
    "form",
    [
        SECRET.encode(), SECRET.encode("latin-1"), SECRET.encode("cp850"), SECRET.encode("utf-16-le"),
        b"pw%26%22%C3%A9%207391%2B%2F", b"pw%26%22%c3%a9+7391%2b%2f", b"pw&amp;&quot;\xc3\xa9 7391+/",
        SECRET.encode().hex().upper().encode(), base64.b64encode(SECRET.encode()), json.dumps(SECRET)[1:-1].encode(),
        b"%70%77%26%22%c3%a9%20%37%33%39%31%2b%2f",
    ],
)  # fmt: skip
def test_a_secret_is_covered_in_every_form_in_which_it_may_stand(form: bytes) -> None:
    covered = Cover({"password": SECRET})(b"before " + form + b" after")
    assert covered is not None
    assert form.rstrip(b"=").lower() not in covered.lower()
    assert covered.startswith(b"before ")
    assert covered.rstrip(b"=").endswith(b" after")


def test_pseudonyms_cannot_be_tried_out() -> None:
    """A PIN has ten thousand values: whoever knows how pseudonyms are made must not find the one that fits."""
    program = "from library_conformance.transcript import pseudonym; print(pseudonym('20100001'))"
    made = {subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(made) == 2


def test_an_address_with_a_password_is_refused() -> None:
    with pytest.raises(ValueError, match="no name or password"):
        Target.parse("http://user:secret@library.example/oai")


ESCAPES = "\x1b]0;mine\x07\x9b31m\u202e\ud800\x00"


def test_nothing_that_a_subject_says_acts_on_a_terminal() -> None:
    shown = foreign.said(f"a\r\nb{ESCAPES}")
    assert shown == "a b\\x1b]0;mine\\x07\\x9b31m\\u202e\\ud800\\x00"
    assert len(foreign.said("x" * 10_000)) == foreign.LONGEST + 1
    text = foreign.json_text({"said": ESCAPES + "\u2028"})
    assert json.loads(text) == {"said": ESCAPES + "\u2028"}
    assert text.isprintable()
    assert text.encode("utf-8")


def test_words_of_a_subject_are_written_without_what_acts(tmp_path: Path) -> None:
    said = b"98YYYYYN10000320260101    1200002.00AO\x1b[31m|AM\xc2\x9b31m|BXYYYYYYYYYYYYYYYY|\r"
    with serving(says(said)) as port:
        plan = Plan("sip2", Target("127.0.0.1", port), {}, tmp_path, only=("sip2.status",), pause=0.0, patience=0.3)
        run(plan)
    for file in tmp_path.rglob("*.json*"):
        text = file.read_text(encoding="utf-8")
        assert not foreign._ACTS.search(text), file


# What is left behind


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_tells_what_may_be_left(how: signal.Signals, tmp_path: Path) -> None:
    """A kiosk lends, and nothing more is answered; then somebody stops the run, politely or not."""
    lent = threading.Event()

    def serve(one: socket.socket) -> None:
        while message := one.recv(65_536):
            code = message[:2]
            if lent.is_set():
                time.sleep(30)
            elif code == b"99":
                one.sendall(b"98YYYYYN10000320260101    1200002.00AOx|BXYYYYYYYYYYYYYYYY|\r")
            elif code == b"17":
                one.sendall(b"1803000120260101    120000ABi1|AJt|\r")
            elif code == b"63":
                one.sendall(b"64" + b" " * 14 + b"000" + b"20260101    120000" + b"0000" * 6 + b"AOx|AAp11|AEn|BLY|\r")
            else:
                lent.set()

    with serving(serve) as port:
        command = [
            sys.executable, "-m", "library_conformance", "run", "sip2", f"127.0.0.1:{port}", "--out", str(tmp_path),
            "--allow", "write-reversible", "--only", "sip2.checkout.lend", "--set", "patron=p11", "--set", "item=i11",
            "--patience", "20", "--pause", "0",
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as judge:
            assert lent.wait(20)
            time.sleep(0.2)
            os.kill(judge.pid, how)
            if how is signal.SIGINT:
                time.sleep(0.3)
                os.kill(judge.pid, how)  # the first one ends the waiting, and the item would be brought back
            assert judge.wait(20) == (Exit.HARNESS if how is signal.SIGINT else -how)
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert document["stopped"] is True
    row = next(row for row in document["results"] if row["requirement"] == "sip2.checkout.lend")
    if how is signal.SIGINT:
        assert (row["verdict"], row["observation"]) == ("unsafe", "may be left: a loan of the item")
    else:
        assert (row["lifecycle"], row["note"]) == ("aborted", "the run ended in it: look after what the inputs name")


def test_a_line_without_end_is_looked_at_in_no_time() -> None:
    begun = time.process_time()
    assert wire.whole(b"A" * 1_000_000) == 0
    assert wire.whole(b"\r\n" * 500_000) == 0
    assert time.process_time() - begun < 2
    assert [wire.whole(one) for one in (b"\r\n98\r\n99", b"98\n99", b"98\r", b"98", b"")] == [6, 3, 3, 0, 0]


def test_json_of_brackets_is_no_error_of_ours() -> None:
    assert client.read(httpx.Response(200, content=b"[" * 200_000)) == {}
