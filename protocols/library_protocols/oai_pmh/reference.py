"""The tables as Markdown, for the README: `python -m library_protocols.oai_pmh.reference` prints them."""

from __future__ import annotations

from library_protocols.oai_pmh.facts import ARGUMENTS, DELETED_RECORD, ERRORS, NAMESPACES, SOURCES, VERBS


def reference() -> str:
    """Verbs, arguments, errors, deletions, namespaces and sources, as Markdown tables."""
    parts = [
        "### Verbs",
        _table(
            ("verb", "asks for", "arguments", "errors", "clause"),
            [
                (
                    fact.verb,
                    fact.meaning,
                    ", ".join(f"{name} ({use})" for name, use in fact.arguments.items()),
                    " ".join(fact.errors),
                    fact.clause,
                )
                for fact in VERBS.values()
            ],
        ),
        "### Arguments",
        _table(
            ("argument", "meaning", "clause"), [(fact.name, fact.meaning, fact.clause) for fact in ARGUMENTS.values()]
        ),
        "### Errors",
        _table(
            ("code", "meaning", "arguments are repeated", "clause"),
            [(fact.code, fact.meaning, "no" if fact.silences else "yes", fact.clause) for fact in ERRORS.values()],
        ),
        "### Deletions",
        _table(("deletedRecord", "meaning"), [(name.value, meaning) for name, meaning in DELETED_RECORD.items()]),
        "### Namespaces",
        _table(
            ("namespace", "schema", "what it is", "clause"),
            [(fact.uri, fact.schema, fact.meaning, fact.clause) for fact in NAMESPACES.values()],
        ),
        "### Sources",
        _table(("clause", "document"), list(SOURCES.items())),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    print(reference(), end="")

__all__ = ["reference"]
