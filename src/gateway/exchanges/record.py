"""What is kept of an exchange: masked octets, canonical request and answer without personal data, platform calls.

The decoded message is not kept: whoever looks decodes the masked octets again, so the two can never disagree.
Patrons appear as a tag, equal for equal identifiers within one installation, that leads back to nobody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson
from pydantic import BaseModel

from gateway.canonical.refusals import Refusal
from gateway.exchanges.model import Exchange

Masker = Callable[[bytes], bytes | None]

# Fields of canonical models that say who somebody is; everything else is a fact about things.
PERSONAL = frozenset({
    "patron", "patron_id", "patron_barcode", "patron_name", "pin", "name", "identifiers", "contacts", "birth_date",
    "hold_patron_id", "hold_patron_barcode", "hold_patron_name", "comment", "params", "text",
})  # fmt: skip


class RecordMaker:
    """Turns exchanges into plain dicts ready for JSON. `secret` keys the patron tags."""

    def __init__(self, maskers: Mapping[str, Masker], secret: bytes, *, bodies: bool = True) -> None:
        self._maskers = maskers
        self._secret = secret
        self._bodies = bodies

    def make(self, exchange: Exchange) -> dict[str, Any]:
        record: dict[str, Any] = {
            "id": exchange.id,
            "protocol": exchange.protocol,
            "link": exchange.link,
            "peer": exchange.peer,
            "member": exchange.member,
            "terminal": exchange.terminal,
            "started": exchange.started,
            "milliseconds": round((exchange.finished - exchange.started) * 1000, 3),
            "verdict": exchange.verdict.value,
            "operation": getattr(exchange.request, "operation", None),
        }
        if exchange.error is not None:
            record["error"] = exchange.error
        if isinstance(exchange.answer, Refusal):
            record["refusal"] = exchange.answer.code.value
        patron = getattr(exchange.request, "patron", None) or getattr(exchange.request, "patron_id", None)
        if patron:
            record["patron"] = self._tag(exchange.member, patron)
        if not self._bodies:
            return record
        record["in"] = self._octets(exchange.protocol, exchange.bytes_in)
        record["out"] = self._octets(exchange.protocol, exchange.bytes_out)
        record["request"] = plain(exchange.request)
        record["answer"] = plain(exchange.answer)
        record["calls"] = [
            {
                "operation": call.operation,
                "milliseconds": None if call.finished is None else round((call.finished - call.started) * 1000, 3),
                "failure": call.failure,
                "answer": type(call.answer).__name__ if call.answer is not None else None,
            }
            for call in exchange.calls
        ]
        return record

    def _octets(self, protocol: str, data: bytes) -> dict[str, Any]:
        """Masked octets of the same length; of what cannot be read, only length and digest."""
        masker = self._maskers.get(protocol)
        masked = masker(data) if masker and data else None
        if masked is None or len(masked) != len(data):
            return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest() if data else None}
        return {"length": len(data), "text": masked.decode("latin-1")}

    def _tag(self, member: str | None, patron: str) -> str:
        digest = hmac.new(self._secret, f"{member}\0{patron.casefold()}".encode(), "sha256").hexdigest()
        return f"p-{digest[:10]}"


def plain(model: object) -> orjson.Fragment | None:
    """A canonical model as JSON, its type named, without personal fields and without what has its default."""
    if not isinstance(model, BaseModel):
        return None
    kind = type(model)
    body = kind.__pydantic_serializer__.to_json(model, exclude=_personal_fields(kind), exclude_defaults=True)
    comma = b"," if len(body) > len(b"{}") else b""
    return orjson.Fragment(b'{"type":"%s"%s%s' % (kind.__name__.encode(), comma, body[1:]))


@cache
def _personal_fields(model: type[BaseModel]) -> dict[str, Any]:
    """The `exclude` tree for a model class: its own personal fields, and those of models within it."""
    tree: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name in PERSONAL:
            tree[name] = True
            continue
        for inner, in_tuple in _models_in(field.annotation):
            below = _personal_fields(inner)
            if below:
                tree[name] = {"__all__": below} if in_tuple else below
    return tree


def _models_in(annotation: Any, in_tuple: bool = False) -> list[tuple[type[BaseModel], bool]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [(annotation, in_tuple)]
    origin = getattr(annotation, "__origin__", None)
    return [
        found
        for argument in getattr(annotation, "__args__", ())
        for found in _models_in(argument, in_tuple or origin in (tuple, list))
    ]
