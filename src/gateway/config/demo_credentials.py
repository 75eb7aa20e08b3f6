"""Finds the demo's published credentials in a configuration that is to serve real people."""

from __future__ import annotations

import hashlib

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr

from gateway.config.load import Problem
from gateway.config.model import Config, TerminalConfig
from gateway.demo.consortium import KIOSK_PASSWORD, LDAP_ACCOUNT, LDAP_PASSWORD, MEMBERS, PEPPER


def refuse_demo(config: Config, file: str = "") -> list[Problem]:
    """What must change before `serve` may start; empty where nothing published is in use.

    Passwords are tried at the demo's own logins only: trying one takes as long as argon2 is meant to take.
    """
    problems: list[Problem] = []
    if config.pepper.get_secret_value() == PEPPER:
        problems.append(Problem(file, "pepper", "is the demo's", "make one with `openssl rand -hex 32`"))
    demo_logins = {member.kiosk_login for member in MEMBERS}
    demo_keys = {hashlib.sha256(member.api_key.encode()).hexdigest() for member in MEMBERS}
    for code, member in config.members.items():
        for login, terminal in member.terminals.items():
            if login in demo_logins and _has_demo_password(terminal):
                key = f"members.{code}.terminals.{login}.password_hash"
                problems.append(Problem(file, key, "is the demo's", "make one with `gateway terminal hash-password`"))
        for name, account in member.identity.ldap.accounts.items():
            if name == LDAP_ACCOUNT and _is_password(account.password_hash, LDAP_PASSWORD):
                key = f"members.{code}.identity.ldap.accounts.{name}.password_hash"
                problems.append(Problem(file, key, "is the demo's", "make one with `gateway terminal hash-password`"))
        for number, api_key in enumerate(member.api_keys):
            if api_key.sha256 in demo_keys:
                key = f"members.{code}.api_keys.{number}.sha256"
                problems.append(Problem(file, key, "is the demo's", "make one with `gateway key new`"))
    return problems


def _has_demo_password(terminal: TerminalConfig) -> bool:
    return terminal.password_hash is not None and _is_password(terminal.password_hash, KIOSK_PASSWORD)


def _is_password(hashed: SecretStr, password: str) -> bool:
    try:
        return PasswordHasher().verify(hashed.get_secret_value(), password)
    except (VerificationError, InvalidHashError):
        return False
