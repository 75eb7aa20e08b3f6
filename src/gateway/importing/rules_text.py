"""What loading rules changes, in lines for people: `+` new, `~` changed, `-` deleted, `=` not in the file and kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gateway.importing.rules import Change

_SIGNS = {"add": "+", "change": "~", "delete": "-", "keep": "="}


def described(changes: Sequence[Change], *, dry_run: bool) -> Iterator[str]:
    """A line for each entry, one more for each setting of a changed one, and how much it is in all."""
    for change in changes:
        settings = change.settings.items()
        yield f"{_SIGNS[change.action]} {change.table}.{change.name}" + _brief(change)
        if change.action == "change":
            for name, (before, after) in settings:
                yield f"    {name}: {before or 'not set'} -> {after or 'not set'}"
    yield _sum(changes, dry_run=dry_run)


def _brief(change: Change) -> str:
    if change.action == "keep":
        return "  only in the store; --prune deletes it"
    if change.action != "add":
        return ""
    told = ", ".join(f"{name} = {after}" for name, (_, after) in change.settings.items())
    return f"  {told}" if told else ""


def _sum(changes: Sequence[Change], *, dry_run: bool) -> str:
    count = Counter(change.action for change in changes)
    words = {"add": "new", "change": "changed", "delete": "deleted"}
    parts = [f"{count[action]} {word}" for action, word in words.items() if count[action]]
    if not parts:
        return "Nothing to change: the store holds these rules already."
    return f"{', '.join(parts)}. " + (
        "Nothing is written: a dry run." if dry_run else "In force from the next command."
    )
