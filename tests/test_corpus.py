"""The benchmarks' records are records, distinct, the same each time, and some works are several members'."""

from __future__ import annotations

from pymarc import Record

from tests.benchmarks.corpus import Corpus


def test_records_are_whole_distinct_and_the_same_each_time() -> None:
    corpus = Corpus()
    data = [corpus.record(number) for number in range(2000)]
    records = [Record(data=one, to_unicode=True, utf8_handling="strict") for one in data]
    assert len({record["001"].data for record in records}) == len(records)
    assert all(int(one[:5]) == len(one) for one in data)
    assert list(Corpus().records(0, 50)) == data[:50]


def test_some_works_are_held_by_several_members() -> None:
    corpus = Corpus()
    records = [Record(data=one, to_unicode=True) for one in corpus.records(0, 1000)]
    isbns = [record["020"]["a"] for record in records]
    assert len(set(isbns)) == 700
    same = [number for number in range(999) if isbns[number] == isbns[number + 1]]
    assert all(records[number].title == records[number + 1].title for number in same)
    assert all(corpus.member(number) != corpus.member(number + 1) for number in same)
