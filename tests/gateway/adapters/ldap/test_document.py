"""The reference page is what the tables say now."""

from __future__ import annotations

import subprocess
import sys

from gateway.adapters.ldap import document
from gateway.crosswalks.ldap import ATTRIBUTES, CLASSES
from tests.sources import ROOT

PAGE = "docs/reference/ldap-view.md"


def test_the_page_is_current() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "gateway.adapters.ldap.document"], capture_output=True, check=True, timeout=60
    ).stdout.decode()
    assert (ROOT / PAGE).read_text("utf-8") == made, f"run `python -m gateway.adapters.ldap.document > {PAGE}`"


def test_nothing_is_left_out() -> None:
    page = document.page()
    assert all(f"`{row.name}`" in page and row.oid in page for row in (*ATTRIBUTES, *CLASSES))
