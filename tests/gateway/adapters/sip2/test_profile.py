"""Profiles: data with a source, complete, refused where misspelt."""

from __future__ import annotations

from importlib.resources import files

import pytest
from pydantic import ValidationError

from gateway.adapters.sip2.profile import TerminalProfile, UnknownProfile, load_profile, profile_names
from gateway.canonical.vocabulary import RoutingAction


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_and_names_its_source(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    comment = files("gateway.adapters.sip2").joinpath("profiles", f"{name}.toml").read_text("utf-8")
    assert comment.startswith("# ")
    if name != "standard":
        assert "ource" in comment.split("[", 1)[0]


def test_the_families_asked_for_are_there() -> None:
    assert {
        "standard",
        "3m-classic",
        "bibliotheca",
        "envisionware",
        "gossip",
        "koha-like",
        "polaris-like",
        "sorter",
    } <= set(profile_names())


def test_overrides_change_single_settings_and_nothing_else() -> None:
    plain, changed = load_profile("koha-like"), load_profile("koha-like", {"wire": {"encoding": "latin-1"}})
    assert changed.wire.encoding == "latin-1"
    assert changed.wire.terminator == plain.wire.terminator == "CRLF"
    assert changed.model_copy(update={"wire": plain.wire}) == plain
    assert load_profile("koha-like") == plain


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        ({"wire": {"encodin": "utf-8"}}, "did you mean 'encoding'"),
        ({"wire": {"encoding": "klingon"}}, "klingon"),
        ({"patron": {"contact": True}}, "contact"),
        ({"fields": {"patron": {"PA": "shoe_size"}}}, "PA"),
        ({"fields": {"patron": {"pa": "expiry"}}}, "pa"),
        ({"lists": {"item": "isbn"}}, "item"),
        ({"lists": "all"}, "lists"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(overrides: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        load_profile("standard", overrides)


def test_an_unknown_profile_names_the_nearest() -> None:
    with pytest.raises(UnknownProfile, match="koha-like"):
        load_profile("koha")
    with pytest.raises(UnknownProfile, match="standard"):
        load_profile("zzz")


def test_every_switch_says_why_it_exists() -> None:
    """A switch nobody needs is a switch nobody tests."""
    for name, field in TerminalProfile.model_fields.items():
        part = field.default
        for inner, described in getattr(type(part), "model_fields", {}).items():
            assert described.description, f"{name}.{inner}"
        if name != "name":
            assert field.description or hasattr(type(part), "model_fields"), name


def test_a_sorter_has_a_bin_for_everything() -> None:
    assert set(load_profile("sorter").routing.sort_bins) == set(RoutingAction)
