"""SRU in recordings, whether in addresses, forms or envelopes of SOAP: each request by its parameters, each answer by
its document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

from library_conformance.passive_rules import Link, once
from library_conformance.passive_rules.http import Asked, Told, exchanges
from library_conformance.web import child, children, local, text
from library_protocols.sru import SoapFault, SruError, read_envelope


def questions(link: Link) -> list[tuple[Asked, Told | None]]:
    """What was asked, each with its answer; requests and answers in envelopes are taken out of them."""
    return once(link, "sru", lambda: list(_questions(link)))


def _questions(link: Link) -> Iterator[tuple[Asked, Told | None]]:
    for asked, answer in exchanges(link):
        yield (_opened(asked) if in_envelope(asked) else asked), _unwrapped(answer)


def in_envelope(asked: Asked) -> bool:
    return asked.body.lstrip().startswith(b"<")


def _opened(asked: Asked) -> Asked:
    try:
        return replace(asked, query=urlencode(read_envelope(asked.body)))
    except (SoapFault, SruError):
        return asked


def _unwrapped(answer: Told | None) -> Told | None:
    if answer is None or answer.root is None or local(answer.root) != "Envelope":
        return answer
    body = child(answer.root, "Body")
    return replace(answer, root=next(iter(children(body)), None) if body is not None else None)


def count(answer: Told) -> int | None:
    """The number of records that an answer tells."""
    value = text(answer.root, "numberOfRecords") if answer.root is not None else None
    return int(value) if value and value.isdigit() else None
