"""The operations: their tags, names, who sends them, what answers them. Clauses are of RFC 4511."""

from __future__ import annotations

from dataclasses import dataclass

from library_protocols.ldap.facts.tables import rows


@dataclass(frozen=True, slots=True)
class OperationFact:
    """One operation: the number of its APPLICATION tag, its name in the standard, what it is, who sends it, the tag of
    the response that ends it if it has one."""

    tag: int
    name: str
    meaning: str
    sender: str
    answer: int | None
    clause: str


_ROWS = """
0 | BindRequest | says who one is | client | 1 | 4.2
1 | BindResponse | whether that is believed | server | - | 4.2.2
2 | UnbindRequest | the end of the connection | client | - | 4.3
3 | SearchRequest | asks for entries | client | 5 | 4.5.1
4 | SearchResultEntry | an entry | server | - | 4.5.2
5 | SearchResultDone | the end of the entries | server | - | 4.5.2
6 | ModifyRequest | changes an entry | client | 7 | 4.6
7 | ModifyResponse | whether that was done | server | - | 4.6
8 | AddRequest | a new entry | client | 9 | 4.7
9 | AddResponse | whether that was done | server | - | 4.7
10 | DelRequest | takes an entry away | client | 11 | 4.8
11 | DelResponse | whether that was done | server | - | 4.8
12 | ModifyDNRequest | renames or moves an entry | client | 13 | 4.9
13 | ModifyDNResponse | whether that was done | server | - | 4.9
14 | CompareRequest | asks whether an entry has a value | client | 15 | 4.10
15 | CompareResponse | whether it has | server | - | 4.10
16 | AbandonRequest | an answer is not wanted any more | client | - | 4.11
19 | SearchResultReference | where else to ask | server | - | 4.5.3
23 | ExtendedRequest | an operation named by its OID | client | 24 | 4.12
24 | ExtendedResponse | how that ended, or a notification | server | - | 4.12
25 | IntermediateResponse | on the way to a response | server | - | 4.13
"""

OPERATIONS = {
    int(tag): OperationFact(int(tag), name, meaning, sender, None if answer == "-" else int(answer), clause)
    for tag, name, meaning, sender, answer, clause in rows(_ROWS, 6)
}
"""Tag -> fact."""
