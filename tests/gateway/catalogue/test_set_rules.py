"""By which rules a store was sorted into sets: known from the first record on, forgotten where it is no longer true."""

from __future__ import annotations

from gateway.catalogue import set_rules
from gateway.catalogue.ingest import Ingest
from gateway.catalogue.rebuild import rebuild
from gateway.catalogue.records import ALL, Format
from gateway.catalogue.store.writer import Writer
from gateway.config import Config
from library_protocols.marc import Record
from tests.gateway.catalogue.conftest import Time
from tests.gateway.catalogue.making import incoming
from tests.gateway.catalogue.test_ingest import Rule, live

SETS = {"sets": [{"spec": "welsh", "name": "Welsh", "query": "language = wel"}]}


def config(**catalogue: object) -> Config:
    return Config.model_validate({"pepper": "p" * 32, "catalogue": catalogue})


def test_the_digest_tells_rules_apart() -> None:
    said = [set_rules.digest(set_rules.configured(one), {}) for one in (config(), config(**SETS), config(**SETS))]
    assert said[0] != said[1] == said[2]


async def test_a_load_into_an_empty_store_needs_no_sorting_afterwards(store: Writer, time: Time) -> None:
    chosen = config(**SETS)
    rules = set_rules.configured(chosen)
    await store.beat(time())
    await Ingest.configured(store, chosen).put("aber", [incoming("1"), incoming("2", "Poems")])
    assert await store.state(set_rules.STATE) == set_rules.digest(rules, {})
    assert (await rebuild(store, sets=rules, union=(), hiding={}, names={}, now=time)).moved == 0


async def test_a_store_that_was_there_before_is_not_said_to_be_sorted(store: Writer, ingest: Ingest) -> None:
    await ingest.put("aber", [incoming("1")])
    await store.set_state(set_rules.STATE, None)
    await Ingest(store, sets=[Rule(ALL, "x", "Wales")]).put("aber", [incoming("2")])
    assert await store.state(set_rules.STATE) is None


async def test_records_sorted_otherwise_are_to_be_sorted_again(store: Writer, time: Time) -> None:
    wales, ink = [Rule(ALL, "x", "Wales")], [Rule(ALL, "x", "ink")]
    await Ingest(store, sets=wales, now=time).put("aber", [incoming("1", "Poems of Wales")])
    await Ingest(store, sets=wales, now=time).put("aber", [incoming("2", "A history of Wales")])
    assert await store.state(set_rules.STATE) == set_rules.digest(wales, {})
    await Ingest(store, sets=ink, now=time).put("aber", [incoming("3", "Ink")])
    assert await store.state(set_rules.STATE) is None
    await Ingest(store, sets=wales, now=time).put("aber", [incoming("4", "Wales")])
    assert await store.state(set_rules.STATE) is None
    assert await live(store, ALL, "x") == {("aber", "1"), ("aber", "2"), ("aber", "4")}


def test_a_query_that_several_views_have_answers_once_a_record() -> None:
    asked: list[str] = []

    class Asked(Rule):
        def matches(self, record: Record, marc: Format) -> bool:
            asked.append(self.spec)
            return super().matches(record, marc)

    rules = [Asked(ALL, "a:b", "Wales"), Asked("aber", "x", "Wales"), Asked("aber", "y", "ink"), Asked("nlw", "z", "I")]
    sorter = set_rules.Sorter(rules)
    record = incoming("1", "A history of Wales").record
    assert record is not None
    for _ in range(2):
        assert sorter.sets_of("aber", record, Format.MARC21) == {"all": ["a", "a:b"], "own": ["x"]}
    assert asked == ["a:b", "y"] * 2
    assert sorter.sets_of("swansea", record, Format.MARC21) == {"all": ["a", "a:b"]}
