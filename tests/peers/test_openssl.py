"""OpenSSL's own client against the demo's TLS port."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.acceptance.consortium import ABER, KIOSK_PASSWORD
from tests.acceptance.nodes import Process
from tests.acceptance.sip2_line import item_information, login, sealed, take_apart
from tests.presence import missing


@pytest.fixture
def openssl() -> str:
    found = shutil.which("openssl")
    if found is None:
        missing("openssl is not installed")
    return found


def _command(openssl: str, peer_demo: Process, *options: str) -> list[str]:
    return [openssl, "s_client", "-connect", f"127.0.0.1:{peer_demo.ports['sip2-tls']}", *options]


def test_certificate_verifies_and_a_conversation_goes_through(openssl: str, peer_demo: Process) -> None:
    certificate = peer_demo.data_dir / "tls" / "demo-certificate.pem"
    messages = [login(ABER.login, KIOSK_PASSWORD), item_information(ABER.item(1))]
    sends = b"".join(sealed(body.encode(), number) + b"\r" for number, body in enumerate(messages))
    options = ("-quiet", "-CAfile", str(certificate), "-verify_return_error", "-servername", "localhost")
    process = subprocess.Popen(
        _command(openssl, peer_demo, *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(sends)
        process.stdin.flush()
        octets = b""
        while octets.count(b"\r") < 2 and (more := process.stdout.read1(4096)):  # pyright: ignore[reportAttributeAccessIssue]
            octets += more
        answers = [take_apart(line) for line in octets.split(b"\r")[:2]]
    finally:
        process.kill()
        process.communicate(timeout=20)
    assert answers[0].fixed == "1"
    assert answers[1].fixed[:2] == "03"


@pytest.mark.parametrize(("version", "accepted"), [("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False)])
def test_only_current_versions_of_tls_are_spoken(
    openssl: str, peer_demo: Process, version: str, accepted: bool
) -> None:
    command = _command(openssl, peer_demo, version)
    answer = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
    established = b"Cipher is (NONE)" not in answer.stdout and b"Cipher is" in answer.stdout
    assert established is accepted, answer.stdout + answer.stderr
