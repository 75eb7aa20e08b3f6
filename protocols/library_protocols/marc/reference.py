"""Prints the page of the documentation on what is repaired in reading MARC, from the tables that the reader uses.

python -m library_protocols.marc.reference
"""

from __future__ import annotations

from library_protocols.marc.facts import FIELD_008, LEADER, MARC8_SETS, REPAIRS, UNIMARC_100A, Position

_HEAD = """\
# What is repaired in MARC records

Records come as they are. Each is cut out of its file by its end mark, never by the lengths it claims, so that damage
costs one record; each is read by what its bytes are, never by what its leader says. What had to be put right is
reported by the codes below, with the record's byte offset in the file; the original is kept as it came. A record that
was cut off, or has no field that its directory knows, is refused with the offset and a reason.

This page is printed by `python -m library_protocols.marc.reference`.

## In what order a record's character set is found

1. All bytes are 7-bit and no escape sequence stands among them: ASCII.
2. The bytes are valid UTF-8 with at least one character of several bytes: UTF-8, whatever the leader claims.
3. There are more whole UTF-8 characters than stray high bytes: UTF-8 with damage, decided field by field.
4. Escape sequences that designate another set: MARC-8.
5. Most high bytes stand in runs of three and more: CP1251, a guess.
6. Marks fit the letters behind them: MARC-8, or ISO 5426 in UNIMARC; else CP1252, a guess.

A record is text once it is read: leader/09 says `a`, and UNIMARC's 100$a says `50` where it said anything.

## Codes

"Loses" means that something of the record's text is not in what is given on.

| code | what is found | what is done | loses | clause |
| --- | --- | --- | --- | --- |
"""
_TAIL = """
Clauses: S is the MARC 21 record structure specification, C the MARC 21 character set specification, X the schema
MARC21slim.xsd.

## Why a record written again may differ from what was read

Byte for byte the same is the rule. Where it is not, one of these is the reason, besides a repair of the table:

| difference | reason |
| --- | --- |
| last position of the entry map | leader/23 is `0` in MARC 21 and blank in UNIMARC, whatever was there |
| other escape sequences | MARC-8 has several ways to the same text: the shorter one is written |
| characters the set lacks | MARC-8 and ISO 5426 have no such character: a numeric reference is written |
| claim of UNIMARC 100$a | positions 26-29 are written as the bytes are |

ISO 2709 ends at 9,999 bytes a field and 99,999 a record. What is beyond stays in MARCXML and in the original; in
ISO 2709 a field loses its end, and a record loses fields: local ones first (9XX and tags with letters), then holdings
(841 to 878), then the rest from the end, never a control field nor the title (245, in UNIMARC 200).
"""

_SETS = """
## Character sets of MARC-8

| final character | set |
| --- | --- |
"""
_POSITIONS = """
## Positions that are read

| where | positions | what stands there | clause |
| --- | --- | --- | --- |
"""


def reference() -> str:
    """The page as Markdown."""
    rows = [
        f"| `{row.code}` | {row.found} | {row.done} | {'yes' if row.loses else ''} | {row.clause} |\n"
        for row in REPAIRS.values()
    ]
    sets = [f"| `{final:02X}` ({chr(final)}) | {name} |\n" for final, name in MARC8_SETS.items()]
    positions = [
        f"| {where} | {_span(row)} | {row.meaning} | {row.clause} |\n"
        for where, table in (("leader", LEADER), ("MARC 21 008", FIELD_008), ("UNIMARC 100$a", UNIMARC_100A))
        for row in table.values()
    ]
    return "".join((_HEAD, *rows, _TAIL, _SETS, *sets, _POSITIONS, *positions))


def _span(row: Position) -> str:
    return str(row.start) if row.end == row.start + 1 else f"{row.start}-{row.end - 1}"


if __name__ == "__main__":
    print(reference(), end="")
