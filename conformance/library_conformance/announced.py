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
    if versions := found.get("versions"):
        yield "ncip.version.", Announcement(True, f"LookupVersion: {', '.join(versions)}")


def _z3950(found: Found) -> Iterator[tuple[str, Announcement]]:
    if (options := found.get("options")) is not None:
        for option, prefix in _Z3950.items():
            yield prefix, Announcement(option in options, f"Init: {option.replace('_', ' ')}")


def _ldap(found: Found) -> Iterator[tuple[str, Announcement]]:
    for name, numbers in _LDAP.items():
        if name in found:
            for number, (prefix, what) in numbers.items():
                yield prefix, Announcement(number in found[name], f"root, {name}: {what}")


def _scim(found: Found) -> Iterator[tuple[str, Announcement]]:
    for feature in ("patch", "filter", "etag", "bulk"):
        if isinstance(said := found.get(feature), bool):
            yield f"scim.{feature}.", Announcement(said, f"ServiceProviderConfig: {feature}")


_TABLES: Mapping[str, Callable[[Found], Iterator[tuple[str, Announcement]]]] = {
    "sip2": _sip2, "oai": _oai, "ncip": _ncip, "z3950": _z3950, "ldap": _ldap, "scim": _scim,
}  # fmt: skip


def announced(standard: str, found: Found) -> Mapping[str, Announcement]:
    """By the beginnings of requirements' ids, what a run's `announced` says of them."""
    return dict(_TABLES[standard](found)) if standard in _TABLES else {}


def of(requirement: str, announcements: Mapping[str, Announcement]) -> Announcement | None:
    """What is announced of one requirement; None where nothing is."""
    return next((said for prefix, said in announcements.items() if requirement.startswith(prefix)), None)
