"""PINs: peppered, bound to the member, never empty, and just as slow for nobody."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from gateway.platforms.reference.pins import Pins
from tests.gateway.platforms.reference.library import PEPPER


@pytest.fixture(scope="module")
def pins() -> Pins:
    return Pins(PEPPER)


async def test_the_right_pin_alone_is_right(pins: Pins) -> None:
    stored = pins.hash("alpha", "1234")
    assert stored.startswith("$argon2id$")
    assert await pins.verify("alpha", "1234", stored)
    assert not await pins.verify("alpha", "1235", stored)
    assert not await pins.verify("beta", "1234", stored), "a hash says nothing at another member"


async def test_without_the_pepper_a_hash_cannot_be_tried(pins: Pins) -> None:
    other = Pins(b"another pepper, another house")
    assert not await other.verify("alpha", "1234", pins.hash("alpha", "1234"))
    other.close()


async def test_an_empty_pin_and_no_pin_let_nobody_in(pins: Pins) -> None:
    assert not await pins.verify("alpha", "", pins.hash("alpha", ""))
    assert not await pins.verify("alpha", "", None)
    assert not await pins.verify("alpha", "1234", None)
    assert not await pins.verify("alpha", "no PIN is this", None)
    assert not await pins.verify("alpha", "1234", "nonsense")


async def test_nobody_is_as_much_work_as_a_wrong_pin(pins: Pins, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(pins, "_matches", lambda member, pin, stored: bool(tried.append(stored)))
    await pins.verify("alpha", "1234", None)
    (stored,) = tried
    real = pins.hash("alpha", "1234")
    assert stored.split("$")[:4] == real.split("$")[:4], "the same algorithm at the same cost"


def test_old_parameters_ask_for_a_new_hash(pins: Pins) -> None:
    assert not pins.needs_rehash(pins.hash("alpha", "1234"))
    assert pins.needs_rehash(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("x"))


def test_a_short_pepper_is_no_pepper() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Pins(b"short")
