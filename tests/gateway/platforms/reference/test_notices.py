"""Words left for a patron: they stop nothing, are shown until they end, and go with the patron; on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey
from gateway.canonical.outcomes import AnonymiseOutcome, LoanOutcome, PatronOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import BlockReason, BlockSeverity
from gateway.platforms.reference import housekeeping, subject
from gateway.platforms.reference.notices import AT_ONCE, LENGTH, SHOWN
from gateway.store.rows import EventRow, PatronBlockRow
from tests.gateway.platforms.reference.answers import asked
from tests.gateway.platforms.reference.library import DAY, Library, block, patron


async def notify(library: Library, text: str, who: str = "ann", *, key: CommandKey | None = None, **more: Any) -> Any:
    member = more.pop("member", "alpha")
    request = req.PatronNotify(patron=f"c-{who}", text=text, **more)
    return await library.platform.patron_notify(library.context(member=member), request, key or library.key())


async def shown(library: Library, who: str = "ann") -> list[str | None]:
    found = await asked(library).patron_get(library.context(), req.PatronGet(patron=f"c-{who}"))
    return [block.text for block in found.patron.blocks if block.reason is BlockReason.NOTICE]


def refused(answer: Any, code: RefusalCode, **detail: Any) -> None:
    assert isinstance(answer, Refusal), answer
    assert (answer.code, answer.detail) == (code, detail)


async def test_a_notice_is_shown_for_thirty_days_and_stops_nothing(library: Library) -> None:
    answer = await notify(library, "Your book has come.")
    assert isinstance(answer, PatronOutcome)
    (notice,) = answer.patron.blocks
    assert (notice.reason, notice.severity, notice.text) == (
        BlockReason.NOTICE,
        BlockSeverity.TRAP,
        "Your book has come.",
    )
    assert notice.expires_at == library.clock.now() + SHOWN
    assert isinstance(await library.lend("x", "ann"), LoanOutcome)
    library.clock.turn(SHOWN - DAY)
    assert await shown(library) == ["Your book has come."]
    library.clock.turn(DAY)
    assert await shown(library) == []
    (event,) = await library.rows(EventRow, type="patron.notified")
    assert "come" not in event.data_json, "the words are in nothing that is kept for ever"


async def test_notices_that_have_ended_are_forgotten_and_blocks_are_not(library: Library) -> None:
    await library.add(block("k", "bob", expires_at=1))
    await notify(library, "Soon over.", expires_at=library.clock.now() + DAY)
    await notify(library, "Stays.", "bob")
    library.clock.turn(2 * DAY)
    assert (await housekeeping.run(library.platform, "alpha")).forgotten_notices == 1
    assert sorted(row.text or "" for row in await library.rows(PatronBlockRow)) == ["", "Stays."]


async def test_words_are_kept_in_one_line_and_no_longer_than_a_screen(library: Library) -> None:
    await notify(library, " Two\r\nlines\tand a\x00bell\x07 ")
    library.clock.turn(DAY)
    await notify(library, "ŵ" * 1000)
    assert await shown(library) == ["Two lines and a bell", "ŵ" * LENGTH]


@pytest.mark.parametrize("text", ["", " \n ", "\x00"])
async def test_a_notice_says_something(library: Library, text: str) -> None:
    refused(await notify(library, text), RefusalCode.CONFLICT, kind="incomplete", fields=["text"])
    assert await library.rows(PatronBlockRow) == []


async def test_a_notice_is_for_somebody_and_for_a_time_to_come(library: Library) -> None:
    refused(await notify(library, "Hello", "nobody"), RefusalCode.PATRON_NOT_FOUND)
    refused(await notify(library, "Hello", member="beta"), RefusalCode.PATRON_NOT_FOUND)
    past = library.clock.now() - DAY
    refused(await notify(library, "Hello", expires_at=past), RefusalCode.INVALID_DATE, kind="expires_at")
    await library.add(patron("del", status="deleted"))
    request = req.PatronNotify(patron_id="del", text="Hello")
    refused(
        await library.platform.patron_notify(library.context(), request, library.key()), RefusalCode.PATRON_NOT_FOUND
    )


async def test_the_same_words_are_left_once_and_shown_for_longer(library: Library) -> None:
    await notify(library, "Hello", expires_at=library.clock.now() + DAY)
    later = await notify(library, "Hello", expires_at=library.clock.now() + 3 * DAY)
    sooner = await notify(library, "Hello", expires_at=library.clock.now() + 2 * DAY)
    for answer in (later, sooner):
        assert [b.expires_at for b in answer.patron.blocks] == [library.clock.now() + 3 * DAY]
    assert len(await library.rows(PatronBlockRow)) == 1


async def test_the_oldest_notice_goes_where_there_are_too_many(library: Library) -> None:
    answers = []
    for number in range(AT_ONCE + 2):
        library.clock.turn(DAY / 24)
        answers.append(await notify(library, f"Notice {number}"))
    texts = [b.text for b in answers[-1].patron.blocks]
    assert texts == [f"Notice {number}" for number in range(2, AT_ONCE + 2)] == await shown(library)


async def test_a_retry_leaves_nothing_and_shows_what_was_answered(library: Library) -> None:
    key = library.key()
    first = await notify(library, "Hello", key=key)
    assert await notify(library, "Hello", key=key) == first
    assert len(await library.rows(EventRow, type="patron.notified")) == 1


async def test_enabling_a_patron_takes_no_notice_away_but_its_id_does(library: Library) -> None:
    (notice,) = (await notify(library, "Hello")).patron.blocks
    await library.add(block("k", "ann"))
    enable = req.PatronEnable(patron="c-ann")
    answer = await asked(library).patron_enable(library.context(), enable, library.key())
    assert [b.id for b in answer.patron.blocks] == [notice.id]
    enable = req.PatronEnable(patron="c-ann", block_id=notice.id)
    assert (await asked(library).patron_enable(library.context(), enable, library.key())).patron.blocks == ()


async def test_staff_may_stop_a_patron_with_words_that_the_patron_reads(library: Library) -> None:
    for text in ("See us about your thesis.", "See us about your thesis.", "See us about your key."):
        request = req.PatronBlock(patron="c-ann", reason=BlockReason.NOTICE, text=text)
        await library.platform.patron_block(library.context(), request, library.key())
        library.clock.turn(DAY)
    assert await shown(library) == ["See us about your thesis.", "See us about your key."]
    refusal = await library.lend("x", "ann")
    assert (refusal.code, refusal.detail["reason"]) == (RefusalCode.PATRON_BLOCKED, "NOTICE")


async def test_notices_are_exported_and_erased_with_the_patron(library: Library) -> None:
    await notify(library, "Ann's book has come.")
    told = await subject.everything(library.platform, "alpha", "ann")
    assert [row["text"] for row in told["blocks"]] == ["Ann's book has come."]
    request = req.PatronAnonymise(patron_id="ann")
    answer = await library.platform.patron_anonymise(library.context(), request, library.key())
    assert answer == AnonymiseOutcome(changed=True)
    assert await library.rows(PatronBlockRow) == []
