"""How far a harvest has come, kept and read again; where the next one begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.config import HarvestConfig
from gateway.harvesting.state import HarvestState, load_state, next_from, target_of

STATE = HarvestState(target="t", since="2020-01-01", begun="2020-02-02T00:00:00Z", token="x", last="2020", records=7)


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


def test_a_lost_list_begins_where_nothing_can_be_missed() -> None:
    state = replace(STATE, from_="2019")
    assert state.restart_from == "2020"
    assert replace(state, ordered=False).restart_from == "2019"
    assert replace(state, last="").restart_from == "2019"


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
