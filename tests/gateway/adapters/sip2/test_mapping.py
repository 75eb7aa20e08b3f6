"""The mapping alone: whatever is asked and whatever comes of it, a well-formed answer of the request's own kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.sip2 import mapping
from gateway.adapters.sip2.profile import load_profile, profile_names
from gateway.adapters.sip2.surroundings import NOBODY, Surroundings
from gateway.canonical import requests as req
from gateway.canonical.entities import (
    Block,
    Category,
    Contacts,
    Fee,
    Hold,
    Item,
    Loan,
    Patron,
    PatronCounts,
    PatronLimits,
    PatronName,
    Payment,
    PaymentLine,
    Routing,
)
from gateway.canonical.money import Money
from gateway.canonical.outcomes import (
    AccountOutcome,
    HoldOutcome,
    ItemOutcome,
    LoanOutcome,
    Outcome,
    PatronOutcome,
    PaymentOutcome,
    RenewAllOutcome,
    ReturnOutcome,
    Unrenewed,
)
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import (
    BlockReason,
    BlockScope,
    BlockSeverity,
    FeeStatus,
    FeeType,
    HoldLevel,
    HoldStatus,
    ItemStatus,
    LoanStatus,
    PatronStatus,
    PaymentMethod,
    Permission,
    RoutingAction,
)
from library_protocols.sip2.codec import DecodeError, decode, encode
from library_protocols.sip2.dialect import Dialect
from library_protocols.sip2.facts import MESSAGES
from library_protocols.sip2.messages import Message
from tests.gateway.adapters.sip2.test_links import BEFORE_LOGIN

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
REQUESTS = {request[:2]: request for request in BEFORE_LOGIN.values()} | {
    "93": "9300CNkiosk|COsecret|",
    "99": "9900802.00",
    "01": "01N20260701    090000AOABER|ALlost|AA1|AC|",
}


def surroundings(profile: str = "standard", **overrides: Any) -> Surroundings:
    return Surroundings(
        load_profile(profile, overrides),
        member="aber",
        terminal="kiosk",
        institution="ABER",
        library_name="Llyfrgell",
        location="ABER",
        zone=LONDON,
        bilingual="en",
        permissions=frozenset(Permission),
        pin_required=frozenset({"patron.account"}),
    )


def message(text: str) -> Message:
    return decode(text.encode(), Dialect(encoding="utf-8"))


def money(text: str) -> Money:
    return Money(amount=Decimal(text), currency="GBP")


def well_formed(answer: Message, request: Message, s: Surroundings) -> None:
    """The octets decode to the same message, without a remark, with everything the standard requires."""
    assert answer.code in MESSAGES[request.code].answers
    again = decode(encode(answer, s.profile.wire), s.profile.wire)
    assert again.fixed == answer.fixed
    assert again.remarks == ()
    assert set(MESSAGES[answer.code].required) <= {code for code, _ in again.fields}


@pytest.mark.parametrize("profile", profile_names())
@pytest.mark.parametrize("code", sorted(REQUESTS))
def test_every_refusal_of_every_request_is_well_formed(code: str, profile: str) -> None:
    request, s = message(REQUESTS[code]), surroundings(profile)
    for refusal in RefusalCode:
        no = Refusal(code=refusal, detail={"amount": "1.00", "currency": "GBP", "kind": "loans"})
        answer = mapping.refuse(request, s, no, NOW)
        well_formed(answer, request, s)
        assert code in ("93", "99") or answer.get("AF")
    for failure in FailureCode:
        answer = mapping.refuse(request, s, PlatformFailure(failure, "inner detail"), NOW)
        well_formed(answer, request, s)
        assert "inner" not in str(answer.fields)


@pytest.mark.parametrize("code", sorted(REQUESTS))
def test_the_last_resort_is_a_refusal_too(code: str) -> None:
    request = message(REQUESTS[code])
    answer = mapping.last_resort(request)
    well_formed(answer, request, NOBODY)
    flags = {**answer.fixed, **dict(answer.fields)}
    assert flags.get("ok", "0") == "0"
    assert flags.get("payment_accepted", "N") == "N"
    assert flags.get("BL", "N") == "N"
    assert flags.get("CQ", "N") == "N"


def test_every_request_of_the_standard_has_a_pair_or_belongs_to_the_link() -> None:
    asked = {code for code, fact in MESSAGES.items() if fact.sender == "SC"}
    assert asked == {*mapping.PAIRS, "93", "99", "35", "97"}


TEXT = st.text(max_size=40)


@given(
    code=st.sampled_from(sorted(mapping.PAIRS)),
    fixed=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255), min_size=60, max_size=60),
    fields=st.lists(
        st.tuples(st.sampled_from(["AA", "AB", "AD", "AJ", "BI", "BO", "BP", "BV", "BW", "CG", "CH", "AO"]), TEXT)
    ),
)
def test_any_message_becomes_a_request_or_a_refusal(code: str, fixed: str, fields: list[tuple[str, str]]) -> None:
    body = fixed[: MESSAGES[code].width] + "".join(f"{name}{value}|" for name, value in fields)
    s = surroundings()
    try:
        request = decode((code + body).encode("utf-8", "surrogatepass"), s.profile.wire)
    except DecodeError:
        return
    found = mapping.to_request(request, s)
    assert isinstance(found, Refusal | req.Request)
    answer = mapping.refuse(request, s, Refusal(code=RefusalCode.BAD_REQUEST), NOW)
    encode(answer, s.profile.wire)


# Outcomes that know as little as a platform may, and as much as it can.

BARE_ITEM = Item(id="i", barcode="3", status=ItemStatus.UNKNOWN)
BARE_LOAN = Loan(id="l", item_id="i", patron_id="p", item_barcode="3", status=LoanStatus.OPEN, loaned_at=NOW, due=NOW)
BARE_PATRON = Patron(id="p", name=PatronName(display=""))
BARE_HOLD = Hold(
    id="h", patron_id="p", level=HoldLevel.BIB, status=HoldStatus.PENDING, pickup_location="", placed_at=NOW
)
PAYMENT = Payment(id="7", patron_id="p", amount=money("1.00"), method=PaymentMethod.CASH, taken_at=NOW)
BARE: dict[str, Outcome] = {
    "23": PatronOutcome(patron=BARE_PATRON, pin_verified=True),
    "63": AccountOutcome(patron=BARE_PATRON, pin_verified=True),
    "01": PatronOutcome(patron=BARE_PATRON),
    "25": PatronOutcome(patron=BARE_PATRON),
    "11": LoanOutcome(loan=BARE_LOAN, item=BARE_ITEM),
    "29": LoanOutcome(loan=BARE_LOAN, item=BARE_ITEM),
    "65": RenewAllOutcome(),
    "09": ReturnOutcome(item=BARE_ITEM),
    "17": ItemOutcome(item=BARE_ITEM),
    "19": ItemOutcome(item=BARE_ITEM),
    "15": HoldOutcome(hold=BARE_HOLD),
    "37": PaymentOutcome(payment=PAYMENT, balance=money("0.00")),
}


@pytest.mark.parametrize("profile", profile_names())
@pytest.mark.parametrize("code", sorted(mapping.PAIRS))
def test_an_outcome_that_knows_next_to_nothing_is_a_whole_answer(code: str, profile: str) -> None:
    request, s = message(REQUESTS[code]), surroundings(profile)
    well_formed(mapping.to_answer(request, s, BARE[code], NOW), request, s)


def test_counts_a_platform_cannot_tell_are_blank() -> None:
    answer = mapping.to_answer(message(REQUESTS["63"]), surroundings(), BARE["63"], NOW)
    assert {value for name, value in answer.fixed.items() if name.endswith("_count")} == {"    "}
    assert [code for code in ("BV", "BZ", "CA", "CB", "CC") if answer.has(code)] == []


def test_counts_end_at_9999() -> None:
    rich = BARE_PATRON.model_copy(update={"counts": PatronCounts(loans=123_456), "limits": PatronLimits(loans=10_000)})
    answer = mapping.to_answer(
        message(REQUESTS["63"]), surroundings(), AccountOutcome(patron=rich, pin_verified=True), NOW
    )
    assert (answer.fixed["charged_items_count"], answer.get("CB")) == ("9999", "9999")


def test_a_list_too_long_for_a_message_is_cut_between_entries() -> None:
    loans = tuple(BARE_LOAN.model_copy(update={"item_barcode": f"{n:014d}", "title": "T" * 200}) for n in range(500))
    account = AccountOutcome(patron=BARE_PATRON, pin_verified=True, loans=loans)
    s = surroundings(lists={"item": "barcode_title"})
    request = message(REQUESTS["63"].replace("          ", "  Y       ", 1))
    answer = mapping.to_answer(request, s, account, NOW)
    entries = answer.get_all("AU")
    assert 20 < len(entries) < 500
    assert entries == [f"{n:014d} {'T' * 200}" for n in range(len(entries))]
    assert len(encode(answer, s.profile.wire)) <= 8192


@pytest.mark.parametrize("code", ["17", "11", "09", "19", "15", "37"])
def test_an_answer_to_endless_fields_still_fits_into_a_message(code: str) -> None:
    s = surroundings()
    request = message(REQUESTS[code])
    for field in ("AA", "AB", "BS", "BK", "CH"):
        request = message(REQUESTS[code] + f"{field}{'9' * 8000}|") if not request.has(field) else request
    answer = mapping.refuse(request, s, Refusal(code=RefusalCode.ITEM_NOT_FOUND), NOW, None)
    assert len(encode(answer, s.profile.wire)) <= 8192


def test_an_identifier_that_is_echoed_is_cut() -> None:
    request = message(REQUESTS["17"].partition("|AB")[0] + f"|AB{'9' * 8100}|")
    answer = mapping.refuse(request, surroundings(), Refusal(code=RefusalCode.ITEM_NOT_FOUND), NOW, None)
    assert 255 <= len(answer.get("AB") or "") <= 1000


def patron(**changes: Any) -> Patron:
    return BARE_PATRON.model_copy(update=changes)


def status_of(who: Patron, **overrides: Any) -> str:
    s = surroundings(**overrides)
    return mapping.to_answer(message(REQUESTS["63"]), s, AccountOutcome(patron=who, pin_verified=True), NOW).fixed[
        "patron_status"
    ]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (patron(), "              "),
        (patron(status=PatronStatus.EXPIRED), "YYYY          "),
        (patron(blocks=(Block(reason=BlockReason.CARD_LOST),)), "YYYYY         "),
        (patron(blocks=(Block(reason=BlockReason.EXCESS_FEES, scope=BlockScope.BORROW),)), "Y          Y  "),
        (patron(blocks=(Block(reason=BlockReason.TOO_MANY_BILLED, scope=BlockScope.RENEW),)), " Y           Y"),
        (patron(blocks=(Block(reason=BlockReason.BAD_ADDRESS, severity=BlockSeverity.TRAP),)), "              "),
        (patron(blocks=(Block(reason=BlockReason.CARD_LOST, expires_at=NOW - timedelta(days=1)),)), "              "),
        (
            patron(blocks=(Block(reason=BlockReason.ELECTRONIC_ACCESS_DENIED, scope=BlockScope.E_ACCESS),)),
            "              ",
        ),
    ],
)
def test_patron_status_follows_the_blocks(who: Patron, expected: str) -> None:
    assert status_of(who) == expected


def test_a_profile_may_want_every_flag() -> None:
    blocked = patron(blocks=(Block(reason=BlockReason.CARD_LOST),))
    assert status_of(blocked, patron={"status_when_blocked": "all"}) == "Y  YYYYYYYYYYY"
    assert status_of(patron(), patron={"status_when_blocked": "all"}) == " " * 14


def test_a_deleted_patron_is_no_valid_patron() -> None:
    gone = AccountOutcome(patron=patron(status=PatronStatus.DELETED), pin_verified=True)
    assert mapping.to_answer(message(REQUESTS["63"]), surroundings(), gone, NOW).get("BL") == "N"


def test_a_pin_that_nobody_verified_shows_nothing() -> None:
    with_pin = message(REQUESTS["63"])
    answer = mapping.to_answer(with_pin, surroundings(), AccountOutcome(patron=patron(), pin_verified=None), NOW)
    assert (answer.get("BL"), answer.get("CQ"), answer.get("AE")) == ("N", "N", "")


FULL = patron(
    name=PatronName(display="Lŵr Ŷnys"),
    birth_date=date(1990, 2, 3),
    expires_at=datetime(2027, 6, 30, 22, 59, 59, tzinfo=UTC),
    category=Category(code="ug", label="Undergraduate"),
    home_library="ABER",
    language="cy",
    balance=money("7.00"),
    contacts=Contacts(emails=("a@example.org", "b@example.org"), phones=("01970",), addresses=("1 Heol y Wig",)),
)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("standard", {}),
        ("evergreen-like", {"AQ": "ABER", "PA": "20270630", "PB": "19900203", "PC": "Undergraduate", "XI": "p"}),
        (
            "polaris-like",
            {"BC": "19900203    000000", "PE": "ABER", "PX": "20270630    235959", "PY": "N", "FA": "7.00"},
        ),
        ("envisionware", {"PA": "20270630", "PB": "19900203", "PC": "Undergraduate"}),
        ("e-book-service", {"PA": "20270630", "PC": "Undergraduate"}),
    ],
)
def test_colliding_codes_mean_what_the_profile_says(profile: str, expected: dict[str, str]) -> None:
    s = surroundings(profile)
    answer = mapping.to_answer(message(REQUESTS["63"]), s, AccountOutcome(patron=FULL, pin_verified=True), NOW)
    own = ("AQ", "PA", "PB", "PC", "PE", "PX", "PY", "XI", "BC", "FA")
    assert {code: value for code, value in answer.fields if code in own} == expected
    assert answer.has("BD") is s.profile.patron.contacts
    assert answer.has("BE") is s.profile.patron.contacts


def test_languages_without_a_code_keep_the_requests_own() -> None:
    account = AccountOutcome(patron=FULL, pin_verified=True)
    request = message(REQUESTS["63"])
    assert mapping.to_answer(request, surroundings(), account, NOW).fixed["language"] == "001"
    own = surroundings(texts={"language_codes": {"cy": "031"}})
    assert mapping.to_answer(request, own, account, NOW).fixed["language"] == "031"
    french = AccountOutcome(patron=patron(language="fr"), pin_verified=True)
    assert mapping.to_answer(request, surroundings(), french, NOW).fixed["language"] == "002"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("sip", "20260701    100000"),
        ("%Y-%m-%d %H:%M:%S", "2026-07-01 10:00:00"),
        ("%d.%m.%Y", "01.07.2026"),
    ],
)
def test_due_dates_are_written_by_the_librarys_clock(form: str, expected: str) -> None:
    s = surroundings(loans={"due_format": form})
    answer = mapping.to_answer(message(REQUESTS["11"]), s, BARE["11"], NOW)
    assert answer.get("AH") == expected


def test_receipts_have_title_and_due_date() -> None:
    s = surroundings(loans={"receipts": True})
    lent = LoanOutcome(loan=BARE_LOAN, item=BARE_ITEM.model_copy(update={"title": "Y Gododdin"}))
    assert mapping.to_answer(message(REQUESTS["11"]), s, lent, NOW).get_all("AG") == ["Y Gododdin", "Due: 01/07/2026"]


def test_a_fee_to_acknowledge_is_named_in_full() -> None:
    no = Refusal(code=RefusalCode.FEE_ACK_REQUIRED, detail={"amount": "1.50", "currency": "GBP", "fee_type": "RENTAL"})
    for code in ("11", "29"):
        answer = mapping.refuse(message(REQUESTS[code]), surroundings(), no, NOW)
        assert [answer.get(field) for field in ("BT", "BH", "BV")] == ["06", "GBP", "1.50"]
        assert "1.50" in (answer.get("AF") or "")


def test_acknowledging_the_fee_and_renewal_policy_reach_the_request() -> None:
    asked = mapping.to_request(message("11YN" + " " * 36 + "AOABER|AA1|AB3|AC|BOY|"), surroundings())
    assert isinstance(asked, req.LoanCreate)
    assert (asked.fee_acknowledged, asked.renew_if_own, asked.pin) == (True, True, None)


@pytest.mark.parametrize("meaning", ["wrong", "absent"])
def test_an_empty_pin_means_what_the_profile_says(meaning: str) -> None:
    asked = mapping.to_request(
        message("63001" + " " * 28 + "AOABER|AA1|AD|"), surroundings(patron={"empty_pin": meaning})
    )
    assert isinstance(asked, req.PatronAccount)
    assert (asked.pin is None) is (meaning == "absent")


@pytest.mark.parametrize(
    ("action", "alert", "cv"),
    [
        (RoutingAction.RESHELVE, "N", None),
        (RoutingAction.HOLD_HERE, "Y", "01"),
        (RoutingAction.TRANSIT_HOLD, "Y", "02"),
        (RoutingAction.ILL_RETURN, "Y", "03"),
        (RoutingAction.TRANSIT_HOME, "Y", "04"),
        (RoutingAction.PROCESS, "Y", "99"),
        (RoutingAction.EXCEPTION, "Y", "99"),
    ],
)
def test_routing_is_told_in_alert_and_cv(action: RoutingAction, alert: str, cv: str | None) -> None:
    routing = Routing(action=action, destination="BANGOR", hold_patron_barcode="2", hold_patron_name="A Reader")
    returned = ReturnOutcome(item=BARE_ITEM, routing=routing)
    answer = mapping.to_answer(message(REQUESTS["09"]), surroundings(), returned, NOW)
    assert (answer.fixed["alert"], answer.get("CV"), answer.get("CT")) == (alert, cv, "BANGOR")
    assert not answer.has("CY")
    sorter = mapping.to_answer(message(REQUESTS["09"]), surroundings("sorter"), returned, NOW)
    assert (sorter.get("CV"), sorter.get("CY"), sorter.get("DA")) == (cv or "00", "2", "A Reader")
    assert sorter.get("CL")
    classic = mapping.to_answer(message(REQUESTS["09"]), surroundings("3m-classic"), returned, NOW)
    assert not classic.has("CV")


FEE = Fee(
    id="f1", patron_id="p", type=FeeType.DAMAGE, status=FeeStatus.OPEN, original=money("9.00"), balance=money("7.50"),
    created_at=NOW, item_barcode="3", title="Y Gododdin",
)  # fmt: skip


@pytest.mark.parametrize(
    ("form", "expected"),
    [("text", "7.50 GBP Damage charge: Y Gododdin"), ("barcode", "3"), ("amount", "7.50")],
)
def test_fine_items_are_written_as_the_profile_says(form: str, expected: str) -> None:
    request = message(REQUESTS["63"].replace("          ", "   Y      ", 1))
    account = AccountOutcome(patron=patron(), pin_verified=True, fees=(FEE,))
    answer = mapping.to_answer(request, surroundings(lists={"fine_items": form}), account, NOW)
    assert answer.get_all("AV") == [expected]


def test_charges_come_in_groups_where_the_profile_wants_them() -> None:
    request = message(REQUESTS["63"].replace("          ", "      Y   ", 1))
    account = AccountOutcome(patron=patron(), pin_verified=True, fees=(FEE,))
    answer = mapping.to_answer(request, surroundings("gossip"), account, NOW)
    group = [(code, value) for code, value in answer.fields if code == "CG" or code.startswith("F")]
    assert group == [
        ("CG", "f1"), ("FA", "7.50"), ("FB", "3"), ("FC", "2026-07-01"), ("FD", "Y Gododdin"), ("FE", "03"),
        ("FF", "Damage charge"), ("FG", "1.50"),
    ]  # fmt: skip
    paid = PaymentOutcome(
        payment=PAYMENT.model_copy(
            update={"lines": (PaymentLine(fee_id="f1", amount=money("1.00"), balance=money("6.50")),)}
        ),
        balance=money("6.50"),
    )
    told = mapping.to_answer(message(REQUESTS["37"]), surroundings("gossip"), paid, NOW)
    assert [told.get(code) for code in ("CG", "FA", "FG", "BK")] == ["f1", "6.50", "1.00", "7"]


def test_a_charge_is_shown_whole_or_not_at_all() -> None:
    request = message(REQUESTS["63"].replace("          ", "      Y   ", 1))
    fees = tuple(FEE.model_copy(update={"title": "T" * 900, "id": str(number)}) for number in range(20))
    account = AccountOutcome(patron=patron(), pin_verified=True, fees=fees)
    answer = mapping.to_answer(request, surroundings("gossip"), account, NOW)
    assert 0 < len(answer.get_all("CG")) < 20
    assert len({len(answer.get_all(code)) for code in ("CG", "FA", "FB", "FC", "FD", "FE", "FF", "FG")}) == 1


def test_renewing_all_tells_each_reason_once() -> None:
    refused = Unrenewed(loan=BARE_LOAN, refusal=Refusal(code=RefusalCode.RENEWAL_LIMIT))
    outcome = RenewAllOutcome(renewed=(BARE_LOAN,), unrenewed=(refused, refused))
    answer = mapping.to_answer(message(REQUESTS["65"]), surroundings(), outcome, NOW)
    assert (answer.fixed["ok"], answer.fixed["renewed_count"], answer.fixed["unrenewed_count"]) == ("1", "0001", "0002")
    assert answer.get_all("AF") == ["This loan cannot be renewed again."]


def test_holds_in_the_lists_and_what_stands_for_them() -> None:
    ready = BARE_HOLD.model_copy(update={"status": HoldStatus.READY, "item_barcode": "33", "title": "Ready"})
    waiting = BARE_HOLD.model_copy(update={"title": "Waiting"})
    account = AccountOutcome(patron=patron(), pin_verified=True, holds=(ready, waiting))
    request = message(REQUESTS["63"].replace("          ", "Y    Y    ", 1))
    answer = mapping.to_answer(request, surroundings(), account, NOW)
    assert (answer.get_all("AS"), answer.get_all("CD")) == (["33"], ["Waiting"])
    every = mapping.to_answer(request, surroundings(lists={"hold_items": "all", "item": "barcode_title"}), account, NOW)
    assert every.get_all("AS") == ["33 Ready", "Waiting"]
    first = mapping.to_answer(request, surroundings(lists={"several_summaries": "first"}), account, NOW)
    assert (first.get_all("AS"), first.get_all("CD")) == (["33"], [])


def test_small_switches() -> None:
    request = message(REQUESTS["17"])
    item = ItemOutcome(item=BARE_ITEM.model_copy(update={"status": ItemStatus.RESTRICTED_USE, "call_number": "PB 1"}))
    plain = mapping.to_answer(request, surroundings(), item, NOW)
    assert (plain.fixed["circulation_status"], plain.has("AO"), plain.has("CS")) == ("03", False, False)
    other = surroundings(items={"restricted_status": "01", "institution_in_18": True}, routing={"item_fields": True})
    told = mapping.to_answer(request, other, item, NOW)
    assert (told.fixed["circulation_status"], told.get("AO"), told.get("CS")) == ("01", "ABER", "PB 1")
    renewed = LoanOutcome(loan=BARE_LOAN, item=BARE_ITEM, renewed=True)
    never = surroundings(loans={"renewal_flag": "N", "magnetic_unknown": "U"})
    answer = mapping.to_answer(message(REQUESTS["11"]), never, renewed, NOW)
    assert (answer.fixed["renewal_ok"], answer.fixed["magnetic_media"], answer.fixed["desensitize"]) == ("N", "U", "N")
    asked = message(REQUESTS["63"].replace("AOABER", "AOaber"))
    account = AccountOutcome(patron=patron(), pin_verified=True)
    assert mapping.to_answer(asked, surroundings(), account, NOW).get("AO") == "aber"
    assert mapping.to_answer(asked, surroundings(institution="configured"), account, NOW).get("AO") == "ABER"
    one_line = surroundings(texts={"language": "both", "max_lines": 1})
    both = Surroundings(one_line.profile, bilingual="both")
    assert len(mapping.refuse(request, both, Refusal(code=RefusalCode.ITEM_NOT_FOUND), NOW).get_all("AF")) == 1
    moves = surroundings(items={"update_moves": True})
    moved = mapping.to_request(message("19" + " " * 18 + "AOABER|AB3|CHx|APBANGOR|"), moves)
    assert isinstance(moved, req.ItemUpdate)
    assert moved.current_location == "BANGOR"
    bib = mapping.to_request(message("15+" + " " * 18 + "AOABER|AA1|MAb42|"), surroundings(fields={"bib_id": "MA"}))
    assert isinstance(bib, req.HoldPlace)
    assert bib.bib_id == "b42"
