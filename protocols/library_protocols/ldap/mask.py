"""Secrets and people out of the octets of messages, same length, before anything else about them is believed.

What becomes of a value hangs on its kind in the layout. An element that does not belong where it stands, and whatever
comes behind it there, is covered whole, so one damaged octet shows nothing. What is no message is not kept at all.
"""

from __future__ import annotations

import re

from library_protocols.asn1 import write_text
from library_protocols.ber import BerError, Reader
from library_protocols.ldap.facts import oids
from library_protocols.ldap.facts.secrets import SECRET_ATTRIBUTES
from library_protocols.ldap.walk import Part, walk

_MUST_BE_KNOWN = 3
_MAX_NUMBER = 4
"""Octets of a number: none here needs more."""
_NAME = re.compile(rb"[A-Za-z0-9.*+@;_=-]{1,64}")
"""What is believed to be an attribute description, a selector or an OID."""
_KIND = re.compile(rb" ?[A-Za-z][A-Za-z0-9.-]{0,31}=")
_ABOUT_NOBODY = re.compile(rb" ?(?:dc|ou|o|c)=[A-Za-z0-9 ._-]{0,64}", re.IGNORECASE)
_NAMES = re.compile(rb"[^,;+]+")
_BIND_REASON = re.compile(
    rb"[0-9A-Fa-f]{8}: LdapErr: DSID-[0-9A-Fa-f]{1,16}, comment: AcceptSecurityContext error, "
    rb"data [0-9a-f]{1,8}, v[0-9a-f]{1,8}\0?"
)
_PLAIN_CONTROLS = frozenset(
    write_text(oid) for oid in (oids.PAGED_RESULTS, oids.PASSWORD_POLICY, oids.MANAGE_DSA_IT, oids.SORT_REQUEST)
)
"""Controls whose values are about nobody."""
_SECRET = frozenset(map(write_text, SECRET_ATTRIBUTES))
_NUMBERS = frozenset(("number", "result", "scope", "deref", "change", "boolean", "nothing"))


def mask(octets: bytes, personal: bool = True) -> bytes | None:
    """`octets`, one message or several in a row, with what is secret covered by stars, as long as before.

    Secret are passwords, credentials, compared values and values of extended operations. `personal` covers what is
    about people too: values of filters and entries, names but for their `dc`, `ou`, `o` and `c`, diagnostics but for
    Active Directory's reasons. None when `octets` are no messages: then only length and hash may be kept.
    """
    reader = Reader(octets)
    out = bytearray(octets)
    at = 0
    try:
        while at < len(octets):
            known = 0  # the message itself, its number, its operation
            for part in walk(reader, at, len(octets)):
                if part.depth <= 1 and known < _MUST_BE_KNOWN:
                    if part.element is None:
                        return None
                    known += 1
                if not part.head[1]:
                    _cover(part, out, personal)
            if known < _MUST_BE_KNOWN:
                return None
            at = reader.head(at, len(octets))[4]
    except BerError:
        return None
    return bytes(out) if octets else None


def _cover(part: Part, out: bytearray, personal: bool) -> None:
    _, _, start, stop, _ = part.head
    for first, last in _hidden(part, bytes(out[start:stop]), personal):
        out[start + first : start + last] = b"*" * (last - first)


def _hidden(part: Part, value: bytes, personal: bool) -> list[tuple[int, int]]:
    """What is to be covered of a value: from and up to which octet."""
    kind = part.element.kind if part.element is not None else "secret"
    if kind in _NUMBERS:
        hide = len(value) > _MAX_NUMBER
    elif kind == "dn":
        return _hidden_in_dn(value, personal)
    elif kind in ("name", "oid"):
        hide = not _NAME.fullmatch(value)
    elif kind == "value":
        hide = personal or part.attribute.lower().partition(b";")[0] in _SECRET
    elif kind == "control":
        hide = personal and part.attribute not in _PLAIN_CONTROLS
    elif kind == "diagnostic":
        hide = personal and not _BIND_REASON.fullmatch(value)
    elif kind == "uri":
        hide = personal
    else:
        hide = True
    return [(0, len(value))] if hide else []


def _hidden_in_dn(value: bytes, personal: bool) -> list[tuple[int, int]]:
    """The values of a name but for those of its upper parts. Where it is no text, all of it."""
    text = value.decode("utf-8", "replace")
    if not text.isprintable() or "\ufffd" in text or (personal and ("\\" in text or '"' in text)):
        return [(0, len(value))]
    if not personal:
        return []
    hidden: list[tuple[int, int]] = []
    for name in _NAMES.finditer(value):
        if not _ABOUT_NOBODY.fullmatch(name[0]):
            kind = _KIND.match(name[0])
            hidden.append((name.start() + (kind.end() if kind else 0), name.end()))
    return hidden
