"""How directories go wrong: changes of requests and answers, of which mutants are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from library_conformance import octets
from library_protocols.ldap import (
    And,
    BindRequest,
    BindResponse,
    Control,
    DecodeError,
    Equality,
    ExtendedRequest,
    Filter,
    LdapMessage,
    Not,
    Or,
    PagedResults,
    Present,
    Result,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    Simple,
    decode,
    encode,
    find_control,
)
from library_protocols.ldap.facts import oids
from tests.conformance.proxy import Act, Back, Close, Talk, Transform

Op = TypeVar("Op")
MOST = 1_048_576
NOBODY = "conformance-nobody"


def whole(data: bytes) -> int:
    """Where a message ends; ValueError for what says it is longer than anybody sends, and for what is no message."""
    if data[:2] == b"\x30\x84" and len(data) >= 6 and int.from_bytes(data[2:6], "big") > MOST:
        raise ValueError("too long")
    if data[:1] in (b"\x16", b"\x14", b"\x15", b"\x17"):
        raise ValueError("TLS")
    return octets.whole(data)


def read(message: bytes) -> LdapMessage | None:
    try:
        return decode(message)
    except DecodeError:
        return None


def request_of(talk: Talk) -> Any:
    found = read(talk.request)
    return found.op if found is not None else None


def answered(kind: type[Op], change: Callable[[Any, Any], Any]) -> Transform:
    """Changes answers of this kind; `change` is handed the answer's operation and the request's. None: it is lost."""

    def transform(message: bytes, talk: Talk) -> Iterable[Act]:
        found = read(message)
        if found is None or not isinstance(found.op, kind):
            return (message,)
        made = change(found.op, request_of(talk))
        return () if made is None else (encode(replace(found, op=made)),)

    return transform


def asked(kind: type[Op], change: Callable[[Any], Any]) -> Transform:
    """Changes requests of this kind on their way."""

    def transform(message: bytes, talk: Talk) -> bytes:
        found = read(message)
        return encode(replace(found, op=change(found.op))) if found and isinstance(found.op, kind) else message

    return transform


def instead(to: Callable[[LdapMessage], bool], answer: Callable[[LdapMessage], Any]) -> Transform:
    """Answers some requests by itself. An answer of None is none."""

    def transform(message: bytes, talk: Talk) -> Iterable[Act]:
        found = read(message)
        if found is None or not to(found):
            return (message,)
        op = answer(found)
        return () if op is None else (Back(encode(LdapMessage(found.message_id, op))),)

    return transform


def at(octets_: Callable[[bytes], bool], *acts: Act) -> Transform:
    """Does this in the place of some requests, whatever they mean."""
    return lambda message, talk: acts if octets_(message) else (message,)


def coded(code: int, of: Callable[[Any], bool] = lambda _: True, to: int | None = None) -> Transform:
    """A result code in the place of another (of any, where `of` alone says which requests)."""

    def transform(message: bytes, talk: Talk) -> bytes:
        found = read(message)
        result = getattr(found.op, "result", None) if found else None
        if found is None or result is None or not of(request_of(talk)) or (to is not None and result.code != to):
            return message
        return encode(replace(found, op=replace(found.op, result=replace(result, code=code))))

    return transform


# Kinds of requests


def of_kind(kind: type[Any]) -> Callable[[Any], bool]:
    return lambda op: isinstance(op, kind)


def bind_of(name: str) -> Callable[[LdapMessage], bool]:
    return lambda found: isinstance(found.op, BindRequest) and found.op.name.startswith(name)


def named_without_password(op: Any) -> bool:
    return isinstance(op, BindRequest) and bool(op.name) and op.authentication == Simple(b"")


def extended(oid: str) -> Callable[[Any], bool]:
    return lambda op: isinstance(op, ExtendedRequest) and op.oid == oid


def search_of(base: str | None = None, scope: int | None = None) -> Callable[[Any], bool]:
    return lambda op: (
        isinstance(op, SearchRequest) and base in (None, op.base) and scope in (None, op.scope)
    )  # fmt: skip


def filters(change: Callable[[Filter], Filter]) -> Transform:
    """Rewrites every part of every filter."""

    def rewritten(one: Filter) -> Filter:
        match one:
            case And(parts):
                one = And(tuple(map(rewritten, parts)))
            case Or(parts):
                one = Or(tuple(map(rewritten, parts)))
            case Not(part):
                one = Not(rewritten(part))
        return change(one)

    return asked(SearchRequest, lambda op: replace(op, filter=rewritten(op.filter)))


def drop_kind(kind: str) -> Transform:
    """Filters of this kind never hold."""
    return filters(lambda one: Or(()) if type(one).__name__ == kind else one)


Change = Callable[[dict[str, tuple[bytes, ...]]], dict[str, tuple[bytes, ...]]]


def attributes(change: Change, base: str | None = None) -> Transform:
    def changed(op: SearchResultEntry, request: Any) -> SearchResultEntry:
        if base is not None and not search_of(base)(request):
            return op
        return replace(op, attributes=tuple(change(dict(op.attributes)).items()))

    return answered(SearchResultEntry, changed)


def root(change: Change) -> Transform:
    return attributes(change, "")


def without(*names: str) -> Change:
    lower = {name.lower() for name in names}
    return lambda found: {name: values for name, values in found.items() if name.lower() not in lower}


def having(**more: tuple[bytes, ...]) -> Change:
    return lambda found: found | more


def done(code: int = 0) -> SearchResultDone:
    return SearchResultDone(Result(code))


# Changes that need a memory


def harming(message: bytes, talk: Talk) -> Iterable[Act]:
    if message[:1] == b"\x04":
        talk.common["down"] = True
    return () if talk.common.get("down") else (message,)


def remembering(message: bytes, talk: Talk) -> Iterable[Act]:
    """A bind that fails is said to, and forgotten."""
    found = read(message)
    if found is not None and bind_of(f"cn={NOBODY}")(found):
        return (Back(encode(LdapMessage(found.message_id, BindResponse(Result(49))))),)
    return (message,)


def once(message: bytes, talk: Talk) -> Iterable[Act]:
    """Binds a second time are said to succeed, and leave nobody bound."""
    found = read(message)
    if found is None or not isinstance(found.op, BindRequest):
        return (message,)
    talk.memory["binds"] = talk.memory.get("binds", 0) + 1
    if talk.memory["binds"] < 2:
        return (message,)
    return (encode(replace(found, op=BindRequest(3, "", Simple(b"")))),)


def entries_twice(message: bytes, talk: Talk) -> bytes:
    found = read(message)
    return message * 2 if found is not None and isinstance(found.op, SearchResultEntry) else message


def first_lost(message: bytes, talk: Talk) -> Iterable[Act]:
    """The first entry of every page but the first is lost."""
    found = read(message)
    request = read(talk.request)
    if found is None or request is None or not isinstance(found.op, SearchResultEntry):
        return (message,)
    control = find_control(request.controls, oids.PAGED_RESULTS)
    if control is None or not PagedResults.read(control).cookie or talk.memory.get("lost") == request.message_id:
        return (message,)
    talk.memory["lost"] = request.message_id
    return ()


def paging(change: Callable[[PagedResults], PagedResults | None], *, of_answers: bool) -> Transform:
    def transform(message: bytes, talk: Talk) -> bytes:
        found = read(message)
        control = find_control(found.controls, oids.PAGED_RESULTS) if found else None
        if found is None or control is None or of_answers is not isinstance(found.op, SearchResultDone):
            return message
        made = change(PagedResults.read(control))
        return encode(replace(found, controls=() if made is None else (made.control(critical=control.critical),)))

    return transform


def controls(change: Callable[[Control], Control | None]) -> Transform:
    def transform(message: bytes, talk: Talk) -> bytes:
        found = read(message)
        if found is None or not found.controls:
            return message
        return encode(replace(found, controls=tuple(made for one in found.controls if (made := change(one)))))

    return transform


def any_cookie(message: bytes, talk: Talk) -> bytes:
    found = read(message)
    if found is None or b"conformance-cookie" not in message:
        return message
    return encode(replace(found, controls=(PagedResults(3).control(critical=True),)))


def open_cookies(message: bytes, talk: Talk) -> Iterable[Act]:
    """Shows a page to anybody who has a cookie."""
    found = read(message)
    control = find_control(found.controls, oids.PAGED_RESULTS) if found else None
    binds = (one.op for one in map(read, talk.requests) if one is not None and isinstance(one.op, BindRequest))
    if found is None or control is None or not PagedResults.read(control).cookie or any(binds):
        return (message,)
    entry = LdapMessage(found.message_id, SearchResultEntry("uid=somebody"))
    return (Back(encode(entry)), Back(encode(LdapMessage(found.message_id, done()))))


def shows_anybody(message: bytes, talk: Talk) -> Iterable[Act]:
    found = read(message)
    if found is None or not isinstance(found.op, SearchRequest):
        return (message,)
    entry = LdapMessage(found.message_id, SearchResultEntry("uid=somebody"))
    return (Back(encode(entry)), Back(encode(LdapMessage(found.message_id, done()))))


def base_too(message: bytes, talk: Talk) -> bytes:
    """A search of one level as one of the whole tree."""
    found = read(message)
    if found is None or not search_of(scope=1)(found.op):
        return message
    return encode(replace(found, op=replace(found.op, scope=2)))


def one_more(message: bytes, talk: Talk) -> bytes:
    """Another entry behind the one that was asked for by its name."""
    found = read(message)
    if found is None or not isinstance(found.op, SearchResultDone) or not search_of(scope=0)(request_of(talk)):
        return message
    return encode(LdapMessage(found.message_id, SearchResultEntry("uid=another"))) + message


def third_bind_refused(message: bytes, talk: Talk) -> bytes:
    """Confidentiality is required, but of those two that other probes need."""
    found = read(message)
    if found is None or not isinstance(found.op, BindResponse):
        return message
    talk.common["binds"] = talk.common.get("binds", 0) + 1
    return message if talk.common["binds"] < 3 else encode(replace(found, op=BindResponse(Result(13))))


def folding(change: Callable[[str], str]) -> Transform:
    return asked(SearchRequest, lambda op: replace(op, base=change(op.base)))


def by_octets(one: Filter) -> Filter:
    """Logins only in small letters."""
    return Or(()) if isinstance(one, Equality) and one.value.isupper() else one


def star(one: Filter) -> Filter:
    """An escaped star taken for a wild card."""
    return Present(one.attribute) if isinstance(one, Equality) and one.value == b"*" else one


def unknown_as(made: Filter) -> Callable[[Filter], Filter]:
    return lambda one: made if isinstance(one, Equality) and one.attribute == "conformanceNoSuch" else one


def half(message: bytes, talk: Talk) -> Iterable[Act]:
    return (message,) if octets.whole(message) else (Close(),)


def first_alone(message: bytes, talk: Talk) -> bytes:
    return message[: octets.whole(message)]
