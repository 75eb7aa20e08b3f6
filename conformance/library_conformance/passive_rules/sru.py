"""SRU in recordings: what clients owe."""

from __future__ import annotations

import re

from library_conformance.passive_rules import Findings, Link, found, rule
from library_conformance.passive_rules.http import exchanges
from library_conformance.web import local

_UNESCAPED = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]|%(?![0-9A-Fa-f]{2})")


@rule("sru.client.escapes")
def escapes(link: Link) -> Findings:
    for asked, _ in exchanges(link):
        if asked.query:
            readable = "\ufffd" not in "".join(value for _, value in asked.arguments)
            plain = _UNESCAPED.search(asked.query) is None
            yield found(plain and readable, asked.said, "parameters that are not escaped as UTF-8")


@rule("sru.client.version")
def says_version_and_operation(link: Link) -> Findings:
    for asked, _ in exchanges(link):
        names = {name for name, _ in asked.arguments}
        version = asked.argument("version")
        if version != "2.0" and names & {"version", "operation"}:
            yield found({"version", "operation"} <= names, asked.said, "version or operation is missing")


@rule("sru.client.next")
def pages(link: Link) -> Findings:
    """A second page begins at nextRecordPosition, or behind what was received."""
    expected: dict[str, tuple[int | None, int]] = {}
    for asked, answer in exchanges(link):
        query, start = asked.argument("query"), asked.argument("startRecord")
        if not query:
            continue
        if start and start.isdigit() and int(start) > 1 and query in expected:
            next_, behind = expected[query]
            yield found(int(start) in (next_, behind), asked.said, "a page that begins elsewhere than the last ended")
        if answer is not None and answer.root is not None:
            rows = [one for one in answer.root.iter() if local(one) == "record"]
            position = next(
                (one.text for one in answer.root.iter() if local(one) == "nextRecordPosition" and one.text), None
            )
            begun = int(start) if start and start.isdigit() else 1
            expected[query] = (int(position) if position and position.isdigit() else None, begun + len(rows))


@rule("sru.client.explain")
def reads_explain(link: Link) -> Findings:
    if not link.whole or not exchanges(link):
        return
    first = exchanges(link)[0][0]
    explains = any(
        asked.argument("operation") == "explain" or not asked.argument("query") for asked, _ in exchanges(link)
    )
    yield found(explains, first.said, "never asked for explain")
