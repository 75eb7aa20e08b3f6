"""What becomes of each canonical value at each door: kept, narrowed, invented or dropped. Made of the crosswalks alone.

A value is kept where what is written for it is read as the same again; narrowed where it is read as something wider
that is true as well; invented where it is read as something else; dropped where nothing is written.
`python -m gateway.crosswalks.loss` prints the page; a test compares it with `docs/reference/translation-loss.md`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from gateway.canonical.refusals import FailureCode, RefusalCode
from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    BlockSeverity,
    FeeType,
    HoldStatus,
    ItemStatus,
    MediaType,
    PaymentMethod,
    SecurityMarker,
)
from gateway.crosswalks import ncip_values, sip2
from gateway.crosswalks.ncip_values import Words
from gateway.crosswalks.refusals import DENIED, REFUSALS, RefusalRow, problem_type

DOORS = ("SIP2", "NCIP", "HTTP", "LDAP", "SCIM")


class Fate(StrEnum):
    KEPT = "kept"
    NARROWED = "narrowed"
    INVENTED = "invented"
    DROPPED = "dropped"
    ABSENT = "–"  # the door has no place for values of this kind


class Cell(NamedTuple):
    """`written`: the value on the wire; `read`: what it is read as where that is something else."""

    fate: Fate
    written: str = ""
    read: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """One vocabulary: a row a value, a column a door."""

    title: str
    text: str
    rows: Mapping[str, Mapping[str, Cell]]

    def count(self, door: str) -> Counter[Fate]:
        return Counter(cells[door].fate for cells in self.rows.values())


_S = ItemStatus
_F = FeeType
WIDER: Mapping[type[StrEnum], Mapping[StrEnum, frozenset[StrEnum]]] = {
    ItemStatus: {
        **dict.fromkeys(_S, frozenset[StrEnum]({_S.UNAVAILABLE, _S.UNKNOWN})),
        _S.AVAILABLE: frozenset({_S.UNKNOWN}),
        _S.ON_LOAN_NO_RECALL: frozenset({_S.ON_LOAN, _S.UNAVAILABLE, _S.UNKNOWN}),
        _S.RESTRICTED_USE: frozenset({_S.AVAILABLE, _S.UNKNOWN}),
        _S.UNKNOWN: frozenset(),
    },
    HoldStatus: dict.fromkeys((HoldStatus.IN_PROCESS, HoldStatus.IN_TRANSIT), frozenset({HoldStatus.PENDING})),
    FeeType: {
        **dict.fromkeys(_F, frozenset[StrEnum]({_F.OTHER})),
        **dict.fromkeys((_F.PROCESSING, _F.COMPUTER), frozenset({_F.OTHER, _F.ADMIN})),
    },
    MediaType: dict.fromkeys(MediaType, frozenset({MediaType.OTHER})),
    SecurityMarker: dict.fromkeys(SecurityMarker, frozenset({SecurityMarker.OTHER})),
    PaymentMethod: dict.fromkeys(PaymentMethod, frozenset({PaymentMethod.OTHER})),
}
"""Values that are true wherever this one is, by vocabulary: words of two vocabularies may be spelt the same."""

HOLD_LISTS: Mapping[HoldStatus, str] = {
    HoldStatus.READY: "AS",
    HoldStatus.PENDING: "CD",
    HoldStatus.IN_PROCESS: "CD",
    HoldStatus.IN_TRANSIT: "CD",
}
"""SIP2 has no status of holds: 64 lists those that can be fetched apart from the others."""


def matrices() -> list[Matrix]:
    """All vocabularies, in the order of the page."""
    return [
        Matrix(
            "Where an item stands",
            "SIP2: circulation status of 18. NCIP: CirculationStatus. HTTP: `status` of an item.",
            _coded(ItemStatus, sip2.ITEM_STATUS.get, sip2.ITEM_STATUS_OF.get, ncip_values.ITEM_STATUS),
        ),
        Matrix(
            "Where a hold stands",
            "SIP2: the list of 64 in which it is. NCIP: RequestStatusType. HTTP: `status` of a hold.",
            _coded(
                HoldStatus,
                HOLD_LISTS.get,
                {"AS": HoldStatus.READY, "CD": HoldStatus.PENDING}.get,
                ncip_values.HOLD_STATUS,
            ),
        ),
        Matrix(
            "What a charge is for",
            "SIP2: fee type (BT). NCIP: FiscalTransactionType. HTTP: `type` of a charge.",
            _coded(FeeType, sip2.FEE_TYPE.get, sip2.FEE_TYPE_OF.get, ncip_values.FEE_TYPE),
        ),
        Matrix(
            "How a charge was paid",
            "SIP2: payment type of 37. NCIP: PaymentMethodType. HTTP: `method` of a payment.",
            _coded(PaymentMethod, sip2.PAYMENT_METHOD.get, sip2.PAYMENT_METHOD_OF.get, ncip_values.PAYMENT_METHOD),
        ),
        Matrix(
            "What an item is",
            "SIP2: media type (CK). NCIP: MediumType. HTTP: `media_type` of an item.",
            _coded(MediaType, sip2.MEDIA_TYPE.get, sip2.MEDIA_TYPE_OF.get, ncip_values.MEDIA),
        ),
        Matrix(
            "How an item is secured",
            "SIP2: security marker of 18. NCIP: SecurityMarker. HTTP: `security_marker` of an item.",
            _coded(SecurityMarker, sip2.SECURITY_MARKER.get, sip2.SECURITY_MARKER_OF.get, ncip_values.SECURITY_MARKER),
        ),
        Matrix(
            "Why a patron is blocked",
            "SIP2: position of patron status. NCIP: BlockOrTrapType. HTTP: `reason` of a block. LDAP: `libraryBlock`.",
            _blocks(),
        ),
        Matrix(
            "Why something is not done",
            "SIP2: what an answer has beside ok=0 and the words of AF. NCIP: ProblemType and ProblemElement, which "
            "some services have to put in more general terms. HTTP: `type` of a problem. LDAP: the result code. SCIM: "
            "the status of HTTP.",
            _refusals(),
        ),
    ]


def _coded(
    vocabulary: type[StrEnum],
    write: Callable[..., str | None],
    read: Callable[..., StrEnum | None],
    words: Words[Any],
) -> dict[str, dict[str, Cell]]:
    def ncip(value: StrEnum) -> Cell:
        written = words.write(value)
        return _fate(value, written.value if written else None, words.read(written))

    def row(value: StrEnum) -> dict[str, Cell]:
        code = write(value)
        return {
            "SIP2": _fate(value, code, read(code)),
            "NCIP": ncip(value),
            "HTTP": Cell(Fate.KEPT, value),
            "LDAP": Cell(Fate.ABSENT),
            "SCIM": Cell(Fate.ABSENT),
        }

    return {value.name: row(value) for value in vocabulary}


def _fate(value: StrEnum, written: str | None, read: StrEnum | None) -> Cell:
    if written is None:
        return Cell(Fate.DROPPED)
    if read is value:
        return Cell(Fate.KEPT, written)
    if read is None:
        return Cell(Fate.NARROWED, written, "nothing")
    return Cell(Fate.NARROWED if read in WIDER[type(value)].get(value, ()) else Fate.INVENTED, written, read.name)


def _blocks() -> dict[str, dict[str, Cell]]:
    def ncip(reason: BlockReason) -> Cell:
        severity = BlockSeverity.TRAP if reason is BlockReason.NOTICE else BlockSeverity.BLOCK
        written = ncip_values.block_types(reason, BlockScope.BORROW, severity)[0]
        restraint = ncip_values.restraint_of(written)
        read = restraint.reason if restraint else None
        fate = Fate.KEPT if read is reason else Fate.NARROWED
        return Cell(fate, written.value, "" if read is reason else read.name if read else "nothing")

    def row(reason: BlockReason) -> dict[str, Cell]:
        position = sip2.STATUS_POSITION.get(reason)
        return {
            "SIP2": Cell(Fate.DROPPED) if position is None else Cell(Fate.KEPT, f"position {position}"),
            "NCIP": ncip(reason),
            "HTTP": Cell(Fate.KEPT, reason),
            "LDAP": Cell(Fate.KEPT, reason),
            "SCIM": Cell(Fate.ABSENT),
        }

    return {reason.name: row(reason) for reason in BlockReason}


def _refusals() -> dict[str, dict[str, Cell]]:
    looks: Mapping[str, Callable[[RefusalCode | FailureCode, RefusalRow], str]] = {
        "SIP2": lambda _, row: _sip2_look(row),
        "NCIP": lambda _, row: _problem(row),
        "HTTP": lambda code, _: problem_type(code),
        "LDAP": lambda _, row: str(row.ldap),
        "SCIM": lambda _, row: str(row.http),
    }
    seen = {door: Counter(look(code, row) for code, row in REFUSALS.items()) for door, look in looks.items()}

    def cell(door: str, code: RefusalCode | FailureCode, row: RefusalRow) -> Cell:
        look = looks[door](code, row)
        others = seen[door][look] - 1
        return Cell(Fate.NARROWED, look, f"one of {others + 1}") if others else Cell(Fate.KEPT, look)

    return {code.name: {door: cell(door, code, row) for door in DOORS} for code, row in REFUSALS.items()}


def _problem(row: RefusalRow) -> str:
    return f"{row.ncip.type} ({row.ncip.element})" if row.ncip.element else row.ncip.type


def _sip2_look(row: RefusalRow) -> str:
    look = row.sip2
    parts = [
        "CQ=N" if look.needs_pin else "" if look.card_known or look.status != DENIED else "BL=N",
        f"status {', '.join(map(str, look.status))}" if look.status else "",
        "BT, BH, BV" if look.fee else "",
        *(f"ok=1 in {code}" for code in sorted(look.ok_in)),
    ]
    return "; ".join(filter(None, parts)) or "AF alone"


_HEAD = """# What is lost in translation

<!-- Made by `python -m gateway.crosswalks.loss`; change the tables in `gateway/crosswalks/`. -->

Every value of the canonical model, and what becomes of it at each door. *Kept*: what is written for it is read as the
same again. *Narrowed*: it is read as something wider that is true as well; less is said. *Invented*: it is read as
something that nobody said, for the standard has no word for it and wants one. *Dropped*: nothing is written.
"–": the door has no place for values of this kind.
"""


def page() -> str:
    """The page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    made = matrices()
    yield "| values | of | " + " | ".join(DOORS) + " |"
    yield "|---" * (len(DOORS) + 2) + "|"
    for matrix in made:
        yield f"| {matrix.title} | {len(matrix.rows)} | " + " | ".join(_counted(matrix.count(d)) for d in DOORS) + " |"
    for matrix in made:
        yield f"\n## {matrix.title}\n\n{matrix.text}\n"
        doors = [door for door in DOORS if matrix.count(door)[Fate.ABSENT] < len(matrix.rows)]
        yield "| value | " + " | ".join(doors) + " |"
        yield "|---" * (len(doors) + 1) + "|"
        for name, cells in matrix.rows.items():
            yield f"| {name} | " + " | ".join(_shown(cells[door]) for door in doors) + " |"
    yield "\n## What is read and never written\n"
    yield "Values of a standard that are understood and go out again, if they do, as another one.\n"
    yield "| standard | element | value | read as | written |"
    yield "|---|---|---|---|---|"
    yield from _only_read()


def _counted(fates: Counter[Fate]) -> str:
    said = [f"{fates[fate]} {fate}" for fate in (Fate.KEPT, Fate.NARROWED, Fate.INVENTED, Fate.DROPPED) if fates[fate]]
    return ", ".join(said) or "–"


def _shown(cell: Cell) -> str:
    if cell.fate in (Fate.DROPPED, Fate.ABSENT):
        return f"**{cell.fate}**" if cell.fate is Fate.DROPPED else str(cell.fate)
    how = "" if cell.fate is Fate.KEPT else f" **{cell.fate}**" + (f", {cell.read}" if cell.read else "")
    return f"`{cell.written}`{how}"


def _only_read() -> Iterator[str]:
    tables: list[tuple[str, Any, Any]] = [
        ("circulation status", sip2.ITEM_STATUS_OF, sip2.ITEM_STATUS),
        ("payment type", sip2.PAYMENT_METHOD_OF, sip2.PAYMENT_METHOD),
        ("hold type", sip2.HOLD_LEVEL_OF, sip2.HOLD_LEVEL),
    ]
    for element, read, written in tables:
        for code, value in read.items():
            if written.get(value) != code:
                yield f"| SIP2 | {element} | `{code}` | {value.name} | `{written.get(value, '')}` |"
    coded: list[Any] = [
        ncip_values.ITEM_STATUS,
        ncip_values.HOLD_TYPE,
        ncip_values.FEE_TYPE,
        ncip_values.PAYMENT_METHOD,
        ncip_values.MEDIA,
        ncip_values.USE_RESTRICTION,
    ]
    for words in coded:
        for value, word in words.only_read:
            sent = words.write(word)
            yield f"| NCIP | {words.element} | {value} | {word.name} | {f'`{sent.value}`' if sent else 'nothing'} |"


if __name__ == "__main__":
    sys.stdout.write(page())
