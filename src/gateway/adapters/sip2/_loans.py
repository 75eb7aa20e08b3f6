"""11, 29, 65, 09 and their answers 12, 30, 66, 10: lending, renewing, taking back, and undoing either."""

from __future__ import annotations

from datetime import datetime

from gateway.adapters.sip2._common import (
    Field,
    No,
    Result,
    amount,
    date_of,
    echo,
    fee_asked,
    institution,
    loan_due,
    magnetic,
    missing,
    no_lines,
    offline_refused,
    optional,
    pin,
    screen,
    sip_now,
    value,
    yes,
    yes_no,
)
from gateway.adapters.sip2._lists import entry
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical import requests as req
from gateway.canonical.entities import Fee, Item, Loan, Routing
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import LoanOutcome, RenewAllOutcome, ReturnOutcome, UndoOutcome
from gateway.canonical.refusals import PlatformFailure, Refusal
from gateway.canonical.vocabulary import Audience, DuePrecision, LoanStatus, Permission, RoutingAction
from gateway.crosswalks.refusals import messages_of, row_of
from gateway.crosswalks.sip2 import ALERT_TYPE, FEE_TYPE, MEDIA_TYPE
from library_protocols.sip2.messages import Message, build


def read_checkout(message: Message, s: Surroundings) -> req.Request | Refusal:
    """11: lend; with BI=Y undo the check-in that this kiosk has just made."""
    patron, item = value(message, "AA"), value(message, "AB")
    if patron is None or item is None:
        return missing(*(["AA"] if patron is None else []), *(["AB"] if item is None else []))
    if yes(message.get("BI")):
        return req.LoanUndo(what="return", patron=patron, pin=pin(message, s), item=item)
    if refused := offline_refused(message, s):
        return refused
    offline = yes(message.fixed["no_block"])
    may_renew = Permission.RENEW in s.permissions
    return req.LoanCreate(
        patron=patron,
        pin=pin(message, s),
        item=item,
        renew_if_own=may_renew and yes(message.fixed["sc_renewal_policy"]),
        offline=offline,
        happened_at=date_of(message.fixed["transaction_date"], s) if offline else None,
        due=date_of(message.fixed["nb_due_date"], s) if offline else None,
        fee_acknowledged=yes(message.get("BO")),
        properties=value(message, "CH"),
    )


def read_renew(message: Message, s: Surroundings) -> req.Request | Refusal:
    """29: a loan may be named by its title alone."""
    patron, item, title = value(message, "AA"), value(message, "AB"), value(message, "AJ")
    if patron is None:
        return missing("AA")
    if item is None and title is None:
        return missing("AB")
    if refused := offline_refused(message, s):
        return refused
    offline = yes(message.fixed["no_block"])
    return req.LoanRenew(
        patron=patron,
        pin=pin(message, s),
        item=item,
        title=None if item else title,
        third_party=yes(message.fixed["third_party_allowed"]),
        offline=offline,
        happened_at=date_of(message.fixed["transaction_date"], s) if offline else None,
        due=date_of(message.fixed["nb_due_date"], s) if offline else None,
        fee_acknowledged=yes(message.get("BO")),
    )


def read_renew_all(message: Message, s: Surroundings) -> req.Request | Refusal:
    patron = value(message, "AA")
    if patron is None:
        return missing("AA")
    return req.LoanRenewAll(patron=patron, pin=pin(message, s), fee_acknowledged=yes(message.get("BO")))


def read_checkin(message: Message, s: Surroundings) -> req.Request | Refusal:
    """09: take back; with BI=Y undo the check-out that this kiosk has just made."""
    item = value(message, "AB")
    if item is None:
        return missing("AB")
    if yes(message.get("BI")):
        return req.LoanUndo(what="loan", item=item)
    if refused := offline_refused(message, s):
        return refused
    offline = yes(message.fixed["no_block"])
    returned = date_of(message.fixed["return_date"], s)
    if returned is None and offline:
        returned = date_of(message.fixed["transaction_date"], s)
    return req.LoanReturn(
        item=item,
        returned_at=returned if offline or s.profile.loans.trust_return_date else None,
        location=value(message, "AP") if s.profile.loans.trust_current_location else None,
        offline=offline,
        properties=value(message, "CH"),
    )


def answer_loan(
    code: str, message: Message, s: Surroundings, result: Result, now: datetime, language: str | None
) -> Message:
    """12 or 30."""
    if isinstance(result, Refusal | PlatformFailure):
        return _loan_refused(code, message, s, result, now, language)
    assert isinstance(result, LoanOutcome | UndoOutcome)
    loan, item = result.loan, result.item
    lent = isinstance(result, LoanOutcome)
    renewed = code == "30" or (lent and result.renewed)
    told = list(result.messages)
    if lent and result.offline_accepted:
        told.append(MessageRef(id="loan.offline"))
    if s.profile.loans.receipts:
        told += _receipt(loan, item)
    renewal_ok = renewed and (code == "30" or s.profile.loans.renewal_flag == "truth")
    fields: list[Field] = [
        ("AO", institution(message, s)),
        ("AA", echo(message, "AA")),
        ("AB", echo(message, "AB") or item.barcode),
        ("AJ", item.title or loan.title),
        ("AH", loan_due(loan, s)),
        *(_charged(result.fee) if lent and result.fee else []),
        ("CK", MEDIA_TYPE[item.media_type]),
        *optional([("CH", item.properties)], s),
        *screen(told, s, language),
    ]
    return build(
        code,
        fields=fields,
        ok="1",
        renewal_ok=yes_no(renewal_ok),
        magnetic_media=magnetic(item.magnetic, s),
        # An undone check-in gives the book back to its borrower: it leaves the building again.
        desensitize=yes_no(not renewed and (not lent or result.desensitize)),
        transaction_date=sip_now(s, now),
    )


def _receipt(loan: Loan, item: Item) -> list[MessageRef]:
    due = MessageRef(
        id="loan.due.day" if loan.due_precision is DuePrecision.DAY else "loan.due",
        params={"due": loan.due.isoformat()},
        audience=Audience.RECEIPT,
    )
    title = MessageRef(id="receipt.title", text=item.title or loan.title, audience=Audience.RECEIPT)
    return [title, due]


def _charged(fee: Fee) -> list[Field]:
    return [("BT", FEE_TYPE[fee.type]), ("BH", fee.original.currency), ("BV", amount(fee.original))]


def _loan_refused(code: str, message: Message, s: Surroundings, no: No, now: datetime, language: str | None) -> Message:
    fee = fee_asked(no) if row_of(no).sip2.fee else None
    detail = no.detail if isinstance(no, Refusal) else {}
    fee_type = FEE_TYPE.get(detail.get("fee_type", ""), "01")
    fields: list[Field] = [
        ("AO", institution(message, s)),
        ("AA", echo(message, "AA")),
        ("AB", echo(message, "AB")),
        ("AJ", echo(message, "AJ") if code == "30" else ""),
        ("AH", ""),
        *([("BT", fee_type), ("BH", fee.currency), ("BV", amount(fee))] if fee else []),
        *no_lines(no, s, language),
    ]
    return build(
        code,
        fields=fields,
        ok="0",
        renewal_ok="N",
        magnetic_media=magnetic(None, s),
        desensitize="N",
        transaction_date=sip_now(s, now),
    )


def answer_renew_all(message: Message, s: Surroundings, result: Result, now: datetime, language: str | None) -> Message:
    """66: what was renewed (BM) and what was not (BN), with each reason once on the screen."""
    fields: list[Field] = [("AO", institution(message, s))]
    if isinstance(result, Refusal | PlatformFailure):
        fields += no_lines(result, s, language)
        return build("66", fields=fields, ok="0", renewed_count="0000", unrenewed_count="0000",
                     transaction_date=sip_now(s, now))  # fmt: skip
    assert isinstance(result, RenewAllOutcome)
    fields += [("BM", entry(loan.item_barcode, loan.title, s)) for loan in result.renewed]
    fields += [("BN", entry(left.loan.item_barcode, left.loan.title, s)) for left in result.unrenewed]
    reasons = [reason for left in result.unrenewed for reason in messages_of(left.refusal)]
    fields += screen([*result.messages, *reasons], s, language)
    return build(
        "66",
        fields=fields,
        ok="1",
        renewed_count=min(len(result.renewed), 9999),
        unrenewed_count=min(len(result.unrenewed), 9999),
        transaction_date=sip_now(s, now),
    )


def answer_checkin(message: Message, s: Surroundings, result: Result, now: datetime, language: str | None) -> Message:
    """10: with the sorter's fields as the profile wants them."""
    if isinstance(result, Refusal | PlatformFailure):
        return _checkin_refused(message, s, result, now, language)
    assert isinstance(result, ReturnOutcome | UndoOutcome)
    item = result.item
    returned = isinstance(result, ReturnOutcome)
    routing = result.routing if returned else Routing()
    told = list(result.messages)
    alert = routing.action is not RoutingAction.RESHELVE
    if alert and not told:
        told.append(MessageRef(id=f"return.{routing.action}"))
    if returned and result.offline_accepted:
        told.append(MessageRef(id="loan.offline"))
    loan = result.loan
    borrower = loan.patron_barcode if loan is not None and s.profile.loans.patron_in_checkin else None
    fields: list[Field] = [
        ("AO", institution(message, s)),
        ("AB", echo(message, "AB") or item.barcode),
        ("AQ", item.permanent_location or ""),
        ("AJ", item.title),
        *optional([("CL", routing.sort_bin or s.profile.routing.sort_bins.get(routing.action)), ("AA", borrower)], s),
        ("CK", MEDIA_TYPE[item.media_type]),
        *optional([("CH", item.properties)], s),
        *_routed(item, routing, s),
        *screen(told, s, language),
    ]
    return build(
        "10",
        fields=fields,
        ok="1",
        # An undone renewal leaves the item with its borrower; an undone loan brings it back.
        resensitize=yes_no(result.resensitize if returned else result.loan.status is not LoanStatus.OPEN),
        magnetic_media=magnetic(item.magnetic, s),
        alert=yes_no(alert),
        transaction_date=sip_now(s, now),
    )


def _routed(item: Item, routing: Routing, s: Surroundings) -> list[Field]:
    wanted = s.profile.routing
    found: list[Field] = []
    if wanted.item_fields:
        found += [("CR", item.collection), ("CS", item.call_number)]
    if wanted.fields:
        found.append(("CT", routing.destination))
        found.append(("CV", ALERT_TYPE[routing.action] or ("00" if wanted.cv_on_success else None)))
    if wanted.hold_patron:
        found += [("CY", routing.hold_patron_barcode), ("DA", routing.hold_patron_name)]
    return [(code, item) for code, item in found if item]


def _checkin_refused(message: Message, s: Surroundings, no: No, now: datetime, language: str | None) -> Message:
    ok = "10" in row_of(no).sip2.ok_in
    fields: list[Field] = [
        ("AO", institution(message, s)),
        ("AB", echo(message, "AB")),
        ("AQ", ""),
        *([("CV", "99")] if s.profile.routing.fields and not ok else []),
        *no_lines(no, s, language),
    ]
    return build(
        "10",
        fields=fields,
        ok="1" if ok else "0",
        resensitize=yes_no(ok),
        magnetic_media=magnetic(None, s),
        alert=yes_no(not ok),
        transaction_date=sip_now(s, now),
    )
