"""What was said, octet by octet, as evidence: both directions, connects and closes, with their times.

Before anything is written, whatever the inputs named (cards, PINs, passwords, barcodes) is replaced by a pseudonym of
the same length, in each form in which it may stand in a message, and the standard's own mask covers what names
somebody: a transcript can be shown.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from library_conformance.foreign import json_text

Masker = Callable[[bytes], bytes | None]
Reader = Callable[[bytes], Any]

KEPT = 4096
"""Octets of one event that are written down: messages are shorter, and of a list of records the beginning is enough."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_KEY = secrets.token_bytes(32)
"""Of this process, and written nowhere: a PIN has ten thousand values, and whoever could try them all would have it."""
_ENCODINGS = ("utf-8", "latin-1", "cp850", "utf-16-le", "utf-16-be")


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
        """One JSON line an event: `t`, `dir`, `length` of what was really there, and of what is left when it is
        covered `hex`, `text`, `sha256`, and `decoded` where that can be read. Of a long one its beginning is kept
        (`cut`), with the digest of the whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            for event in self.events:
                row: dict[str, Any] = {"t": event.seconds, "dir": event.kind}
                if event.octets:
                    covered = cover(event.octets)
                    row["length"] = len(event.octets)
                    if covered is not None:
                        row["sha256"] = hashlib.sha256(covered).hexdigest()[:16]
                        row["hex"] = covered[:KEPT].hex()
                        row["text"] = covered[:KEPT].decode("utf-8", "replace")
                        if len(covered) > KEPT:
                            row["cut"] = True
                        if decode is not None and (read := _read(decode, covered)) is not None:
                            row["decoded"] = read
                if event.note:
                    row["note"] = cover.text(event.note)
                file.write(json_text(row) + "\n")


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
        words = {word.encode("utf-8", "replace").decode() for word in words}
        pairs = [pair for word in words for pair in _forms(word)]
        self._texts = {form.lower(): made for form, made in pairs}
        self._octets = {
            octets.lower(): made.encode(encoding, "replace")
            for form, made in pairs
            for encoding, octets in _encoded(form)
        }
        self._masker = masker

    def __call__(self, octets: bytes) -> bytes | None:
        """None where the standard's mask cannot be sure: then the length alone is kept."""
        there = _there(self._octets, octets.lower())
        if there:
            words = re.compile(b"|".join(map(re.escape, there)), re.IGNORECASE)
            octets = words.sub(lambda found: self._octets.get(found[0].lower()) or b"*" * len(found[0]), octets)
        return octets if self._masker is None else _masked(self._masker, octets)

    def text(self, text: str, instead: str = "") -> str:
        """The same for words of ours; `instead` of all pseudonyms, where the text is to be the same in every run."""
        there = _there(self._texts, text.lower())
        words = re.compile("|".join(map(re.escape, there)) or "(?!)", re.IGNORECASE)
        return words.sub(lambda found: instead or self._texts.get(found[0].lower()) or "*" * len(found[0]), text)


def _masked(masker: Masker, octets: bytes) -> bytes | None:
    try:
        return masker(octets)
    except Exception:
        return None  # what it stumbles over it cannot be sure of


def _there(forms: Iterable[Any], text: Any) -> list[Any]:
    """The forms that a text has, the longest first: looked for one by one, for hardly any is in a long answer."""
    return sorted((form for form in forms if form in text), key=len, reverse=True)


def _forms(word: str) -> Iterator[tuple[str, str]]:
    """How a word may stand in a message, each form with the same form of its pseudonym."""
    made = pseudonym(word)
    for form in _FORMS:
        yield form(word), form(made)


def _encoded(form: str) -> Iterator[tuple[str, bytes]]:
    for encoding in _ENCODINGS:
        with contextlib.suppress(UnicodeEncodeError):
            yield encoding, form.encode(encoding)


def _every_octet(word: str) -> str:
    return "".join(f"%{octet:02x}" for octet in word.encode())


_FORMS: tuple[Callable[[str], str], ...] = (
    str,
    lambda word: quote(word, safe=""),
    quote_plus,
    _every_octet,
    lambda word: escape(word, {'"': "&quot;", "'": "&apos;"}),
    lambda word: json.dumps(word)[1:-1],
    lambda word: word.encode().hex(),
    lambda word: base64.b64encode(word.encode()).decode().rstrip("="),
)


def pseudonym(word: str) -> str:
    """A word of the same length and shape (digits stay digits), the same in this process and another in the next, from
    which the real one cannot be had back."""
    digest = hashlib.blake2b(word.encode(), key=_KEY).digest()
    stream = (digest * (len(word) // len(digest) + 1))[: len(word)]
    return "".join(
        str(octet % 10) if letter.isascii() and letter.isdigit() else _LETTERS[octet % len(_LETTERS)]
        if letter.isascii() and letter.isalpha() else letter
        for letter, octet in zip(word, stream, strict=True)
    )  # fmt: skip
