"""Conversations of a kiosk with a library: what is said on the wire, and what is true afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from library_protocols.sip2.messages import Message
from tests.gateway.adapters.sip2.library import (
    BANGOR,
    BLANK,
    NOW,
    Kiosk,
    Library,
    Open,
    checkin,
    checkout,
    information,
    item,
    item_information,
    patron,
)


async def status_of(kiosk: Kiosk, item_id: str) -> str:
    return (await kiosk.ask(item_information(item_id))).fixed["circulation_status"]


async def loans_of(kiosk: Kiosk, patron_id: str) -> list[str]:
    return (await kiosk.ask(information(patron_id, summary="  Y"))).get_all("AU")


async def test_a_kiosk_borrows_and_returns_a_book(library: Library) -> None:
    kiosk = await library.kiosk()
    status = await kiosk.ask("9900802.00")
    assert status.code == "98"
    assert status.fixed["online_status"] == "Y"
    assert status.get("AM") == "Aberystwyth University"
    assert await status_of(kiosk, item(1)) == "03"
    lent = await kiosk.ask(checkout(patron(1), item(1)))
    assert (lent.fixed["ok"], lent.fixed["desensitize"], lent.fixed["renewal_ok"]) == ("1", "Y", "N")
    assert lent.get("AH")
    assert await status_of(kiosk, item(1)) == "04"
    account = await kiosk.ask(information(patron(1), summary="  Y"))
    assert account.fixed["charged_items_count"] == "0001"
    assert account.get_all("AU") == [item(1)]
    returned = await kiosk.ask(checkin(item(1)))
    assert (returned.fixed["ok"], returned.fixed["resensitize"], returned.fixed["alert"]) == ("1", "Y", "N")
    assert returned.get("AA") == patron(1)
    assert await status_of(kiosk, item(1)) == "03"


@pytest.mark.parametrize(
    ("number", "status"),
    [(1, "03"), (21, "03"), (22, "04"), (24, "08"), (25, "10"), (26, "12"), (27, "02"), (28, "13")],
)
async def test_item_status_is_told_as_it_is(library: Library, number: int, status: str) -> None:
    kiosk = await library.kiosk()
    assert await status_of(kiosk, item(number)) == status


@pytest.mark.parametrize(
    ("who", "what", "words"),
    [
        (1, 21, "not for loan"),
        (1, 22, "on loan to somebody else"),
        (1, 24, "reserved for somebody else"),
        (1, 26, "recorded as lost"),
        (1, 99999, "not known here"),
        (3, 1, "owe too much"),
        (4, 1, "expired"),
        (6, 1, "may not borrow any more"),
        (7, 1, "reported lost"),
    ],
)
async def test_each_refusal_is_a_whole_answer_that_says_why(library: Library, who: int, what: int, words: str) -> None:
    kiosk = await library.kiosk()
    refused = await kiosk.ask(checkout(patron(who), item(what)))
    assert refused.code == "12"
    fixed = refused.fixed
    assert (fixed["ok"], fixed["renewal_ok"], fixed["desensitize"]) == ("0", "N", "N")
    assert [refused.get(code) for code in ("AO", "AA", "AB", "AJ", "AH")] == ["ABER", patron(who), item(what), "", ""]
    assert words in " ".join(refused.get_all("AF"))


async def test_borrowing_again_renews_only_where_the_kiosk_lets_it(library: Library) -> None:
    kiosk = await library.kiosk()
    await kiosk.ask(checkout(patron(1), item(1)))
    refused = await kiosk.ask(checkout(patron(1), item(1), at="20261122    090100"))
    assert (refused.fixed["ok"], refused.fixed["renewal_ok"]) == ("0", "N")
    renewed = await kiosk.ask(checkout(patron(1), item(1), renew="Y", at="20261122    090200"))
    # The loan was made a moment ago, so that renewing may give no more time: then it is refused as such.
    if renewed.fixed["ok"] == "1":
        assert (renewed.fixed["renewal_ok"], renewed.fixed["desensitize"]) == ("Y", "N")
    assert await loans_of(kiosk, patron(1)) == [item(1)]


async def test_renewing_one_and_all(library: Library) -> None:
    kiosk = await library.kiosk()
    one = await kiosk.ask(f"29NN{NOW}{BLANK}AOABER|AA{patron(2)}|AD1234|AB{item(23)}|")
    assert one.code == "30"
    assert (one.fixed["ok"] == "1") is (one.fixed["renewal_ok"] == "Y")
    every = await kiosk.ask(f"65{NOW}AOABER|AA{patron(2)}|AD1234|")
    assert every.code == "66"
    assert every.fixed["ok"] == "1"
    counted = int(every.fixed["renewed_count"]), int(every.fixed["unrenewed_count"])
    assert counted == (len(every.get_all("BM")), len(every.get_all("BN")))
    assert sum(counted) == 2
    nothing = await kiosk.ask(f"29NN{NOW}{BLANK}AOABER|AA{patron(1)}|AD1234|AB{item(1)}|")
    assert (nothing.code, nothing.fixed["ok"]) == ("30", "0")
    unnamed = await kiosk.ask(f"29NN{NOW}{BLANK}AOABER|AA{patron(1)}|AD1234|")
    assert (unnamed.code, unnamed.fixed["ok"]) == ("30", "0")


async def test_renewing_by_title(library: Library) -> None:
    kiosk = await library.kiosk()
    title = (await kiosk.ask(item_information(item(23)))).get("AJ")
    renewed = await kiosk.ask(f"29NN{NOW}{BLANK}AOABER|AA{patron(2)}|AD1234|AJ{title}|")
    by_barcode = await kiosk.ask(f"29NN20261122    090500{BLANK}AOABER|AA{patron(2)}|AD1234|AB{item(23)}|")
    assert renewed.fixed["ok"] == "1" or renewed.get("AF") == by_barcode.get("AF")


async def test_a_returned_item_that_somebody_waits_for_raises_the_alert(library: Library) -> None:
    kiosk = await library.kiosk()
    returned = await kiosk.ask(checkin(item(29)))
    assert (returned.fixed["ok"], returned.fixed["alert"]) == ("1", "Y")
    assert (returned.get("CV"), returned.get("CT")) == ("01", "ABER")
    assert not returned.has("CY")  # another patron's card is nobody's business at a public kiosk
    assert not returned.has("DA")
    assert await status_of(kiosk, item(29)) == "08"


async def test_returning_what_is_not_on_loan_is_no_error(library: Library) -> None:
    kiosk = await library.kiosk()
    returned = await kiosk.ask(checkin(item(2)))
    assert returned.fixed["ok"] == "1"
    assert not returned.has("AA")
    unknown = await kiosk.ask(checkin("nonsense"))
    assert (unknown.fixed["ok"], unknown.fixed["alert"], unknown.get("AQ")) == ("0", "Y", "")


async def test_undoing_a_check_out_traps_no_hold_and_counts_no_loan(library: Library) -> None:
    """The book was pulled away before it was desensitized: everything is as if the loan had never been."""
    kiosk = await library.kiosk()
    await kiosk.ask(f"15+{NOW}BSABER|BY3|AOABER|AA{patron(1)}|AD1234|AB{item(3)}|")
    # Patron 1 waits for that very copy; patron 1 takes it from the shelf and lets go of it again.
    lent = await kiosk.ask(checkout(patron(1), item(3)))
    assert lent.fixed["ok"] == "1"
    undone = await kiosk.ask(checkin(item(3), more="BIY|"))
    assert (undone.fixed["ok"], undone.fixed["resensitize"], undone.fixed["alert"]) == ("1", "Y", "N")
    assert not undone.has("CV")
    account = await kiosk.ask(information(patron(1), summary="  Y  Y"))
    assert account.get_all("AU") == []
    assert account.fixed["charged_items_count"] == "0000"
    waiting = int(account.fixed["hold_items_count"]) + int(account.fixed["unavailable_holds_count"])
    assert waiting == 2  # this hold, and the demo's own for item 29


async def test_undoing_a_check_in_gives_the_loan_back_and_lets_the_hold_wait_on(library: Library) -> None:
    kiosk = await library.kiosk()
    before = await kiosk.ask(item_information(item(29)))
    returned = await kiosk.ask(checkin(item(29)))
    assert returned.get("CV") == "01"
    undone = await kiosk.ask(checkout(patron(6), item(29), more="BIY|"))
    assert undone.fixed["ok"] == "1"
    after = await kiosk.ask(item_information(item(29)))
    assert after.fixed["circulation_status"] == before.fixed["circulation_status"]
    assert after.get("AH") == before.get("AH")
    assert item(29) in await loans_of(kiosk, patron(6))
    waiting = await kiosk.ask(information(patron(1), summary="Y"))
    assert waiting.get_all("AS") == []  # nobody is told to collect what is not there


async def test_undoing_what_was_never_done_is_refused(library: Library) -> None:
    kiosk = await library.kiosk()
    assert (await kiosk.ask(checkin(item(4), more="BIY|"))).fixed["ok"] == "0"
    assert (await kiosk.ask(checkout(patron(1), item(4), more="BIY|"))).fixed["ok"] == "0"


async def test_what_happened_off_line_is_kept_with_its_own_dates(library: Library) -> None:
    kiosk = await library.kiosk()
    lent = await kiosk.ask(
        checkout(patron(1), item(5), no_block="Y", at="20261121    170000", due="20261205    180000", pin=None)
    )
    assert lent.fixed["ok"] == "1"
    assert lent.get("AH") == "20261205    180000"
    # A patron whose card is lost and an item that another has on loan: it happened all the same.
    clash = await kiosk.ask(checkout(patron(7), item(22), no_block="Y", at="20261121    171000", pin=None))
    assert clash.fixed["ok"] == "1"
    assert (await kiosk.ask(checkin(item(5), no_block="Y", at="20261121    180000"))).fixed["ok"] == "1"


async def test_no_block_needs_a_permission(node: Open) -> None:
    def without_offline(document: dict[str, Any]) -> None:
        terminal = document["members"]["aber"]["terminals"]["aber-kiosk-1"]
        terminal["permissions"] = [name for name in terminal["permissions"] if name != "offline"]

    library = await node(change=without_offline)
    kiosk = await library.kiosk()
    for request in (checkout(patron(1), item(5), no_block="Y"), checkin(item(22), no_block="Y")):
        assert (await kiosk.ask(request)).fixed["ok"] == "0"
    assert (await kiosk.ask("9900802.00")).fixed["offline_ok"] == "N"
    assert await status_of(kiosk, item(22)) == "04"


async def test_holds_are_placed_changed_and_withdrawn(library: Library) -> None:
    kiosk = await library.kiosk()
    place = f"15+{NOW}BW20270101    180000|BSABER|BY2|AOABER|AA{patron(1)}|AD1234|AB{item(6)}|"
    placed = await kiosk.ask(place)
    assert (placed.code, placed.fixed["ok"]) == ("16", "1")
    assert (placed.get("BS"), placed.get("BW")) == ("ABER", "20270101    180000")
    assert placed.get("BR") == "1"
    twice = await kiosk.ask(place.replace(NOW, "20261122    090100"))
    assert twice.fixed["ok"] == "0"
    changed = await kiosk.ask(f"15*{NOW}BSABER-PHYSICAL|AOABER|AA{patron(1)}|AD1234|AB{item(6)}|")
    assert (changed.fixed["ok"], changed.get("BS")) == ("1", "ABER-PHYSICAL")
    nowhere = await kiosk.ask(f"15*{NOW}BSNOWHERE|AOABER|AA{patron(1)}|AD1234|AB{item(6)}|")
    assert nowhere.fixed["ok"] == "0"
    withdrawn = await kiosk.ask(f"15-{NOW}AOABER|AA{patron(1)}|AD1234|AB{item(6)}|")
    assert withdrawn.fixed["ok"] == "1"
    again = await kiosk.ask(f"15-20261122    090300AOABER|AA{patron(1)}|AD1234|AB{item(6)}|")
    assert again.fixed["ok"] == "0"


@pytest.mark.parametrize(
    "hold",
    [
        f"15?{NOW}AOABER|AA20100001|AD1234|AB30100006|",
        f"15+{NOW}AOABER|AA20100001|AD1234|",
        f"15+{NOW}BWsoon|AOABER|AA20100001|AD1234|AB30100006|",
        f"15+{NOW}AOABER|AB30100006|",
    ],
)
async def test_a_hold_that_makes_no_sense_is_refused_as_a_hold(library: Library, hold: str) -> None:
    kiosk = await library.kiosk()
    refused = await kiosk.ask(hold)
    assert (refused.code, refused.fixed["ok"], refused.fixed["available"]) == ("16", "0", "N")
    assert refused.get("AF")


async def test_item_properties_are_stored_as_they_came(library: Library) -> None:
    kiosk = await library.kiosk()
    stored = await kiosk.ask(f"19{NOW}AOABER|AB{item(7)}|CHstrip: type 3|")
    assert (stored.code, stored.fixed["item_properties_ok"]) == ("20", "1")
    assert (await kiosk.ask(item_information(item(7)))).get("CH") == "strip: type 3"
    assert (await kiosk.ask(f"19{NOW}AOABER|AB{item(7)}|")).fixed["item_properties_ok"] == "0"
    assert (await kiosk.ask(f"19{NOW}AOABER|ABnonsense|CHx|")).fixed["item_properties_ok"] == "0"


async def test_a_card_is_blocked_and_enabled_and_nothing_else_of_it_is_shown(library: Library) -> None:
    kiosk = await library.kiosk()
    blocked: Message = await kiosk.ask(f"01Y{NOW}AOABER|ALkept by the kiosk|AA{patron(1)}|AC|")
    assert blocked.code == "24"
    assert blocked.fixed["patron_status"][:5] == "YYYYY"
    assert (blocked.get("BL"), blocked.get("AE"), blocked.has("BV")) == ("Y", "", False)
    assert (await kiosk.ask(checkout(patron(1), item(8)))).fixed["ok"] == "0"
    enabled = await kiosk.ask(f"25{NOW}AOABER|AA{patron(1)}|AD1234|")
    assert (enabled.code, enabled.get("BL"), enabled.get("CQ")) == ("26", "Y", "Y")
    assert enabled.fixed["patron_status"] == " " * 14
    assert (await kiosk.ask(checkout(patron(1), item(8), at="20261122    091500"))).fixed["ok"] == "1"


async def test_another_members_patrons_and_items_do_not_exist(library: Library) -> None:
    kiosk = await library.kiosk()
    stranger, theirs = patron(1, BANGOR), item(1, BANGOR)
    unknown, nothing = patron(99999), item(99999)
    for ask, foreign, absent in (
        (information, stranger, unknown),
        (item_information, theirs, nothing),
        (checkin, theirs, nothing),
    ):
        there, nowhere = await kiosk.ask(ask(foreign)), await kiosk.ask(ask(absent))
        assert there.fixed | {"transaction_date": ""} == nowhere.fixed | {"transaction_date": ""}
        hide = {foreign: "?", absent: "?"}
        seen = [[(code, hide.get(value, value)) for code, value in m.fields] for m in (there, nowhere)]
        assert seen[0] == seen[1]
    assert (await kiosk.ask(checkout(patron(1), theirs))).fixed["ok"] == "0"
    assert (await kiosk.ask(checkout(stranger, item(1)))).fixed["ok"] == "0"


async def test_a_message_that_names_another_member_is_refused(library: Library) -> None:
    """The login says who is asking; AO may only agree."""
    kiosk = await library.kiosk()
    request = information(patron(1, BANGOR)).replace("AOABER", "AOBANGOR")
    refused = await kiosk.ask(request)
    assert (refused.code, refused.get("BL"), refused.get("CQ"), refused.get("AE")) == ("64", "N", "N", "")
    lent = await kiosk.ask(checkout(patron(1), item(1)).replace("AOABER", "AOBANGOR"))
    assert lent.fixed["ok"] == "0"
    assert (await kiosk.ask(information(patron(1)).replace("AOABER|", "AO|"))).get("BL") == "Y"


async def test_the_session_ends_politely(library: Library) -> None:
    kiosk = await library.kiosk()
    ended = await kiosk.ask(f"35{NOW}AOABER|AA{patron(1)}|")
    assert (ended.code, ended.fixed["end_session"], ended.get("AA")) == ("36", "Y", patron(1))


async def test_a_pin_counts_on_its_link_until_the_session_ends(library: Library) -> None:
    """Kiosks often send AD in 63 and not in 11."""
    kiosk = await library.kiosk()
    assert (await kiosk.ask(checkout(patron(1), item(9), pin=None))).fixed["ok"] == "0"
    await kiosk.ask(information(patron(1)))
    assert (await kiosk.ask(checkout(patron(1), item(9), pin=None, at="20261122    090001"))).fixed["ok"] == "1"
    assert (await kiosk.ask(checkout(patron(2), item(10), pin=None))).fixed["ok"] == "0"
    assert (await kiosk.ask(checkout(patron(1), item(10), pin=None))).fixed["ok"] == "0"  # another card was there
    await kiosk.ask(information(patron(1)))
    await kiosk.ask(f"35{NOW}AOABER|AA{patron(1)}|")
    assert (await kiosk.ask(checkout(patron(1), item(10), pin=None, at="20261122    090002"))).fixed["ok"] == "0"
    other = await library.kiosk()
    await kiosk.ask(information(patron(1)))
    assert (await other.ask(checkout(patron(1), item(10), pin=None, at="20261122    090003"))).fixed["ok"] == "0"
