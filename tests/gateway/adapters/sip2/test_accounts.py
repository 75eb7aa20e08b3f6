"""What a kiosk is told about a patron: lists, windows, charges, payments; and nothing at all without the right PIN."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.context import Context
from gateway.canonical.outcomes import PatronOutcome
from gateway.canonical.vocabulary import Permission
from library_protocols.sip2.messages import Message
from tests.gateway.adapters.sip2.library import (
    NOW,
    Attempts,
    Kiosk,
    Library,
    Open,
    checkout,
    information,
    item,
    patron,
    pay,
)

SHOWN = (
    "BD",
    "BE",
    "BF",
    "BV",
    "BH",
    "CC",
    "BZ",
    "CA",
    "CB",
    "AS",
    "AT",
    "AU",
    "AV",
    "BU",
    "CD",
    "PA",
    "PB",
    "PC",
    "XI",
)


def shows_nothing(answer: Message) -> None:
    """Whichever single field a client reads, nobody is let in and nothing is learnt."""
    assert answer.get("BL") == "N"
    assert answer.get("CQ") == "N"
    assert answer.get("AE") == ""
    assert answer.fixed["patron_status"] == "YYYY" + " " * 10
    assert [code for code in SHOWN if answer.has(code)] == []
    for name, value in answer.fixed.items():
        if name.endswith("_count"):
            assert value == "0000"
    assert answer.get("AF")


def status_request(patron_id: str, pin: str | None) -> str:
    ad = "" if pin is None else f"AD{pin}|"
    return f"23001{NOW}AOABER|AA{patron_id}|AC|{ad}"


@pytest.mark.parametrize("ask", [information, status_request])
@pytest.mark.parametrize("pin", ["9999", "", None, "1234 ", "'; --"])
@pytest.mark.parametrize("number", [2, 3, 9])
async def test_without_the_right_pin_nothing_is_shown(library: Library, ask: Any, pin: str | None, number: int) -> None:
    kiosk = await library.kiosk()
    shows_nothing(await kiosk.ask(ask(patron(number), pin)))


@pytest.mark.parametrize("pin", ["1234", "", None])
async def test_an_unknown_card_shows_nothing_either(library: Library, pin: str | None) -> None:
    kiosk = await library.kiosk()
    shows_nothing(await kiosk.ask(information(patron(99999), pin)))
    shows_nothing(await kiosk.ask(status_request(patron(99999), pin)))


async def test_a_profile_may_tell_that_the_card_exists_and_still_shows_nothing(node: Open) -> None:
    def card_only(document: dict[str, Any]) -> None:
        terminal = document["members"]["aber"]["terminals"]["aber-kiosk-1"]
        terminal["overrides"] = {"patron": {"bl_tells_card_only": True}}

    kiosk = await (await node(change=card_only)).kiosk()
    wrong = await kiosk.ask(information(patron(2), "0000"))
    assert (wrong.get("BL"), wrong.get("CQ"), wrong.get("AE")) == ("Y", "N", "")
    assert [code for code in SHOWN if wrong.has(code)] == []
    assert (await kiosk.ask(information(patron(99999), "0000"))).get("BL") == "N"


async def test_guessing_pins_is_stopped_and_the_right_one_does_not_help_then(node: Open) -> None:
    attempts = Attempts()
    kiosk = await (await node(attempts=attempts)).kiosk()
    for guess in range(5):
        shows_nothing(await kiosk.ask(information(patron(1), f"{guess:04d}")))
    limited = await kiosk.ask(information(patron(1)))
    shows_nothing(limited)
    assert "Too many wrong PINs" in (limited.get("AF") or "")
    assert (await kiosk.ask(information(patron(2)))).get("BL") == "Y"


async def test_a_patron_in_good_standing(library: Library) -> None:
    kiosk = await library.kiosk()
    answer = await kiosk.ask(information(patron(1)))
    assert (answer.get("BL"), answer.get("CQ")) == ("Y", "Y")
    assert answer.fixed["patron_status"] == " " * 14
    assert answer.get("AE")
    assert (answer.get("BV"), answer.get("BH")) == ("0.00", "GBP")
    assert not answer.has("BD")  # contact data only where the profile asks for it
    assert not answer.has("BE")
    assert not answer.has("BF")


async def test_status_and_information_agree(library: Library) -> None:
    kiosk = await library.kiosk()
    for number in range(1, 9):
        short, long = (
            await kiosk.ask(status_request(patron(number), "1234")),
            await kiosk.ask(information(patron(number))),
        )
        assert short.code == "24"
        assert short.fixed["patron_status"] == long.fixed["patron_status"]
        assert [short.get(code) for code in ("AE", "BL", "CQ", "BV")] == [
            long.get(code) for code in ("AE", "BL", "CQ", "BV")
        ]


@pytest.mark.parametrize(
    ("number", "positions"),
    [(3, {0, 10}), (4, {0, 1, 2, 3}), (6, {0, 5}), (7, {0, 1, 2, 3, 4})],
)
async def test_patron_status_says_what_is_denied_and_why(library: Library, number: int, positions: set[int]) -> None:
    kiosk = await library.kiosk()
    status = (await kiosk.ask(information(patron(number)))).fixed["patron_status"]
    assert {position for position, flag in enumerate(status) if flag == "Y"} == positions


async def ask_list(kiosk: Kiosk, number: int, position: int, more: str = "") -> Message:
    return await kiosk.ask(information(patron(number), summary=" " * position + "Y", more=more))


async def test_every_summary_gives_its_own_list_and_the_counts_come_always(library: Library) -> None:
    kiosk = await library.kiosk()
    loans = await ask_list(kiosk, 2, 2)
    assert loans.get_all("AU") == [item(22), item(23)]
    overdue = await ask_list(kiosk, 2, 1)
    assert (overdue.get_all("AT"), overdue.get_all("AU")) == ([item(22)], [])
    assert overdue.fixed["overdue_items_count"] == "0001"
    assert (await ask_list(kiosk, 5, 0)).get_all("AS") == [item(24)]
    pending = await ask_list(kiosk, 1, 5)
    assert len(pending.get_all("CD")) == 1
    assert pending.fixed["unavailable_holds_count"] == "0001"
    fines = await ask_list(kiosk, 3, 3)
    assert fines.fixed["fine_items_count"] == f"{len(fines.get_all('AV')):04d}"
    assert sum(float(line.split()[0]) for line in fines.get_all("AV")) == 25.0
    assert (await ask_list(kiosk, 3, 6)).get_all("AV") == fines.get_all("AV")
    assert (await ask_list(kiosk, 2, 4)).get_all("BU") == []
    nothing = await ask_list(kiosk, 2, 9)
    assert [code for code in ("AS", "AT", "AU", "AV", "BU", "CD") if nothing.has(code)] == []


async def test_several_summaries_at_once_are_all_answered(library: Library) -> None:
    kiosk = await library.kiosk()
    answer = await kiosk.ask(information(patron(2), summary="YYYYYY"))
    assert (answer.get_all("AT"), answer.get_all("AU")) == ([item(22)], [item(22), item(23)])


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("BP1|BQ1|", [22]),
        ("BP2|BQ2|", [23]),
        ("BP00001|BQ00002|", [22, 23]),
        ("BP2|", [23]),
        ("BQ1|", [22]),
        ("BP3|BQ9|", []),
        ("BP2|BQ1|", []),
        ("BP|BQ|", [22, 23]),
        ("BPall|BQ-1|", [22, 23]),
        ("BP0|BQ1|", [22]),
    ],
)
async def test_windows_into_a_list(library: Library, window: str, expected: list[int]) -> None:
    kiosk = await library.kiosk()
    answer = await ask_list(kiosk, 2, 2, window)
    assert answer.get_all("AU") == [item(number) for number in expected]
    assert answer.fixed["charged_items_count"] == "0002"


async def balance(kiosk: Kiosk, number: int) -> str | None:
    return (await kiosk.ask(information(patron(number)))).get("BV")


async def test_paying_in_part_and_in_full(library: Library) -> None:
    kiosk = await library.kiosk()
    part = await kiosk.ask(pay(patron(10), "1.00"))
    assert (part.code, part.fixed["payment_accepted"]) == ("38", "Y")
    assert await balance(kiosk, 10) == "1.50"
    rest = await kiosk.ask(pay(patron(10), "1.5", at="20261122    090100", more="BKrest|"))
    assert (rest.fixed["payment_accepted"], rest.get("BK")) == ("Y", "rest")
    assert await balance(kiosk, 10) == "0.00"


@pytest.mark.parametrize(
    "amount", ["", "0", "0.00", "-1.00", "abc", "1,00", "1.005", "1e1", "NaN", "+1", "9" * 20, "１.00"]
)
async def test_nonsense_amounts_are_refused(library: Library, amount: str) -> None:
    kiosk = await library.kiosk()
    refused = await kiosk.ask(pay(patron(10), amount))
    assert (refused.code, refused.fixed["payment_accepted"]) == ("38", "N")
    assert refused.get("AF")
    assert await balance(kiosk, 10) == "2.50"


async def test_only_the_members_currency_is_taken_and_never_more_than_is_owed(library: Library) -> None:
    kiosk = await library.kiosk()
    for request in (pay(patron(10), "1.00", currency="EUR"), pay(patron(10), "2.51"), pay(patron(1), "1.00")):
        refused = await kiosk.ask(request)
        assert refused.fixed["payment_accepted"] == "N"
        assert refused.get("AF")
    assert await balance(kiosk, 10) == "2.50"
    assert (await kiosk.ask(pay(patron(10), "1.00", currency="   "))).fixed["payment_accepted"] == "Y"


def with_groups(document: dict[str, Any]) -> None:
    terminal = document["members"]["aber"]["terminals"]["aber-kiosk-1"]
    terminal["profile"] = "gossip"


async def test_paying_charges_by_their_ids_one_and_several(node: Open) -> None:
    kiosk = await (await node(change=with_groups)).kiosk()
    owed = await ask_list(kiosk, 3, 6)
    ids = owed.get_all("CG")
    amounts = owed.get_all("FA")
    assert len(ids) == len(amounts) == len(owed.get_all("FF")) == 2
    one = await kiosk.ask(pay(patron(3), amounts[1], more=f"CG{ids[1]}|"))
    assert one.fixed["payment_accepted"] == "Y"
    assert (one.get_all("CG"), one.get_all("FG")) == ([ids[1]], [amounts[1]])
    left = await ask_list(kiosk, 3, 6)
    assert left.get_all("CG") == [ids[0]]
    unknown = await kiosk.ask(pay(patron(3), "1.00", more="CGnonsense|"))
    assert unknown.fixed["payment_accepted"] == "N"
    both = await kiosk.ask(pay(patron(3), amounts[0], at="20261122    090200", more=f"CG{ids[0]}|CG{ids[0]}|"))
    assert both.fixed["payment_accepted"] == "Y"
    assert await balance(kiosk, 3) == "0.00"


async def test_a_small_debt_does_not_keep_anybody_from_borrowing(library: Library) -> None:
    kiosk = await library.kiosk()
    assert (await kiosk.ask(checkout(patron(10), item(11)))).fixed["ok"] == "1"


async def test_screen_messages_follow_the_terminals_language(node: Open) -> None:
    def speak(language: str) -> Any:
        def change(document: dict[str, Any]) -> None:
            terminal = document["members"]["aber"]["terminals"]["aber-kiosk-1"]
            terminal["overrides"] = {"texts": {"language": language, "language_codes": {"cy": "031"}}}

        return change

    expected = {
        "cy": ["Nid ydym yn adnabod yr eitem hon. Gofynnwch i aelod o staff."],
        "en": ["This item is not known here. Please ask a member of staff."],
    }
    expected["both"] = expected["cy"] + expected["en"]
    for language, lines in expected.items():
        kiosk = await (await node(change=speak(language))).kiosk()
        assert (await kiosk.ask(checkout(patron(1), "nonsense"))).get_all("AF") == lines
    kiosk = await (await node(change=speak("patron"))).kiosk()
    for code, language in (("031", "cy"), ("001", "en")):
        refused = await kiosk.ask(information(patron(1), "0000", language=code))
        assert (
            refused.get("AF")
            == {
                "cy": "Nid yw rhif y cerdyn neu'r PIN yn gywir.",
                "en": "The card number or the PIN is not right.",
            }[language]
        )
        await kiosk.ask(f"35{NOW}AOABER|AA{patron(1)}|")


async def notify(library: Library, number: int, text: str) -> None:
    context = Context("aber", "api:staff", "ABER", frozenset(Permission))
    request = req.PatronNotify(patron=patron(number), text=text)
    assert isinstance(await library.desk.perform(context, request), PatronOutcome)


async def test_a_notice_is_read_at_the_kiosk_and_stops_nothing(library: Library) -> None:
    await notify(library, 1, "Mae'ch llyfr wedi cyrraedd | your book has come")
    kiosk = await library.kiosk()
    for ask in (information, status_request):
        answer = await kiosk.ask(ask(patron(1), "1234"))
        assert answer.fixed["patron_status"] == " " * 14
        (line,) = answer.get_all("AF")
        assert line.startswith("Mae'ch llyfr wedi cyrraedd")
        assert line.endswith("your book has come")
    assert (await kiosk.ask(checkout(patron(1), item(1)))).fixed["ok"] == "1"
    shows_nothing(wrong := await kiosk.ask(information(patron(1), "9999")))
    assert not [line for line in wrong.get_all("AF") if "llyfr" in line]


async def test_a_notice_hides_no_block_and_no_block_hides_a_notice(library: Library) -> None:
    await notify(library, 7, "Your card has been found")
    told = (await (await library.kiosk()).ask(information(patron(7)))).get_all("AF")
    assert told == ["This card has been reported lost. Please ask a member of staff.", "Your card has been found"]


async def test_where_a_card_alone_shows_nothing_it_shows_no_notice(library: Library) -> None:
    await notify(library, 1, "Your book has come")
    kiosk = await library.kiosk()
    blocked = await kiosk.ask(f"01N{NOW}AOABER|AL|AA{patron(1)}|AC|")
    assert blocked.get("AE") == ""
    assert not [line for line in blocked.get_all("AF") if "book" in line]
