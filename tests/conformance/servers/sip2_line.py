"""What the tests' own SIP2 servers share: a small library, and a way to run on a loopback port. No wire, no rules."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as _field
from datetime import UTC, datetime, timedelta


@dataclass
class Person:
    name: str
    pin: str = "1234"
    blocked: bool = False
    owes: str = ""


@dataclass
class Library:
    """Patrons and items with the demo's numbers; `loans` is item to card."""

    institution: str = "ABER"
    login: tuple[str, str] = ("aber-kiosk-1", "kiosk-demo")
    people: dict[str, Person] = _field(
        default_factory=lambda: {
            "20100001": Person("Gwen Rees"),
            "20100002": Person("Ifan Rees"),
            "20100003": Person("Twm Rees", blocked=True, owes="25.00"),
            "20100008": Person("Siân Ŵyn"),
        }
    )
    items: dict[str, str] = _field(
        default_factory=lambda: {f"301000{number:02d}": f"Book {number}" for number in range(1, 30)}
    )
    loans: dict[str, str] = _field(default_factory=lambda: {"30100022": "20100002", "30100023": "20100002"})

    def loans_of(self, card: str) -> list[str]:
        return [item for item, one in self.loans.items() if one == card]

    def lend(self, card: str, pin: str, item: str) -> bool:
        person = self.people.get(card)
        if person is None or person.blocked or person.pin != pin or item not in self.items or item in self.loans:
            return False
        self.loans[item] = card
        return True

    def give_back(self, item: str) -> bool:
        return self.loans.pop(item, None) is not None

    def due(self) -> str:
        return f"{datetime.now(UTC) + timedelta(days=14):%Y-%m-%d}"


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        self.library = Library()
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Links that break are what the probes are for."""


def library_of(handler: socketserver.BaseRequestHandler) -> Library:
    assert isinstance(handler.server, Server)
    return handler.server.library


def now(zone: str = "    ") -> str:
    """18 characters of SIP2."""
    return f"{datetime.now(UTC):%Y%m%d}{zone}{datetime.now(UTC):%H%M%S}"


@contextmanager
def serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[Server]:
    with Server(handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


def field(code: str, value: str) -> str:
    return f"{code}{value}|"


def split(text: str) -> dict[str, str]:
    return {part[:2]: part[2:] for part in text.split("|") if part}
