"""Stops asking a platform that does not answer, so that kiosks get their "no" at once instead of at the deadline.

Opens after some failures in a row; then one request at a time is let through as a probe, at growing intervals.
"""

from __future__ import annotations

from gateway.canonical.refusals import FailureCode, PlatformFailure

FAILURES = 5  # in a row: fewer would open it for a restart of the platform
FIRST_PAUSE = 1.0  # seconds
LONGEST_PAUSE = 30.0

# The platform answers, only not to us or not now: asking less often is the remedy for none but these.
_TELLING = frozenset({FailureCode.UPSTREAM_TIMEOUT, FailureCode.UPSTREAM_ERROR, FailureCode.UPSTREAM_AUTH})


class Circuit:
    """One platform as one member sees it. Times are monotonic seconds."""

    __slots__ = ("_failures", "_pause", "_probe_at", "_probing", "open")

    def __init__(self) -> None:
        self.open = False
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._probe_at = 0.0
        self._probing = False

    def admit(self, now: float) -> None:
        """Raises PlatformFailure while open, except for the request that is to be the probe."""
        if self._probing or now < self._probe_at:
            raise PlatformFailure(
                FailureCode.UPSTREAM_ERROR, "the platform is away", retry_after=max(self._probe_at - now, 1.0)
            )
        self._probing = True

    def succeeded(self) -> None:
        """The platform answered, with whatever."""
        self.open = False
        self._probing = False
        self._failures = 0
        self._pause = FIRST_PAUSE

    def abandoned(self) -> None:
        """A request ended without telling whether the platform is there."""
        self._probing = False

    def failed(self, failure: PlatformFailure, now: float) -> None:
        probing, self._probing = self._probing, False
        if failure.code not in _TELLING:
            return
        self._failures += 1
        if self._failures < FAILURES:
            return
        if self.open:
            if not probing:  # asked before it opened, with everybody else: that tells nothing new
                return
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self.open = True
        self._probe_at = now + self._pause
