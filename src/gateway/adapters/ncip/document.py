"""The tables of the reference page of NCIP: what each service does here, and how each "no" looks in it.

`python -m gateway.adapters.ncip.document PAGE` puts them between the marks of `docs/reference/ncip.md`; without PAGE it
prints them. A test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.ncip.mapping import HANDLERS, NEEDS
from gateway.canonical.refusals import FailureCode, RefusalCode
from gateway.crosswalks.ncip import GROUPS, SERVICES
from gateway.crosswalks.ncip_problems import IN_SERVICE, INSTEAD, paths_of
from gateway.crosswalks.refusals import REFUSALS
from library_protocols.ncip import SERVICES as DEFINED
from library_protocols.ncip.services import ServiceKind

_NOTIFIED = "With `act`: {}"


@dataclass(frozen=True, slots=True)
class Told:
    """What a service does here, and what is in its answer when it was done."""

    does: str
    answers: str = "ItemId"


TOLD: Mapping[str, Told] = {
    "LookupAgency": Told(
        "Tells of the member, by any of its names", "name, prompts for users, `profiles` of the peer, privilege types"
    ),
    "LookupVersion": Told("Tells which versions are spoken, to whoever asks", "five VersionSupported"),
    "LookupItem": Told(
        "An item by barcode, or the one that a request has found",
        "ItemId, DateRecalled, HoldPickupDate, elements of the item; never its borrower",
    ),
    "LookupItemSet": Told(
        "Titles by our record numbers, sets by HoldingsSetId, or items, in the order asked for; also as the extension "
        "that catalogues sent before 2.02",
        "BibInformation with a set a location, or its own Problem; NextItemToken",
    ),
    "LookupRequest": Told(
        "A hold by RequestId, or by user, item and type", "RequestId, ItemId, elements of the request"
    ),
    "LookupUser": Told(
        "Who somebody is; a PIN that was sent must be right",
        "UserId; elements of the user, loans, requests and charges as asked for",
    ),
    "AuthenticateUser": Told("NCIP 1: whether name and PIN belong together; an unknown name is a wrong PIN", "UserId"),
    "AcceptItem": Told(
        "A temporary item with a title of its own, a hold on it for the user, and a charge where one is sent",
        "RequestId, ItemId",
    ),
    "CancelRecallItem": Told("The loan is due again when it was before", "ItemId, UserId"),
    "CancelRequestItem": Told("Ends a hold, by RequestId or by user and item", "RequestId, ItemId, UserId"),
    "CheckInItem": Told(
        "Takes the item back, from whoever has it; removes a temporary one with `delete_on_checkin`",
        "ItemId, UserId, RoutingInformation, what was charged",
    ),
    "CheckOutItem": Told(
        "Lends the item to the user, or to `institution_patron`", "ItemId, UserId, DateDue, what was charged"
    ),
    "CreateItem": Told("An item, of a record of ours or of a title made from the words that came"),
    "CreateUser": Told("A patron whom nobody knows yet, with blocks", "UserId"),
    "CreateUserFiscalTransaction": Told(
        "Charges (Assess, Penalty), takes a payment (Payment), waives (Waive, Forgive, Cancel, Write Off)",
        "UserId, FiscalTransactionReferenceId: our number of it",
    ),
    "DeleteItem": Told("Takes an item away; without CreateItem among its services a peer's own temporary ones alone"),
    "RecallItem": Told("Asks for a loan back, not before DesiredDateDue", "ItemId, UserId, DateDue"),
    "RenewItem": Told("Renews the user's loan", "ItemId, UserId, DateDue, RenewalCount, DateForReturn"),
    "RenewAllItem": Told(
        "WorldShare's extension: renews all loans of a user, where the peer may RenewItem",
        "RenewInformation for each, with its own Problem where it was not renewed",
    ),
    "ReportCirculationStatusChange": Told(
        "Returned, never borrowed: the loan is claimed. Lost: the loan is lost and charged. Missing: the item is",
        "ItemId, UserId",
    ),
    "RequestItem": Told(
        "A hold on the first of the items or titles that can be had, twenty of them at most",
        "RequestId, ItemId, UserId, type and scope, HoldPickupDate",
    ),
    "SendUserNotice": Told(
        "Words for a patron, shown at kiosks and in LookupUser, refusing nothing", "UserId, DateSent"
    ),
    "UndoCheckOutItem": Told("The loan was never made", "ItemId, UserId"),
    "UpdateCirculationStatus": Told("Gives the item a status, as a desk would see it"),
    "UpdateItem": Told(
        "Location, call and copy number, enumeration, restrictions, security marker, words of the title"
    ),
    "UpdateRequestItem": Told("Pickup location, last day, first day of a hold", "ItemId, UserId, type and scope"),
    "UpdateUser": Told("Names, addresses, identifiers, days, category, blocks of a patron", "UserId"),
    "CirculationStatusChangeReported": Told(_NOTIFIED.format("ReportCirculationStatusChange"), ""),
    "CirculationStatusUpdated": Told(_NOTIFIED.format("UpdateCirculationStatus"), ""),
    "ItemCheckedIn": Told(_NOTIFIED.format("CheckInItem"), ""),
    "ItemCheckedOut": Told(_NOTIFIED.format("CheckOutItem, DateDue being the wish"), ""),
    "ItemCreated": Told(_NOTIFIED.format("CreateItem"), ""),
    "ItemRecallCancelled": Told(_NOTIFIED.format("CancelRecallItem"), ""),
    "ItemRecalled": Told(_NOTIFIED.format("RecallItem, not before DateDue"), ""),
    "ItemReceived": Told("Notes that the piece has come; also with `record`", ""),
    "ItemRenewed": Told(_NOTIFIED.format("RenewItem, DateDue being the wish"), ""),
    "ItemRequestCancelled": Told(_NOTIFIED.format("CancelRequestItem"), ""),
    "ItemRequestUpdated": Told(_NOTIFIED.format("UpdateRequestItem"), ""),
    "ItemRequested": Told(_NOTIFIED.format("RequestItem"), ""),
    "ItemShipped": Told("Notes that the piece is on its way; also with `record`", ""),
    "ItemUpdated": Told(_NOTIFIED.format("UpdateItem"), ""),
    "UserCreated": Told(_NOTIFIED.format("CreateUser"), ""),
    "UserFiscalTransactionCreated": Told(_NOTIFIED.format("CreateUserFiscalTransaction"), ""),
    "UserNoticeSent": Told(_NOTIFIED.format("SendUserNotice"), ""),
    "UserUpdated": Told(_NOTIFIED.format("UpdateUser"), ""),
}
"""A row for every service that is answered."""

_KINDS = {
    ServiceKind.LOOKUP: "Lookups",
    ServiceKind.UPDATE: "Commands",
    ServiceKind.NOTIFICATION: "Notifications",
}
_BESIDE = {"LookupVersion": ServiceKind.LOOKUP, "RenewAllItem": ServiceKind.UPDATE}
"""Answered services that the standard's own table has not: another root, an extension."""


BEGIN = "<!-- Made by `python -m gateway.adapters.ncip.document`: begin -->\n"
END = "<!-- Made by `python -m gateway.adapters.ncip.document`: end -->\n"
"""Marks of a page, between which the tables stand."""


def tables() -> str:
    """Everything that is made."""
    return "\n".join(_lines()) + "\n"


def renewed(page: str) -> str:
    """The page with the tables of now between its marks. Raises ValueError for a page without marks."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError("the page has no marks")
    return head + begin + tables() + end + tail


def _lines() -> Iterator[str]:
    for kind, title in _KINDS.items():
        yield f"\n### {title}\n"
        yield from _services(kind)
    absent = sorted(DEFINED.keys() - HANDLERS.keys())
    yield f'\nNot served, and answered "Unsupported Service": {_listed(absent)}.\n'
    yield "### Problems by refusal\n"
    yield from _problems()


def _services(kind: ServiceKind) -> Iterator[str]:
    answers = kind is not ServiceKind.NOTIFICATION
    yield "| service | groups | permissions | what it does here |" + (" what it answers |" if answers else "")
    yield "|---|---|---|---|" + ("---|" if answers else "")
    for name, told in TOLD.items():
        if (DEFINED[name].kind if name in DEFINED else _BESIDE[name]) is not kind:
            continue
        allowed = "RenewItem" if name == "RenewAllItem" else name
        needs = " (platform: " + ", ".join(sorted(NEEDS[name])) + ")" if name in NEEDS else ""
        row = [
            f"`{name}`",
            _listed(group for group, services in GROUPS.items() if allowed in services and group != "@all"),
            _listed(sorted(SERVICES[allowed])) + needs,
            told.does,
            *([told.answers] if answers else []),
        ]
        yield f"| {' | '.join(row)} |"


def _problems() -> Iterator[str]:
    yield "| code | ProblemType | a better word in | ProblemElement, below the service |"
    yield "|---|---|---|---|"
    alike: dict[str, list[RefusalCode | FailureCode]] = {}
    for code in (*RefusalCode, *FailureCode):
        row = REFUSALS[code].ncip
        alike.setdefault(f"{row.type} | {_better(code)} | {_listed(paths_of(row.element))}", []).append(code)
    for told, codes in alike.items():
        yield f"| {_listed(codes)} | {told} |"
    yield "\n### Where a service has not this value\n"
    yield "| value | instead, the first that the service has |"
    yield "|---|---|"
    for value, others in INSTEAD.items():
        yield f"| {value} | {', '.join(others)} |"


def _better(code: RefusalCode | FailureCode) -> str:
    """The services that have another word for a refusal than all the others."""
    words: dict[str, list[str]] = {}
    for (known, service), value in IN_SERVICE.items():
        if known is code:
            words.setdefault(value, []).append(service)
    return "; ".join(f"{_listed(services)}: {value}" for value, services in words.items())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        place = Path(sys.argv[1])
        place.write_text(renewed(place.read_text("utf-8")), "utf-8")
    else:
        sys.stdout.write(tables())
