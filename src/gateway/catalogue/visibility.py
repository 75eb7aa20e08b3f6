"""What a library keeps to itself: conditions on MARC fields, by which its records are in no view or in its own alone.

A condition is a field in the short notation of the index map, alone (the field is there, and holds something) or with
the value that it has. What a source itself says of a record stays: of two the stricter holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.catalogue.index_map.model import LEADER, Source, source
from gateway.catalogue.store.rows import Status
from library_protocols.marc import Record

if TYPE_CHECKING:
    from gateway.config import Config

_LEADER_LENGTH = 24
_EXAMPLES = "942n=1, 599a, 008[23]=o or LDR[17]=8"


@dataclass(frozen=True, slots=True)
class Condition:
    """`value` is compared without regard to case and blanks around it; empty where the field need only be there."""

    source: Source
    value: str = ""

    def holds(self, record: Record) -> bool:
        return any(found == self.value if self.value else found for found in map(_plain, self._values(record)))

    def _values(self, record: Record) -> Iterator[str]:
        said = self.source
        if _of_control(said):
            texts = [record.leader] if said.tag == LEADER else [text for tag, text in record.control if tag == said.tag]
        else:
            texts = [
                text
                for _, indicators, subfields in record.fields(said.tag)
                if said.indicator is None or indicators[said.indicator - 1 : said.indicator] == said.value
                for code, text in subfields
                if not said.codes or said.takes(code)
            ]
        for text in texts:
            yield text if said.first is None else text[said.first : said.end]


def condition(text: str) -> Condition:
    """Reads one. Raises ValueError that says what is wrong with it."""
    try:
        said, rest = source(text.strip())
    except ValueError as error:
        raise ValueError(f"{error}: write it as in {_EXAMPLES}") from None
    value = _plain(rest[1:])
    if wrong := _problem(said, rest, value):
        raise ValueError(f"{text!r} {wrong}")
    return Condition(said, value)


def _problem(said: Source, rest: str, value: str) -> str:
    if rest and not rest.startswith("="):
        return f"goes on with {rest!r} behind the field: write it as in {_EXAMPLES}"
    if rest and not value:
        return "says no value behind the ="
    if _of_control(said):
        if said.codes or said.indicator is not None:
            return f"asks {said.tag} for what it does not have: write a position of it as {said.tag}[6]"
        if said.tag == LEADER and (said.last is None or said.last >= _LEADER_LENGTH):
            return f"names no positions of the leader, which are 0 to {_LEADER_LENGTH - 1}"
    elif not said.codes and (value or said.first is not None):
        return f"does not say which subfield of {said.tag} it is about"
    if said.first is not None and said.last is not None and not len(value) <= said.last - said.first + 1 > 0:
        return "asks for what cannot stand in those positions"
    return ""


def _of_control(said: Source) -> bool:
    return said.tag == LEADER or said.tag < "010"


@dataclass(frozen=True, slots=True)
class Visibility:
    """A member's conditions; one of a list is enough."""

    suppressed: tuple[Condition, ...] = ()
    private: tuple[Condition, ...] = ()

    def status(self, record: Record, stated: Status) -> Status:
        """What a record is, of which its source has stated something."""
        if stated in (Status.SUPPRESSED, Status.DELETED):
            return stated
        if any(one.holds(record) for one in self.suppressed):
            return Status.SUPPRESSED
        if stated == Status.VISIBLE and any(one.holds(record) for one in self.private):
            return Status.PRIVATE
        return stated


def configured(config: Config) -> dict[str, Visibility]:
    """The members that keep anything to themselves. Raises ConfigError where a condition is none."""
    # Processes that prepare records have been told the conditions, and start sooner without all this.
    from gateway.config import ConfigError, Problem

    found: dict[str, Visibility] = {}
    problems: list[Problem] = []

    def read(key: str, texts: Sequence[str]) -> tuple[Condition, ...]:
        made: list[Condition] = []
        for place, text in enumerate(texts):
            try:
                made.append(condition(text))
            except ValueError as error:
                problems.append(Problem("", f"{key}.{place}", str(error)))
        return tuple(made)

    for code, member in config.members.items():
        said, at = member.catalogue, f"members.{code}.catalogue"
        if said.suppressed or said.private:
            found[code] = Visibility(read(f"{at}.suppressed", said.suppressed), read(f"{at}.private", said.private))
    if problems:
        raise ConfigError(problems)
    return found


def _plain(text: str) -> str:
    return text.strip().casefold()
