"""Outcomes and refusals as JSON text with the name of their class, for whoever stores an answer to give it again."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel

from gateway.canonical import outcomes
from gateway.canonical.outcomes import Outcome
from gateway.canonical.refusals import Refusal

Answer = Outcome | Refusal


def dump(answer: Answer) -> str:
    """The answer as JSON with the name of its class."""
    return f'{{"{type(answer).__name__}":{answer.model_dump_json()}}}'


def load(text: str) -> Answer:
    """The inverse of `dump`; equal to what was dumped."""
    ((name, value),) = orjson.loads(text).items()
    return _CLASSES[name].model_validate(value)


_CLASSES: dict[str, Any] = {"Refusal": Refusal} | {
    name: value for name, value in vars(outcomes).items() if isinstance(value, type) and issubclass(value, BaseModel)
}
