"""One SIP2 message as a value, the same for requests and answers; the tables say what its parts mean.

Fixed fields are text of their exact width under the names of `facts.MESSAGES`; coded fields keep wire
order, repeats and unknown codes. Nothing is interpreted here: mapping dates, flags and money is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple
from unicodedata import normalize

from library_protocols.sip2.facts import FIELDS, MESSAGES


class Checksum(Enum):
    """What the checksum of a decoded message was worth."""

    ABSENT = "absent"
    VALID = "valid"
    VALID_AS_CHARACTERS = "valid_as_characters"
    """Right when characters are summed instead of octets (disagreement 10)."""
    INVALID = "invalid"


ABSENT = Checksum.ABSENT


class Remark(NamedTuple):
    """Something a decoder let pass: where (octets from the start of the message), what, and the clause."""

    offset: int
    reason: str
    clause: str


class Message:
    """A SIP2 message.

    `code`: the command code. `fixed`: fixed fields by name. `fields`: coded fields as (code, value) in wire
    order. `sequence`: text of AY or None. `checksum`: verdict on AZ as it was received. `remarks`: deviations
    that were tolerated. Two messages are equal when code, fixed, fields and sequence are.
    """

    __slots__ = ("checksum", "code", "fields", "fixed", "remarks", "sequence")

    def __init__(
        self,
        code: str,
        fixed: dict[str, str],
        fields: list[tuple[str, str]],
        sequence: str | None = None,
        checksum: Checksum = ABSENT,
        remarks: tuple[Remark, ...] = (),
    ) -> None:
        self.code = code
        self.fixed = fixed
        self.fields = fields
        self.sequence = sequence
        self.checksum = checksum
        self.remarks = remarks

    @property
    def known(self) -> bool:
        """Whether the command code is one of SIP 2.00. An unknown message has its text in fixed["body"]."""
        return self.code in MESSAGES

    def get(self, code: str, default: str | None = None) -> str | None:
        """Value of the first coded field `code`, or `default` when the message has none."""
        for field_code, value in self.fields:
            if field_code == code:
                return value
        return default

    def get_all(self, code: str) -> list[str]:
        """Values of all coded fields `code`, in wire order."""
        return [value for field_code, value in self.fields if field_code == code]

    def has(self, code: str) -> bool:
        """Whether a coded field `code` is there, empty or not."""
        for field_code, _ in self.fields:  # noqa: SIM110 - asked several times a message: a generator costs twice that
            if field_code == code:
                return True
        return False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return (
            self.code == other.code
            and self.fixed == other.fixed
            and self.fields == other.fields
            and self.sequence == other.sequence
        )

    __hash__ = None  # type: ignore[assignment]  # equality is by value and the value can change

    def __repr__(self) -> str:
        # Values may be PINs: a message that slips into a log shows its shape only.
        codes = " ".join(code for code, _ in self.fields)
        return f"<Message {self.code} fields=[{codes}] sequence={self.sequence} checksum={self.checksum.value}>"


_LAYOUT: dict[str, tuple[tuple[str, int, bool], ...]] = {
    fact.code: tuple((item.name, item.width, item.kind in ("number", "tenths")) for item in fact.fixed)
    for fact in MESSAGES.values()
}
_NAMES: dict[str, frozenset[str]] = {code: frozenset(name for name, _, _ in layout) for code, layout in _LAYOUT.items()}


def build(
    code: str,
    /,
    *,
    fields: Iterable[tuple[str, str | None]] = (),
    sequence: str | None = None,
    **fixed: str | int,
) -> Message:
    """A message to send. Fixed fields are given by name, coded fields as (code, value); None leaves one out.

    Text is brought to NFC, one character a letter, as kiosks' fonts need it. Numbers are padded with zeros at
    the left, everything else with blanks at the right; a fixed field that is not given is blank.

    Raises ValueError for an unknown command, an unknown fixed field, a value that is too long or not ASCII,
    or a field code that is not two letters or digits.
    """
    layout = _LAYOUT.get(code)
    if layout is None:
        raise ValueError(f"there is no message {code!r} in SIP 2.00")
    if not _NAMES[code].issuperset(fixed):
        unknown = ", ".join(sorted(set(fixed) - _NAMES[code]))
        raise ValueError(f"message {code} has no fixed field {unknown}")
    values: dict[str, str] = {}
    for name, width, is_number in layout:
        value = str(fixed.get(name, ""))
        if len(value) != width:
            if len(value) > width:
                raise ValueError(f"{name} of message {code} holds {width} characters, not {len(value)}")
            value = value.rjust(width, "0") if is_number and value else value.ljust(width)
        values[name] = value
    head = "".join(values.values())
    if not head.isascii() or not head.isprintable():
        name = next(name for name, value in values.items() if not value.isascii() or not value.isprintable())
        raise ValueError(f"{name} of message {code} must be printable ASCII")
    kept = [
        (field, value if value.isascii() else normalize("NFC", value)) for field, value in fields if value is not None
    ]
    for field, _ in kept:
        if field not in FIELDS and (len(field) != 2 or not field.isascii() or not field.isalnum()):
            raise ValueError(f"field code {field!r} is not two letters or digits")
    return Message(code, values, kept, sequence)


__all__ = ["Checksum", "Message", "Remark", "build"]
