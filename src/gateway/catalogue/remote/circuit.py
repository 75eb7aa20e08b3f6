"""Leaves a server alone that does not answer, so that whoever asks is told at once instead of at the deadline.

Opens after some failures in a row; then one question at a time is let through, at growing intervals.
"""

from __future__ import annotations

from gateway.catalogue.query import ProblemCode, QueryProblem

FAILURES = 2  # in a row: each of them has cost somebody the whole deadline
FIRST_PAUSE = 2.0  # seconds
LONGEST_PAUSE = 60.0


class Circuit:
    """One server. Times are monotonic seconds."""

    __slots__ = ("_failures", "_pause", "_trying", "_until", "open", "told")

    def __init__(self) -> None:
        self.open = False
        self.told = ""
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._until = 0.0
        self._trying = False

    def admit(self, now: float) -> None:
        """Raises QueryProblem(UNAVAILABLE) while open, except for the question that is to try it."""
        if not self.open:
            return
        if self._trying or now < self._until:
            raise QueryProblem(ProblemCode.UNAVAILABLE, self.told)
        self._trying = True

    def answered(self) -> None:
        """The server answered, with whatever."""
        self.open = self._trying = False
        self._failures = 0
        self._pause = FIRST_PAUSE

    def abandoned(self) -> None:
        """A question ended without telling whether the server is there."""
        self._trying = False

    def failed(self, told: str, now: float) -> None:
        """The server did not answer; `told` is what those hear who ask meanwhile."""
        tried, self._trying = self._trying, False
        self.told = told
        self._failures += 1
        if self._failures < FAILURES or (self.open and not tried):
            return
        if self.open:
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self.open = True
        self._until = now + self._pause
