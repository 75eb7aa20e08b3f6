"""Carries probes out one after the other and writes down what came of each: four facts, and the transcript.

Gentle with the subject: what is not allowed is not selected, what needs another probe's success is blocked by it, and a
subject that refuses connections is left alone. Whatever ends a run, there are results, and they tell what may be left.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from library_conformance.catalogue import catalogue, requirements_of
from library_conformance.model import (
    Behaviour,
    Execution,
    NotApplicable,
    Result,
    Role,
    Safety,
    Seen,
    SetupFailed,
    Unreachable,
    Verdict,
    verdict_of,
)
from library_conformance.probes import Probe, probes_of
from library_conformance.results import compose, write
from library_conformance.run import PATIENCE, PAUSE, Endless, Run, Target
from library_conformance.standards import STANDARDS
from library_conformance.transcript import Cover, Transcript

_GIVE_UP = 3
"""So many probes in a row that found no connection, and the rest are not tried."""
_STOPPED = "the run was stopped before"
_UNDER_WAY = "the run ended in it: look after what the inputs name"
_ALLOWED = {
    Safety.READ: {Safety.READ},
    Safety.WRITE_REVERSIBLE: {Safety.READ, Safety.WRITE_REVERSIBLE},
    Safety.DISRUPTIVE: set(Safety),
}


@dataclass
class Plan:
    """What is to be run. `only` names probes or requirements, or the beginnings of their ids; none: all."""

    standard: str
    target: Target
    inputs: Mapping[str, str]
    out: Path
    allow: Safety = Safety.READ
    only: tuple[str, ...] = ()
    subject: str = ""
    pause: float = PAUSE
    patience: float = PATIENCE
    verify: bool = True
    replay: tuple[str, ...] = ()
    """The command line, without --only, that a replay begins with."""
    added: tuple[Probe, ...] = ()
    """Somebody's own probes, behind those of the suite."""


@dataclass
class _State:
    found: dict[str, Any] = field(default_factory=dict)
    succeeded: dict[str, bool] = field(default_factory=dict)
    unreachable: int = 0
    stopped: bool = False


def run(plan: Plan, told: Callable[[Probe, list[Result]], None] = lambda *_: None) -> dict[str, Any]:
    """Runs, writes `results.json` and the transcripts into the plan's folder, and gives what was written. Where it is
    stopped (KeyboardInterrupt), what has been seen is written just so, and that it was `stopped`. Before
    something is changed it is written that this is under way, for the case that nobody can say so later."""
    started = datetime.now(UTC)
    state, results = _State(), list[Result]()

    def written(*, stopped: bool) -> dict[str, Any]:
        document = compose(
            plan.standard,
            plan.subject or f"{plan.target.host}:{plan.target.port}",
            started,
            results,
            seconds=(datetime.now(UTC) - started).total_seconds(),
            allowed=plan.allow,
            announced=state.found.get("announced", {}),
            not_tested=_not_tested(plan.standard, results),
            stopped=stopped,
        )
        write(plan.out, document)
        return document

    for probe in selected(plan):
        if unseen := _unfit(plan, probe, state):
            made = unseen
        else:
            if probe.safety is not Safety.READ:
                results += _unseen(probe, Execution.SETUP_ERROR, _UNDER_WAY)
                written(stopped=True)
                del results[-len(probe.verifies) :]
            made = _carry_out(plan, probe, state)
        results += made
        told(probe, made)
    return written(stopped=state.stopped)


def selected(plan: Plan) -> Collection[Probe]:
    """In the order of definition; a probe that another one needs comes with it."""
    probes = {**probes_of(plan.standard), **{one.id: one for one in plan.added}}
    if not plan.only:
        return probes.values()
    wanted = {
        name for name, probe in probes.items() if any(one.startswith(plan.only) for one in (name, *probe.verifies))
    }
    while more := {need for name in wanted for need in probes[name].needs} - wanted:
        wanted |= more
    return [probe for name, probe in probes.items() if name in wanted]


def _unfit(plan: Plan, probe: Probe, state: _State) -> list[Result]:
    """What is written of a probe that is not carried out; nothing where it is."""
    blocker = next((need for need in probe.needs if not state.succeeded.get(need)), "")
    missing = [name for name in probe.inputs if name not in plan.inputs]
    if probe.safety not in _ALLOWED[plan.allow]:
        return _unseen(probe, Execution.NOT_SELECTED, f"needs --allow {probe.safety}")
    if state.stopped:
        return _unseen(probe, Execution.SETUP_ERROR, _STOPPED)
    if missing:
        return _unseen(probe, Execution.NOT_SELECTED, f"needs the input {', '.join(missing)}")
    if blocker:
        return _unseen(probe, Execution.BLOCKED, "", blocked_by=blocker)
    if state.unreachable >= _GIVE_UP:
        return _unseen(probe, Execution.SETUP_ERROR, "the subject could not be reached")
    return []


def _carry_out(plan: Plan, probe: Probe, state: _State) -> list[Result]:
    transcript = Transcript()
    seen: Seen | None = None
    unreachable = False
    begun = time.monotonic()
    surroundings = Run(plan.target, plan.inputs, transcript, state.found, plan.pause, plan.patience, plan.verify)
    try:
        seen = probe.look(surroundings)
        execution, note = Execution.RAN, seen.note
    except NotApplicable as reason:
        execution, note = Execution.NOT_APPLICABLE, str(reason)
    except SetupFailed as error:
        execution, note = Execution.SETUP_ERROR, str(error)
        unreachable = isinstance(error, Unreachable)
    except httpx.TimeoutException:
        seen, execution, note = Seen("no answer in time", Behaviour.BREAKS), Execution.RAN, ""
    except Endless:
        seen, execution, note = Seen("there is no end of it", Behaviour.UNCLEAR), Execution.RAN, ""
    except KeyboardInterrupt:
        state.stopped, execution, note = True, Execution.SETUP_ERROR, "the run was stopped in it"
    except OSError as error:
        seen, execution, note = Seen("the line broke", Behaviour.BREAKS), Execution.RAN, type(error).__name__
    except Exception as error:
        execution, note = Execution.HARNESS_ERROR, f"{type(error).__name__}: {error}"
    if surroundings.left and (seen is None or seen.behaviour is not Behaviour.UNSAFE):
        said = seen.observation if seen else note
        left = f"may be left: {', '.join(sorted(surroundings.left))}"
        seen, execution = Seen(left, Behaviour.UNSAFE, note=said), Execution.RAN
        note = said
    seconds = round(time.monotonic() - begun, 3)
    state.unreachable = state.unreachable + 1 if unreachable else 0
    path = ""
    standard = STANDARDS[plan.standard]
    cover = Cover(plan.inputs, standard.mask, plain=standard.plain)
    note = cover.text(note)
    if transcript.events:
        path = f"transcripts/{probe.id.replace('/', '--')}.jsonl"
        transcript.write(plan.out / path, cover, standard.decode)
    if seen is None:
        return _unseen(probe, execution, note, transcript=path, seconds=seconds)
    rows = catalogue()
    made = [
        Result(
            requirement=name,
            probe=probe.id,
            lifecycle="finished",
            execution=execution,
            observation=cover.text(seen.observation, "…"),
            verdict=verdict_of(rows[name].level, seen.of(name)),
            manner=seen.manner,
            note=note,
            seconds=seconds,
            transcript=path,
            replay=shlex.join((*plan.replay, "--only", probe.id)) if plan.replay else "",
        )
        for name in probe.verifies
    ]
    state.succeeded[probe.id] = (
        all(one.verdict not in (Verdict.DEVIATES, Verdict.UNSAFE, Verdict.NONE) for one in made)
        and seen.behaviour is not Behaviour.ABSENT
    )
    return made


def _unseen(
    probe: Probe,
    execution: Execution,
    note: str,
    *,
    blocked_by: str = "",
    transcript: str = "",
    seconds: float = 0.0,
) -> list[Result]:
    lifecycle = "aborted" if execution in (Execution.HARNESS_ERROR, Execution.SETUP_ERROR) else "finished"
    return [
        Result(
            name, probe.id, lifecycle, execution, "", Verdict.NONE, note=note, blocked_by=blocked_by,
            transcript=transcript, seconds=seconds,
        )
        for name in probe.verifies
    ]  # fmt: skip


def _not_tested(standard: str, results: list[Result]) -> list[dict[str, str]]:
    """Requirements of which this run says nothing, and why."""
    touched = {result.requirement for result in results}
    return [
        {"requirement": row.id, "reason": row.not_tested_reason or _why(row.role)}
        for row in requirements_of(standard)
        if row.id not in touched
    ]


def _why(role: Role) -> str:
    return "a requirement of clients" if role is Role.CLIENT else "not selected in this run"
