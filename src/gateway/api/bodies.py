"""Request bodies, derived from the canonical requests: same names, same meanings, strict JSON types.

What a path already says is left out, and what is "not given" is left out of the JSON too: there are no nulls.
Where one thing may be named in several ways, exactly one of them is to be given (at most one, where it need not be
named), and the schema says so.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool, model_validator

from gateway.api.fields import Day, Id, Instant, MoneyBody, Note, Pin, Text
from gateway.api.problems import Refused
from gateway.canonical import entities as ent
from gateway.canonical import requests as req
from gateway.canonical.money import Money, parse_amount
from gateway.canonical.refusals import Refusal, RefusalCode

PATRON = ("patron", "patron_id")
ITEM = ("item", "item_id")

# One line a field name, whichever body it stands in; a test asks for one for every field.
NOTES: Mapping[str, str] = {
    "addresses": "Postal addresses, preferred first; left out, they stay",
    "amount": "A positive amount in the member's currency",
    "author": "Who wrote it",
    "bib_id": "Canonical id of the title",
    "birth_on": "Day of birth",
    "call_number": "Call number, as on the spine",
    "card_retained": "The terminal has kept the card",
    "category": "Code of the patron category",
    "cleared": "Names of fields here that are to be emptied",
    "comment": "Free text of the patron, for staff",
    "copy_number": "Number of the copy, as on its label",
    "current_location": "Code of the location where the item is now",
    "description": "What the charge is for, in words the patron will read",
    "desired_due": "A due date wished for; `desired_due_rule` says what it counts",
    "desired_due_rule": "`ignored`, `earlier` (where it is before what the rules give), `wins`",
    "due": "Due instant that the terminal gave; kept only with `offline`",
    "edition": "Edition, in words",
    "emails": "E-mail addresses, preferred first; left out, they stay",
    "enumeration": "Which part of a work: volume, number, year",
    "expires_at": "When it ends by itself",
    "expires_on": "The last day on which the patron may borrow",
    "external_ref": "What the other side of an interlibrary loan calls it, and who does, in one word",
    "fee_acknowledged": "The patron has agreed to what it costs",
    "fee_ids": "Charges to pay; left out, the oldest are paid first",
    "fee_type": "What the till says the payment is for, for the record",
    "happened_at": "When it happened at the terminal; kept only with `offline`",
    "hold": "Whether it is held for the patron",
    "home_library": "Code of the patron's own library",
    "identifiers": "All of each type that is named; types that are not named stay as they are",
    "isbn": "Its ISBNs",
    "issn": "Its ISSNs",
    "item": "Barcode of the item",
    "item_id": "Canonical id of the item",
    "item_type": "Code of the item type, by which the loan rules are found; left out, the member's first",
    "language": "Language of the patron, such as `cy`",
    "level": "What is asked for: any copy of a title, or one item",
    "location": "Code of the location where the item is now; left out, the location of the request",
    "media_type": "Physical form",
    "method": "How it was paid",
    "name": "As shown to staff, and its parts",
    "needed_before": "After this the hold is of no use to the patron",
    "oclc": "Its OCLC numbers",
    "offline": "It already happened while the line was down, and is recorded as told (scope `offline`)",
    "on_duplicate": "Where its barcode is taken: `refuse`, or `suffix` (`-2`, `-3`, ... is added)",
    "only_if_untouched": "Refuse where anything has happened to the item since",
    "patron": "Any identifier of the patron: barcode, user name, ...",
    "patron_id": "Canonical id of the patron",
    "permanent_location": "Code of the location where the item is at home",
    "phones": "Telephone numbers, preferred first; left out, they stay",
    "pickup_location": "Code of the location where the hold is to be collected",
    "pin": "PIN as typed; checked wherever it is sent",
    "properties": "Free text kept on the item",
    "publisher": "Who published it",
    "reason": "Why",
    "renew_if_own": "Renew where the item is already on loan to this patron",
    "reported_as": "What is said: `returned` and `never_borrowed` by the borrower, `lost`, `missing`",
    "restrictions": "What may not be done with the item; all of them",
    "return_by": "No loan of it is due later",
    "returned_at": "When the item came back, where that was earlier than now",
    "scope": "What the block stops",
    "security_marker": "Kind of security marker in the item",
    "severity": "`block` stops the patron, `trap` only tells staff",
    "status": "How it stands",
    "step": "Where the piece is, as the other side says",
    "suspended_until": "The hold keeps its place but is not filled before this",
    "text": "The words",
    "third_party": "The one who asks need not be the borrower",
    "title": "Title as shown, where nothing better names it",
    "type": "What kind",
    "valid_from_on": "The first day on which the patron may borrow",
    "what": "`loan` closes the loan as never made; `return` reopens the loan that a return closed",
    "words": "What is known of the title",
    "year": "Year of publication, in words",
}

# What a field means in one body only.
_OWN_NOTES: Mapping[tuple[type[BaseModel], str], str] = {
    (req.BibWords, "language"): "Language of the text, as MARC codes it",
    (req.BibWords, "title"): "Title as shown",
    (req.FeeCreate, "external_ref"): "The client's own reference; one reference is one charge of the patron",
    (req.FeePay, "external_ref"): "The till's own reference; one reference is one payment, however often it is sent",
    (req.FeeWaive, "patron_id"): "Refuse where the charge is not this patron's",
    (req.PatronBlock, "text"): "Words for staff; those of a `NOTICE` are for the patron",
    (req.PatronNotify, "text"): "Words for the patron; 500 characters are kept",
    (req.PatronProvision, "cleared"): "What is to be emptied: names of fields here, and types of identifiers",
    (req.PatronProvision, "status"): "Whether the patron may use the library",
}

_LONG = frozenset({"comment", "text", "description", "properties", "reason"})


class IdentifierBody(ent.Identifier):
    """One way to name a patron."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: Text
    active: StrictBool = True


class NameBody(BaseModel):
    """A name, as a whole and in parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    display: Text
    family: Text = ""
    given: Text = ""


_CLEARED = Literal[
    "home_library", "expires_on", "valid_from_on", "birth_on", "language", "emails", "phones", "addresses",
    "barcode", "primary", "external", "username", "sis", "rfid_uid", "oclc_ppid",
]  # fmt: skip
_CLEARED_OF_ITEM = Literal["properties", "call_number", "copy_number", "enumeration", "restrictions"]
_SEEN = Literal["AVAILABLE", "IN_PROCESS", "TO_BE_RESHELVED", "MISSING", "LOST", "WITHDRAWN", "UNAVAILABLE"]
_NARROWED: Mapping[tuple[type[BaseModel], str], Any] = {
    (req.ItemUpdate, "cleared"): Annotated[tuple[_CLEARED_OF_ITEM, ...], Field(max_length=20)],
    (req.ItemUpdate, "status"): _SEEN,
    (req.ItemCreate, "status"): _SEEN,
    (req.LoanUndo, "what"): Literal["loan", "return"],
    (req.PatronProvision, "cleared"): Annotated[tuple[_CLEARED, ...], Field(max_length=20)],
    (req.PatronProvision, "status"): Literal["active", "inactive", "expired"],
}


class Body(BaseModel):
    """A JSON object without unknown members; one name of each of `one_of` is given, and never all of `not_both`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = ()
    not_both: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for names in cls.one_of:
                if sum(name in value for name in names) != 1:
                    raise ValueError("exactly one of these is to be given: " + ", ".join(names))
            if cls.not_both and all(name in value for name in cls.not_both):
                raise ValueError("one of these is to be given at most: " + ", ".join(cls.not_both))
        return value

    def given(self) -> dict[str, Any]:
        """What the client sent, in canonical types. Raises Refused for an amount that no money has."""
        return {name: _canonical(getattr(self, name)) for name in self.model_fields_set}


B = TypeVar("B", bound=Body)


def derived(
    request: type[BaseModel],
    *,
    leave_out: tuple[str, ...] = (),
    one_of: tuple[tuple[str, ...], ...] = (),
    not_both: tuple[str, ...] = (),
    required: tuple[str, ...] = (),
    example: Mapping[str, Any],
) -> Callable[[type[B]], type[B]]:
    """Gives a body the fields of `request` without `leave_out`. `example` must be a valid body."""
    hints = get_type_hints(request, include_extras=True)
    annotations: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for name, field in request.model_fields.items():
        if name in leave_out:
            continue
        kind = _NARROWED.get((request, name)) or _wire_type(name, hints[name])
        annotations[name] = Annotated[kind, Field(description=_OWN_NOTES.get((request, name), NOTES[name]))]
        if not field.is_required() and name not in required:
            defaults[name] = field.default

    def finish(schema: dict[str, Any]) -> None:
        for described in schema.get("properties", {}).values():
            if described.get("default", ...) is None:
                del described["default"]  # "not given" has no JSON value
        if one_of:
            schema["allOf"] = [{"oneOf": [{"required": [choice]} for choice in names]} for names in one_of]
        if not_both:
            schema["not"] = {"required": list(not_both)}
        schema["examples"] = [dict(example)]

    def fill(body: type[B]) -> type[B]:
        namespace: dict[str, Any] = {
            "__module__": body.__module__,
            "__doc__": body.__doc__,
            "__annotations__": annotations,
            "model_config": ConfigDict(json_schema_extra=finish),
            "one_of": one_of,
            "not_both": not_both,
            **defaults,
        }
        return cast(type[B], types.new_class(body.__name__, (body,), {}, lambda made: made.update(namespace)))

    return fill


def _wire_type(name: str, hint: Any) -> Any:
    """The type in JSON of a canonical field's type; None is dropped, for it means "not given"."""
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple:
        return Annotated[tuple[_wire_type(name, get_args(hint)[0]), ...], Field(max_length=100)]
    if hint is str:
        return Note if name in _LONG else Id if name.endswith(("_id", "_ids")) else Text
    return _OURS.get(hint, hint)


_OURS: dict[Any, Any] = {
    bool: StrictBool,
    date: Day,
    datetime: Instant,
    Money: MoneyBody,
    SecretStr: Pin,
    ent.Identifier: IdentifierBody,
    ent.PatronName: NameBody,
}
"""Canonical types that are another one in JSON."""


def _canonical(value: Any) -> Any:
    if isinstance(value, NameBody):
        return ent.PatronName(display=value.display, family=value.family or None, given=value.given or None)
    if isinstance(value, TitleBody):
        return req.BibWords(**value.given())
    if not isinstance(value, MoneyBody):
        return value
    money = parse_amount(value.amount, value.currency)
    if money is None:
        raise Refused(Refusal(code=RefusalCode.PAYMENT_INVALID_AMOUNT))
    return money


@derived(
    req.BibWords,
    example={"title": "Hanes Cymru", "author": "Davies, John", "year": "1990", "isbn": ["9780140284751"]},
)
class TitleBody(Body):
    """A title that comes from elsewhere."""


_OURS[req.BibWords] = TitleBody


@derived(
    req.PatronAuthenticate,
    one_of=(PATRON,),
    required=("pin",),
    example={"patron": "20100001", "pin": "1234"},
)
class PatronLogin(Body):
    """Whose PIN, and the PIN."""


@derived(
    req.PatronProvision,
    leave_out=("patron_id", "new"),
    example={
        "identifiers": [{"type": "barcode", "value": "20100001"}, {"type": "sis", "value": "s2041337"}],
        "name": {"display": "Siân Ŵyn", "family": "Ŵyn", "given": "Siân"},
        "category": "UG",
        "expires_on": "2027-07-31",
        "emails": ["sian@example.ac.uk"],
    },
)
class PatronBody(Body):
    """What a patron is to be; what is left out stays as it is."""


@derived(
    req.PatronBlock,
    leave_out=(*PATRON, "pin"),
    example={"reason": "CARD_LOST", "text": "Card left in the machine", "card_retained": True},
)
class BlockBody(Body):
    """Why a patron is stopped, and from what."""


@derived(
    req.PatronNotify,
    leave_out=(*PATRON, "pin"),
    example={"text": "Your interlibrary loan has come", "expires_at": "2027-01-10T00:00:00Z"},
)
class NoticeBody(Body):
    """What the patron is told, and until when."""


@derived(req.LoanRenewAll, leave_out=PATRON, example={"pin": "1234", "fee_acknowledged": True})
class RenewAllBody(Body):
    """What it takes to renew everything."""


@derived(req.ItemUpdate, leave_out=ITEM, example={"properties": "cover torn", "current_location": "ABER"})
class ItemChange(Body):
    """Only what is given is changed."""


@derived(
    req.ItemCreate,
    one_of=(("bib_id", "words"),),
    example={"item": "30100999", "words": {"title": "Hanes Cymru", "author": "Davies, John"}, "location": "ABER"},
)
class NewItem(Body):
    """A new item, of a title that is here or of one made from words."""


@derived(req.ItemReport, not_both=PATRON, leave_out=ITEM, example={"reported_as": "returned", "patron": "20100002"})
class ReportBody(Body):
    """What somebody says of an item; with a patron, only where it is on loan to that patron."""


@derived(req.LoanRecall, leave_out=ITEM, example={"desired_due": "2027-01-10T00:00:00Z"})
class RecallBody(Body):
    """When the item is wanted."""


@derived(
    req.IllAccept,
    not_both=PATRON,
    leave_out=("pin",),
    example={
        "patron": "20100001",
        "external_ref": "reshare:4711",
        "item": "ill-4711",
        "words": {"title": "Hanes Cymru"},
        "pickup_location": "ABER",
        "return_by": "2027-01-31T23:59:59Z",
    },
)
class ArrivalBody(Body):
    """What has come for whom."""


@derived(req.IllNote, example={"step": "shipped", "external_ref": "reshare:4711"})
class ShipmentNote(Body):
    """What the other side says of a piece."""


@derived(
    req.LoanCreate,
    one_of=(PATRON, ITEM),
    example={"patron": "20100001", "item": "30100001", "pin": "1234"},
)
class CheckOut(Body):
    """Which item is lent to whom."""


@derived(req.LoanReturn, one_of=(ITEM,), example={"item": "30100001", "location": "ABER"})
class Return(Body):
    """Which item came back, and where."""


@derived(
    req.LoanRenew,
    leave_out=(*PATRON, *ITEM, "title", "loan_id", "pin", "third_party"),
    example={"desired_due": "2027-01-10T00:00:00Z", "desired_due_rule": "earlier"},
)
class Renewal(Body):
    """What it takes to renew a loan."""


@derived(
    req.LoanRenew,
    leave_out=("loan_id",),
    one_of=(PATRON, (*ITEM, "title")),
    example={"patron": "20100002", "item": "30100023"},
)
class PatronRenewal(Body):
    """Which item is renewed for whom."""


@derived(
    req.LoanUndo,
    leave_out=(*PATRON, *ITEM, "loan_id", "pin", "made_by"),
    required=("what",),
    example={"what": "loan", "only_if_untouched": True},
)
class Undo(Body):
    """What is undone."""


@derived(
    req.HoldPlace,
    one_of=(PATRON, (*ITEM, "bib_id", "title")),
    example={"patron": "20100001", "bib_id": "b1", "pickup_location": "ABER"},
)
class HoldBody(Body):
    """What is asked for by whom, and where it is to be collected."""


@derived(
    req.HoldUpdate,
    leave_out=(*PATRON, *ITEM, "bib_id", "title", "hold_id", "external_ref"),
    example={"pickup_location": "ABER", "suspended_until": "2027-01-10T00:00:00Z"},
)
class HoldChange(Body):
    """Only what is given is changed."""


@derived(
    req.FeeCreate,
    leave_out=("pin",),
    one_of=(PATRON,),
    example={
        "patron": "20100001",
        "type": "DAMAGE",
        "amount": {"amount": "4.00", "currency": "GBP"},
        "item": "30100001",
        "description": "Coffee on the cover",
    },
)
class ChargeBody(Body):
    """What is charged to whom, and why."""


@derived(
    req.FeePay,
    one_of=(PATRON,),
    example={
        "patron": "20100010",
        "amount": {"amount": "2.50", "currency": "GBP"},
        "method": "card",
        "external_ref": "till-7-000123",
    },
)
class PaymentBody(Body):
    """What was paid by whom."""


@derived(
    req.FeeWaive,
    leave_out=("fee_id",),
    example={"amount": {"amount": "1.00", "currency": "GBP"}, "reason": "Goodwill"},
)
class Waiver(Body):
    """What is waived; without an amount, the whole balance."""
