"""A dialect: how one peer writes SIP2. Data, never code: each switch exists because real peers differ.

Every switch carries its reason as metadata; the README's table of switches is printed from it. Values are
checked when a dialect is made, so that a codec holding one cannot fail on it later.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, fields
from typing import Any

TERMINATORS: dict[str, bytes] = {"CR": b"\r", "CRLF": b"\r\n", "LF": b"\n"}
"""Names of the message terminators and their octets."""

ERROR_DETECTION = ("auto", "always", "never")
DATE_ZONES = ("blank", "zeros", "utc")
MAX_MESSAGE = 8192
"""Longest message in octets (G: size of a 3M SC's buffer)."""

# All of ASCII, and the escape sequence by which ISO 2022 changes what the following octets mean.
_ASCII = bytes(range(0x80)) + b"\x1b$B!!\x1b(B"


def _switch(default: Any, why: str) -> Any:
    return field(default=default, metadata={"why": why})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to read and write for one peer. Raises ValueError when a value is none of those allowed."""

    encoding: str = _switch(
        "cp850",
        "Character set of text and of the checksum alike, any Python codec that keeps ASCII as it is. CP850 is the "
        "standard's default; most of today's kiosks speak utf-8, others cp1252, latin-1 or ascii.",
    )
    delimiter: str = _switch(
        "|",
        "Field delimiter, one octet below U+0100. Taiwan's Big5 units use U+0080 and Japan's JIS units a tab, "
        "because there `|` occurs inside characters; `^`, `~` and `>` are met too.",
    )
    terminator: str = _switch(
        "CR",
        "End of the messages we send: CR, CRLF or LF. The standard has CR; Koha and many clients use CRLF. "
        "All three are read whatever this says (disagreement 4).",
    )
    error_detection: str = _switch(
        "auto",
        "auto: answer each message as it came, with AY and AZ or without; always: require and send them; never: "
        "neither send nor check them. Mixed fleets need auto (disagreement 5).",
    )
    accept_character_sums: bool = _switch(
        True,
        "Accept a checksum computed over characters instead of octets, as a Perl server in UTF-8 sends it. We "
        "always send octet sums (disagreement 10).",
    )
    resend_keeps_sequence: bool = _switch(
        True,
        "Answer 97 with the previous response octet by octet. False drops AY from it and computes AZ anew, "
        "as Koha and SIPServer do (disagreement 7).",
    )
    max_field_length: int = _switch(
        255,
        "Longest value in characters we write; longer screen and print text continues in another AF or AG, other "
        "display text is cut, identifiers are never touched. 0 means no limit, which Koha's users are used to.",
    )
    delimiter_substitute: str = _switch(
        " ",
        "What stands for the delimiter inside a value we send. 3M's habit is a blank; the mediator deletes it, "
        "which is the empty string (disagreement 12).",
    )
    transliterate: bool = _switch(
        True,
        "Write a character the encoding lacks as its nearest relatives (w for ŵ). False goes straight to the "
        "substitute, which 3M's Asian units expect (disagreement 11).",
    )
    unmappable_substitute: str = _switch(
        "?",
        "What stands for a character that can be neither encoded nor transliterated; 3M asks for a blank, "
        "Python and Java peers write `?` (disagreement 11).",
    )
    date_zone: str = _switch(
        "blank",
        "The four zone characters of dates we write: blank (local time, preferred by the standard), zeros (local "
        "time as `0000`, Sierra and Palace) or utc (`   Z`, time in UTC).",
    )
    protocol_version: str = _switch(
        "2.00",
        "Version text of our 98 and 99, four characters. Some peers compare it as text (disagreement 25).",
    )
    max_message: int = _switch(
        MAX_MESSAGE,
        "Longest message in octets that is read; a longer one is thrown away to its terminator.",
    )
    delimiter_octet: bytes = field(init=False, repr=False, compare=False)
    delimiter_character: str = field(init=False, repr=False, compare=False)
    """The delimiter as it looks once a message is decoded."""
    terminator_octets: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            codecs.lookup(self.encoding)
            ascii_text = _ASCII.decode("ascii")
            if _ASCII.decode(self.encoding) != ascii_text or ascii_text.encode(self.encoding) != _ASCII:
                raise ValueError(f"encoding {self.encoding!r} does not keep ASCII as it is")
        except (LookupError, UnicodeError) as error:
            raise ValueError(f"encoding {self.encoding!r} cannot be used: {error}") from error
        if len(self.delimiter) != 1 or ord(self.delimiter) > 0xFF or self.delimiter.isalnum():
            raise ValueError(f"delimiter {self.delimiter!r} is not one octet apart from letters and digits")
        if self.delimiter in "\r\n\0 ":
            raise ValueError(f"delimiter {self.delimiter!r} has another meaning in every message")
        _one_of("terminator", self.terminator, tuple(TERMINATORS))
        _one_of("error_detection", self.error_detection, ERROR_DETECTION)
        _one_of("date_zone", self.date_zone, DATE_ZONES)
        for name in ("delimiter_substitute", "unmappable_substitute"):
            text: str = getattr(self, name)
            if self.delimiter in text or not text.isascii() or (text and not text.isprintable()):
                raise ValueError(f"{name} {text!r} must be printable ASCII without the delimiter")
        if len(self.protocol_version) != 4:
            raise ValueError(f"protocol_version {self.protocol_version!r} must have four characters")
        if self.max_field_length < 0 or 0 < self.max_field_length < 20:
            raise ValueError("max_field_length must be 0 or at least 20")
        if self.max_message < 64:
            raise ValueError("max_message must be at least 64")
        octet = self.delimiter.encode("latin-1")
        object.__setattr__(self, "delimiter_octet", octet)
        object.__setattr__(self, "delimiter_character", octet.decode(self.encoding, "surrogateescape"))
        object.__setattr__(self, "terminator_octets", TERMINATORS[self.terminator])


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} {value!r} must be one of {', '.join(allowed)}")


def switches() -> list[tuple[str, object, str]]:
    """Name, default and reason of every switch, for documentation and for configuration help."""
    return [(item.name, item.default, item.metadata["why"]) for item in fields(Dialect) if item.init]


STANDARD = Dialect()
"""The dialect of the standard itself."""

__all__ = ["DATE_ZONES", "ERROR_DETECTION", "MAX_MESSAGE", "STANDARD", "TERMINATORS", "Dialect", "switches"]
