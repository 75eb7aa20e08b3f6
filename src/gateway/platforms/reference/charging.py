"""What lateness and loss cost: amounts in minor units, and the charges that are made or taken back for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.canonical.vocabulary import DuePrecision, FeeStatus, FeeType
from gateway.platforms.reference.calendar import Calendar
from gateway.platforms.reference.exactly_once import Command, touch_charge
from gateway.platforms.reference.ids import new_id
from gateway.platforms.reference.policy import MemberRules, instant
from gateway.store.rows import ChargeRow, LoanRow, LoanRuleRow


def overdue(rule: LoanRuleRow, calendar: Calendar, due: int, until: int, precision: str = DuePrecision.DAY) -> int:
    """What being late from `due` until `until` costs, the ceiling not applied. Units begun count; closed days do not.

    A loan due on the minute that comes back late on the same day is one day late where days are charged."""
    if until <= due or not rule.overdue_fee:
        return 0
    begin, end = instant(due), instant(until)
    if rule.overdue_unit == "hour":
        late = calendar.hours_late(begin, end)
    else:
        late = calendar.days_late(begin, end)
        if precision == DuePrecision.MINUTE:
            late = max(late, 1)
    return max(0, late - rule.overdue_grace) * rule.overdue_fee


def late_fee(rules: MemberRules, loan: LoanRow, charges: Sequence[ChargeRow], until: int) -> int:
    """What is still to be charged for the loan's lateness at `until`, given its charges so far.

    Charges made since the present due date are part of the same lateness; the ceiling holds for the loan as a whole.
    """
    rule = rules.rules.get(loan.rule_id)
    if rule is None:
        return 0
    fines = [c for c in charges if c.type == FeeType.OVERDUE and c.status != FeeStatus.REVERSED]
    accrued = sum(c.original for c in fines if c.created_at >= loan.due_at)
    earlier = sum(c.original for c in fines if c.created_at < loan.due_at)
    amount = overdue(rule, rules.calendar(loan.location), loan.due_at, until, loan.due_precision)
    if rule.overdue_ceiling is not None:
        amount = min(amount, max(0, rule.overdue_ceiling - earlier))
    return max(0, amount - accrued)


def new_charge(
    command: Command, kind: FeeType, amount: int, loan: LoanRow, title: str | None, description: str | None = None
) -> ChargeRow:
    """An open charge on the borrower's account."""
    return touch_charge(
        ChargeRow(
            member=loan.member,
            id=new_id(command.now),
            patron_id=loan.patron_id,
            type=kind,
            status=FeeStatus.OPEN,
            original=amount,
            balance=amount,
            currency=command.rules.currency,
            item_id=loan.item_id,
            loan_id=loan.id,
            title=title,
            description=description,
            created_at=command.now,
            last_key=None,
            last_terminal=None,
        ),
        command,
    )


def take_back(command: Command, charges: Iterable[ChargeRow]) -> list[tuple[ChargeRow, int]]:
    """Reverses what is still open of these charges; each with the balance it had. What was paid stays paid:
    giving money back is for staff, who find the reversal among the events."""
    taken: list[tuple[ChargeRow, int]] = []
    for charge in charges:
        if charge.status == FeeStatus.OPEN:
            taken.append((charge, charge.balance))
            charge.status, charge.balance = FeeStatus.REVERSED, 0
            touch_charge(charge, command)
    return taken
