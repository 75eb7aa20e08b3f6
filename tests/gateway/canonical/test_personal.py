"""Parting answers from persons: every field that names one is listed, and what is parted can be put together."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from gateway.canonical import outcomes, requests
from gateway.canonical.entities import Patron, Routing
from gateway.canonical.outcomes import ReturnOutcome
from gateway.canonical.personal import NAMINGS, put_together, take_apart
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.platforms.port import Platform
from tests.gateway.canonical.samples import item, loan

# What these are called wherever they occur in the canonical model.
PERSONAL = {"patron_id", "patron_barcode", "hold_patron_id", "hold_patron_barcode", "hold_patron_name", "comment"}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from models_in(inner)


def personal_fields(model: type[BaseModel]) -> Iterator[str]:
    """Paths of all fields below a model that name a person."""
    for name, field in model.model_fields.items():
        below = list(models_in(field.annotation))
        if name in PERSONAL or Patron in below:
            yield name
        else:
            yield from (f"{name}.{path}" for one in below for path in personal_fields(one))


def listed(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, below in fields.items():
        if below is True:
            yield name
        elif name == "__all__":
            yield from listed(below)
        else:
            yield from (f"{name}.{path}" for path in listed(below))


def answers_to_commands() -> set[type[BaseModel]]:
    """What the platform's commands, which have a key, say they answer."""
    methods = [m for m in vars(Platform).values() if callable(m) and "key" in getattr(m, "__annotations__", {})]
    hints = [typing.get_type_hints(m, {**vars(outcomes), **vars(requests), **m.__globals__})["return"] for m in methods]
    return {model for hint in hints for model in models_in(hint)} - {Refusal}


def test_every_personal_field_of_an_answer_to_a_command_is_listed() -> None:
    kinds = answers_to_commands()
    assert outcomes.LoanOutcome in kinds
    for kind in kinds:
        known = {path for naming in NAMINGS.get(kind, ()) for path in listed(naming.fields)}
        assert set(personal_fields(kind)) <= known, kind


def test_the_two_people_of_a_return_are_two_parts() -> None:
    routing = Routing(hold_id="h", hold_patron_id="p2", hold_patron_barcode="c2", hold_patron_name="Bob")
    answer = ReturnOutcome(item=item(), loan=loan(patron_id="p1", patron_barcode="c1"), routing=routing)
    text, parts = take_apart(answer)
    assert [part.patron_id for part in parts] == ["p1", "p2"]
    assert not any(word in text for word in ("p1", "c1", "p2", "c2", "Bob"))
    assert put_together(text, [part.text for part in parts]) == answer
    bare = put_together(text, [])
    assert isinstance(bare, ReturnOutcome)
    assert bare.loan == loan(patron_id="", patron_barcode=None)
    assert bare.routing == Routing(hold_id="h")


@pytest.mark.parametrize(
    "answer", [Refusal(code=RefusalCode.FEE_LIMIT, detail={"amount": "1.00"}), ReturnOutcome(item=item())]
)
def test_an_answer_that_names_nobody_is_one_piece(answer: Any) -> None:
    text, parts = take_apart(answer)
    assert parts == []
    assert put_together(text, []) == answer
