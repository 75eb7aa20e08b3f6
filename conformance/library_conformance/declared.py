"""Probes that are data: a TOML file of questions and, in order, of what may come of them.

A file is checked whole when it is read, and each complaint names file, probe and key. What can be asked, and what
can be told of an answer, is the standard's own (its `Dialect`); steps, outcomes, placeholders and captures are here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

from library_conformance.catalogue import requirements_of
from library_conformance.dialect import (
    DIALECTS,
    Dialect,
    Question,
    a_flag,
    a_table,
    a_text,
    dialect_of,
    one_of,
    patterns,
    pieces,
    placeholders,
    some,
)
from library_conformance.model import Behaviour, NotApplicable, Safety, Seen, SetupFailed, Status
from library_conformance.probes import Look, Probe, add, probes_of
from library_conformance.run import Run

BEHAVIOURS = {
    "meets": Behaviour.MEETS, "breaks": Behaviour.BREAKS, "absent": Behaviour.ABSENT, "told": Behaviour.INFORMATION,
    "unclear": Behaviour.UNCLEAR, "unsafe": Behaviour.UNSAFE,
}  # fmt: skip
ENDINGS = (*BEHAVIOURS, "not_applicable", "setup_failed")
"""What an outcome may say; the text behind it is the observation, or why nothing could be observed."""
_PROBE = frozenset({"id", "does", "verifies", "needs", "safety", "inputs", "octets", "before", "step"})
_STEP = frozenset({"name", "capture", "outcomes"})
_OUTCOME = frozenset({"when", "unless", "of", *ENDINGS})
_ID = re.compile(r"([a-z0-9]+)(\.[a-z0-9-]+){2,4}/[a-zA-Z0-9.-]+")
_NAME = re.compile(r"[a-z_]+")
_RANK = tuple(Safety)


class ProbeFileError(ValueError):
    """A file of probes that cannot be read; the text names the file, the probe and the key."""


# A probe as it was read


@dataclass(slots=True)
class _Talk:
    """How far a probe has come."""

    run: Run
    dialect: Dialect
    answer: Any = None
    earlier: dict[str, Any] = field(default_factory=dict)
    captured: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        if name in self.captured:
            return self.captured[name]
        if name.startswith("input."):
            return self.run.input(name.removeprefix("input."))
        return self.dialect.values[name](self.run)

    def fill(self, text: str, way: Callable[[str], str] = str, /) -> str:
        return "".join(said + (way(self.value(name)) if name else "") for said, name in pieces(text))

    def words(self, text: str) -> str:
        """An observation."""
        return "".join(said + (self._word(name) if name else "") for said, name in pieces(text))

    def _word(self, name: str) -> str:
        return self.captured[name] if name in self.captured else self.dialect.words[name](self.answer)


Holds = Callable[[_Talk], bool]


@dataclass(frozen=True, slots=True)
class _Outcome:
    when: tuple[Holds, ...]
    unless: tuple[Holds, ...]
    ending: str
    text: str
    of: Mapping[str, Behaviour]

    @property
    def default(self) -> bool:
        return not self.when and not self.unless

    def holds(self, talk: _Talk) -> bool:
        return all(one(talk) for one in self.when) and not (self.unless and all(one(talk) for one in self.unless))

    def seen(self, talk: _Talk) -> Seen:
        """Raises NotApplicable or SetupFailed where that is what the outcome says."""
        words = talk.words(self.text)
        if self.ending == "not_applicable":
            raise NotApplicable(words)
        if self.ending == "setup_failed":
            raise SetupFailed(words)
        return Seen(words, BEHAVIOURS[self.ending], dict(self.of))


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    verb: str
    values: tuple[Any, ...]
    options: Mapping[str, Any]
    capture: Mapping[str, Callable[[Any], str]]
    outcomes: tuple[_Outcome, ...]


def _look(
    dialect: Dialect, settings: Mapping[str, Any], before: tuple[_Outcome, ...], steps: tuple[_Step, ...]
) -> Look:
    """The probe as something that can be carried out."""

    def look(run: Run) -> Seen:
        talk = _Talk(run, dialect)
        if found := next((one for one in before if one.holds(talk)), None):
            return found.seen(talk)
        with dialect.session(run, settings) as session:
            for step in steps:
                for value in step.values:
                    question = Question(step.verb, value, step.options, talk.fill, talk.earlier)
                    talk.answer = talk.earlier[step.name] = dialect.ask(session, question)
                    talk.captured |= {name: take(talk.answer) for name, take in step.capture.items()}
                    found = next((one for one in step.outcomes if not one.default and one.holds(talk)), None)
                    if found:
                        return found.seen(talk)
        return steps[-1].outcomes[-1].seen(talk)

    return look


# Reading


def read(text: str, where: str) -> list[Probe]:
    """The probes of a file, checked as far as they can be without others. Raises ProbeFileError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProbeFileError(f"{where}: {error}") from error
    if unknown := document.keys() - {"defaults", "probe"}:
        raise ProbeFileError(f"{where}: no such key: {', '.join(sorted(unknown))}; there are defaults and probe")
    rows, defaults = document.get("probe", []), document.get("defaults", {})
    if not isinstance(rows, list) or not isinstance(defaults, dict) or not all(isinstance(row, dict) for row in rows):
        raise ProbeFileError(f"{where}: probes are written as [[probe]], what they share as [defaults]")
    found = [_Reader(where, {**defaults, **row}).probe() for row in rows]
    ids = [one.id for one in found]
    for name in ids:
        if ids.count(name) > 1:
            raise ProbeFileError(f"{where}: {name}: there are two of them")
    return found


def load(package: str, names: Iterable[str]) -> None:
    """Adds the probes of a package: of each name first those that `NAME.toml` declares, then those of the module."""
    for name in names:
        file = files(package) / f"{name}.toml"
        if file.is_file():
            for one in read(file.read_text(encoding="utf-8"), file.name):
                add(one)
        if (files(package) / f"{name}.py").is_file():
            import_module(f"{package}.{name}")


def added(standard: str, paths: Iterable[Path]) -> tuple[Probe, ...]:
    """Somebody's own probes of a standard, which name requirements and probes that there are. Raises ProbeFileError."""
    known = dict(probes_of(standard))
    rows = {row.id for row in requirements_of(standard) if row.status is not Status.WITHDRAWN and row.testable}
    found: list[Probe] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ProbeFileError(f"{path}: {error}") from error
        for one in read(text, str(path)):
            for problem in _strange(one, standard, known, rows):
                raise ProbeFileError(f"{path}: {one.id}: {problem}")
            known[one.id] = one
            found.append(one)
    return tuple(found)


def _strange(one: Probe, standard: str, known: Mapping[str, Probe], rows: set[str]) -> Iterator[str]:
    """What is wrong with a probe among others."""
    if one.standard != standard:
        yield f"`id` is one of {one.standard}, and this is a run of {standard}"
    if one.id in known:
        yield "`id`: there is such a probe already"
    for name in one.verifies:
        if name not in rows:
            yield f"`verifies`: the catalogue has no requirement {name!r} that can be tested"
    for name in one.needs:
        if name not in known:
            yield f"`needs`: there is no probe {name!r} before it"
        elif _RANK.index(known[name].safety) > _RANK.index(one.safety):
            yield f"`needs`: {name} does more to a subject ({known[name].safety}) than this one says of itself"


class _Reader:
    """One row of a file."""

    def __init__(self, where: str, row: Mapping[str, Any]) -> None:
        self.row = row
        self.name = str(row.get("id", "a probe without id"))
        self.where = where
        match = _ID.fullmatch(self.name)
        if match is None:
            self.wrong("id", "wants REQUIREMENT/HOW, such as sip2.item.unknown/nothing")
        if match[1] not in DIALECTS:
            self.wrong("id", f"probes of {match[1]} cannot be declared; those of {', '.join(DIALECTS)} can")
        self.standard = match[1]
        self.dialect = dialect_of(self.standard)
        self.steps_before: list[str] = []
        self.captured: set[str] = set()

    def wrong(self, key: str, problem: object) -> NoReturn:
        raise ProbeFileError(f"{self.where}: {self.name}: `{key}` {problem}")

    def value(self, key: str, check: Callable[[Any], Any], value: Any) -> Any:
        """What a value is read as; its complaint with the key in front."""
        try:
            return check(value)
        except ValueError as error:
            self.wrong(key, error)

    def probe(self) -> Probe:
        dialect, row = self.dialect, self.row
        step_keys = _STEP | dialect.verbs.keys() | dialect.options.keys()
        single = "step" not in row
        known = _PROBE | dialect.settings.keys() | (step_keys if single else frozenset())
        for key in row:
            if key not in known:
                self.wrong(key, f"is no key of a probe; there are {', '.join(sorted(known))}")
        does = self.value("does", a_text, row.get("does")).strip()
        if not does:
            self.wrong("does", "wants a sentence: what the probe does")
        self.verifies = self._texts("verifies") or (self.name.partition("/")[0],)
        if self.name.partition("/")[0] not in self.verifies:
            self.wrong("verifies", "wants the requirement that the id begins with, too")
        self.inputs = self._texts("inputs")
        self.safety = Safety(self.value("safety", one_of(*Safety), row.get("safety", "read")))
        settings = {name: self.value(name, check, row[name]) for name, check in dialect.settings.items() if name in row}
        before = tuple(self.outcome("before", each) for each in self._tables("before", row.get("before", [])))
        if any(one.default for one in before):
            self.wrong("before", "wants outcomes that all depend on something")
        rows = [{key: row[key] for key in row if key in step_keys}] if single else self._tables("step", row["step"])
        steps = tuple(self.step(each, last=each is rows[-1]) for each in rows)
        if not steps:
            self.wrong("step", "wants at least one step")
        look = dialect.guarded(self.name, self.verifies, _look(dialect, settings, before, steps))
        look.__doc__ = does
        needs = self._texts("needs") if "needs" in row else dialect.needs
        octets = self.value("octets", a_flag, row.get("octets", False))
        return Probe(
            self.name, self.standard, look, self.verifies, needs, self.safety, self.inputs, octets
        )  # fmt: skip

    def _texts(self, key: str) -> tuple[str, ...]:
        return self.value(key, some(str), self.row[key]) if self.row.get(key) else ()

    def _tables(self, key: str, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.wrong(key, "wants a list of tables")
        return value

    def step(self, row: Mapping[str, Any], *, last: bool) -> _Step:
        dialect = self.dialect
        known = _STEP | dialect.verbs.keys() | dialect.options.keys()
        for key in row:
            if key not in known:
                self.wrong(f"step.{key}", f"is no key of a step; there are {', '.join(sorted(known))}")
        verbs = [key for key in row if key in dialect.verbs]
        if len(verbs) != 1:
            self.wrong("step", f"asks in one way: {', '.join(dialect.verbs)}")
        verb = verbs[0]
        values = row[verb] if isinstance(row[verb], list) else [row[verb]]
        if not values:
            self.wrong(verb, "asks nothing")
        options = {key: self.value(key, dialect.options[key], row[key]) for key in row if key in dialect.options}
        for key in options:
            self._filled(key, row[key])
        for value in values:
            self.value(verb, dialect.verbs[verb], value)
            self._filled(verb, value, dialect.own)
            if verb in dialect.repeating and value not in self.steps_before:
                self.wrong(verb, f"there is no step {value!r} before it")
            self.value(verb, lambda each: dialect.complain(verb, each, options, self.safety), value)
        name = self.value("name", a_text, row.get("name", f"step {len(self.steps_before) + 1}"))
        if name in self.steps_before:
            self.wrong("name", f"{name!r} is the name of two steps")
        self.steps_before.append(name)
        taken = self.value("capture", a_table, row.get("capture", {}))
        for each in taken:
            if not _NAME.fullmatch(each) or each in dialect.values or each in dialect.words:
                self.wrong("capture", f"{each!r}: wants a name of small letters that nothing else has")
        capture = {each: self.value("capture", dialect.capturing, pattern) for each, pattern in taken.items()}
        self.captured |= capture.keys()
        outcomes = tuple(self.outcome("outcomes", each) for each in self._tables("outcomes", row.get("outcomes", [])))
        defaults = [one for one in outcomes if one.default]
        if last and (not outcomes or defaults != [outcomes[-1]]):
            self.wrong("outcomes", "end, in the last step, with one that depends on nothing: what is seen otherwise")
        if not last and defaults:
            self.wrong("outcomes", "that depend on nothing end a probe: only the last step has one")
        return _Step(name, verb, tuple(values), options, capture, outcomes)

    def _filled(self, key: str, value: Any, own: frozenset[str] = frozenset()) -> None:
        """Every placeholder of what is asked is there to be filled, and the inputs that it takes are asked for."""
        dialect = self.dialect
        for name in self.value(key, lambda each: list(placeholders(each)), value):
            wanted = name.removeprefix("input.") if name.startswith("input.") else dialect.inputs.get(name, "")
            if wanted and wanted not in self.inputs:
                self.wrong(key, f"{{{name}}}: name {wanted} in `inputs`, too")
            if not wanted and name not in {*dialect.values, *own, *self.captured}:
                self.wrong(key, f"{{{name}}} is not known; there are {', '.join(sorted(dialect.values))}")

    def outcome(self, key: str, row: Mapping[str, Any]) -> _Outcome:
        for each in row:
            if each not in _OUTCOME:
                self.wrong(key, f"has {each!r}, which is none of {', '.join(sorted(_OUTCOME))}")
        endings = [each for each in row if each in ENDINGS]
        if len(endings) != 1:
            self.wrong(key, f"says one of {', '.join(ENDINGS)}: {dict(row)!r}")
        text = self.value(f"{key}.{endings[0]}", a_text, row[endings[0]])
        if not text:
            self.wrong(f"{key}.{endings[0]}", "wants a few words")
        for name in self.value(key, lambda each: list(placeholders(each)), text):
            if name not in self.captured and (name not in self.dialect.words or key == "before"):
                self.wrong(key, f"{{{name}}} is not known; there are {', '.join(sorted(self.dialect.words))}")
        of = self.value(f"{key}.of", a_table, row.get("of", {}))
        for name, behaviour in of.items():
            self.value(f"{key}.of", one_of(*BEHAVIOURS), behaviour)
            if name not in self.verifies:
                self.wrong(f"{key}.of", f"{name!r} is not among what the probe verifies")
        return _Outcome(
            self.conditions(key, "when", row), self.conditions(key, "unless", row), endings[0], text,
            {name: BEHAVIOURS[behaviour] for name, behaviour in of.items()},
        )  # fmt: skip

    def conditions(self, key: str, word: str, row: Mapping[str, Any]) -> tuple[Holds, ...]:
        """All of them have to hold: those of one table, which is about one step, and those of a list of tables."""
        if word not in row:
            return ()
        tables = self._tables(f"{key}.{word}", row[word] if isinstance(row[word], list) else [row[word]])
        found = tuple(self._condition(f"{key}.{word}", each, before=key == "before") for each in tables)
        if not found:
            self.wrong(f"{key}.{word}", "wants something to look at")
        return found

    def _condition(self, key: str, table: Mapping[str, Any], *, before: bool) -> Holds:
        step = table.get("step")
        if step is not None and step not in self.steps_before:
            self.wrong(key, f"there is no step {step!r} before it")
        holds: list[Holds] = []
        for name, value in table.items():
            if name == "given":
                holds.append(self._given(key, value))
            elif name != "step" and before:
                self.wrong(key, "is looked at before anything was asked: it can only say what is `given`")
            elif name == "same_as":
                if value not in self.steps_before:
                    self.wrong(key, f"there is no step {value!r} before it")
                holds.append(lambda talk, value=value: self.dialect.same(_answer(talk, step), talk.earlier[value]))
            elif name in self.dialect.traits:
                test = self.dialect.traits[name]
                wanted = self.value(f"{key}.{name}", test.read, value)
                holds.append(lambda talk, test=test, wanted=wanted: test.holds(_answer(talk, step), wanted))
            elif name != "step":
                self.wrong(key, f"has {name!r}; there are given, same_as, step, {', '.join(self.dialect.traits)}")
        if not holds:
            self.wrong(key, "wants something to look at")
        return lambda talk: all(one(talk) for one in holds)

    def _given(self, key: str, value: Any) -> Holds:
        wanted = self.value(f"{key}.given", patterns, value)
        for name in wanted:
            self._filled(f"{key}.given", f"{{{name}}}")
        return lambda talk: all(one.fullmatch(talk.value(name)) for name, one in wanted.items())


def _answer(talk: _Talk, step: str | None) -> Any:
    return talk.earlier[step] if step else talk.answer
