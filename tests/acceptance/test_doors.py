"""Ways in: TLS, client certificates, prompts, throttled logins, and what each terminal is told that it may do."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.acceptance.consortium import ABER, BANGOR, KIOSK_PASSWORD, PIN
from tests.acceptance.nodes import Node, Process, terminal
from tests.acceptance.sip2_line import (
    Kiosk,
    LineClosed,
    block,
    checkin,
    checkout,
    enable,
    fee_paid,
    hold,
    item_information,
    item_update,
    login,
    patron_information,
    patron_status,
    renew,
    renew_all,
    status,
)
from tests.acceptance.terminals import COUNTER, GATE, PROMPTS, SORTER

TLS_ONLY, BY_CERTIFICATE = "aber-tls", "aber-cert"
SUBJECT = "kiosk.aber.example"


def _trusting(authority: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority))
    context.check_hostname = True
    return context


def test_a_kiosk_borrows_over_tls_with_a_verified_certificate(node: Node) -> None:
    tls = _trusting(node.config.tls.certificate or Path())
    with node.kiosk(listener="sip2-tls", tls=tls, server_name="localhost") as kiosk:
        assert kiosk.link.version() in ("TLSv1.2", "TLSv1.3")  # pyright: ignore[reportAttributeAccessIssue]
        assert kiosk.ask(checkout(node.new_patron(), node.new_item(), PIN)).ok


def test_clear_text_on_the_tls_port_gets_nothing(node: Node) -> None:
    with node.line("sip2-tls") as kiosk:
        kiosk.send(kiosk.message(login(ABER.login, KIOSK_PASSWORD)))
        with pytest.raises((LineClosed, AssertionError)):
            kiosk.receive()
    with node.kiosk() as kiosk:
        assert kiosk.ask(status()).fixed[0] == "Y"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem, and kiosk.pem and stranger.pem (certificate and key each), issued by it."""
    folder = tmp_path_factory.mktemp("certificates")
    key = ec.generate_private_key(ec.SECP256R1())
    ca = _issue("Acceptance CA", key, "Acceptance CA", key, authority=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for name, subject in (("kiosk", SUBJECT), ("stranger", "stranger.example")):
        own = ec.generate_private_key(ec.SECP256R1())
        certificate = _issue(subject, own, "Acceptance CA", key, authority=False)
        private = own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return folder


def _issue(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


@pytest.fixture
def guarded(make_node: Callable[..., Node], certificates: Path) -> Node:
    """A gateway that knows client certificates: one terminal has to show one, another has to use TLS."""

    def change(document: dict[str, Any]) -> None:
        document["tls"]["client_ca"] = str(certificates / "ca.pem")
        aber = document["members"]["aber"]["terminals"]
        everything = aber[ABER.login]["permissions"]
        aber[TLS_ONLY] = terminal(permissions=everything, require_tls=True)
        known = {**terminal(permissions=everything), "client_certificate": f"CN={SUBJECT}"}
        del known["password_hash"]
        aber[BY_CERTIFICATE] = known

    return make_node(change)


def _with_certificate(node: Node, certificates: Path, name: str) -> Kiosk:
    tls = _trusting(node.config.tls.certificate or Path())
    tls.load_cert_chain(certificates / f"{name}.pem")
    return node.line("sip2-tls", tls=tls, server_name="localhost")


def test_terminal_with_a_client_certificate_needs_no_login(guarded: Node, certificates: Path) -> None:
    with _with_certificate(guarded, certificates, "kiosk") as kiosk:
        assert kiosk.ask(status())["AO"] == ABER.ao
        assert kiosk.ask(item_information(ABER.item(1))).fixed[:2] == "03"


def test_certificate_that_nobody_knows_opens_nothing(guarded: Node, certificates: Path) -> None:
    with _with_certificate(guarded, certificates, "stranger") as kiosk:
        assert kiosk.ask(item_information(ABER.item(1)))["AJ"] == ""


def test_certificate_of_one_library_and_login_of_another_disagree(guarded: Node, certificates: Path) -> None:
    with _with_certificate(guarded, certificates, "kiosk") as kiosk:
        assert not kiosk.ask(login(BANGOR.login, KIOSK_PASSWORD)).ok
        assert kiosk.ask(item_information(BANGOR.item(1)))["AJ"] == ""


def test_terminal_that_must_use_tls_is_refused_in_clear(guarded: Node) -> None:
    with guarded.line() as kiosk:
        assert not kiosk.ask(login(TLS_ONLY, KIOSK_PASSWORD)).ok
    tls = _trusting(guarded.config.tls.certificate or Path())
    with guarded.line("sip2-tls", tls=tls, server_name="localhost") as kiosk:
        assert kiosk.ask(login(TLS_ONLY, KIOSK_PASSWORD)).ok


def test_name_asked_for_in_tls_may_only_agree_with_the_login(make_node: Callable[..., Node]) -> None:
    def change(document: dict[str, Any]) -> None:
        document["members"]["bangor"]["tls_names"] = ["sip.bangor.example"]

    node = make_node(change)
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    for library, ok in ((BANGOR, True), (ABER, False)):
        with node.line("sip2-tls", tls=tls, server_name="sip.bangor.example") as kiosk:
            assert kiosk.ask(login(library.login, KIOSK_PASSWORD)).ok is ok
            assert (kiosk.ask(item_information(library.item(1)))["AJ"] != "") is ok


def test_wrong_passwords_are_slowed_down_and_lock_nobody_out(make_node: Callable[..., Node]) -> None:
    node = make_node()
    with node.line() as kiosk:
        for _ in range(5):
            assert kiosk.ask(login(ABER.login, "guess")).fixed == "0"
        assert kiosk.ask(login(ABER.login, KIOSK_PASSWORD)).fixed == "0", "too soon, even with the right one"
        assert kiosk.ask(login(BANGOR.login, KIOSK_PASSWORD)).fixed == "1", "another login does not wait"
        node.clock.ahead += 61
        assert kiosk.ask(login(ABER.login, KIOSK_PASSWORD)).fixed == "1"


@pytest.mark.parametrize(
    "body",
    ["9300CN|CO|", "9300", "9311CNaber-kiosk-1|COkiosk-demo|", login("nobody", "x"), login(ABER.login, "")],
    ids=["empty", "no fields", "encrypted", "unknown", "no password"],
)
def test_login_that_is_none_is_answered_by_940(node: Node, body: str) -> None:
    with node.line() as kiosk:
        assert kiosk.ask(body).fixed == "0"


def _line_of_prompts(kiosk: Kiosk, until: bytes) -> bytes:
    octets = b""
    while not octets.endswith(until):
        more = kiosk.link.recv(1)
        assert more, octets
        octets += more
    return octets


def test_kiosk_that_waits_for_prompts_logs_in_by_them(node: Node) -> None:
    with node.line(PROMPTS) as kiosk:
        _line_of_prompts(kiosk, b"login: ")
        kiosk.send(ABER.login.encode() + b"\r\n")
        _line_of_prompts(kiosk, b"password: ")
        kiosk.send(KIOSK_PASSWORD.encode() + b"\r\n")
        assert b"OK" in kiosk.receive_raw()
        assert kiosk.ask(status())["AO"] == ABER.ao
        assert kiosk.ask(item_information(ABER.item(1))).fixed[:2] == "03"


def test_prompts_ask_again_and_then_hang_up(node: Node) -> None:
    with node.line(PROMPTS) as kiosk:
        for _ in range(3):
            _line_of_prompts(kiosk, b"login: ")
            kiosk.send(b"aber-nobody\r")
            _line_of_prompts(kiosk, b"password: ")
            kiosk.send(b"wrong\r")
        rest = b"".join(iter(lambda: kiosk.link.recv(4096), b""))
        assert b"login: " not in rest, "three attempts and no more"


FORBIDDEN = ("cannot be done at this machine", "gwneud hyn wrth y peiriant hwn")

# 98 BX, by position: what must be Y and what N for each terminal. 23 11 09 01 99 97 93 63 35 37 17 19 25 15 29 65
SUPPORTED = {
    ABER.login: "YYYYYYYYYYYYYYYY",
    GATE: "NNNNYYYNYNYNNNNN",
    COUNTER: "YYYNYYYYYYYNNYYY",
    SORTER: "NNYNYYYNYNYNNNNN",
}


@pytest.mark.parametrize("user", SUPPORTED)
def test_98_says_what_the_terminal_may_do_and_it_is_true(node: Node, user: str) -> None:
    """Each message is sent as well: N means that it is refused for want of permission, Y that it is not."""
    patron, item = node.new_patron(), node.new_item()
    with node.kiosk(user=user) as kiosk:
        told = kiosk.ask(status())
        supported = told["BX"]
        assert supported[:16] == SUPPORTED[user]
        assert told.fixed[0] == "Y"
        assert told.fixed[1] == supported[2]
        assert told.fixed[2] == supported[1]
        assert told.fixed[3] == supported[14]
        assert told.fixed[4] == supported[3]
        assert told.fixed[5] == ("Y" if user == ABER.login else "N")
        assert told["AM"] == ABER.name
        allowed = {
            0: kiosk.ask(patron_status(patron, PIN))["BL"] == "Y",
            7: kiosk.ask(patron_information(patron, PIN))["BL"] == "Y",
            1: kiosk.ask(checkout(patron, item, PIN)).ok,
            10: kiosk.ask(item_information(item))["AJ"] != "",
            2: kiosk.ask(checkin(item)).ok,
            11: kiosk.ask(item_update(item, "x")).ok,
            13: kiosk.ask(hold("+", patron, ABER.item(23), PIN)).ok,
            12: kiosk.ask(enable(patron, PIN))["BL"] == "Y",
        }
        assert {place: supported[place] == "Y" for place in allowed} == allowed
        # Whatever else speaks against these, a terminal that may not ask for them hears that and nothing else.
        for place, body in ((14, renew(patron, item, PIN)), (15, renew_all(patron, PIN)), (9, fee_paid(patron, "1"))):
            forbidden = any(words in kiosk.ask(body).screen for words in FORBIDDEN)
            assert forbidden == (supported[place] == "N"), body
        assert (kiosk.ask(block(patron, "test"))["BL"] == "Y") == (supported[3] == "Y")
        if user == ABER.login:
            assert kiosk.ask(enable(patron, PIN)).fixed[:4] == "    "


def test_demo_kiosk_is_told_the_libraries_names(demo: Process) -> None:
    for library in (ABER, BANGOR):
        with demo.kiosk(library) as kiosk:
            told = kiosk.ask(status())
            assert told["AM"] == library.name
            assert told["AO"] == library.ao


def test_one_link_too_many_ends_the_oldest(make_node: Callable[..., Node]) -> None:
    def change(document: dict[str, Any]) -> None:
        document["members"]["aber"]["terminals"][ABER.login]["links"] = 2

    node = make_node(change)
    kiosks = [node.kiosk() for _ in range(3)]
    try:
        body = item_information(ABER.item(1))
        answers: list[str] = []
        for kiosk in kiosks:
            try:
                answers.append(kiosk.ask(body)["AJ"])
            except LineClosed:
                answers.append("")
        assert answers[0] == ""
        assert all(answers[1:])
    finally:
        for kiosk in kiosks:
            kiosk.close()
