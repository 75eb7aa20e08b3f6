"""One message in octets and back (RFC 4511 4 and appendix B).

Each operation has a function that reads it and one that writes it, found by tag and by class. A message that cannot be
read keeps its number, where that came, for the answer that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from library_protocols import ber
from library_protocols.asn1 import write_text
from library_protocols.ber import APPLICATION, CONTEXT, BerError, Head, Reader
from library_protocols.ldap import messages as m
from library_protocols.ldap import wire
from library_protocols.ldap.errors import DecodeError
from library_protocols.ldap.filter_codec import read_filter, write_filter
from library_protocols.ldap.wire import Fields

CONTROLS = CONTEXT | 0
SIMPLE, SASL = CONTEXT | 0, CONTEXT | 3
REFERRAL, SERVER_CREDENTIALS = CONTEXT | 3, CONTEXT | 7
NEW_SUPERIOR = CONTEXT | 0
REQUEST_NAME, REQUEST_VALUE = CONTEXT | 0, CONTEXT | 1
RESPONSE_NAME, RESPONSE_VALUE = CONTEXT | 10, CONTEXT | 11
INTERMEDIATE_NAME, INTERMEDIATE_VALUE = CONTEXT | 0, CONTEXT | 1

_SCOPES = {int(one): one for one in m.Scope}
_DEREFS = {int(one): one for one in m.Deref}
_CHANGES = {int(one): one for one in m.Change}


def decode(octets: bytes) -> m.LdapMessage:
    """The message that `octets` is, whole and nothing else.

    Raises DecodeError, and nothing else whatever `octets` holds.
    """
    message_id: int | None = None
    try:
        outer = Fields(Reader(octets), 0, len(octets))
        fields = outer.inside(ber.SEQUENCE, "LDAPMessage")
        if outer.at != len(octets):
            raise BerError("octets after the message", outer.at)
        message_id = fields.number("messageID")
        at = fields.at
        if at >= fields.stop:
            raise BerError("protocolOp is missing", at)
        head = fields.element()
        reader = _READERS.get(head[0])
        if reader is None:
            raise BerError(f"{ber.tag_name(head[0])} is no operation", at)
        constructed, read = reader
        if head[1] != constructed:
            raise BerError(f"an operation that is {'constructed' if head[1] else 'primitive'}", at)
        op = read(Fields(fields.reader, head[2], head[3]))
        controls = _read_controls(fields.inside(CONTROLS, "controls")) if fields.comes(CONTROLS) else ()
        return m.LdapMessage(message_id, op, controls, unknown=fields.rest())
    except BerError as error:
        raise DecodeError(error.reason, error.offset, message_id) from None


def encode(message: m.LdapMessage) -> bytes:
    """The octets of a message."""
    tag, constructed, write = _WRITERS[type(message.op)]
    op = ber.element(tag, constructed, write(message.op) + message.op.unknown)
    controls = wire.sequence(*map(_write_control, message.controls), tag=CONTROLS) if message.controls else b""
    return wire.sequence(wire.integer(message.message_id), op, controls, message.unknown)


# What operations are made of


def _read_controls(fields: Fields) -> tuple[m.Control, ...]:
    found: list[m.Control] = []
    while fields.at < fields.stop:
        inner = fields.inside(ber.SEQUENCE, "control")
        oid = inner.text("controlType")
        critical = inner.boolean("criticality") if inner.comes(ber.BOOLEAN) else False
        found.append(m.Control(oid, critical, inner.optional_octets(ber.OCTET_STRING, "controlValue")))
        inner.end()
    return tuple(found)


def _write_control(control: m.Control) -> bytes:
    return wire.sequence(
        wire.text(control.oid),
        wire.TRUE if control.critical else b"",
        b"" if control.value is None else wire.octets(control.value),
    )


def _read_result(fields: Fields) -> m.Result:
    code = fields.number("resultCode", ber.ENUMERATED)
    matched, diagnostic = fields.text("matchedDN"), fields.text("diagnosticMessage")
    if not fields.comes(REFERRAL):
        return m.Result(code, matched, diagnostic)
    return m.Result(code, matched, diagnostic, fields.inside(REFERRAL, "referral").all_texts("URI"))


def _write_result(result: m.Result) -> bytes:
    referral = wire.sequence(*map(wire.text, result.referrals), tag=REFERRAL) if result.referrals else b""
    return wire.enumerated(result.code) + wire.text(result.matched_dn) + wire.text(result.diagnostic) + referral


def _read_attributes(fields: Fields) -> tuple[m.Attribute, ...]:
    found: list[m.Attribute] = []
    while fields.at < fields.stop:
        found.append(_read_attribute(fields.inside(ber.SEQUENCE, "attribute")))
    return tuple(found)


def _read_attribute(fields: Fields) -> m.Attribute:
    found = fields.text("type"), fields.inside(ber.SET, "vals").all_octets("value")
    fields.end()
    return found


def _write_attribute(attribute: m.Attribute) -> bytes:
    name, values = attribute
    return wire.sequence(wire.text(name), wire.sequence(*map(wire.octets, values), tag=ber.SET))


def _optional(value: bytes | str | None, tag: int) -> bytes:
    if value is None:
        return b""
    return wire.octets(value, tag) if isinstance(value, bytes) else wire.text(value, tag)


# Operations: reading


def _read_bind(fields: Fields) -> m.BindRequest:
    version, name, at = fields.number("version"), fields.text("name"), fields.at
    if at >= fields.stop:
        raise BerError("authentication is missing", at)
    head: Head = fields.element()
    octets = fields.reader.data[head[2] : head[3]]
    authentication: m.Authentication
    if head[0] == SIMPLE and not head[1]:
        authentication = m.Simple(octets)
    elif head[0] == SASL and head[1]:
        inner = Fields(fields.reader, head[2], head[3])
        authentication = m.Sasl(inner.text("mechanism"), inner.optional_octets(ber.OCTET_STRING, "credentials"))
        inner.end()
    elif head[0] in (SIMPLE, SASL) or head[0] >> 24 != CONTEXT >> 24:
        raise BerError(f"{ber.tag_name(head[0])} is no authentication", at)
    else:
        authentication = m.OtherAuthentication(head[0] - CONTEXT, fields.reader.data[at : head[4]])
    return m.BindRequest(version, name, authentication, unknown=fields.rest())


def _read_bind_response(fields: Fields) -> m.BindResponse:
    result = _read_result(fields)
    credentials = fields.optional_octets(SERVER_CREDENTIALS, "serverSaslCreds")
    return m.BindResponse(result, credentials, unknown=fields.rest())


def _read_unbind(fields: Fields) -> m.UnbindRequest:
    if fields.at != fields.stop:
        raise BerError("an UnbindRequest with contents", fields.at)
    return m.UnbindRequest()


def _read_search(fields: Fields) -> m.SearchRequest:
    base = fields.text("baseObject")
    scope, deref = fields.number("scope", ber.ENUMERATED), fields.number("derefAliases", ber.ENUMERATED)
    return m.SearchRequest(
        base,
        _SCOPES.get(scope, scope),
        _DEREFS.get(deref, deref),
        fields.number("sizeLimit"),
        fields.number("timeLimit"),
        fields.boolean("typesOnly"),
        read_filter(fields),
        fields.inside(ber.SEQUENCE, "attributes").all_texts("selector"),
        unknown=fields.rest(),
    )


def _read_entry(fields: Fields) -> m.SearchResultEntry:
    dn = fields.text("objectName")
    return m.SearchResultEntry(dn, _read_attributes(fields.inside(ber.SEQUENCE, "attributes")), unknown=fields.rest())


def _read_modify(fields: Fields) -> m.ModifyRequest:
    dn, changes, found = fields.text("object"), fields.inside(ber.SEQUENCE, "changes"), []
    while changes.at < changes.stop:
        one = changes.inside(ber.SEQUENCE, "change")
        number = one.number("operation", ber.ENUMERATED)
        name, values = _read_attribute(one.inside(ber.SEQUENCE, "modification"))
        one.end()
        found.append(m.Modification(_CHANGES.get(number, number), name, values))
    return m.ModifyRequest(dn, tuple(found), unknown=fields.rest())


def _read_add(fields: Fields) -> m.AddRequest:
    dn = fields.text("entry")
    return m.AddRequest(dn, _read_attributes(fields.inside(ber.SEQUENCE, "attributes")), unknown=fields.rest())


def _read_delete(fields: Fields) -> m.DelRequest:
    return m.DelRequest(fields.reader.data[fields.at : fields.stop].decode("utf-8", "surrogateescape"))


def _read_modify_dn(fields: Fields) -> m.ModifyDnRequest:
    return m.ModifyDnRequest(
        fields.text("entry"),
        fields.text("newrdn"),
        fields.boolean("deleteoldrdn"),
        fields.optional_text(NEW_SUPERIOR, "newSuperior"),
        unknown=fields.rest(),
    )


def _read_compare(fields: Fields) -> m.CompareRequest:
    dn, assertion = fields.text("entry"), fields.inside(ber.SEQUENCE, "ava")
    attribute, value = assertion.text("attributeDesc"), assertion.octets("assertionValue")
    assertion.end()
    return m.CompareRequest(dn, attribute, value, unknown=fields.rest())


def _read_abandon(fields: Fields) -> m.AbandonRequest:
    number = ber.integer(fields.reader, (0, False, fields.at, fields.stop, fields.stop))
    if not 0 <= number <= wire.MAX_INT:
        raise BerError(f"messageID is {number}", fields.at)
    return m.AbandonRequest(number)


def _read_extended(fields: Fields) -> m.ExtendedRequest:
    oid = fields.text("requestName", REQUEST_NAME)
    return m.ExtendedRequest(oid, fields.optional_octets(REQUEST_VALUE, "requestValue"), unknown=fields.rest())


def _read_extended_response(fields: Fields) -> m.ExtendedResponse:
    result = _read_result(fields)
    oid = fields.optional_text(RESPONSE_NAME, "responseName")
    value = fields.optional_octets(RESPONSE_VALUE, "responseValue")
    return m.ExtendedResponse(result, oid, value, unknown=fields.rest())


def _read_intermediate(fields: Fields) -> m.IntermediateResponse:
    oid = fields.optional_text(INTERMEDIATE_NAME, "responseName")
    value = fields.optional_octets(INTERMEDIATE_VALUE, "responseValue")
    return m.IntermediateResponse(oid, value, unknown=fields.rest())


def _result_reader(cls: Callable[..., m.Operation]) -> Callable[[Fields], m.Operation]:
    return lambda fields: cls(_read_result(fields), unknown=fields.rest())


# Operations: writing


def _write_bind(op: m.BindRequest) -> bytes:
    match op.authentication:
        case m.Simple(password):
            authentication = wire.octets(password, SIMPLE)
        case m.Sasl(mechanism, credentials):
            optional = b"" if credentials is None else wire.octets(credentials)
            authentication = wire.sequence(wire.text(mechanism), optional, tag=SASL)
        case m.OtherAuthentication(_, octets):
            authentication = octets
    return wire.integer(op.version) + wire.text(op.name) + authentication


def _write_search(op: m.SearchRequest) -> bytes:
    return b"".join((
        wire.text(op.base),
        wire.enumerated(op.scope),
        wire.enumerated(op.deref),
        wire.integer(op.size_limit),
        wire.integer(op.time_limit),
        wire.boolean(op.types_only),
        write_filter(op.filter),
        wire.sequence(*map(wire.text, op.attributes)),
    ))  # fmt: skip


def _write_modify(op: m.ModifyRequest) -> bytes:
    changes = (
        wire.sequence(wire.enumerated(one.change), _write_attribute((one.attribute, one.values))) for one in op.changes
    )
    return wire.text(op.dn) + wire.sequence(*changes)


def _write_modify_dn(op: m.ModifyDnRequest) -> bytes:
    names = wire.text(op.dn) + wire.text(op.new_rdn)
    return names + wire.boolean(op.delete_old_rdn) + _optional(op.new_superior, NEW_SUPERIOR)


def _write_entry(op: m.SearchResultEntry | m.AddRequest) -> bytes:
    return wire.text(op.dn) + wire.sequence(*map(_write_attribute, op.attributes))


def _write_extended_response(op: m.ExtendedResponse) -> bytes:
    return _write_result(op.result) + _optional(op.oid, RESPONSE_NAME) + _optional(op.value, RESPONSE_VALUE)


_OPERATIONS: tuple[tuple[int, bool, type, Callable[[Fields], m.Operation], Callable[[Any], bytes]], ...] = (
    (0, True, m.BindRequest, _read_bind, _write_bind),
    (1, True, m.BindResponse, _read_bind_response,
     lambda op: _write_result(op.result) + _optional(op.server_credentials, SERVER_CREDENTIALS)),
    (2, False, m.UnbindRequest, _read_unbind, lambda op: b""),
    (3, True, m.SearchRequest, _read_search, _write_search),
    (4, True, m.SearchResultEntry, _read_entry, _write_entry),
    (5, True, m.SearchResultDone, _result_reader(m.SearchResultDone), lambda op: _write_result(op.result)),
    (6, True, m.ModifyRequest, _read_modify, _write_modify),
    (7, True, m.ModifyResponse, _result_reader(m.ModifyResponse), lambda op: _write_result(op.result)),
    (8, True, m.AddRequest, _read_add, _write_entry),
    (9, True, m.AddResponse, _result_reader(m.AddResponse), lambda op: _write_result(op.result)),
    (10, False, m.DelRequest, _read_delete, lambda op: write_text(op.dn)),
    (11, True, m.DelResponse, _result_reader(m.DelResponse), lambda op: _write_result(op.result)),
    (12, True, m.ModifyDnRequest, _read_modify_dn, _write_modify_dn),
    (13, True, m.ModifyDnResponse, _result_reader(m.ModifyDnResponse), lambda op: _write_result(op.result)),
    (14, True, m.CompareRequest, _read_compare, lambda op: wire.text(op.dn) + wire.sequence(
        wire.text(op.attribute), wire.octets(op.value))),
    (15, True, m.CompareResponse, _result_reader(m.CompareResponse), lambda op: _write_result(op.result)),
    (16, False, m.AbandonRequest, _read_abandon, lambda op: ber.write_integer(op.message_id)),
    (19, True, m.SearchResultReference, lambda fields: m.SearchResultReference(fields.all_texts("URI")),
     lambda op: b"".join(map(wire.text, op.uris))),
    (23, True, m.ExtendedRequest, _read_extended,
     lambda op: wire.text(op.oid, REQUEST_NAME) + _optional(op.value, REQUEST_VALUE)),
    (24, True, m.ExtendedResponse, _read_extended_response, _write_extended_response),
    (25, True, m.IntermediateResponse, _read_intermediate,
     lambda op: _optional(op.oid, INTERMEDIATE_NAME) + _optional(op.value, INTERMEDIATE_VALUE)),
)  # fmt: skip
"""Tag, whether it is constructed, class, and how it is read and written."""

_READERS: dict[int, tuple[bool, Callable[[Fields], Any]]] = {
    APPLICATION | tag: (constructed, read) for tag, constructed, _, read, _ in _OPERATIONS
}
_WRITERS: dict[type, tuple[int, bool, Callable[[Any], bytes]]] = {
    cls: (APPLICATION | tag, constructed, write) for tag, constructed, cls, _, write in _OPERATIONS
}

TAGS = {cls: tag for tag, _, cls, _, _ in _OPERATIONS}
"""Class of an operation -> the number of its APPLICATION tag."""


__all__ = ["TAGS", "decode", "encode"]
