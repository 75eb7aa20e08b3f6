"""What all handlers share: identifiers in and out, dates, sums, agencies, which elements were asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict, TypeVar

from pydantic import SecretStr

from gateway.adapters.ncip.work import Work
from gateway.canonical.entities import Item, Patron
from gateway.canonical.money import Money
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.requests import PatronGet
from gateway.canonical.vocabulary import IdentifierType
from gateway.crosswalks.ncip_values import USER_IDENTIFIER
from library_protocols.ncip import (
    SchemeValue,
    format_datetime,
    money_value,
    parse_datetime,
    scheme_value,
)
from library_protocols.ncip import messages as wire
from library_protocols.ncip.facts.schemes import SCHEMES
from library_protocols.ncip.values import money as amount_of

M = TypeVar("M", bound=wire.Money)

_UNKNOWN_USER = Refusal(code=RefusalCode.PATRON_NOT_FOUND)
_SECRETS = frozenset({"pin", "password", "ldappassword"})
_NAMES = frozenset({"user id", "userid", "barcode id", "barcode", "username", "ldapusername", "user name"})
_KIND_OF_NAME = {
    "barcode id": IdentifierType.BARCODE,
    "barcode": IdentifierType.BARCODE,
    "username": IdentifierType.USERNAME,
    "user name": IdentifierType.USERNAME,
    "ldapusername": IdentifierType.USERNAME,
}


# Codes and which elements were asked for


def value(code: SchemeValue | None) -> str:
    """The value of a code, "" where there is none."""
    return code.value.strip() if code is not None else ""


def clean(text: str | None) -> str | None:
    """Text fit for a database, without blanks around it; None where nothing is left."""
    return (text or "").replace("\0", "").strip() or None


def wanted(types: Iterable[SchemeValue]) -> frozenset[str]:
    """Element types that were asked for, in lower case: they are compared so."""
    return frozenset(value(one).casefold() for one in types)


def user_elements(work: Work, types: Iterable[SchemeValue]) -> frozenset[str]:
    """UserElementTypes that this peer gets, in lower case: those asked for, or what its profile has for no question,
    as far as it may see them."""
    may_see = work.peer.user_elements
    asked = wanted(types)
    if not asked:
        return may_see if work.peer.profile.elements_unasked == "all" else frozenset()
    return asked & may_see


# Users


class Named(TypedDict):
    """How a patron is named in a canonical request."""

    patron: str | None
    patron_id: str | None
    pin: SecretStr | None


@dataclass(frozen=True, slots=True)
class User:
    """Whom a message is about. `typed` is the identifier as sent, `patron_id` set once the desk was asked who that is
    (`patron`), `pin` what was sent to prove it, `path` the element that names the user."""

    typed: str | None = None
    patron_id: str | None = None
    pin: SecretStr | None = None
    path: str = "UserId"
    patron: Patron | None = None

    @property
    def named(self) -> Named:
        """For a canonical request: `LoanCreate(**user.named, item=...)`."""
        return Named(patron=None if self.patron_id else self.typed, patron_id=self.patron_id, pin=self.pin)


def foreign(work: Work, agency: SchemeValue | None) -> bool:
    """Whether an agency id names another member: whoever or whatever is its, is nobody's here."""
    owner = work.peer.owner_of(value(agency)) if value(agency) else None
    return owner is not None and owner != work.peer.member.code


def user_typed(work: Work, message: Any) -> User | None:
    """Whom the message names, nothing looked up; None where it names nobody.

    UserId, VisibleUserId of NCIP 1, or the identifier among the AuthenticationInputs, in that order; PIN or password
    from these. Raises Stopped for several identifiers without UserId that say different things."""
    inputs = _inputs(message)
    pin = next((SecretStr(data) for kind, data in inputs if kind in _SECRETS), None)
    for user_id in (getattr(message, "user_id", None), *getattr(message, "visible_user_id", ())):
        if user_id is not None and (typed := clean(user_id.user_identifier_value)):
            return User(typed, pin=pin, path="UserId/UserIdentifierValue")
    names = {clean(data) for kind, data in inputs if kind in _NAMES} - {None}
    if len(names) > 1:
        raise work.stop(Refusal(code=RefusalCode.PATRON_AUTH_FAILED), "AuthenticationInput")
    if names:
        return User(names.pop(), pin=pin, path="AuthenticationInput")
    return None


def _inputs(message: Any) -> list[tuple[str, str]]:
    return [
        (value(one.authentication_input_type).casefold(), one.authentication_input_data)
        for one in getattr(message, "authentication_input", ())
    ]


async def user_of(work: Work, message: Any) -> User | None:
    """Whom the message names, looked up only where its words alone do not say it: where the type of the identifier
    counts, or where UserId and AuthenticationInput name somebody (it must be the same person).

    None where it names nobody. Raises Stopped: Unknown User for a card of another type, of another member, or of
    nobody; User Authentication Failed where the two are not the same."""
    user = user_typed(work, message)
    if user is None:
        return None
    if message.user_id is not None and foreign(work, message.user_id.agency_id):
        raise work.stop(_UNKNOWN_USER, user.path)
    kind = _kind_of(work, message, user)
    beside = _name_beside(message, user)
    if kind is None and beside is None:
        return user
    found = await work.perform(PatronGet(**user.named))
    if isinstance(found, Refusal):
        raise work.stop(as_told(work, user, found), user.path)
    assert isinstance(found, PatronOutcome)
    if kind is not None and not has_identifier(found.patron, kind, user.typed or ""):
        raise work.stop(_UNKNOWN_USER, user.path)
    if beside is not None and not has_identifier(found.patron, None, beside):
        raise work.stop(Refusal(code=RefusalCode.PATRON_AUTH_FAILED), "AuthenticationInput")
    return User(user.typed, found.patron.id, user.pin, user.path, found.patron)


def as_told(work: Work, user: User, no: Refusal) -> Refusal:
    """The refusal of a question about a user; an unknown card is a wrong PIN to a peer that must send one, and must not
    find out which cards there are."""
    hidden = user.pin is not None and "patron.get" in work.peer.context().pin_required
    return Refusal(code=RefusalCode.PATRON_AUTH_FAILED) if hidden and no.code is RefusalCode.PATRON_NOT_FOUND else no


async def user_needed(work: Work, message: Any) -> User:
    """Whom the message names. Raises Stopped where it names nobody, and as `user_of` does."""
    user = await user_of(work, message)
    if user is None:
        raise work.missing("UserId")
    return user


def _kind_of(work: Work, message: Any, user: User) -> IdentifierType | None:
    """What type the identifier must be of; None for any."""
    if user.path == "AuthenticationInput":
        kinds = {_KIND_OF_NAME.get(kind) for kind, data in _inputs(message) if kind in _NAMES}
        return kinds.pop() if len(kinds) == 1 and work.peer.profile.user_identifiers else None
    types = {name.casefold(): kind for name, kind in work.peer.profile.user_identifiers.items()}
    for user_id in (message.user_id, *getattr(message, "visible_user_id", ())):
        if user_id is not None and clean(user_id.user_identifier_value) == user.typed:
            return types.get(value(user_id.user_identifier_type).casefold())
    return None


def _name_beside(message: Any, user: User) -> str | None:
    """The name in AuthenticationInput where UserId has another one."""
    if user.path == "AuthenticationInput":
        return None
    names = (clean(data) for kind, data in _inputs(message) if kind in _NAMES)
    return next((name for name in names if name and name.casefold() != (user.typed or "").casefold()), None)


def has_identifier(patron: Patron, kind: IdentifierType | None, typed: str) -> bool:
    """Whether the patron has this active identifier, of this type or of any."""
    return any(
        one.active and one.value.casefold() == typed.casefold() and kind in (None, one.type)
        for one in patron.identifiers
    )


def user_id_out(work: Work, patron: Patron, typed: str | None = None) -> wire.UserId:
    """The patron by the identifier that this peer reads, else by what it typed, else by any that is active."""
    kind = work.peer.profile.user_id
    known = [one for one in patron.identifiers if one.active]
    found = next((one for one in known if one.type is kind), None)
    if found is None and typed:
        return typed_user_id_out(work, typed)
    found = found or next(iter(known), None)
    if found is None:
        return wire.UserId(agency_id=agency(work), user_identifier_value=patron.id)
    return wire.UserId(
        agency_id=agency(work),
        user_identifier_type=_identifier_type(work, found.type),
        user_identifier_value=found.value,
    )


def typed_user_id_out(work: Work, typed: str) -> wire.UserId:
    """A user by the identifier that the peer sent, its type as it was sent."""
    sent = getattr(work.message, "user_id", None)
    kind = sent.user_identifier_type if sent is not None else None
    return wire.UserId(agency_id=agency(work), user_identifier_type=kind, user_identifier_value=typed)


def _identifier_type(work: Work, kind: IdentifierType) -> SchemeValue | None:
    """The peer's own word for a type of identifiers, else the standard's, else none."""
    own = next((name for name, known in work.peer.profile.user_identifiers.items() if known is kind), None)
    return SchemeValue(own, SCHEMES["UserIdentifierType"].scheme) if own else USER_IDENTIFIER.write(kind)


# Items and requests


def barcode_of(item_id: wire.ItemId | None) -> str | None:
    """The identifier of an item; None where nothing is named."""
    return clean(item_id.item_identifier_value) if item_id is not None else None


def item_named(message: Any) -> str | None:
    """The item that a message names: ItemId, or VisibleItemId of NCIP 1."""
    sent = message.item_id
    ids = sent if isinstance(sent, tuple) else (sent,)
    return next(filter(None, map(barcode_of, (*ids, *getattr(message, "visible_item_id", ())))), None)


def item_needed(work: Work, message: Any) -> str:
    """The item that a message names. Raises Stopped where it names none."""
    if (found := item_named(message)) is None:
        raise work.missing("ItemId")
    return found


def item_id_out(work: Work, item: Item | str, kind: str | None = None) -> wire.ItemId:
    """An item by its barcode (by its id where it has none); the type as the peer sent it, else `kind`, else
    `Barcode`."""
    named = item if isinstance(item, str) else item.barcode or item.id
    sent = getattr(work.message, "item_id", None)
    first = sent[0] if isinstance(sent, tuple) and sent else sent
    typed = getattr(first, "item_identifier_type", None)
    if kind is not None or typed is None:
        typed = scheme_value("ItemIdentifierType", kind or "Barcode")
    return wire.ItemId(agency_id=agency(work), item_identifier_type=typed, item_identifier_value=named)


def request_named(message: Any) -> str | None:
    """What the peer calls the request that the message is about."""
    sent = message.request_id
    return clean(sent.request_identifier_value) if sent is not None else None


def external_ref(work: Work, message: Any) -> str | None:
    """How the transaction that the message names is known here; None where it names none."""
    named = request_named(message)
    return work.peer.external_ref(named) if named else None


def request_id_out(work: Work, reference: str | None, hold_id: str | None = None) -> wire.RequestId | None:
    """A request by the name that this peer gave it (as it was sent, where it was; else as of its own agency), or by
    ours."""
    named = work.peer.own_ref(reference)
    sent = getattr(work.message, "request_id", None)
    if named is not None and sent is not None and request_named(work.message) == named:
        return wire.RequestId(
            agency_id=sent.agency_id,
            request_identifier_type=sent.request_identifier_type,
            request_identifier_value=sent.request_identifier_value,
        )
    if named is not None:
        return wire.RequestId(agency_id=_peers_agency(work), request_identifier_value=named)
    return wire.RequestId(agency_id=agency(work), request_identifier_value=hold_id) if hold_id else None


# Agencies, dates, sums


def agency(work: Work) -> SchemeValue:
    """The member as this peer reads it in answers: its first name for it, with the scheme that it gave it where it used
    that name; without such a name the word it used itself."""
    header = getattr(work.message, "initiation_header", None)
    sent = header.to_agency_id if header is not None else None
    used = sent.agency_id if sent is not None else None
    if used is not None and value(used) and (not work.peer.profile.our_ids or value(used) == work.peer.agency):
        return used
    return SchemeValue(work.peer.agency)


def _peers_agency(work: Work) -> SchemeValue:
    """Who asks, by the word that it used itself, else by its first name; ours where it has none."""
    header = getattr(work.message, "initiation_header", None)
    sent = header.from_agency_id if header is not None else None
    if sent is not None and value(sent.agency_id):
        return sent.agency_id
    names = work.peer.profile.agency_ids
    return SchemeValue(names[0]) if names else agency(work)


def moment(work: Work, text: str | None, element: str) -> datetime | None:
    """A moment that was sent, None where none was; `element` is its path below the service. Raises Stopped (Invalid
    Date) for text that is no date."""
    if clean(text) is None:
        return None
    found = parse_datetime(text)
    if found is None:
        raise work.stop(Refusal(code=RefusalCode.INVALID_DATE), element, text)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise work.stop(Refusal(code=RefusalCode.INVALID_DATE), element, text) from None


def written(at: datetime | None) -> str | None:
    """A moment as it is written: UTC, whole seconds."""
    return format_datetime(at) if at is not None else None


def sum_out(kind: type[M], money: Money) -> M:
    """An amount as an element of that class: `sum_out(wire.Amount, fee.balance)`."""
    return amount_of(kind, money.amount, money.currency)


def sum_in(work: Work, sent: wire.Money | None, element: str) -> Money | None:
    """A sum that was sent, in the member's currency where none is named; None where none was. Raises Stopped (Invalid
    Amount) for what is no sum."""
    if sent is None:
        return None
    found = money_value(sent)
    amount_invalid = Refusal(code=RefusalCode.PAYMENT_INVALID_AMOUNT)
    if found is None:
        raise work.stop(amount_invalid, f"{element}/MonetaryValue", sent.monetary_value)
    amount, currency = found
    try:
        money = Money(amount=amount, currency=currency or work.peer.member.currency)
        return Money.of_minor(money.minor, money.currency)
    except ValueError:
        raise work.stop(amount_invalid, f"{element}/MonetaryValue", sent.monetary_value) from None
