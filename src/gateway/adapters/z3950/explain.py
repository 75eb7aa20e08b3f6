"""The Explain database: what this target offers, told from the tables it is served by (3.2.10, minimal)."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.adapters.z3950.mapping import ELEMENT_SETS, SYNTAXES, Problem, in_charset
from gateway.adapters.z3950.settings import Z3950Settings
from gateway.catalogue.from_rpn import SERVED
from library_protocols.z3950 import Query
from library_protocols.z3950.explain_records import (
    CATEGORIES,
    EXPLAIN_DATABASE,
    AccessInfo,
    AttributeDescription,
    AttributeDetails,
    AttributeSetDetails,
    AttributeSetInfo,
    AttributeTypeDetails,
    AttributeTypeInfo,
    AttributeValue,
    CategoryInfo,
    CategoryList,
    DatabaseInfo,
    ExplainRecord,
    TargetInfo,
    human,
    write_explain,
)
from library_protocols.z3950.facts import BIB_1_ATTRIBUTES
from library_protocols.z3950.facts.oids import BIB_1, BIB_1_DIAGNOSTICS, EXP_1, EXPLAIN, SUTRS
from library_protocols.z3950.rpn import (
    AttributesPlusTerm,
    GeneralTerm,
    Operation,
    Operator,
    RpnNode,
    RpnQuery,
    StringTerm,
)

_CATEGORY, _DATABASE = 1, 3
"""Use attributes of the set Exp-1."""


NAME = EXPLAIN_DATABASE.casefold()
"""The Explain database's name, as names of databases are compared."""


def search(query: Query, settings: Z3950Settings, views: Iterable[str], charset: str) -> tuple[bytes, ...]:
    """The Explain records a query finds, for somebody who may read these views, in `charset`. Raises Problem."""
    if not isinstance(query.value, RpnQuery):
        raise Problem(107, str(query.kind))
    wanted = dict(_conditions(query.value.root, query.value.attribute_set))
    category = wanted.get(_CATEGORY)
    if category is None:
        raise Problem(116, "1=1")
    names = {name.casefold(): name for name in CATEGORIES}
    found = _records(names.get(category.casefold(), ""), settings, tuple(views), wanted.get(_DATABASE))
    return tuple(write_explain(in_charset(one, charset)) for one in found)


def check_syntax(syntax: str | None) -> None:
    """Raises Problem for a syntax Explain records are not given in."""
    if syntax not in (None, EXPLAIN):
        raise Problem(238 if syntax == SUTRS else 239, syntax or "")


def _conditions(node: RpnNode, attribute_set: str) -> Iterable[tuple[int, str]]:
    """Use attribute and term of each operand; they may be joined by AND alone."""
    if isinstance(node, Operation):
        if node.operator is not Operator.AND:
            raise Problem(110, node.operator.name.lower())
        yield from _conditions(node.left, attribute_set)
        yield from _conditions(node.right, attribute_set)
        return
    if not isinstance(node, AttributesPlusTerm):
        raise Problem(18)
    for attribute in node.attributes:
        if (attribute.attribute_set or attribute_set) != EXP_1:
            raise Problem(121, attribute.attribute_set or attribute_set)
        if attribute.type == 1:
            if attribute.value not in (_CATEGORY, _DATABASE):
                raise Problem(114, str(attribute.value))
            yield int(str(attribute.value)), _text(node)


def _text(operand: AttributesPlusTerm) -> str:
    match operand.term:
        case GeneralTerm(octets):
            return octets.decode("utf-8", "replace")
        case StringTerm(text):
            return text
        case _:
            raise Problem(229)


def _records(
    category: str, settings: Z3950Settings, views: tuple[str, ...], database: str | None
) -> list[ExplainRecord]:
    chosen = [view for view in views if database is None or view == database.casefold()]
    match category:
        case "CategoryList":
            return [CategoryList(categories=tuple(CategoryInfo(category=name) for name in CATEGORIES))]
        case "TargetInfo":
            return [
                TargetInfo(
                    name=settings.implementation_name,
                    named_result_sets=True,
                    multiple_db_search=False,
                    max_result_sets=settings.result_sets,
                    common_access_info=_access(),
                )
            ]
        case "DatabaseInfo":
            return [_database(view, settings) for view in chosen]
        case "AttributeSetInfo":
            return [_attribute_set()]
        case "AttributeDetails":
            return [_attribute_details(view) for view in chosen]
        case _:
            return []


def _access() -> AccessInfo:
    return AccessInfo(
        diagnostics_sets=(BIB_1_DIAGNOSTICS,),
        attribute_set_ids=(BIB_1,),
        record_syntaxes=SYNTAXES,
        element_set_names=ELEMENT_SETS,
        unit_systems=(),
    )


def _database(view: str, settings: Z3950Settings) -> DatabaseInfo:
    return DatabaseInfo(
        name=view,
        user_fee=False,
        available=True,
        title_string=human(settings.names.get(view, view)),
        access_info=_access(),
    )


def _attribute_set() -> AttributeSetInfo:
    return AttributeSetInfo(
        attribute_set=BIB_1,
        name="bib-1",
        attributes=tuple(
            AttributeTypeInfo(
                name=BIB_1_ATTRIBUTES[kind].name,
                attribute_type=kind,
                attribute_values=tuple(
                    AttributeDescription(
                        name=row.name if (row := BIB_1_ATTRIBUTES[kind].rows.get(value)) else None,
                        attribute_value=value,
                    )
                    for value in values
                ),
            )
            for kind, values in SERVED.items()
        ),
    )


def _attribute_details(view: str) -> AttributeDetails:
    types = tuple(
        AttributeTypeDetails(
            attribute_type=kind, attribute_values=tuple(AttributeValue(value=value) for value in values)
        )
        for kind, values in SERVED.items()
    )
    details = AttributeSetDetails(attribute_set=BIB_1, attributes_by_type=types)
    return AttributeDetails(database_name=view, attributes_by_set=(details,))
