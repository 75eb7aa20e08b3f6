"""One person across everything: given out whole, and gone from everywhere, on both databases."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from gateway.canonical.context import CommandKey, Context
from gateway.canonical.requests import LoanCreate, LoanReturn
from gateway.canonical.vocabulary import IdentifierType
from gateway.config import Config, load
from gateway.exchanges.file import FILE_NAME as EXCHANGES_FILE
from gateway.exchanges.file import ExchangeFile
from gateway.exchanges.record import patron_tag
from gateway.identity.model import PersonIdentifier
from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import PutGroup, PutPerson, PutReview, Register
from gateway.journal import Journal
from gateway.journal.journal import FILE_NAME as JOURNAL_FILE
from gateway.runtime.cli_person import app
from gateway.store.port import Store
from gateway.store.rows import ChargeRow, HoldRow, PatronRow, PaymentLineRow, PaymentRow, PinFailureRow
from tests.gateway.conftest import StorePlace
from tests.gateway.identity.register.people import group, person, review
from tests.gateway.platforms.reference.library import PEPPER, Library, card, charge, hold, patron

CONFIG = """
data_dir = "{folder}"
pepper = "{pepper}"
[store]
url = "{url}"
[members.alpha]
name = "Alpha"
main_location = "MAIN"
"""
NAME, CARD, NUMBER = "Gwenllian Xq", "K-7781", "s7781"


@dataclass
class House:
    """An installation in which Gwenllian is known everywhere, and Ann as well."""

    path: Path
    folder: Path
    place: StorePlace
    library: Library
    register: Register

    async def run(self, *arguments: str) -> Result:
        """The command on a thread, because it makes an event loop of its own."""
        return await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "-c", str(self.path)])


@pytest.fixture
async def house(store: Store, store_place: StorePlace, tmp_path: Path) -> AsyncIterator[House]:
    library = Library(store)
    await library.furnish()
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG.format(folder=tmp_path, pepper=PEPPER.decode(), url=store_place.url))
    config = load(path)
    role = store_place.postgres.app_role if store_place.postgres else None
    owner = store_place.owner_url if store_place.postgres else config.register_url
    await migrate.upgrade(owner, app_role=role)
    register = await open_register(config.register_url)
    await fill(library, register, config)
    yield House(path, tmp_path, store_place, library, register)
    await register.close()
    await library.platform.close()


async def fill(library: Library, register: Register, config: Config) -> None:
    await library.add(
        replace(
            patron("gwen"), name=NAME, family="Xq", given="Gwenllian", pin_hash="$argon2id$x", emails_json='["g@x"]'
        ),
        replace(card("gwen"), value=CARD.casefold(), shown=CARD),
        replace(hold("y", "gwen", 1, comment="Gwenllian comes on Tuesdays"), closed_at=2, status="CANCELLED"),
        charge("c", "gwen", 0, status="paid", description="Gwenllian spilt her tea"),
        PaymentRow("alpha", "pay", "gwen", 100, "GBP", "cash", None, None, "accepted", "t1", 1),
        PinFailureRow("alpha", "f", "gwen", "t1", 1),
    )
    await library.add(PaymentLineRow("alpha", "pay", "c", 100, 0))
    await library.platform.loan_create(library.context(), LoanCreate(patron=CARD, item="b-x"), CommandKey("lend", 60))
    await library.platform.loan_return(library.context(), LoanReturn(item="b-x"), CommandKey("back", 60))
    known = person(
        "p1", member="alpha", display=NAME, emails=("g@x",), user_name="gwen.xq",
        identifiers=(PersonIdentifier(IdentifierType.BARCODE, CARD), PersonIdentifier(IdentifierType.SIS, NUMBER)),
    )  # fmt: skip
    others = [
        PutReview(review("v1", "S-p1", member="alpha", candidates=("p1",), record={"display": NAME})),
        PutReview(review("v2", "S-other", member="alpha", candidates=("p1", "p2"))),
        PutReview(review("v3", "S-third", member="alpha", candidates=("p2",))),
    ]
    people = [PutPerson(known, 0), PutPerson(person("p2", member="alpha", barcode="C-ann", display="Ann"), 0)]
    await register.write("alpha", [*people, PutGroup(group("g", "p1", "p2", member="alpha"), 0), *others])
    await register.provisioned("alpha", "p1", 1, "gwen", "")
    journal = Journal(config.data_dir / JOURNAL_FILE)
    ctx = Context("alpha", "t1", "MAIN", frozenset())
    for who in (CARD, "C-ann"):
        entry = journal.append(ctx, LoanCreate(patron=who, item="b-y.1", offline=True), CommandKey(f"k{who}", 60))
        journal.mark_done(entry)
    journal.append(ctx, LoanCreate(patron=CARD, item="b-z", offline=True), CommandKey("waiting", 60))
    journal.close()
    exchanges = ExchangeFile(config.data_dir / EXCHANGES_FILE)
    secret = config.derive_key("patron tags")
    exchanges.append(
        [
            {"id": f"x{n}", "started": 1.0, "member": "alpha", "patron": patron_tag(secret, "alpha", who)}
            for n, who in enumerate((CARD, "C-ann"))
        ]
    )
    exchanges.close()


async def test_what_there_is_is_given_out_whole(house: House) -> None:
    for name in (CARD, f" {NUMBER.upper()}", "gwen.xq", "p1"):
        answer = await house.run("export", "alpha", name)
        assert answer.exit_code == 0, answer.output
        found = json.loads(answer.stdout)
        assert found["register"]["person"]["display"] == NAME
    assert [one["id"] for one in found["register"]["reviews"]] == ["v1", "v2"]
    assert [one["id"] for one in found["register"]["groups"]] == ["g"]
    platform = found["platform"]
    assert (platform["patron"]["name"], platform["patron"]["has_pin"]) == (NAME, True)
    assert [loan["item"] for loan in platform["loans"]] == ["b-x"]
    assert [one["comment"] for one in platform["holds"]] == ["Gwenllian comes on Tuesdays"]
    assert [one["amount"] for one in platform["payments"][0]["lines"]] == [100]
    assert {event["type"] for event in platform["events"]} == {"loan.created", "loan.returned"}
    assert len(platform["wrong_pins"]) == len(platform["charges"]) == 1
    assert [entry["request"]["patron"] for entry in found["journal"]["entries"]] == [CARD, CARD]
    assert [one["id"] for one in found["exchanges"]["exchanges"]] == ["x0"]
    assert "argon2" not in answer.stdout
    assert "Ann" not in answer.stdout
    shown = await house.run("show", "alpha", CARD, "--json")
    assert json.loads(shown.stdout)["held"]["platform"]["events"] == 2
    assert NAME in (await house.run("show", "alpha", CARD)).stdout


async def test_an_export_is_a_file_for_its_owner(house: House) -> None:
    target = house.folder / "export.json"
    assert (await house.run("export", "alpha", CARD, "-o", str(target))).exit_code == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert json.loads(target.read_bytes())["register"]["person"]["id"] == "p1"
    assert (await house.run("export", "alpha", CARD, "-o", str(target))).exit_code == 2


async def test_nothing_is_done_without_yes(house: House) -> None:
    before = await everything_that_is_kept(house)
    answer = await house.run("erase", "alpha", CARD, "--json")
    assert json.loads(answer.stdout)["done"] is False
    assert {"patron", "identifiers"} <= set(json.loads(answer.stdout)["held"]["platform"])
    assert "nothing has been done" in (await house.run("erase", "alpha", CARD)).stdout
    assert await everything_that_is_kept(house) == before


async def test_somebody_who_is_erased_is_nowhere(house: House) -> None:
    answer = await house.run("erase", "alpha", CARD, "--yes", "--json")
    assert answer.exit_code == 0, answer.output
    done = json.loads(answer.stdout)
    assert done["gone"] == {
        "platform": {"patron": 1, "words": 2},
        "journal": {"entries": 1},
        "exchanges": {},
        "register": {"person": 1, "reviews": 2},
    }
    assert done["stays"]["journal"]["entries"].startswith("1 that")
    assert "brings the person back" in done["stays"]["register"]["source"]
    assert "days old" in done["stays"]["exchanges"]["exchanges"]
    text = await everything_that_is_kept(house, journal=False)
    assert [word for word in ("gwenllian", "k-7781", "s7781", "g@x", "gwen.xq", "s-p1") if word in text] == []
    assert "c-ann" in text
    assert [one.id for one in await house.register.reviews("alpha")] == ["v2", "v3"]
    assert (await house.library.row(PatronRow, id="gwen")).status == "deleted"
    assert (await house.library.row(HoldRow, patron_id="gwen")).comment is None
    assert (await house.library.row(ChargeRow, patron_id="gwen")).description is None
    assert (await house.run("show", "alpha", CARD)).exit_code == 1


async def test_who_owes_something_is_kept_unless_the_account_is_left(house: House) -> None:
    await house.library.add(charge("open", "gwen", 250))
    before = await everything_that_is_kept(house)
    refused = await house.run("erase", "alpha", CARD, "--yes")
    assert refused.exit_code == 1
    assert "still open: 1 charges" in refused.output
    assert await everything_that_is_kept(house) == before
    done = json.loads((await house.run("erase", "alpha", CARD, "--yes", "--keep-accounts", "--json")).stdout)
    assert done["gone"]["platform"] == {"pseudonym": 1}
    assert done["stays"]["platform"] == {"patron": "name, contacts and account, for what is open: 1 charges"}
    assert await house.register.person("alpha", "p1") is None
    assert (await house.library.row(PatronRow, id="gwen")).name == NAME
    assert (await house.library.row(ChargeRow, id="open")).balance == 250


async def test_who_is_on_the_platform_alone_is_found_as_well(house: House) -> None:
    answer = await house.run("show", "alpha", "C-bob", "--json")
    assert json.loads(answer.stdout)["register"] is None
    assert json.loads(answer.stdout)["patron"] == "bob"
    erased = json.loads((await house.run("erase", "alpha", "c-BOB", "--yes", "--json")).stdout)
    assert erased["gone"]["platform"]["patron"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show", "alpha", "nobody"), 1, "nobody is named so"),
        (("show", "beta", "x"), 2, "no member 'beta'"),
        (("export", "alpha", "twice"), 1, "several people: name one by id: p8, p9"),
    ],
)
async def test_what_cannot_be_is_said(house: House, arguments: tuple[str, ...], code: int, words: str) -> None:
    sis = PersonIdentifier(IdentifierType.SIS, "twice")
    await house.register.write(
        "alpha",
        [
            PutPerson(person("p8", member="alpha", barcode="twice"), 0),
            PutPerson(person("p9", member="alpha", identifiers=(sis,)), 0),
        ],
    )
    answer = await house.run(*arguments)
    assert (answer.exit_code, words in answer.output) == (code, True), answer.output


async def everything_that_is_kept(house: House, *, journal: bool = True) -> str:
    """Every row of every database, as text in small letters."""
    config = load(house.path)
    if house.place.postgres is None:
        parts = [dumped(url.removeprefix("sqlite:///")) for url in (config.store_url, config.register_url)]
    else:
        parts = [await dumped_from_postgres(house.place.owner_url)]
    if journal:
        parts.append(dumped(house.folder / JOURNAL_FILE))
    return "\n".join(parts).casefold()


def dumped(path: str | Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        return "\n".join(db.iterdump())


async def dumped_from_postgres(url: str) -> str:
    connection = await asyncpg.connect(url)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    rows = [await connection.fetch(f"SELECT * FROM {table[0]}") for table in tables]
    await connection.close()
    return str([sorted(map(str, found)) for found in rows])
