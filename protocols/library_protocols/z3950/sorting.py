"""The PDUs as values: sort. What is sorted by may be a name, an element specification or attributes."""

from __future__ import annotations

from typing import Any

from library_protocols import ber
from library_protocols.asn1 import (
    INTEGER,
    NULL,
    OCTETS,
    OID,
    TEXT,
    Choice,
    Composite,
    Explicit,
    Implicit,
    Sequence,
    SequenceOf,
    Type,
    optional,
    required,
    sequence,
)
from library_protocols.ber import CONTEXT, BerError, Head, Reader
from library_protocols.z3950.apdu import Pdu
from library_protocols.z3950.common import DATABASE_NAME, DIAG_RECS, SPECIFICATION, DiagRec, Specification
from library_protocols.z3950.rpn import AttributeElement
from library_protocols.z3950.rpn_codec import ATTRIBUTE_LIST

# Sort, 3.2.7


@sequence
class SortAttributes(Composite):
    id: str = required(OID)
    list: tuple[AttributeElement, ...] = required(ATTRIBUTE_LIST)


SortKey = str | Specification | SortAttributes
SORT_KEY = Choice(
    (str, Implicit(CONTEXT | 0, TEXT)),
    (Specification, Implicit(CONTEXT | 1, SPECIFICATION)),
    (SortAttributes, Implicit(CONTEXT | 2, Sequence(SortAttributes))),
)


@sequence
class DatabaseSortKey(Composite):
    database_name: str = required(DATABASE_NAME)
    db_sort: SortKey = required(SORT_KEY)


@sequence
class SortElement(Composite):
    """Exactly one of the two is there; the standard spells the second `datbaseSpecific`."""

    generic: SortKey | None = optional(SORT_KEY, 1, default=None)
    database_specific: tuple[DatabaseSortKey, ...] | None = optional(
        SequenceOf(Sequence(DatabaseSortKey)), 2, default=None
    )


@sequence
class MissingValueAction(Composite):
    """What to do with a record that lacks the key; exactly one is there."""

    abort: bool | None = optional(NULL, 1, default=None)
    null: bool | None = optional(NULL, 2, default=None)
    missing_value_data: bytes | None = optional(OCTETS, 3, default=None)


class _Flattened(Sequence):
    """A choice whose alternatives are the fields of a class: exactly one is there."""

    def __init__(self, cls: type[Composite]) -> None:
        super().__init__(cls)
        self.tags = tuple(self._readers)

    def read(self, reader: Reader, head: Head, depth: int) -> Any:
        name, read = self._readers[head[0]]
        return self.cls(**{name: read(reader, head, depth + 1)})

    def write(self, value: Any, /) -> bytes:
        return self.contents(value)


_SORT_ELEMENT = _Flattened(SortElement)


@sequence
class _SortOrder(Composite):
    sort_relation: int = required(INTEGER, 1)
    case_sensitivity: int = required(INTEGER, 2)
    missing_value_action: MissingValueAction | None = optional(
        Explicit(CONTEXT | 3, _Flattened(MissingValueAction)), default=None
    )


class _SortKeySpecSequence(Type):
    """What is sorted by comes first and is told by that: its tags are those of what follows."""

    tags = (ber.SEQUENCE,)
    constructed = True
    _order = Sequence(_SortOrder)

    def read(self, reader: Reader, head: Head, depth: int) -> SortKeySpec:
        tag, constructed, start, stop, after = head
        first = reader.head(start, stop)
        if first[0] not in _SORT_ELEMENT.tags:
            raise BerError("a sort key without what is sorted by", start)
        element = _SORT_ELEMENT.read(reader, first, depth + 1)
        order = self._order.read(reader, (tag, constructed, first[4], stop, after), depth)
        return SortKeySpec(
            unknown=order.unknown,
            sort_element=element,
            sort_relation=order.sort_relation,
            case_sensitivity=order.case_sensitivity,
            missing_value_action=order.missing_value_action,
        )

    def contents(self, value: Any, /) -> bytes:
        return _SORT_ELEMENT.write(value.sort_element) + self._order.contents(value)


@sequence
class SortKeySpec(_SortOrder):
    sort_element: SortElement


@sequence
class SortRequest(Pdu):
    tag = 43
    input_result_set_names: tuple[str, ...] = required(SequenceOf(TEXT), 3)
    sorted_result_set_name: str = required(TEXT, 4)
    sort_sequence: tuple[SortKeySpec, ...] = required(SequenceOf(_SortKeySpecSequence()), 5)


@sequence
class SortResponse(Pdu):
    tag = 44
    sort_status: int = required(INTEGER, 3)
    result_set_status: int | None = optional(INTEGER, 4, default=None)
    diagnostics: tuple[DiagRec, ...] | None = optional(DIAG_RECS, 5, default=None)
    result_count: int | None = optional(INTEGER, 6, default=None)
