"""Syntaxes and matching rules (RFC 4517): each rule turns a value into what can be compared, or says that it is none.

What two values are turned into is equal where they match. Substrings are matched on prepared text (RFC 4518).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from gateway.crosswalks.ldap import CLASSES, Syntax, attribute
from library_protocols.ldap.dn import folded_dn, folded_value
from library_protocols.ldap.errors import DnError

SYNTAXES: dict[Syntax, str] = {
    Syntax.ATTRIBUTE_TYPE: "Attribute Type Description",
    Syntax.BOOLEAN: "Boolean",
    Syntax.DN: "DN",
    Syntax.DIRECTORY_STRING: "Directory String",
    Syntax.GENERALIZED_TIME: "Generalized Time",
    Syntax.IA5_STRING: "IA5 String",
    Syntax.INTEGER: "INTEGER",
    Syntax.MATCHING_RULE: "Matching Rule Description",
    Syntax.MATCHING_RULE_USE: "Matching Rule Use Description",
    Syntax.OBJECT_CLASS: "Object Class Description",
    Syntax.OID: "OID",
    Syntax.OCTET_STRING: "Octet String",
    Syntax.TELEPHONE_NUMBER: "Telephone Number",
    Syntax.LDAP_SYNTAX: "LDAP Syntax Description",
    Syntax.SUBSTRING_ASSERTION: "Substring Assertion",
    Syntax.UUID: "UUID",
}
"""Names as the standard gives them in RFC 4517 3.3 (descriptions: RFC 4512 4.2; UUID: RFC 4530 2.1)."""


class NoValue(ValueError):
    """Octets that are no value of the syntax: a comparison with them is undefined (RFC 4511 4.5.1.7)."""


def _text(octets: bytes) -> str:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise NoValue from None
    if not text or "\0" in text:
        raise NoValue
    return text


def _ia5(octets: bytes) -> str:
    if not octets.isascii():
        raise NoValue
    return _text(octets)


def _ignoring_case(octets: bytes) -> str:
    return folded_value(_text(octets))


def _exact(octets: bytes) -> str:
    return " ".join(_text(octets).split())


def _ia5_ignoring_case(octets: bytes) -> str:
    return folded_value(_ia5(octets))


def _telephone(octets: bytes) -> str:
    """RFC 4518 2.6.3: neither blanks nor hyphens count."""
    return re.sub(r"[\s‐-‒–−-]", "", folded_value(_text(octets)))


def _boolean(octets: bytes) -> bool:
    if octets not in (b"TRUE", b"FALSE"):
        raise NoValue
    return octets == b"TRUE"


def _integer(octets: bytes) -> int:
    if not re.fullmatch(rb"0|-?[1-9][0-9]{0,30}", octets):
        raise NoValue
    return int(octets)


_GENERALIZED = re.compile(
    r"(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)?)?(?:[.,](\d{1,9}))?(?:(Z)|([+-])(\d\d)(\d\d)?)", re.ASCII
)


def _time(octets: bytes) -> datetime:
    """RFC 4517 3.3.13; a leap second is the end of the minute."""
    try:
        match = _GENERALIZED.fullmatch(octets.decode("ascii"))
        if match is None:
            raise NoValue
        year, month, day, hour, minute, second, fraction, _, sign, ahead, minutes_ahead = match.groups()
        unit = 3600 if minute is None else 60 if second is None else 1
        beyond = timedelta(seconds=unit * float(f"0.{fraction}")) if fraction else timedelta()
        offset = timedelta(hours=int(ahead or 0), minutes=int(minutes_ahead or 0)) * (-1 if sign == "-" else 1)
        told = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute or 0),
            min(int(second or 0), 59),
            tzinfo=timezone(offset),
        )
        return (told + beyond).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoValue from None


def _dn(octets: bytes) -> object:
    try:
        return folded_dn(octets.decode())
    except (DnError, UnicodeDecodeError):
        raise NoValue from None


_OID = re.compile(r"[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+", re.ASCII)


def _object_identifier(octets: bytes) -> str:
    """RFC 4517 4.2.26. A name stands for its OID; one that nobody knows makes the comparison undefined."""
    text = _text(octets).strip()
    if not _OID.fullmatch(text):
        raise NoValue
    if text[0].isdecimal():
        return text
    if (oid := _known_oid(text)) is None:
        raise NoValue
    return oid


def _first_component(octets: bytes) -> str:
    """RFC 4517 4.2.25: of a description its OID; of what is asked for, which has no parenthesis, itself."""
    text = _text(octets).strip()
    if text.startswith("("):
        return text[1:].split(maxsplit=1)[0]
    return _object_identifier(octets)


_CLASS_OIDS = {row.name.lower(): row.oid for row in CLASSES}


def _known_oid(text: str) -> str | None:
    if (row := attribute(text)) is not None:
        return row.oid
    if (found := _CLASS_OIDS.get(text.lower())) is not None:
        return found
    rule = RULES.get(text.lower())
    return rule.oid if rule else None


def _octets(octets: bytes) -> bytes:
    return octets


_UUID = re.compile(rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _uuid(octets: bytes) -> UUID:
    """RFC 4530 2.1: the written form, whatever the case of its letters."""
    if not _UUID.fullmatch(octets):
        raise NoValue
    return UUID(octets.decode("ascii"))


@dataclass(frozen=True, slots=True)
class Rule:
    """A matching rule, by the `clause` of its `document`. `key` raises NoValue; `syntax` is the assertion's, `suits`
    the attributes' that it is for.

    A rule of kind `ordering` compares what `key` gives by its order, one of kind `substrings` by pieces of text.
    """

    name: str
    oid: str
    clause: str
    syntax: Syntax
    suits: tuple[Syntax, ...]
    key: Callable[[bytes], Any]
    kind: str = "equality"
    document: str = "RFC 4517"


_TEXT, _IA5 = (Syntax.DIRECTORY_STRING,), (Syntax.IA5_STRING,)
_PHONE, _PIECES = (Syntax.TELEPHONE_NUMBER,), Syntax.SUBSTRING_ASSERTION
_DESCRIPTIONS = (
    Syntax.ATTRIBUTE_TYPE,
    Syntax.OBJECT_CLASS,
    Syntax.MATCHING_RULE,
    Syntax.MATCHING_RULE_USE,
    Syntax.LDAP_SYNTAX,
)
_ALL_RULES = (
    Rule("objectIdentifierMatch", "2.5.13.0", "4.2.26", Syntax.OID, (Syntax.OID,), _object_identifier),
    Rule("distinguishedNameMatch", "2.5.13.1", "4.2.15", Syntax.DN, (Syntax.DN,), _dn),
    Rule("caseIgnoreMatch", "2.5.13.2", "4.2.11", *_TEXT, _TEXT, _ignoring_case),
    Rule("caseIgnoreOrderingMatch", "2.5.13.3", "4.2.12", *_TEXT, _TEXT, _ignoring_case, "ordering"),
    Rule("caseIgnoreSubstringsMatch", "2.5.13.4", "4.2.13", _PIECES, _TEXT, _ignoring_case, "substrings"),
    Rule("caseExactMatch", "2.5.13.5", "4.2.4", *_TEXT, _TEXT, _exact),
    Rule("booleanMatch", "2.5.13.13", "4.2.2", Syntax.BOOLEAN, (Syntax.BOOLEAN,), _boolean),
    Rule("integerMatch", "2.5.13.14", "4.2.19", Syntax.INTEGER, (Syntax.INTEGER,), _integer),
    Rule("integerOrderingMatch", "2.5.13.15", "4.2.20", Syntax.INTEGER, (Syntax.INTEGER,), _integer, "ordering"),
    Rule("octetStringMatch", "2.5.13.17", "4.2.27", Syntax.OCTET_STRING, (Syntax.OCTET_STRING,), _octets),
    Rule("telephoneNumberMatch", "2.5.13.20", "4.2.29", *_PHONE, _PHONE, _telephone),
    Rule("telephoneNumberSubstringsMatch", "2.5.13.21", "4.2.30", _PIECES, _PHONE, _telephone, "substrings"),
    Rule("generalizedTimeMatch", "2.5.13.27", "4.2.16", Syntax.GENERALIZED_TIME, (Syntax.GENERALIZED_TIME,), _time),
    Rule("generalizedTimeOrderingMatch", "2.5.13.28", "4.2.17", Syntax.GENERALIZED_TIME, (Syntax.GENERALIZED_TIME,),
         _time, "ordering"),
    Rule("objectIdentifierFirstComponentMatch", "2.5.13.30", "4.2.25", Syntax.OID, _DESCRIPTIONS, _first_component),
    Rule("caseIgnoreIA5Match", "1.3.6.1.4.1.1466.109.114.2", "4.2.7", *_IA5, _IA5, _ia5_ignoring_case),
    Rule("caseIgnoreIA5SubstringsMatch", "1.3.6.1.4.1.1466.109.114.3", "4.2.8", _PIECES, _IA5, _ia5_ignoring_case,
         "substrings"),
    Rule("uuidMatch", "1.3.6.1.1.16.2", "2.2", Syntax.UUID, (Syntax.UUID,), _uuid, document="RFC 4530"),
    Rule("uuidOrderingMatch", "1.3.6.1.1.16.3", "2.3", Syntax.UUID, (Syntax.UUID,), _uuid, "ordering", "RFC 4530"),
)  # fmt: skip
RULES: dict[str, Rule] = {key.lower(): rule for rule in _ALL_RULES for key in (rule.name, rule.oid)}
"""By name in lower case, and by OID."""


def rules() -> tuple[Rule, ...]:
    """Every rule once."""
    return _ALL_RULES


def pieces_in(value: str, initial: str | None, middle: tuple[str, ...], final: str | None) -> bool:
    """Whether the pieces stand in a prepared value in their order, without sharing a character (RFC 4517 3.3.30)."""
    at, end = 0, len(value)
    if initial is not None:
        if not value.startswith(initial):
            return False
        at = len(initial)
    if final is not None:
        end -= len(final)
        if end < at or not value.endswith(final):
            return False
    for piece in middle:
        found = value.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def piece(rule: Rule, octets: bytes, place: str) -> str:
    """A piece of text prepared as values are, except that a blank at its edge is one of the value's, unless the edge is
    the value's own (RFC 4518 2.6.1). `place` is initial, any or final. Raises NoValue."""
    prepared: str = rule.key(octets)
    if rule.name.startswith("telephone"):
        return prepared
    before = place != "initial" and octets[:1].isspace()
    after = place != "final" and octets[-1:].isspace()
    if not prepared:
        return " "
    return f"{' ' if before else ''}{prepared}{' ' if after else ''}"
