"""Lists that cannot be gone on with: nothing is lost without a word, nothing taken for gone, and no run stays stuck."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.harvesting import harvest as module
from library_protocols.oai_pmh import Deleted, Request, Verb
from tests.gateway.harvesting.conftest import Field
from tests.gateway.harvesting.provider import Fault, Provider, Reply, fill, on_page

LOST: dict[str, Callable[[bytes], Reply | bytes]] = {
    "200": lambda body: body,
    "422": lambda body: Reply(422, body),
    "400": lambda body: Reply(400, body),
    "500": lambda body: Reply(500, body),
    "404 without a word of OAI-PMH": lambda body: Reply(404, b"<html>no such page</html>"),
    "410 empty": lambda body: Reply(410),
    "badArgument": lambda body: body.replace(b"badResumptionToken", b"badArgument"),
    "noRecordsMatch": lambda body: body.replace(b"badResumptionToken", b"noRecordsMatch"),
    "404 noRecordsMatch": lambda body: Reply(404, body.replace(b"badResumptionToken", b"noRecordsMatch")),
    "a page for people": lambda body: b"<html>Your session has expired</html>",
    "an unknown error": lambda body: body.replace(b"badResumptionToken", b"sessionExpired"),
    "another verb": lambda body: body[: body.find(b"<error")] + b"<ListSets></ListSets></OAI-PMH>",
}
lost = pytest.mark.parametrize("answer", LOST.values(), ids=LOST.keys())


def told(answer: Callable[[bytes], Reply | bytes]) -> Fault:
    """How this provider says that a token is lost."""
    return lambda provider, request, body: answer(body) if b"badResumptionToken" in body else None


def loses(provider: Provider, body: bytes) -> bytes:
    """From now on the tokens given so far are lost."""
    provider.epoch += 1
    return body


def begins(provider: Provider) -> list[dict[str, str]]:
    """The requests with which lists began."""
    return [asked for asked in provider.lists() if "resumptionToken" not in asked]


def numbers(count: int) -> dict[str, bool]:
    return {f"{number:03}": True for number in range(count)}


@lost
async def test_a_list_whose_token_is_lost_begins_again(source: Field, answer: Callable[[bytes], Reply | bytes]) -> None:
    fill(source.provider, 10)
    source.provider.faults = [on_page(2, loses), told(answer)]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.problem, outcome.restarts, outcome.records) == (True, "", 1, 10)
    assert "lost its resumption token after 6 of 10 records" in outcome.begun_anew
    assert await source.held() == numbers(10)
    first, again = begins(source.provider)
    assert first == again


@lost
async def test_a_token_lost_overnight(source: Field, answer: Callable[[bytes], Reply | bytes]) -> None:
    """The records that change between two runs come with the next one: the list began before."""
    fill(source.provider, 4)
    await source.harvest()
    source.provider.now += 1000
    fill(source.provider, 10)
    await source.harvest(progress=lambda step: source.stop.set())
    source.stop.clear()
    source.provider.epoch += 1
    source.provider.faults = [told(answer)]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.full, outcome.restarts) == (True, False, 1)
    assert await source.held() == numbers(10)
    _, begun, again = begins(source.provider)
    assert "from" in begun
    assert again == begun


async def test_datestamps_that_rose_so_far_prove_nothing(source: Field) -> None:
    """Some systems list deleted records first, then the live ones, each in their order."""
    fill(source.provider, 9)
    younger = on_page(1, lambda p, b: loses(p, b.replace(b"<datestamp>2020", b"<datestamp>2021")))
    source.provider.faults = [younger]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.restarts) == (True, 1)
    assert await source.held() == numbers(9)
    first, again = begins(source.provider)
    assert first == again


@pytest.mark.parametrize("patience", [{"Retry-After": "0"}, {}])
async def test_a_busy_source_has_lost_nothing(source: Field, patience: dict[str, str]) -> None:
    fill(source.provider, 10)
    page = b"<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><error code='badResumptionToken'/></OAI-PMH>"
    busy = Reply(503, page if patience else b"busy", patience)
    source.provider.faults = [on_page(2, lambda p, b: busy), on_page(3, lambda p, b: busy)]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.restarts, len(source.provider.lists())) == (True, 0, 6)


async def test_tokens_that_are_always_lost_end_the_run_and_not_the_next(source: Field) -> None:
    fill(source.provider, 10)
    source.provider.faults = [lambda p, r, b: loses(p, b), told(LOST["422"])]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.restarts) == (False, module.RESTARTS + 1)
    assert "4 times in this run the source lost its resumption token after 3 of 10 records" in outcome.problem
    source.provider.faults = []
    begun = len(begins(source.provider))
    outcome = await source.harvest()
    assert len(begins(source.provider)) == begun + 1
    assert (outcome.finished, outcome.restarts, outcome.problem) == (True, 0, "")
    assert "lost its resumption token" in outcome.begun_anew
    assert (await source.harvest()).begun_anew == ""
    assert await source.held() == numbers(10)


async def test_a_token_that_gets_no_page_for_days_is_taken_for_lost(source: Field) -> None:
    fill(source.provider, 9)
    await source.harvest()
    del source.provider.items["oai:source.example:000"]
    await source.harvest(full=True, progress=lambda step: source.stop.set())
    source.stop.clear()
    fault: Fault = lambda p, r, b: Reply(500, b"<html>Internal error</html>") if r.resumption_token else None  # noqa: E731
    source.provider.faults = [fault]
    for _ in range(module.STALLED):
        outcome = await source.harvest()
        assert (outcome.finished, outcome.resumed_at, outcome.begun_anew) == (False, 3, "")
    source.provider.faults = []
    begun = len(begins(source.provider))
    outcome = await source.harvest()
    assert len(begins(source.provider)) == begun + 1
    assert "5 runs on end got no page" in outcome.begun_anew
    assert (outcome.finished, outcome.full, outcome.gone) == (True, True, 1)


async def test_a_few_runs_without_a_page_change_nothing(source: Field) -> None:
    fill(source.provider, 9)
    await source.harvest()
    del source.provider.items["oai:source.example:000"]
    await source.harvest(full=True, progress=lambda step: source.stop.set())
    source.stop.clear()
    source.provider.faults = [lambda p, r, b: Reply(500) if r.resumption_token else None]
    await source.harvest()
    source.provider.faults = []
    outcome = await source.harvest()
    assert (outcome.finished, outcome.resumed_at, outcome.full, outcome.gone) == (True, 3, True, 1)


async def test_the_whole_list_begins_at_its_beginning(source: Field) -> None:
    fill(source.provider, 10)
    await source.harvest(full=True, progress=lambda step: source.stop.set())
    source.stop.clear()
    begun = len(begins(source.provider))
    outcome = await source.harvest(full=True)
    assert len(begins(source.provider)) == begun + 1
    assert (outcome.finished, outcome.resumed_at, outcome.records) == (True, 0, 10)


async def test_what_was_gone_before_a_list_began_again_is_gone(source: Field) -> None:
    source.provider.deleted = Deleted.NO
    fill(source.provider, 10)
    await source.harvest()

    def loses_two(provider: Provider, body: bytes) -> bytes:
        del provider.items["oai:source.example:000"], provider.items["oai:source.example:009"]
        return loses(provider, body)

    source.provider.faults = [lambda p, r, b: loses_two(p, b) if len(p.lists()) == 6 and p.epoch == 0 else None]
    outcome = await source.harvest(full=True)
    assert (outcome.finished, outcome.restarts, outcome.gone) == (True, 1, 2)


def ends_early(provider: Provider, body: bytes) -> bytes:
    """The list is said to have come to its end here."""
    at, end = body.find(b"<resumptionToken"), body.find(b"</resumptionToken>")
    value = body.rfind(b">", at, end) + 1
    return body[:value] + body[end:]


async def test_a_list_that_ends_before_its_size_begins_again(source: Field) -> None:
    source.provider.deleted = Deleted.NO
    fill(source.provider, 10)
    source.provider.faults = [on_page(2, ends_early)]
    outcome = await source.harvest()
    assert not outcome.finished
    assert "ended after 6 records, and was to have 4 more" in outcome.problem
    outcome = await source.harvest()
    assert (outcome.finished, outcome.full, outcome.problem) == (True, True, "")
    assert "was to have 4 more" in outcome.begun_anew
    assert await source.held() == numbers(10)


async def test_a_source_that_always_counts_too_many_deletes_nothing_and_is_not_stuck(source: Field) -> None:
    source.provider.deleted = Deleted.NO
    fill(source.provider, 10)
    await source.harvest()
    del source.provider.items["oai:source.example:004"]
    source.provider.faults = [lambda p, r, b: b.replace(b'completeListSize="9"', b'completeListSize="12"')]
    assert not (await source.harvest(full=True)).finished
    outcome = await source.harvest()
    assert (outcome.finished, outcome.full, outcome.gone) == (True, True, 0)
    assert "was to have 3 more, for the second time; nothing that it lacks was deleted" in outcome.problem
    assert (await source.held())["004"]
    source.provider.now += 1000
    begun = len(begins(source.provider))
    await source.harvest()
    assert "from" in begins(source.provider)[begun]


async def test_a_list_that_has_less_after_its_token_was_lost_is_not_complete(source: Field) -> None:
    """A source whose index is being made anew has no records for a while."""
    fill(source.provider, 10)
    items = dict(source.provider.items)

    def empties(provider: Provider, body: bytes) -> bytes:
        provider.items.clear()
        return loses(provider, body)

    source.provider.faults = [on_page(2, empties)]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.restarts) == (False, 1)
    assert "ended after 0 records, and was to have 6 more" in outcome.problem
    source.provider.items = items
    assert (await source.harvest()).finished
    assert await source.held() == numbers(10)


async def test_an_empty_list_is_not_believed(source: Field) -> None:
    fill(source.provider, 3)
    await source.harvest()
    source.provider.items.clear()
    outcome = await source.harvest(full=True)
    assert (outcome.finished, outcome.gone) == (True, 0)
    assert "3 of 3 records are missing" in outcome.problem
    assert (await source.harvest(full=True, accept_gone=True)).gone == 3


@pytest.mark.parametrize("emptied", [True, False])
async def test_a_list_without_end_is_left_and_begins_again(source: Field, emptied: bool) -> None:
    """Either pages without records, or the same page again and again."""
    fill(source.provider, 10)

    def round_and_round(provider: Provider, request: Request, body: bytes) -> bytes | None:
        if request.resumption_token is None:
            return None
        head, _, _ = body.partition(b"<record>")
        if emptied:
            body = head + b"<resumptionToken>0.3.%d</resumptionToken></ListRecords></OAI-PMH>" % len(provider.asked)
        return body.replace(b"0.6.0", b"0.3.0")

    source.provider.faults = [round_and_round]
    outcome = await source.harvest()
    assert not outcome.finished
    assert "the list has no end" in outcome.problem
    assert len(source.provider.lists()) <= module.IDLE_PAGES + 5
    source.provider.faults = []
    begun = len(begins(source.provider))
    outcome = await source.harvest()
    assert len(begins(source.provider)) == begun + 1
    assert (outcome.finished, outcome.problem, outcome.records) == (True, "", 10)
    assert "the list has no end" in outcome.begun_anew


async def test_a_list_with_ever_new_records_is_left_and_begins_again(source: Field) -> None:
    fill(source.provider, 9)
    outcome = await source.harvest(max_records=6)
    assert "more than 6 records" in outcome.problem
    outcome = await source.harvest()
    assert (outcome.finished, outcome.resumed_at, outcome.records, outcome.unchanged) == (True, 0, 9, 6)
    assert "more than 6 records" in outcome.begun_anew


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
UNREADABLE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a bomb": (lambda body: body.replace(b"?>", b"?>" + BOMB, 1), "document type"),
    "no end tag": (lambda body: body.replace(b"</OAI-PMH>", b""), "no well-formed XML"),
}


@pytest.mark.parametrize(("change", "said"), UNREADABLE.values(), ids=UNREADABLE.keys())
@pytest.mark.parametrize("page", [1, 2])
async def test_what_stays_unreadable_is_asked_for_twice(
    source: Field, change: Callable[[bytes], bytes], said: str, page: int
) -> None:
    fill(source.provider, 7)
    source.provider.faults = [
        lambda p, r, b: (
            change(b) if r.verb is Verb.LIST_RECORDS and (r.resumption_token is not None) == page - 1 else None
        )
    ]
    outcome = await source.harvest()
    assert (outcome.finished, outcome.records, outcome.restarts) == (False, 3 * (page - 1), 0)
    assert said in outcome.problem
    assert outcome.problem.endswith("twice")
    assert len(source.provider.lists()) == page + 1
    source.provider.faults = []
    outcome = await source.harvest()
    assert (outcome.finished, outcome.resumed_at) == (True, 3 * (page - 1))


async def test_what_breaks_off_elsewhere_each_time_is_asked_for_again(source: Field) -> None:
    fill(source.provider, 3)
    source.provider.faults = [on_page(n, lambda p, b: b[: len(b) // (len(p.lists()) + 1)]) for n in (1, 2, 3)]
    outcome = await source.harvest()
    assert (outcome.finished, len(source.provider.lists())) == (True, 4)
