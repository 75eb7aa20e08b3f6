"""The reference page of the configuration, made from the models: a setting that is not described does not exist.

`python -m gateway.config.document` prints the page; a test compares it with `docs/reference/configuration.md`.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from gateway.config.model import Config

_HEAD = """# Configuration

<!-- Made by `python -m gateway.config.document`; change the descriptions in `src/gateway/config/model.py`. -->

One TOML file, `gateway.toml`, and what it includes. `gateway check` loads it and tries it; `gateway config schema`
prints its JSON Schema for editors. A key that does not exist is refused, with the one that was probably meant.

Any text may contain `${NAME}`, which stands for a variable of the environment (`$${` is a plain `${`). Any value may be
written `{file = "PATH"}`: the content of that file, without its last line end; PATH is relative to the file it stands
in. All other paths are relative to the first file.

```toml
include = ["members/*.toml"]
pepper = { file = "pepper.secret" }

[listeners.kiosks]
protocol = "sip2"
host = "0.0.0.0"
port = 6443
tls = true

[tls]
certificate = "server.pem"
key = "server.key"
```

```toml
# members/aber.toml
[members.aber]
name = "Aberystwyth University"
institution_ids = ["ABER"]
main_location = "ABER"

[members.aber.terminals.aber-kiosk-1]
password_hash = "$argon2id$..."   # gateway terminal hash-password
permissions = ["patron_read", "item_read", "checkout", "checkin", "renew", "offline"]
```
"""


def page() -> str:
    """The whole page, Markdown."""
    return "\n".join([_HEAD, *_section(Config, "", "", set())])


def _section(model: type[BaseModel], path: str, intro: str, told: set[tuple[str, type]]) -> Iterator[str]:
    """`told` are the tables that stand on the page already: those that tables of several kinds have in common."""
    if (path, model) in told:
        return
    told.add((path, model))
    if path:
        yield f"## `[{path}]`{_kind(model)}"
        yield ""
        yield _flat(intro or model.__doc__ or "")
        yield ""
    else:
        yield "## At the top"
        yield ""
    nested: list[tuple[str, type[BaseModel], FieldInfo]] = []
    rows: list[str] = []
    for name, field in model.model_fields.items():
        tables, suffix = _inner(field)
        if tables:
            at = f"{path}.{name}{suffix}" if path else f"{name}{suffix}"
            nested += [(at, inner, field) for inner in tables]
            continue
        cells = (f"`{field.alias or name}`", _type(field.annotation), _default(field), _flat(field.description or ""))
        rows.append(f"| {' | '.join(cells)} |")
    if rows:
        yield "| key | value | default | meaning |"
        yield "|---|---|---|---|"
        yield from rows
        yield ""
    for below, inner, field in nested:
        yield from _section(inner, below, " ".join(filter(None, [inner.__doc__, field.description])), told)


def _kind(model: type[BaseModel]) -> str:
    """What tells this table from others of its name."""
    values = get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()
    return f' with `kind = "{values[0]}"`' if len(values) == 1 and isinstance(values[0], str) else ""


def _inner(field: FieldInfo) -> tuple[list[type[BaseModel]], str]:
    """The models that a table may have, and what its name adds: `.NAME` for one of several, `[]` for an array of
    tables."""
    origin, arguments = get_origin(field.annotation), get_args(field.annotation)
    if origin is dict:
        return _models(arguments[-1]), ".NAME"
    if origin is tuple:
        return _models(arguments[0]), "[]"
    return _models(field.annotation), ""


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _models(arguments[0])
    if origin in (Union, types.UnionType):
        return [model for part in arguments for model in _models(part)]
    return []


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return " \\| ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return " \\| ".join(_type(part) for part in arguments if part is not type(None))
    if origin in (tuple, frozenset):
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return "table"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " \\| ".join(f"`{member.value}`" for member in annotation)
    return _WORDS[annotation]


_WORDS: dict[Any, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "`true` \\| `false`",
    SecretStr: "text, secret",
    Any: "anything",
    Path: "path",
}


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value in ("", (), frozenset(), {}):
        return "none"
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset):
        return _plain(tuple(sorted(_plain(part) for part in value)))
    if isinstance(value, tuple):
        return "[" + ", ".join(_plain(part) for part in value) + "]"
    return str(value)


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
