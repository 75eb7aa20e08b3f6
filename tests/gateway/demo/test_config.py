"""The demo's configuration is one that the gateway accepts, with the credentials of the contract."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from gateway.canonical.vocabulary import Permission
from gateway.config import Config
from gateway.demo.config import demo_config
from gateway.demo.consortium import MEMBERS


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config.model_validate(demo_config(tmp_path_factory.mktemp("data")))


def test_every_kiosk_logs_in_with_the_published_password(config: Config) -> None:
    assert list(config.members) == [member.code for member in MEMBERS]
    for code, member in config.members.items():
        terminal = member.terminals[f"{code}-kiosk-1"]
        assert terminal.password_hash is not None
        assert PasswordHasher().verify(terminal.password_hash.get_secret_value(), "kiosk-demo")
        assert member.institution_ids == (code.upper(),)
        assert member.main_location == code.upper()
        assert {Permission.OFFLINE, Permission.UNDO, Permission.PAY} <= terminal.permissions
        assert terminal.links > 1


def test_a_payment_needs_no_pin_and_the_account_does(config: Config) -> None:
    for member in config.members.values():
        (terminal,) = member.terminals.values()
        assert terminal.pin_required is not None
        assert "patron.account" in terminal.pin_required
        assert "fee.pay" not in terminal.pin_required


def test_api_keys_are_stored_hashed(config: Config) -> None:
    for code, member in config.members.items():
        (key,) = member.api_keys
        assert key.sha256 == hashlib.sha256(f"demo-{code}-key".encode()).hexdigest()
        assert key.scopes == frozenset(Permission)


def test_ports_shift_together_and_stay_on_loopback() -> None:
    made = demo_config(Path("data"), 100, certificate=Path("c.pem"), key=Path("k.pem"))
    config = Config.model_validate(made)
    ports = {name: listener.port for name, listener in config.listeners.items()}
    assert ports == {
        "http": 8180,
        "https": 8543,
        "sip2": 6101,
        "sip2-tls": 6543,
        "z3950": 2200,
        "ldap": 3489,
        "ldaps": 3736,
        "ncip": 6102,
    }
    assert {listener.host for listener in config.listeners.values()} == {"127.0.0.1"}


def test_without_a_certificate_there_are_no_tls_ports(config: Config) -> None:
    assert set(config.listeners) == {"http", "sip2", "z3950", "ldap", "ncip"}


def test_a_node_for_kiosks_alone_has_no_catalogue(tmp_path: Path) -> None:
    config = Config.model_validate(demo_config(tmp_path, catalogue=False))
    assert not config.catalogue.enabled
    assert set(config.listeners) == {"http", "sip2", "ldap", "ncip"}
