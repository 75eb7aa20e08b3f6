"""The reference pages of the SIP2 door, made from profiles, dialect and the table of refusals.

`python -m gateway.adapters.sip2.document profiles` (or `refusals`) prints a page; a test compares them with `docs`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import GenericAlias
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from gateway.adapters.sip2.profile import TerminalProfile, load_profile, profile_names
from gateway.canonical.refusals import RefusalCode
from gateway.crosswalks.refusals import REFUSALS, Sip2Refusal
from gateway.crosswalks.texts import CATALOGUE
from library_protocols.sip2.dialect import switches

_PROFILES_HEAD = """# SIP2 profiles

<!-- Made by `python -m gateway.adapters.sip2.document profiles`; change the docstrings in `profile.py`. -->

A profile is how one family of kiosks wants SIP2 spoken. A terminal names one, and changes single settings of it:

```toml
[members.aber.terminals.aber-kiosk-1]
profile = "koha-like"
overrides = { wire = { encoding = "cp850" }, texts = { language = "both" } }
```

A setting that does not exist is refused when the configuration is read. The numbered disagreements are those between
implementations that [the protocol's page](../../protocols/library_protocols/sip2/README.md) decides.
"""

_REFUSALS_HEAD = """# What a kiosk says when the answer is no

<!-- Made by `python -m gateway.adapters.sip2.document refusals`; the words are in `gateway/crosswalks/words.py`. -->

Every "no" is an answer of the request's own kind: `ok` is 0 (or `N`), nothing is done, and AF has the words below in
the terminal's language. Answers about a patron (24, 26, 64) then say `BL` as in the table, `CQN`, no name, no list and
no amount. `gateway tail --refused` shows the code beside the message.
"""


def profiles() -> str:
    """The page of profiles and their settings."""
    return "\n".join([_PROFILES_HEAD, *_families(), *_settings()])


def refusals() -> str:
    """The page of refusals."""
    return "\n".join([_REFUSALS_HEAD, *_refusal_rows()]) + "\n"


def _families() -> Iterator[str]:
    yield "## The profiles\n"
    for name in profile_names():
        text = files("gateway.adapters.sip2").joinpath("profiles", f"{name}.toml").read_text("utf-8")
        about = [
            line.removeprefix("#").strip() for line in text.split("\n[", 1)[0].splitlines() if line.startswith("#")
        ]
        yield f"### `{name}`\n"
        yield " ".join(about) + "\n"
        changed = list(_differences(load_profile(name), TerminalProfile(name=name), ""))
        if changed:
            yield "\n".join(f"- `{key}` = {value}" for key, value in changed) + "\n"


def _differences(profile: BaseModel, plain: BaseModel, path: str) -> Iterator[tuple[str, str]]:
    for name in type(profile).model_fields:
        ours, default = getattr(profile, name), getattr(plain, name)
        if name == "wire":
            for switch, _, _ in switches():
                if getattr(ours, switch) != getattr(default, switch):
                    yield f"wire.{switch}", _shown(getattr(ours, switch))
        elif isinstance(ours, BaseModel):
            yield from _differences(ours, default, f"{path}{name}.")
        elif ours != default:
            yield path + name, _shown(ours)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: `{item}`" for key, item in value.items()) or "none"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _settings() -> Iterator[str]:
    yield "## The settings\n"
    nested: list[tuple[str, type[BaseModel]]] = []
    yield _HEADING
    for name, field in TerminalProfile.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            nested.append((name, field.annotation))
        elif name not in ("name", "wire"):
            yield _row(name, field.annotation, field.default, field.description or "")
    for name, part in nested:
        yield f"\n### `{name}`\n"
        yield _flat(part.__doc__ or "") + "\n"
        yield _HEADING
        for inner, field in part.model_fields.items():
            yield _row(f"{name}.{inner}", field.annotation, field.default, field.description or "")
    yield "\n### `wire`\n"
    yield "The codec's own switches: octets, not meaning.\n"
    yield _HEADING
    for name, default, why in switches():
        yield _row(f"wire.{name}", type(default), default, why)
    yield ""


_HEADING = "| setting | values | default | who needs it |\n|---|---|---|---|"


def _row(name: str, annotation: Any, default: Any, why: str) -> str:
    return f"| `{name}` | {_values(annotation)} | {_shown(default)} | {_flat(why)} |"


def _values(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is dict or isinstance(annotation, GenericAlias):
        return "table"
    if arguments := get_args(annotation):
        return ", ".join(f"`{item}`" for item in arguments)
    return {bool: "yes or no", int: "number"}.get(annotation, "text")


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _refusal_rows() -> Iterator[str]:
    yield "| on screen | yn Gymraeg | code | BL |"
    yield "|---|---|---|---|"
    for code, row in REFUSALS.items():
        family = [name for name in CATALOGUE if name == row.message_id or name.startswith(f"{row.message_id}.")]
        for name in family:
            words = CATALOGUE[name]
            kind = name.removeprefix(row.message_id).lstrip(".")
            shown = f"`{code.value}`" + (f" ({kind})" if kind else "")
            yield f"| {_flat(words['en'])} | {_flat(words['cy'])} | {shown} | {_bl(row.sip2, code)} |"


def _bl(row: Sip2Refusal, code: object) -> str:
    if not isinstance(code, RefusalCode) or not row.card_known:
        return "N"
    return "N, or Y where the profile says that BL tells about the card alone" if row.needs_pin else "Y"


if __name__ == "__main__":
    sys.stdout.write({"profiles": profiles, "refusals": refusals}[sys.argv[1]]())
