"""What is made of our own rows without checking is what checking would have made of the same values."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from gateway.canonical import requests as req
from tests.gateway.platforms.reference.library import Library, block, charge, hold


def checked(model: BaseModel) -> None:
    again = type(model).model_validate(model.model_dump())
    assert model == again
    assert repr(model) == repr(again)
    assert model.model_dump_json(warnings="error") == again.model_dump_json()


async def ask(library: Library, request: req.Request) -> Any:
    method = getattr(library.platform, request.operation.replace(".", "_"))
    return await method(library.context(), request)


async def test_patrons_accounts_and_items(library: Library) -> None:
    await library.lend("x", "ann")
    await library.add(block("lost", "ann"), hold("y", "bob", 0), charge("late", "ann", 250))
    for name in ("ann", "bob"):
        checked(await ask(library, req.PatronGet(patron=f"c-{name}")))
        checked(await ask(library, req.PatronAccount(patron=f"c-{name}", loans=True, holds=True, fees=True)))
    for name in ("x", "y.1"):
        checked(await ask(library, req.ItemGet(item=f"b-{name}")))
