"""Writes docs/reference/api.md from the API's own description: `python -m gateway.api.reference`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from gateway.api.app import create_app
from gateway.api.door import BODY_LIMIT, DEADLINE_SECONDS
from gateway.api.pages import templates
from gateway.api.paging import DEFAULT_LIMIT, MAX_LIMIT
from gateway.api.problems import every_problem
from gateway.canonical.vocabulary import Permission
from gateway.clock import SystemClock
from gateway.desk import Desk
from gateway.members import Members

PAGE = Path("docs/reference/api.md")


def page() -> str:
    """The whole page, as Markdown."""
    spec = create_app(cast(Desk, None), cast(Members, None), SystemClock()).openapi()
    operations = [
        (method.upper(), path, operation["summary"], _scope(operation.get("description", "")))
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]
    needed = {scope for *_, scope in operations}
    return templates.get_template("reference.md").render(
        operations=operations,
        others=[each.value for each in Permission if each not in needed],
        problems=every_problem(),
        body_kib=BODY_LIMIT // 1024,
        seconds=int(DEADLINE_SECONDS),
        limit=DEFAULT_LIMIT,
        most=MAX_LIMIT,
    )


def _scope(description: str) -> str:
    return next(iter(re.findall(r"Scope: `(\w+)`", description)), "")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
