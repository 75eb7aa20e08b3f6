"""How far a harvest has come, kept and read again; where the next one begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.config import HarvestConfig
from gateway.harvesting.state import HarvestState, load_state, next_from, target_of

STATE = HarvestState(target="t", since="2020-01-01", begun="2020-02-02T00:00:00Z", token="x", records=7)


def test_a_state_comes_back_as_it_was() -> None:
    assert load_state(STATE.dump(), "t") == STATE


@pytest.mark.parametrize("text", [None, "", "junk", "[]", "{}", '{"target": "t", "later": 1}', STATE.dump()])
def test_another_target_or_version_begins_anew(text: str | None) -> None:
    target = "other" if text == STATE.dump() else "t"
    assert load_state(text, target) == HarvestState(target=target)


def test_a_target_is_who_is_asked_for_what() -> None:
    source = HarvestConfig.model_validate({"name": "a", "url": "http://x/oai"})
    changes = {"url": "http://y/oai", "metadata_prefix": "mods", "set_spec": "b"}
    targets = {target_of(source.model_copy(update={name: value})) for name, value in changes.items()}
    assert len({target_of(source), *targets}) == 4
    assert target_of(source) == target_of(source.model_copy(update={"name": "b", "every": "1h"}))


@pytest.mark.parametrize(
    ("state", "full", "found"),
    [
        (STATE, False, ("2020-01-01", False)),
        (STATE, True, ("", True)),
        (replace(STATE, full=True), False, ("", True)),  # the whole list is what is begun again
        (replace(STATE, since=""), False, ("", True)),
    ],
)
def test_a_list_begun_again_asks_what_it_asked(state: HarvestState, full: bool, found: tuple[str, bool]) -> None:
    anew = replace(state, from_="2019", why="lost", short=True, least=5, full_at=3).anew(full=full)
    assert (anew.from_, anew.full) == found
    assert (anew.begun, anew.token, anew.records, anew.size, anew.damaged, anew.stalled) == ("", "", 0, 0, 0, 0)
    assert (anew.target, anew.since, anew.full_at) == (state.target, state.since, 3)
    assert (anew.why, anew.short, anew.least) == ("lost", True, 5)


@pytest.mark.parametrize(
    ("size", "least", "damaged", "missing"),
    [(0, 0, 0, 0), (7, 0, 0, 0), (9, 0, 0, 2), (9, 0, 1, 1), (9, 0, 3, 0), (5, 0, 0, 0), (7, 9, 0, 2), (9, 8, 0, 2)],
)
def test_what_a_list_lacks(size: int, least: int, damaged: int, missing: int) -> None:
    """It has seven records: by what the source told of it, and by what it had before it was begun again."""
    assert replace(STATE, size=size, least=least, damaged=damaged).missing == missing


@pytest.mark.parametrize(
    ("begun", "granularity", "found"),
    [
        ("2020-09-13T12:26:40Z", "YYYY-MM-DDThh:mm:ssZ", "2020-09-13T12:25:40Z"),
        ("2020-09-13T00:10:00Z", "YYYY-MM-DD", "2020-09-12"),
        ("2020-09-13", "YYYY-MM-DD", "2020-09-12"),
        ("unknown", "YYYY-MM-DD", "2020-09-11"),
        ("2031-01-01T00:00:00Z", "YYYY-MM-DDThh:mm:ssZ", "2020-09-12T12:25:40Z"),  # a clock ahead of ours
    ],
)
def test_the_next_harvest_begins_before_the_last(begun: str, granularity: str, found: str) -> None:
    assert next_from(begun, granularity, 1_600_000_000) == found
