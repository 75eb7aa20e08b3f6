"""The pages on NCIP say what is so: every service, code and setting, snippets that are configuration, commands that
there are."""

from __future__ import annotations

import hashlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.adapters.ncip import document
from gateway.adapters.ncip.mapping import HANDLERS
from gateway.canonical.refusals import FailureCode, RefusalCode
from gateway.cli import app
from gateway.config import Config
from gateway.config.ncip import MemberNcipConfig, NcipConfig, NcipOutwardConfig, NcipPeerConfig
from gateway.crosswalks.ncip import GROUPS, SERVICES
from gateway.importing.rules_model import read_rules
from gateway.members.secrets import hash_password
from tests.sources import ROOT

PAGE = "docs/reference/ncip.md"
PEERS = tuple(
    f"docs/how-to/{name}.md"
    for name in ("connect-reshare", "connect-relais", "connect-alma-resource-sharing", "connect-vufind", "tell-brokers")
)
PAGES = (PAGE, *PEERS)
SETTINGS = frozenset[str]().union(
    *(set(model.model_fields) for model in (NcipPeerConfig, NcipOutwardConfig, NcipConfig, MemberNcipConfig))
)
_BASE: dict[str, Any] = {
    "pepper": "0" * 64,
    "listeners": {"api": {"protocol": "http", "port": 18080}},
    "members": {"aber": {"name": "Aberystwyth", "institution_ids": ["ABER"], "main_location": "ABER"}},
}


def text(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def test_the_tables_are_current() -> None:
    page = text(PAGE)
    assert page == document.renewed(page), f"run `python -m gateway.adapters.ncip.document {PAGE}`"


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no marks"):
        document.renewed("# A page\n")


def test_every_service_that_is_answered_is_told_and_no_other() -> None:
    answered = HANDLERS.keys() | {"LookupVersion"}
    assert document.TOLD.keys() == answered
    assert answered - {"RenewAllItem"} == SERVICES.keys()
    rows = re.findall(r"^\| `([A-Z]\w+)` \|", text(PAGE), re.MULTILINE)
    assert {name for name in rows if not name.isupper() and "_" not in name} == answered
    assert sorted(set(rows)) == sorted(rows), "a service or code has two rows"


def test_every_code_is_told() -> None:
    page = text(PAGE)
    codes = {code.value for code in (*RefusalCode, *FailureCode)}
    for source in sorted((ROOT / "src/gateway/adapters/ncip").glob("*.py")):
        codes |= set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)[:"]', source.read_text("utf-8")))
    assert {code for code in codes if f"`{code}`" not in page} == set()


def test_every_group_that_is_named_is_one() -> None:
    named = {name for page in PAGES for name in re.findall(r"[`\"](@\w+)[`\"]", text(page))}
    assert named <= GROUPS.keys()
    assert GROUPS.keys() <= named


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_is_one(page: str) -> None:
    named = set(re.findall(r"`((?!gateway_)(?:outward\.|ncip\.)?[a-z]+(?:_[a-z]+)+)(?: = [^`]*)?`", text(page)))
    assert {name for name in named if name.rpartition(".")[2] not in SETTINGS} - _OTHERS == set()


_OTHERS = {
    # of the member, of the listener, of SIP2's rules, of scopes
    "institution_ids", "config_read", "item_types", "loan_rules",
    # columns of tables that are made from the permissions
    *(permission.value for needs in SERVICES.values() for permission in needs),
}  # fmt: skip


# Snippets


def _blocks(page: str, language: str) -> list[str]:
    """What stands between fences that name this language; "" for those that name none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text(page), re.MULTILINE | re.DOTALL)
    return [block for name, block in found if name == language]


def _snippets() -> Iterator[Any]:
    for page in PEERS:
        for number, snippet in enumerate(_blocks(page, "toml")):
            yield pytest.param(snippet, id=f"{page.rpartition('/')[2]}-{number}")


@pytest.mark.parametrize("snippet", list(_snippets()))
def test_a_snippet_is_configuration_or_rules(snippet: str, tmp_path: Path) -> None:
    told = _filled(tomllib.loads(snippet))
    if "loan_rules" in told:
        rules = tmp_path / "rules.toml"
        rules.write_text(snippet, "utf-8")
        assert read_rules(rules, "GBP").loan_rules
        return
    whole = deepcopy(_BASE)
    _merge(whole, told)
    for member in whole["members"].values():
        for peer in member.get("ncip", {}).get("peers", {}).values():
            if not {"api_key_sha256", "secret_hash", "client_certificate", "networks"} & peer.keys():
                peer["networks"] = ["127.0.0.1/32"]  # a page that is about something else leaves this out
    if not any("ncip" in member for member in whole["members"].values()):
        whole["members"]["aber"]["ncip"] = {"peers": {"one": {"networks": ["127.0.0.1/32"]}}}
    Config.model_validate(whole)


def _filled(told: Any) -> Any:
    """With something that could stand where a page leaves a value out."""
    if isinstance(told, dict):
        return {name: _value(name, value) for name, value in told.items()}
    return told


def _value(name: str, value: Any) -> Any:
    if value == "…" and name.endswith("sha256"):
        return hashlib.sha256(b"key").hexdigest()
    if name == "secret_hash":
        return hash_password("secret")
    if name == "secret" and isinstance(value, dict):
        return "secret"
    return _filled(value)


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


# Commands


def _commands() -> Iterator[Any]:
    for page in PEERS:
        for block in _blocks(page, ""):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                    words = words[1:]
                if words and words[0] == "gateway":
                    yield pytest.param(words[1:], id=f"{page.rpartition('/')[2]}: {' '.join(words[1:4])}")
        for said in re.findall(r"`(gateway [a-z][^`]*)`", text(page)):
            yield pytest.param(shlex.split(said.replace("\n", " "))[1:], id=f"{page.rpartition('/')[2]}: {said}")


@pytest.mark.parametrize("words", list(_commands()))
def test_a_command_line_is_understood(words: list[str]) -> None:
    assert _understood(words) == 0


def _understood(words: list[str]) -> int:
    """The exit code of what would be said about the command: its words are read, and nothing is carried out."""
    return CliRunner().invoke(app, [*words, "--help"]).exit_code


@pytest.mark.parametrize("line", ["probe ncip --no-such-option", "no-such-command", "tail --protocol ncip"])
def test_a_command_line_with_a_mistake_is_found(line: str) -> None:
    assert _understood(line.split()) == 2
