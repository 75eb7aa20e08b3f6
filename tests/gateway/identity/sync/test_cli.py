"""`gateway sync` as it is typed, with a folder of CSV files and a register in a file."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity import cli_sync
from gateway.identity.ids import new_id
from gateway.identity.model import Person, PersonIdentifier
from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import Everyone, PutPerson
from gateway.store import lock_file

RUN = CliRunner()
FEED = """
[[members.aber.identity.feeds]]
name = "sis"
kind = "csv"
folder = "{folder}"
source_id = "id"
[members.aber.identity.feeds.fields]
family = {{ from = "surname" }}
given = {{ from = "given" }}
barcode = {{ from = "card" }}
sis = {{ from = "number" }}
[members.aber.identity.feeds.deprovision]
max_missing = 2
max_missing_percent = 100
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    file = tmp_path / "gateway.toml"
    file.write_text(
        f'pepper = "{"p" * 32}"\ndata_dir = "{tmp_path}"\n[members.aber]\nname = "Aberystwyth"\n'
        'main_location = "ABER"\n[members.bangor]\nname = "Bangor"\nmain_location = "BANGOR"\n'
        + FEED.format(folder=tmp_path / "drop")
    )
    return file


def drop(config: Path, people: Iterable[int], name: str = "people.csv", **surnames: str) -> None:
    rows = ["id,surname,given,card,number"]
    rows += [f"k{n},{surnames.get(f'k{n}', f'Secret{n}')},Mair,2{n:05},s{n}" for n in people]
    (config.parent / "drop" / name).write_text("\n".join(rows) + "\n")


def run(config: Path, *words: str) -> tuple[int, str]:
    found = RUN.invoke(cli_sync.app, [*words, "--config", str(config)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.exit_code, found.output


def answer(config: Path, *words: str) -> tuple[int, Any]:
    found = RUN.invoke(cli_sync.app, [*words, "--json", "--config", str(config)])
    return found.exit_code, json.loads(found.stdout.splitlines()[-1])  # logs go elsewhere in the program itself


def everybody(config: Path) -> list[Person]:
    async def look() -> list[Person]:
        register = await open_register(f"sqlite:///{config.parent / 'register.sqlite3'}")
        try:
            return await register.search("aber", Everyone())
        finally:
            await register.close()

    return asyncio.run(look())


def put(config: Path, person: Person) -> None:
    async def write() -> None:
        url = f"sqlite:///{config.parent / 'register.sqlite3'}"
        await migrate.upgrade(url)
        register = await open_register(url)
        try:
            await register.write("aber", [PutPerson(person, 0)])
        finally:
            await register.close()

    asyncio.run(write())


def test_a_file_becomes_people(config: Path) -> None:
    drop(config, range(5))
    code, output = run(config, "run", "aber", "sis", "--dry-run")
    assert (code, everybody(config)) == (0, [])
    assert "nothing written): done. 5 read, 5 added." in output
    code, output = run(config, "run", "aber", "sis")
    assert code == 0
    assert "sis (everything): done. 5 read, 5 added." in output
    assert len(everybody(config)) == 5
    code, output = run(config, "run", "aber", "sis")
    assert (code, "no file is waiting" in output) == (0, True)


def test_too_many_missing_end_with_one_and_can_be_accepted(config: Path) -> None:
    drop(config, range(5))
    run(config, "run", "aber", "sis")
    drop(config, range(1), "next.csv")
    code, output = run(config, "run", "aber", "sis")
    assert code == 1
    assert "--accept-missing 4" in output
    code, said = answer(config, "run", "aber", "sis", "--accept-missing", "4")
    assert code == 0
    assert said["run"]["counters"] == {"read": 1, "unchanged": 1, "missing": 4}
    code, output = run(config, "status", "aber")
    assert "4 missing, 1 present" in output
    _, said = answer(config, "status")
    assert "nobody was touched" in said[0]["runs"][1]["reason"]


def test_what_was_odd_is_kept_with_the_run(config: Path) -> None:
    with config.open("a") as file:
        file.write('[members.aber.identity.feeds.fields.expires_on]\nfrom = "number"\n')
    drop(config, range(5))
    _, output = run(config, "run", "aber", "sis")
    assert "expires_on: is no date as `date_format` says" in output
    _, output = run(config, "status", "aber")
    assert "expires_on: is no date as `date_format` says" in output
    _, said = answer(config, "status")
    assert said[0]["runs"][0]["remarks"] == {"expires_on: is no date as `date_format` says": 5}


def test_a_diff_names_fields_and_shows_values_only_when_asked(config: Path) -> None:
    drop(config, range(5))
    run(config, "run", "aber", "sis")
    drop(config, range(4), "next.csv", k1="Changed")
    code, output = run(config, "diff", "aber", "sis")
    assert code == 0
    assert "changed (1)" in output
    assert "missing (1)" in output
    assert "family" in output
    assert not re.search(r"Secret|Changed|\bk1\b", output)  # ids of ours may have a k1 in them
    _, output = run(config, "diff", "aber", "sis", "--show")
    assert "family: Secret1 → Changed" in output
    _, said = answer(config, "diff", "aber", "sis")
    assert {line["what"] for line in said["lines"]} == {"changed", "missing"}
    assert "Secret" not in json.dumps(said)
    _, said = answer(config, "diff", "aber", "sis", "--show")
    assert {"name": "family", "before": "Secret1", "after": "Changed"} in said["lines"][0]["fields"]
    assert len(everybody(config)) == 5


def test_a_doubt_is_listed_shown_and_settled(config: Path) -> None:
    number = PersonIdentifier(IdentifierType.SIS, "s1")
    theirs = Person(new_id(), "aber", 0, 0, 0, "scim:entra", "e1", "Their Name", (number,))
    put(config, theirs)
    drop(config, range(3))
    code, output = run(config, "run", "aber", "sis")
    assert (code, "to be decided about: 1 record (" in output) == (0, True)
    _, listed = answer(config, "review", "list", "aber")
    (item,) = listed
    assert (item["reason"], item["candidates"]) == ("sis is that of somebody who is fed by scim:entra", [theirs.id])
    _, output = run(config, "review", "list", "aber")
    assert item["id"] in output
    _, output = run(config, "review", "show", "aber", item["id"])
    assert theirs.id in output
    assert "Secret1" not in output + json.dumps(answer(config, "review", "show", "aber", item["id"]))
    _, output = run(config, "review", "show", "aber", item["id"], "--show")
    assert "Secret1" in output
    assert "Their Name" in output
    code, output = run(config, "review", "settle", "aber", item["id"], "same", "nobody")
    assert (code, "not among" in output) == (1, True)
    code, output = run(config, "review", "settle", "aber", item["id"], "same", "--by", "mair")
    assert (code, output.strip()) == (0, f"{item['id']}: same:{theirs.id}.")
    assert {person.family for person in everybody(config)} == {"Secret0", "Secret1", "Secret2"}
    _, listed = answer(config, "review", "list", "aber", "--decided")
    assert listed[0]["decided_by"] == "mair"
    assert run(config, "review", "settle", "aber", item["id"], "open")[0] == 0
    assert run(config, "review", "show", "aber", "nothing")[0] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "nowhere", "sis"), "there is no member"),
        (("run", "aber", "ldap"), "it has sis"),
        (("run", "bangor", "sis"), "members.bangor.identity.feeds"),
        (("run", "aber", "sis", "--full", "--delta"), "not both"),
        (("run", "aber", "sis", "--accept-missing", "-1"), "accept-missing"),
    ],
)
def test_wrong_usage(config: Path, words: tuple[str, ...], said: str) -> None:
    code, output = run(config, *words)
    assert (code, said in output) == (2, True)


def test_status_without_feeds(config: Path) -> None:
    code, output = run(config, "status", "bangor")
    assert (code, "No feeds" in output) == (0, True)


def test_a_feed_that_another_process_runs_is_left_alone(config: Path) -> None:
    drop(config, range(3))
    with lock_file.held(config.parent / "locks" / "sync-aber-sis.lock"):
        code, output = run(config, "run", "aber", "sis")
    assert (code, "another process" in output) == (1, True)
    assert everybody(config) == []


def test_a_register_that_cannot_be_reached(config: Path) -> None:
    config.write_text(config.read_text() + '[store]\nurl = "postgresql://nobody@127.0.0.1:1/none"\n')
    drop(config, range(3))
    code, output = run(config, "run", "aber", "sis")
    assert (code, "does not answer" in output) == (3, True)


SLOW = """
import sys, time
from gateway.canonical.vocabulary import IdentifierType
from gateway.identity import cli_sync
from gateway.identity.sync import engine
take = engine.Sync._take
async def slowly(self, portion):
    await take(self, portion)
    print("taken", flush=True)
    time.sleep(0.2)
engine.Sync._take = slowly
cli_sync.app(sys.argv[1:])
"""


def test_interrupted_by_hand_a_run_goes_on_where_it_was(config: Path) -> None:
    drop(config, range(3000))
    command = [sys.executable, "-c", SLOW, "run", "aber", "sis", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 4, told
    assert "stopping after the batch at hand" in told
    code, said = answer(config, "run", "aber", "sis")
    assert (code, said["resumed"]) == (0, True)
    assert said["run"]["counters"] == {"read": 3000, "added": 3000}
