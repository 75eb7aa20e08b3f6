"""ASN.1 types as values that read and write themselves in BER; a SEQUENCE is a dataclass whose fields are its table.

A standard's module is written down once, as classes: names, tags, types, what may be missing. Elements it does not
know are kept with their octets (`unknown`). Text is UTF-8 with undecodable octets kept as surrogates, so nothing is
lost where another charset holds; elements of a SEQUENCE are taken in any order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

from library_protocols import ber
from library_protocols.ber import CONTEXT, BerError, Head, Reader
from library_protocols.values import value

MAX_ELEMENTS = 100_000
"""Elements of one SEQUENCE OF: more than any page of records, scan or list of databases; fewer than fill memory."""


class Type:
    """A type of ASN.1. `tags` are those an element of it may have where no other tag is given."""

    tags: tuple[int, ...] = ()
    constructed = False

    def read(self, reader: Reader, head: Head, depth: int) -> Any:
        """The value of an element. Raises BerError."""
        raise NotImplementedError

    def contents(self, value: Any, /) -> bytes:
        """The octets of a value without tag and length."""
        raise NotImplementedError

    def write(self, value: Any, /) -> bytes:
        """The octets of a value."""
        return ber.element(self.tags[0], self.constructed, self.contents(value))


class Primitive(Type):
    """A type whose values are not made of others."""

    def __init__(
        self, tags: tuple[int, ...], read: Callable[[Reader, Head], Any], contents: Callable[[Any], bytes]
    ) -> None:
        self.tags = tags
        self._read = read
        self.contents = contents

    def read(self, reader: Reader, head: Head, depth: int) -> Any:
        return self._read(reader, head)


def text(reader: Reader, head: Head) -> str:
    """A string of characters. Raises BerError."""
    return ber.octets(reader, head).decode("utf-8", "surrogateescape")


def write_text(value: str) -> bytes:
    """The octets of a string; characters that no octets stand for become `?`."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


_STRINGS = (
    ber.GENERAL_STRING, ber.VISIBLE_STRING, ber.UTF8_STRING, ber.PRINTABLE_STRING, ber.IA5_STRING,
    ber.TELETEX_STRING, ber.NUMERIC_STRING, ber.OBJECT_DESCRIPTOR,
)  # fmt: skip

INTEGER = Primitive((ber.INTEGER, ber.ENUMERATED), ber.integer, ber.write_integer)
BOOLEAN = Primitive((ber.BOOLEAN,), ber.boolean, lambda value: b"\xff" if value else b"\0")
OCTETS = Primitive((ber.OCTET_STRING,), ber.octets, bytes)
BITS = Primitive((ber.BIT_STRING,), ber.bits, ber.write_bits)
OID = Primitive((ber.OBJECT_IDENTIFIER,), ber.oid, ber.write_oid)
TEXT = Primitive(_STRINGS, text, write_text)
VISIBLE = Primitive((ber.VISIBLE_STRING, *_STRINGS), text, write_text)
TIME = Primitive((ber.GENERALIZED_TIME,), text, write_text)


class _Null(Type):
    """NULL; its value is True, as an element that is there."""

    tags = (ber.NULL,)

    def read(self, reader: Reader, head: Head, depth: int) -> bool:
        ber.null(reader, head)
        return True

    def contents(self, value: Any, /) -> bytes:
        return b""


NULL = _Null()


class Constant(Type):
    """NULL that stands for a value of its own, in a choice."""

    def __init__(self, value: object, tag: int = ber.NULL) -> None:
        self.value = value
        self.tags = (tag,)

    def read(self, reader: Reader, head: Head, depth: int) -> object:
        ber.null(reader, head)
        return self.value

    def contents(self, value: Any, /) -> bytes:
        return b""


class _Any(Type):
    """Whatever element stands there, as octets, tag and length included."""

    def read(self, reader: Reader, head: Head, depth: int) -> bytes:
        raise NotImplementedError("read by Explicit alone")

    def contents(self, value: Any, /) -> bytes:
        return value

    def write(self, value: Any, /) -> bytes:
        return value


ANY = _Any()


class Implicit(Type):
    """A type under another tag, which stands in the place of its own."""

    def __init__(self, tag: int, inner: Type) -> None:
        self.tags = (tag,)
        self.constructed = inner.constructed
        self.inner = inner
        self.read = inner.read
        self.contents = inner.contents
        if inner in (INTEGER, BOOLEAN):
            self.write = lru_cache(maxsize=512)(self.write)  # counts, sizes and codes, the same again and again


class Explicit(Type):
    """A type inside an element with another tag; always for choices."""

    constructed = True

    def __init__(self, tag: int, inner: Type) -> None:
        self.tags = (tag,)
        self.inner = inner

    def read(self, reader: Reader, head: Head, depth: int) -> Any:
        _, constructed, start, stop, _ = head
        if not constructed:
            raise BerError("an element that must hold another holds none", start)
        inner = reader.head(start, stop)
        if inner[4] != stop:
            raise BerError("an element that must hold one other holds several", start)
        if self.inner is ANY:
            return reader.data[start:stop]
        if inner[0] not in self.inner.tags:
            raise BerError(f"{ber.tag_name(inner[0])} is not what {ber.tag_name(head[0])} may hold", start)
        return self.inner.read(reader, inner, depth + 1)

    def contents(self, value: Any, /) -> bytes:
        return self.inner.write(value)


class Choice(Type):
    """One of several types, told apart on the wire by tag and here by the class of the value."""

    def __init__(self, *alternatives: tuple[type, Type]) -> None:
        self._by_tag = {tag: kind for _, kind in alternatives for tag in kind.tags}
        self._by_class = dict(alternatives)
        self.tags = tuple(self._by_tag)

    def read(self, reader: Reader, head: Head, depth: int) -> Any:
        kind = self._by_tag.get(head[0])
        if kind is None:
            raise BerError(f"{ber.tag_name(head[0])} is none of the choices", head[2])
        return kind.read(reader, head, depth)

    def by_tag(self, tag: int) -> Type | None:
        """The alternative an element of that tag is."""
        return self._by_tag.get(tag)

    def write(self, value: Any, /) -> bytes:
        return self._by_class[type(value)].write(value)


class SequenceOf(Type):
    """Any number of one type, as a tuple."""

    constructed = True

    def __init__(self, inner: Type, tags: tuple[int, ...] = (ber.SEQUENCE,)) -> None:
        self.tags = tags
        self.inner = inner

    def read(self, reader: Reader, head: Head, depth: int) -> tuple[Any, ...]:
        _, constructed, at, stop, _ = head
        if not constructed:
            raise BerError("a list that is not constructed", at)
        if depth > ber.MAX_DEPTH:
            raise BerError(f"more than {ber.MAX_DEPTH} elements inside one another", at)
        inner = self.inner
        tags = inner.tags
        found: list[Any] = []
        while at < stop:
            item = reader.head(at, stop)
            if item[0] not in tags:
                raise BerError(f"{ber.tag_name(item[0])} in a list of something else", at)
            if len(found) == MAX_ELEMENTS:
                raise BerError(f"a list of more than {MAX_ELEMENTS}", at)
            found.append(inner.read(reader, item, depth + 1))
            at = item[4]
        return tuple(found)

    def contents(self, value: Any, /) -> bytes:
        return b"".join(map(self.inner.write, value))


# Sequences


@value
class Unknown:
    """An element that no definition read here knows: `octets` with tag and length."""

    tag: int
    octets: bytes


def required(kind: Type, tag: int | None = None, *, explicit: bool = False) -> Any:
    """A field that must be there, under the context-specific `tag` or its type's own."""
    return dataclasses.field(metadata={"asn1": _tagged(kind, tag, explicit)})


def optional(kind: Type, tag: int | None = None, *, explicit: bool = False, default: Any, last: bool = False) -> Any:
    """A field that may be missing; what equals `default` is not written. `last`: it is written behind all others,
    for a field that stands in a base class and at the end of each definition."""
    return dataclasses.field(default=default, metadata={"asn1": _tagged(kind, tag, explicit), "last": last})


def _tagged(kind: Type, tag: int | None, explicit: bool) -> Type:
    if tag is None:
        return kind
    if explicit or isinstance(kind, Choice | _Any):
        return Explicit(CONTEXT | tag, kind)
    return Implicit(CONTEXT | tag, kind)


_Class = TypeVar("_Class", bound=type)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(required, optional))
def sequence(cls: _Class) -> _Class:
    """Makes a value (see `library_protocols.values`) of a `Composite` whose fields are `required` and `optional`."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)  # type: ignore[return-value]


@sequence
class Composite:
    """What every SEQUENCE has: room for elements of a later version of its definition, or of somebody's own."""

    unknown: tuple[Unknown, ...] = ()


class Sequence(Type):
    """A SEQUENCE (or SET) whose values are of one dataclass."""

    constructed = True

    def __init__(self, cls: type[Composite], tags: tuple[int, ...] = (ber.SEQUENCE,)) -> None:
        self.tags = tags
        self.cls = cls
        self._writers: list[tuple[str, Any, Callable[[Any], bytes]]] = []
        self._readers: dict[int, tuple[str, Callable[[Reader, Head, int], Any]]] = {}
        self._kinds: dict[int, tuple[Type, str]] = {}
        self._required: set[str] = set()
        self._always: list[tuple[str, Callable[[Any], bytes]]] = []
        self._rest: Callable[[Any], tuple[Any, ...]] | None = None
        self._absent: tuple[Any, ...] = ()
        self._table(cls)

    def _table(self, cls: type[Composite]) -> None:
        fields = [field for field in dataclasses.fields(cls) if field.name != "unknown"]
        absent: dict[str, Any] = {"unknown": ()}
        for field in sorted(fields, key=lambda one: one.metadata.get("last", False)):
            kind: Type = field.metadata["asn1"]
            if not self._kinds.keys().isdisjoint(kind.tags):
                raise TypeError(f"{field.name} of {cls.__name__} has the tag of another field")
            self._writers.append((field.name, field.default, kind.write))
            self._kinds.update(dict.fromkeys(kind.tags, (kind, field.name)))
            self._readers.update(dict.fromkeys(kind.tags, (field.name, kind.read)))
            if field.default is dataclasses.MISSING:
                self._required.add(field.name)
                self._always.append((field.name, kind.write))
            else:
                absent[field.name] = field.default
        if len(absent) > 1 and all(value in (None, ()) for value in absent.values()):
            self._rest = attrgetter(*absent)
            self._absent = tuple(absent.values())

    def read(self, reader: Reader, head: Head, depth: int) -> Any:
        _, constructed, at, stop, _ = head
        if not constructed or depth > ber.MAX_DEPTH:
            raise BerError("a sequence that is not constructed" if not constructed else "nested too deep", at)
        values: dict[str, Any] = {}
        unknown: list[Unknown] = []
        self._take(reader, self._begin(reader, head, depth, values), stop, depth, values, unknown)
        if not self._required <= values.keys():
            missing = ", ".join(map(standard_name, sorted(self._required - values.keys())))
            raise BerError(f"{self.cls.__name__} without {missing}", at)
        if unknown:
            values["unknown"] = tuple(unknown)
        return self.cls(**values)

    def _begin(self, reader: Reader, head: Head, depth: int, values: dict[str, Any]) -> int:
        """Where reading begins; what need not be read is put into `values`."""
        return head[2]

    def _take(
        self, reader: Reader, at: int, stop: int, depth: int, values: dict[str, Any], unknown: list[Unknown]
    ) -> None:
        """Adds what the elements between two offsets say."""
        readers = self._readers
        while at < stop:
            item = reader.head(at, stop)
            found = readers.get(item[0])
            if found is None:
                unknown.append(Unknown(item[0], reader.data[at : item[4]]))
            else:
                name, read = found
                if name in values:
                    raise BerError(f"{standard_name(name)} stands twice in {self.cls.__name__}", at)
                values[name] = read(reader, item, depth + 1)
            at = item[4]

    def field(self, tag: int) -> tuple[Type | None, str]:
        """Type and name of the field an element of that tag is; none and empty when it is unknown."""
        return self._kinds.get(tag, (None, ""))

    def contents(self, value: Any, /) -> bytes:
        if self._rest is not None and self._rest(value) == self._absent:
            return b"".join([write(getattr(value, name)) for name, write in self._always])  # as most are
        parts: list[bytes] = []
        for name, default, write in self._writers:
            item = getattr(value, name)
            if item is not default and (item != default or type(item) is not type(default)):
                parts.append(write(item))
        parts.extend(element.octets for element in value.unknown)
        return b"".join(parts)


class Recurring(Sequence):
    """A SEQUENCE that mostly begins as one before it did, up to the field `until`: the same octets say the same, and
    what they said is remembered."""

    MOST, MOST_OCTETS = 16, 512
    """Beginnings that are remembered, and the octets of the longest."""

    def __init__(self, cls: type[Composite], until: str, tags: tuple[int, ...] = (ber.SEQUENCE,)) -> None:
        super().__init__(cls, tags)
        self._varying = until
        self._until = frozenset(tag for tag, (_, name) in self._kinds.items() if name == until)
        self._before = self._required - {until}
        self._known: list[tuple[bytes, dict[str, Any]]] = []
        self._next = 0

    def read(self, reader: Reader, head: Head, depth: int) -> Any:
        _, constructed, start, stop, _ = head
        known = self._find(reader.data, start, stop)
        if known is not None and constructed and depth <= ber.MAX_DEPTH and start + len(known[0]) < stop:
            last = reader.head(start + len(known[0]), stop)
            if last[0] in self._until and last[4] == stop:
                return self.cls(**known[1], **{self._varying: self._readers[last[0]][1](reader, last, depth + 1)})
        return super().read(reader, head, depth)

    def _find(self, data: bytes, start: int, stop: int) -> tuple[bytes, dict[str, Any]] | None:
        """The beginning that is remembered of just these octets, and what it says."""
        for known in self._known:
            if data.startswith(known[0], start, stop):
                return known
        return None

    def _begin(self, reader: Reader, head: Head, depth: int, values: dict[str, Any]) -> int:
        data, start, stop = reader.data, head[2], head[3]
        known = self._find(data, start, stop)
        if known is not None:
            values.update(known[1])
            return start + len(known[0])
        at = start
        while at < stop:
            item = reader.head(at, stop)
            if item[0] in self._until:
                break
            at = item[4]
        unknown: list[Unknown] = []
        found: dict[str, Any] = {}
        self._take(reader, start, at, depth, found, unknown)
        if unknown or not self._before <= found.keys() or not start < at <= start + self.MOST_OCTETS:
            return start
        self._known[self._next : self._next + 1] = [(data[start:at], found)]
        self._next = (self._next + 1) % self.MOST
        values.update(found)
        return at


def standard_name(name: str) -> str:
    """A field's name as the standard writes it: `result_set_id` is `resultSetId`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


@sequence
class External(Composite):
    """EXTERNAL: a value of a type that only its OID (`direct_reference`) names.

    One of `single` (the octets of one BER element), `octets` (anything) and `arbitrary` (bits) holds the value.
    """

    direct_reference: str | None = optional(OID, default=None)
    indirect_reference: int | None = optional(INTEGER, default=None)
    descriptor: str | None = optional(Implicit(ber.OBJECT_DESCRIPTOR, TEXT), default=None)
    single: bytes | None = optional(ANY, 0, default=None)
    octets: bytes | None = optional(OCTETS, 1, default=None)
    arbitrary: frozenset[int] | None = optional(BITS, 2, default=None)


EXTERNAL = Sequence(External, (ber.EXTERNAL,))


def read_whole(kind: Type, data: bytes) -> Any:
    """The value of `data` when it is one element of that type and nothing else. Raises BerError."""
    reader = Reader(data)
    head = reader.head(0, len(data))
    if head[4] != len(data):
        raise BerError("octets after the element", head[4])
    if head[0] not in kind.tags:
        raise BerError(f"{ber.tag_name(head[0])} is not what is expected here", 0)
    return kind.read(reader, head, 0)
