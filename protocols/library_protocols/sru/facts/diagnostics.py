"""The diagnostics of info:srw/diagnostic/1, in our own words. The numbers are the same in 1.1, 1.2 and 2.0.

`details` says what the details of a diagnostic hold where the list defines it. Numbers that are not here are legal.
"""

from __future__ import annotations

from dataclasses import dataclass

_PREFIX = "info:srw/diagnostic/1/"


@dataclass(frozen=True, slots=True)
class DiagnosticFact:
    """One diagnostic: its number, what it says, what its details hold."""

    number: int
    message: str
    details: str = ""


def _table(rows: str) -> dict[int, DiagnosticFact]:
    """Rows `number | message | details`."""
    found: dict[int, DiagnosticFact] = {}
    for row in rows.strip().splitlines():
        number, message, details = (part.strip() for part in row.split("|"))
        found[int(number)] = DiagnosticFact(int(number), message, details)
    return found


DIAGNOSTICS: dict[int, DiagnosticFact] = _table("""
    1 | Something is wrong with this server for good | what
    2 | This server cannot answer now; try again later | what
    3 | Who is asking could not be established |
    4 | This operation is not offered | the operations offered
    5 | This version of SRU is not spoken | the highest version spoken
    6 | The value of a parameter is not supported | the parameter
    7 | A parameter that must be given is missing | the parameter
    8 | This parameter is not known here | the parameter
    10 | The query breaks the rules of its language | what and where
    11 | Queries of this type are not answered | the type
    12 | The query is too long | how many characters may be sent
    13 | The parentheses of the query do not fit, or are too many | the character
    14 | The quotation marks of the query do not fit | the character
    15 | This context set is not known here | the context set
    16 | There is no such index | the index
    17 | The context set has no such index here | the index
    18 | These indexes cannot be searched together | the indexes
    19 | This relation is not offered | the relation
    20 | This modifier of a relation is not offered | the modifier
    21 | These modifiers of a relation do not go together | the modifiers
    22 | This index cannot be searched with this relation | index and relation
    23 | The term is too long | how many characters may be sent
    24 | This relation does not go with such a term | the term
    25 | A character that must be quoted is not | the character
    26 | A backslash stands before a character that needs none | the character
    27 | An empty term finds nothing here |
    28 | This masking character is not supported | the character
    29 | The masked word is too short | how many characters are needed
    30 | Too many masking characters, or too many words fit them | how many are possible
    31 | Anchoring is not supported | the character
    32 | An anchor cannot stand here | the character and its place
    33 | Masking does not go with proximity |
    34 | Anchoring does not go with proximity |
    35 | The term is made of words only that are not indexed | the words
    36 | The term has not the form that this index needs | the form
    37 | This boolean is not offered | the boolean
    38 | Too many booleans in one query | how many may be sent
    39 | Proximity is not supported here |
    40 | This comparison of distances is not supported | the comparison
    41 | This distance is not supported | the distance
    42 | This unit of distance is not supported | the unit
    43 | This order of the two operands is not supported | the order
    44 | These modifiers of prox do not go together | the modifiers
    45 | One prefix is assigned to two context sets | the prefix
    46 | This modifier of a boolean is not offered | the modifier
    47 | The query cannot be answered, for a reason that is not known |
    48 | The query uses something that is not supported | what
    49 | A masking character cannot stand here | the character
    50 | Result sets are not kept |
    51 | There is no such result set, or no longer | the result set
    52 | The result set cannot be used now | the result set
    53 | A result set can only be fetched from |
    54 | Records can only be fetched from a result set |
    55 | A result set cannot be combined with terms |
    56 | Only one result set can be combined with terms |
    57 | The result set was made, but no record can be given |
    58 | The result set is incomplete, and not in a way that can be foretold |
    59 | The result set is incomplete; what it holds is right |
    60 | Too many records fit the query | how many may fit
    61 | There is no record at the position asked for |
    62 | Less than no records were asked for |
    63 | Records could not be read |
    64 | This record cannot be given now |
    65 | There is no such record | the record
    66 | Records cannot be given in this schema: it is not known | the schema
    67 | This record cannot be given in this schema | the schema
    68 | This record must not be given to you |
    69 | This record must not be given to you in this schema |
    70 | This record is too large to be given | how large it may be
    71 | Records cannot be packed this way | the packing
    72 | XPath is not supported |
    73 | The XPath uses something that is not supported | what
    74 | The XPath could not be evaluated |
    80 | Sorting by this is not offered | the key
    81 | Sorting of this kind is not offered | the kind
    82 | Sorting in this order is not offered | the order
    83 | Too many records to sort | how many may be sorted
    84 | Too many keys to sort by | how many may be sent
    85 | A key to sort by is given twice | the key
    86 | The records cannot be sorted: their formats differ |
    87 | Sorting by this schema is not offered | the schema
    88 | Sorting by this path is not offered | the path
    89 | The schema has no such path | the path
    90 | A sort key's direction is neither 0 nor 1 | the value
    91 | A sort key's care for case is not offered | the value
    92 | This treatment of missing values is not offered | the value
    93 | Sorting stopped at a record without the value |
    100 | There is nothing to explain here |
    101 | Explain is answered over the other way of asking only |
    102 | The explain record cannot be given now |
    110 | Stylesheets are not supported |
    111 | This stylesheet is not supported | the stylesheet
    120 | The position asked for in the list of terms is not possible | the position
    121 | Too many terms were asked for | how many may be asked for
    235 | There is no such database | the database
    236 | This database is not open to you | the database
    1015 | Too many sessions of this user |
    1074 | The server behind this one failed |
    """)


def diagnostic_uri(number: int) -> str:
    """The URI of a diagnostic of this list."""
    return f"{_PREFIX}{number}"


def diagnostic_number(uri: str) -> int | None:
    """The number behind a URI of this list, None for a diagnostic of another list."""
    tail = uri.strip().removeprefix(_PREFIX)
    return int(tail) if tail != uri.strip() and tail.isascii() and tail.isdigit() and len(tail) < 10 else None
