"""`library-conformance passive`: verdicts from exchanges that somebody recorded, without a word to anybody.

Reads the gateway's exchange record (`gateway tail --json`) or a transcript of ours, both JSON lines. What a recording
does not show is not applicable; what it shows is kept everywhere, or is a deviation with the place where it began.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from library_conformance.catalogue import catalogue
from library_conformance.exits import Exit, exit_of
from library_conformance.foreign import json_text
from library_conformance.model import Behaviour, Execution, Result, Verdict, verdict_of
from library_conformance.passive_rules import Finding, Link, Rule, Said, Side, rules_of
from library_conformance.results import compose, plain, write
from library_conformance.standards import STANDARDS
from library_conformance.transcript import Cover, Event, Transcript

KEPT = "kept wherever it shows"
_AROUND = 6
"""So many messages before a deviation, and half as many behind it, are shown with it."""
_WEB = ("oai", "sru", "ncip", "scim")
_SIDES = {"send": Side.CLIENT, "receive": Side.SERVER}


class RecordingError(ValueError):
    """A file that is no recording, or none of this standard."""


class Sides(StrEnum):
    CLIENT = "client"
    SERVER = "server"
    BOTH = "both"

    @property
    def sides(self) -> tuple[Side, ...]:
        return tuple(Side) if self is Sides.BOTH else (Side(self.value),)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of one rule: all findings, each with the link in which it is."""

    rule: Rule
    findings: list[tuple[Link, Finding]]
    error: str = ""
    """An error of ours, which says nothing about anybody."""

    @property
    def worst(self) -> tuple[Link, Finding] | None:
        """The first place of the deviation that is most frequent."""
        wrong = [(link, one) for link, one in self.findings if not one.kept]
        if not wrong:
            return None
        common = Counter(one.observation for _, one in wrong).most_common(1)[0][0]
        return next((link, one) for link, one in wrong if one.observation == common)


def links_of(lines: Iterable[str], standard: str, *, whole: bool = False) -> list[Link]:
    """The links of a recording, in the order in which they began. `whole`: the recording begins before they do.
    Raises RecordingError."""
    rows = list(_rows(lines))
    if not rows:
        raise RecordingError("the recording is empty")
    try:
        links = _of_transcript(rows) if "dir" in rows[0] else _of_exchanges(rows, standard, whole)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"an event is not as recordings have it ({type(error).__name__}: {error})") from error
    found = [link for link in links if link.said]
    if not found:
        raise RecordingError(f"nothing in the recording is {STANDARDS[standard].name}")
    return found


def judge(links: Iterable[Link], standard: str, sides: Iterable[Side]) -> list[Judgement]:
    """Every rule on every link."""
    links = list(links)
    return [_judgement(rule, links) for rule in rules_of(standard, sides)]


def _judgement(rule: Rule, links: Iterable[Link]) -> Judgement:
    try:
        return Judgement(rule, [(link, one) for link in links for one in rule.look(link)])
    except Exception as error:
        return Judgement(rule, [], f"{type(error).__name__}: {error}")


def results_of(judgements: Iterable[Judgement], how: str, cover: Cover, out: Path | None, decode: Any) -> list[Result]:
    """A result a requirement: several rules for one are put together. Transcripts of deviations go below `out`."""
    rows = catalogue()
    by_requirement: dict[str, list[tuple[Link, Finding]]] = {}
    errors: dict[str, str] = {}
    for one in judgements:
        by_requirement.setdefault(one.rule.requirement, []).extend(one.findings)
        errors |= {one.rule.requirement: one.error} if one.error else {}
    made: list[Result] = []
    for requirement, findings in by_requirement.items():
        name = f"{requirement}/{how}"
        if requirement in errors:
            note = cover.text(errors[requirement])
            made.append(Result(requirement, name, "aborted", Execution.HARNESS_ERROR, "", Verdict.NONE, note=note))
            continue
        if not findings:
            made.append(
                Result(
                    requirement, name, "finished", Execution.NOT_APPLICABLE, "", Verdict.NONE,
                    note="nothing in the recording shows it",
                )
            )  # fmt: skip
            continue
        worst = Judgement(Rule(requirement, Side.CLIENT, lambda _: iter(())), findings).worst
        wrong = sum(not one.kept for _, one in findings)
        behaviour = Behaviour.MEETS if worst is None else Behaviour.BREAKS
        path = ""
        if worst is not None and out is not None:
            path = f"transcripts/{name.replace('/', '--')}.jsonl"
            _around(*worst).write(out / path, cover, decode)
        made.append(
            Result(
                requirement=requirement,
                probe=name,
                lifecycle="finished",
                execution=Execution.RAN,
                observation=KEPT if worst is None else worst[1].observation,
                verdict=verdict_of(rows[requirement].level, behaviour),
                note=f"{wrong} of {len(findings)} places" if wrong else f"{len(findings)} places",
                transcript=path,
            )
        )
    return made


def attach(app: typer.Typer) -> None:
    app.command("passive")(passive)


def passive(
    file: Annotated[Path, typer.Argument(help="JSON lines of `gateway tail --json`, or a transcript.")],
    standard: Annotated[str, typer.Option(help=f"One of {' '.join(STANDARDS)}.")],
    side: Annotated[Sides, typer.Option(help="Whose conduct is judged.")] = Sides.CLIENT,
    out: Annotated[Path | None, typer.Option(help="Folder for results.json and the places of deviations.")] = None,
    subject: Annotated[str, typer.Option(help="What the results call it.")] = "",
    terminal: Annotated[str, typer.Option(help="Only what this terminal or peer said.")] = "",
    whole: Annotated[bool, typer.Option("--whole", help="The recording begins before its links do.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="The results on standard output.")] = False,
) -> None:
    """Judge recorded exchanges: where a kiosk, a harvester, a broker or a library system deviates.

    Exit codes: 0 no must is broken; 1 one is; 2 wrong usage, or the file cannot be read or shows nothing.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    if standard not in STANDARDS or not rules_of(standard):
        raise typer.BadParameter(f"{standard!r} has no rules for recordings", param_hint="--standard")
    started = datetime.now(UTC)
    try:
        lines = file.read_text(encoding="utf-8").split("\n")  # splitlines() also breaks at what JSON has inside strings
        links = links_of(_of_terminal(lines, terminal) if terminal else lines, standard, whole=whole)
    except (OSError, UnicodeDecodeError, RecordingError) as error:
        errors.print(f"{file}: {error}", markup=False)
        raise typer.Exit(Exit.HARNESS) from error
    row = STANDARDS[standard]
    results = results_of(judge(links, standard, side.sides), "recorded", Cover({}, row.mask), out, row.decode)
    document = compose(standard, subject or terminal or file.stem, started, results)
    if out is not None:
        write(out, document)
    if json_:
        print(json_text(document))
    else:
        tell(results, Console(highlight=False, soft_wrap=True))
    raise typer.Exit(exit_code(results))


def exit_code(results: Iterable[Result]) -> int:
    """0, 1 where a must is broken, 2 where nothing was seen."""
    return exit_of(map(plain, results))


def tell(results: Iterable[Result], console: Console) -> None:
    """Results for people: deviations first."""
    shown = sorted(results, key=lambda one: (one.verdict is Verdict.CONFORMS, one.execution is not Execution.RAN))
    for one in shown:
        said = one.observation or one.note
        note = f" ({one.note})" if one.observation and one.note else ""
        console.print(f"{one.verdict:13} {one.requirement}: {said}{note}", markup=False)


def _rows(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise RecordingError(f"line {number} is no JSON") from error
        if not isinstance(row, dict) or not ("dir" in row or "protocol" in row):
            raise RecordingError(f"line {number} is neither an exchange nor an event of a transcript")
        yield row


def _of_terminal(lines: Iterable[str], terminal: str) -> list[str]:
    """Its lines alone. Raises RecordingError where there are none, with the names that there are."""
    names: Counter[str] = Counter()
    found: list[str] = []
    for line in lines:
        try:
            name = str(json.loads(line).get("terminal") or "")
        except (ValueError, AttributeError):
            continue
        names[name] += 1
        if name == terminal:
            found.append(line)
    if not found:
        known = ", ".join(sorted(names.keys() - {""})) or "none that has a name"
        raise RecordingError(f"nothing in the recording is of the terminal {terminal!r}; it has {known}")
    return found


def _of_transcript(rows: Iterable[Mapping[str, Any]]) -> list[Link]:
    links = [Link("1", framed=True)]
    for row in rows:
        kind = row["dir"]
        if kind == "connect":
            encrypted = "TLS" in row.get("note", "")
            if links[-1].said:
                links.append(Link(str(len(links) + 1), framed=True))
            links[-1].whole, links[-1].encrypted = True, encrypted
        elif kind in _SIDES:
            octets = bytes.fromhex(row["hex"]) if "hex" in row and not row.get("cut") else None
            links[-1].said.append(Said(_SIDES[kind], octets, float(row["t"])))
        elif kind == "close":
            links[-1].ended = links[-1].ended or (Side.CLIENT if row.get("note") == "ours" else Side.SERVER)
    return links


def _of_exchanges(rows: Iterable[Mapping[str, Any]], standard: str, whole: bool) -> list[Link]:
    """The gateway's record: what the client said and what it was told are two messages of one exchange. Web clients
    are one link whatever connections they use."""
    links: dict[str, Link] = {}
    for row in rows:
        if row.get("protocol") != standard:
            continue
        host = str(row.get("peer") or "").rpartition(":")[0]
        name = host if standard in _WEB and host else str(row.get("link") or host)
        link = links.setdefault(name, Link(name, whole=whole, dated=True))
        started = float(row["started"])
        who = str(row.get("patron") or "")
        asked, told = _octets(row.get("in")), _octets(row.get("out"))
        link.said.append(Said(Side.CLIENT, asked, started, who))
        if told is not None or (row.get("out") or {}).get("length"):
            link.said.append(Said(Side.SERVER, told, started + float(row.get("milliseconds") or 0) / 1000, who))
    for link in links.values():
        link.said.sort(key=lambda one: one.at)
    return list(links.values())


def _octets(part: Any) -> bytes | None:
    if not isinstance(part, dict) or "text" not in part:
        return None
    return str(part["text"]).encode("latin-1", "replace")


def _around(link: Link, finding: Finding) -> Transcript:
    """The messages around a deviation."""
    place = next(number for number, one in enumerate(link.said) if one is finding.said)
    begin = max(0, place - _AROUND)
    transcript = Transcript()
    origin = link.said[begin].at
    for number, one in enumerate(link.said[begin : place + 1 + _AROUND // 2], begin):
        kind = "send" if one.side is Side.CLIENT else "receive"
        note = finding.observation if number == place else ""
        transcript.events.append(Event(round(one.at - origin, 4), kind, one.octets or b"", note))
    return transcript
