"""`gateway probe sip2` against a small library: every subcommand's octets, what is shown, every exit code."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import Result

from gateway.commands.probe_link import BAD, LINK, NO, TIMEOUT, USAGE, YES
from gateway.commands.probe_sip2 import app
from gateway.runtime.tls import demo_certificate, server_context
from library_protocols.sip2 import Dialect, Message, Request, build, encode
from tests.gateway.clients.scripted_acs import Script, ScriptedAcs, scripted_acs
from tests.gateway.clients.small_library import SmallLibrary
from tests.gateway.commands.runner import run

UTF8 = Dialect(encoding="utf-8")


@dataclass
class Serving:
    """An ACS that serves in a thread of its own, as the command runs a loop of its own."""

    acs: ScriptedAcs

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.acs.port}"

    def probe(self, *words: str) -> Result:
        return run(app, self.address, *words)

    def last(self) -> str:
        """The last request's text, without AY and AZ."""
        frame = self.acs.requests[-1].frame.decode("utf-8")
        return re.sub(r"AY\dAZ[0-9A-F]{4}$", "", frame)


@pytest.fixture
def serve() -> Iterator[Callable[..., Serving]]:
    """Starts ACSs; they stop when the test ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opened: list[object] = []

    def start(script: Script | None = None, **options: object) -> Serving:
        served = scripted_acs(script or SmallLibrary().script, dialect=UTF8, **options)  # pyright: ignore[reportArgumentType]
        opened.append(served)
        return Serving(asyncio.run_coroutine_threadsafe(served.__aenter__(), loop).result(10))

    yield start
    for served in opened:
        stop = served.__aexit__(None, None, None)  # pyright: ignore[reportAttributeAccessIssue]
        asyncio.run_coroutine_threadsafe(stop, loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


DATE = "X" * 18
PATRON = ("--patron", "20100001")

# What is typed, and the line that goes out; dates are X.
LINES = [
    ("login", "9300CNaber-kiosk-1|COkiosk-demo|"),
    ("status --code 1 --width 080", "9910802.00"),
    ("patron-status 20100001 --pin 1234", f"23000{DATE}AOABER|AA20100001|AC|AD1234|"),
    ("patron-info 20100001", f"63000{DATE}{' ' * 10}AOABER|AA20100001|"),
    (
        "patron-info 20100001 --pin 1234 --summary loans --window 1-10",
        f"63000{DATE}  Y{' ' * 7}AOABER|AA20100001|AD1234|BP1|BQ10|",
    ),
    ("checkout 30100001 --patron 20100001", f"11YN{DATE}{' ' * 18}AOABER|AA20100001|AB30100001|AC|"),
    (
        "checkout 30100001 --patron 20100001 --pin 1234 --undo --fee-ack --no-renewals",
        f"11NN{DATE}{' ' * 18}AOABER|AA20100001|AB30100001|AC|AD1234|BOY|BIY|",
    ),
    ("checkin 30100001 --undo", f"09N{DATE}{DATE}AP|AOABER|AB30100001|AC|BIY|"),
    ("renew 30100001 --patron 20100001 --third-party", f"29YN{DATE}{' ' * 18}AOABER|AA20100001|AB30100001|"),
    ("item-info 30100001", f"17{DATE}AOABER|AB30100001|"),
    (
        "fee-paid 2.50 --patron 20100001 --transaction T1 --fee C1",
        f"37{DATE}0100GBPBV2.50|AOABER|AA20100001|CGC1|BKT1|",
    ),
    ("end-session --pin 1234 20100001", f"35{DATE}AOABER|AA20100001|AD1234|"),
]


@pytest.mark.parametrize(("typed", "line"), LINES, ids=[typed for typed, _ in LINES])
def test_the_line_that_goes_out(serve: Callable[..., Serving], typed: str, line: str) -> None:
    serving = serve()
    serving.probe(*typed.split())
    sent = re.sub(r"20\d{6}    \d{6}", DATE, serving.last())
    assert sent == line


# The rest of the standard, against an ACS that says yes to anything.
REST = [
    ("renew-all 20100001 --pin 1234", f"65{DATE}AOABER|AA20100001|AD1234|", "66"),
    ("item-update 30100001 --properties red", f"19{DATE}AOABER|AB30100001|CHred|", "20"),
    (
        "hold place 30100001 --patron 20100001 --pickup ABER --type 2",
        f"15+{DATE}BSABER|BY2|AOABER|AA20100001|AB30100001|",
        "16",
    ),
    ("hold change --title Caneuon --patron 20100001", f"15*{DATE}AOABER|AA20100001|AJCaneuon|", "16"),
    ("hold cancel 30100001 --patron 20100001", f"15-{DATE}AOABER|AA20100001|AB30100001|", "16"),
    ("block 20100001 --reason left --retained", f"01Y{DATE}AOABER|ALleft|AA20100001|AC|", "24"),
    ("enable 20100001", f"25{DATE}AOABER|AA20100001|", "26"),
]


@pytest.mark.parametrize(("typed", "line", "code"), REST, ids=[typed for typed, _, _ in REST])
def test_the_rest_of_the_standard(serve: Callable[..., Serving], typed: str, line: str, code: str) -> None:
    yes = build(code)
    yes.fixed |= {name: "1" for name in ("ok", "item_properties_ok") if name in yes.fixed}
    serving = serve(lambda _: yes)
    answer = run(app, serving.address, "--login", "", "--institution", "ABER", *typed.split())
    assert answer.exit_code == YES
    assert re.sub(r"20\d{6}    \d{6}", DATE, serving.last()) == line


def test_offline_dates_are_the_kiosks_own(serve: Callable[..., Serving]) -> None:
    serving = serve()
    serving.probe("checkout", "30100001", *PATRON, "--no-block", "--due", "2026-12-24")
    assert serving.last()[3] == "Y"
    assert serving.last()[22:40] == "20261224    235959"
    serving.probe("checkin", "30100001", "--no-block", "--returned", "2026-11-20 17:30")
    assert serving.last()[21:39] == "20261120    173000"


def test_a_yes_for_people(serve: Callable[..., Serving]) -> None:
    answer = serve().probe("checkout", "30100001", *PATRON, "--pin", "1234")
    assert answer.exit_code == YES
    assert answer.stdout.startswith("12 Checkout Response  (yes, ")
    assert "checksum valid" in answer.stdout
    assert re.search(r"AH +due date +20261214", answer.stdout)


def test_a_no_for_programs(serve: Callable[..., Serving]) -> None:
    library = SmallLibrary(loans={"30100001": "20100002"})
    answer = serve(library.script).probe("checkout", "30100001", *PATRON, "--pin", "1234", "--json")
    said = json.loads(answer.stdout)
    fields = {field["code"]: field["value"] for field in said["answer"]["fields"]}
    assert (answer.exit_code, said["ok"], said["asked"], said["sendings"]) == (NO, False, "11", 1)
    assert (said["answer"]["message"], said["answer"]["checksum"]) == ("12", "valid")
    assert fields["AF"] == "On loan to somebody else."


def test_an_item_that_is_not_known_is_a_no(serve: Callable[..., Serving]) -> None:
    assert serve().probe("item-info", "99").exit_code == NO


def test_a_refused_login_is_a_no_and_nothing_else_is_sent(serve: Callable[..., Serving]) -> None:
    serving = serve()
    answer = run(app, serving.address, "--password", "wrong", "status")
    assert answer.exit_code == NO
    assert "refused the login" in answer.stderr
    assert [request.message.code for request in serving.acs.requests] == ["93"]


def test_the_trace_shows_lines_but_neither_pin_nor_password(serve: Callable[..., Serving]) -> None:
    answer = serve().probe("patron-status", "20100001", "--pin", "1234", "--trace")
    lines = answer.stderr.splitlines()
    assert [line.split()[:2] for line in lines] == [["SC", ">"], ["ACS", "<"]] * 2
    assert "AA20100001" in lines[2]
    assert "1234" not in answer.output
    assert "kiosk-demo" not in answer.output


def test_a_pin_from_the_environment(serve: Callable[..., Serving], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PROBE_PIN", "1234")
    serving = serve()
    assert serving.probe("patron-status", "20100001").exit_code == YES
    assert serving.probe("patron-status", "20100001", "--pin", "9").exit_code == NO


def test_a_pin_that_is_asked_for_is_not_echoed(serve: Callable[..., Serving]) -> None:
    answer = run(app, serve().address, "patron-status", "20100001", "--pin", "-", stdin="1234\n")
    assert answer.exit_code == YES
    assert "1234" not in answer.output


def test_nobody_listens(free_port: Callable[[], int]) -> None:
    answer = run(app, f"127.0.0.1:{free_port()}", "status", "--json")
    assert answer.exit_code == LINK
    assert json.loads(answer.stdout)["exit"] == LINK
    assert "link failed" in answer.stderr


def test_no_answer(serve: Callable[..., Serving]) -> None:
    answer = run(app, serve(lambda _: b"").address, "--timeout", "0.1", "--retries", "1", "status")
    assert answer.exit_code == TIMEOUT
    assert "2 sendings" in answer.stderr


def test_an_answer_that_cannot_be_read(serve: Callable[..., Serving]) -> None:
    answer = run(app, serve(lambda _: b"hello\r").address, "--timeout", "0.1", "--retries", "0", "status")
    assert answer.exit_code == BAD


def test_an_answer_whose_fixed_part_is_cut(serve: Callable[..., Serving]) -> None:
    serving = serve(lambda _: b"98YYY\r")
    answer = run(app, serving.address, "--login", "", "--no-checksum", "status")
    assert answer.exit_code == BAD
    assert "fixed part" in answer.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["checkout", "30100001"],
        ["patron-info", "20100001", "--window", "ten"],
        ["checkin", "30100001", "--returned", "yesterday"],
        ["renew", "--patron", "20100001"],
        ["status", "--width", "9999"],
        ["nonsense"],
    ],
)
def test_wrong_usage(serve: Callable[..., Serving], words: list[str]) -> None:
    serving = serve()
    assert serving.probe(*words).exit_code == USAGE
    assert serving.acs.requests == []


@pytest.mark.parametrize("address", ["127.0.0.1:0", "127.0.0.1:many"])
def test_an_address_that_is_none(address: str) -> None:
    assert run(app, address, "status").exit_code == USAGE


def test_the_help_names_address_and_commands() -> None:
    words = " ".join(run(app, "--help").stdout.split())
    assert "[HOST:PORT] [OPTIONS] [COMMAND ...]" in words
    assert "fee-paid" in words


def test_options_may_stand_on_either_side_of_the_subcommand(serve: Callable[..., Serving]) -> None:
    serving = serve()
    before = run(app, serving.address, "--json", "--institution", "X", "item-info", "30100001")
    after = run(app, serving.address, "item-info", "30100001", "--institution=X", "--json")
    assert json.loads(before.stdout)["ok"] is json.loads(after.stdout)["ok"] is True
    assert [request.message.get("AO") for request in serving.acs.requests if request.message.code == "17"] == ["X"] * 2


def test_resend_brings_the_last_answer_again(serve: Callable[..., Serving]) -> None:
    answer = serve().probe("resend")
    assert answer.exit_code == YES
    assert answer.stdout.startswith("94 Login Response")


def test_a_raw_line_goes_out_as_it_is(serve: Callable[..., Serving]) -> None:
    serving = serve()
    answer = serving.probe("raw", "9900302.00")
    assert answer.exit_code == YES
    assert serving.acs.requests[-1].frame == b"9900302.00"
    assert "checksum absent" in answer.stdout


def test_the_character_set_is_spoken_both_ways(serve: Callable[..., Serving]) -> None:
    serving = serve()
    answer = serving.probe("patron-status", "20100001", "--pin", "1234")
    assert "Llŷr Gŵyr" in answer.stdout
    serving.probe("renew", "--title", "Gŵyl", *PATRON)
    assert "Gŵyl".encode() in serving.acs.octets


def test_tls_is_verified_unless_told_otherwise(serve: Callable[..., Serving], tmp_path: Path) -> None:
    certificate, key = demo_certificate(tmp_path)
    serving = serve(tls=server_context(certificate, key))
    refused = serving.probe("--tls", "status")
    assert (refused.exit_code, "not trusted" in refused.stderr) == (LINK, True)
    assert serving.probe("--tls", "--insecure", "status").exit_code == YES
    assert serving.probe("--tls", "--ca-file", str(certificate), "status").exit_code == YES
    assert serving.probe("--tls", "--ca-file", str(tmp_path / "none.pem"), "status").exit_code == USAGE


def test_the_self_test_says_what_is_announced(serve: Callable[..., Serving]) -> None:
    serving = serve()
    answer = run(app, serving.address)
    lines = [" ".join(line.split()) for line in answer.stdout.splitlines()]
    assert answer.exit_code == YES
    assert "in service, logged in as aber-kiosk-1" in lines[0]
    for line in ("time for an answer 5 s", "repetitions 3", "11 checkout yes", "01 block patron no"):
        assert line in lines
    assert any("clock" in line for line in lines), "the small library's clock stands still"
    assert [request.message.code for request in serving.acs.requests] == ["93", "99"]


def test_the_self_test_warns_in_words(serve: Callable[..., Serving]) -> None:
    def odd(request: Request) -> Message | bytes:
        if request.message.code == "93":
            return build("94", ok="1")
        status = build(
            "98",
            online_status="N",
            checkin_ok="N",
            timeout_period="005",
            retries_allowed="999",
            date_time_sync="0" * 18,
            protocol_version="1.00",
            fields=[("AO", "OTHER"), ("BX", "Y" * 17)],
        )
        return encode(status, UTF8)

    answer = run(app, serve(odd).address, "--json")
    warnings = " ".join(json.loads(answer.stdout)["warnings"])
    assert answer.exit_code == NO
    for word in ("off-line", "Check-in", "tenths", "repeated", "1.00", "17 positions", "no date", "OTHER", "got none"):
        assert word in warnings
