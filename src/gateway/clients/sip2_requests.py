"""Every message an SC sends, built from plain values, and whether an answer means yes.

Pure: the clock is passed in. A PIN of None is not sent where the standard leaves it optional, and sent empty where
the field is required; an empty PIN is sent as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from library_protocols.sip2 import Message, build, format_sip_date

DATE_BLANK = " " * 18


class Summary(Enum):
    """Which list a 63 asks for; the value is its place in the summary."""

    NONE = None
    HOLDS = 0
    OVERDUE = 1
    LOANS = 2
    FINES = 3
    RECALLS = 4
    UNAVAILABLE = 5
    FEES = 6


LIST_FIELDS = {
    Summary.HOLDS: "AS",
    Summary.OVERDUE: "AT",
    Summary.LOANS: "AU",
    Summary.FINES: "AV",
    Summary.RECALLS: "BU",
    Summary.UNAVAILABLE: "CD",
}
"""The field of a 64 that carries each list's lines."""


class HoldMode(Enum):
    """What a 15 does; the value is the wire's."""

    PLACE = "+"
    CHANGE = "*"
    CANCEL = "-"


def local_time(moment: datetime) -> str:
    """SIP2's 18 characters for an aware instant, on that zone's own clock."""
    zone = moment.tzinfo
    if zone is None:
        raise ValueError("an instant without a zone")
    return format_sip_date(moment, zone)


@dataclass(frozen=True, slots=True)
class Requests:
    """Builds messages for one terminal. `now` gives SIP2's 18 characters.

    All methods raise ValueError for a value that a fixed field cannot hold.
    """

    institution: str
    now: Callable[[], str]
    terminal_password: str = ""
    language: str = "000"

    def login(self, user: str, password: str, location: str = "") -> Message:
        fields = [("CN", user), ("CO", password), ("CP", location or None)]
        plain = "0"
        return build("93", uid_algorithm=plain, pwd_algorithm=plain, fields=fields)

    def status(self, code: str = "0", print_width: str = "040", version: str = "2.00") -> Message:
        return build("99", status_code=code, max_print_width=print_width, protocol_version=version)

    def patron_status(self, patron: str, pin: str | None = None) -> Message:
        fields = [("AO", self.institution), ("AA", patron), ("AC", self.terminal_password), ("AD", pin or "")]
        return build("23", language=self.language, transaction_date=self.now(), fields=fields)

    def patron_information(
        self,
        patron: str,
        pin: str | None = None,
        summary: Summary = Summary.NONE,
        window: tuple[int, int] | None = None,
    ) -> Message:
        """`window`: the first and last line of the list, counted from 1."""
        place = summary.value
        marks = "".join("Y" if position == place else " " for position in range(10))
        fields = [*self._account(patron, pin)]
        if window is not None:
            fields += [("BP", str(window[0])), ("BQ", str(window[1]))]
        return build("63", language=self.language, transaction_date=self.now(), summary=marks, fields=fields)

    def end_session(self, patron: str, pin: str | None = None) -> Message:
        return build("35", transaction_date=self.now(), fields=self._account(patron, pin))

    def checkout(
        self,
        item: str,
        patron: str,
        pin: str | None = None,
        *,
        renewals: bool = True,
        no_block: bool = False,
        due: str = DATE_BLANK,
        undo: bool = False,
        fee_acknowledged: bool | None = None,
        properties: str | None = None,
    ) -> Message:
        """`undo`: take back the check-in just made. `due`: what the patron was told while off-line."""
        fields = [
            ("AO", self.institution),
            ("AA", patron),
            ("AB", item),
            ("AC", self.terminal_password),
            ("CH", properties),
            ("AD", pin),
            ("BO", _flag(fee_acknowledged)),
            ("BI", "Y" if undo else None),
        ]
        return build(
            "11",
            sc_renewal_policy=_yes(renewals),
            no_block=_yes(no_block),
            transaction_date=self.now(),
            nb_due_date=due,
            fields=fields,
        )

    def checkin(
        self,
        item: str,
        *,
        location: str = "",
        no_block: bool = False,
        returned: str | None = None,
        undo: bool = False,
        properties: str | None = None,
    ) -> Message:
        """`undo`: take back the check-out just made. `returned`: when, if not now."""
        now = self.now()
        fields = [
            ("AP", location),
            ("AO", self.institution),
            ("AB", item),
            ("AC", self.terminal_password),
            ("CH", properties),
            ("BI", "Y" if undo else None),
        ]
        return build("09", no_block=_yes(no_block), transaction_date=now, return_date=returned or now, fields=fields)

    def renew(
        self,
        patron: str,
        pin: str | None = None,
        *,
        item: str | None = None,
        title: str | None = None,
        third_party: bool = False,
        no_block: bool = False,
        due: str = DATE_BLANK,
        fee_acknowledged: bool | None = None,
    ) -> Message:
        fields = [
            ("AO", self.institution),
            ("AA", patron),
            ("AD", pin),
            ("AB", item),
            ("AJ", title),
            ("AC", self.terminal_password or None),
            ("BO", _flag(fee_acknowledged)),
        ]
        return build(
            "29",
            third_party_allowed=_yes(third_party),
            no_block=_yes(no_block),
            transaction_date=self.now(),
            nb_due_date=due,
            fields=fields,
        )

    def renew_all(self, patron: str, pin: str | None = None, *, fee_acknowledged: bool | None = None) -> Message:
        fields = [*self._account(patron, pin), ("BO", _flag(fee_acknowledged))]
        return build("65", transaction_date=self.now(), fields=fields)

    def item_information(self, item: str) -> Message:
        fields = [("AO", self.institution), ("AB", item), ("AC", self.terminal_password or None)]
        return build("17", transaction_date=self.now(), fields=fields)

    def item_update(self, item: str, properties: str) -> Message:
        fields = [
            ("AO", self.institution),
            ("AB", item),
            ("AC", self.terminal_password or None),
            ("CH", properties),
        ]
        return build("19", transaction_date=self.now(), fields=fields)

    def hold(
        self,
        mode: HoldMode,
        patron: str,
        pin: str | None = None,
        *,
        item: str | None = None,
        title: str | None = None,
        kind: str | None = None,
        pickup: str | None = None,
        expires: str | None = None,
        fee_acknowledged: bool | None = None,
    ) -> Message:
        """`kind` is the standard's hold type 1 to 4; `expires` has 18 characters."""
        fields = [
            ("BW", expires),
            ("BS", pickup),
            ("BY", kind),
            ("AO", self.institution),
            ("AA", patron),
            ("AD", pin),
            ("AB", item),
            ("AJ", title),
            ("AC", self.terminal_password or None),
            ("BO", _flag(fee_acknowledged)),
        ]
        return build("15", hold_mode=mode.value, transaction_date=self.now(), fields=fields)

    def fee_paid(
        self,
        amount: str,
        patron: str,
        pin: str | None = None,
        *,
        fee_type: str = "01",
        payment_type: str = "00",
        currency: str = "GBP",
        fee: str | None = None,
        transaction: str | None = None,
    ) -> Message:
        """`amount` has a decimal point; `transaction` names the payment, so that it cannot count twice."""
        fields = [
            ("BV", amount),
            ("AO", self.institution),
            ("AA", patron),
            ("AC", self.terminal_password or None),
            ("AD", pin),
            ("CG", fee),
            ("BK", transaction),
        ]
        return build(
            "37",
            transaction_date=self.now(),
            fee_type=fee_type,
            payment_type=payment_type,
            currency_type=currency,
            fields=fields,
        )

    def block(self, patron: str, reason: str = "", *, card_retained: bool = False) -> Message:
        fields = [("AO", self.institution), ("AL", reason), ("AA", patron), ("AC", self.terminal_password)]
        return build("01", card_retained=_yes(card_retained), transaction_date=self.now(), fields=fields)

    def enable(self, patron: str, pin: str | None = None) -> Message:
        return build("25", transaction_date=self.now(), fields=self._account(patron, pin))

    def _account(self, patron: str, pin: str | None) -> list[tuple[str, str | None]]:
        return [
            ("AO", self.institution),
            ("AA", patron),
            ("AC", self.terminal_password or None),
            ("AD", pin),
        ]


def said_yes(answer: Message) -> bool:
    """Whether the ACS did, or knows, what was asked."""
    fixed = answer.fixed
    match answer.code:
        case "94" | "10" | "12" | "16" | "30" | "66":
            return fixed["ok"] == "1"
        case "20":
            return fixed["item_properties_ok"] == "1"
        case "24" | "26" | "64":
            return answer.get("BL") != "N" and answer.get("CQ") != "N"
        case "36":
            return fixed["end_session"] == "Y"
        case "38":
            return fixed["payment_accepted"] == "Y"
        case "98":
            return fixed["online_status"] == "Y"
        case "18":
            # The standard has no way to say that there is no such item; an item of ours has a title.
            return bool(answer.get("AJ"))
        case _:
            return False


def _yes(value: bool) -> str:
    return "Y" if value else "N"


def _flag(value: bool | None) -> str | None:
    return None if value is None else _yes(value)
