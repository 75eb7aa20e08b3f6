"""The page for campus IT: its settings are ones that are taken, and its words those that a kiosk says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.config import Config, load
from gateway.config.identity import DirectoryConfig
from gateway.crosswalks.words import WORDS
from tests.sources import ROOT

PAGE = (ROOT / "docs/how-to/connect-active-directory.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
HEAD = 'pepper = "a pepper for these tests"\n[members.aber]\nname = "A"\nmain_location = "A"\n'


def configured(folder: Path, *blocks: str) -> Config:
    """The page's blocks in one file, beside the files that they name."""
    file = folder / "gateway.toml"
    file.write_text(HEAD + "\n".join(blocks), encoding="utf-8")
    for secret in ("ad.secret", "ldap.secret"):
        (folder / secret).write_text("secret", encoding="ascii")
    return load(file)


def test_the_directory_the_checks_and_the_feed_of_the_page(tmp_path: Path) -> None:
    directory, feed, _ = BLOCKS
    identity = configured(tmp_path, directory, feed).members["aber"].identity
    assert [check.by for check in identity.authentication.checks] == ["platform", "directory:campus"]
    assert identity.directories["campus"].profile == "active-directory"
    assert [(feed.name, feed.kind) for feed in identity.feeds] == [("ad", "ldap")]


def test_openldap_s_directory_of_the_page(tmp_path: Path) -> None:
    campus = configured(tmp_path, BLOCKS[2]).members["aber"].identity.directories["campus"]
    assert (campus.profile, campus.security) == ("openldap", "starttls")


def test_every_word_that_a_kiosk_is_said_to_say_is_one_that_it_says() -> None:
    english = [words for words, _ in WORDS.values()]
    said = re.findall(r'"([^"]*university[^"]*|[^"]*cannot be checked[^"]*)"', PAGE)
    assert len(said) >= 4
    for words in said:
        parts = [part.strip() for part in words.split("…") if part.strip()]
        assert any(all(part in whole for part in parts) for whole in english), words


@pytest.mark.parametrize(
    ("setting", "default"), [("when_wrong", "next"), ("when_unknown", "next"), ("when_down", "refuse")]
)
def test_the_defaults_are_those_of_the_page(tmp_path: Path, setting: str, default: str) -> None:
    check = configured(tmp_path, BLOCKS[0]).members["aber"].identity.authentication.checks[0]
    assert getattr(check, setting) == default
    assert re.search(rf"\| `{setting}` \|.*\| `{default}` \|", PAGE)


def test_every_setting_that_the_page_names_of_a_directory_is_there() -> None:
    for name in ("server_name", "login_by", "deadline_seconds", "retry_seconds", "max_failures", "failure_minutes"):
        assert f"`{name}`" in PAGE
        assert name in DirectoryConfig.model_fields
