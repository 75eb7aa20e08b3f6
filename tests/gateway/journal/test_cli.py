"""`gateway journal`, `member`, `terminal` and `key` at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway.journal import Journal
from gateway.journal.cli import app
from gateway.journal.journal import FILE_NAME
from gateway.members.cli import key_app, member_app, terminal_app
from gateway.members.secrets import key_digest, password_matches
from tests.gateway.journal.test_journal import CTX, LEND, key

runner = CliRunner()
gateway = typer.Typer()
for name, part in {"journal": app, "member": member_app, "terminal": terminal_app, "key": key_app}.items():
    gateway.add_typer(part, name=name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gateway.toml").write_text(
        'data_dir = "."\npepper = "sixteen characters or more"\n'
        '[members.aber]\nname = "Aber"\nmain_location = "ABER"\n'
        '[members.aber.terminals.k1]\nnetworks = ["10.0.0.0/8"]\n'
        f'[[members.aber.api_keys]]\nname = "web"\nsha256 = "{"0" * 64}"\nscopes = ["patron_read"]\n'
    )
    return tmp_path


def run(group: str, folder: Path, *arguments: str, code: int = 0, config: bool = True, **more) -> str:
    options = ["--config", str(folder / "gateway.toml")] if config else []
    result = runner.invoke(gateway, [group, *arguments, *options], **more)
    assert result.exit_code == code, result.output
    return result.stdout


def test_conflicts_are_listed_tried_again_and_resolved(folder: Path) -> None:
    journal = Journal(folder / FILE_NAME)
    waits = journal.append(CTX, LEND, key("a"))
    refused = journal.append(CTX, LEND, key("b"))
    journal.mark_conflict(refused, "ITEM_NOT_FOUND")
    rows = json.loads(run("journal", folder, "list", "--json", code=1))
    assert [(row["number"], row["state"], row["reason"]) for row in rows] == [
        (waits.id, "pending", ""),
        (refused.id, "conflict", "ITEM_NOT_FOUND"),
    ]
    assert "1234" not in run("journal", folder, "list", code=1)
    run("journal", folder, "retry", str(waits.id), code=1)
    run("journal", folder, "retry", str(refused.id))
    assert journal.conflicts("aber") == []
    journal.mark_conflict(refused, "ITEM_NOT_FOUND")
    run("journal", folder, "resolve", str(refused.id))
    run("journal", folder, "resolve", "99", code=1)
    assert [row["number"] for row in json.loads(run("journal", folder, "list", "--json"))] == [waits.id]
    assert len(json.loads(run("journal", folder, "list", "--json", "--all"))) == 2
    journal.close()


def test_no_journal_and_no_configuration(folder: Path, tmp_path: Path) -> None:
    run("journal", folder, "list", code=3)
    run("journal", folder / "nowhere", "list", code=2)
    assert not (folder / FILE_NAME).exists()


def test_what_stands_in_the_configuration(folder: Path) -> None:
    (member,) = json.loads(run("member", folder, "list", "--json"))
    assert (member["code"], member["terminals"], member["api_keys"]) == ("aber", 1, 1)
    (terminal,) = json.loads(run("terminal", folder, "list", "--json"))
    assert (terminal["login"], terminal["location"]) == ("k1", "ABER")
    (api_key,) = json.loads(run("key", folder, "list", "--json"))
    assert (api_key["name"], api_key["scopes"]) == ("web", ["patron_read"])
    assert json.loads(run("terminal", folder, "list", "--json", "--member", "bangor")) == []
    assert "k1" in run("terminal", folder, "list")


def test_credentials_are_made_and_only_their_hashes_are_for_the_configuration(folder: Path) -> None:
    made = json.loads(run("key", folder, "new", "--json", config=False))
    assert key_digest(made["key"]) == made["sha256"]
    hashed = json.loads(run("terminal", folder, "hash-password", "--json", config=False, input="pass word\n"))
    assert password_matches("pass word", hashed["password_hash"])
    run("terminal", folder, "hash-password", config=False, input="\n", code=2)
