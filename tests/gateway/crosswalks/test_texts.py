"""The catalogue of messages: complete in both languages, filled in by the library's clock, never failing."""

from __future__ import annotations

import re
import string
from zoneinfo import ZoneInfo

import pytest

from gateway.canonical.messages import MessageRef
from gateway.canonical.vocabulary import BlockReason, FeeType, RoutingAction
from gateway.crosswalks.texts import CATALOGUE, LANGUAGES, text
from tests.sources import ROOT

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize("message_id", sorted(CATALOGUE))
def test_both_languages_are_complete_and_ask_for_the_same_parameters(message_id: str) -> None:
    words = CATALOGUE[message_id]
    assert set(words) == set(LANGUAGES)
    places = [sorted((name, spec) for _, name, spec, _ in string.Formatter().parse(words[lang]) if name)
              for lang in LANGUAGES]  # fmt: skip
    assert places[0] == places[1]
    assert words["cy"] != words["en"]
    assert all("|" not in words[lang] and len(words[lang]) <= 120 for lang in LANGUAGES)


def test_what_the_vocabularies_can_say_has_words() -> None:
    wanted = {f"block.{reason.lower()}" for reason in BlockReason}
    wanted |= {f"fee.{kind.lower()}" for kind in FeeType}
    wanted |= {f"return.{action}" for action in RoutingAction if action is not RoutingAction.RESHELVE}
    assert wanted <= set(CATALOGUE)


def test_every_message_id_that_the_sources_name_has_words() -> None:
    """Platforms, desk and adapters name messages by id; an id without words would be silence on a screen."""
    named = {
        (path.relative_to(ROOT).as_posix(), found)
        for path in (ROOT / "src" / "gateway").rglob("*.py")
        for found in re.findall(r'MessageRef\(\s*id="([a-z0-9_.]+)"(?!.*text=)', path.read_text("utf-8"))
    }
    assert named
    assert [(path, found) for path, found in sorted(named) if found not in CATALOGUE] == []


def test_instants_are_written_by_the_librarys_clock() -> None:
    due = MessageRef(id="loan.due", params={"due": "2026-07-01T22:59:59+00:00"})
    assert text(due, "en", LONDON) == "Due: 01/07/2026 23:59"
    assert text(due, "cy", LONDON) == "I'w ddychwelyd erbyn: 01/07/2026 23:59"


def test_a_missing_or_senseless_parameter_leaves_the_rest() -> None:
    assert text(MessageRef(id="loan.due"), "en", LONDON) == "Due: "
    assert text(MessageRef(id="loan.due", params={"due": "soon"}), "en", LONDON) == "Due: soon"


def test_free_text_of_a_platform_goes_through_as_it_came() -> None:
    assert text(MessageRef(id="upstream", text="{not} a template"), "cy") == "{not} a template"


def test_a_language_without_words_reads_english_and_an_unknown_id_nothing() -> None:
    assert text(MessageRef(id="session.ended"), "fr") == "Thank you. Goodbye."
    assert text(MessageRef(id="no.such.message"), "en") == ""
