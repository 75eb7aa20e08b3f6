"""A page in a real browser: Chromium without a window opens it, runs what a test asks and gives back what was told."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.presence import missing

BOUND = 60
"""Seconds for a page to be loaded and asked."""


def look(page: Path, script: str, folder: Path, *options: str, at: str = "") -> Any:
    """What `script`, the body of an async function, returns in the page; `at` is a fragment. The page itself is left
    as it is: a copy below `folder` is opened."""
    copy = folder / f"{page.stem}-asked.html"
    ask = (
        "<script>const wrong = []; addEventListener('error', (e) => wrong.push(e.message));"
        "addEventListener('load', async () => {"
        " let told; try { told = await (async () => {" + script + "})(); } catch (e) { told = {error: String(e)}; }"
        " document.body.innerHTML = '<pre id=told></pre>';"
        " document.getElementById('told').textContent = JSON.stringify({told, wrong}); });</script>"
    )
    copy.write_text(page.read_text("utf-8").replace("</body>", ask + "</body>"), encoding="utf-8")
    found = re.search(r'<pre id="told">(.*?)</pre>', _dump(copy, folder, *options, at=at), re.DOTALL)
    assert found, "the page told nothing"
    answer = json.loads(html.unescape(found[1]))
    assert answer["wrong"] == []
    return answer["told"]


def _dump(page: Path, folder: Path, *options: str, at: str = "") -> str:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        missing("no Chromium on this machine")
    command = [
        chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
        f"--user-data-dir={folder}/profile", "--virtual-time-budget=10000",
        *options, "--dump-dom", page.as_uri() + at,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=BOUND, check=True).stdout
