"""Outcomes and refusals as JSON text with the name of their class, for whoever stores an answer to give it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel

from gateway.canonical import outcomes
from gateway.canonical.outcomes import Outcome
from gateway.canonical.refusals import Refusal

Answer = Outcome | Refusal


def dump(answer: Answer, *, exclude: Mapping[str, Any] | None = None) -> str:
    """The answer as JSON with the name of its class; `exclude` names fields to leave out, as in Pydantic."""
    text = answer.model_dump_json() if exclude is None else answer.model_dump_json(exclude=dict(exclude))
    return f'{{"{type(answer).__name__}":{text}}}'


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
