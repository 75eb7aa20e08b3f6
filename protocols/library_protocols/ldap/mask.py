"""Secrets and people out of the octets of messages, same length, before anything else about them is believed.

What becomes of a value hangs on its kind in the layout. An element that does not belong where it stands, and whatever
comes behind it there, is covered whole, so one damaged octet shows nothing. What is no message is not kept at all.
"""

from __future__ import annotations

import re

from library_protocols.asn1 import write_text
from library_protocols.ber import BerError, Head, Reader
from library_protocols.ldap.facts import oids
from library_protocols.ldap.facts.layout import Element
from library_protocols.ldap.facts.secrets import SECRET_ATTRIBUTES
from library_protocols.ldap.walk import walk

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
    cover = _Cover(octets, personal)
    reader = Reader(octets)
    at = 0
    try:
        while at < len(octets):
            cover.known = 0
            at = walk(reader, at, len(octets), cover.visit)
            if cover.known < _MUST_BE_KNOWN:
                return None
    except BerError:
        return None
    return bytes(cover.out) if octets else None


class _Cover:
    """What is left of the octets. `known` counts what must be known of each message: itself, its number, its
    operation; where one of them is not, nothing behind it counts."""

    __slots__ = ("data", "known", "out", "personal")

    def __init__(self, data: bytes, personal: bool) -> None:
        self.data = data
        self.out = bytearray(data)
        self.personal = personal
        self.known = 0

    def visit(self, at: int, head: Head, element: Element | None, depth: int, attribute: bytes) -> None:
        if depth <= 1 and self.known < _MUST_BE_KNOWN:
            if element is None:
                raise BerError("no message", at)
            self.known += 1
        _, constructed, start, stop, _ = head
        if start == stop or (constructed and element is not None):
            return
        kind = element.kind if element is not None else ""
        if kind == "dn":
            for first, last in _hidden_in_dn(self.data[start:stop], self.personal):
                self.out[start + first : start + last] = b"*" * (last - first)
        elif self._hides(kind, start, stop, attribute):
            self.out[start:stop] = b"*" * (stop - start)

    def _hides(self, kind: str, start: int, stop: int, attribute: bytes) -> bool:
        """Whether a value of that kind is covered; of a kind that is not named here it is."""
        if kind == "value":
            return self.personal or attribute.lower().partition(b";")[0] in _SECRET
        if kind in _NUMBERS:
            return stop - start > _MAX_NUMBER
        if kind in ("name", "oid"):
            return not _NAME.fullmatch(self.data, start, stop)
        if kind == "control":
            return self.personal and attribute not in _PLAIN_CONTROLS
        if kind == "diagnostic":
            return self.personal and not _BIND_REASON.fullmatch(self.data, start, stop)
        return self.personal if kind == "uri" else True


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
