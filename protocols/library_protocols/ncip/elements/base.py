"""How elements are declared: a dataclass for each, whose fields are the rows that codec, docs and inspector read.

A field's metadata is a `Row`: the element's name, what is in it, how often it may stand, since which version. Fields
stand in the order of NCIP 2.02; `Ext` is last wherever it is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, TypeVar, dataclass_transform


class Kind(Enum):
    """What an element holds."""

    STRUCT = "elements"
    CODE = "a value, perhaps of a scheme"
    TEXT = "text"
    FLAG = "nothing: it stands or it does not"


T = TypeVar("T")

STRING = "string"
DATE_TIME = "dateTime"
INTEGER = "integer"
COUNT = "nonNegativeInteger"
POSITIVE = "positiveInteger"


@dataclass(frozen=True, slots=True)
class Row:
    """One element inside another. `attribute` is the field's name, `type` of XML Schema where the element is text.

    `required`: it stands in every message that is valid. `since`: the first of 2.0, 2.01 and 2.02 that has it.
    `generation`: 1 where only NCIP 1 has it, else 2. `secret`: it is never to be shown.
    """

    name: str
    kind: Kind
    type: str = STRING
    repeat: bool = False
    required: bool = False
    since: str = "2.0"
    generation: int = 2
    secret: bool = False
    attribute: str = ""


def _field(default: Any, row: Row) -> Any:
    return field(default=default, repr=not row.secret, metadata={"row": row})


def one(name: str, *, required: bool = False, since: str = "2.0") -> Any:
    """An element with elements inside."""
    return _field(None, Row(name, Kind.STRUCT, required=required, since=since))


def many(name: str, *, required: bool = False, since: str = "2.0", generation: int = 2) -> Any:
    """Elements of one name with elements inside."""
    return _field((), Row(name, Kind.STRUCT, STRING, True, required, since, generation))


def code(name: str, *, required: bool = False) -> Any:
    """A value of a scheme."""
    return _field(None, Row(name, Kind.CODE, required=required))


def codes(name: str, *, required: bool = False, since: str = "2.0") -> Any:
    """Values of schemes."""
    return _field((), Row(name, Kind.CODE, STRING, True, required, since))


def text(name: str, kind: str = STRING, *, required: bool = False, since: str = "2.0", secret: bool = False) -> Any:
    """Text as it was written; a required one is empty where it is not there."""
    return _field("" if required else None, Row(name, Kind.TEXT, kind, False, required, since, secret=secret))


def texts(name: str, kind: str = STRING, *, required: bool = False) -> Any:
    """Texts as they were written."""
    return _field((), Row(name, Kind.TEXT, kind, True, required))


def flag(name: str) -> Any:
    """True where the element stands."""
    return _field(False, Row(name, Kind.FLAG))


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=())
def element(cls: type[T]) -> type[T]:
    """Make a class of rows a frozen dataclass with keyword arguments.

    It has no slots: an element has only what stands in it, and the class's defaults for the rest, which is what makes
    reading and making it fast."""
    made = dataclass(frozen=True, kw_only=True, init=False)(cls)
    made.__init__ = _initialize
    return made


def _initialize(self: Any, **values: Any) -> None:
    if not values.keys() <= self.__dataclass_fields__.keys():
        unknown = ", ".join(sorted(values.keys() - self.__dataclass_fields__.keys()))
        raise TypeError(f"{type(self).__name__} has no {unknown}")
    object.__setattr__(self, "__dict__", values)


@dataclass(frozen=True)
class SchemeValue:
    """A value, and the scheme it is of: an address that names a list, or what the two sides agreed on. In NCIP 2 the
    scheme is an attribute, in NCIP 1 it and the value are elements. None where it is empty."""

    value: str = ""
    scheme: str | None = None


@dataclass(frozen=True)
class Foreign:
    """An element that these tables do not have, whole. `namespace` is "" where it has none; `line` counts from 1, and
    is 0 where the element was not read. Attributes are names, with `{namespace}` before them if any, and values."""

    name: str
    namespace: str = ""
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Foreign, ...] = ()
    line: int = field(default=0, compare=False)

    def find(self, name: str) -> Foreign | None:
        """The first child of this name, whatever its namespace."""
        return next((child for child in self.children if child.name == name), None)


Unknown = Foreign
"""What stood where the tables do not have it."""


@dataclass(frozen=True, slots=True)
class Ext:
    """An extension: elements of any namespace, those of NCIP among them."""

    content: tuple[Foreign, ...] = ()

    def find(self, name: str) -> Foreign | None:
        """The first element of this name, whatever its namespace."""
        return next((child for child in self.content if child.name == name), None)


@element
class Element:
    """What every element with elements inside has. `unknown`: what stood in it and is not in the tables, or stood
    twice where it may stand once; it is never written."""

    unknown: tuple[Unknown, ...] = field(default=(), kw_only=True)


@element
class Extensible(Element):
    """An element that may be extended."""

    ext: Ext | None = field(default=None, kw_only=True)


def rows(cls: type[Element]) -> tuple[Row, ...]:
    """The rows of a class in the order of NCIP 2.02, `Ext` left out."""
    found = []
    for each in fields(cls):
        row: Row | None = each.metadata.get("row")
        if row is not None:
            found.append(_named(row, each.name))
    return tuple(found)


def _named(row: Row, attribute: str) -> Row:
    return Row(row.name, row.kind, row.type, row.repeat, row.required, row.since, row.generation, row.secret, attribute)
