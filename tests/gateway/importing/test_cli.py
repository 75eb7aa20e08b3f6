"""`gateway import` from the shell: report, exit codes, and Ctrl-C, which ends after the batch at hand."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.catalogue.store import migrate as catalogue_schema
from gateway.catalogue.store import open_reader
from gateway.config import load
from gateway.identity.register import migrate as register_schema
from gateway.identity.register import open_register
from gateway.identity.register.port import Lookup
from gateway.importing.cli import app
from gateway.store import migrate
from tests.gateway.conftest import StorePlace
from tests.gateway.importing.test_marc import iso, record
from tests.gateway.platforms.reference.library import PEPPER, Library

CONFIG = """
data_dir = "{folder}"
pepper = "{pepper}"
[store]
url = "{url}"
[members.alpha]
name = "Alpha"
main_location = "MAIN"
"""


@pytest.fixture
async def config(library: Library, store_place: StorePlace, tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    if store_place.postgres is not None:
        await catalogue_schema.upgrade(store_place.owner_url, app_role=store_place.postgres.app_role)
        await register_schema.upgrade(store_place.owner_url, app_role=store_place.postgres.app_role)
    path.write_text(CONFIG.format(folder=tmp_path, pepper=PEPPER.decode(), url=store_place.url))
    return path


async def gateway(*arguments: str | Path) -> Result:
    """Runs the command on a thread, because it makes an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, [str(argument) for argument in arguments])


async def test_patrons_items_and_records(config: Path, file: Callable[..., Path]) -> None:
    patrons = file("Card,name,category\nB1,Mair,UG\n")
    done = await gateway("patrons", "alpha", patrons, "-c", config, "--map", "Card=barcode", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows_done"] == 1
    register = await open_register(load(config).register_url)
    [mair] = await register.search("alpha", Lookup("barcode", "B1"))
    await register.close()
    assert (mair.display, mair.source) == ("Mair", "library")
    items = file("barcode,bib_id\nN1,x\nN2,none\n", "items.csv")
    part = await gateway("items", "alpha", items, "-c", config, "--item-type", "BOOK", "--location", "MAIN", "--json")
    assert part.exit_code == 1
    assert json.loads(part.stdout)["rows_refused"] == 1
    records = file(b"rubbish\x1d", "records.mrc")
    none = await gateway("marc", "alpha", records, "-c", config, "--items", "952", "--item", "barcode=b")
    assert none.exit_code == 1
    assert "Read 1 row; 1 refused, see" in none.stdout.replace("\n", " ")
    wrong = await gateway("marc", "alpha", records, "-c", config, "--items", "952", "--item", "barcode")
    assert (wrong.exit_code, "write COLUMN=SUBFIELD" in wrong.output) == (2, True)
    again = await gateway("marc", "alpha", records, "-c", config, "--items", "952", "--item", "barcode=b")
    assert "Nothing left to do: 1 row was read before; 1 refused, see" in again.stdout.replace("\n", " ")


async def test_records_into_the_catalogue(config: Path, store_place: StorePlace, file: Callable[..., Path]) -> None:
    one = file(iso(record("m1"), record("m2", "Dŵr")), "one.mrc")
    two = file(iso(record("m3")) + b"rubbish\x1d", "two.mrc")
    done = await gateway("marc", "alpha", one, two, "-c", config, "--json")
    assert done.exit_code == 1, done.output
    assert [told["rows_refused"] for told in json.loads(done.stdout)] == [0, 1]
    again = await gateway("marc", "alpha", one, two, "-c", config)
    said = [line for line in again.stdout.splitlines() if "Nothing left to do" in line]
    assert [line.partition(":")[0] for line in said] == [str(one), str(two)]
    more = file(iso(record("m4")), "three.mrc")
    done = await gateway("marc", "alpha", more, "-c", config, "--catalogue-only", "--format", "marc21", "--json")
    assert (done.exit_code, json.loads(done.stdout)["rows_done"]) == (0, 1), done.output
    catalogue = await open_reader(load(config).catalogue_url)
    found = await catalogue.changes("alpha", "", 0, None, None, 10)
    assert [one.control for one in await catalogue.feed_records("alpha", found)] == ["m1", "m2", "m3", "m4"]
    await catalogue.close()
    both = await gateway("marc", "alpha", one, two, "-c", config, "--rejects", one.with_suffix(".csv"))
    assert both.exit_code == 2


async def test_what_cannot_be_loaded_at_all(config: Path, file: Callable[..., Path], tmp_path: Path) -> None:
    source = file("wrong,header\n")
    assert (await gateway("patrons", "alpha", source, "-c", config)).exit_code == 2
    assert (await gateway("patrons", "gamma", source, "-c", config)).exit_code == 2
    assert (await gateway("patrons", "alpha", source, "-c", tmp_path / "none.toml")).exit_code == 2
    assert (await gateway("patrons", "alpha", source, "-c", config, "--map", "x")).exit_code == 2


async def test_rules_go_out_and_come_in(config: Path, tmp_path: Path) -> None:
    out = await gateway("rules", "alpha", "--export", "-c", config)
    assert out.exit_code == 0, out.output
    source = tmp_path / "rules.toml"
    source.write_text(out.stdout.replace('"14 days"', '"21 days"'))
    plan = await gateway("rules", "alpha", source, "--dry-run", "-c", config)
    assert (plan.exit_code, plan.stdout.splitlines()) == (
        0,
        [
            "~ loan_rules.standard",
            '    period: "14 days" -> "21 days"',
            "1 changed. Nothing is written: a dry run.",
        ],
    )
    done = await gateway("rules", "alpha", source, "--json", "-c", config)
    (change,) = json.loads(done.stdout)
    assert (change["action"], change["settings"]) == ("change", {"period": ['"14 days"', '"21 days"']})
    again = await gateway("rules", "alpha", source, "--prune", "-c", config)
    assert (again.exit_code, again.stdout) == (0, "Nothing to change: the store holds these rules already.\n")
    assert (await gateway("rules", "alpha", "--export", "-c", config)).stdout == source.read_text()


async def test_rules_that_cannot_be_loaded(config: Path, file: Callable[..., Path]) -> None:
    wrong = file("[locations.MAIN]\nnaem = 'Main'\n", "rules.toml")
    refused = await gateway("rules", "alpha", wrong, "-c", config)
    assert refused.exit_code == 2
    assert "locations.MAIN.naem: there is no such setting (did you mean 'name'?)" in refused.stderr
    used = await gateway("rules", "alpha", file("", "empty.toml"), "--prune", "-c", config)
    assert used.exit_code == 2
    assert "categories.UG: cannot be deleted: category of patrons (3)" in used.stderr
    assert (await gateway("rules", "alpha", "-c", config)).exit_code == 2
    assert (await gateway("rules", "alpha", wrong, "--export", "-c", config)).exit_code == 2


async def test_ctrl_c_ends_after_a_batch_and_the_same_command_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    await migrate.upgrade(url)
    from gateway.store import open_store

    store = await open_store(url)
    library = Library(store)
    await library.furnish()
    await library.platform.close()
    await store.close()
    config = tmp_path / "gateway.toml"
    config.write_text(CONFIG.format(folder=tmp_path, pepper=PEPPER.decode(), url=url))
    source = tmp_path / "patrons.csv"
    rows = (f"B{n},Name {n},UG,{n:04d}" for n in range(6000))
    source.write_text("barcode,name,category,pin\n" + "\n".join(rows) + "\n")
    command = [sys.executable, "-c", "from gateway.importing.cli import app; app()", "patrons", "alpha", str(source)]
    process = await asyncio.create_subprocess_exec(
        *command, "-c", str(config), "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not (tmp_path / "store.db-wal").exists() or (tmp_path / "store.db-wal").stat().st_size < 100_000:
        assert process.returncode is None
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, error = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 4, error
    report = json.loads(out)
    assert report["finished"] is False
    assert report["rows_done"] % 500 == 0
    assert 0 < report["rows_done"] < 6000
