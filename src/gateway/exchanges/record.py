"""What is kept of an exchange: masked octets, canonical request and answer without personal data, platform calls.

The decoded message is not kept: whoever looks decodes the masked octets again, so the two can never disagree.
Patrons appear as a tag, equal for equal identifiers within one installation, that leads back to nobody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any
from weakref import ReferenceType, ref

import orjson
from pydantic import BaseModel

from gateway.canonical.outcomes import Outcome
from gateway.canonical.refusals import Refusal
from gateway.exchanges.model import Exchange

Masker = Callable[[bytes], bytes | None]

LONGEST = 131_072
"""Octets of a message that are kept: masking and packing take the time of those who wait for answers. Real NCIP
documents, the longest of all, have under 100,000."""
_UTC = orjson.OPT_UTC_Z
_NO_DEFAULT = object()

# Fields of canonical models that say who somebody is; everything else is a fact about things.
PERSONAL = frozenset({
    "patron", "patron_id", "patron_barcode", "patron_name", "pin", "name", "identifiers", "contacts", "birth_date",
    "hold_patron_id", "hold_patron_barcode", "hold_patron_name", "comment", "params", "text",
    "emails", "phones", "addresses", "birth_on",
})  # fmt: skip


class RecordMaker:
    """Turns exchanges into plain dicts ready for JSON. `secret` keys the patron tags."""

    def __init__(self, maskers: Mapping[str, Masker], secret: bytes, *, bodies: bool = True) -> None:
        self._maskers = maskers
        self._secret = secret
        self._bodies = bodies
        self._plain_outcome = PlainOutcomes()

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
            "verdict": exchange.verdict,
            "operation": getattr(exchange.request, "operation", None),
        }
        if exchange.error is not None:
            record["error"] = exchange.error
        if isinstance(exchange.answer, Refusal):
            record["refusal"] = exchange.answer.code.value
        for name in _patron_fields(type(exchange.request)):
            if patron := getattr(exchange.request, name):
                record["patron"] = self._tag(exchange.member, patron)
                break
        if not self._bodies:
            return record
        record["in"] = self._octets(exchange.protocol, exchange.bytes_in)
        record["out"] = self._octets(exchange.protocol, exchange.bytes_out)
        record["request"] = plain(exchange.request)
        record["answer"] = self._plain_outcome(exchange.answer)
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
        """Masked octets of the same length; of what cannot be read or is too long, only length and digest."""
        masker = self._maskers.get(protocol) if len(data) <= LONGEST else None
        masked = masker(data) if masker and data else None
        if masked is None or len(masked) != len(data):
            return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest() if data else None}
        return {"length": len(data), "text": masked.decode("latin-1")}

    def _tag(self, member: str | None, patron: str) -> str:
        return patron_tag(self._secret, member, patron)


def patron_tag(secret: bytes, member: str | None, patron: str) -> str:
    """What stands for an identifier of a patron in records."""
    digest = hmac.digest(secret, f"{member}\0{patron.casefold()}".encode(), "sha256")
    return f"p-{digest.hex()[:10]}"


def plain(model: object) -> orjson.Fragment | None:
    """A canonical model as JSON, its type named, without personal fields and without what has its default."""
    if not isinstance(model, BaseModel):
        return None
    return orjson.Fragment(orjson.dumps({"type": type(model).__name__, **_facts(model)}, default=_inner, option=_UTC))


class PlainOutcomes:
    """`plain`, remembered for outcomes that are given again and again; none is kept alive by this."""

    def __init__(self, size: int = 2048) -> None:
        self._size = size
        self._made: dict[int, tuple[ReferenceType[BaseModel], orjson.Fragment | None]] = {}

    def __call__(self, model: object) -> orjson.Fragment | None:
        known = self._made.get(id(model))
        if known is not None and known[0]() is model:
            return known[1]
        made = plain(model)
        if isinstance(model, Outcome):
            if len(self._made) >= self._size:
                self._made.clear()
            self._made[id(model)] = (ref(model), made)
        return made


def _facts(model: BaseModel) -> dict[str, Any]:
    """What is said by a model, by field; models within it are as they are."""
    names, values, defaults = _fields(type(model))
    told = zip(names, values(model), defaults, strict=True)
    return {name: value for name, value, default in told if value is not default and value != default}


def _inner(value: Any) -> Any:
    """What orjson does not know. Personal fields are left out at every depth."""
    if isinstance(value, BaseModel):
        return _facts(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)


@cache
def _patron_fields(request: type) -> tuple[str, ...]:
    """Where a request names its patron. Models are slow in saying that they lack an attribute."""
    if not issubclass(request, BaseModel):
        return ()
    return tuple(name for name in ("patron", "patron_id") if name in request.model_fields)


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, ...], Callable[[BaseModel], tuple[Any, ...]], tuple[Any, ...]]:
    """Names of the fields that are kept, what reads them all, and their defaults."""
    kept = {name: field for name, field in model.model_fields.items() if name not in PERSONAL}
    defaults = tuple(
        _NO_DEFAULT if field.is_required() else field.get_default(call_default_factory=True) for field in kept.values()
    )
    names = tuple(kept)
    if len(names) > 1:
        return names, attrgetter(*names), defaults
    return names, lambda one: tuple(getattr(one, name) for name in names), defaults
