"""A kiosk written from the standard by hand, on a raw socket. It shares no code with what it judges.

Its own checksum, its own widths, its own field split. `Kiosk.ask` checks that every answer is of the request's own
kind, well formed, with the right AZ over its octets and the AY it was asked with.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
PATIENCE = 20.0  # seconds for an answer on a machine that does other things too

_DATE = r"\d{8}(?:    |0000|   [A-Z])\d{6}"
_STATUS = r"[Y ]{14}\d{3}" + _DATE
_LENT = r"[01][YN][YNU][YN]" + _DATE
FIXED = {
    "94": r"[01]",
    "98": r"[YN]{6}\d{3}\d{3}" + _DATE + r"\d\.\d\d",
    "24": _STATUS,
    "26": _STATUS,
    "64": _STATUS + r"(?:\d{4}|    ){6}",
    "36": r"[YN]" + _DATE,
    "12": _LENT,
    "10": _LENT,
    "30": _LENT,
    "66": r"[01]\d{4}\d{4}" + _DATE,
    "18": r"\d\d\d\d\d\d" + _DATE,
    "20": r"." + _DATE,
    "16": r"[01][YN]" + _DATE,
    "38": r"[YN]" + _DATE,
    "96": "",
}
REQUIRED = {
    "94": "",
    "98": "AO BX",
    "24": "AO AA AE",
    "26": "AO AA AE",
    "64": "AO AA AE",
    "36": "AO AA",
    "12": "AO AA AB AJ AH",
    "10": "AO AB AQ",
    "30": "AO AA AB AJ AH",
    "66": "AO",
    "18": "AB AJ",
    "20": "AB",
    "16": "AO AA",
    "38": "AO AA",
    "96": "",
}
ANSWERS = {
    "93": "94", "99": "98", "23": "24", "01": "24", "63": "64", "35": "36", "11": "12", "09": "10", "29": "30",
    "65": "66", "17": "18", "19": "20", "25": "26", "15": "16", "37": "38",
}  # fmt: skip


def checksum(octets: bytes) -> bytes:
    """Four hex digits for a message that ends in AZ."""
    return b"%04X" % (-sum(octets) & 0xFFFF)


def sealed(body: bytes, sequence: int) -> bytes:
    """The message with AY and AZ, without its terminator."""
    message = body + b"AY%dAZ" % sequence
    return message + checksum(message)


@dataclass(frozen=True)
class Answer:
    """An answer taken apart. `raw` is as it came, without the terminator."""

    raw: bytes
    code: str
    fixed: str
    fields: tuple[tuple[str, str], ...]
    sequence: str | None
    checked: bool

    def __getitem__(self, code: str) -> str:
        """The first field of this code; KeyError where there is none."""
        for name, value in self.fields:
            if name == code:
                return value
        raise KeyError(f"no {code} in {self.raw!r}")

    def get(self, code: str) -> str | None:
        return next((value for name, value in self.fields if name == code), None)

    def all(self, code: str) -> list[str]:
        return [value for name, value in self.fields if name == code]

    @property
    def ok(self) -> bool:
        """Whether the first fixed position says yes: 1 or Y."""
        return self.fixed[0] in "1Y"

    @property
    def screen(self) -> str:
        return " ".join(self.all("AF"))

    @property
    def counts(self) -> dict[str, int]:
        """The six counts of 64, by the codes of their lists."""
        assert self.code == "64"
        digits = self.fixed[35:59]
        names = ("AS", "AT", "AU", "AV", "BU", "CD")
        return {name: int(digits[4 * place : 4 * place + 4]) for place, name in enumerate(names)}

    def without_time(self, *hidden: str) -> str:
        """The answer without what changes from one asking to the next: dates, AY, AZ and the `hidden` words."""
        body = re.sub(r"(?:AY.)?AZ....$", "", self.raw.decode("utf-8", "surrogateescape"))
        if self.code in FIXED:
            body = re.sub(_DATE, "D" * 18, body, count=1)
        for word in hidden:
            body = body.replace(word, "*")
        return body


def take_apart(raw: bytes, encoding: str = "utf-8") -> Answer:
    """Checks an answer octet by octet. AssertionError says what is wrong with it."""
    body, sequence, checked = raw, None, False
    if tail := re.search(rb"(?:AY(.))?AZ([0-9A-F]{4})$", raw):
        assert checksum(raw[:-4]) == tail[2], f"wrong checksum: {raw!r}"
        checked = True
        body = raw[: tail.start()]
        sequence = tail[1].decode() if tail[1] else None
    text = body.decode(encoding)
    code, rest = text[:2], text[2:]
    assert code in FIXED, f"no answer of the standard: {raw!r}"
    found = re.match(FIXED[code], rest)
    assert found, f"fixed part of {code} is misshapen: {raw!r}"
    fixed, coded = found[0], rest[found.end() :]
    assert coded == "" or coded.endswith("|"), f"a field without its end: {raw!r}"
    fields = tuple((part[:2], part[2:]) for part in coded.split("|")[:-1])
    for name, value in fields:
        assert re.fullmatch(r"[A-Z0-9]{2}", name), f"no field code {name!r}: {raw!r}"
        assert not re.search(r"[\x00-\x1f\x7f]", value), f"a control character in {name}: {raw!r}"
    for name in REQUIRED[code].split():
        assert any(name == there for there, _ in fields), f"{code} without {name}: {raw!r}"
    return Answer(raw, code, fixed, fields, sequence, checked)


class LineClosed(Exception):
    """The other end has closed the link."""


@dataclass
class Kiosk:
    """One link. `encoding` is for text and checksum alike; `checksums` says whether AY and AZ are sent."""

    port: int
    encoding: str = "utf-8"
    checksums: bool = True
    terminator: bytes = b"\r"
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    sequence: int = 9
    link: socket.socket = field(init=False)
    _buffer: bytes = field(default=b"", init=False)

    def __post_init__(self) -> None:
        self.link = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is not None:
            self.link = self.tls.wrap_socket(self.link, server_hostname=self.server_name)

    def __enter__(self) -> Kiosk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.link.close()

    def message(self, body: str) -> bytes:
        """The octets of a new message, terminator included; takes the next sequence number."""
        octets = body.encode(self.encoding)
        if self.checksums:
            self.sequence = (self.sequence + 1) % 10
            octets = sealed(octets, self.sequence)
        return octets + self.terminator

    def send(self, octets: bytes) -> None:
        self.link.sendall(octets)

    def receive_raw(self, timeout: float = PATIENCE) -> bytes:
        """The octets of the next answer, up to its CR. Raises TimeoutError and LineClosed."""
        self.link.settimeout(timeout)
        while b"\r" not in self._buffer:
            try:
                more = self.link.recv(65536)
            except ConnectionError as error:
                raise LineClosed from error
            if not more:
                raise LineClosed
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\r")
        return line.lstrip(b"\n")

    def receive(self, timeout: float = PATIENCE) -> Answer:
        return take_apart(self.receive_raw(timeout), self.encoding)

    def ask(self, body: str) -> Answer:
        """Sends a new message and checks that its answer belongs to it."""
        self.send(self.message(body))
        answer = self.receive()
        assert answer.code == ANSWERS[body[:2]], f"{body[:2]} was answered by {answer.raw!r}"
        if self.checksums:
            assert answer.checked, f"no AZ: {answer.raw!r}"
            assert answer.sequence == str(self.sequence), f"not the AY that was asked with: {answer.raw!r}"
        return answer

    def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for so long."""
        try:
            self.receive_raw(seconds)
        except TimeoutError:
            return True
        return False


def moment(at: datetime | None = None) -> str:
    """18 characters in the library's local time."""
    return f"{at.astimezone(LONDON) if at else datetime.now(LONDON):%Y%m%d    %H%M%S}"


def _fields(*fields: tuple[str, str | None]) -> str:
    return "".join(f"{code}{value}|" for code, value in fields if value is not None)


def login(user: str, password: str, location: str | None = None) -> str:
    return "9300" + _fields(("CN", user), ("CO", password), ("CP", location))


def status() -> str:
    return "9900802.00"


def patron_status(patron: str, pin: str | None = None, *, ao: str = "", language: str = "000") -> str:
    return f"23{language}{moment()}" + _fields(("AO", ao), ("AA", patron), ("AC", ""), ("AD", pin))


def patron_information(
    patron: str,
    pin: str | None = None,
    *,
    summary: str = "          ",
    start: str | None = None,
    end: str | None = None,
    ao: str = "",
    language: str = "000",
) -> str:
    fields = (("AO", ao), ("AA", patron), ("AC", ""), ("AD", pin), ("BP", start), ("BQ", end))
    return f"63{language}{moment()}{summary}" + _fields(*fields)


def end_session(patron: str, *, ao: str = "") -> str:
    return f"35{moment()}" + _fields(("AO", ao), ("AA", patron))


def checkout(
    patron: str,
    item: str,
    pin: str | None = None,
    *,
    ao: str = "",
    renewal: str = "N",
    no_block: str = "N",
    at: str | None = None,
    due: str | None = None,
    cancel: str | None = None,
    fee_acknowledged: str | None = None,
) -> str:
    fixed = f"11{renewal}{no_block}{at or moment()}{due or moment()}"
    return fixed + _fields(
        ("AO", ao), ("AA", patron), ("AB", item), ("AC", ""), ("AD", pin), ("BO", fee_acknowledged), ("BI", cancel)
    )


def checkin(
    item: str,
    *,
    ao: str = "",
    no_block: str = "N",
    at: str | None = None,
    returned: str | None = None,
    cancel: str | None = None,
) -> str:
    fixed = f"09{no_block}{at or moment()}{returned or moment()}"
    return fixed + _fields(("AP", ""), ("AO", ao), ("AB", item), ("AC", ""), ("BI", cancel))


def renew(patron: str, item: str, pin: str | None = None, *, ao: str = "", no_block: str = "N") -> str:
    return f"29N{no_block}{moment()}{moment()}" + _fields(("AO", ao), ("AA", patron), ("AD", pin), ("AB", item))


def renew_all(patron: str, pin: str | None = None, *, ao: str = "") -> str:
    return f"65{moment()}" + _fields(("AO", ao), ("AA", patron), ("AD", pin))


def item_information(item: str, *, ao: str = "") -> str:
    return f"17{moment()}" + _fields(("AO", ao), ("AB", item), ("AC", ""))


def item_update(item: str, properties: str, *, ao: str = "") -> str:
    return f"19{moment()}" + _fields(("AO", ao), ("AB", item), ("AC", ""), ("CH", properties))


def block(patron: str, text: str, *, ao: str = "", retained: str = "N") -> str:
    return f"01{retained}{moment()}" + _fields(("AO", ao), ("AL", text), ("AA", patron), ("AC", ""))


def enable(patron: str, pin: str | None = None, *, ao: str = "") -> str:
    return f"25{moment()}" + _fields(("AO", ao), ("AA", patron), ("AC", ""), ("AD", pin))


def hold(
    mode: str,
    patron: str,
    item: str,
    pin: str | None = None,
    *,
    ao: str = "",
    pickup: str | None = None,
    kind: str | None = "2",
    expiry: str | None = None,
) -> str:
    return f"15{mode}{moment()}" + _fields(
        ("BW", expiry), ("BS", pickup), ("BY", kind), ("AO", ao), ("AA", patron), ("AD", pin), ("AB", item), ("AC", "")
    )


def fee_paid(
    patron: str,
    amount: str,
    *,
    ao: str = "",
    currency: str = "GBP",
    fee: str | None = None,
    transaction: str | None = None,
    payment: str = "00",
    at: str | None = None,
) -> str:
    fixed = f"37{at or moment()}04{payment}{currency}"
    return fixed + _fields(("BV", amount), ("AO", ao), ("AA", patron), ("AC", ""), ("CG", fee), ("BK", transaction))


def split_into(octets: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(octets), size):
        yield octets[start : start + size]
