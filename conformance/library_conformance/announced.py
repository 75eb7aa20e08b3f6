"""What a subject announces on the wire about a requirement: yes, no, or nothing.

The runs keep what was announced (the 98 of SIP2, Identify, Init, rootDSE, LookupVersion, …) each in its own form;
here a table a standard says which of it speaks of which requirements, by the beginning of their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Announcement:
    """`offered`: whether the feature is there, by the subject's own words; `words` tell where it says so."""

    offered: bool
    words: str


_SIP2 = {
    "01": "sip2.block.", "09": "sip2.checkin.", "11": "sip2.checkout.", "15": "sip2.hold.", "17": "sip2.item.",
    "19": "sip2.item-update.", "23": "sip2.patron-status.", "25": "sip2.enable.", "29": "sip2.renew.",
    "35": "sip2.end-session.", "37": "sip2.fee.", "63": "sip2.patron-information.", "65": "sip2.renew-all.",
    "93": "sip2.login.", "97": "sip2.resend.", "99": "sip2.status.",
}  # fmt: skip
_Z3950 = {
    "search": "z3950.search.", "present": "z3950.present.", "scan": "z3950.scan.", "sort": "z3950.sort.",
    "delete_set": "z3950.delete.", "named_result_sets": "z3950.result-set.named",
    "concurrent_operations": "z3950.concurrent.", "negotiation_model": "z3950.charset.negotiation",
    "level_1_segmentation": "z3950.present.segments",
}  # fmt: skip


_SRU_SUPPORTS = {
    "proximity": "sru.cql.proximity", "resultSets": "sru.result-set.kept", "anchoring": "sru.cql.anchor",
    "maskingCharacter": "sru.cql.masking", "sort": "sru.sort.",
}  # fmt: skip
_SRU_RELATIONS = {"all": "sru.cql.all-any", "any": "sru.cql.all-any", "exact": "sru.cql.exact", "==": "sru.cql.exact",
                  "within": "sru.cql.within", "adj": "sru.cql.phrase"}  # fmt: skip
_SRU_SCHEMAS = {"sru.schema.dublin-core": ("dc", "dublin"), "sru.schema.marcxml": ("marc",)}
_LDAP = {
    "supportedControl": {"1.2.840.113556.1.4.319": ("ldap.paging.", "paged results")},
    "supportedExtension": {
        "1.3.6.1.4.1.1466.20037": ("ldap.tls.", "StartTLS"),
        "1.3.6.1.4.1.4203.1.11.3": ("ldap.extended.who-am-i", "Who am I?"),
    },
}


def _sip2(found: Found) -> Iterator[tuple[str, Announcement]]:
    for command, prefix in _SIP2.items():
        if isinstance(said := found.get(command), bool):
            yield prefix, Announcement(said, f"98, BX: {command} {'Y' if said else 'N'}")


def _oai(found: Found) -> Iterator[tuple[str, Announcement]]:
    if version := found.get("protocolVersion"):
        yield "oai.identify.version", Announcement(version == "2.0", f"Identify: protocolVersion {version}")
    if kept := found.get("deletedRecord"):
        yield "oai.deletions.", Announcement(kept != "no", f"Identify: deletedRecord {kept}")
    if "compression" in found:
        named = ", ".join(found["compression"]) or "none"
        yield "oai.http.gzip", Announcement("gzip" in found["compression"], f"Identify: compression {named}")
    if "sets" in found:
        yield "oai.sets.", Announcement(bool(found["sets"]), f"ListSets: {'sets' if found['sets'] else 'no sets'}")
    if formats := found.get("formats"):
        marc = any("marc" in name.lower() for name in formats)
        yield "oai.formats.marc", Announcement(marc, f"ListMetadataFormats: {', '.join(formats)}")
        yield "oai.formats.dublin-core", Announcement("oai_dc" in formats, "ListMetadataFormats")


def _ncip(found: Found) -> Iterator[tuple[str, Announcement]]:
    """LookupVersion tells versions and nothing else: no message of NCIP lists the services that are served."""
    if versions := found.get("versions"):
        words = f"LookupVersion: {', '.join(versions)}"
        yield "ncip.version.lookup-version", Announcement(True, words)
        yield "ncip.version.announced-is-spoken", Announcement(True, words)
        yield "ncip.v1.", Announcement(any("v1_" in one or one.startswith("1") for one in versions), words)


def _z3950(found: Found) -> Iterator[tuple[str, Announcement]]:
    if versions := found.get("versions"):
        words = f"Init: versions {', '.join(map(str, versions))}"
        yield "z3950.init.version-3", Announcement(3 in versions, words)
    if (options := found.get("options")) is not None:
        for option, prefix in _Z3950.items():
            yield prefix, Announcement(option in options, f"Init: {option.replace('_', ' ')}")


def _sru(found: Found) -> Iterator[tuple[str, Announcement]]:
    """What explain does not name is not denied by it, but for the flags of indexes and the list of schemas."""
    for version in found.get("version", ()):
        yield f"sru.version.v{version.replace('.', '-')}", Announcement(True, f"explain: version {version}")
    for method in found.get("method", ()):
        yield f"sru.http.{method.lower()}", Announcement(True, f"explain: method {method}")
    for flag, prefix in (("scan", "sru.scan."), ("sort", "sru.sort.")):
        if flag in found:
            several = ", ".join(found[flag]) or "none"
            yield prefix, Announcement(bool(found[flag]), f"explain: indexes with {flag}: {several}")
    if schemas := found.get("schemas"):
        words = f"explain: schemas {', '.join(schemas)}"
        yield "sru.explain.schemas", Announcement(True, words)
        for prefix, names in _SRU_SCHEMAS.items():
            yield prefix, Announcement(any(name in one.lower() for one in schemas for name in names), words)
    if indexes := found.get("indexes"):
        yield "sru.explain.indexes", Announcement(True, f"explain: indexes {', '.join(indexes)}")
    for names, table in (("supports", _SRU_SUPPORTS), ("relations", _SRU_RELATIONS)):
        for name in found.get(names, ()):
            if name in table:
                yield table[name], Announcement(True, f"explain: supports {name}")


def _ldap(found: Found) -> Iterator[tuple[str, Announcement]]:
    if versions := found.get("supportedLDAPVersion"):
        yield "ldap.root.version", Announcement("3" in versions, f"root, supportedLDAPVersion: {', '.join(versions)}")
    for name, numbers in _LDAP.items():
        if name in found:
            for number, (prefix, what) in numbers.items():
                yield prefix, Announcement(number in found[name], f"root, {name}: {what}")


def _scim(found: Found) -> Iterator[tuple[str, Announcement]]:
    for feature in ("patch", "filter", "etag", "bulk"):
        if isinstance(said := found.get(feature), bool):
            yield f"scim.{feature}.", Announcement(said, f"ServiceProviderConfig: {feature}")


_TABLES: Mapping[str, Callable[[Found], Iterator[tuple[str, Announcement]]]] = {
    "sip2": _sip2, "oai": _oai, "ncip": _ncip, "sru": _sru, "z3950": _z3950, "ldap": _ldap, "scim": _scim,
}  # fmt: skip


def in_words(found: Found) -> list[str]:
    """All that a subject announced, a line a fact, for people."""
    return [f"{name}: {_value(value)}" for name, value in found.items() if value not in ("", None)]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def announced(standard: str, found: Found) -> Mapping[str, Announcement]:
    """By the beginnings of requirements' ids, what a run's `announced` says of them."""
    return dict(_TABLES[standard](found)) if standard in _TABLES else {}


def of(requirement: str, announcements: Mapping[str, Announcement]) -> Announcement | None:
    """What is announced of one requirement, by the longest beginning of its id; None where nothing is."""
    return announcements.get(max(filter(requirement.startswith, announcements), key=len, default=""))
