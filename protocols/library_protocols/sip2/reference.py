"""The tables as Markdown, for the README: `python -m library_protocols.sip2.reference` prints them."""

from __future__ import annotations

from library_protocols.sip2.dialect import switches
from library_protocols.sip2.facts import FIELDS, MESSAGES, SOURCES, TABLES


def reference() -> str:
    """Messages, fields, code tables, switches of a dialect and sources, as Markdown tables."""
    parts = [
        "### Messages",
        _table(
            ("code", "message", "sender", "answer", "fixed part (width)", "required", "optional", "changes state"),
            [
                (
                    fact.code,
                    fact.title,
                    fact.sender,
                    " ".join(fact.answers),
                    ", ".join(f"{item.name} ({item.width})" for item in fact.fixed),
                    " ".join(fact.required),
                    " ".join(fact.optional),
                    "yes" if fact.command else "",
                )
                for fact in MESSAGES.values()
            ],
        ),
        "### Fields",
        _table(
            ("code", "field", "kind", "longest", "meaning", "marks", "origin", "other readings"),
            [
                (
                    fact.code,
                    fact.title,
                    fact.kind.replace("_", " "),
                    str(fact.max_length) + (" exactly" if fact.exact else ""),
                    fact.meaning,
                    " ".join(
                        word
                        for word, holds in (
                            ("secret", fact.secret),
                            ("personal", fact.personal),
                            ("repeatable", fact.repeatable),
                        )
                        if holds
                    ),
                    fact.origin,
                    "; ".join(fact.conflicts),
                )
                for fact in FIELDS.values()
            ],
        ),
        "### Code tables",
        _table(
            ("table", "code or position", "meaning", "clause"),
            [(table.title, row.code, row.meaning, row.clause) for table in TABLES.values() for row in table.rows],
        ),
        "### Switches of a dialect",
        _table(
            ("switch", "default", "why it exists"),
            [(name, f"`{default!r}`", why) for name, default, why in switches()],
        ),
        "### Sources",
        _table(("letter", "document"), list(SOURCES.items())),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    print(reference(), end="")

__all__ = ["reference"]
