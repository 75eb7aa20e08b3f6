"""What several PDUs are made of: diagnostics, other information, records, element sets, specifications."""

from __future__ import annotations

from library_protocols import ber
from library_protocols.asn1 import (
    BOOLEAN,
    EXTERNAL,
    INTEGER,
    OCTETS,
    OID,
    TEXT,
    VISIBLE,
    Choice,
    Composite,
    External,
    Implicit,
    Sequence,
    SequenceOf,
    optional,
    required,
    sequence,
)
from library_protocols.ber import CONTEXT
from library_protocols.z3950.facts.oids import BIB_1_DIAGNOSTICS

RESULT_SET_ID = Implicit(CONTEXT | 31, TEXT)
ELEMENT_SET_NAME = Implicit(CONTEXT | 103, TEXT)
DATABASE_NAME = Implicit(CONTEXT | 105, TEXT)
DATABASE_NAMES = SequenceOf(DATABASE_NAME)


@sequence
class InfoCategory(Composite):
    category_type_id: str | None = optional(OID, 1, default=None)
    category_value: int = required(INTEGER, 2)


@sequence
class OtherInformationItem(Composite):
    """One piece of other information; exactly one of the four after `category` is there."""

    category: InfoCategory | None = optional(Sequence(InfoCategory), 1, default=None)
    character_info: str | None = optional(TEXT, 2, default=None)
    binary_info: bytes | None = optional(OCTETS, 3, default=None)
    externally_defined_info: External | None = optional(EXTERNAL, 4, default=None)
    oid: str | None = optional(OID, 5, default=None)


OtherInformation = tuple[OtherInformationItem, ...]
OTHER_INFORMATION_ITEMS = SequenceOf(Sequence(OtherInformationItem))
OTHER_INFORMATION = Implicit(CONTEXT | 201, OTHER_INFORMATION_ITEMS)


@sequence
class Diagnostic(Composite):
    """DefaultDiagFormat: a number of a set of diagnostics, and what it is about."""

    diagnostic_set_id: str = optional(OID, default=BIB_1_DIAGNOSTICS)
    condition: int = required(INTEGER)
    addinfo: str = optional(VISIBLE, default="")


class _DiagnosticSequence(Sequence):
    """Writes all three elements always, and the text as version 2 does, which every origin reads."""

    def contents(self, value: Diagnostic, /) -> bytes:
        said = OID.write(value.diagnostic_set_id) + INTEGER.write(value.condition) + VISIBLE.write(value.addinfo)
        return said + b"".join(element.octets for element in value.unknown)


DIAGNOSTIC = _DiagnosticSequence(Diagnostic)

DiagRec = Diagnostic | External
DIAG_REC = Choice((Diagnostic, DIAGNOSTIC), (External, EXTERNAL))
DIAG_RECS = SequenceOf(DIAG_REC)

Fragment = External | bytes
_FRAGMENT = Choice((External, EXTERNAL), (bytes, OCTETS))


@sequence
class RecordChoice(Composite):
    """What stands for one record; exactly one of the five is there."""

    retrieval_record: External | None = optional(EXTERNAL, 1, explicit=True, default=None)
    surrogate_diagnostic: DiagRec | None = optional(DIAG_REC, 2, default=None)
    starting_fragment: Fragment | None = optional(_FRAGMENT, 3, default=None)
    intermediate_fragment: Fragment | None = optional(_FRAGMENT, 4, default=None)
    final_fragment: Fragment | None = optional(_FRAGMENT, 5, default=None)


@sequence
class NamePlusRecord(Composite):
    """One record, and the name of the database it is from (left out where it is the same as before)."""

    name: str | None = optional(TEXT, 0, default=None)
    record: RecordChoice = required(Sequence(RecordChoice), 1)


class _NamePlusRecordSequence(Sequence):
    """Writes a record of octets, as most are, without looking for what else a record may have."""

    def write(self, value: NamePlusRecord, /) -> bytes:
        choice = value.record
        external = choice.retrieval_record
        if external is None or external.octets is None or external.direct_reference is None:
            return super().write(value)
        if external.indirect_reference is not None or external.descriptor is not None:
            return super().write(value)
        if value.unknown or choice.unknown or external.unknown:
            return super().write(value)
        made = OID.write(external.direct_reference) + ber.element(CONTEXT | 1, False, external.octets)
        for tag in (ber.EXTERNAL, CONTEXT | 1, CONTEXT | 1):
            made = ber.element(tag, True, made)
        if value.name is not None:
            made = _NAME.write(value.name) + made
        return ber.element(ber.SEQUENCE, True, made)


_NAME = Implicit(CONTEXT | 0, TEXT)
NAME_PLUS_RECORDS = SequenceOf(_NamePlusRecordSequence(NamePlusRecord))


def record_of(syntax: str, octets: bytes, name: str | None = None) -> NamePlusRecord:
    """A record whose octets are not BER: MARC, XML."""
    return NamePlusRecord(
        name=name, record=RecordChoice(retrieval_record=External(direct_reference=syntax, octets=octets))
    )


def structured_record(syntax: str, single: bytes, name: str | None = None) -> NamePlusRecord:
    """A record that is one BER element: SUTRS, OPAC, Explain, GRS-1."""
    return NamePlusRecord(
        name=name, record=RecordChoice(retrieval_record=External(direct_reference=syntax, single=single))
    )


def surrogate(condition: int, addinfo: str = "", name: str | None = None) -> NamePlusRecord:
    """A diagnostic in the place of a record."""
    diagnostic = Diagnostic(condition=condition, addinfo=addinfo)
    return NamePlusRecord(name=name, record=RecordChoice(surrogate_diagnostic=diagnostic))


@sequence
class DatabaseElementSet(Composite):
    db_name: str = required(DATABASE_NAME)
    esn: str = required(ELEMENT_SET_NAME)


ElementSetNames = str | tuple[DatabaseElementSet, ...]
ELEMENT_SET_NAMES = Choice(
    (str, Implicit(CONTEXT | 0, TEXT)),
    (tuple, Implicit(CONTEXT | 1, SequenceOf(Sequence(DatabaseElementSet)))),
)


@sequence
class ElementSpec(Composite):
    """Elements wanted: by a name or by a specification of some other kind."""

    element_set_name: str | None = optional(TEXT, 1, default=None)
    external_espec: External | None = optional(EXTERNAL, 2, default=None)


@sequence
class Specification(Composite):
    """A schema, by OID or URI, and elements of it."""

    schema_oid: str | None = optional(OID, 1, default=None)
    schema_uri: str | None = optional(TEXT, 300, default=None)
    element_spec: ElementSpec | None = optional(Sequence(ElementSpec), 2, default=None)


SPECIFICATION = Sequence(Specification)


@sequence
class DatabaseSpecification(Composite):
    db: str = required(DATABASE_NAME, 1, explicit=True)
    spec: Specification = required(SPECIFICATION, 2)


@sequence
class CompSpec(Composite):
    """How records are to be made, in version 3."""

    select_alternative_syntax: bool = required(BOOLEAN, 1)
    generic: Specification | None = optional(SPECIFICATION, 2, default=None)
    db_specific: tuple[DatabaseSpecification, ...] | None = optional(
        SequenceOf(Sequence(DatabaseSpecification)), 3, default=None
    )
    record_syntax: tuple[str, ...] | None = optional(SequenceOf(OID), 4, default=None)


COMP_SPEC = Sequence(CompSpec)
