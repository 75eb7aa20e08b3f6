"""What is written about the configuration: the reference page, the schema, and the demo's credentials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config, refuse_demo, schema
from gateway.config.document import page
from gateway.demo.config import demo_config
from gateway.demo.consortium import MEMBERS
from gateway.members.secrets import hash_password, key_digest, new_key
from tests.sources import ROOT


def test_the_reference_page_is_current() -> None:
    assert (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8") == page(), (
        "run `python -m gateway.config.document > docs/reference/configuration.md`"
    )


def properties(schema: dict, where: str = "") -> Iterator[tuple[str, dict]]:
    for name, part in schema.get("properties", {}).items():
        yield f"{where}.{name}", part
    for name, part in schema.get("$defs", {}).items():
        yield from properties(part, name)


def test_every_setting_is_described_in_the_schema() -> None:
    document = schema()
    bare = [name for name, part in properties(document) if "description" not in part and "$ref" not in part]
    assert bare == []
    assert all(part.get("additionalProperties") is False for part in document["$defs"].values() if "properties" in part)


def test_in_the_schema_a_secret_and_nothing_else_may_be_a_file() -> None:
    forms = {name: part.get("anyOf", []) for name, part in properties(schema())}
    found = [name for name, some in forms.items() if any("file" in form.get("properties", {}) for form in some)]
    assert found == [
        ".pepper",
        "DirectoryConfig.bind_password",
        "HarvestConfig.password",
        "JsonFeedConfig.password",
        "LdapAccountConfig.password_hash",
        "NcipOutwardConfig.secret",
        "NcipOutwardConfig.bearer",
        "NcipOutwardConfig.password",
        "NcipPeerConfig.secret_hash",
        "ReaderConfig.password_hash",
        "SoapFeedConfig.password",
        "SourceConfig.password",
        "TerminalConfig.password_hash",
    ]


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    return demo_config(Path("unused"))


def test_serve_refuses_every_credential_of_the_demo(demo: dict[str, Any]) -> None:
    found = [problem.key for problem in refuse_demo(Config.model_validate(demo))]
    expected = ["pepper"]
    for member in MEMBERS:
        expected += [
            f"members.{member.code}.terminals.{member.kiosk_login}.password_hash",
            f"members.{member.code}.identity.ldap.accounts.reader.password_hash",
            f"members.{member.code}.api_keys.0.sha256",
        ]
    assert found == expected


def test_serve_takes_the_demo_with_credentials_of_its_own(demo: dict[str, Any]) -> None:
    changed: dict[str, Any] = {**demo, "pepper": "something else entirely"}
    hashed = hash_password("something else")
    for member in changed["members"].values():
        for terminal in member["terminals"].values():
            terminal["password_hash"] = hashed
        member["identity"]["ldap"]["accounts"]["reader"]["password_hash"] = hashed
        for key in member["api_keys"]:
            key["sha256"] = new_key()[1]
    assert refuse_demo(Config.model_validate(changed)) == []


def test_a_new_key_is_random_and_known_by_its_digest() -> None:
    key, digest = new_key()
    assert key_digest(key) == digest
    assert key != new_key()[0]
    assert len(key) > 43
