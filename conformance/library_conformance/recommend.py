"""What a consortium should ask of a shared system: from what its members have to requirements, fit, gaps and bridges.

Each local system is of a kind; the kind says which standard it speaks, which side the shared system has to take, and
what has to be possible over it. The requirements follow from the catalogue, the fit from claims and runs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import jinja2
import typer
from rich.console import Console

from library_conformance.capabilities import CAPABILITIES
from library_conformance.catalogue import digest, pointers
from library_conformance.claims import NAMES, SUPPORTS, Claim, Direction, Product, Value, product_named, today
from library_conformance.evidence import ABSENT, EvidenceError, Run, Subject, judged_rows, read_runs, subjects_of
from library_conformance.matrix import GRADES, asset, chosen
from library_conformance.model import Level, Requirement, Role
from library_conformance.show_claims import OwnClaims, known_products

BRIDGE = "library-gateway/library-gateway"
"""The product that may stand between a member's system and the shared one."""

BASE = ("connect", "errors", "robustness", "character-sets", "privacy", "security")
"""What every connection has to give, whatever it is for."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of local system. `standard` is what it speaks, `side` what the shared system has to be towards it; `needs`
    has to be possible, `wishes` would be good."""

    name: str
    standard: str
    side: Direction
    needs: tuple[str, ...]
    wishes: tuple[str, ...] = ()


_S, _C = Direction.SERVER, Direction.CLIENT
KINDS: Mapping[str, Kind] = {
    "kiosk": Kind("Self-issue kiosk", "sip2", _S, ("identify-patron", "checkout", "renew"),
                  ("authenticate-patron", "patron-account", "fees", "offline", "undo")),
    "return-machine": Kind("Return machine or sorter", "sip2", _S, ("checkin",), ("item-status", "offline")),
    "gate": Kind("Security gate or inventory reader", "sip2", _S, ("item-status",), ("item-maintenance",)),
    "payment-machine": Kind("Payment machine", "sip2", _S, ("identify-patron", "fees"), ("patron-account",)),
    "booking": Kind("PC booking, printing or e-book service", "sip2", _S, ("identify-patron", "authenticate-patron")),
    "broker": Kind("Interlibrary-loan broker", "ncip", _S,
                   ("identify-patron", "interlibrary-loan", "checkout", "checkin"), ("hold", "cancel-hold", "renew")),
    "discovery": Kind("Discovery service that harvests", "oai", _S, ("harvest", "formats", "deletions"),
                      ("sets", "retrieve-record")),
    "cataloguing-client": Kind("Cataloguing client", "z3950", _S, ("search", "retrieve-record", "formats"),
                               ("browse",)),
    "search-client": Kind("Search portal", "sru", _S, ("search", "retrieve-record", "formats"), ("browse",)),
    "access-control": Kind("Access control or other software that asks over LDAP", "ldap", _S,
                           ("directory-bind", "directory-search"), ()),
    "directory": Kind("Campus directory that checks logins", "ldap", _C, ("directory-bind",), ()),
    "student-records": Kind("Student records or identity management", "scim", _S, ("provisioning",), ()),
    "repository": Kind("Repository or catalogue that is harvested", "oai", _C, ("harvest",), ()),
}  # fmt: skip


class SystemsError(ValueError):
    """A file of local systems that cannot be read."""


@dataclass(frozen=True, slots=True)
class LocalSystem:
    """What members have. `kind` is one of KINDS; `count` how many of it there are; `needs` and `wishes` are
    capabilities beyond the kind's own."""

    name: str
    kind: str
    members: tuple[str, ...]
    count: int = 0
    needs: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    note: str = ""

    @property
    def of(self) -> Kind:
        return KINDS[self.kind]

    @property
    def needed(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.of.needs, *self.needs)))

    @property
    def wished(self) -> tuple[str, ...]:
        return tuple(one for one in dict.fromkeys((*self.of.wishes, *self.wishes)) if one not in self.needed)


@dataclass(frozen=True, slots=True)
class Consortium:
    """Who asks, what they have, and whom they consider."""

    title: str
    systems: tuple[LocalSystem, ...]
    candidates: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One requirement, and for which systems it is asked. `required`: the standard obliges and the capability is
    needed; otherwise it is desired."""

    row: Requirement
    required: bool
    systems: tuple[str, ...]


class Fit(StrEnum):
    """How a subject answers one need, from best to worst."""

    SEEN = "seen"  # every must that was tried was kept, and some were
    SAID = "said"  # documented or announced, not tried
    PART = "in part"  # some of it is said or seen not to be there
    SPOKEN = "no detail"  # the standard is said to be spoken, without a word on this
    UNKNOWN = "unknown"
    BROKEN = "broken"  # tried, and musts are broken
    ABSENT = "not there"  # said or seen not to be offered

    @property
    def open(self) -> bool:
        """Whether a buyer still has to do something about it."""
        return self not in (Fit.SEEN, Fit.SAID)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a subject answers a need: `count` of `of` musts are seen, said or broken, as `fit` tells."""

    fit: Fit
    count: int = 0
    of: int = 0
    claims: tuple[Claim, ...] = ()

    @property
    def words(self) -> str:
        return f"{self.fit} {self.count}/{self.of}" if self.count else str(self.fit)


def read(path: Path) -> Consortium:
    """A file of local systems. Raises SystemsError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        systems = tuple(_system(row) for row in document.pop("system", ()))
        _known(document, Consortium, "the file")
        made = Consortium(systems=systems, **{name: _frozen(value) for name, value in document.items()})
    except OSError as error:
        raise SystemsError(f"{path}: {error.strerror}") from error
    except (TypeError, ValueError) as error:
        raise SystemsError(f"{path}: {error}") from error
    if not systems:
        raise SystemsError(f"{path}: there is no [[system]]")
    return made


def _system(row: Mapping[str, Any]) -> LocalSystem:
    _known(row, LocalSystem, f"system {row.get('name', '?')}")
    system = LocalSystem(**{name: _frozen(value) for name, value in row.items()})
    if system.kind not in KINDS:
        raise ValueError(f"no such kind: {system.kind}; there are {', '.join(KINDS)}")
    if strange := set(system.needed + system.wished) - CAPABILITIES.keys():
        raise ValueError(f"no such capability: {', '.join(sorted(strange))}")
    return system


def _known(row: Mapping[str, Any], kind: type[LocalSystem | Consortium], what: str) -> None:
    """Raises ValueError for fields that there are not, and for those that are missing."""
    known = {each.name: each.default is MISSING for each in fields(kind) if each.name != "systems"}
    if unknown := row.keys() - known.keys():
        raise ValueError(f"{what}: no such field: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if missing := [name for name, needed in known.items() if needed and name not in row]:
        raise ValueError(f"{what} lacks {', '.join(missing)}")


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def asked_of(consortium: Consortium) -> list[Asked]:
    """What follows from the systems, in the order of the catalogue: each requirement once, with all its reasons."""
    found: list[Asked] = []
    for row in judged_rows():
        musts = [
            one.name for one in consortium.systems if _concerns(one, row) and row.capability in (*BASE, *one.needed)
        ]
        wishes = [one.name for one in consortium.systems if _concerns(one, row) and row.capability in one.wished]
        if row.level is Level.MAY or not (musts or wishes):
            continue
        required = bool(musts) and row.level in (Level.MUST, Level.CONDITIONAL)
        found.append(Asked(row, required, tuple(dict.fromkeys((*musts, *wishes)))))
    return found


def _concerns(system: LocalSystem, row: Requirement) -> bool:
    sides = {Role.BOTH, Role.SERVER if system.of.side is Direction.SERVER else Role.CLIENT}
    return row.standard == system.of.standard and row.role in sides


def answer(subject: Subject, system: LocalSystem, capability: str) -> Answer:
    """How a subject answers one need of one system."""
    rows = [row for row in judged_rows() if _concerns(system, row) and row.capability == capability]
    claims = tuple(dict.fromkeys(claim for row in rows for claim in subject.cell(row).documented.claims))
    tally = subject.tally(row for row in rows if row.level in (Level.MUST, Level.CONDITIONAL))
    advised = [row for row in rows if row.level is not Level.MAY]
    lacking = any(subject.cell(row).label in ABSENT for row in advised) or any(
        one.value is Value.PARTIAL for one in claims
    )
    if tally.broken:
        return Answer(Fit.BROKEN, tally.broken, tally.must, claims)
    if tally.must_met:
        return Answer(Fit.SEEN, tally.must_met, tally.must, claims)
    if tally.must_claimed:
        return Answer(Fit.PART if lacking else Fit.SAID, tally.must_claimed, tally.must, claims)
    if lacking:
        return Answer(Fit.ABSENT, 0, tally.must, claims)
    whole = subject.product.serves(system.of.standard, system.of.side) if subject.product else None
    if whole and whole.value in SUPPORTS:
        return Answer(Fit.SPOKEN, 0, tally.must, whole.claims)
    return Answer(Fit.UNKNOWN, 0, tally.must)


def recommendation(consortium: Consortium, subjects: Sequence[Subject], form: str, on: date) -> str:
    """The document, as `md` or `html`. The bridge is told apart from the candidates."""
    bridge = next((one for one in subjects if one.product and one.product.id == BRIDGE), None)
    candidates = [one for one in subjects if one is not bridge]
    asked = asked_of(consortium)
    surroundings = jinja2.Environment(
        loader=jinja2.PackageLoader("library_conformance", "pages"), trim_blocks=True, lstrip_blocks=True,
        autoescape=jinja2.select_autoescape(("html",)), keep_trailing_newline=True,
    )  # fmt: skip
    surroundings.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    surroundings.filters["in_words"] = lambda needs: "; ".join(CAPABILITIES[one] for one in needs)
    surroundings.globals.update(names=NAMES, pointers=pointers(), capabilities=CAPABILITIES, grades=GRADES)
    answers = {
        (one.name, system.name, need): answer(one, system, need)
        for one in subjects
        for system in consortium.systems
        for need in (*system.needed, *system.wished)
    }
    if form == "md":
        surroundings = surroundings.overlay(finalize=lambda value: str(value).replace("<", "&lt;"))
    return surroundings.get_template(f"recommendation.{form}").render(
        consortium=consortium, candidates=candidates, bridge=bridge, asked=asked, answers=answers, on=on,
        digest=digest(), standards=list(dict.fromkeys(one.row.standard for one in asked)), needs=_needs(consortium),
        sources=_sources(subjects, answers.values()), css=asset("matrix.css"),
    )  # fmt: skip


def _needs(consortium: Consortium) -> list[tuple[str, str, Direction, tuple[LocalSystem, ...]]]:
    """Capability, standard and side, and the systems that cannot do without, each combination once."""
    found: dict[tuple[str, str, Direction], list[LocalSystem]] = {}
    for system in consortium.systems:
        for need in system.needed:
            found.setdefault((need, system.of.standard, system.of.side), []).append(system)
    return [(*key, tuple(systems)) for key, systems in found.items()]


def _sources(subjects: Iterable[Subject], answers: Iterable[Answer]) -> list[tuple[str, Claim]]:
    """The claims that answers rest on, one for each source, by subject."""
    used = {claim for one in answers for claim in one.claims}
    found: dict[tuple[str, str], tuple[str, Claim]] = {}
    for subject in subjects:
        for claim in subject.product.claims if subject.product else ():
            if claim in used:
                found.setdefault((subject.name, claim.source.title), (subject.name, claim))
    return list(found.values())


def considered(names: Sequence[str], runs: Sequence[Run], known: Mapping[str, Product]) -> list[Subject]:
    """The candidates by name, in that order, and the bridge; without names every product that speaks something. A name
    is a product's, or what runs call a subject. Raises typer.BadParameter."""
    measured = {run.document["subject"] for run in runs}
    wanted = chosen([name for name in names if name not in measured or product_named(name, known)], known)
    pool = subjects_of(runs, known.values(), known)
    if not names:
        return [one for one in pool if one.product and (one.product.standards or one.runs)]
    ids = [BRIDGE, *(one.id for one in wanted)]
    found = [one for one in pool if (one.product.id if one.product else one.name) in (*ids, *names)]
    return sorted(found, key=lambda one: ids.index(one.product.id) if one.product else len(ids))


def attach(app: typer.Typer) -> None:
    """Adds `recommend` to the command line."""

    @app.command("recommend")
    def recommend_command(
        local_systems: Annotated[Path, typer.Option(help="TOML: what the members have.")],
        out: Annotated[Path, typer.Option(help="The document: FILE.md or FILE.html.")],
        supplier: Annotated[
            list[str] | None, typer.Option(help="A candidate; without this those that the file names, or all.")
        ] = None,
        results: Annotated[list[Path] | None, typer.Option(help="results.json, or a folder with such files.")] = None,
        own: OwnClaims = None,
    ) -> None:
        """Write what to ask of a shared system, how far suppliers answer it, and where the gateway bridges gaps.

        Exit codes: 0 written; 2 wrong usage, or a file that cannot be read.
        """
        form = out.suffix.removeprefix(".")
        if form not in ("md", "html"):
            raise typer.BadParameter("the document is FILE.md or FILE.html")
        known = known_products(own)
        try:
            consortium = read(local_systems)
            subjects = considered(supplier or list(consortium.candidates), read_runs(results or []), known)
        except (SystemsError, EvidenceError) as error:
            raise typer.BadParameter(str(error)) from error
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(recommendation(consortium, subjects, form, today()), encoding="utf-8")
        Console(highlight=False, soft_wrap=True).print(f"{out}: {len(asked_of(consortium))} requirements", markup=False)
