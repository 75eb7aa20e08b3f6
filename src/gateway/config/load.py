"""Reads configuration files: includes, secrets from the environment and from files, problems with place and remedy.

A bad file is reported as a whole, all problems at once. Nothing is half applied: the result is a `Config` or an error.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gateway.config.agreement import DisagreementError
from gateway.config.model import Config

DEEPEST = 32  # levels of tables and lists; the configuration has six
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
Part = TypeVar("Part", bound=BaseModel)
_DOLLAR = re.compile(r"\$\$(?=\{)")  # `$${` is a plain `${`


def _deeper_than(levels: int, document: Any) -> bool:
    """Whether values nest deeper; walks level by level, for what is too deep cannot be walked by recursion."""
    level = [document]
    for _ in range(levels):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return any(isinstance(value, dict | list) for value in level)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: in which file, at which key, what, and what to do about it."""

    file: str
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.file, self.key) if part)
        return f"{where}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class ConfigError(Exception):
    """The configuration cannot be used."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load(path: Path | str, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in `path` with everything it includes. Raises ConfigError with all problems found."""
    reader = _Reader(os.environ if environ is None else environ)
    root = Path(path)
    document = reader.read(root)
    config: Config | None = None
    # Where a file could not be read at all, what it would have held is missing: complaints about that would mislead.
    if not reader.unreadable:
        try:
            config = Config.model_validate(document)
        except ValidationError as error:
            reader.problems += [reader.placed(*line) for line in explain(error)]
    if reader.problems or config is None:
        raise ConfigError(reader.problems)
    return _anchored(config, root.parent.resolve())


def explain(error: ValidationError, model: type[BaseModel] = Config) -> list[tuple[str, str, str]]:
    """Key, message and hint of each line of a validation error of `model`."""
    lines: list[tuple[str, str, str]] = []
    for line in error.errors(include_url=False, include_input=False):
        cause = line.get("ctx", {}).get("error")
        if isinstance(cause, DisagreementError):
            lines += [(key, message, "") for key, message in cause.found]
            continue
        key, table = _placed(model, line["loc"])
        if line["type"] == "extra_forbidden":
            lines.append((key, "there is no such setting", _did_you_mean(table, str(line["loc"][-1]))))
        elif line["type"] == "missing":
            lines.append((key, "is missing", ""))
        elif (limits := line.get("ctx", {})).get("field_type") == "Value":  # a secret
            said = f"has {limits['actual_length']} characters, and needs at least {limits['min_length']}"
            lines.append((key, said, ""))
        else:
            lines.append((key, line["msg"].removeprefix("Value error, "), ""))
    return lines


class _Reader:
    """Reads and merges documents, remembering which file each key came from."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self.unreadable = False
        self._environ = environ
        self._origin: dict[str, Path] = {}
        self._root = Path()

    def read(self, path: Path) -> dict[str, Any]:
        self._root = path
        document = self._parse(path)
        patterns = document.get("include", [])
        if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
            patterns = []  # the model says what is wrong with it
        merged: dict[str, Any] = {}
        self._merge(merged, document, path, "")
        for pattern in patterns:
            files = sorted(path.parent.glob(pattern)) if not Path(pattern).is_absolute() else [Path(pattern)]
            if not files and not any(sign in pattern for sign in "*?["):
                self._complain(path, "include", f"there is no file {pattern!r}")
                self.unreadable = True
            for file in files:
                included = self._parse(file)
                if "include" in included:
                    self._complain(file, "include", "only the first file may include others")
                    del included["include"]
                self._merge(merged, included, file, "")
        return merged

    def placed(self, key: str, message: str, hint: str) -> Problem:
        """A problem with the file that the key, or the nearest table around it, stands in."""
        near = key
        while near and near not in self._origin:
            near = near.rpartition(".")[0]
        return Problem(str(self._origin.get(near, self._root)), key, message, hint)

    def _parse(self, path: Path) -> dict[str, Any]:
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            if _deeper_than(DEEPEST, document):
                raise tomllib.TOMLDecodeError(f"tables lie within tables more than {DEEPEST} levels deep")
            return document
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            self._complain(path, "", getattr(error, "strerror", None) or str(error))
            self.unreadable = True
            return {}

    def _merge(self, into: dict[str, Any], table: dict[str, Any], file: Path, prefix: str) -> None:
        for name, value in table.items():
            key = f"{prefix}.{name}" if prefix else name
            if isinstance(value, dict) and set(value) != {"file"}:
                if isinstance(into.setdefault(name, {}), dict):
                    self._origin.setdefault(key, file)
                    self._merge(into[name], value, file, key)
                    continue
            elif name not in into:
                self._origin[key] = file
                into[name] = self._value(value, file, key)
                continue
            self._complain(file, key, f"is set already in {self._origin[key]}")

    def _value(self, value: Any, file: Path, key: str) -> Any:
        if isinstance(value, str):
            return self._expanded(value, file, key)
        if isinstance(value, list):
            return [self._value(part, file, key) for part in value]
        if isinstance(value, dict):
            if set(value) == {"file"} and isinstance(value["file"], str):
                return self._secret(file.parent / value["file"], file, key)
            return {name: self._value(part, file, f"{key}.{name}") for name, part in value.items()}
        return value

    def _expanded(self, text: str, file: Path, key: str) -> str:
        def variable(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in self._environ:
                self._complain(file, key, f"the environment has no variable {name}", f"set {name} before starting")
            return self._environ.get(name, "")

        return "${".join(_VARIABLE.sub(variable, part) for part in _DOLLAR.sub("\0", text).split("\0{"))

    def _secret(self, secret: Path, file: Path, key: str) -> str:
        try:
            return secret.read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            self._complain(file, key, f"cannot read {secret}: {getattr(error, 'strerror', None) or error}")
            self.unreadable = True
            return ""

    def _complain(self, file: Path, key: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(str(file), key, message, hint))


def _anchored(part: Part, base: Path) -> Part:
    """With every relative path made absolute, wherever in the configuration it stands."""
    changes: dict[str, Any] = {}
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Path):
            changes[name] = base / value
        elif isinstance(value, BaseModel):
            changes[name] = _anchored(value, base)
        elif isinstance(value, dict):
            changes[name] = {key: _anchored(v, base) if isinstance(v, BaseModel) else v for key, v in value.items()}
        elif isinstance(value, tuple):
            changes[name] = tuple(_anchored(v, base) if isinstance(v, BaseModel) else v for v in value)
    return part.model_copy(update=changes)


def _did_you_mean(model: type[BaseModel] | None, name: str) -> str:
    known = [] if model is None else [field.alias or field_name for field_name, field in model.model_fields.items()]
    return did_you_mean(name, known)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question after the known name that is nearest, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


def _placed(model: type[BaseModel], location: Iterable[int | str]) -> tuple[str, type[BaseModel] | None]:
    """The key at a location of Pydantic's, and the model of the table that it stands in."""
    here: Any = model
    table: type[BaseModel] | None = model
    key: list[str] = []
    for step in location:
        if step == "[key]":
            continue
        kinds = _kinds(here)
        if str(step) in kinds:  # Pydantic's own word for one of several models, which stands in no file
            here = kinds[str(step)]
            continue
        key.append(str(step))
        table = here if isinstance(here, type) and issubclass(here, BaseModel) else None
        if table is not None:
            fields = table.model_fields
            found = fields.get(str(step)) or next((field for field in fields.values() if field.alias == step), None)
            here = None if found is None else found.annotation
        else:  # a dict's value or a list's element
            here = get_args(here)[-1 if get_origin(here) is dict else 0] if get_args(here) else None
        if get_origin(here) in (Union, UnionType) and not _kinds(here):
            here = next((part for part in get_args(here) if part is not type(None)), None)
    return ".".join(key), table


def _kinds(annotation: Any) -> dict[str, Any]:
    """The models of tables of several kinds, by the word in `kind`."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, UnionType):
        return {}
    models = [part for part in get_args(annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
    return {
        get_args(model.model_fields["kind"].annotation)[0]: model for model in models if "kind" in model.model_fields
    }
