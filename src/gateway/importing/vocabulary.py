"""What a member's rows may refer to, read once at the start of a load: categories, item types, locations."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.importing.progress import ImportProblem
from gateway.platforms.reference.policy import RULES
from gateway.store.port import Store


@dataclass(frozen=True, slots=True)
class Vocabulary:
    categories: frozenset[str]
    item_types: frozenset[str]
    locations: frozenset[str]


async def read_vocabulary(store: Store, member: str) -> Vocabulary:
    """Raises ImportProblem where the member has no rules yet, and StoreUnavailable."""
    parts = await store.read(RULES, {"member": member})
    found = Vocabulary(
        categories=frozenset(row.code for row in parts["categories"]),
        item_types=frozenset(row.code for row in parts["item_types"]),
        locations=frozenset(row.code for row in parts["locations"]),
    )
    if parts["state"] is None and not found.categories:
        raise ImportProblem(
            f"the store has no rules of {member!r} yet: `gateway import rules {member} FILE.toml` first"
        )
    return found


def known(value: str, allowed: frozenset[str], what: str) -> str:
    """The value, where the member has it. Raises ValueError."""
    if value not in allowed:
        raise ValueError(f"there is no {what} {value!r}")
    return value
