"""A small library behind a scripted ACS: members, patrons, items, loans, fees; each command done exactly once.

It can be told to break the rules a fleet watches over: to forget a loan, to make one up, to take a payment twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from library_protocols.sip2 import Message, Request, build

NOW = "20261123    090000"
PIN = "1234"


@dataclass
class SmallLibrary:
    """`loans` is item to patron, `owed` patron to amount. `done` keeps the answer to each command, by what it said.

    A command comes back for its answer as long as it is the last on its item (`last`); a payment always.
    """

    loans: dict[str, str] = field(default_factory=dict)
    owed: dict[str, Decimal] = field(default_factory=dict)
    done: dict[tuple[str, ...], Message] = field(default_factory=dict)
    last: dict[str, tuple[str, ...]] = field(default_factory=dict)
    forgetful: bool = False
    generous: bool = False
    greedy: bool = False
    replays: int = 0

    def script(self, request: Request) -> Message | bytes | None:
        message = request.message
        answers: dict[str, Callable[[Message], Message]] = {
            "93": self._login,
            "99": self._status,
            "23": self._patron,
            "63": self._account,
            "35": self._end,
            "11": self._checkout,
            "09": self._checkin,
            "29": self._renew,
            "17": self._item,
            "37": self._pay,
        }
        answer = answers[message.code]
        if message.code not in ("11", "09", "29", "37"):
            return answer(message)
        said = (message.code, *message.fixed.values(), *(f"{code}{value}" for code, value in message.fields))
        item = message.get("AB") or ""
        stands = not self.greedy if message.code == "37" else self.last.get(item) == said
        if said in self.done and stands:
            self.replays += 1
            return self.done[said]
        self.last[item] = said
        self.done[said] = answer(message)
        return self.done[said]

    def _login(self, message: Message) -> Message:
        return build("94", ok="1" if message.get("CO") == "kiosk-demo" else "0")

    def _status(self, message: Message) -> Message:
        return build(
            "98",
            online_status="Y",
            checkin_ok="Y",
            checkout_ok="Y",
            acs_renewal_policy="Y",
            status_update_ok="Y",
            offline_ok="N",
            timeout_period="050",
            retries_allowed="003",
            date_time_sync=NOW,
            protocol_version="2.00",
            fields=[("AO", "ABER"), ("AM", "Aberystwyth University"), ("BX", "YYYNYYYYYYYNNNYN")],
        )

    def _entrance(self, message: Message) -> tuple[bool, list[tuple[str, str | None]]]:
        patron = message.get("AA") or ""
        inside = patron.startswith("2") and message.get("AD") == PIN
        who = [("AO", message.get("AO")), ("AA", patron), ("AE", "Llŷr Gŵyr" if inside else "")]
        verdict = "Y" if inside else "N"
        return inside, [*who, ("BL", verdict), ("CQ", verdict)]

    def _patron(self, message: Message) -> Message:
        _, fields = self._entrance(message)
        return build("24", language="000", transaction_date=NOW, fields=fields)

    def _account(self, message: Message) -> Message:
        inside, fields = self._entrance(message)
        patron = message.get("AA") or ""
        mine = sorted(item for item, holder in self.loans.items() if holder == patron) if inside else []
        shown = mine if message.fixed["summary"][2] == "Y" else []
        fields += [("AU", item) for item in shown]
        fields.append(("BV", str(self.owed.get(patron, Decimal("0.00"))) if inside else None))
        return build(
            "64",
            language="000",
            transaction_date=NOW,
            charged_items_count=len(mine),
            hold_items_count=0,
            overdue_items_count=0,
            fine_items_count=0,
            recall_items_count=0,
            unavailable_holds_count=0,
            fields=fields,
        )

    def _end(self, message: Message) -> Message:
        fields = [("AO", message.get("AO")), ("AA", message.get("AA"))]
        return build("36", end_session="Y", transaction_date=NOW, fields=fields)

    def _checkout(self, message: Message) -> Message:
        item, patron = message.get("AB") or "", message.get("AA") or ""
        free = item.startswith("3") and self.loans.get(item, patron) == patron and message.get("AD") == PIN
        renewal = free and item in self.loans
        if free and not (self.forgetful and len(self.loans) == 2):
            self.loans[item] = patron
        if free and self.generous and len(self.loans) == 2:
            self.loans[f"{item[:3]}99999"] = patron
        return build(
            "12",
            ok="1" if free else "0",
            renewal_ok="Y" if renewal else "N",
            magnetic_media="N",
            desensitize="Y" if free else "N",
            transaction_date=NOW,
            fields=[
                ("AO", message.get("AO")),
                ("AA", patron),
                ("AB", item),
                ("AJ", "Caneuon"),
                ("AH", "20261214    235959" if free else ""),
                ("AF", None if free else "On loan to somebody else."),
            ],
        )

    def _checkin(self, message: Message) -> Message:
        item = message.get("AB") or ""
        known = self.loans.pop(item, None) is not None
        return build(
            "10",
            ok="1" if known else "0",
            resensitize="Y",
            magnetic_media="N",
            alert="N",
            transaction_date=NOW,
            fields=[("AO", message.get("AO")), ("AB", item), ("AQ", "ABER"), ("AF", None if known else "Not on loan.")],
        )

    def _renew(self, message: Message) -> Message:
        item, patron = message.get("AB") or "", message.get("AA") or ""
        mine = self.loans.get(item) == patron
        return build(
            "30",
            ok="1" if mine else "0",
            renewal_ok="Y" if mine else "N",
            magnetic_media="N",
            desensitize="N",
            transaction_date=NOW,
            fields=[("AO", message.get("AO")), ("AA", patron), ("AB", item), ("AJ", ""), ("AH", "")],
        )

    def _item(self, message: Message) -> Message:
        item = message.get("AB") or ""
        return build(
            "18",
            circulation_status="04" if item in self.loans else "03",
            security_marker="02",
            fee_type="01",
            transaction_date=NOW,
            fields=[("AB", item), ("AJ", "Caneuon" if item.startswith("3") else "")],
        )

    def _pay(self, message: Message) -> Message:
        patron, amount = message.get("AA") or "", Decimal(message.get("BV") or "0")
        owed = self.owed.get(patron, Decimal(0))
        taken = 0 < amount <= owed
        if taken:
            self.owed[patron] = owed - amount
        fields = [("AO", message.get("AO")), ("AA", patron), ("BK", message.get("BK"))]
        return build("38", payment_accepted="Y" if taken else "N", transaction_date=NOW, fields=fields)
