"""How many people one run may take away: an absolute number and a part of all, and both hold. Pure.

The same limits stand three times: for people newly missing, for people who expire, and for people whom the source
switches off. None of them is touched where one is passed.
"""

from __future__ import annotations

import math

from gateway.config.identity import DeprovisionConfig

MOST_OPENED = 2000
"""New items on the review list in one run: more are a wrong map, not doubtful people."""
MOST_DEFERRED = 2000
"""People of one run whose identifiers others have who may still give them up."""


class Stopped(Exception):
    """The run ends here, and nobody is deprovisioned; the message says why, to people."""


class Incomplete(Stopped):
    """The read has not proved complete; a later one may."""


class Limits:
    """The limits of one run. `accepted` is how many somebody has said that they may be, 0 where nobody has."""

    def __init__(self, config: DeprovisionConfig, accepted: int) -> None:
        self._config = config
        self._accepted = accepted

    @property
    def ceiling(self) -> int:
        """The most that can ever be allowed, however many people there are."""
        return max(self._config.max_missing, self._accepted)

    def most(self, people: int) -> int:
        """How many of so many people. Of a handful one may go, where any part may."""
        part = self._config.max_missing_percent / 100 * people
        allowed = min(self._config.max_missing, math.ceil(part))
        return max(allowed, self._accepted)

    def check(self, count: int, people: int, what: str) -> None:
        """Raises Stopped where `count` of `people` are too many; `what` says what would become of them."""
        if count <= (most := self.most(people)):
            return
        config = self._config
        raise Stopped(
            f"{count:,} of {people:,} people {what}, and one run may take away {most:,} "
            f"(max_missing {config.max_missing:,}, max_missing_percent {config.max_missing_percent:g}): nobody was "
            f"touched. `gateway sync diff` shows them; `--accept-missing {count}` takes the source at its word"
        )
