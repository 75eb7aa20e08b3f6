"""A scripted data provider on a loopback port: a small repository that misbehaves on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from library_protocols.oai_pmh import (
    CLOSING,
    BadRequest,
    Deleted,
    Granularity,
    Identity,
    MetadataFormat,
    OaiError,
    Request,
    Set,
    Verb,
    errors,
    header,
    identify,
    list_closing,
    list_opening,
    metadata_formats,
    opening,
    parse_datestamp,
    read_query,
    record,
    resumption_token,
    set_element,
)

MARCXML = (
    '<marc:record xmlns:marc="http://www.loc.gov/MARC21/slim"><marc:leader>00000nam a2200000 i 4500</marc:leader>'
    "{first}"
    '<marc:controlfield tag="008">010101s2001    enk           000 0 eng d</marc:controlfield>'
    '<marc:datafield tag="245" ind1="1" ind2="0"><marc:subfield code="a">{title}</marc:subfield></marc:datafield>'
    "</marc:record>"
)


@dataclass
class Item:
    control: str
    title: str
    datestamp: int
    deleted: bool = False
    identifier: str = ""
    first: str | None = None  # text of 001; None for the control number

    @property
    def xml(self) -> bytes:
        number = self.control if self.first is None else self.first
        field_001 = f'<marc:controlfield tag="001">{number}</marc:controlfield>' if number else ""
        return MARCXML.format(first=field_001, title=self.title).encode()


@dataclass(frozen=True)
class Reply:
    """An answer of HTTP's own."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Fault = Callable[["Provider", Request, bytes], Reply | bytes | None]
"""Sees a request and the answer as it would be; gives another one, or None to leave it."""


class Provider:
    """`faults` are asked in turn before an answer goes out; `asked` are the arguments of every request."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.now = 1_600_000_000
        self.page_size = 3
        self.deleted = Deleted.PERSISTENT
        self.granularity = Granularity.SECOND
        self.epoch = 0  # tokens of an earlier one are lost
        self.sets: tuple[str, ...] = ()
        self.faults: list[Fault] = []
        self.asked: list[dict[str, str]] = []
        self._lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with provider._lock:
                    reply = provider._reply(urlsplit(self.path).query.encode())
                self.send_response(reply.status)
                for name, value in {"Content-Type": "text/xml", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/oai"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, control: str, title: str = "A title", **said: object) -> None:
        """A record new or changed at `now`."""
        item = Item(control, title, self.now, **said)  # type: ignore[arg-type]
        item.identifier = item.identifier or f"oai:source.example:{control}"
        self.items[item.identifier] = item

    def lists(self) -> list[dict[str, str]]:
        return [arguments for arguments in self.asked if arguments.get("verb") == "ListRecords"]

    def _reply(self, query: bytes) -> Reply:
        request = read_query(query, self.granularity)
        if isinstance(request, BadRequest):
            return Reply(body=errors(self.url, self.now, request.errors))
        self.asked.append(request.arguments())
        body = self._answer(request)
        for fault in list(self.faults):
            changed = fault(self, request, body)
            if isinstance(changed, Reply):
                return changed
            body = changed if changed is not None else body
        return Reply(body=body)

    def _answer(self, request: Request) -> bytes:
        if request.verb is Verb.IDENTIFY:
            told = Identity("Source", self.url, ("a@b.example",), 0, self.deleted, self.granularity)
            return opening(self.url, self.now, request.arguments()) + identify(told) + CLOSING
        if request.verb is Verb.LIST_METADATA_FORMATS:
            told = metadata_formats([MetadataFormat("marc21", "http://x.example/marc.xsd", "urn:marc")])
            return opening(self.url, self.now, request.arguments()) + told + CLOSING
        if request.verb is Verb.LIST_SETS:
            return self._list_sets(request)
        assert request.verb is Verb.LIST_RECORDS
        start, from_ = 0, request.from_.first if request.from_ else 0
        if request.resumption_token is not None:
            epoch, start, from_ = map(int, request.resumption_token.split("."))
            if epoch != self.epoch:
                return self._error(request, "badResumptionToken")
        listed = sorted(
            (i for i in self.items.values() if i.datestamp >= from_), key=lambda i: (i.datestamp, i.control)
        )
        page = listed[start : start + self.page_size]
        if not page:
            return self._error(request, "noRecordsMatch")
        end = start + len(page)
        token = b""
        if end < len(listed) or request.resumption_token is not None:
            value = f"{self.epoch}.{end}.{from_}" if end < len(listed) else ""
            token = resumption_token(value, complete_list_size=len(listed), cursor=start)
        return b"".join([
            opening(self.url, self.now, request.arguments()),
            list_opening(request.verb),
            *(
                record(
                    header(each.identifier, each.datestamp, deleted=each.deleted),
                    None if each.deleted else each.xml,
                )
                for each in page
            ),
            token,
            list_closing(request.verb),
            CLOSING,
        ])  # fmt: skip

    def _list_sets(self, request: Request) -> bytes:
        """One set a page."""
        place = int(request.resumption_token or 0)
        if not self.sets:
            return self._error(request, "noSetHierarchy")
        more = str(place + 1) if place + 1 < len(self.sets) else ""
        told = set_element(Set(self.sets[place], "A set")) + resumption_token(more)
        head = opening(self.url, self.now, request.arguments()) + list_opening(Verb.LIST_SETS)
        return head + told + list_closing(Verb.LIST_SETS) + CLOSING

    def _error(self, request: Request, code: str) -> bytes:
        return errors(self.url, self.now, [OaiError(code, "so it is")], request.arguments())


def seconds(datestamp: str) -> int:
    found = parse_datestamp(datestamp)
    assert found is not None
    return found.first


def fill(provider: Provider, count: int, first: int = 0) -> None:
    """So many records, each a second younger than the one before."""
    for number in range(first, first + count):
        provider.now += 1
        provider.put(f"{number:03}")


def on_page(number: int, change: Callable[[Provider, bytes], Reply | bytes]) -> Fault:
    """Changes the answer to the list request of this number (1 is the first), once."""

    def fault(provider: Provider, request: Request, body: bytes) -> Reply | bytes | None:
        if request.verb is Verb.LIST_RECORDS and len(provider.lists()) == number:
            return change(provider, body)
        return None

    return fault
