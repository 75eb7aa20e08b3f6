"""`gateway directory test` against a real directory: each step, the entry, what a feed makes of it, whom the register
knows, and what it says where something is wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from gateway.canonical.vocabulary import IdentifierType
from gateway.config import Config
from gateway.identity import cli_directory
from gateway.identity.cli_directory import app
from gateway.identity.model import Person, PersonIdentifier
from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import PutPerson
from tests.certificates import Authority
from tests.gateway.commands.runner import run
from tests.slapd import READER, READER_PASSWORD, SUFFIX, Slapd, person

ANN = person(1)
CARD = "20100001"
FEED = {
    "name": "people",
    "kind": "ldap",
    "directory": "campus",
    "fields": {
        "username": {"from": "uid"},
        "sis": {"from": "employeeNumber"},
        "family": {"from": "sn"},
        "given": {"from": "givenName"},
        "affiliations": {"from": "eduPersonAffiliation"},
        "expires_on": {"from": "schacExpiryDate", "date_format": "ldap"},
        "birth_on": {"from": "displayName"},
    },
    "categories": [{"category": "UG", "when": {"affiliations": "student"}}],
}


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    server = Slapd.start(tmp_path_factory.mktemp("campus"), people=3)
    yield server
    server.stop()


class Place:
    """A configuration with one directory, unless it is changed, and a register."""

    def __init__(self, folder: Path, slapd: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setattr(cli_directory, "load", lambda _: Config.model_validate(self.document))
        self.directory: dict[str, Any] = {
            "servers": [slapd.secure_url], "ca": str(slapd.authority), "base": SUFFIX,
            "bind_dn": READER, "bind_password": READER_PASSWORD,
        }  # fmt: skip
        self.directories = {"campus": self.directory}
        self.feeds = [FEED]
        self.register = f"sqlite:///{folder / 'register.sqlite3'}"

    def knows(self, *persons: Person) -> None:
        async def fill() -> None:
            await migrate.upgrade(self.register)
            register = await open_register(self.register)
            await register.write("aber", [PutPerson(one, 0) for one in persons])
            await register.close()

        asyncio.run(fill())

    @property
    def document(self) -> dict[str, Any]:
        return {
            "data_dir": str(self.folder),
            "pepper": "a pepper for these tests",
            "members": {
                "aber": {
                    "name": "A",
                    "main_location": "A",
                    "identity": {"directories": self.directories, "feeds": self.feeds},
                }
            },
        }

    def test(self, user: str, *options: str, password: str | None = None) -> Result:
        stdin = None if password is None else f"{password}\n"
        return run(app, "test", "aber", user, *options, stdin=stdin)

    def told(self, user: str, *options: str, password: str | None = None) -> dict[str, Any]:
        return json.loads(self.test(user, "--json", *options, password=password).stdout)


@pytest.fixture
def place(tmp_path: Path, slapd: Slapd, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, slapd, monkeypatch)


def ann(**changes: Any) -> Person:
    held = (PersonIdentifier(IdentifierType.BARCODE, CARD), PersonIdentifier(IdentifierType.USERNAME, ANN.login))
    values = {"source": "library", "source_id": "", "identifiers": held, "platform_id": "p1", **changes}
    return Person("01", "aber", 1, 0, 0, display="Ann", **values)


def test_every_step_of_a_right_password_is_told(place: Place) -> None:
    place.knows()
    result = place.test(ANN.login, password=ANN.password)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    steps = [line[1] for line in lines if line[:1] == ["ok"]]
    assert steps[:3] == ["connect", "tls", "service"]
    assert "search" in steps
    assert steps[-1] == "bind"
    assert ANN.dn in result.stdout
    assert "Feed people: source id " + ANN.key in result.stdout
    assert ["category", "UG"] in lines
    assert "In the register this is somebody new" in result.stdout
    assert "The register knows nobody by what was typed" in result.stdout
    assert ANN.password not in result.output


def test_the_person_is_as_the_sync_would_make_them(place: Place) -> None:
    place.knows()
    told = place.told(ANN.login, password=ANN.password)
    (feed,) = told["feeds"]
    assert feed["source_id"] == ANN.key
    assert feed["identifiers"] == {"username": [ANN.login], "sis": ["10000001"]}
    assert feed["fields"]["expires_on"] == "2030-07-31"
    assert feed["fields"]["affiliations"] == ["member", "student"]
    assert [problem.partition(":")[0] for problem in feed["problems"]] == ["birth_on"]
    assert feed["whom"] == "somebody new"


def test_a_card_leads_to_the_login_that_the_register_has(place: Place) -> None:
    place.knows(ann())
    result = place.test(CARD, password=ANN.password)
    assert result.exit_code == 0, result.output
    assert f"asked for {ANN.login} (username of the person" in result.stdout
    assert "The register knows person 01 by it: Ann, present, on the platform as p1" in result.stdout


def test_a_card_that_nobody_knows_is_asked_for_as_it_is(place: Place) -> None:
    place.knows(ann())
    told = place.told("20100002", "--no-password")
    assert (told["login"], told["login_from"], told["verdict"]) == ("20100002", "as typed", "unknown")


def test_without_a_password_nobody_is_bound_as(place: Place) -> None:
    place.knows()
    result = place.test(ANN.login, "--no-password")
    assert result.exit_code == 0
    assert "found" in result.stdout.splitlines()[-1]
    assert not any(line.split()[:2] == ["ok", "bind"] for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    ("user", "password", "said"),
    [
        (ANN.login, "not it", "the password is wrong"),
        ("nobody", "not it", "nobody is found by this login"),
        ("*", "not it", "nobody is found by this login"),
    ],
)
def test_what_is_not_right(place: Place, user: str, password: str, said: str) -> None:
    place.knows()
    result = place.test(user, password=password)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == said
    assert password not in result.output


def test_a_login_of_several_people(place: Place) -> None:
    place.knows()
    place.directory["login_filter"] = "(|(uid={login})(objectClass=person))"
    result = place.test(ANN.login, password=ANN.password)
    assert result.exit_code == 1
    assert "more than one entry" in result.stdout


def test_a_certificate_that_is_not_to_be_trusted(place: Place, tmp_path: Path) -> None:
    place.knows()
    place.directory["ca"] = str(Authority.create(tmp_path / "other", "Stranger").file)
    result = place.test(ANN.login, password=ANN.password)
    assert result.exit_code == 3
    assert any(line.split()[:2] == ["NO", "tls"] for line in result.stdout.splitlines())
    assert "cannot be checked now" in result.stdout


def test_a_service_account_that_is_refused(place: Place) -> None:
    place.knows()
    place.directory["bind_password"] = "changed"
    result = place.test(ANN.login, password=ANN.password)
    assert result.exit_code == 3
    assert any(line.split()[:3] == ["NO", "service", "bind"] for line in result.stdout.splitlines())


def test_an_entry_that_the_feed_leaves_out(place: Place) -> None:
    place.knows()
    place.feeds = [{**FEED, "filter": "(employeeType=staff)"}]
    (feed,) = place.told(ANN.login, password=ANN.password)["feeds"]
    assert feed["problems"] == ["the feed's base and filter leave this entry out"]


def test_whom_the_sync_would_take_somebody_for(place: Place) -> None:
    student = PersonIdentifier(IdentifierType.SIS, "10000001")
    place.knows(ann(identifiers=(student,)))
    (feed,) = place.told(ANN.login, password=ANN.password)["feeds"]
    assert feed["whom"] == "person 01, taken over from the library"


def test_somebody_whom_the_feed_has_brought_already(place: Place) -> None:
    place.knows(ann(source="feed:people", source_id=ANN.key))
    (feed,) = place.told(ANN.login, password=ANN.password)["feeds"]
    assert feed["whom"] == "person 01, present, whom this feed brought"


def test_somebody_who_may_be_another(place: Place) -> None:
    student = PersonIdentifier(IdentifierType.SIS, "10000001")
    place.knows(ann(identifiers=(student,), source="feed:other", source_id="1"))
    (feed,) = place.told(ANN.login, password=ANN.password)["feeds"]
    assert feed["whom"].startswith("a matter for people: sis is that of somebody who is fed by feed:other")


def test_without_a_register_the_directory_is_tried_all_the_same(place: Place) -> None:
    result = place.test(ANN.login, password=ANN.password)
    assert result.exit_code == 0, result.output
    assert "the register cannot be read" in result.stdout


def test_which_directory_is_meant(place: Place) -> None:
    place.directories["other"] = place.directory
    result = place.test(ANN.login, password=ANN.password)
    assert result.exit_code == 2
    assert "several directories: name one with --directory; it has campus, other" in result.stderr
    assert place.test(ANN.login, "--directory", "nowhere", password="x").exit_code == 2
    assert place.test(ANN.login, "--directory", "other", "--no-password").exit_code == 0
    place.directories, place.feeds = {}, []
    result = place.test(ANN.login, password=ANN.password)
    assert result.exit_code == 2
    assert "see members.aber.identity.directories" in result.stderr


def test_a_file_of_authorities_that_is_not_there(place: Place) -> None:
    place.directory["ca"] = "nowhere.pem"
    result = place.test(ANN.login, password=ANN.password)
    assert result.exit_code == 2
    assert "nowhere.pem" in result.stderr


def test_a_member_that_is_not_there(place: Place) -> None:
    result = run(app, "test", "bangor", "x", "--no-password")
    assert result.exit_code == 2
    assert "there is no member 'bangor'" in result.stderr


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    result = run(app, "test", "aber", "x", "--no-password", "--config", str(tmp_path / "gateway.toml"))
    assert result.exit_code == 2
