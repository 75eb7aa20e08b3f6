"""The reference pages are what the tables say now."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.adapters.sip2 import document
from gateway.adapters.sip2.profile import profile_names
from gateway.canonical.refusals import FailureCode, RefusalCode
from tests.sources import ROOT

PAGES = {"profiles": "docs/reference/sip2-profiles.md", "refusals": "docs/reference/sip2-refusals.md"}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_the_page_is_current(page: str) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "gateway.adapters.sip2.document", page], capture_output=True, check=True, timeout=60
    ).stdout.decode()
    assert (ROOT / PAGES[page]).read_text("utf-8") == made, (
        f"run `python -m gateway.adapters.sip2.document {page} > {PAGES[page]}`"
    )


def test_nothing_is_left_out() -> None:
    profiles, refusals = document.profiles(), document.refusals()
    assert all(f"### `{name}`" in profiles for name in profile_names())
    assert all(f"`{code.value}`" in refusals for code in (*RefusalCode, *FailureCode))
