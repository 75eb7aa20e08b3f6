"""What a record says, free of tags: the middle between MARC 21 or UNIMARC and Dublin Core, MODS and plain text.

Each format has one table that fills it (`marc21`, `unimarc`), each form one writer that reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.catalogue.forms.addresses import addresses


class Script(NamedTuple):
    """That something stands in another script: its ISO 15924 code where known, and what links it to its twin."""

    code: str
    link: str


class Title(NamedTuple):
    """`kind` is empty for the title proper, else alternative, uniform, abbreviated or translated."""

    kind: str
    text: str
    rest: str = ""
    non_sort: str = ""
    number: str = ""
    part: str = ""
    script: Script | None = None

    def line(self) -> str:
        """The title as one line, with what a title page has between its parts."""
        text = self.non_sort + self.text
        if self.rest:
            text = f"{text} : {self.rest}" if text else self.rest
        return ". ".join(part for part in (text, self.number, self.part) if part)


class Name(NamedTuple):
    """`kind` is personal, corporate, conference or family; `roles` are MARC relator codes or terms as they came."""

    kind: str
    text: str
    units: tuple[str, ...] = ()
    terms: str = ""
    dates: str = ""
    roles: tuple[str, ...] = ()
    primary: bool = False
    script: Script | None = None

    def line(self) -> str:
        """The heading as one line: name, units, terms of address, dates."""
        text = ". ".join((self.text, *self.units))
        return ", ".join(part for part in (text, self.terms, self.dates) if part)


class Subject(NamedTuple):
    """One heading: `parts` are (kind, text) with kind topic, geographic, temporal, genre, title, name or occupation."""

    authority: str
    parts: tuple[tuple[str, str], ...]
    name: Name | None = None
    script: Script | None = None

    def line(self) -> str:
        """The heading as one line with double dashes before subdivisions."""
        texts = [text for _, text in self.parts]
        return "--".join((self.name.line(), *texts) if self.name else texts)


class Note(NamedTuple):
    """`kind` is MODS's type of note, or empty."""

    kind: str
    text: str
    script: Script | None = None


class Identifier(NamedTuple):
    """`kind` is isbn, issn, lccn, oclc, doi, … `invalid` ones stand in the record as cancelled or wrong."""

    kind: str
    text: str
    invalid: bool = False


class Related(NamedTuple):
    """Another resource. `kind` is MODS's type of related item, or empty where the relation is not named."""

    kind: str
    title: str
    name: str = ""
    part: str = ""
    identifiers: tuple[Identifier, ...] = ()


class Publication(NamedTuple):
    """What one imprint says; `kind` is publication, production, distribution, manufacture or copyright."""

    kind: str
    places: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    date: str = ""
    script: Script | None = None


class Link(NamedTuple):
    """An electronic location; `url` is a URI. `whole` says that it is the resource itself, not something about it."""

    url: str
    label: str = ""
    whole: bool = True


@dataclass(slots=True)
class Description:
    """What one record says. Years are as coded: digits, `u` for unknown ones; languages ISO 639-2 codes."""

    kind: str = ""  # leader/06
    level: str = ""  # leader/07
    control_number: str = ""
    control_source: str = ""
    agency: str = ""
    agency_scheme: str = ""
    entered: str = ""
    changed: str = ""
    conventions: tuple[str, ...] = ()
    cataloguing_language: str = ""
    date_type: str = ""
    date1: str = ""
    date2: str = ""
    country: str = ""
    edition: str = ""
    frequency: str = ""
    audience: str = ""
    titles: list[Title] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    genres: list[tuple[str, str]] = field(default_factory=list)  # authority, text
    notes: list[Note] = field(default_factory=list)
    abstracts: list[Note] = field(default_factory=list)
    contents: list[Note] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)
    access: list[str] = field(default_factory=list)
    rights: list[str] = field(default_factory=list)
    publications: list[Publication] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    extents: list[str] = field(default_factory=list)
    forms: list[tuple[str, str]] = field(default_factory=list)  # authority, text: carrier, medium
    media_types: list[str] = field(default_factory=list)
    classes: list[tuple[str, str, str]] = field(default_factory=list)  # authority, class mark, edition
    identifiers: list[Identifier] = field(default_factory=list)
    related: list[Related] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    coverage: list[str] = field(default_factory=list)

    def link(self, texts: Iterable[str], label: str, *, whole: bool) -> None:
        """Adds the addresses in these texts; a text that holds none is a note."""
        for text in texts:
            found = addresses(text)
            self.links += [Link(url, label, whole) for url in found]
            if not found and (words := text.strip()):
                self.notes.append(Note("", f"{label}: {words}" if label else words))

    def years(self) -> tuple[str, str]:
        """The first and last year as coded, empty where they are no years."""
        first = self.date1 if _is_year(self.date1) else ""
        last = self.date2 if _is_year(self.date2) and self.date_type not in _NOT_A_SPAN else ""
        return first, last


# Types of date whose second date is no end of a span: detailed date, reprint, single, copyright (MARC 21 008/06).
_NOT_A_SPAN = frozenset("erst")


def _is_year(text: str) -> bool:
    return len(text) == 4 and text[:1].isdigit() and all(c.isdigit() or c == "u" for c in text)
