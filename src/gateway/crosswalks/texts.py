"""The catalogue of messages to people, in Welsh and English; the words stand in `gateway.crosswalks.words`.

A message id is looked up with its `kind` appended first, then plain. Free text from a platform goes through as it came.
Words are chosen at the doors alone: the desk and the drivers hand on references.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from gateway.canonical.messages import MessageRef
from gateway.crosswalks.words import WORDS

LANGUAGES = ("en", "cy")
"""The languages of the catalogue, in the order of its words; English is the fallback."""

CATALOGUE: Mapping[str, Mapping[str, str]] = {
    message_id: dict(zip(LANGUAGES, words, strict=True)) for message_id, words in WORDS.items()
}
"""Every message id with its words by language."""


class _Formatter(string.Formatter):
    """Fills in parameters; one that is missing stays empty, `date` and `day` write an ISO instant by a clock."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key), "")

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec not in ("date", "day"):
            return str(value)
        try:
            moment = datetime.fromisoformat(value).astimezone(self._zone)
        except (TypeError, ValueError):
            return str(value)
        return f"{moment:%d/%m/%Y}" if format_spec == "day" else f"{moment:%d/%m/%Y %H:%M}"


def known(message_id: str) -> bool:
    """Whether the catalogue has this id."""
    return message_id in CATALOGUE


def text(message: MessageRef, language: str, zone: tzinfo = UTC) -> str:
    """The words of `message` in `language` (cy or en, anything else reads as en); empty for an unknown id without text.

    `zone` is the library's, for the instants among the parameters (ISO 8601).
    """
    if message.text is not None:
        return message.text
    kind = message.params.get("kind")
    row = CATALOGUE.get(f"{message.id}.{kind}") if kind else None
    if row is None:
        row = CATALOGUE.get(message.id)
    if row is None:
        return ""
    words = row.get(language) or row["en"]
    return _Formatter(zone).vformat(words, (), message.params) if "{" in words else words
