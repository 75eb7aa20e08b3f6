"""SIP2 as a kiosk writes and reads it, by hand: sums, widths and splits here owe nothing to any codec.

An answer is taken apart as far as it goes, and everything that is wrong with its form is listed, not raised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

_DATE = r"\d{8}[ 0-9A-Z]{4}\d{6}"
_PATRON = (("status", r"[Y ]{14}"), ("language", r"\d{3}"), ("date", _DATE))
_LOAN = (("ok", r"[01]"), ("second", r"[YN]"), ("media", r"[YNU]"), ("fourth", r"[YNU]"), ("date", _DATE))
FIXED: dict[str, tuple[tuple[str, str], ...]] = {
    "94": (("ok", r"[01]"),),
    "98": (
        ("online", r"[YN]"), ("checkin", r"[YN]"), ("checkout", r"[YN]"), ("renewal", r"[YN]"), ("update", r"[YN]"),
        ("offline", r"[YN]"), ("timeout", r"\d{3}"), ("retries", r"\d{3}"), ("date", _DATE), ("version", r"\d\.\d\d"),
    ),
    "24": _PATRON,
    "26": _PATRON,
    "64": (*_PATRON, ("counts", r"(?:\d{4}|    ){6}")),
    "36": (("ok", r"[YN]"), ("date", _DATE)),
    "12": _LOAN,
    "10": _LOAN,
    "30": _LOAN,
    "66": (("ok", r"[01]"), ("renewed", r"\d{4}"), ("unrenewed", r"\d{4}"), ("date", _DATE)),
    "18": (("status", r"\d\d"), ("marker", r"\d\d"), ("fee", r"\d\d"), ("date", _DATE)),
    "20": (("ok", r"."), ("date", _DATE)),
    "16": (("ok", r"[01]"), ("available", r"[YN]"), ("date", _DATE)),
    "38": (("ok", r"[YN]"), ("date", _DATE)),
    "96": (),
}  # fmt: skip
"""Names and shapes of the fixed fields of answers (P, messages)."""
REQUIRED = {
    "98": "AO BX", "24": "AO AA AE", "26": "AO AA AE", "64": "AO AA AE", "36": "AO AA", "12": "AO AA AB AJ AH",
    "10": "AO AB AQ", "30": "AO AA AB AJ AH", "66": "AO", "18": "AB AJ", "20": "AB", "16": "AO AA", "38": "AO AA",
}  # fmt: skip
ANSWERS = {
    "93": "94", "99": "98", "23": "24", "01": "24", "63": "64", "35": "36", "11": "12", "09": "10", "29": "30",
    "65": "66", "17": "18", "19": "20", "25": "26", "15": "16", "37": "38",
}  # fmt: skip
BX = ("23", "11", "09", "01", "99", "97", "93", "63", "35", "37", "17", "19", "25", "15", "29", "65")
"""Which request each position of BX stands for (P, BX)."""
WIDTH = {"94": 1, "98": 34, "24": 35, "26": 35, "64": 59, "36": 19, "12": 22, "10": 22, "30": 22, "66": 27, "18": 24,
         "20": 19, "16": 20, "38": 19, "96": 0}  # fmt: skip
LONGEST_FIELD, LONGEST_MESSAGE = 255, 8192


def checksum(octets: bytes) -> bytes:
    """Four hexadecimal digits for a message that ends in AZ (P, error detection)."""
    return b"%04X" % (-sum(octets) & 0xFFFF)


def sealed(body: bytes, sequence: int | str) -> bytes:
    """The message with AY and AZ, without its terminator."""
    message = body + b"AY" + str(sequence).encode() + b"AZ"
    return message + checksum(message)


_END = re.compile(rb"\r\n?|\n")


def whole(octets: bytes) -> int:
    """Where the first message ends: after CR, and a line feed that stands there too."""
    begin = len(octets) - len(octets.lstrip(b"\r\n"))
    found = _END.search(octets, begin)
    return found.end() if found else 0


def now() -> datetime:
    """Local time, without a zone: a kiosk has nothing but its own clock."""
    return datetime.now()  # noqa: DTZ005


def moment(at: datetime | None = None, zone: str = "    ") -> str:
    """18 characters, the present unless told otherwise."""
    at = at or now()
    return f"{at:%Y%m%d}{zone}{at:%H%M%S}"


@dataclass(frozen=True)
class Answer:
    """What came, taken apart. `faults` says of its form what is wrong: (kind, where)."""

    octets: bytes
    code: str
    fixed: dict[str, str]
    fields: tuple[tuple[str, str], ...]
    sequence: str | None
    digits: bytes | None
    """AZ's value as it came; None where there is none."""
    faults: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    """Without terminator, AY and AZ."""

    def get(self, code: str) -> str | None:
        return next((value for name, value in self.fields if name == code), None)

    def all(self, code: str) -> list[str]:
        return [value for name, value in self.fields if name == code]

    def has(self, code: str) -> bool:
        return self.get(code) is not None

    @property
    def ok(self) -> bool:
        """Whether the fixed field that says so says yes."""
        return self.fixed.get("ok") in ("1", "Y")

    @property
    def sums_up(self) -> bool:
        return not any(kind == "checksum" for kind, _ in self.faults)

    def of(self, kind: str) -> list[str]:
        """Where faults of one kind are."""
        return [where for one, where in self.faults if one == kind]

    @property
    def without_date(self) -> bytes:
        """The body but for the time of day, to compare two answers."""
        return re.sub(rb"\d{8}[ 0-9A-Z]{4}\d{6}", b"D", self.body)


def take_apart(octets: bytes, encoding: str = "utf-8") -> Answer:
    """Never raises; what is no answer of the standard has the code that it begins with."""
    faults: list[tuple[str, str]] = []
    line = octets.strip(b"\r\n")
    if not octets.endswith((b"\r", b"\r\n")):
        faults.append(("terminator", "a message does not end in CR"))
    code = line[:2].decode("latin-1")
    width = WIDTH.get(code)
    if width is None:
        return Answer(octets, code, {}, (), None, None, (*faults, ("unknown", code)), line)
    body, sequence, digits = _without_trailer(line, 2 + width, faults, code)
    head, rest = body[2 : 2 + width].decode("latin-1"), body[2 + width :]
    shape = re.fullmatch("".join(f"(?P<{name}>{one})" for name, one in FIXED[code]), head)
    if shape is None:
        faults.append(("fixed part", code))
    try:
        text = rest.decode(encoding)
    except UnicodeDecodeError:
        faults.append(("charset", code))
        text = rest.decode("latin-1")
    fields = tuple(_fields(text, code, faults))
    present = {name for name, _ in fields}
    faults += [("required field", f"{one} in {code}") for one in REQUIRED.get(code, "").split() if one not in present]
    if len(line) > LONGEST_MESSAGE:
        faults.append(("message length", code))
    fixed = shape.groupdict() if shape else {}
    return Answer(octets, code, fixed, fields, sequence, digits, tuple(faults), body)


def _without_trailer(
    line: bytes, start: int, faults: list[tuple[str, str]], code: str
) -> tuple[bytes, str | None, bytes | None]:
    cut = max(line.rfind(b"|") + 1, min(start, len(line)))
    last = line[cut:]
    if not last.startswith((b"AY", b"AZ")) and (found := re.search(rb"AY.AZ[0-9A-Fa-f]{1,4}$", last)):
        cut += found.start()
    trailer = re.fullmatch(rb"(?:AY(.?))?(?:AZ(.*))?", line[cut:])
    if trailer is None or cut == len(line):
        return line, None, None
    digits = trailer[2]
    if digits is not None:
        summed = line[: len(line) - len(digits)]
        if not re.fullmatch(rb"[0-9A-F]{4}", digits):
            faults.append(("checksum form", code))
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,4}", digits) or (sum(summed) + int(digits, 16)) & 0xFFFF:
            faults.append(("checksum", code))
    return line[:cut], trailer[1].decode("latin-1") if trailer[1] is not None else None, digits


def _fields(text: str, code: str, faults: list[tuple[str, str]]) -> list[tuple[str, str]]:
    parts = text.split("|")
    if parts[-1]:
        faults.append(("delimiter", f"{parts[-1][:2]} in {code}"))
    if not parts[-1]:
        parts.pop()
    found = [(part[:2], part[2:]) for part in parts]
    for name, value in found:
        if not re.fullmatch(r"[A-Z0-9]{2}", name):
            faults.append(("field code", code))
        if re.search(r"[\x00-\x1f\x7f]", value):
            faults.append(("control character", f"{name} in {code}"))
        if len(value) > LONGEST_FIELD:
            faults.append(("field length", f"{name} in {code}"))
        if not value and name not in REQUIRED.get(code, "").split():
            faults.append(("empty field", f"{name} in {code}"))
    return found
