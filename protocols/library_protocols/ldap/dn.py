"""Distinguished names: their text both ways (RFC 4514), and a form in which two that mean the same are equal.

Reading takes what older texts allow too: blanks around `=`, `,` and `+`, `;` between names, values in quotes
(RFC 2253 4). Writing escapes no more than must be, octets that are no UTF-8 included.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from library_protocols import ber
from library_protocols.asn1 import write_text
from library_protocols.ber import BerError, Reader
from library_protocols.ldap.errors import DnError

Rdn = tuple[tuple[str, str], ...]
"""One name: an attribute type and its value, or several of them (`+`)."""
Dn = tuple[Rdn, ...]
"""Names from the entry's own to the top. Without any it is the root."""

SHORT_NAMES = {
    "2.5.4.3": "cn", "2.5.4.4": "sn", "2.5.4.6": "c", "2.5.4.7": "l", "2.5.4.8": "st", "2.5.4.9": "street",
    "2.5.4.10": "o", "2.5.4.11": "ou", "0.9.2342.19200300.100.1.1": "uid", "0.9.2342.19200300.100.1.25": "dc",
    "0.9.2342.19200300.100.1.3": "mail", "1.2.840.113549.1.9.1": "emailaddress",
}  # fmt: skip
"""Types by OID as their short name (RFC 4514 3, and those that directories' names hold beside them)."""
_LONG_NAMES = {
    "commonname": "cn", "surname": "sn", "countryname": "c", "localityname": "l", "stateorprovincename": "st",
    "streetaddress": "street", "organizationname": "o", "organizationalunitname": "ou", "userid": "uid",
    "domaincomponent": "dc", "rfc822mailbox": "mail", "e": "emailaddress", "email": "emailaddress",
}  # fmt: skip

_BLANK_CONTROLS = frozenset((0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85))
_NOTHING = dict.fromkeys(
    (
        *(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in _BLANK_CONTROLS),
        0xAD, 0x034F, 0x1806, *range(0x180B, 0x180F), *range(0x200B, 0x2010), *range(0x202A, 0x202F),
        *range(0x2060, 0x2070), *range(0xFE00, 0xFE10), 0xFEFF, *range(0xFFF9, 0xFFFD),
    )
)  # fmt: skip
"""Characters that are mapped to nothing before values are compared (RFC 4518 2.2)."""

_TYPE = re.compile(r"(?i:oid\.)?([A-Za-z][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+)*)")
_BLANKS = re.compile(r"[ \t\r\n]*")
_HEX = re.compile(r"[0-9A-Fa-f]{2}")
_HEX_VALUE = re.compile(r"#((?:[0-9A-Fa-f]{2})+)")
_ESCAPABLE = frozenset(' "#+,;<=>\\')
_PAIRED = frozenset('"+,;<>\\')


def escape_dn_value(value: str) -> str:
    """A value as it stands in a name's text (RFC 4514 2.4): nothing in it is taken for a part of the name."""
    last = len(value) - 1
    out: list[str] = []
    for at, character in enumerate(value):
        code = ord(character)
        if character in _PAIRED or (character == "#" and at == 0) or (character == " " and at in (0, last)):
            out.append("\\" + character)
        elif code < 0x20 or code == 0x7F or 0xD800 <= code <= 0xDFFF:
            out.append("".join(f"\\{octet:02x}" for octet in write_text(character)))
        else:
            out.append(character)
    return "".join(out)


def dn_text(dn: Dn) -> str:
    """The text of a name. The value of a type in dotted form is written as octets of BER, as RFC 4514 2.4 wants."""
    return ",".join("+".join(_pair_text(kind, value) for kind, value in rdn) for rdn in dn)


def _pair_text(kind: str, value: str) -> str:
    if kind[:1].isdecimal():
        return f"{kind}=#{ber.element(ber.OCTET_STRING, False, write_text(value)).hex()}"
    return f"{kind}={escape_dn_value(value)}"


def parse_dn(text: str) -> Dn:
    """The name that a text says; () for an empty one. Raises DnError."""
    at = _blanks(text, 0)
    if at == len(text):
        return ()
    names: list[Rdn] = []
    pairs: list[tuple[str, str]] = []
    while True:
        kind, at = _type(text, at)
        value, at = _value(text, at)
        pairs.append((kind, value))
        following = text[at : at + 1]
        if following != "+":
            names.append(tuple(pairs))
            pairs = []
        if not following:
            return tuple(names)
        at = _blanks(text, at + 1)


def _blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _type(text: str, at: int) -> tuple[str, int]:
    match = _TYPE.match(text, at)
    if match is None:
        raise DnError("an attribute type is missing", at)
    at = _blanks(text, match.end())
    if text[at : at + 1] != "=":
        raise DnError("`=` is missing", at)
    return match[1], _blanks(text, at + 1)


def _value(text: str, at: int) -> tuple[str, int]:
    """A value, and where the `,`, `;` or `+` behind it stands, or the end."""
    if text[at : at + 1] == "#":
        return _hex_value(text, at)
    if text[at : at + 1] == '"':
        return _quoted(text, at)
    out = bytearray()
    kept = 0  # octets up to the last that is no blank, or is an escaped one
    while at < len(text) and (character := text[at]) not in ",;+":
        if character == "\\":
            octets, at = _escaped(text, at)
            out += octets
            kept = len(out)
            continue
        if character in '"<>\0':
            raise DnError(f"{character!r} in a value needs a `\\` before it", at)
        out += write_text(character)
        at += 1
        if character != " ":
            kept = len(out)
    return out[:kept].decode("utf-8", "surrogateescape"), at


def _escaped(text: str, at: int) -> tuple[bytes, int]:
    pair = _HEX.match(text, at + 1)
    if pair is not None:
        return bytes.fromhex(pair[0]), at + 3
    character = text[at + 1 : at + 2]
    if character not in _ESCAPABLE or not character:
        raise DnError("`\\` needs a special character or two hexadecimal digits", at)
    return character.encode(), at + 2


def _hex_value(text: str, at: int) -> tuple[str, int]:
    match = _HEX_VALUE.match(text, at)
    if match is None:
        raise DnError("`#` needs pairs of hexadecimal digits", at)
    reader = Reader(bytes.fromhex(match[1]))
    try:
        head = reader.head(0, len(reader.data))
        if head[4] != len(reader.data):
            raise BerError("octets behind the value", head[4])
        value = ber.octets(reader, head)
    except BerError as error:
        raise DnError(f"`#` is followed by no BER: {error.reason}", at) from None
    return value.decode("utf-8", "surrogateescape"), _end(text, match.end())


def _quoted(text: str, at: int) -> tuple[str, int]:
    opened = at
    at += 1
    out = bytearray()
    while True:
        character = text[at : at + 1]
        if not character:
            raise DnError("a quote is not closed", opened)
        if character == '"':
            return out.decode("utf-8", "surrogateescape"), _end(text, at + 1)
        if character == "\\":
            octets, at = _escaped(text, at)
            out += octets
        else:
            out += write_text(character)
            at += 1


def _end(text: str, at: int) -> int:
    at = _blanks(text, at)
    if at < len(text) and text[at] not in ",;+":
        raise DnError("something stands behind the value", at)
    return at


@lru_cache(maxsize=4096)
def folded_dn(dn: str | Dn) -> Dn:
    """A name in the form in which it is compared: types as short names in lower case, values without case, blanks at
    the ends or more than one together (RFC 4518), the parts of a multi-valued name in order. Raises DnError.

    Everything below `base` ends with it: `folded[-len(base):] == base`, unless `base` is empty."""
    names = parse_dn(dn) if isinstance(dn, str) else dn
    return tuple(tuple(sorted((folded_type(kind), folded_value(value)) for kind, value in rdn)) for rdn in names)


def folded_type(kind: str) -> str:
    """An attribute type as it is compared: `CN`, `commonName` and `2.5.4.3` are `cn`."""
    lower = kind.lower()
    return SHORT_NAMES.get(lower) or _LONG_NAMES.get(lower, lower)


def folded_value(value: str) -> str:
    """A value as caseIgnoreMatch compares it (RFC 4518 2): without case, with single blanks, without characters that
    nobody sees."""
    if value.isascii() and value.isprintable():
        return " ".join(value.lower().split())
    mapped = unicodedata.normalize("NFKC", value.translate(_NOTHING)).casefold()
    return " ".join(unicodedata.normalize("NFKC", mapped).split())


__all__ = [
    "SHORT_NAMES",
    "Dn",
    "Rdn",
    "dn_text",
    "escape_dn_value",
    "folded_dn",
    "folded_type",
    "folded_value",
    "parse_dn",
]
