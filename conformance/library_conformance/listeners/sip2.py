"""A library system for kiosks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from library_conformance.listeners import Act, Script, in_pieces

DATE = b"20260101    120000"
_SC_SECONDS = 1.0
"""What 98 says a kiosk has to wait for an answer, and as many tenths."""


@dataclass(slots=True)
class Played(Script):
    """A library system for kiosks: answers well, then in pieces, with fields that nobody knows, damaged, with 96,
    with another sequence number, with 98 first, and not at all."""

    shows: ClassVar[Mapping[str, str]] = {"unknown field": "sip2.client.unknown"}

    last_request: bytes = b""
    last_answer: bytes = b""

    def whole(self, octets: bytes) -> int:
        found = re.search(rb"[\r\n]+", octets)
        return found.end() if found else 0

    def acts(self, message: bytes) -> Iterator[Act]:
        body = message.strip(b"\r\n\0 ")
        if not body:
            return
        code = body[:2]
        if code == b"97" or body == self.last_request:
            yield self.last_answer or b"96\r"
            return
        self.last_request = body
        answer = self._answer(code, body)
        self.last_answer = answer
        if code in (b"93", b"99") or b"AZ" not in answer:
            yield answer
            return
        match self.liberty("pieces", "unknown field", "damaged", "96", "stray", "status first", "silence"):
            case "pieces":
                yield from in_pieces(answer)
            case "unknown field":
                self.last_answer = self._sealed(_inner(answer) + b"ZZunheard of|", _sequence(body))
                yield self.last_answer
            case "damaged":
                yield answer.replace(b"AO", b"A0", 1)
            case "96":
                self.last_request = b""
                yield _summed(b"96") + b"\r"
            case "stray":
                yield self._sealed(_inner(answer), b"%d" % ((int(_sequence(body)) + 5) % 10))
            case "status first":
                self.last_request = b""
                yield self._sealed(_STATUS, _sequence(body))
            case "silence":
                return
            case _:
                yield answer

    def again(self, before: bytes, message: bytes) -> bool:
        return before == message or message.startswith(b"97")

    def _answer(self, code: bytes, body: bytes) -> bytes:
        make = _ANSWERS.get(code)
        if make is None:
            return b"96\r"
        number = _sequence(body)
        text = make(_fields(body))
        return self._sealed(text, number) if number else text + b"\r"

    def _sealed(self, body: bytes, number: bytes) -> bytes:
        return _summed(body + b"AY" + number) + b"\r"


_STATUS = b"98YYYYYY%03d003%b2.00AOLIB|AMLibrary|BXYYYYYYYYYYYYYYYY|" % (_SC_SECONDS * 10, DATE)
_LENT = b"AO%(AO)b|AA%(AA)b|AB%(AB)b|AJA title|AH20260201    235900|"
_PATRON = b"AO%(AO)b|AA%(AA)b|AEA. Patron|BLY|CQY|"


def _made(template: bytes) -> Callable[[Mapping[bytes, bytes]], bytes]:
    return lambda fields: template % fields


_ANSWERS: Mapping[bytes, Callable[[Mapping[bytes, bytes]], bytes]] = {
    b"93": _made(b"941"),
    b"99": _made(_STATUS),
    b"23": _made(b"24" + b" " * 14 + b"000" + DATE + _PATRON),
    b"01": _made(b"24" + b"Y" * 4 + b" " * 10 + b"000" + DATE + _PATRON),
    b"25": _made(b"26" + b" " * 14 + b"000" + DATE + _PATRON),
    b"63": _made(b"64" + b" " * 14 + b"000" + DATE + b"0000" * 6 + _PATRON),
    b"35": _made(b"36Y" + DATE + b"AO%(AO)b|AA%(AA)b|"),
    b"11": _made(b"121NNY" + DATE + _LENT),
    b"29": _made(b"301YNN" + DATE + _LENT),
    b"09": _made(b"101YNN" + DATE + b"AO%(AO)b|AB%(AB)b|AQShelf|AJA title|"),
    b"17": _made(b"18030001" + DATE + b"AB%(AB)b|AJA title|"),
    b"19": _made(b"201" + DATE + b"AB%(AB)b|"),
    b"15": _made(b"161Y" + DATE + b"AO%(AO)b|AA%(AA)b|"),
    b"37": _made(b"38Y" + DATE + b"AO%(AO)b|AA%(AA)b|"),
    b"65": _made(b"6610000" + b"0000" + DATE + b"AO%(AO)b|"),
}


def _fields(body: bytes) -> Mapping[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name in (b"AO", b"AA", b"AB"):
        place = re.search(rb"(?:\||[0-9NY ])" + name + rb"([^|]{0,255})\|", body[2:])
        found[name] = place[1] if place else b""
    return found


def _sequence(body: bytes) -> bytes:
    found = re.search(rb"AY([0-9])", body[-12:])
    return found[1] if found else b""


def _inner(answer: bytes) -> bytes:
    return answer.rstrip(b"\r").rpartition(b"AY")[0]


def _summed(body: bytes) -> bytes:
    over = body + b"AZ"
    return over + b"%04X" % (-sum(over) & 0xFFFF)
