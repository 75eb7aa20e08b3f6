"""The reference page of the LDAP view, made from the table of attributes.

`python -m gateway.adapters.ldap.document` prints it; a test compares it with `docs/reference/ldap-view.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from gateway.adapters.ldap.matching import rules
from gateway.adapters.ldap.people import LIVE_PEOPLE
from gateway.adapters.ldap.schema import CONTROLS, FEATURES
from gateway.crosswalks.ldap import CLASSES, PEOPLE, PERSON_CLASSES, SERVER, STRUCTURE, AttributeRow
from library_protocols.ldap.facts import OIDS

_HEAD = """# The LDAP view of patrons

<!-- Made by `python -m gateway.adapters.ldap.document`; change the tables in `gateway/crosswalks/ldap.py`. -->

What is shown of people, and how it can be asked for. How software is connected:
[let software ask over LDAP](../how-to/let-software-ask-over-ldap.md). Every definition below is in the schema that the
server itself tells (`cn=Subschema`).

## Entries

| name | entry |
|---|---|
| `SUFFIX` | the member |
| `ou=people,SUFFIX` | the branch of people |
| `uid=VALUE,ou=people,SUFFIX` | a person, by the first there is of barcode, primary identifier, user name, number |
| `cn=NAME,SUFFIX` | a service account, shown to itself |

Classes of a person: {classes}.

Who has not bound sees the root DSE, which names every member's suffix, and the schema. An account sees its member's
tree, a patron the own entry alone; the root DSE then names that suffix and no other, as it does on a listener that is
one member's.

## Attributes of people

An account is shown those that `members.CODE.identity.ldap.accounts.NAME.attributes` lists, by any name below; what it
is not shown it can neither test in a filter nor compare. *Live* attributes come from the platform at the moment of
asking: where one entry is found or where they are asked for by name, for {live} people of a search at most, and not at
all while the platform does not answer. *Found by* says that people are looked up by the value; a filter on nothing else
goes through everybody.
"""


_KEY = (
    "A program that keeps something of its own about people keeps it under `entryUUID`: it stays when somebody gets a",
    "new card, name or login, and is nobody else's afterwards. It is made of the register's own id of the person and",
    "tells nothing about anybody. A search by it alone goes through everybody.",
    "",
)
"""What `entryUUID` is for, in lines."""


def page() -> str:
    """The page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD.format(classes=_listed(PERSON_CLASSES), live=LIVE_PEOPLE)
    yield from _people()
    yield "\n## Other attributes\n"
    yield "Shown to every account; those of the server (`*`) to everybody.\n"
    yield "| attribute | is | OID | defined in |"
    yield "|---|---|---|---|"
    for row in (*STRUCTURE, *SERVER):
        star = " `*`" if row in SERVER or row.name in ("objectClass", "subschemaSubentry") else ""
        yield f"| {_names(row)}{star} | {row.description} | {row.oid} | {row.source} |"
    yield "\n`entryUUID`, `createTimestamp` and `modifyTimestamp` are shown to accounts that list them.\n"
    yield from _KEY
    yield "## Object classes\n"
    yield "| class | OID | kind | must have | may have |"
    yield "|---|---|---|---|---|"
    for one in CLASSES:
        yield f"| `{one.name}` | {one.oid} | {one.kind.lower()} | {_listed(one.must)} | {_listed(one.may)} |"
    yield "\n## Matching rules\n"
    yield "Each can be asked for in an extensible match (`(sn:caseExactMatch:=Rees)`), except those for substrings.\n"
    yield "| rule | OID | defined in |"
    yield "|---|---|---|"
    for rule in rules():
        yield f"| `{rule.name}` | {rule.oid} | {rule.document} {rule.clause} |"
    yield "\n## Controls and features\n"
    for oid in (*CONTROLS, *FEATURES):
        fact = OIDS[oid]
        yield f"- {fact.name} ({oid}, {fact.clause}): {fact.meaning}"
    yield "\nAny other control that is marked critical is refused (12), any other that is not is left out of account."


def _people() -> Iterator[str]:
    yield "| attribute | is | values | found by | OID | defined in |"
    yield "|---|---|---|---|---|---|"
    for row in PEOPLE:
        described = f"{row.description}{' (*live*)' if row.live else ''}"
        values, found = "one" if row.single else "several", "yes" if row.lookups else ""
        yield f"| {_names(row)} | {described} | {values} | {found} | {row.oid} | {row.source or 'this gateway'} |"


def _names(row: AttributeRow) -> str:
    return ", ".join(f"`{name}`" for name in row.names)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(page())
