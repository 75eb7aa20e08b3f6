"""People and groups for tests of the register."""

from __future__ import annotations

from typing import Any

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.model import Group, Person, PersonIdentifier, Review, Run, RunState

BARCODE, SIS = IdentifierType.BARCODE, IdentifierType.SIS


def person(id_: str, *, member: str = "aber", barcode: str = "", **fields: Any) -> Person:
    """Somebody whom the feed `sis` keeps, with the id as the key there unless another one is given."""
    given: dict[str, Any] = {
        "id": id_, "member": member, "version": 1, "created_at": 1_000, "changed_at": 1_000, "source": "feed:sis",
        "source_id": f"S-{id_}", "display": f"Person {id_}",
    }  # fmt: skip
    if barcode:
        given["identifiers"] = (PersonIdentifier(BARCODE, barcode),)
    return Person(**given | fields)


def group(id_: str, *members: str, member: str = "aber") -> Group:
    return Group(id_, member, 1, 1_000, 1_000, "scim:entra", f"Group {id_}", members=members)


def run(id_: str, *, member: str = "aber", feed: str = "sis", started_at: int = 1_000, **fields: Any) -> Run:
    return Run(id_, member, feed, "full", fields.pop("state", RunState.RUNNING), started_at, **fields)


def review(id_: str, source_id: str, *, member: str = "aber", feed: str = "sis", **fields: Any) -> Review:
    given: dict[str, Any] = {"reason": "two fit", "candidates": ("a", "b"), "record": {"display": "Somebody"}, "at": 5}
    return Review(id_, member, feed, source_id, **given | fields)
