"""Which fields of an answer name a person: an answer is kept in two pieces, so that the personal one can go alone.

What is left names nobody and is still an answer: the same verdict, dates, amounts and ids of loans and charges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.canonical import outcomes as out
from gateway.canonical.answers import Answer, json_of, validated

Fields = Mapping[str, Any]
"""Names of fields: True, or a mapping of the fields below; `__all__` stands for each element of a list."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The fields of an answer that name one person; `whose` gives the person's id, nothing where it is not known."""

    whose: Callable[[Any], str | None]
    fields: Fields


@dataclass(frozen=True, slots=True)
class Part:
    """JSON of what one answer says about one person."""

    patron_id: str
    text: str


_LOAN: Fields = {"patron_id": True, "patron_barcode": True}
_FEE: Fields = {"patron_id": True, "description": True}
_HOLD: Fields = {"patron_id": True, "comment": True}
_NEXT: Fields = {"hold_patron_id": True, "hold_patron_barcode": True, "hold_patron_name": True}
_CONFLICT: Fields = {"patron_id": True, "patron_barcode": True}


def _only(people: Iterable[str | None]) -> str | None:
    """The person, where all the same."""
    found = set(people)
    return found.pop() if len(found) == 1 else None


NAMINGS: Mapping[type, tuple[Naming, ...]] = {
    out.PatronOutcome: (Naming(lambda a: a.patron.id, {"patron": True}),),
    out.ProvisionOutcome: (Naming(lambda a: a.patron_id, {"patron_id": True}),),
    out.LoanOutcome: (Naming(lambda a: a.loan.patron_id, {"loan": _LOAN, "fee": _FEE}),),
    out.ReturnOutcome: (
        Naming(lambda a: a.loan and a.loan.patron_id, {"loan": _LOAN, "fees": {"__all__": _FEE}}),
        Naming(lambda a: a.routing.hold_patron_id, {"routing": _NEXT}),
    ),
    out.UndoOutcome: (Naming(lambda a: a.loan.patron_id, {"loan": _LOAN}),),
    out.RenewAllOutcome: (
        Naming(
            lambda a: _only(loan.patron_id for loan in (*a.renewed, *(u.loan for u in a.unrenewed))),
            {"renewed": {"__all__": _LOAN}, "unrenewed": {"__all__": {"loan": _LOAN}}},
        ),
    ),
    out.HoldOutcome: (Naming(lambda a: a.hold.patron_id, {"hold": _HOLD}),),
    out.IllOutcome: (Naming(lambda a: a.hold and a.hold.patron_id, {"hold": _HOLD}),),
    out.PaymentOutcome: (Naming(lambda a: a.payment.patron_id, {"payment": {"patron_id": True}}),),
    out.FeeOutcome: (Naming(lambda a: a.fee.patron_id, {"fee": _FEE}),),
    out.ConflictsOutcome: (
        Naming(lambda a: _only(c.patron_id for c in a.conflicts), {"conflicts": {"__all__": _CONFLICT}}),
    ),
}
"""Every answer to a command that names somebody. Refusals, items and titles name nobody."""

# What a field has where it must have something and its person is no longer known.
_BLANKS: Mapping[str, Any] = {"patron_id": "", "patron": {"id": "", "name": {"display": ""}}}


def take_apart(answer: Answer) -> tuple[str, list[Part]]:
    """The answer as text that names nobody, and what it says about each person. What it says about somebody who is
    not known by an id is in neither."""
    rest, parts = dict(answer.__dict__), []
    for naming in NAMINGS.get(type(answer), ()):
        said = _taken(rest, naming.fields)
        if who := naming.whose(answer):
            parts.append(Part(who, json_of(said)))
    return json_of({type(answer).__name__: rest}), parts


def _taken(value: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """The fields named, taken out of `value`; what lies below is copied before anything is taken out of it."""
    said: dict[str, Any] = {}
    for name, below in fields.items():
        here = value[name]
        if below is True:
            said[name] = value.pop(name)
        elif isinstance(here, tuple):
            value[name] = rest = [dict(one.__dict__) for one in here]
            said[name] = [_taken(one, below["__all__"]) for one in rest]
        elif here is not None:
            value[name] = rest = dict(here.__dict__)
            said[name] = _taken(rest, below)
    return said


def put_together(text: str, parts: Iterable[str]) -> Answer:
    """The answer again, as far as its parts are there; persons that are not have empty ids and names."""
    ((name, value),) = orjson.loads(text).items()
    for part in parts:
        _merge(value, orjson.loads(part))
    for naming in NAMINGS.get(getattr(out, name, type(None)), ()):
        _fill(value, naming.fields)
    return validated(name, value)


def _merge(value: dict[str, Any], part: dict[str, Any]) -> None:
    for name, said in part.items():
        here = value.get(name)
        if isinstance(here, dict):
            _merge(here, said)
        elif isinstance(here, list):
            for one, more in zip(here, said, strict=True):
                _merge(one, more)
        else:
            value[name] = said


def _fill(value: dict[str, Any], fields: Fields) -> None:
    for name, below in fields.items():
        here = value.get(name)
        if below is True:
            if name in _BLANKS and here is None:
                value[name] = _BLANKS[name]
        elif isinstance(here, dict):
            _fill(here, below)
        elif isinstance(here, list):
            for one in here:
                _fill(one, below["__all__"])
