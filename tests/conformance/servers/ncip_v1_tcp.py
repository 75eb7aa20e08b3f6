"""A small honest responder: version 1 without a namespace over raw TCP, one connection and one document at a time.

It knows one user and one item and looks things up; all else is an unsupported service. It serves one peer at a time,
waits a moment for the rest of a document, and answers nobody who has closed his side: what such responders do.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator

_SERVICE = re.compile(rb"<NCIPMessage[^>]*>\s*<(\w+)>")
_CARD = re.compile(rb"<(?:UserIdentifierValue|VisibleUserIdentifier)>([^<]*)<")
_ITEM = re.compile(rb"<ItemIdentifierValue>([^<]*)<")
_FROM = re.compile(rb"<FromAgencyId>(.*?)</FromAgencyId>", re.DOTALL)
_TO = re.compile(rb"<ToAgencyId>(.*?)</ToAgencyId>", re.DOTALL)
_ROOT = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<NCIPMessage version="http://www.niso.org/ncip/v1_0/imp1/dtd/ncip_v1_0.dtd">%s</NCIPMessage>\n'
)
_LISTS = b"http://www.niso.org/ncip/v1_0/schemes/processingerrortype/"
CARD, BARCODE = b"1001", b"5001"
_PATIENCE = 0.5  # seconds for the rest of a document


def _pair(name: bytes, value: bytes, scheme: bytes = b"") -> bytes:
    return b"<%s><Scheme>%s</Scheme><Value>%s</Value></%s>" % (name, scheme, value, name)


def _error(kind: bytes, element: bytes, value: bytes) -> bytes:
    about = b"<ElementName>%s</ElementName><ProcessingErrorValue>%s</ProcessingErrorValue>" % (element, value)
    scheme = _LISTS + b"generalprocessingerror.scm"
    said = _pair(b"ProcessingErrorType", kind, scheme) + b"<ProcessingErrorElement>%s</ProcessingErrorElement>" % about
    return b"<Problem><ProcessingError>%s</ProcessingError></Problem>" % said


def answer(document: bytes) -> bytes:
    """What is answered to one document."""
    found = _SERVICE.search(document)
    if found is None or b"v1_0" not in document:
        return _ROOT % (b"<Problem><MessagingError>%s<MessagingErrorElement><ElementName>NCIPMessage</ElementName>"
                        b"</MessagingErrorElement></MessagingError></Problem>"
                        % _pair(b"MessagingErrorType", b"Invalid Message Syntax Error"))  # fmt: skip
    service = found[1]
    sender, receiver = _FROM.search(document), _TO.search(document)
    here, there = (one[1] if one else _pair(b"UniqueAgencyId", b"") for one in (receiver, sender))
    header = b"<ResponseHeader><FromAgencyId>%s</FromAgencyId><ToAgencyId>%s</ToAgencyId></ResponseHeader>" % (
        here, there
    )  # fmt: skip
    inside = {b"LookupUser": _user, b"LookupItem": _item}.get(service, _unsupported)(document, here)
    return _ROOT % (b"<%sResponse>%s%s</%sResponse>" % (service, header, inside, service))


def _user(document: bytes, agency: bytes) -> bytes:
    found = _CARD.search(document)
    if found is None or found[1] != CARD:
        return _error(b"Unknown User", b"UserIdentifierValue", found[1] if found else b"")
    return b"<UniqueUserId>%s<UserIdentifierValue>%s</UserIdentifierValue></UniqueUserId>" % (agency, CARD)


def _item(document: bytes, agency: bytes) -> bytes:
    found = _ITEM.search(document)
    if found is None or found[1] != BARCODE:
        return _error(b"Unknown Item", b"ItemIdentifierValue", found[1] if found else b"")
    status = _pair(b"CirculationStatus", b"Available On Shelf")
    return (
        b"<UniqueItemId>%s<ItemIdentifierValue>%s</ItemIdentifierValue></UniqueItemId>"
        b"<ItemOptionalFields>%s</ItemOptionalFields>" % (agency, BARCODE, status)
    )


def _unsupported(document: bytes, agency: bytes) -> bytes:
    return _error(b"Unsupported Service", b"NCIPMessage", b"")


@contextlib.contextmanager
def old_responder() -> Iterator[int]:
    """Listens on loopback; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.settimeout(_PATIENCE)
                octets = b""
                while not octets.rstrip().endswith(b"</NCIPMessage>") and (piece := peer.recv(65_536)):
                    octets += piece
                time.sleep(0.03)  # who closes does so at once
                peer.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    if peer.recv(1) == b"":
                        continue  # its peer has closed
                peer.settimeout(_PATIENCE)
                peer.sendall(answer(octets))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
