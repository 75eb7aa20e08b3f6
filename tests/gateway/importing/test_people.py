"""Patrons of the platform in the person register: taken in once, kept up with, never taken from a source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.register.port import Everyone, Lookup, PutPerson
from gateway.importing import people
from gateway.importing.csv_patrons import import_patrons
from gateway.importing.people import Adopted, adopt
from gateway.platforms.reference.pins import Pins
from tests.gateway.identity.memory_register import MemoryRegister
from tests.gateway.platforms.reference.library import Library

MEMBER = "alpha"

HEAD = "barcode,username,category,given,family,email\n"
ROWS = "2001,eleri,UG,Eleri,Pugh,e@a.example\n2002,twm,UG,Twm,Rhys,t@a.example\n2003,mali,UG,Mali,Huws,\n"


@pytest.fixture
def register() -> MemoryRegister:
    return MemoryRegister()


@pytest.fixture
def patrons(library: Library, file: Callable[..., Path], pins: Pins) -> Callable:
    async def bring(rows: str) -> None:
        report = await import_patrons(
            library.store, library.clock, MEMBER, file(HEAD + rows, f"{hash(rows)}.csv"), pins
        )
        assert report.rows_refused == 0

    return bring


async def taken_in(library: Library, register: MemoryRegister) -> Adopted:
    return await adopt(library.store, register, MEMBER, now=lambda: 1_000)


async def test_everybody_is_taken_in_once(
    library: Library, register: MemoryRegister, patrons: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "BATCH", 2)
    await patrons(ROWS)
    first = await taken_in(library, register)
    assert (first.added, first.left) == (first.looked, 0)
    assert (await taken_in(library, register)) == Adopted(looked=first.looked)
    assert await register.count(MEMBER, Everyone()) == first.looked
    [eleri] = await register.search(MEMBER, Lookup("username", "ELERI"))
    assert (eleri.source, eleri.display, eleri.emails) == ("library", "Eleri Pugh", ("e@a.example",))
    assert eleri.identifier(IdentifierType.BARCODE) == "2001"
    assert eleri.platform_id == eleri.source_id
    assert await register.unprovisioned(MEMBER) == []


async def test_what_the_library_changes_is_followed(
    library: Library, register: MemoryRegister, patrons: Callable
) -> None:
    await patrons(ROWS)
    await taken_in(library, register)
    await patrons("2001,eleri,UG,Eleri,Pugh-Jones,e@a.example\n")
    assert (await taken_in(library, register)).changed == 1
    [eleri] = await register.search(MEMBER, Lookup("barcode", "2001"))
    assert (eleri.family, eleri.version) == ("Pugh-Jones", 2)
    assert await register.unprovisioned(MEMBER) == []


async def test_whoever_a_source_feeds_is_left_to_it(
    library: Library, register: MemoryRegister, patrons: Callable
) -> None:
    await patrons(ROWS)
    await taken_in(library, register)
    [twm] = await register.search(MEMBER, Lookup("barcode", "2002"))
    fed = replace(twm, source="feed:campus", source_id="guid-2", family="Rees")
    await register.write(MEMBER, [PutPerson(fed, twm.version)])
    await patrons("2002,twm,UG,Twm,Preece,t@a.example\n2004,nia,UG,Nia,Wyn,\n")
    done = await taken_in(library, register)
    assert (done.added, done.left) == (1, 1)
    [still] = await register.search(MEMBER, Lookup("barcode", "2002"))
    assert (still.source, still.family) == ("feed:campus", "Rees")
