"""Messages of NCIP from words: any element of any service by its path, and short names for what is asked for mostly.

The tables of the wire say which paths there are; nothing here knows a service but for what it is mostly asked with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from library_protocols.ncip import SERVICES, ExtMessage, Request, SchemeValue, format_datetime, money
from library_protocols.ncip.elements import Element
from library_protocols.ncip.elements.base import DATE_TIME, Kind, Row, rows
from library_protocols.ncip.facts import SCHEMES, scheme_value
from library_protocols.ncip.messages import Amount, LookupVersion, RenewAllItem
from library_protocols.ncip.tables import CLASSES

BESIDE: Mapping[str, type[Element]] = {"LookupVersion": LookupVersion, "RenewAllItem": RenewAllItem}
"""What may be asked for and is no service of NCIP 2.02."""
SHORT: Mapping[str, tuple[str, ...]] = {
    "user": ("UserId/UserIdentifierValue",),
    "item": ("ItemId/ItemIdentifierValue",),
    "request": ("RequestId/RequestIdentifierValue",),
    "bib": ("BibliographicId/BibliographicRecordId/BibliographicRecordIdentifier",),
    "pickup": ("PickupLocation",),
    "agency": ("AgencyId",),
    "status": ("CirculationStatus",),
    "title": ("BibliographicDescription/Title", "ItemOptionalFields/BibliographicDescription/Title"),
    "name": (
        "NameInformation/PersonalNameInformation/UnstructuredPersonalUserName",
        "OrganizationNameInformation/OrganizationName",
    ),
    "note": ("UserNoticeDetails/NoticeContent", "ShippingInformation/ShippingNote"),
    "action": ("RequestedActionType", "FiscalTransactionInformation/FiscalActionType"),
    "type": ("RequestType", "FiscalTransactionInformation/FiscalTransactionType"),
    "scope": ("RequestScopeType",),
    "date": (
        "DesiredDateDue", "NeedBeforeDate", "DateForReturn", "DateDue", "DateShipped", "DateReceived", "DateToSend",
        "DateSent",
    ),
}  # fmt: skip
"""Short names, and the paths they may mean: the first that the service has."""
_DEFAULTS: Mapping[str, str] = {
    "RequestType": "Hold",
    "RequestedActionType": "Hold For Pickup",
    "FiscalTransactionInformation/FiscalActionType": "Payment",
    "FiscalTransactionInformation/FiscalTransactionType": "Fine",
    "OrganizationNameInformation/OrganizationNameType": "Official Name",
    "UserNoticeDetails/NoticeType": "Notice",
    "UserNoticeDetails/UserPrivilege/AgencyId": "-",
    "UserNoticeDetails/UserPrivilege/AgencyUserPrivilegeType": "-",
    "ShippingInformation/PhysicalAddress/UnstructuredAddress/UnstructuredAddressType": "Newline-Delimited Text",
    "ShippingInformation/PhysicalAddress/UnstructuredAddress/UnstructuredAddressData": "-",
    "ShippingInformation/PhysicalAddress/PhysicalAddressType": "Postal Address",
}
"""What stands where a service must have it and nobody says anything."""
_ELEMENT_LISTS = ("ItemElementType", "UserElementType", "RequestElementType", "AgencyElementType")
_INSTEAD: Mapping[str, tuple[str, ...]] = {
    "ShippingInformation/PhysicalAddress/": ("ShippingInformation/ElectronicAddress",),
    "UserNoticeDetails/UserPrivilege/": ("UserNoticeDetails/NoticeItem", "UserNoticeDetails/UserFiscalAccount"),
}
"""Of these the schema has one: what begins so stands by default unless another is given."""
_WITHOUT_USER = ("CreateUser", "UndoCheckOutItem")
"""Services that may leave out whose it is, which others must not; two more may where they have a RequestId."""
_BY_REQUEST = ("LookupRequest", "UpdateRequestItem")
_ONE_OF: Mapping[str, tuple[str, ...]] = {
    "CancelRequestItem": ("ItemId", "RequestId"),
    "ItemRequestCancelled": ("ItemId", "RequestId"),
    "ItemRequestUpdated": ("ItemId", "RequestId"),
    "ItemRequested": ("ItemId", "BibliographicId"),
    "ItemShipped": ("ItemId", "RequestId"),
    "LookupItem": ("ItemId", "RequestId"),
    "LookupItemSet": ("BibliographicId", "HoldingsSetId", "ItemId"),
    "LookupRequest": ("RequestId", "ItemId"),
    "RequestItem": ("ItemId", "BibliographicId"),
    "UpdateRequestItem": ("RequestId", "ItemId"),
}
"""What a service is about: one of these."""
_BARCODE, _PIN = "Barcode Id", "PIN"


class NoSuchPath(ValueError):
    """The service has no such element, or not as often. The text does not quote a value."""


@dataclass(slots=True)
class _Node:
    """What is said of one element, by the names of the elements in it."""

    parts: dict[str, list[_Node | str]] = field(default_factory=dict)

    def put(self, cls: type[Element], path: list[str], value: str) -> bool:
        """Whether there was room. Raises NoSuchPath."""
        row = _row(cls, path[0])
        held = self.parts.setdefault(row.name, [])
        if row.kind is not Kind.STRUCT:
            if len(path) > 1:
                raise NoSuchPath(f"{row.name} has no elements in it")
            if held and not row.repeat:
                return False
            held.append(value)
            return True
        if len(path) == 1:
            raise NoSuchPath(
                f"{row.name} has elements in it: {', '.join(each.name for each in rows(CLASSES[row.name]))}"
            )
        last = held[-1] if held else None
        if isinstance(last, _Node) and last.put(CLASSES[row.name], path[1:], value):
            return True
        if held and not row.repeat:
            return False
        fresh = _Node()
        held.append(fresh)
        return fresh.put(CLASSES[row.name], path[1:], value)

    def has(self, path: list[str]) -> bool:
        """Whether something is said there, or further in."""
        held = self.parts.get(path[0], [])
        return bool(held) and (len(path) == 1 or any(isinstance(one, _Node) and one.has(path[1:]) for one in held))

    def made(self, cls: type[Element]) -> Any:
        """The element. Raises NoSuchPath."""
        values: dict[str, Any] = {}
        for name, held in self.parts.items():
            row = _row(cls, name)
            found = [_value(row, one) for one in held]
            values[row.attribute] = tuple(found) if row.repeat else found[0]
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Words:
    """What a message is to say. `short` by the names in SHORT; `paths` are pairs of a path such as `ItemId/AgencyId`
    and a value; `elements` are values of ItemElementType and its like; `pin` makes the user authenticate."""

    short: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[tuple[str, str], ...] = ()
    elements: tuple[str, ...] = ()
    pin: str = field(default="", repr=False)
    amount: Decimal | None = None
    currency: str = "GBP"


def question(service: str, words: Words, now: datetime) -> Request | LookupVersion | ExtMessage:
    """The message. Raises KeyError for no service, NoSuchPath for what it has not or lacks, ValueError for a sum that
    is finer than its currency."""
    cls = BESIDE.get(service) or SERVICES[service].request
    node = _Node()
    said = [*_short(cls, words), *words.paths, *_elements(cls, words), *_authentication(cls, words)]
    for path, value in said:
        if not node.put(cls, path.strip("/").split("/"), value):
            raise NoSuchPath(f"{path} stands once")
    _complete(cls, node, words, now)
    if lacking := _lacking(cls, node):
        raise NoSuchPath(f"{service} wants {', '.join(lacking)}")
    made = node.made(cls)
    return ExtMessage(service=made) if isinstance(made, RenewAllItem) else made


def names_of(service: str) -> tuple[str, ...]:
    """The short names, `pin` and `amount` among them, that a service has a place for; `agency` is whom the message is
    for. Raises KeyError for no service."""
    cls = BESIDE.get(service) or SERVICES[service].request
    who = (*SHORT["user"], "AuthenticationInput")
    known = {**SHORT, "user": who, "pin": who[1:], "amount": ("FiscalTransactionInformation",)}
    return tuple(
        name
        for name, paths in known.items()
        if name != "agency" and any(_has(cls, path.partition("/")[0]) for path in paths)
    )


def _short(cls: type[Element], words: Words) -> Iterable[tuple[str, str]]:
    for name, value in words.short.items():
        if not value:
            continue
        if name == "user" and words.pin and _has(cls, "AuthenticationInput"):
            continue
        path = next((path for path in SHORT[name] if _has(cls, path.partition("/")[0])), None)
        if path is None and name == "agency":
            continue  # said of the bib, below
        if path is None:
            raise NoSuchPath(f"{cls.__name__} has no place for --{name}")
        yield path, value
        if name == "bib" and words.short.get("agency") and not _has(cls, "AgencyId"):
            yield "BibliographicId/BibliographicRecordId/AgencyId", words.short["agency"]
    if words.amount is not None:
        sum_ = money(Amount, words.amount, words.currency)
        yield "FiscalTransactionInformation/Amount/CurrencyCode", words.currency
        yield "FiscalTransactionInformation/Amount/MonetaryValue", sum_.monetary_value


def _elements(cls: type[Element], words: Words) -> Iterable[tuple[str, str]]:
    for value in words.elements:
        for name in _ELEMENT_LISTS:
            if _has(cls, name) and value in SCHEMES[name].values:
                yield name, value
                break
        else:
            raise NoSuchPath(f"{cls.__name__} cannot be asked for this element")


def _authentication(cls: type[Element], words: Words) -> Iterable[tuple[str, str]]:
    if not words.pin:
        return
    if not _has(cls, "AuthenticationInput"):
        raise NoSuchPath(f"{cls.__name__} has no place for --pin")
    for kind, data in ((_BARCODE, words.short.get("user", "")), (_PIN, words.pin)):
        yield "AuthenticationInput/AuthenticationInputData", data
        yield "AuthenticationInput/AuthenticationDataFormatType", "text/plain"
        yield "AuthenticationInput/AuthenticationInputType", kind


def _complete(cls: type[Element], node: _Node, words: Words, now: datetime) -> None:
    for row in rows(cls):
        if row.required and row.type == DATE_TIME and row.kind is Kind.TEXT and row.name not in node.parts:
            node.put(cls, [row.name], format_datetime(now))
    for path, value in _DEFAULTS.items():
        names = path.split("/")
        wanted = _needs(cls, names[0]) or node.has(names[:1])
        others = [one for start, ones in _INSTEAD.items() if path.startswith(start) for one in ones]
        other = any(node.has(one.split("/")) for one in others)
        if wanted and not other and not node.has(names):
            node.put(cls, names, value)
    if _needs(cls, "RequestScopeType") and "RequestScopeType" not in node.parts:
        node.put(cls, ["RequestScopeType"], "Item" if words.short.get("item") else "Bibliographic Item")
    if _needs(cls, "AgencyElementType") and "AgencyElementType" not in node.parts:
        for value in SCHEMES["AgencyElementType"].values:
            node.put(cls, ["AgencyElementType"], value)


def _lacking(cls: type[Element], node: _Node) -> list[str]:
    """Names of elements that have to stand and do not, and of those of which one has to."""
    ours = ("FromAgencyId", "ToAgencyId")  # who asks whom is the client's to say
    found = [row.name for row in rows(cls) if row.required and row.name not in node.parts and row.name not in ours]
    named = {row.name for row in rows(cls)}
    known = cls.__name__ in _WITHOUT_USER or (cls.__name__ in _BY_REQUEST and "RequestId" in node.parts)
    who = {"UserId", "AuthenticationInput"}
    if who <= named and not known and not who & node.parts.keys():
        found.insert(0, "UserId or AuthenticationInput")
    about = _ONE_OF.get(cls.__name__, ())
    if about and not any(name in node.parts for name in about):
        found.insert(0, " or ".join(about))
    return found


def _has(cls: type[Element], name: str) -> bool:
    return any(row.name == name for row in rows(cls))


def _needs(cls: type[Element], name: str) -> bool:
    return any(row.name == name and row.required for row in rows(cls))


def _row(cls: type[Element], name: str) -> Row:
    for row in rows(cls):
        if row.name.casefold() == name.casefold():
            return row
    raise NoSuchPath(f"{cls.__name__} has no element of that name: {', '.join(row.name for row in rows(cls))}")


def _value(row: Row, held: _Node | str) -> Any:
    if isinstance(held, _Node):
        return held.made(CLASSES[row.name])
    if row.kind is Kind.FLAG:
        return True
    if row.kind is Kind.CODE:
        return _coded(row.name, held)
    return _dated(held) if row.type == DATE_TIME else held


def _coded(element: str, value: str) -> SchemeValue:
    try:
        return scheme_value(element, value)
    except (KeyError, ValueError):
        return SchemeValue(value)


def _dated(value: str) -> str:
    """A day as its beginning, in UTC; anything else as it is."""
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return value
    return format_datetime(day)
