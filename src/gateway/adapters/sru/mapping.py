"""SRU's words for what the catalogue says, and the catalogue's for what SRU asks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.catalogue.forms import BY_SCHEMA, FORMS, Form
from gateway.catalogue.from_cql import SUPPORTS, index_of
from gateway.catalogue.index.facets import Count
from gateway.catalogue.index.headings import Scan
from gateway.catalogue.index_map import CONTEXT_SETS, DEFAULT_SET, INDEXES, Index, Kind, cql_names
from gateway.catalogue.query import Missing, ProblemCode, QueryProblem, SortKey
from gateway.catalogue.records import CatalogueRecord
from gateway.catalogue.remote import Able
from gateway.crosswalks.catalogue import DIAGNOSTICS
from library_protocols import cql
from library_protocols.sru import (
    ContextSet,
    Description,
    Diagnostic,
    Facet,
    FacetDescription,
    FacetTerm,
    IndexDescription,
    SchemaDescription,
    SortParameter,
    Term,
)

DEFAULT_RECORDS = 10
DEFAULT_TERMS = 20
DEFAULT_FACET_VALUES = 10

LIVE = "opac"
"""The form that tells what is on loan now."""
SCHEMAS: tuple[Form, ...] = tuple(form for form in FORMS.values() if form.is_xml)
"""The record schemas of the door, the first the default."""
OTHERWISE = FORMS["marcxchange"]
"""Instead of the default for a record that has not that form: the record says which schema it is in."""


@dataclass(frozen=True, slots=True)
class SruSettings:
    """What the configuration says about this door. `names` are the names of the views.

    `base_url` is scheme and host as clients reach them; None: as they asked. `search_records` is the most that one
    answer holds, `result_sets` how many sets are kept for clients that ask for it.
    """

    names: Mapping[str, str]
    admin_emails: tuple[str, ...] = ()
    base_url: str | None = None
    search_records: int = 1000
    result_sets: int = 100


def diagnostic(problem: QueryProblem) -> Diagnostic:
    """What SRU says to a question that cannot be answered as asked."""
    return Diagnostic.of(DIAGNOSTICS[problem.code].sru, problem.detail)


def unreadable(error: cql.CqlError) -> Diagnostic:
    """What SRU says to a query that is no CQL."""
    return Diagnostic.of(error.diagnostic, str(error))


def find_schema(name: str) -> Form | None:
    """The schema of that name or URI; the default where none is given."""
    return BY_SCHEMA.get(name.lower()) if name else SCHEMAS[0]


def schema_of(record: CatalogueRecord, schema: Form, named: str) -> Form:
    """The schema a record is given in: what was `named`, and where nothing was, one that it can be given in."""
    return schema if named or schema.fits(record) else OTHERWISE


def words(text: str) -> cql.Query:
    """The query type searchTerms: every word, wherever it stands (O part 3, 4.1)."""
    index, relation = cql.Name("cql.serverChoice"), cql.Relation(cql.Name("all"))
    return cql.Query(cql.SearchClause(index, relation, cql.escape(text)))


# Sorting by the parameter


def sort_keys(parameters: Sequence[SortParameter]) -> tuple[SortKey, ...]:
    """The parameter sortKeys. Raises QueryProblem."""
    return tuple(map(_sort_key, parameters))


def _sort_key(key: SortParameter) -> SortKey:
    if key.case_sensitive:
        raise QueryProblem(ProblemCode.SORT_CASE, key.path)
    schema = key.schema.lower()
    known = schema in CONTEXT_SETS
    name = f"{schema}.{key.path}" if known and "." not in key.path else key.path
    try:
        index = index_of(cql.Name(name))
    except QueryProblem:
        raise QueryProblem(ProblemCode.SORT, f"{key.path},{key.schema}" if key.schema else key.path) from None
    if key.schema and not known:
        raise QueryProblem(ProblemCode.SORT, f"{key.path},{key.schema}")
    missing = _MISSING.get(key.missing)
    if missing is None:
        return SortKey(index.name, not key.ascending, Missing.VALUE, key.missing[1:-1])
    return SortKey(index.name, not key.ascending, missing)


_MISSING = {"abort": Missing.FAIL, "highValue": Missing.HIGH, "lowValue": Missing.LOW, "omit": Missing.OMIT}


# Scan


@dataclass(frozen=True, slots=True)
class ScanTarget:
    """The list to scan: an index's headings, or its `words`, from `term` on."""

    index: str
    term: str
    words: bool


def scan_target(clause: cql.SearchClause) -> ScanTarget:
    """What a scan clause points at. `any` and `all` mean the words of an index, as a bare term does of all indexes.

    Raises QueryProblem for an index or relation that no list belongs to.
    """
    term = cql.unescape(clause.term.strip("^*"))
    if clause.index is None or clause.relation is None:
        return ScanTarget("any", term, words=True)
    index, relation = index_of(clause.index), clause.relation
    if relation.modifiers:
        raise QueryProblem(ProblemCode.RELATION_MODIFIER, relation.modifiers[0].name.text)
    if relation.name.base not in ("=", "==", "exact", "any", "all", "adj", "scr"):
        raise QueryProblem(ProblemCode.RELATION, relation.name.text)
    return ScanTarget(index.name, term, words=relation.name.base in ("any", "all") or index.name == "any")


def scan_terms(found: Scan) -> list[Term]:
    """The terms as SRU lists them."""
    last = len(found.entries) - 1
    return [
        Term(entry.term, entry.count, entry.display, _where(found.first and number == 0, found.last and number == last))
        for number, entry in enumerate(found.entries)
    ]


def _where(first: bool, last: bool) -> str:
    if first and last:
        return "only"
    return "first" if first else "last" if last else "inner"


# Facets


def facet_names(limits: Mapping[str, int], general: int | None) -> dict[str, tuple[str, int]]:
    """Index name -> name to show and how many values. A general limit alone means every index that has facets.

    Raises QueryProblem for an index without.
    """
    found: dict[str, tuple[str, int]] = {}
    if general is not None:
        found = {index.name: (cql_names(index)[0], general) for index in INDEXES.values() if index.facet}
    for name, limit in limits.items():
        index = index_of(cql.Name(name))
        if not index.facet:
            raise QueryProblem(ProblemCode.INDEX, name)
        found[index.name] = (name, limit)
    return found


def facet(query: cql.Query, index: Index, shown: str, counts: Iterable[Count]) -> Facet:
    """A facet, each value with the query that narrows the search to it."""
    exact = cql.Relation(cql.Name("==" if index.kind is Kind.TEXT else "="))
    terms = tuple(
        FacetTerm(
            count.value,
            count.count,
            _narrowed(query, cql.SearchClause(cql.Name(shown), exact, cql.escape(count.value))),
        )
        for count in counts
    )
    return Facet(shown, terms, index.label)


def _narrowed(query: cql.Query, clause: cql.SearchClause) -> str:
    return cql.write(cql.Query(cql.Triple(query.root, cql.Boolean("and"), clause), query.sort))


# Explain


def describe(
    settings: SruSettings,
    view: str,
    url: tuple[str, str, int, str],
    records: int | None,
    horizon: int | None,
    able: Mapping[str, Able] | None = None,
) -> Description:
    """What explain tells of a view. `url` is scheme, host, port and path; `horizon` in seconds since 1970; `able` tells
    of the indexes of a member's own server, None of a view of our own, which has all, and facets."""
    transport, host, port, path = url
    updated = "" if horizon is None else datetime.fromtimestamp(horizon, UTC).strftime("%Y%m%d%H%M%S")
    facets = tuple(
        FacetDescription(cql_names(index)[0], DEFAULT_FACET_VALUES, index.label)
        for index in INDEXES.values()
        if index.facet and able is None
    )
    offers = {
        "scan": able is None or any(one.scan for one in able.values()),
        "sort": able is None or any(one.sort for one in able.values()),
    }
    return Description(
        host=host,
        port=port,
        database=path.strip("/"),
        title=settings.names[view],
        transport=transport,
        contact=", ".join(settings.admin_emails),
        records=records,
        updated=updated,
        sets=tuple(ContextSet(name, identifier) for name, identifier in CONTEXT_SETS.items()),
        indexes=tuple(
            _index_description(index, Able(index.scannable, index.sortable) if able is None else able[index.name])
            for index in INDEXES.values()
            if able is None or index.name in able
        ),
        schemas=tuple(SchemaDescription(form.uri, form.schemas[0], form.label, form.schema) for form in SCHEMAS),
        defaults=(
            ("contextSet", DEFAULT_SET),
            ("index", "cql.serverChoice"),
            ("relation", "="),
            ("numberOfRecords", str(min(DEFAULT_RECORDS, settings.search_records))),
            ("retrieveSchema", SCHEMAS[0].schemas[0]),
        ),
        settings=(("maximumRecords", str(settings.search_records)),),
        supports=(*((what, "true") for what, offered in offers.items() if offered), *SUPPORTS),
        examples=("dc.title = wales", 'dc.creator any "jones" sortby dc.date/sort.descending'),
        facets=facets,
    )


def _index_description(index: Index, able: Able) -> IndexDescription:
    names = tuple((head, tail) for head, _, tail in (name.partition(".") for name in cql_names(index)))
    return IndexDescription(index.label, names, scan=able.scan, sort=able.sort, bib1=index.bib1, id=index.name)


__all__ = [
    "DEFAULT_RECORDS",
    "DEFAULT_TERMS",
    "LIVE",
    "OTHERWISE",
    "SCHEMAS",
    "ScanTarget",
    "SruSettings",
    "describe",
    "diagnostic",
    "facet",
    "facet_names",
    "find_schema",
    "scan_target",
    "scan_terms",
    "schema_of",
    "sort_keys",
    "unreadable",
    "words",
]
