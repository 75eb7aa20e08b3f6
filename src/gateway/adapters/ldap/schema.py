"""The server's own entries: the root DSE, and the subschema, which is written from the tables (RFC 4512 4.1, 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.adapters.ldap.mapping import SUBSCHEMA, StaticEntry, in_octets, static
from gateway.adapters.ldap.matching import SYNTAXES, Rule, rules
from gateway.crosswalks.ldap import ATTRIBUTES, CLASSES, AttributeRow, ClassRow, Usage
from library_protocols.ldap.facts import oids

CONTROLS = (oids.PAGED_RESULTS, oids.MANAGE_DSA_IT)
"""Controls that are understood. ManageDsaIT asks for referrals as entries: there are none, so it is always granted."""
FEATURES = (oids.ALL_OPERATIONAL_ATTRIBUTES, oids.TRUE_FALSE_FILTERS)


def root_dse(contexts: Sequence[str], *, start_tls: bool, vendor: str, version: str) -> StaticEntry:
    """What the server can do. `contexts` are the suffixes that the asker may know of."""
    return StaticEntry(
        "",
        in_octets({
            "objectClass": "top",
            "subschemaSubentry": SUBSCHEMA,
            "namingContexts": contexts,
            "supportedLDAPVersion": "3",
            "supportedControl": CONTROLS,
            "supportedExtension": (oids.WHO_AM_I, *((oids.START_TLS,) if start_tls else ())),
            "supportedFeatures": FEATURES,
            "vendorName": vendor,
            "vendorVersion": version,
        }),
    )  # fmt: skip


def subschema() -> StaticEntry:
    """What attributes and classes there are, and how values are compared."""
    return static(
        SUBSCHEMA,
        {
            "cn": "Subschema",
            "attributeTypes": [_attribute_type(row) for row in ATTRIBUTES],
            "objectClasses": [_object_class(row) for row in CLASSES],
            "matchingRules": [f"( {rule.oid} NAME '{rule.name}' SYNTAX {rule.syntax} )" for rule in rules()],
            "matchingRuleUse": [use for rule in rules() if (use := _use(rule))],
            "ldapSyntaxes": [f"( {oid} DESC '{name}' )" for oid, name in SYNTAXES.items()],
        },
        classes=("subentry", "subschema"),
        below=False,
    )


def _names(names: Sequence[str]) -> str:
    quoted = " ".join(f"'{name}'" for name in names)
    return quoted if len(names) == 1 else f"( {quoted} )"


def _oids(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"( {' $ '.join(names)} )"


def _described(text: str) -> str:
    """RFC 4512 4.1: quotes and backslashes are escaped."""
    escaped = text.replace("\\", "\\5c").replace("'", "\\27")
    return f" DESC '{escaped}'" if text else ""


def _attribute_type(row: AttributeRow) -> str:
    form = row.form
    parts = [f"( {row.oid} NAME {_names(row.names)}{_described(row.description)}"]
    if row.sup:
        parts.append(f"SUP {row.sup}")
    else:
        words = {"EQUALITY": form.equality, "ORDERING": form.ordering, "SUBSTR": form.substrings}
        parts += [f"{word} {rule}" for word, rule in words.items() if rule]
        parts.append(f"SYNTAX {form.syntax}")
    if row.single:
        parts.append("SINGLE-VALUE")
    if row.usage is not Usage.USER:
        parts.append(f"NO-USER-MODIFICATION USAGE {row.usage}")
    return " ".join((*parts, ")"))


def _object_class(row: ClassRow) -> str:
    parts = [f"( {row.oid} NAME '{row.name}'"]
    if row.sup:
        parts.append(f"SUP {row.sup}")
    parts.append(row.kind)
    parts += [f"{word} {_oids(names)}" for word, names in (("MUST", row.must), ("MAY", row.may)) if names]
    return " ".join((*parts, ")"))


def _use(rule: Rule) -> str:
    """Which attributes a rule can be asked for beside those that have it as their own (RFC 4512 4.1.4)."""
    applies = [row.name for row in ATTRIBUTES if row.form.syntax in rule.suits]
    if rule.kind == "substrings" or not applies:
        return ""
    return f"( {rule.oid} NAME '{rule.name}' APPLIES {_oids(applies)} )"
