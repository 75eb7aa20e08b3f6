"""Values: equal where their fields are, fit for sets, without room for anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from library_protocols.values import value


@value
class Place:
    shelf: str
    number: int = 1


@value
class Deep(Place):
    row: int = 0


def test_values_are_equal_where_their_fields_are() -> None:
    assert Place("a") == Place("a", 1) != Place("a", 2)
    assert {Place("a"), Place("a", 1)} == {Place("a")}
    assert replace(Place("a"), number=2) == Place("a", 2)
    assert Deep("a") != Place("a")
    assert Deep("a", row=3) == Deep("a", 1, 3)


def test_a_value_holds_nothing_but_its_fields() -> None:
    with pytest.raises(AttributeError):
        setattr(Place("a"), "colour", "red")  # noqa: B010
