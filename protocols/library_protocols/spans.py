"""Octets of a message with what they are, for people: what inspections of messages in ASN.1 and NCIP are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Some octets and what they are. `offset` counts from the start of the inspected data.

    `kind` is header, field, end or unknown; `code` is the tag, or what names the place; `title` the standard's name;
    `value` is text; `meaning` says it in words where a table does; `depth` counts the elements around it.
    """

    offset: int
    length: int
    kind: str
    code: str
    title: str
    value: str
    meaning: str
    clause: str
    depth: int = 0
