"""Z39.50's words for what the catalogue says, and the catalogue's for what Z39.50 asks. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

from gateway.catalogue import from_cql, from_rpn
from gateway.catalogue.forms import BY_SCHEMA
from gateway.catalogue.from_rpn import STRICT, Fallback, ScanPoint
from gateway.catalogue.index.headings import Scan
from gateway.catalogue.query import Missing, QueryProblem, SortKey
from gateway.catalogue.query import Query as CatalogueQuery
from gateway.catalogue.records import CatalogueRecord, Format
from gateway.crosswalks.catalogue import DIAGNOSTICS
from library_protocols import cql
from library_protocols.asn1 import TEXT, Composite, External, read_whole
from library_protocols.ber import BerError
from library_protocols.marc import marc8
from library_protocols.z3950 import (
    Diagnostic,
    ListEntries,
    PresentRequest,
    Query,
    ScanResponse,
    SearchRequest,
    TermInfo,
)
from library_protocols.z3950.apdu import ScanRequest
from library_protocols.z3950.common import CompSpec, ElementSetNames, OtherInformationItem, Specification
from library_protocols.z3950.facts import ScanStatus
from library_protocols.z3950.facts.oids import CQL, OPAC, SEARCH_RESULT_1, SUTRS, UNIMARC, USMARC, XML
from library_protocols.z3950.records import QueryTerm, SubqueryReport
from library_protocols.z3950.rpn import AttributesPlusTerm, GeneralTerm, Operation, RpnNode, RpnQuery
from library_protocols.z3950.sorting import SortKeySpec

MOST_COUNTED = 20
"""Terms of one query whose own hits are told: each costs a search."""
ANY = 1016
"""The Use attribute that stands in for those without an index, for clients that want it so."""


class Problem(Exception):
    """The request is answered by a diagnostic; `addinfo` names the culprit."""

    def __init__(self, condition: int, addinfo: str = "") -> None:
        super().__init__(f"{condition} {addinfo}".strip())
        self.diagnostic = Diagnostic(condition=condition, addinfo=addinfo)


def problem_of(error: QueryProblem) -> Problem:
    """What Z39.50 says to a question that cannot be answered as asked."""
    return Problem(DIAGNOSTICS[error.code].bib1, error.detail)


# Text


def decode_term(octets: bytes, charset: str) -> str:
    """A term as text. What is no UTF-8 where that was agreed is taken for Latin-1, which never fails."""
    if charset == "marc-8":
        return marc8.decode(octets)[0]
    try:
        return octets.decode(charset)
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def encode_term(text: str, charset: str) -> bytes:
    """A term as the client reads it."""
    if charset == "marc-8":
        return marc8.encode(text)[0]
    return text.encode(charset, "replace")


def wire_text(text: str, charset: str) -> str:
    """Text for a string of a PDU, so that its octets are those of `charset`."""
    if charset == "utf-8" or text.isascii() or _KEPT.search(text):
        return text
    return encode_term(text, charset).decode("utf-8", "surrogateescape")


_KEPT = re.compile("[\udc80-\udcff]")
"""Octets of the client's own that were no UTF-8: it gets them back as it wrote them."""


def in_charset(value: Any, charset: str) -> Any:
    """What a PDU or record is made of, with every string in it as `wire_text` has it."""
    if charset == "utf-8":
        return value
    if isinstance(value, str):
        return wire_text(value, charset)
    if isinstance(value, tuple):
        return tuple(in_charset(one, charset) for one in value)
    if isinstance(value, Composite):
        return replace(value, **{one.name: in_charset(getattr(value, one.name), charset) for one in fields(value)})
    return value


# Queries


def fallback(tolerant: bool) -> Fallback:
    """What is done with attributes that are not served: refused, or left out of account."""
    return Fallback(unknown_use=ANY, relax=True) if tolerant else STRICT


def catalogue_query(query: Query, charset: str, tolerant: bool) -> tuple[CatalogueQuery, tuple[SortKey, ...]]:
    """What the catalogue is to be asked, and in what order. Raises Problem and QueryProblem."""
    if isinstance(query.value, RpnQuery):
        return from_rpn.query(query.value, partial(decode_term, charset=charset), fallback(tolerant)), ()
    if not isinstance(query.value, External):
        raise Problem(107, str(query.kind))
    if query.value.direct_reference != CQL:
        raise Problem(107, query.value.direct_reference or str(query.kind))
    try:
        parsed = cql.parse(_cql_text(query.value, charset))
    except cql.CqlError as error:
        raise Problem(108, str(error)) from error
    return from_cql.query(parsed), from_cql.sort_keys(parsed)


def _cql_text(external: External, charset: str) -> str:
    """The query inside an EXTERNAL: one string of characters, or octets."""
    octets = external.octets
    if octets is None and external.single is not None:
        try:
            octets = read_whole(TEXT, external.single).encode("utf-8", "surrogateescape")
        except BerError as error:
            raise Problem(108, str(error)) from error
    if octets is None:
        raise Problem(108, "no query in the EXTERNAL")
    return decode_term(octets, charset)


def terms_to_count(request: SearchRequest, always: bool) -> tuple[RpnQuery, ...]:
    """The terms whose own hits a client is told, each as a query: where it asks for them by naming SearchResult-1, or
    `always`. None of a query that is no RPN."""
    query = request.query.value
    if not isinstance(query, RpnQuery) or not (
        always or any(map(_asks_for_counts, request.additional_search_info or ()))
    ):
        return ()
    terms: list[RpnQuery] = []
    rest: list[RpnNode] = [query.root]
    while rest and len(terms) < MOST_COUNTED:
        node = rest.pop()
        if isinstance(node, AttributesPlusTerm):
            terms.append(RpnQuery(query.attribute_set, node))
        elif isinstance(node, Operation):
            rest += (node.right, node.left)
    return tuple(terms)


def _asks_for_counts(item: OtherInformationItem) -> bool:
    external = item.externally_defined_info
    return SEARCH_RESULT_1 in (item.oid, external.direct_reference if external is not None else None)


def term_report(term: RpnQuery, count: int | None) -> SubqueryReport:
    """What a term found alone; None where that is not known."""
    assert isinstance(term.root, AttributesPlusTerm)
    return SubqueryReport(
        full_query=False, subquery_expression=QueryTerm(query_term=term.root.term), subquery_count=count
    )


# Records


@dataclass(frozen=True, slots=True)
class Wanted:
    """How records are to be made: the syntax, and a form of `catalogue.forms`; `brief` as its element set says.

    `otherwise` is the form of records whose MARC format has not the first, empty where the client named that one.
    """

    syntax: str
    form: str
    brief: bool = False
    otherwise: str = ""


_MARC = {Format.MARC21: USMARC, Format.UNIMARC: UNIMARC}
SYNTAXES = (USMARC, UNIMARC, XML, SUTRS, OPAC)
"""What is offered, in order of preference."""
ELEMENT_SETS = ("F", "B", *(name for name in BY_SCHEMA if ":" not in name))
"""Names of element sets: full and brief in every syntax, and the schemas of XML, which have URIs too."""


def wanted(
    syntax: str | None, names: ElementSetNames | None, composition: CompSpec | None, database: str, tolerant: bool
) -> Wanted:
    """How a client wants its records. Raises Problem: 24 to 26, 239, 1066."""
    element_set = names if isinstance(names, str) else None
    if isinstance(names, tuple):
        element_set = next((one.esn for one in names if one.db_name.casefold() == database.casefold()), None)
    schema = None
    if composition is not None:
        spec = _specification(composition, database)
        if spec is not None:
            schema = spec.schema_uri or spec.schema_oid
            element_set = spec.element_spec.element_set_name if spec.element_spec else None
        if composition.record_syntax:
            syntax = _first_offered(composition)
    if syntax is not None and syntax not in SYNTAXES:
        raise Problem(239, syntax)
    return _form(syntax or USMARC, (element_set or "F").strip(), schema, tolerant)


def _specification(composition: CompSpec, database: str) -> Specification | None:
    for one in composition.db_specific or ():
        if one.db.casefold() == database.casefold():
            return one.spec
    return composition.generic


def _first_offered(composition: CompSpec) -> str:
    asked = composition.record_syntax or ()
    for syntax in asked:
        if syntax in SYNTAXES:
            return syntax
    if composition.select_alternative_syntax:
        return USMARC
    raise Problem(239, " ".join(asked))


def _form(syntax: str, element_set: str, schema: str | None, tolerant: bool) -> Wanted:
    brief = element_set.upper() == "B"
    plain = brief or element_set.upper() == "F"
    if syntax == XML:
        name = schema or ("" if plain else element_set)
        form = BY_SCHEMA.get(name.lower())
        if form is not None:
            return Wanted(XML, form.name)
        if name and not tolerant:
            raise Problem(1066 if schema else 25, name)
        return Wanted(XML, "dc", brief) if brief else Wanted(XML, "marcxml", otherwise="marcxchange")
    if schema is not None and not tolerant:
        raise Problem(1066, schema)
    if not plain and not tolerant:
        raise Problem(25, element_set)
    if syntax == SUTRS:
        return Wanted(SUTRS, "sutrs-brief" if brief else "sutrs", brief)
    return Wanted(syntax, "iso2709", brief)


def can_be(marc: Format, syntax: str) -> bool:
    """Whether a record is to be had in a syntax: MARC 21 is no UNIMARC, and the other way round."""
    return syntax not in (USMARC, UNIMARC) or _MARC[marc] == syntax


def marc_syntax(record: CatalogueRecord) -> str:
    """The syntax of a record's own MARC."""
    return _MARC[record.format]


def wanted_of_search(request: SearchRequest, small: bool, database: str, tolerant: bool) -> Wanted:
    """How records that come with the answer to a search are to be made. Raises Problem."""
    names = request.small_set_element_set_names if small else request.medium_set_element_set_names
    return wanted(request.preferred_record_syntax, names, None, database, tolerant)


def wanted_of_present(request: PresentRequest, database: str, tolerant: bool) -> Wanted:
    """How records that are asked for are to be made. Raises Problem."""
    return wanted(request.preferred_record_syntax, request.simple, request.complex, database, tolerant)


def piggybacked(request: SearchRequest, count: int) -> tuple[int, bool]:
    """How many records come with the answer to a search, and whether as those of a small set (3.2.2.1.6)."""
    if count <= request.small_set_upper_bound:
        return count, True
    if count >= request.large_set_lower_bound:
        return 0, False
    return min(max(request.medium_set_present_number, 0), count), False


# Scan


def scan_point(request: ScanRequest, charset: str, tolerant: bool) -> ScanPoint:
    """What a scan points at. Raises QueryProblem."""
    decode = partial(decode_term, charset=charset)
    return from_rpn.scan_point(request.term_list_and_start_point, request.attribute_set, decode, fallback(tolerant))


def scan_response(found: Scan, asked: int, charset: str) -> ScanResponse:
    """The terms of an index as Z39.50 lists them."""
    if not found.entries:
        entries = ListEntries(nonsurrogate_diagnostics=(Diagnostic(condition=241),))
        return ScanResponse(
            scan_status=ScanStatus.FAILURE, number_of_entries_returned=0, entries=entries, step_size=0,
            position_of_term=found.position,
        )  # fmt: skip
    entries = ListEntries(
        entries=tuple(
            TermInfo(
                term=GeneralTerm(encode_term(entry.term, charset)),
                display_term=entry.display if entry.display != entry.term else None,
                global_occurrences=entry.count,
            )
            for entry in found.entries
        )
    )
    status = ScanStatus.SUCCESS if len(found.entries) >= asked else ScanStatus.PARTIAL_5
    return ScanResponse(
        scan_status=status,
        number_of_entries_returned=len(found.entries),
        entries=in_charset(entries, charset),
        step_size=0,
        position_of_term=found.position,
    )


# Sort


def sort_key(spec: SortKeySpec, charset: str, tolerant: bool) -> SortKey:
    """One key of a sort. Raises Problem and QueryProblem."""
    element = spec.sort_element.generic
    if element is None:
        raise Problem(210)
    if isinstance(element, Specification):
        raise Problem(207, "elementSpec")
    by_name = isinstance(element, str)
    index = from_rpn.sort_index(element) if by_name else from_rpn.sort_index(element.list, element.id)
    if spec.sort_relation not in (0, 1):
        raise Problem(214, str(spec.sort_relation))
    if spec.case_sensitivity == 0 and not tolerant:
        raise Problem(215, "0")
    action = spec.missing_value_action
    if action is None:
        return SortKey(index, spec.sort_relation == 1)
    if action.missing_value_data is not None:
        value = decode_term(action.missing_value_data, charset)
        return SortKey(index, spec.sort_relation == 1, Missing.VALUE, value)
    return SortKey(index, spec.sort_relation == 1, Missing.FAIL if action.abort else Missing.LOW)
