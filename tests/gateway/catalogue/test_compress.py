"""What is packed can be unpacked, here and in a process that was told the dictionaries; the latest is written with."""

from __future__ import annotations

import pickle

import pytest

from gateway.catalogue.store.compress import ENOUGH, RENDERING, Compression, Damaged, train

RECORDS = [f"<record>{number} A history of {number * 7919} and its people, {number % 90}</record>".encode() * 8
           for number in range(ENOUGH)]  # fmt: skip


@pytest.fixture(scope="module")
def dictionary() -> bytes:
    made = train(RECORDS)
    assert made is not None
    return made


def test_with_a_dictionary_and_without(dictionary: bytes) -> None:
    plain, learnt = Compression(), Compression()
    learnt.learn([(3, RENDERING, dictionary)])
    assert (plain.has(RENDERING), learnt.has(RENDERING), learnt.has("other")) == (False, True, False)
    told = pickle.loads(pickle.dumps(learnt))
    for record in (RECORDS[0], b"", RECORDS[1] * 5_000):
        for one, number in ((plain, 0), (learnt, 3), (told, 3)):
            dictionary_of, data = one.pack(RENDERING, record)
            assert dictionary_of == number
            assert learnt.unpack(number, data) == record
    assert sum(len(learnt.pack(RENDERING, one)[1]) for one in RECORDS) < 0.8 * sum(
        len(plain.pack(RENDERING, one)[1]) for one in RECORDS
    )


def test_the_latest_is_written_with_and_all_are_read(dictionary: bytes) -> None:
    grown = Compression()
    grown.learn([(2, RENDERING, dictionary)])
    before = grown.pack(RENDERING, RECORDS[0])
    grown.learn([(1, RENDERING, dictionary), (2, RENDERING, dictionary), (5, RENDERING, dictionary)])
    assert grown.pack(RENDERING, RECORDS[0])[0] == 5
    assert grown.unpack(*before) == RECORDS[0]


def test_what_cannot_be_unpacked_is_said_to_be_damaged(dictionary: bytes) -> None:
    one = Compression()
    number, data = one.pack(RENDERING, RECORDS[0])
    for wrong in ((7, data), (number, data[:-3]), (number, b"none")):
        with pytest.raises(Damaged):
            one.unpack(*wrong)
