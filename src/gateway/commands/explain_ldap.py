"""What the tables of LDAP say about a term, and which refusals of the library's rules look so over LDAP."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.commands.explain_catalogue import Row
from gateway.crosswalks.refusals import REFUSALS
from library_protocols.ldap import explain, explained_names


def ldap(term: str) -> list[Row]:
    """A result code, an OID or its name, an operation, Active Directory's reason for a refused bind (`52e`, or the
    whole diagnostic message), an attribute option."""
    rows: list[Row] = []
    for one in explain(term):
        more: tuple[tuple[str, str], ...] = ()
        if one.kind == "result code" and (same := _refusals(int(one.code))):
            more = (("refusals here", same),)
        rows.append(Row(one.kind, one.code, one.name if one.name != one.code else "", one.meaning, one.clause, more))
    return rows


def _refusals(code: int) -> str:
    return ", ".join(sorted(refusal.value for refusal, row in REFUSALS.items() if row.ldap == code))


def names() -> Iterable[str]:
    """What may be asked for by name."""
    return explained_names()
