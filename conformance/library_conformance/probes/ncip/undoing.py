"""What probes that change something have in common: each takes back what it did and proves it, or says `unsafe`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import wraps

from library_conformance.model import Behaviour, Seen, unsafe
from library_conformance.probes import Look
from library_conformance.run import Run


class NotDone(Exception):
    """What was to be tried did not come about; `seen` is what the probe says then."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(seen.observation)
        self.seen = seen


class Stays(Exception):
    """Something could not be taken back; the text says what."""


def takes_back(look: Look) -> Look:
    """Says what came of a probe that did not get so far, or left something behind."""

    @wraps(look)
    def carried_out(run: Run) -> Seen:
        try:
            return look(run)
        except NotDone as reason:
            return reason.seen
        except Stays as what:
            return unsafe(str(what))

    return carried_out


def judged(of: dict[str, bool], good: str) -> Seen:
    """What several requirements come to: an observation that names those that are not met."""
    amiss = [name.removeprefix("ncip.") for name, fine in of.items() if not fine]
    return Seen(
        f"amiss: {', '.join(amiss)}" if amiss else good,
        behaviours={name: Behaviour.MEETS if fine else Behaviour.BREAKS for name, fine in of.items()},
    )


def number(run: Run, what: str) -> str:
    """A transaction's number that no run had before."""
    run.found["ncip numbers"] = run.found.get("ncip numbers", 0) + 1
    return f"judge-{what}-{datetime.now(UTC):%y%m%d%H%M%S%f}-{run.found['ncip numbers']}"
