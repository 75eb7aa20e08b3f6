"""Finds links between the pages of the repository that lead nowhere. Other sites are not asked."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("*.md", "docs/**/*.md", "protocols/**/*.md", "conformance/**/*.md", "tests/**/*.md")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)


def broken_links(root: Path = ROOT) -> list[str]:
    """`page: target` for each relative link whose file, or whose heading in that file, does not exist."""
    broken: list[str] = []
    for page in sorted({path for pattern in PAGES for path in root.glob(pattern)}):
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            name, _, anchor = target.partition("#")
            if "://" in target or target.startswith("mailto:"):
                continue
            file = (page.parent / name).resolve() if name else page
            if not file.exists() or (anchor and file.suffix == ".md" and anchor not in _anchors(file)):
                broken.append(f"{page.relative_to(root)}: {target}")
    return broken


def _anchors(page: Path) -> set[str]:
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


if __name__ == "__main__":
    found = broken_links()
    print("\n".join(found) or "Every link between the pages leads somewhere.")
    sys.exit(bool(found))
