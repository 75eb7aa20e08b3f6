"""The append-only event log: every change of state is a row in the transaction that makes it.

A patron appears only under a pseudonym, made when first needed; deleting that one row anonymises all events.
"""

from __future__ import annotations

from typing import Any

import orjson

from gateway.platforms.reference.exactly_once import Command
from gateway.platforms.reference.ids import new_pseudonym
from gateway.store.effects import Effect, Insert
from gateway.store.rows import EventRow, PseudonymRow


class Log:
    """Collects the events of one decision; `effects` has them with the pseudonyms they needed first.

    `pseudonyms` are those the snapshot has read, by patron id."""

    def __init__(self, command: Command, *pseudonyms: PseudonymRow | None) -> None:
        self._command = command
        self._known = {row.patron_id: row.pseudonym for row in pseudonyms if row is not None}
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
                    subject=None if patron_id is None else self._pseudonym(patron_id),
                    item_id=item_id,
                    loan_id=loan_id,
                    terminal=self._command.terminal,
                    data_json=orjson.dumps(data).decode(),
                )
            )
        )

    def _pseudonym(self, patron_id: str) -> str:
        known = self._known.get(patron_id)
        if known is None:
            known = self._known[patron_id] = new_pseudonym()
            self.effects.append(Insert(PseudonymRow(self._command.member, patron_id, known)))
        return known
