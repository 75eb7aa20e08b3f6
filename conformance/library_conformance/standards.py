"""The standards by their names on the command line: how each is masked and read, what of its inputs may be shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from library_conformance.decoding import ldap_said, ncip_said, sip2_said, z3950_said
from library_conformance.transcript import Masker, Reader
from library_conformance.web import outline
from library_protocols import sip2
from library_protocols.ldap import mask as mask_ldap
from library_protocols.ncip import mask as mask_ncip
from library_protocols.z3950 import mask as mask_z3950


@dataclass(frozen=True, slots=True)
class Standard:
    """`name` for people; `mask` covers secrets and persons in octets; `decode` gives what they mean, as JSON can hold
    it; `plain` names inputs that name nobody."""

    name: str
    mask: Masker | None = None
    decode: Reader | None = None
    plain: tuple[str, ...] = ()


_HEAD = re.compile(rb"HTTP/|[A-Z]+ ")
_CREDENTIALS = re.compile(
    rb"(?:(?<=\nAuthorization:)|(?<=\nProxy-Authorization:)|(?<=\nCookie:)|(?<=\nSet-Cookie:)|(?<=\nX-API-Key:))[^\r\n]+"
    rb"|(?:(?<=[?&]api_key=)|(?<=[?&]apikey=)|(?<=[?&]key=)|(?<=[?&]token=)|(?<=[?&]password=))[^& \r\n]+",
    re.IGNORECASE,
)
"""What lets somebody in, in the head of a message of HTTP."""


def _let_in(head: bytes) -> bytes:
    return _CREDENTIALS.sub(lambda found: b"*" * len(found[0]), head)


def _open(body: bytes) -> bytes:
    """What anybody may read."""
    return body


def _web(mask: Callable[[bytes], bytes | None]) -> Masker:
    """Masks the body of an HTTP message, and in its head what lets somebody in; a document without a head is masked as
    it is."""

    def masked(octets: bytes) -> bytes | None:
        head, gap, body = octets.partition(b"\r\n\r\n")
        if not gap or not _HEAD.match(head):
            return mask(octets)
        covered = mask(body) if body else b""
        return None if covered is None else _let_in(head) + gap + covered

    return masked


def _any(octets: bytes) -> bytes | None:
    """What went through several doors: each message is masked as what it looks like."""
    if octets[:2].isdigit():
        return sip2.mask(octets, personal=True)
    if octets.startswith((b"HTTP/", b"GET ", b"POST ", b"<")):
        body = octets.partition(b"\r\n\r\n")[2] or octets
        return _web(partial(mask_ncip, personal=True) if b"NCIPMessage" in body else _open)(octets)
    return mask_ldap(octets, personal=True) if octets[:1] == b"0" else mask_z3950(octets)


def _said(octets: bytes) -> Any:
    """The same: each is told as what it looks like."""
    if octets[:2].isdigit():
        return sip2_said(octets)
    if octets.startswith((b"HTTP/", b"GET ", b"POST ", b"<")):
        return ncip_said(octets) if b"NCIPMessage" in octets else outline(octets)
    return ldap_said(octets) if octets[:1] == b"0" else z3950_said(octets)


_DOORS = tuple(f"door.{name}" for name in ("sip2", "ncip", "ldap", "oai", "sru", "z3950"))
STANDARDS: Mapping[str, Standard] = {
    "sip2": Standard(
        "SIP2", partial(sip2.mask, personal=True), sip2_said, ("location", "pickup", "encoding", "currency")
    ),
    "ncip": Standard(
        "NCIP", _web(partial(mask_ncip, personal=True)), ncip_said, ("agency", "from_agency", "to_agency")
    ),
    "oai": Standard("OAI-PMH", _web(_open), outline, plain=("other_door",)),
    "sru": Standard(
        "SRU",
        _web(_open),
        outline,
        plain=("query", "other_query", "unicode_query", "index", "facet_index", "year", "version"),
    ),
    "z3950": Standard("Z39.50", mask_z3950, z3950_said),
    "ldap": Standard("LDAP", partial(mask_ldap, personal=True), ldap_said),
    "scim": Standard("SCIM", _web(_open)),
    "cross": Standard("Several doors", _any, _said, plain=("agency", "from_agency", "word", *_DOORS)),
}
