"""Events of a bulk load: each changed patron and item is a row of the event log, as if changed one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gateway.platforms.reference.pseudonyms import new_pseudonym
from gateway.store.effects import Effect, Insert
from gateway.store.rows import EventRow, PseudonymRow

TERMINAL = "import"


class Events:
    """`pseudonyms` are those already given; patrons without one get theirs with their first event."""

    def __init__(self, member: str, now: int, pseudonyms: Iterable[PseudonymRow] = ()) -> None:
        self._member = member
        self._now = now
        self._known = {row.patron_id: row.pseudonym for row in pseudonyms}

    def of_patron(self, kind: str, patron_id: str, **data: Any) -> list[Effect]:
        made: list[Effect] = []
        if patron_id not in self._known:
            alias = new_pseudonym(self._member, patron_id)
            self._known[patron_id] = alias.pseudonym
            made.append(Insert(alias))
        return [*made, self._event(kind, self._known[patron_id], None, data)]

    def of_item(self, kind: str, item_id: str, **data: Any) -> Effect:
        return self._event(kind, None, item_id, data)

    def of_records(self, kind: str, **data: Any) -> Effect:
        return self._event(kind, None, None, data)

    def _event(self, kind: str, subject: str | None, item_id: str | None, data: dict[str, Any]) -> Effect:
        return Insert(EventRow(self._member, self._now, kind, subject, item_id, None, TERMINAL, json.dumps(data)))
