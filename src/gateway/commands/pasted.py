"""What somebody pasted, turned back into octets: a SIP2 line, a log line around one, or a hex dump of many layouts.

A log line is searched for the place where a message most plausibly begins: its fixed part has the right characters,
its fields are known, best of all its checksum is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from library_protocols.sip2 import FIELDS, MESSAGES, Checksum, Dialect, decode
from library_protocols.sip2.codec import DecodeError

GUESSES = ("utf-8", "cp850", "latin-1", "cp1252")
"""Character sets tried in turn when none is named: the first that makes the checksum right is taken."""

_HEX_PAIRS = r"(?:[0-9A-Fa-f]{2})"
# 00000000: 3933 3030 434e  9300CN        (xxd, tcpdump -X, hexdump -C, Wireshark's hex dump)
_DUMP_LINE = re.compile(
    rf"^\s*(?:0x)?[0-9A-Fa-f]{{4,8}}:?\s{{1,2}}\s*"
    rf"({_HEX_PAIRS}{{1,2}}(?:[ ]{{1,2}}{_HEX_PAIRS}{{1,2}})*)"
    rf"(?:\s{{2,}}.*|\s*)$"
)
_HEX = re.compile(r"[0-9A-Fa-f]+")
# A command, at the start of a line: what tells the octets of a message from a number that happens to be hexadecimal.
_START = re.compile(rb"(?:" + b"|".join(code.encode() for code in MESSAGES) + rb")[0-9YNU+*\- A]")
_TRAILER = re.compile(r"(?:AY\d{1,2})?AZ[0-9A-Fa-f]{4}(?![0-9A-Za-z])")
_SEPARATORS = re.compile(r"0x|\\x|[\s,:;{}\"']")
# How loggers write the terminator: rsyslog, Perl and Python, terminals, people.
_ENDINGS = re.compile(r"(?:#015|#012|\\r|\\n|\\x0[dDaA]|\^M|<CR>|<LF>|\r|\n)+$")
_CLOSING = {"'": "'", '"': '"', "[": "]", "(": ")", "<": ">", "{": "}", "`": "`"}

_SHAPES = {
    "date": r"[0-9 ]{8}.{4}[0-9 ]{6}",
    "number": r"[0-9 ]",
    "tenths": r"[0-9 ]",
    "flag": r"[YNU01 ]",
    "code": r"[0-9+*\- ]",
    "positions": r"[YN ]",
    "currency": r"[A-Z ]",
    "version": r"[0-9.E ]",
}
_HEADS = {
    code: re.compile("".join(_SHAPES[i.kind] + ("" if i.kind == "date" else f"{{{i.width}}}") for i in fact.fixed))
    for code, fact in MESSAGES.items()
}


@dataclass(frozen=True, slots=True)
class Found:
    """A message in what was pasted. `origin` says in words what it was taken from; `encoding` how it was read."""

    data: bytes
    origin: str
    encoding: str


def find_messages(text: str, encoding: str | None, dialect: Dialect) -> list[Found]:
    """The SIP2 messages in `text`, in order; empty when there are none."""
    dumped = _from_hex(text)
    if dumped is not None:
        return [_as_found(line, "hex dump", encoding) for line in _lines_of(dumped, dialect)]
    found: list[Found] = []
    for line in text.splitlines():
        message = _cut_out(line, dialect)
        if message:
            charset = encoding or _charset_of(message, dialect)
            origin = "message" if message == line.strip() else "log line"
            found.append(Found(message.encode(charset, "replace"), origin, charset))
    return found


def _as_found(data: bytes, origin: str, encoding: str | None) -> Found:
    """Octets show whether they are UTF-8; if they are not, the standard's own default is the best guess."""
    if encoding is None:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return Found(data, origin, "cp850")
    return Found(data, origin, encoding or "utf-8")


def _charset_of(message: str, dialect: Dialect) -> str:
    """The charset in which the checksum comes out right; the first where there is none to tell by."""
    for name in GUESSES:
        try:
            verdict = decode(message.encode(name), replace(dialect, encoding=name)).checksum
        except (UnicodeEncodeError, DecodeError):
            continue
        if verdict is Checksum.VALID:
            return name
    return GUESSES[0]


def hex_octets(text: str) -> bytes | None:
    """The octets of a hex dump, or None for what is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    dumped = [match.group(1) for match in map(_DUMP_LINE.match, lines) if match]
    digits = "".join(dumped) if lines and len(dumped) == len(lines) else text
    bare = _SEPARATORS.sub("", digits)
    if len(bare) < 4 or len(bare) % 2 or not _HEX.fullmatch(bare):
        return None
    return bytes.fromhex(bare)


def _from_hex(text: str) -> bytes | None:
    """The octets of a hex dump that holds SIP2 messages: a number may be hexadecimal too."""
    octets = hex_octets(text)
    return octets if octets is not None and _START.search(octets) else None


def _lines_of(octets: bytes, dialect: Dialect) -> list[bytes]:
    """The messages among octets that may begin with the headers of a captured packet."""
    found: list[bytes] = []
    for line in re.split(rb"[\r\n]+", octets):
        message = _cut_out(line.decode("latin-1"), dialect, after_binary=True)
        if message:
            found.append(message.encode("latin-1"))
    return found


def _cut_out(line: str, dialect: Dialect, *, after_binary: bool = False) -> str | None:
    """The message in a line, without what a logger put around it.

    `after_binary`: any octet may stand before it, as the headers of a packet do.
    """
    best: tuple[int, str] | None = None
    for at in range(len(line) - 1):
        begins = after_binary or at == 0 or not (line[at - 1].isalnum() or line[at - 1] in "-:.")
        if begins and line[at : at + 2] in MESSAGES:
            text = _trimmed(line, at)
            score = _plausibility(text, dialect, alone=text == line.strip())
            if score > 0 and (best is None or score > best[0]):
                best = (score, text)
    if best is not None:
        return best[1]
    whole = _ENDINGS.sub("", line.strip())
    return whole if whole[:2].isdecimal() and dialect.delimiter in whole else None


def _trimmed(line: str, at: int) -> str:
    text = line[at:]
    checksum = _TRAILER.search(text)
    if checksum:
        return text[: checksum.end()]
    closing = _CLOSING.get(line[at - 1]) if at else None
    if closing and closing in text:
        text = text[: text.rindex(closing)]
    return _ENDINGS.sub("", text.rstrip(" "))


def _plausibility(text: str, dialect: Dialect, *, alone: bool) -> int:
    """How much speaks for `text` being a message; 0 when too little does."""
    code = text[:2]
    try:
        verdict = decode(text.encode("utf-8"), replace(dialect, encoding="utf-8")).checksum
    except DecodeError:
        return 0
    certain = 20 if verdict is Checksum.VALID else 0
    head = _HEADS[code].match(text, 2)
    if not head:
        return certain or (1 if alone and dialect.delimiter in text else 0)
    segments = [segment for segment in text[head.end() :].split(dialect.delimiter) if segment]
    known = sum(segment[:2] in FIELDS for segment in segments)
    if known:
        return certain + 5 + known
    whole = alone or (bool(MESSAGES[code].fixed) and not segments)
    return certain + (3 if whole and not MESSAGES[code].required else 0)
