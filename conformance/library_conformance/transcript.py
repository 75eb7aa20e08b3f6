"""What was said, octet by octet, as evidence: both directions, connects and closes, with their times.

Before anything is written, whatever the inputs named (cards, PINs, passwords, barcodes) is replaced by a pseudonym of
the same length, and the standard's own mask covers what names somebody: a transcript can be shown.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Masker = Callable[[bytes], bytes | None]
Reader = Callable[[bytes], Any]

KEPT = 4096
"""Octets of one event that are written down: messages are shorter, and of a list of records the beginning is enough."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz"


@dataclass(slots=True)
class Event:
    """`kind`: connect, send, receive, close, timeout, note. `seconds` since the transcript began."""

    seconds: float
    kind: str
    octets: bytes = b""
    note: str = ""


@dataclass(slots=True)
class Transcript:
    """The exchange of one probe."""

    events: list[Event] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)

    def add(self, kind: str, octets: bytes = b"", note: str = "") -> None:
        self.events.append(Event(round(time.monotonic() - self._begun, 4), kind, octets, note))

    def write(self, path: Path, cover: Cover, decode: Reader | None = None) -> None:
        """One JSON line an event: `t`, `dir`, `hex`, `text`, `sha256` of what was really there, `decoded` where the
        covered octets can be read. Of a long one its beginning is kept (`cut`), with the digest of the whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            for event in self.events:
                row: dict[str, Any] = {"t": event.seconds, "dir": event.kind}
                if event.octets:
                    covered = cover(event.octets)
                    row["length"] = len(event.octets)
                    row["sha256"] = hashlib.sha256(event.octets).hexdigest()[:16]
                    if covered is not None:
                        row["hex"] = covered[:KEPT].hex()
                        row["text"] = covered[:KEPT].decode("utf-8", "replace")
                        if len(covered) > KEPT:
                            row["cut"] = True
                        if decode is not None and (read := _read(decode, covered)) is not None:
                            row["decoded"] = read
                if event.note:
                    row["note"] = cover.text(event.note)
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _read(decode: Reader, octets: bytes) -> Any:
    try:
        return decode(octets)
    except Exception:
        return None  # what a subject says need not be readable


class Cover:
    """Covers what the inputs named, in capitals or not, and what the standard's mask knows; equal words have equal
    pseudonyms."""

    def __init__(self, inputs: Mapping[str, str], masker: Masker | None = None, *, plain: Iterable[str] = ()) -> None:
        shown = {"database", "base", "host", "institution", "prefix", "set", *plain}
        words = {value for name, value in inputs.items() if len(value) >= 3 and name not in shown}
        longest = sorted(words, key=len, reverse=True)
        self._names = {word.lower(): pseudonym(word) for word in longest}
        self._words = re.compile("|".join(map(re.escape, longest)) or r"(?!)", re.IGNORECASE)
        self._octets = re.compile(self._words.pattern.encode(), re.IGNORECASE)
        self._masker = masker

    def __call__(self, octets: bytes) -> bytes | None:
        """None where the standard's mask cannot be sure: then length and digest alone are kept."""
        octets = self._octets.sub(lambda found: self._name(found[0].decode()).encode(), octets)
        return octets if self._masker is None else self._masker(octets)

    def text(self, text: str) -> str:
        return self._words.sub(lambda found: self._name(found[0]), text)

    def _name(self, word: str) -> str:
        return self._names.get(word.lower()) or pseudonym(word)


def pseudonym(word: str) -> str:
    """A word of the same length and shape (digits stay digits), from which the real one cannot be had back."""
    digest = hashlib.sha256(b"library-conformance " + word.encode()).digest()
    stream = (digest * (len(word) // len(digest) + 1))[: len(word)]
    return "".join(
        str(octet % 10) if letter.isascii() and letter.isdigit() else _LETTERS[octet % len(_LETTERS)]
        if letter.isascii() and letter.isalpha() else letter
        for letter, octet in zip(word, stream, strict=True)
    )  # fmt: skip
