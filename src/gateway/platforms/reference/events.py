"""The append-only event log: every change of state is a row in the transaction that makes it.

A patron appears only under a pseudonym, made when first needed.
"""

from __future__ import annotations

from typing import Any

import orjson

from gateway.platforms.reference.exactly_once import Command
from gateway.platforms.reference.ids import shown_barcode
from gateway.platforms.reference.pseudonyms import new_pseudonym
from gateway.store.effects import Effect, Insert
from gateway.store.rows import EventRow, HoldRow, ItemRow, LoanRow, PseudonymRow


def referred(*rows: ItemRow | LoanRow | HoldRow | None) -> dict[str, Any]:
    """What an event says of an interlibrary loan: `external_ref` of the first of its rows that has one, and `barcode`
    and `status` of the item where it is among them; nothing for what the library does for itself.

    Whoever waits for news of it at the other side finds its events by that, when the item may be gone already."""
    found = None
    for row in rows:
        if row is not None and row.external_ref is not None:
            found = row.external_ref
            break
    if found is None:
        return {}
    said: dict[str, Any] = {"external_ref": found}
    for row in rows:
        if isinstance(row, ItemRow):
            said |= {"barcode": shown_barcode(row.barcode), "status": str(row.status)}
    return said


class Log:
    """Collects the events of one decision; `effects` has them with the pseudonyms they needed first.

    `pseudonyms` are those the snapshot has read; the command knows these people from now on."""

    def __init__(self, command: Command, *pseudonyms: PseudonymRow | None) -> None:
        self._command = command
        self._people = command.people
        self._people.update((row.patron_id, row) for row in pseudonyms if row is not None)
        self.effects: list[Effect] = []

    def add(
        self,
        event: str,
        *,
        patron_id: str | None = None,
        item_id: str | None = None,
        loan_id: str | None = None,
        at: int | None = None,
        **data: Any,
    ) -> None:
        """One event, such as `loan.created`; `data` must be JSON and must not name a person. `at` defaults to now."""
        self.effects.append(
            Insert(
                EventRow(
                    member=self._command.member,
                    at=self._command.now if at is None else at,
                    type=event,
                    subject=None if patron_id is None else self.introduce(patron_id),
                    item_id=item_id,
                    loan_id=loan_id,
                    terminal=self._command.terminal,
                    data_json=orjson.dumps(data).decode(),
                )
            )
        )

    def introduce(self, patron_id: str) -> str:
        """The patron's pseudonym, made where there is none: for an answer that names somebody whom no event does.

        The snapshot must have looked for it."""
        known = self._people.get(patron_id)
        if known is None:
            known = self._people[patron_id] = new_pseudonym(self._command.member, patron_id)
            self.effects.append(Insert(known))
        return known.pseudonym
