"""The rows of all classes put together: by name, and as each version has them.

Reading takes names of both generations everywhere, with a mark for what belongs to the other; writing has one list of
columns for a version, in order, with what has to stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from library_protocols.ncip import messages
from library_protocols.ncip.elements.base import Element, Kind, Row, rows
from library_protocols.ncip.elements.common import ItemId, UserId
from library_protocols.ncip.facts import version1, version2
from library_protocols.ncip.messages import Request, Response

CLASSES: dict[str, type[Element]] = {
    name: cls for name, cls in vars(messages).items() if isinstance(cls, type) and issubclass(cls, Element)
} | {"VisibleUserId": UserId, "VisibleItemId": ItemId}
"""What each element with elements inside is read as."""
EXTENSIONS = {
    "LookupItemSet": "http://www.extensiblecatalog.org/2011/ilsdi",
    "LookupItemSetResponse": "http://www.extensiblecatalog.org/2011/ilsdi",
    "RenewAllItem": "http://www.oclc.org/ncip/renewall/2014",
    "RenewAllItemResponse": "http://www.oclc.org/ncip/renewall/2014",
    "RenewInformation": "http://www.oclc.org/ncip/renewall/2014",
}
"""Elements that extensions have in namespaces of their own."""
MESSAGES: dict[str, type[Request] | type[Response]] = {
    name: cls
    for name, cls in CLASSES.items()
    if issubclass(cls, Request | Response)
    and cls not in (Request, Response, messages.NotificationResponse)
    and not name.startswith("RenewAll")
}
"""What may stand in an NCIPMessage, problems and extensions apart."""
VERSION_MESSAGES = {"LookupVersion": messages.LookupVersion, "LookupVersionResponse": messages.LookupVersionResponse}
"""What may stand in an NCIPVersionMessage."""


WRAPPER_ROW = Row(version1.WRAPPER, Kind.STRUCT, attribute="user_transaction")
"""What stands around loans and requests in NCIP 1. No class has such a field: reading and writing put it in."""


@dataclass(frozen=True, slots=True)
class Column:
    """One element to write: its name in the version, the row it comes from, whether it has to stand, and whether only
    one may stand though the row repeats."""

    name: str
    row: Row
    required: bool
    single: bool


@dataclass(frozen=True, slots=True)
class Place:
    """One name to read: the row it is, its place in the order, and the generation whose name it is, 0 for both."""

    row: Row
    index: int
    generation: int


@cache
def columns(cls: type[Element], version: str) -> tuple[Column, ...]:
    """What to write of a class in a version."""
    return _columns_1(cls) if version.startswith("1") else _columns_2(cls, version)


def _columns_2(cls: type[Element], version: str) -> tuple[Column, ...]:
    single = version2.SINGLE_IN_2_0.get(cls.__name__, ()) if version == "2.0" else ()
    forced = version2.REQUIRED_BEFORE_2_02.get(cls.__name__, ()) if version < "2.02" else ()
    return tuple(
        Column(row.name, row, row.required or row.name in forced, not row.repeat or row.name in single)
        for row in rows(cls)
        if row.generation == 2 and row.since <= version
    )


def _columns_1(cls: type[Element]) -> tuple[Column, ...]:
    name = cls.__name__
    absent = {*version1.ABSENT_EVERYWHERE, *version1.ABSENT.get(name, ())}
    single = version1.SINGLE.get(name, ())
    forced = {"InitiationHeader", "ResponseHeader", *version1.REQUIRED.get(name, ())}
    found = [
        Column(
            version1.NAMES.get(row.name, row.name),
            row,
            row.required or row.name in forced,
            not row.repeat or row.name in single,
        )
        for row in rows(cls)
        if row.name not in absent
    ]
    if name in version1.VISIBLE_ONLY:
        visible = [column for column in found if column.row.name in version1.VISIBLE_OF]
        found = [
            *(Column(version1.VISIBLE_OF[one.row.name], one.row, False, False) for one in visible),
            *(column for column in found if column not in visible),
        ]
    if cls is messages.LookupUserResponse:
        found = [column for column in found if column.name not in version1.WRAPPED]
        found.insert(-1, Column(version1.WRAPPER, WRAPPER_ROW, False, True))
    return tuple(found)


def visible_columns(name: str) -> tuple[Column, ...]:
    """What to write of a VisibleUserId or a VisibleItemId."""
    renamed = version1.VISIBLE[name]
    found = []
    for row in rows(CLASSES[name]):
        if row.name in renamed:
            found.append(Column(renamed[row.name], row, True, True))
        elif row.name == "AgencyId" and name == "VisibleUserId":
            found.append(Column(version1.NAMES[row.name], row, False, True))
    return tuple(found)


@cache
def places(cls: type[Element]) -> dict[str, Place]:
    """What may be read in a class, by name, of both generations."""
    found: dict[str, Place] = {}
    absent = {*version1.ABSENT_EVERYWHERE, *version1.ABSENT.get(cls.__name__, ())}
    for index, row in enumerate(rows(cls)):
        other = version1.NAMES.get(row.name)
        if row.generation == 1:
            found[row.name] = Place(row, index, 1)
            continue
        found[row.name] = Place(row, index, 2 if other or row.name in absent else 0)
        if other:
            found[other] = Place(row, index, 1)
        for renamed in version1.VISIBLE.values():
            if row.name in renamed and cls in (UserId, ItemId):
                found[renamed[row.name]] = Place(row, index, 1)
        if cls.__name__ in version1.VISIBLE_ONLY and row.name in version1.VISIBLE_OF:
            found[version1.VISIBLE_OF[row.name]] = Place(row, -1, 1)
            del found[version1.NAMES[row.name]]
        if row.name == "Problem":
            found.update({error: Place(row, index, 1) for error in version1.ERRORS})
    if cls is messages.LookupUserResponse:
        found[version1.WRAPPER] = Place(WRAPPER_ROW, found["RequestedItem"].index, 1)
    return found
