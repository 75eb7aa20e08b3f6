"""The probes: a package a standard, whose modules and TOML files register what they define.

A probe is a function that is handed a `Run`, says something to the subject, and returns what it `Seen`. It raises
`NotApplicable` where its condition does not hold and lets every error of the line go through: the runner knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING

from library_conformance.model import Role, Safety, Seen

if TYPE_CHECKING:
    from library_conformance.run import Run

Look = Callable[["Run"], Seen]


@dataclass(frozen=True, slots=True)
class Probe:
    """`id` is REQUIREMENT/HOW; `verifies` the requirements it says something about; `needs` probes without whose
    success this one cannot say anything; `inputs` names what must be in the run's inputs; `octets`: what it sends is
    written by hand, octet by octet, and owes nothing to a codec."""

    id: str
    standard: str
    look: Look
    verifies: tuple[str, ...]
    needs: tuple[str, ...] = ()
    safety: Safety = Safety.READ
    inputs: tuple[str, ...] = ()
    octets: bool = False
    role: Role = Role.SERVER

    @property
    def meaning(self) -> str:
        """What it does, in its own words."""
        return (self.look.__doc__ or "").strip()


_PROBES: dict[str, Probe] = {}


def probe(
    name: str,
    *,
    verifies: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    safety: Safety = Safety.READ,
    inputs: tuple[str, ...] = (),
    octets: bool = False,
) -> Callable[[Look], Look]:
    """Registers a probe; without `verifies` it is for the requirement that its id begins with."""

    def register(look: Look) -> Look:
        requirement = name.partition("/")[0]
        standard = requirement.partition(".")[0]
        add(Probe(name, standard, look, verifies or (requirement,), needs, safety, inputs, octets))
        return look

    return register


def add(one: Probe) -> None:
    """Registers a probe. Raises ValueError where there is one of its name."""
    if one.id in _PROBES:
        raise ValueError(f"there are two probes {one.id!r}")
    _PROBES[one.id] = one


def probes_of(standard: str) -> Mapping[str, Probe]:
    """The probes of a standard by id, in the order in which they are defined, but behind those that they need."""
    package = files(__name__) / standard
    if package.is_dir():
        import_module(f"{__name__}.{standard}")
    defined = {name: one for name, one in _PROBES.items() if one.standard == standard}
    ordered: dict[str, Probe] = {}

    def place(name: str) -> None:
        if name in ordered or name not in defined:
            return
        for need in defined[name].needs:
            place(need)
        ordered[name] = defined[name]

    for name in defined:
        place(name)
    return ordered
