"""Every message the circulation rules refer to has its words, in Welsh and in English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.canonical.refusals import RefusalCode
from gateway.canonical.vocabulary import RoutingAction
from gateway.crosswalks.refusals import REFUSALS
from gateway.crosswalks.texts import CATALOGUE, LANGUAGES
from gateway.platforms import reference

_SOURCES = sorted(Path(reference.__path__[0]).glob("*.py"))


def message_ids() -> set[str]:
    """Those that stand in the source, and those made of a routing action."""
    found: set[str] = set()
    for source in _SOURCES:
        found |= set(re.findall(r'MessageRef\(id="([^"]+)"', source.read_text("utf-8")))
    return found | {f"return.{action}" for action in RoutingAction if action is not RoutingAction.RESHELVE}


def test_the_rules_use_messages() -> None:
    assert {"loan.due", "loan.offline", "return.transit_home"} <= message_ids()


@pytest.mark.parametrize("message_id", sorted(message_ids()))
def test_a_message_has_words(message_id: str) -> None:
    assert set(CATALOGUE[message_id]) >= set(LANGUAGES)


def test_a_refusal_has_words() -> None:
    used: set[str] = set()
    for source in _SOURCES:
        used |= set(re.findall(r"RefusalCode\.([A-Z_]+)", source.read_text("utf-8")))
    assert {"ITEM_NOT_FOUND", "RENEWAL_LIMIT"} <= used
    for name in used:
        assert set(CATALOGUE[REFUSALS[RefusalCode[name]].message_id]) >= set(LANGUAGES)
