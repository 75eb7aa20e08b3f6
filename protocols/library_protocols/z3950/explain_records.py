"""The records of an Explain database that a small target needs (REC.1), written and read.

Only what is in use of each definition is named; the rest is kept as unknown elements.
"""

from __future__ import annotations

from typing import Any

from library_protocols import asn1
from library_protocols.asn1 import (
    BOOLEAN,
    INTEGER,
    NULL,
    OID,
    TEXT,
    Choice,
    Composite,
    Explicit,
    External,
    Implicit,
    Sequence,
    SequenceOf,
    optional,
    required,
    sequence,
)
from library_protocols.ber import CONTEXT, BerError
from library_protocols.z3950.common import ELEMENT_SET_NAME
from library_protocols.z3950.rpn import STRING_OR_NUMERIC

EXPLAIN_DATABASE = "IR-Explain-1"
"""The name every Explain database has."""

CATEGORIES = {
    "CategoryList": 100,
    "TargetInfo": 0,
    "DatabaseInfo": 1,
    "AttributeSetInfo": 5,
    "AttributeDetails": 8,
}
"""Explain categories read and written here -> their tags."""


@sequence
class HumanText(Composite):
    language: str | None = optional(TEXT, 0, default=None)
    text: str = required(TEXT, 1)


HumanString = tuple[HumanText, ...]
_HUMAN_STRING = SequenceOf(Sequence(HumanText))


def human(text: str, language: str = "eng") -> HumanString:
    """Words for people in one language (a code of Z39.53)."""
    return (HumanText(language=language, text=text),)


@sequence
class AccessInfo(Composite):
    """What a target or database understands."""

    diagnostics_sets: tuple[str, ...] | None = optional(SequenceOf(OID), 1, default=None)
    attribute_set_ids: tuple[str, ...] | None = optional(SequenceOf(OID), 2, default=None)
    record_syntaxes: tuple[str, ...] | None = optional(SequenceOf(OID), 4, default=None)
    element_set_names: tuple[str, ...] | None = optional(SequenceOf(ELEMENT_SET_NAME), 10, default=None)
    unit_systems: tuple[str, ...] = required(SequenceOf(TEXT), 11)


@sequence
class CategoryInfo(Composite):
    category: str = required(TEXT, 1)
    description: HumanString | None = optional(_HUMAN_STRING, 3, default=None)


@sequence
class CategoryList(Composite):
    categories: tuple[CategoryInfo, ...] = required(SequenceOf(Sequence(CategoryInfo)), 1)


@sequence
class TargetInfo(Composite):
    name: str = required(TEXT, 1)
    named_result_sets: bool = required(BOOLEAN, 4)
    multiple_db_search: bool = required(BOOLEAN, 5)
    max_result_sets: int | None = optional(INTEGER, 6, default=None)
    welcome_message: HumanString | None = optional(_HUMAN_STRING, 10, default=None)
    description: HumanString | None = optional(_HUMAN_STRING, 12, default=None)
    common_access_info: AccessInfo | None = optional(Sequence(AccessInfo), 19, default=None)


@sequence
class DatabaseInfo(Composite):
    name: str = required(TEXT, 1)
    explain_database: bool | None = optional(NULL, 2, default=None)
    user_fee: bool = required(BOOLEAN, 5)
    available: bool = required(BOOLEAN, 6)
    title_string: HumanString | None = optional(_HUMAN_STRING, 7, default=None)
    description: HumanString | None = optional(_HUMAN_STRING, 9, default=None)
    record_count: int | None = optional(
        Explicit(CONTEXT | 14, Choice((int, Implicit(CONTEXT | 0, INTEGER)))), default=None
    )
    access_info: AccessInfo | None = optional(Sequence(AccessInfo), 29, default=None)


@sequence
class AttributeDescription(Composite):
    name: str | None = optional(TEXT, 0, default=None)
    description: HumanString | None = optional(_HUMAN_STRING, 1, default=None)
    attribute_value: str | int = required(STRING_OR_NUMERIC, 2)


@sequence
class AttributeTypeInfo(Composite):
    name: str | None = optional(TEXT, 0, default=None)
    attribute_type: int = required(INTEGER, 2)
    attribute_values: tuple[AttributeDescription, ...] = required(SequenceOf(Sequence(AttributeDescription)), 3)


@sequence
class AttributeSetInfo(Composite):
    attribute_set: str = required(OID, 1)
    name: str = required(TEXT, 2)
    attributes: tuple[AttributeTypeInfo, ...] | None = optional(
        SequenceOf(Sequence(AttributeTypeInfo)), 3, default=None
    )


@sequence
class AttributeValue(Composite):
    value: str | int = required(STRING_OR_NUMERIC, 0)


@sequence
class AttributeTypeDetails(Composite):
    attribute_type: int = required(INTEGER, 0)
    attribute_values: tuple[AttributeValue, ...] | None = optional(
        SequenceOf(Sequence(AttributeValue)), 2, default=None
    )


@sequence
class AttributeSetDetails(Composite):
    attribute_set: str = required(OID, 0)
    attributes_by_type: tuple[AttributeTypeDetails, ...] = required(SequenceOf(Sequence(AttributeTypeDetails)), 1)


@sequence
class AttributeDetails(Composite):
    database_name: str = required(TEXT, 1)
    attributes_by_set: tuple[AttributeSetDetails, ...] | None = optional(
        SequenceOf(Sequence(AttributeSetDetails)), 2, default=None
    )


ExplainRecord = CategoryList | TargetInfo | DatabaseInfo | AttributeSetInfo | AttributeDetails
_CLASSES: tuple[type[Any], ...] = (CategoryList, TargetInfo, DatabaseInfo, AttributeSetInfo, AttributeDetails)
_EXPLAIN_RECORD = Choice(*((cls, Implicit(CONTEXT | CATEGORIES[cls.__name__], Sequence(cls))) for cls in _CLASSES))


def write_explain(record: ExplainRecord) -> bytes:
    """An Explain record as the BER element an EXTERNAL holds."""
    return _EXPLAIN_RECORD.write(record)


def read_explain(external: External) -> ExplainRecord:
    """An Explain record of a category named here. Raises BerError."""
    if external.single is None:
        raise BerError("an Explain record that is no BER", 0)
    return asn1.read_whole(_EXPLAIN_RECORD, external.single)
