"""Ways of being wrong of NCIP responders, as makers of mutants: for documents over TCP and in HTTP messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from library_conformance.probes.ncip.broker import whole as document_whole
from tests.conformance.proxy import Act, Back, Close, Mutant, Talk

NAMESPACE = "http://www.niso.org/2008/ncip"
SCHEMA = "http://www.niso.org/schemas/ncip/v2_02/ncip_v2_02.xsd"
TRACE = b"<html><body><pre>Traceback (most recent call last): ...</pre></body></html>"
_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
_SERVICE = re.compile(rb"<(?:\w+:)?NCIPMessage[^>]*>\s*<(?:\w+:)?(\w+)")


def http_whole(octets: bytes) -> int:
    """Where an HTTP message ends, by its length or its last chunk."""
    head, gap, body = octets.partition(b"\r\n\r\n")
    if not gap:
        return 0
    if b"chunked" in head.lower():
        end = body.find(b"0\r\n\r\n")
        return len(head) + 4 + end + 5 if end >= 0 else 0
    told = _LENGTH.search(head)
    end = len(head) + 4 + int(told[1] if told else 0)
    return end if len(octets) >= end else 0


def body_of(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[2] if message.startswith((b"HTTP/", b"POST ", b"GET ")) else message


def with_body(message: bytes, body: bytes) -> bytes:
    """The same HTTP message with another body and its length; a bare document is replaced."""
    if not message.startswith((b"HTTP/", b"POST ", b"GET ")):
        return body
    head = message.partition(b"\r\n\r\n")[0]
    return _LENGTH.sub(b"content-length: %d" % len(body), head) + b"\r\n\r\n" + body


def service_of(message: bytes) -> str:
    found = _SERVICE.search(body_of(message))
    return found[1].decode() if found else ""


def document(inside: str) -> bytes:
    """An answer of version 2."""
    return (
        f'<?xml version="1.0"?>\n<NCIPMessage xmlns="{NAMESPACE}" xmlns:n="{NAMESPACE}" n:version="{SCHEMA}">'
        f"{inside}</NCIPMessage>\n"
    ).encode()


def problem(kind: str, value: str = "") -> str:
    return f"<Problem><ProblemType>{kind}</ProblemType><ProblemValue>{value}</ProblemValue></Problem>"


def reply(body: bytes, status: str = "200 OK", kind: str = "application/xml; charset=utf-8") -> bytes:
    """An HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _fits(when: str, message: bytes) -> bool:
    return bool(re.search(when.encode(), message, re.DOTALL))


def says(name: str, *caught_by: str, old: str, new: str, when: str = "", count: int = 0) -> Mutant:
    """In whose answers a pattern is replaced, where the question fits another one."""
    pattern = re.compile(old.encode(), re.DOTALL)

    def change(message: bytes, talk: Talk) -> bytes:
        if not _fits(when, talk.request):
            return message
        return with_body(message, pattern.sub(new.encode(), body_of(message), count=count))

    return Mutant(name, caught_by, answers=change)


def heads(name: str, *caught_by: str, change: Callable[[bytes], bytes]) -> Mutant:
    """Whose HTTP messages are changed as a whole."""
    return Mutant(name, caught_by, answers=lambda message, talk: change(message))


def hears(name: str, *caught_by: str, old: str, new: str, when: str = "") -> Mutant:
    """Who takes questions for others."""
    pattern = re.compile(old.encode(), re.DOTALL)

    def change(message: bytes, talk: Talk) -> bytes:
        if not _fits(when, message):
            return message
        if message.startswith(b"POST ") and not pattern.search(body_of(message)):
            return pattern.sub(new.encode(), message)  # in the head
        return with_body(message, pattern.sub(new.encode(), body_of(message)))

    return Mutant(name, caught_by, requests=change)


def chokes(name: str, *caught_by: str, on: str) -> Mutant:
    """Who answers with the inside of the program where something is in a question."""

    def change(message: bytes, talk: Talk) -> bytes | Iterable[Act]:
        return [Back(reply(TRACE, "500 Internal Server Error", "text/html"))] if _fits(on, message) else message

    return Mutant(name, caught_by, requests=change)


def instead(name: str, *caught_by: str, on: str, inside: str = "", from_: int = 1, to: int = 99) -> Mutant:
    """Who answers something else to a question, from the so-manieth time on to another; `inside` is put in the
    service's own answer."""

    def change(message: bytes, talk: Talk) -> bytes | Iterable[Act]:
        if not _fits(on, message):
            return message
        talk.common["times"] = talk.common.get("times", 0) + 1
        if not from_ <= talk.common["times"] <= to:
            return message
        made = f"<{service_of(message)}Response>{inside}</{service_of(message)}Response>"
        return [Back(reply(document(made)) if message.startswith(b"POST ") else document(made))]

    return Mutant(name, caught_by, requests=change)


def dies(name: str, *caught_by: str, of: str) -> Mutant:
    """Who never answers anybody any more after something was in a question."""

    def change(message: bytes, talk: Talk) -> bytes | Iterable[Act]:
        talk.common["dead"] = talk.common.get("dead", False) or _fits(of, message)
        return [Close()] if talk.common["dead"] else message

    return Mutant(name, caught_by, requests=change)


__all__ = [
    "body_of", "chokes", "dies", "document", "document_whole", "heads", "hears", "http_whole", "instead", "problem",
    "reply", "says", "service_of", "with_body",
]  # fmt: skip
