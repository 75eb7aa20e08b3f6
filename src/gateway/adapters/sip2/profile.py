"""A terminal profile: how one family of kiosks wants SIP2 spoken. Data, never code.

Each switch exists because a recorded message or a source shows that somebody needs it; its docstring says who
(numbered disagreements: the protocol's README). Profiles are TOML files beside this module; a terminal's `overrides`
change single settings. Unknown keys are refused.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf

from gateway.canonical.vocabulary import RoutingAction
from library_protocols.sip2.dialect import Dialect


class UnknownProfile(ValueError):
    """There is no profile of this name."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _dialect(value: Any) -> Any:
    """A `[wire]` table as a dialect; a misspelt switch is named together with the nearest right one."""
    if not isinstance(value, Mapping):
        return value
    known = [item.name for item in dataclass_fields(Dialect) if item.init]
    for name in value:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            raise ValueError(f"wire has no setting {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return Dialect(**value)


Wire = Annotated[InstanceOf[Dialect], BeforeValidator(_dialect)]
Digits3 = Annotated[str, Field(pattern=r"^\d{3}$")]


class PatronPart(_Part):
    """24, 26 and 64: what is said about a patron."""

    status_when_unknown: Literal["denied", "first"] = "denied"
    """Patron status for an unknown card: `YYYY` and blanks (Koha, Polaris, Evergreen) or only the first position
    (Sierra, recorded). Disagreement 15"""
    status_when_blocked: Literal["reasons", "all"] = "reasons"
    """`reasons` sets what the block denies and the reason where it is known; `all` sets every position but renewal
    and recall, as one recorded system does whose kiosks read any of them."""
    bl_tells_card_only: bool = False
    """BL=Y for a card that exists although the PIN was wrong (Polaris and Sierra, recorded). Nothing else is shown all
    the same, and CQ stays N. Off, because a client that reads BL alone would let anybody in. Disagreement 14"""
    empty_pin: Literal["wrong", "absent"] = "wrong"
    """What `AD|` means: a wrong PIN, or none sent, for kiosks that always write the field because 23 demands it.
    It never opens what needs a PIN. Disagreement 13"""
    contacts: bool = False
    """BD, BE and BF (address, e-mail, telephone): personal data that few kiosks need; e-book services do."""
    name: bool = True
    """AE with the patron's name. Off sends it empty, for kiosks in view of others."""
    language_from: Literal["patron", "request"] = "patron"
    """Language code of the answer: the patron's own where it has a code, or always the request's."""


class ListsPart(_Part):
    """The lists of 64 (AS AT AU AV BU CD) and 66 (BM BN)."""

    item: Literal["barcode", "barcode_title", "title"] = "barcode"
    """What stands for an item: barcode (Koha), barcode and title, or title. A hold without a copy always shows its
    title. Disagreement 18"""
    hold_items: Literal["ready", "all"] = "ready"
    """AS and the hold count: holds waiting on the shelf (the standard's words), or all of them. The others are in CD.
    Disagreement 18"""
    fine_items: Literal["text", "barcode", "amount"] = "text"
    """AV: amount and what for, the item's barcode (Koha), or the bare amount. Disagreement 18"""
    fines: Literal["all", "overdue"] = "all"
    """Which charges are fine items: all open ones, because 2.00 has one list for them, or only those for being late,
    where the kiosk asks for the others by summary position 6."""
    several_summaries: Literal["all", "first"] = "all"
    """A 63 with several Y: all lists asked for (most systems), or the first (Koha), where the standard allows one.
    Disagreement 17"""
    max_items: int = Field(default=0, ge=0)
    """Most list items in one answer; the kiosk asks for more by BP and BQ. 0: as many as fit into one message.
    3M units ask for ten at a time."""


class LoansPart(_Part):
    """12, 10 and 30."""

    due_format: str = "sip"
    """AH: `sip` for the 18 characters of other dates, else a strftime pattern in the library's time (recorded:
    `2011-10-28 23:59:59`, `08.06.2016`)."""
    due_day_format: str = ""
    """AH of loans that are due at the end of a day; empty: as `due_format`."""
    magnetic_unknown: Literal["N", "U"] = "N"
    """Magnetic media when the platform cannot tell; 3M discourages U. Disagreement 24"""
    renewal_flag: Literal["truth", "N"] = "truth"
    """Renewal ok of 12: Y when the check-out was a renewal (standard), or always N (edge-sip2's kiosks know nothing
    else). Disagreement 23"""
    trust_return_date: bool = True
    """Take the item as returned on the return date of 09 (book drops emptied in the morning); off: now."""
    trust_current_location: bool = False
    """Take AP of 09 as the code of the place where the item is now. Off, because recorded kiosks write anything there
    (`Under the bed`); sorters that serve several branches need it."""
    patron_in_checkin: bool = True
    """AA in 10: who had the item on loan."""
    receipts: bool = False
    """AG: a line for the printer with title and due date, for kiosks that print only what they are sent."""
    announce_checkin: Literal["permitted", "always"] = "permitted"
    """Checkin ok of 98: by the terminal's permissions, or always Y, because 3M's own units do not run without [G]."""


class RoutingPart(_Part):
    """The sorter's fields of 10 and 18 (3M extensions 1.20; Koha, Evergreen, FOLIO, Sierra, Alma)."""

    fields: bool = True
    """CV alert type and CT destination in 10. Kiosks that do not know them skip them, as the standard asks."""
    item_fields: bool = False
    """CR collection, CS call number and, in 18, CT destination."""
    hold_patron: bool = False
    """CY and DA: card number and name of the patron for whom the item is held. Only where no public sees the screen."""
    cv_on_success: bool = False
    """CV00 when there is no alert (Koha's cv_send_00_on_success)."""
    sort_bins: dict[RoutingAction, str] = {}
    """CL by what is to be done with the item; a bin that the platform names wins."""


class ItemsPart(_Part):
    """17, 18, 19 and 20."""

    institution_in_18: bool = False
    """AO in 18, which the standard does not have (fsip2 sends it). Disagreement 16"""
    requested_status: Literal["07", "03"] = "07"
    """Circulation status of an item on the shelf that was asked for: 07 (edge-sip2) or 03."""
    restricted_status: Literal["03", "01"] = "03"
    """Circulation status of an item for use in the library only: 03, or 01 where a kiosk takes 03 for lendable."""
    update_moves: bool = False
    """AP in 19 moves the item (dp2)."""


class FeesPart(_Part):
    """37, 38 and the charges in 64."""

    groups: bool = False
    """Every charge as a group CG FA FB FC FD FE FF FG, in 64 where charges are asked for and in 38 for what was paid
    (Gossip; FOLIO copies the style)."""
    date_format: str = "%Y-%m-%d"
    """FC: strftime pattern."""
    payment_reference: Literal["terminal", "none"] = "terminal"
    """BK of 37 names one payment for ever among all this login sends, or nothing (kiosks that send a constant)."""


class TextsPart(_Part):
    """AF, AG and languages."""

    language: Literal["member", "cy", "en", "both", "patron"] = "member"
    """Language of screen and print lines; `member`: as the member has decided, `both`: Welsh first."""
    language_codes: dict[str, Digits3] = {}
    """Codes of this kiosk for languages the standard has none for, such as `cy`."""
    max_lines: int = Field(default=0, ge=0)
    """Most AF fields in one answer, for old screens; 0: all."""


class FieldsPart(_Part):
    """Where codes collide (PA, PB, PC, PE, XI, AQ ...): fields of 24 and 64 by code, from these words about the patron.

    Sources: `expiry`, `expiry_long`, `birth_date`, `birth_date_long`, `category`, `category_label`, `home_library`,
    `internal_id`, `expired`, `balance`, `language`.
    """

    patron: dict[Annotated[str, Field(pattern=r"^[A-Z0-9]{2}$")], Literal[
        "expiry", "expiry_long", "birth_date", "birth_date_long", "category", "category_label", "home_library",
        "internal_id", "expired", "balance", "language",
    ]] = {}  # fmt: skip
    """Field code to source."""
    bib_id: str = ""
    """Field of 15 that carries a bibliographic id (Voyager: MA)."""


class TerminalProfile(_Part):
    """Everything that differs from kiosk to kiosk, in one value."""

    name: str
    wire: Wire = Dialect()
    """The codec's own switches; see the protocol's README."""
    institution: Literal["echo", "configured"] = "echo"
    """AO of the answers: the request's where it has one, or always the configured one. Disagreement 16"""
    empty_fields: bool = False
    """Send optional fields that have no value with zero length (Polaris and Gossip, recorded); the standard leaves them
    out."""
    login_location: Literal["ignore", "use"] = "ignore"
    """CP of 93: not looked at, because recorded kiosks write anything there (`The floor`), or the code of the location
    where what this link does happens (Koha: branch code, FOLIO: service point). Disagreement 29"""
    sync_clock: bool = True
    """Date and time in 98; off sends zeros, so that the kiosk keeps its own clock."""
    patron: PatronPart = PatronPart()
    lists: ListsPart = ListsPart()
    loans: LoansPart = LoansPart()
    routing: RoutingPart = RoutingPart()
    items: ItemsPart = ItemsPart()
    fees: FeesPart = FeesPart()
    texts: TextsPart = TextsPart()
    fields: FieldsPart = FieldsPart()


def profile_names() -> list[str]:
    """Names of the profiles that come with the gateway."""
    folder = files("gateway.adapters.sip2").joinpath("profiles")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@lru_cache(maxsize=64)
def _document(name: str) -> Mapping[str, Any]:
    if name not in profile_names():
        near = difflib.get_close_matches(name, profile_names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(profile_names())}"
        raise UnknownProfile(f"there is no SIP2 profile {name!r}{hint}")
    return tomllib.loads(files("gateway.adapters.sip2").joinpath("profiles", f"{name}.toml").read_text("utf-8"))


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def load_profile(name: str, overrides: Mapping[str, Any] | None = None) -> TerminalProfile:
    """The profile of this name with single settings changed, tables within tables as in its file.

    Raises UnknownProfile, or pydantic's ValidationError; both are ValueErrors and say which setting it is.
    """
    return TerminalProfile.model_validate(_merged({**_document(name), "name": name}, overrides or {}))
