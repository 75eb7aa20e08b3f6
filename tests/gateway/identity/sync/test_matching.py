"""Whom a new record is: found, new, or a doubt for people; and what their decisions do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.canonical.vocabulary import IdentifierType
from gateway.identity.model import Person, Review, RunState, Stage
from gateway.identity.sync import review
from tests.gateway.identity.sync.scripted import LONDON, MEMBER, Bench, record, student

Make = Callable[..., Bench]


async def waiting(bench: Bench) -> list[Review]:
    return await bench.register.reviews(MEMBER)


async def only(bench: Bench) -> Review:
    (item,) = await waiting(bench)
    return item


async def settle(bench: Bench, item: Review, decision: str, person: str = "") -> Review:
    return await review.settle(
        bench.register, bench.settings, item, decision, "mair", bench.clock, LONDON, person=person
    )


async def test_somebody_whom_the_library_has_is_linked_by_the_first_identifier_that_finds_anybody(bench: Bench) -> None:
    ours = await bench.put(sis="s1", barcode="999", department="Law")
    other = await bench.put(barcode="200001")
    outcome = await bench.run([student(1)])
    assert outcome.run.counters == {"read": 1, "changed": 1, "review": 1}  # the card is the other one's
    linked = (await bench.everybody())["k1"]
    assert (linked.id, linked.source, linked.family, linked.department) == (ours.id, "feed:sis", "Jones1", "Law")
    assert linked.identifier(IdentifierType.BARCODE) == "999"
    item = await only(bench)
    assert (item.reason, item.candidates) == ("barcode is another person's", (other.id,))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"sis": "S1"}, {}),  # upper and lower case are the same
        ({"eppn": "mj@uni.example"}, {"eppn": "mj@uni.example", "number": "", "card": "7"}),
        ({"barcode": "200001"}, {"number": ""}),
    ],
)
async def test_each_of_them_links(bench: Bench, there: dict[str, Any], said: dict[str, Any]) -> None:
    ours = await bench.put(**there)
    await bench.run([student(1, **said)])
    assert (await bench.everybody())["k1"].id == ours.id
    assert await waiting(bench) == []


async def test_a_login_links_nobody_where_it_is_not_in_the_order(bench: Bench) -> None:
    ours = await bench.put(username="mj1")
    await bench.run([student(1, login="mj1")])
    assert (await bench.everybody()).keys() == {""}
    assert (await only(bench)).candidates == (ours.id,)


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ([("scim:entra", "e1", {"sis": "s1"})], "sis is that of somebody who is fed by scim:entra"),
        ([("feed:hr", "h1", {"sis": "s1"})], "sis is that of somebody who is fed by feed:hr"),
        ([("feed:sis", "k9", {"sis": "s1"})], "sis is that of somebody whom this source has under another key"),
        ([("library", "", {"eppn": "x@y"}), ("library", "", {"eppn": "X@Y"})], "eppn is that of several people"),
    ],
)
async def test_everything_else_is_a_doubt(bench: Bench, there: list[Any], reason: str) -> None:
    people = [await bench.put(source=source, key=key, **content) for source, key, content in there]
    number = "" if "eppn" in reason else "s1"
    outcome = await bench.run([student(1, number=number, eppn="x@y", card="7")])
    assert outcome.run.counters["review"] == 1
    assert "k1" not in await bench.everybody()
    item = await only(bench)
    assert (item.reason, item.candidates) == (reason, tuple(sorted(person.id for person in people)))
    assert item.record["fields"]["family"] == "Jones1"
    await bench.run([student(1, number=number, eppn="x@y", card="7", sn="Rees")])
    again = await only(bench)  # not a second item
    assert again.id == item.id
    assert again.record["fields"]["family"] == "Rees"


async def test_an_old_card_finds_nobody_and_goes_over(bench: Bench) -> None:
    ours = await bench.put(barcode="=200001", sis="s5")
    await bench.run([student(1)])
    people = await bench.everybody()
    assert people["k1"].id != ours.id
    assert people[""].identifiers == tuple(one for one in ours.identifiers if one.type == "sis")


async def test_who_is_the_same_is_linked_at_once_and_stays_so(bench: Bench) -> None:
    theirs = await bench.put(source="scim:entra", key="e1", sis="s1", family="Old")
    await bench.run([student(1)])
    item = await settle(bench, await only(bench), "same")
    assert (item.decision, item.decided_by, item.record) == (f"same:{theirs.id}", "mair", {})
    linked = (await bench.everybody())["k1"]
    assert (linked.id, linked.source, linked.family) == (theirs.id, "feed:sis", "Jones1")
    outcome = await bench.run([student(1)])
    assert outcome.run.counters == {"read": 1, "unchanged": 1}
    assert await waiting(bench) == []


async def test_of_several_candidates_one_has_to_be_named(bench: Bench) -> None:
    one, two = [await bench.put(eppn="x@y") for _ in range(2)]
    await bench.run([student(1, eppn="x@y", number="")])
    item = await only(bench)
    with pytest.raises(review.NotSettled, match=one.id):
        await settle(bench, item, "same")
    with pytest.raises(review.NotSettled, match="not among"):
        await settle(bench, item, "same", "somebody")
    await settle(bench, item, "same", two.id)
    assert (await bench.everybody())["k1"].id == two.id


async def test_who_is_new_is_added_without_what_others_have(bench: Bench) -> None:
    theirs = await bench.put(source="scim:entra", key="e1", sis="s1")
    await bench.run([student(1)])
    await settle(bench, await only(bench), "new")
    added = (await bench.everybody())["k1"]
    assert added.id != theirs.id
    assert added.identifier(IdentifierType.SIS) == ""
    assert added.identifier(IdentifierType.BARCODE) == "200001"
    for _ in range(2):
        outcome = await bench.run([student(1)])
        assert outcome.run.counters == {"read": 1, "unchanged": 1}
    assert await waiting(bench) == []


async def test_a_decision_covers_only_whom_people_have_looked_at(bench: Bench) -> None:
    await bench.put(source="scim:entra", key="e1", sis="s1")
    await bench.run([student(1)])
    await settle(bench, await only(bench), "new")
    another = await bench.put(barcode="2777")
    await bench.run([student(1, card="2777")])
    assert (await only(bench)).candidates == (another.id,)
    assert (await bench.everybody())["k1"].identifier(IdentifierType.BARCODE) == "200001"


async def test_who_is_ignored_stays_out(bench: Bench) -> None:
    await bench.put(source="scim:entra", key="e1", sis="s1")
    await bench.run([student(1)])
    item = await settle(bench, await only(bench), "ignore")
    for _ in range(2):
        assert (await bench.run([student(1)])).run.counters == {"read": 1, "ignored": 1}
    assert "k1" not in await bench.everybody()
    await review.reopen(bench.register, item)
    assert (await bench.run([student(1)])).run.counters == {"read": 1, "review": 1}


async def test_two_keys_of_one_person_do_not_take_turns(bench: Bench) -> None:
    await bench.run([student(1)])
    ours = (await bench.everybody())["k1"]
    await bench.run([student(1), student(2, number="s1", card="7")])
    await settle(bench, await only(bench), "same")
    assert {key: person.id for key, person in (await bench.everybody()).items()} == {"k2": ours.id}
    both = [student(1), student(2, number="s1", card="7")]
    for _ in range(2):
        assert (await bench.run(both)).run.counters == {"read": 2, "unchanged": 1, "review": 1}
    await settle(bench, await only(bench), "ignore")
    assert (await bench.run(both)).run.counters == {"read": 2, "unchanged": 1, "ignored": 1}


async def test_a_decision_is_taken_once(bench: Bench) -> None:
    await bench.put(source="scim:entra", key="e1", sis="s1")
    await bench.run([student(1)])
    item = await only(bench)
    with pytest.raises(review.NotSettled):
        await review.reopen(bench.register, item)
    decided = await settle(bench, item, "new")
    with pytest.raises(review.NotSettled):
        await settle(bench, decided, "ignore")


async def test_two_people_of_the_register_are_not_put_together(bench: Bench) -> None:
    await bench.run([student(1), student(2)])
    await bench.run([student(1), student(2, card="200001")])
    item = await only(bench)
    with pytest.raises(review.NotSettled, match="not put together"):
        await settle(bench, item, "same")
    await settle(bench, item, "new")
    people = await bench.everybody()
    assert people["k1"].identifier(IdentifierType.BARCODE) == "200001"
    assert people["k2"].identifier(IdentifierType.BARCODE) == "200002"
    assert (await bench.run([student(1), student(2, card="200001")])).run.counters["unchanged"] == 2
    assert await waiting(bench) == []


async def test_a_contested_identifier_holds_up_nothing_else(bench: Bench) -> None:
    await bench.run([student(1), student(2)])
    for name in ("Rees", "Price"):
        outcome = await bench.run([student(1), student(2, card="200001", sn=name)])
        assert outcome.run.counters == {"read": 2, "unchanged": 1, "changed": 1, "review": 1}
        assert (await bench.everybody())["k2"].family == name
    assert len(await waiting(bench)) == 1
    outcome = await bench.run([student(1, card="200009"), student(2, card="200001", sn="Price")])
    assert "review" not in outcome.run.counters
    assert await waiting(bench) == []  # what was in the way has gone by itself


async def test_what_waits_about_a_record_that_is_gone_is_closed(bench: Bench) -> None:
    await bench.put(source="scim:entra", key="e1", sis="s1")
    await bench.run([student(1), student(2)])
    await bench.run([student(2)])
    assert await waiting(bench) == []
    (closed,) = await bench.register.reviews(MEMBER, decided=True)
    assert (closed.decision, closed.decided_by, closed.record) == ("gone", "sync", {})
    await bench.run([student(1), student(2)])  # it does not count as a decision
    assert (await only(bench)).source_id == "k1"


async def test_two_new_records_with_one_number_are_one_person_and_a_doubt(bench: Bench) -> None:
    outcome = await bench.run([student(1), student(2, number="s1")])
    assert outcome.run.counters == {"read": 2, "added": 1, "review": 1}
    outcome = await bench.run([student(3, eppn="x@y"), student(4, eppn="x@y"), student(1)])
    assert outcome.run.counters == {"read": 3, "added": 1, "review": 1, "unchanged": 1}


async def test_two_records_are_not_linked_to_one_person_of_the_library(bench: Bench) -> None:
    ours = await bench.put(sis="s1", barcode="7")
    outcome = await bench.run([student(1), student(2, number="", card="7")])
    assert outcome.run.counters == {"read": 2, "changed": 1, "review": 1}
    assert (await bench.everybody())["k1"].id == ours.id


async def test_a_link_that_switches_somebody_off_counts_among_those(make_bench: Make) -> None:
    bench = make_bench(deprovision={"max_missing": 0})
    await bench.put(sis="s1", category="staff")
    outcome = await bench.run([student(1, category="")])
    assert outcome.run.state is RunState.STOPPED
    assert (await bench.everybody())[""].category == "staff"


# ownership


OWNED = {
    "sis": {"from": "number"}, "barcode": {"from": "card", "owner": "first-write"},
    "family": {"from": "sn", "owner": "first-write"}, "category": {"from": "category", "owner": "library"},
    "emails": {"from": "mail", "when_empty": "keep"}, "phones": {"from": "phone"}, "given": {"from": "given"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ({"sn": "Rees"}, "family", "Old"),  # the library's from the first value on
        ({"category": "PG"}, "category", "UG"),
        ({"mail": "new@x.uk"}, "emails", ("new@x.uk",)),
        ({"mail": ""}, "emails", ("old@x.uk",)),
        ({}, "emails", ("old@x.uk",)),
        ({"phone": ""}, "phones", ()),
        ({}, "phones", ("123",)),
        ({"given": "Mair"}, "given", "Mair"),  # was empty
        ({"card": "9"}, "barcode", "5"),
    ],
)
async def test_who_decides_a_field(make_bench: Make, said: dict[str, str], field: str, value: Any) -> None:
    bench = make_bench(fields=OWNED)
    await bench.put(sis="s1", barcode="5", family="Old", category="UG", emails=("old@x.uk",), phones=("123",))
    await bench.run([record("k1", number="s1", **said)])
    person = (await bench.everybody())["k1"]
    found = person.identifier(IdentifierType.BARCODE) if field == "barcode" else getattr(person, field)
    assert found == value


async def test_a_new_person_gets_nothing_that_is_the_librarys(make_bench: Make) -> None:
    bench = make_bench(fields=OWNED)
    await bench.run([record("k1", number="s1", sn="Jones", category="PG", card="9")])
    person = (await bench.everybody())["k1"]
    assert (person.family, person.category, person.identifier(IdentifierType.BARCODE)) == ("Jones", "", "9")
    assert person.stage is Stage.PRESENT
    assert isinstance(person, Person)
