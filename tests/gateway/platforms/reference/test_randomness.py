"""Random octets out of a pool: never the same twice, in a forked process neither."""

from __future__ import annotations

import os

from gateway.platforms.reference import randomness


def test_nothing_is_given_twice() -> None:
    given = [randomness.octets(12) for _ in range(2000)]
    assert {len(octets) for octets in given} == {12}
    assert len(set(given)) == len(given)


def test_as_many_as_the_pool_holds() -> None:
    assert len(randomness.octets(1) + randomness.octets(4096)) == 4097


def test_a_forked_process_has_octets_of_its_own() -> None:
    randomness.octets(1)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, randomness.octets(32))
        os._exit(0)
    os.close(writer)
    theirs = os.read(reader, 32)
    os.close(reader)
    os.waitpid(child, 0)
    assert len(theirs) == 32
    assert theirs != randomness.octets(32)
