"""Outcomes and refusals as JSON text with the name of their class, for whoever stores an answer to give it again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel

from gateway.canonical import outcomes
from gateway.canonical.outcomes import Outcome
from gateway.canonical.refusals import Refusal

Answer = Outcome | Refusal


def dump(answer: Answer) -> str:
    """The answer as JSON with the name of its class."""
    return json_of({type(answer).__name__: answer})


def json_of(value: object) -> str:
    """Models, and what they are made of, as JSON text that validates to the same: what is read is always checked."""
    return orjson.dumps(value, _plain, orjson.OPT_UTC_Z).decode()


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def load(text: str) -> Answer:
    """The inverse of `dump`; equal to what was dumped."""
    ((name, value),) = orjson.loads(text).items()
    return validated(name, value)


def validated(name: str, value: Any) -> Answer:
    """The answer of the class `name` out of decoded JSON."""
    return _CLASSES[name].model_validate(value)


_CLASSES: dict[str, Any] = {"Refusal": Refusal} | {
    name: value for name, value in vars(outcomes).items() if isinstance(value, type) and issubclass(value, BaseModel)
}
