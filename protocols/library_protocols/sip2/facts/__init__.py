"""The facts of SIP 2.00 as tables: fields, messages, codes. Every row names where it comes from.

A clause is written `P <entry>`, `G <entry>` or `W`; `SOURCES` says which document each letter means.
The codec, the inspector, `explain` and the README all read these rows; a fact stands nowhere else.
"""

from __future__ import annotations

from library_protocols.sip2.facts.codes import TABLES, CodeRow, CodeTable
from library_protocols.sip2.facts.fields import FIELDS, FieldFact
from library_protocols.sip2.facts.messages import MESSAGES, FixedField, MessageFact

SOURCES: dict[str, str] = {
    "P": "3M Standard Interchange Protocol 2.00, protocol definition, document revision 2.12 (2006)",
    "G": "3M SelfCheck System SIP2 Interface Developer's Guide, revision 2.21 (1999)",
    "X": "3M/Bibliotheca SIP2 extensions, document revision 1.20 (2005), as other implementations cite it",
    "W": "seen on the wire or in the code of other implementations; in no standard",
}
"""What the letter at the head of a clause stands for."""

__all__ = [
    "FIELDS",
    "MESSAGES",
    "SOURCES",
    "TABLES",
    "CodeRow",
    "CodeTable",
    "FieldFact",
    "FixedField",
    "MessageFact",
]
