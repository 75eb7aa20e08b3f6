"""What stands where in a message (RFC 4511 appendix B), as one table for whoever goes through octets element by element
without reading them: masking and explaining. Each element says by its kind what its value is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from library_protocols import ber
from library_protocols.ber import APPLICATION, CONTEXT
from library_protocols.ldap.facts.operations import OPERATIONS


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its name in the standard, its tag, the kind of its value, the clause.

    A container has either `inside`, its elements in order, or `of`, what all of them are. `choices`, by tag, are what
    may stand in the place of one without a tag of its own. An `optional` one may be missing.
    """

    name: str
    tag: int = -1
    kind: str = ""
    clause: str = ""
    optional: bool = False
    inside: tuple[Element, ...] = ()
    of: Element | None = None
    choices: dict[int, Element] = field(default_factory=dict)

    def fits(self, tag: int) -> Element | None:
        """What an element of that tag is in this place; None where it does not belong here."""
        return self if tag == self.tag else self.choices.get(tag)


def _text(name: str, kind: str = "text", tag: int = ber.OCTET_STRING, *, optional: bool = False) -> Element:
    return Element(name, tag, kind, optional=optional)


def _sequence(name: str, *inside: Element, tag: int = ber.SEQUENCE, optional: bool = False) -> Element:
    return Element(name, tag, inside=inside, optional=optional)


def _of(name: str, of: Element, tag: int = ber.SEQUENCE, *, optional: bool = False) -> Element:
    return Element(name, tag, of=of, optional=optional)


def _number(name: str, kind: str = "number", tag: int = ber.INTEGER) -> Element:
    return Element(name, tag, kind)


_NAME, _VALUE = _text("type", "name"), _text("value", "value")
ATTRIBUTE = _sequence("attribute", _NAME, _of("vals", _VALUE, ber.SET))
_ATTRIBUTES = _of("attributes", ATTRIBUTE)

_FILTERS: dict[int, Element] = {}
FILTER = Element("filter", clause="4.5.1.7", choices=_FILTERS)
_ASSERTION = (_text("attributeDesc", "name"), _text("assertionValue", "value"))
_PIECE = Element(
    "substring",
    choices={CONTEXT | at: _text(name, "value", CONTEXT | at) for at, name in enumerate(("initial", "any", "final"))},
)
_CHOICES = {
    CONTEXT | 0: _of("and", FILTER, CONTEXT | 0),
    CONTEXT | 1: _of("or", FILTER, CONTEXT | 1),
    CONTEXT | 2: _sequence("not", FILTER, tag=CONTEXT | 2),
    CONTEXT | 3: _sequence("equalityMatch", *_ASSERTION, tag=CONTEXT | 3),
    CONTEXT | 4: _sequence("substrings", _NAME, _of("substrings", _PIECE), tag=CONTEXT | 4),
    CONTEXT | 5: _sequence("greaterOrEqual", *_ASSERTION, tag=CONTEXT | 5),
    CONTEXT | 6: _sequence("lessOrEqual", *_ASSERTION, tag=CONTEXT | 6),
    CONTEXT | 7: _text("present", "name", CONTEXT | 7),
    CONTEXT | 8: _sequence("approxMatch", *_ASSERTION, tag=CONTEXT | 8),
    CONTEXT | 9: _sequence(
        "extensibleMatch",
        _text("matchingRule", "name", CONTEXT | 1, optional=True),
        _text("type", "name", CONTEXT | 2, optional=True),
        _text("matchValue", "value", CONTEXT | 3),
        Element("dnAttributes", CONTEXT | 4, "boolean", optional=True),
        tag=CONTEXT | 9,
    ),
}  # fmt: skip
_FILTERS.update((tag, replace(choice, clause="4.5.1.7")) for tag, choice in _CHOICES.items())

_RESULT = (
    Element("resultCode", ber.ENUMERATED, "result", "4.1.9"),
    Element("matchedDN", ber.OCTET_STRING, "dn", "4.1.9"),
    Element("diagnosticMessage", ber.OCTET_STRING, "diagnostic", "4.1.9"),
    Element("referral", CONTEXT | 3, clause="4.1.10", of=_text("uri", "uri"), optional=True),
)
_CHANGE = _sequence("change", _number("operation", "change", ber.ENUMERATED), ATTRIBUTE)
_INSIDE: dict[int, tuple[Element, ...]] = {
    0: (
        _number("version"), _text("name", "dn"),
        Element("authentication", choices={
            CONTEXT | 0: _text("simple", "secret", CONTEXT | 0),
            CONTEXT | 3: _sequence("sasl", _text("mechanism", "secret"),
                                   _text("credentials", "secret", optional=True), tag=CONTEXT | 3),
        }),
    ),
    1: (*_RESULT, _text("serverSaslCreds", "secret", CONTEXT | 7, optional=True)),
    3: (
        _text("baseObject", "dn"), _number("scope", "scope", ber.ENUMERATED),
        _number("derefAliases", "deref", ber.ENUMERATED), _number("sizeLimit"), _number("timeLimit"),
        _number("typesOnly", "boolean", ber.BOOLEAN), FILTER, _of("attributes", _text("selector", "name")),
    ),
    4: (_text("objectName", "dn"), _ATTRIBUTES),
    6: (_text("object", "dn"), _of("changes", _CHANGE)),
    8: (_text("entry", "dn"), _ATTRIBUTES),
    12: (
        _text("entry", "dn"), _text("newrdn", "dn"), _number("deleteoldrdn", "boolean", ber.BOOLEAN),
        _text("newSuperior", "dn", CONTEXT | 0, optional=True),
    ),
    14: (_text("entry", "dn"), _sequence("ava", _text("attributeDesc", "name"), _text("assertionValue", "secret"))),
    23: (_text("requestName", "oid", CONTEXT | 0), _text("requestValue", "secret", CONTEXT | 1, optional=True)),
    24: (
        *_RESULT, _text("responseName", "oid", CONTEXT | 10, optional=True),
        _text("responseValue", "secret", CONTEXT | 11, optional=True),
    ),
    25: (
        _text("responseName", "oid", CONTEXT | 0, optional=True),
        _text("responseValue", "secret", CONTEXT | 1, optional=True),
    ),
}  # fmt: skip
"""Elements of an operation by its tag; responses that are a result alone are not here."""
_LEAVES = {2: "nothing", 10: "dn", 16: "number"}
"""Operations that are one value -> its kind."""


def _operation(tag: int) -> Element:
    fact = OPERATIONS[tag]
    if tag == 19:
        return Element(fact.name, APPLICATION | tag, clause=fact.clause, of=_text("uri", "uri"))
    kind = _LEAVES.get(tag, "")
    inside = () if kind else _INSIDE.get(tag, _RESULT)
    return Element(fact.name, APPLICATION | tag, kind, fact.clause, inside=inside)


_CONTROL = Element(
    "control",
    ber.SEQUENCE,
    clause="4.1.11",
    inside=(
        _text("controlType", "oid"),
        Element("criticality", ber.BOOLEAN, "boolean", optional=True),
        _text("controlValue", "control", optional=True),
    ),
)
MESSAGE = Element(
    "LDAPMessage",
    ber.SEQUENCE,
    clause="4.1.1",
    inside=(
        _number("messageID"),
        Element("protocolOp", choices={APPLICATION | tag: _operation(tag) for tag in OPERATIONS}),
        Element("controls", CONTEXT | 0, clause="4.1.11", of=_CONTROL, optional=True),
    ),
)
"""The whole message."""
