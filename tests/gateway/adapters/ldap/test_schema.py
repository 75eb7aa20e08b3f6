"""The schema that is told to clients: whole, without contradictions, and kept to by the entries."""

from __future__ import annotations

import re

import ldap3
import pytest

from gateway.adapters.ldap.matching import RULES, SYNTAXES, rules
from gateway.adapters.ldap.schema import root_dse, subschema
from gateway.crosswalks.ldap import ATTRIBUTES, CLASSES, PERSON_CLASSES
from tests.gateway.adapters.ldap.asking import BASE, SUB
from tests.gateway.adapters.ldap.conftest import READER, Listening

ENTRY = {name: [value.decode() for value in values] for name, values in subschema().attributes.items()}


def known_to_ldap3() -> ldap3.SchemaInfo:
    wanted = ("attributeTypes", "objectClasses", "matchingRules", "matchingRuleUse", "ldapSyntaxes")
    raw = {name: subschema().attributes[name] for name in wanted}
    return ldap3.SchemaInfo("cn=Subschema", ENTRY, {name: list(values) for name, values in raw.items()})


def test_ldap3_understands_every_definition() -> None:
    schema = known_to_ldap3()
    for row in ATTRIBUTES:
        told = schema.attribute_types[row.name]
        assert (told.oid, told.name, bool(told.single_value)) == (row.oid, list(row.names), row.single)
        assert (told.superior or []) == ([row.sup] if row.sup else [])
        assert str(told.description).replace("\\27", "'") == row.description
        if not row.sup:
            assert told.syntax == row.form.syntax
            assert told.equality == [row.form.equality]
        assert bool(told.no_user_modification) is row.operational
    for one in CLASSES:
        told = schema.object_classes[one.name]
        assert (told.oid, told.kind.upper()) == (one.oid, one.kind)
        assert (set(told.must_contain), set(told.may_contain)) == (set(one.must), set(one.may))
    assert {rule.name for rule in rules()} == {one for rule in schema.matching_rules.values() for one in rule.name}
    assert set(SYNTAXES) == set(schema.ldap_syntaxes)


def test_no_name_and_no_oid_stands_twice() -> None:
    names = [name.lower() for row in ATTRIBUTES for name in row.names] + [row.name.lower() for row in CLASSES]
    oids = [row.oid for row in (*ATTRIBUTES, *CLASSES)] + [rule.oid for rule in rules()] + list(SYNTAXES)
    assert len(names) == len(set(names))
    assert len(oids) == len(set(oids))
    assert all(re.fullmatch(r"[0-2](\.(0|[1-9][0-9]*))+", oid) for oid in oids)


def test_what_definitions_name_is_there() -> None:
    attributes = {row.name for row in ATTRIBUTES}
    classes = {row.name for row in CLASSES}
    for row in ATTRIBUTES:
        assert row.sup in ("", *attributes)
        for rule in (row.form.equality, row.form.ordering, row.form.substrings):
            assert not rule or rule.lower() in RULES
        assert row.form.syntax in SYNTAXES
        assert row.form.syntax in RULES[row.form.equality.lower()].suits
    for one in CLASSES:
        assert one.sup in ("", *classes)
        assert {*one.must, *one.may} <= attributes


def test_the_root_says_nothing_that_is_not_so() -> None:
    root = root_dse([], start_tls=False, vendor="v", version="1")
    assert "namingContexts" not in root.attributes
    assert "supportedSASLMechanisms" not in root.attributes


@pytest.mark.parametrize("text", ["(objectClass=*)"])
async def test_entries_keep_to_the_schema(listening: Listening, text: str) -> None:
    client = await listening.connect(READER)
    entries = (await client.search("", text, "*", "+", scope=SUB)).entries
    entries |= (await client.search("", text, "*", "+", scope=BASE)).entries
    entries |= (await client.search("cn=Subschema", text, "*", "+", scope=BASE)).entries
    rows = {row.name: row for row in ATTRIBUTES}
    classes = {row.name: row for row in CLASSES}
    assert len(entries) == 12
    for attributes in entries.values():
        mine = [classes[name] for name in attributes["objectClass"]]
        must = {name for one in mine for name in one.must}
        may = {name for one in mine for name in one.may}
        users = {name for name in attributes if not rows[name].operational}
        assert must <= set(attributes)
        assert users <= must | may
        for name, values in attributes.items():
            row = rows[name]
            assert len(values) == 1 or not row.single
            keys = [RULES[row.form.equality.lower()].key(value.encode()) for value in values]
            assert len(keys) == len(set(keys)), f"a value of {name} stands twice"


def test_people_have_no_class_that_is_not_told() -> None:
    assert set(PERSON_CLASSES) <= {row.name for row in CLASSES}
