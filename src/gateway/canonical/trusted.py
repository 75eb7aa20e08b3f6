"""Models made of values that need no checking: rows of our own database, which a typed schema has let in.

Checking costs three quarters of what making an entity does, and a command makes five of them. What comes from outside,
a message, a file, another platform, a stored answer, is always validated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from pydantic import BaseModel

P = ParamSpec("P")
M = TypeVar("M", bound=BaseModel)


def trusted(model: Callable[P, M]) -> Callable[P, M]:
    """What makes such models as `model(...)` does, by name, with its defaults, but takes every value as it is: nothing
    is converted, no mistake is found. All fields count as set."""
    kind = cast(type[M], model)
    fields = kind.model_fields
    blank: dict[str, Any] = {
        name: None if field.is_required() else field.get_default(call_default_factory=True)
        for name, field in fields.items()
    }
    names, new, put = set(fields), kind.__new__, object.__setattr__

    def make(*_: P.args, **values: P.kwargs) -> M:
        made = new(kind)
        put(made, "__dict__", blank | values)  # in the order of the class, whatever the order of the call
        put(made, "__pydantic_fields_set__", names)
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made

    return make
