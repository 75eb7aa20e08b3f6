"""The tables as Markdown, for the README: `python -m library_protocols.ncip.reference` prints them."""

from __future__ import annotations

from library_protocols.ncip.errors import Departure
from library_protocols.ncip.facts import version1
from library_protocols.ncip.services import SERVICES, ServiceKind, ServiceRow

_VERSIONS = ("2.0", "2.01", "2.02")


def reference() -> str:
    """Services by kind with the versions that have them, departures that are read, and the names of NCIP 1."""
    parts = []
    for kind in ServiceKind:
        found = [_service(row) for row in SERVICES.values() if row.kind is kind]
        parts += [f"### Services: {kind.value}", _table(("service", "1.0", *_VERSIONS, "what it is for"), found)]
    names = [*version1.NAMES.items(), *((new, old) for new, old in version1.VISIBLE_OF.items())]
    parts += [
        "### Departures",
        _table(("departure", "what is there"), [(each.name, each.value) for each in Departure]),
        "### Names of NCIP 1",
        _table(("NCIP 2", "NCIP 1"), sorted(names)),
    ]
    return "\n\n".join(parts) + "\n"


def _service(row: ServiceRow) -> tuple[str, ...]:
    has = ("yes" if row.since and row.since <= version else "no" for version in _VERSIONS)
    return row.name, "yes" if row.in_1_0 else "no", *has, row.meaning


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    print(reference(), end="")

__all__ = ["reference"]
