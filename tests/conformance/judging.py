"""Runs of the judge in tests, and what they must say of mutants."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from library_conformance.model import Safety
from library_conformance.probes import probes_of
from library_conformance.run import Target
from library_conformance.runner import Plan, run
from tests.conformance.proxy import Mutant

INPUTS = Path(__file__).parents[2] / "conformance" / "inputs"
PATIENCE = 4.0
"""Seconds for an answer on loopback, beside other work; silence is a quarter of it."""


def demo_inputs(standard: str) -> dict[str, str]:
    """The inputs that the repository gives for the demo."""
    document = tomllib.loads((INPUTS / f"demo-{standard}.toml").read_text(encoding="utf-8"))
    return document["inputs"]


@dataclass(frozen=True)
class Judge:
    """What came of a run: the document that was written, and the folder it is in."""

    document: dict[str, Any]
    folder: Path

    @classmethod
    def run(cls, standard: str, target: str, inputs: dict[str, str], folder: Path, **plan: Any) -> Self:
        plan = {
            "pause": 0.0,
            "patience": PATIENCE,
            "allow": Safety.DISRUPTIVE,
            "replay": ("library-conformance",),
            **plan,
        }
        return cls(run(Plan(standard, Target.parse(target), inputs, folder, **plan)), folder)

    @property
    def results(self) -> list[dict[str, Any]]:
        return self.document["results"]

    def of(self, probe: str) -> list[dict[str, Any]]:
        """The results of one probe, a requirement each."""
        return [row for row in self.results if row["probe"] == probe]

    def said(self, probe: str) -> tuple[str, ...]:
        """What one probe came to: execution, observation, verdicts and manner, in a form to compare."""
        rows = self.of(probe)
        assert rows, f"{probe} is no part of this run"
        first = rows[0]
        return (
            first["execution"],
            first["observation"],
            *(f"{row['requirement']}: {row['verdict']}" for row in rows),
            *first["manner"],
        )

    def verdicts(self) -> dict[tuple[str, str], str]:
        return {(row["requirement"], row["probe"]): row["verdict"] for row in self.results}


def catchers(mutants: tuple[Mutant, ...] | list[Mutant]) -> dict[str, list[Mutant]]:
    """Which mutants each probe has to notice."""
    found: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        for probe in mutant.caught_by:
            found.setdefault(probe, []).append(mutant)
    return found


def uncaught(standard: str, mutants: tuple[Mutant, ...] | list[Mutant], informing: dict[str, str]) -> list[str]:
    """Probes of a standard that no mutant tries, and that are not said only to inform."""
    caught = catchers(mutants)
    return [name for name in probes_of(standard) if name not in caught and name not in informing]
