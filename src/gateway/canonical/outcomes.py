"""What the desk answers when the answer is yes. A "no" is a `Refusal`; a breakdown is a `PlatformFailure`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from gateway.canonical.entities import (
    Bib,
    Event,
    Fee,
    Hold,
    Item,
    Loan,
    OfflineConflict,
    Patron,
    Payment,
    Routing,
)
from gateway.canonical.messages import MessageRef
from gateway.canonical.money import Money
from gateway.canonical.refusals import Refusal


class Outcome(BaseModel):
    model_config = ConfigDict(frozen=True)
    messages: tuple[MessageRef, ...] = ()


class Capability(BaseModel):
    """What a driver can do for one operation: `level` is full, partial or none."""

    model_config = ConfigDict(frozen=True)
    level: str
    notes: tuple[str, ...] = ()
    fields_unavailable: tuple[str, ...] = ()


class Status(Outcome):
    """`online`: the platform answers. `offline_ok`: transactions are kept and replayed while it does not."""

    online: bool
    offline_ok: bool
    capabilities: dict[str, Capability] = {}
    library_name: str | None = None
    now: datetime | None = None


class PatronOutcome(Outcome):
    """`pin_verified` is None where no PIN was given or none was checked."""

    patron: Patron
    pin_verified: bool | None = None


class ProvisionOutcome(Outcome):
    """`changed` is False where everything was as asked already."""

    patron_id: str
    created: bool = False
    changed: bool = False


class AnonymiseOutcome(Outcome):
    """`changed` is False where nothing had been left before."""

    changed: bool = False


class AccountOutcome(PatronOutcome):
    loans: tuple[Loan, ...] = ()
    holds: tuple[Hold, ...] = ()
    fees: tuple[Fee, ...] = ()


class ItemOutcome(Outcome):
    item: Item


class LoanOutcome(Outcome):
    """`renewed`: an own loan was renewed instead. `offline_conflict`: kept although the rules would have refused it."""

    loan: Loan
    item: Item
    renewed: bool = False
    fee: Fee | None = None
    desensitize: bool = True
    offline_conflict: str | None = None
    offline_accepted: bool = False


class ReturnOutcome(Outcome):
    """`loan` is None where the item was not on loan."""

    item: Item
    loan: Loan | None = None
    routing: Routing = Routing()
    fees: tuple[Fee, ...] = ()
    resensitize: bool = True
    offline_accepted: bool = False


class UndoOutcome(Outcome):
    item: Item
    loan: Loan
    what: str


class Unrenewed(BaseModel):
    model_config = ConfigDict(frozen=True)
    loan: Loan
    refusal: Refusal


class RenewAllOutcome(Outcome):
    renewed: tuple[Loan, ...] = ()
    unrenewed: tuple[Unrenewed, ...] = ()


class HoldOutcome(Outcome):
    """`available`: a copy is on the shelf or waiting for this patron now."""

    hold: Hold
    available: bool = False
    item: Item | None = None


class IllOutcome(Outcome):
    """`item` is None where a note was about a request that no item has been found for, `hold` where there is none."""

    item: Item | None = None
    hold: Hold | None = None


class PaymentOutcome(Outcome):
    """`duplicate`: this very payment had been taken before; nothing was taken now."""

    payment: Payment
    balance: Money
    duplicate: bool = False


class FeeOutcome(Outcome):
    """`duplicate`: this very charge had been made before; nothing was charged now."""

    fee: Fee
    duplicate: bool = False


class BibOutcome(Outcome):
    bib: Bib


class Availability(BaseModel):
    model_config = ConfigDict(frozen=True)
    bib_id: str
    items: tuple[Item, ...] = ()
    available: int = 0
    total: int = 0
    hold_queue_length: int = 0


class AvailabilityOutcome(Outcome):
    bibs: tuple[Availability, ...]


class BibChange(BaseModel):
    model_config = ConfigDict(frozen=True)
    position: int
    bib: Bib


class BibChangesOutcome(Outcome):
    changes: tuple[BibChange, ...]


class ConfigOutcome(Outcome):
    rows: tuple[dict[str, Any], ...]


class ClosedDay(BaseModel):
    model_config = ConfigDict(frozen=True)
    location: str
    day: date


class EventsOutcome(Outcome):
    events: tuple[Event, ...]


class ConflictsOutcome(Outcome):
    conflicts: tuple[OfflineConflict, ...]
