"""What octets say, as JSON can hold it: the short view of messages that stands beside their octets in a transcript.

Several messages in one piece are a list. Long texts and lists are cut, records are told by syntax and length: the
octets are there for the rest. What cannot be read has no such view.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from library_conformance import octets as ber
from library_conformance.web import children, document, local, text
from library_protocols import ldap, sip2
from library_protocols.asn1 import External, standard_name
from library_protocols.ldap.facts import OPERATIONS
from library_protocols.z3950 import Query, RpnQuery, UnknownPdu, decode, format_pqf
from library_protocols.z3950.facts import PDUS, TABLES, oid_title
from library_protocols.z3950.rpn import AttributesPlusTerm

_LONG = 200
"""Characters of a text that are shown."""
_MANY = 20
"""Things of one list that are shown."""


def sip2_said(octets: bytes) -> Any:
    """Command, fixed fields by name, fields in their order, sequence number, and whether there is a checksum: what
    it is worth cannot be told of octets that are covered."""
    lines = [one.strip(b"\0\r ") for one in octets.replace(b"\r", b"\n").split(b"\n")]
    return _one_or_all([_sip2(sip2.decode(line)) for line in lines if line])


def _sip2(message: sip2.Message) -> dict[str, Any]:
    said: dict[str, Any] = {"message": message.code}
    if fact := sip2.MESSAGES.get(message.code):
        said["name"] = fact.name
    parts = {"fixed": message.fixed, "fields": [list(pair) for pair in message.fields], "sequence": message.sequence}
    said |= {name: _plain(value) for name, value in parts.items() if value}
    return said | {"checksum": message.checksum is not sip2.Checksum.ABSENT}


def z3950_said(octets: bytes) -> Any:
    """The name of a PDU and its elements, a query in prefix notation, records by syntax and length."""
    return _one_or_all([_z3950(decode(one)) for one in elements(octets)])


def _z3950(pdu: Any) -> dict[str, Any]:
    if isinstance(pdu, UnknownPdu):
        return {"pdu": f"[{pdu.number}]"}
    said = {"pdu": PDUS[pdu.tag].name, **_fields(pdu)}
    if "options" in said:
        said["options"] = [TABLES["option"].describe(bit) or str(bit) for bit in sorted(pdu.options)]
    return said


def ldap_said(octets: bytes) -> Any:
    """The name of an operation, its message id and its elements, a filter as text, controls by their OIDs."""
    return _one_or_all([_ldap(ldap.decode(one)) for one in elements(octets)])


def _ldap(message: ldap.LdapMessage) -> dict[str, Any]:
    said = {"operation": OPERATIONS[ldap.TAGS[type(message.op)]].name, "id": message.message_id}
    said |= _fields(message.op)
    if isinstance(message.op, ldap.SearchRequest):
        said["filter"] = _plain(ldap.filter_text(message.op.filter))
    if message.controls:
        said["controls"] = [one.oid for one in message.controls[:_MANY]]
    return said


def ncip_said(octets: bytes) -> Any:
    """The service, what stands below it (text, or a number of elements), problems by type; over HTTP the status."""
    head, gap, body = octets.partition(b"\r\n\r\n")
    web = octets.startswith((b"HTTP/", b"GET ", b"POST "))
    words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    said: dict[str, Any] = {}
    if web and gap:
        said = {"status": int(words[1])} if words[0].startswith("HTTP/") else {"method": words[0]}
    root = document(body if web else octets.strip())
    if root is None:
        return said or None
    for service in children(root)[:1]:
        said["service"] = local(service)
        below = [[local(each), len(children(each)) or _plain(each.text or "")] for each in children(service)]
        said["below"] = below[:_MANY]
        problems = [text(each, "ProblemType") or "" for each in root.iter() if local(each) == "Problem"]
        if problems:
            said["problems"] = [_plain(one) for one in problems[:_MANY]]
    return said


def _one_or_all(messages: list[dict[str, Any]]) -> Any:
    if len(messages) < 2:
        return messages[0] if messages else None
    return messages[:_MANY] + ([{"more": len(messages) - _MANY}] if len(messages) > _MANY else [])


def elements(octets: bytes) -> Iterator[bytes]:
    """The elements of BER that stand one behind the other. Raises Unreadable where the last is cut short."""
    at = 0
    while at < len(octets):
        size = ber.whole(octets[at:])
        if not size:
            raise ber.Unreadable("an element is cut short")
        yield octets[at : at + size]
        at += size


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not what they are by default."""
    shown = {standard_name(one.name): (getattr(value, one.name), one.default) for one in dataclasses.fields(value)}
    return {key: _plain(found) for key, (found, default) in shown.items() if found is not None and found != default}


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case None | bool() | int():
            return value
        case str():
            found = "".join(one if one.isprintable() else "\ufffd" for one in value[:_LONG])
            return found + ("…" if len(value) > _LONG else "")
        case bytes():
            found = value.decode("utf-8", "surrogateescape")
            return _plain(found) if found.isprintable() else _plain(value.hex())
        case ldap.Result():
            return {"code": value.code, **_fields(value)}
        case External():
            held = value.octets if value.octets is not None else value.single
            return {"syntax": oid_title(value.direct_reference or ""), "octets": len(held or b"")}
        case Query():
            return _plain(value.value)
        case RpnQuery() | AttributesPlusTerm():
            return _plain(format_pqf(value))
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case frozenset():
            return sorted(value)
        case list() | tuple():
            more = [{"more": len(value) - _MANY}] if len(value) > _MANY else []
            return [_plain(one) for one in value[:_MANY]] + more
        case _ if dataclasses.is_dataclass(value):
            return _fields(value)
        case _:
            return repr(value)
