"""The page for librarians: its examples are configurations that can be used, its words are the program's."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from gateway.config.identity import FeedConfig
from gateway.config.load import load
from gateway.identity.model import Stage
from tests.sources import ROOT

PAGE = (ROOT / "docs/how-to/bring-people-in.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_can_be_used(text: str, tmp_path: Path) -> None:
    for name in re.findall(r'{ file = "([^"]+)"', text):
        (tmp_path / Path(name).name).write_text("secret")
        text = text.replace(name, str(tmp_path / Path(name).name))
    members = "".join(
        f'[members.{code}]\nname = "{code}"\nmain_location = "MAIN"\n' for code in tomllib.loads(text)["members"]
    )
    file = tmp_path / "gateway.toml"
    file.write_text(f'pepper = "{"p" * 32}"\n{members}\n{text}')
    (member,) = load(file).members.values()
    assert len(member.identity.feeds) == 1


def test_there_is_an_example_of_every_kind() -> None:
    models = get_args(get_args(FeedConfig)[0])
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in models}
    assert {kind for kind in kinds if f'kind = "{kind}"' not in "".join(EXAMPLES)} == set()


def test_every_stage_is_explained() -> None:
    assert [stage for stage in Stage if f"\n| {stage} |" not in PAGE] == []
