"""What declared probes of XML over HTTP share: what can be told of an answer by status, head and XPath."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_conformance.dialect import Dialect, Fill, Trait, Traits, Words, a_table, a_text, patterns, some
from library_conformance.run import Run
from library_conformance.web import escaped, text

PREFIXES = {
    "oai": "http://www.openarchives.org/OAI/2.0/",
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "marc": "http://www.loc.gov/MARC21/slim",
    "mods": "http://www.loc.gov/mods/v3",
    "srw": "http://www.loc.gov/zing/srw/",
    "sru": "http://docs.oasis-open.org/ns/search-ws/sruResponse",
    "diag": "http://www.loc.gov/zing/srw/diagnostic/",
    "zeerex": "http://explain.z3950.org/dtd/2.0/",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
"""The prefixes of every XPath in a file."""


def an_xpath(value: Any) -> etree.XPath:
    try:
        path = etree.XPath(a_text(value), namespaces=PREFIXES)
        path(etree.Element("nothing"))
    except etree.XPathError as error:
        raise ValueError(f"{value!r} is no XPath with the prefixes {', '.join(PREFIXES)}: {error}") from error
    return path


def _found(answer: Any, path: etree.XPath) -> bool:
    return answer.root is not None and bool(path(answer.root))


def _text(answer: Any, path: etree.XPath) -> str:
    """The text of the first element or attribute at a path, or the number, text or yes that the path works out."""
    found = [] if answer.root is None else path(answer.root)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return f"{found:g}"
    first = next(iter(found), "") if isinstance(found, list) else found
    return (str(first) if isinstance(first, str) else "".join(first.itertext())).strip()


def _values(value: Any) -> list[tuple[etree.XPath, re.Pattern[str]]]:
    return [(an_xpath(path), pattern) for path, pattern in patterns(value).items()]


def parameters(value: Any) -> str | dict[str, str]:
    """A query as it is written, or its parameters."""
    return value if isinstance(value, str) else a_table(value)


def written(query: str, fill: Fill) -> str:
    """A query that is written already, its placeholders filled and escaped."""
    return fill(query, escaped)


class WebDialect(Dialect):
    """`root`, `status`, `head` and `words` of an answer are the same for all."""

    traits: ClassVar[Traits] = {
        "status": Trait(some(int), lambda answer, wanted: answer.status in wanted),
        "header": Trait(patterns, lambda answer, wanted: all(
            one.fullmatch(answer.head.get(name.lower(), "")) for name, one in wanted.items())),
        "text": Trait(patterns, lambda answer, wanted: all(
            one.fullmatch(text(answer.root, *path.split("/")) or "") for path, one in wanted.items())),
        "has": Trait(an_xpath, _found),
        "lacks": Trait(an_xpath, lambda answer, path: answer.root is not None and not _found(answer, path)),
        "value": Trait(_values, lambda answer, wanted: all(one.fullmatch(_text(answer, path)) for path, one in wanted)),
    }  # fmt: skip
    words: ClassVar[Words] = {
        "answer": lambda answer: answer.words,
        "status": lambda answer: str(answer.status),
    }

    @contextmanager
    def session(self, run: Run, settings: Mapping[str, Any]) -> Iterator[Run]:
        yield run

    def capturing(self, pattern: str) -> Callable[[Any], str]:
        path = an_xpath(pattern)
        return lambda answer: _text(answer, path)
