"""A `Description` as MODS 3.7. Elements stand in the order of MODS's own outline; the schema takes any.

What stands in two scripts has the same altRepGroup. Values of attributes that the schema limits are checked here, so
that a record's odd code becomes text without the attribute, never an invalid document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.catalogue.forms.model import Description, Name, Publication, Related, Script, Subject, Title
from gateway.catalogue.forms.text import shown, unique
from gateway.catalogue.records import CatalogueRecord, Holding

NAMESPACE = "http://www.loc.gov/mods/v3"
SCHEMA = "http://www.loc.gov/standards/mods/v3/mods-3-7.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"

# Leader/06 (and UNIMARC's record label turned into it) to MODS's list of types of resource.
_TYPES = {
    "a": "text", "c": "notated music", "d": "notated music", "e": "cartographic", "f": "cartographic",
    "g": "moving image", "i": "sound recording-nonmusical", "j": "sound recording-musical", "k": "still image",
    "m": "software, multimedia", "o": "mixed material", "p": "mixed material", "r": "three dimensional object",
    "t": "text",
}  # fmt: skip
_ISSUANCE = {"a": "monographic", "b": "continuing", "c": "monographic", "d": "monographic", "i": "integrating resource",
             "m": "monographic", "s": "serial"}  # fmt: skip
_AUDIENCES = {"a": "preschool", "b": "juvenile", "c": "juvenile", "d": "adolescent", "e": "adult", "f": "specialized",
              "g": "general", "j": "juvenile"}  # fmt: skip
_TITLE_TYPES = frozenset({"abbreviated", "translated", "alternative", "uniform"})
_NAME_TYPES = frozenset({"personal", "corporate", "conference", "family"})
_SUBJECT_PARTS = {"topic": "topic", "geographic": "geographic", "temporal": "temporal", "genre": "genre",
                  "occupation": "occupation"}  # fmt: skip
_DATES = {"production": "dateCreated", "copyright": "copyrightDate", "distribution": "dateOther",
          "manufacture": "dateOther"}  # fmt: skip
_EVENTS = frozenset({"production", "publication", "distribution", "manufacture"})
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_ISO_TIME = re.compile(r"\d{14}(?:\.\d)?")


def mods(found: Description, record: CatalogueRecord) -> bytes:
    """One `mods` element with its schema's location."""
    start = (
        f'<mods xmlns="{NAMESPACE}" xmlns:xsi="{_XSI}" version="3.7" xsi:schemaLocation="{NAMESPACE} {SCHEMA}">'
    )  # fmt: skip
    return "".join((start, *_parts(found, record.holdings), "</mods>")).encode("utf-8")


def _parts(found: Description, holdings: tuple[Holding, ...]) -> Iterator[str]:
    yield from map(_title, found.titles)
    yield from map(_name, found.names)
    yield _type(found)
    yield from (_text("genre", text, _authority(source)) for source, text in found.genres)
    yield from _origins(found)
    if found.languages:
        yield from (
            f"<language>{_text('languageTerm', code, _attributes(authority='iso639-2b', type='code'))}</language>"
            for code in found.languages
        )
    yield _physical(found)
    yield from (_text("abstract", note.text, _script(note.script)) for note in found.abstracts)
    yield from (_text("tableOfContents", note.text, _script(note.script)) for note in found.contents)
    if audience := _AUDIENCES.get(found.audience):
        yield _text("targetAudience", audience, _attributes(authority="marctarget"))
    yield from (_text("targetAudience", text) for text in found.audiences)
    for note in found.notes:
        kind = _attributes(type=note.kind) if note.kind else ""
        yield _text("note", note.text, kind + _script(note.script))
    yield from map(_subject, found.subjects)
    yield from (
        f"<subject><hierarchicalGeographic>{_text('area', text)}</hierarchicalGeographic></subject>"
        for text in found.coverage
    )
    for source, text, edition in found.classes:
        yield _text("classification", text, _authority(source) + (_attributes(edition=edition) if edition else ""))
    yield from map(_related, found.related)
    for number in found.identifiers:
        invalid = _attributes(invalid="yes") if number.invalid else ""
        yield _text("identifier", number.text, _attributes(type=number.kind) + invalid)
    yield from _locations(found, holdings)
    yield from (_text("accessCondition", text, _attributes(type="restriction on access")) for text in found.access)
    yield from (_text("accessCondition", text, _attributes(type="use and reproduction")) for text in found.rights)
    yield _record_info(found)


def _text(element: str, text: str, attributes: str = "") -> str:
    return f"<{element}{attributes}>{shown(text)}</{element}>" if text else ""


def _attributes(**values: str) -> str:
    return "".join(f' {name}="{shown(value)}"' for name, value in values.items())


def _authority(source: str) -> str:
    return _attributes(authority=source) if _TOKEN.fullmatch(source) else ""


def _script(script: Script | None) -> str:
    if script is None:
        return ""
    code = _attributes(script=script.code) if script.code else ""
    return code + (_attributes(altRepGroup=script.link) if script.link not in ("", "00") else "")


def _title(title: Title) -> str:
    kind = _attributes(type=title.kind) if title.kind in _TITLE_TYPES else ""
    parts = (
        _text("nonSort", title.non_sort),
        _text("title", title.text),
        _text("subTitle", title.rest),
        _text("partNumber", title.number),
        _text("partName", title.part),
    )
    return f"<titleInfo{kind}{_script(title.script)}>{''.join(parts)}</titleInfo>"


def _name(name: Name) -> str:
    kind = _attributes(type=name.kind) if name.kind in _NAME_TYPES else ""
    original = name.script is not None and name.script.code  # the same name in its own script
    primary = _attributes(usage="primary") if name.primary and not original else ""
    return f"<name{kind}{primary}{_script(name.script)}>{_name_parts(name)}{_roles(name)}</name>"


def _name_parts(name: Name) -> str:
    return "".join((
        _text("namePart", name.text),
        *(_text("namePart", unit) for unit in name.units),
        _text("namePart", name.terms, _attributes(type="termsOfAddress") if name.kind == "personal" else ""),
        _text("namePart", name.dates, _attributes(type="date")),
    ))  # fmt: skip


def _roles(name: Name) -> str:
    roles = unique(name.roles)
    return "".join(f"<role>{_role(role)}</role>" for role in roles)


def _role(role: str) -> str:
    if len(role) == 3 and role.isascii() and role.isalpha() and role.islower():
        return _text("roleTerm", role, _attributes(authority="marcrelator", type="code"))
    if role.isdigit():
        return _text("roleTerm", role, _attributes(authority="unimarcrelator", type="code"))
    return _text("roleTerm", role, _attributes(type="text"))


def _type(found: Description) -> str:
    if found.kind not in _TYPES:
        return ""
    attributes = _attributes(collection="yes") if found.level == "c" or found.kind == "p" else ""
    if found.kind in "dft":
        attributes += _attributes(manuscript="yes")
    return _text("typeOfResource", _TYPES[found.kind], attributes)


def _origins(found: Description) -> Iterator[str]:
    """The first imprint carries what is coded; a record without imprint may still have coded dates and a place."""
    publications = list(found.publications) or [Publication("")]
    coded = "".join(_coded(found))
    for number, publication in enumerate(publications):
        inner = _imprint(publication) + (coded if number == 0 else "")
        event = _attributes(eventType=publication.kind) if publication.kind in _EVENTS else ""
        if inner:
            yield f"<originInfo{event}{_script(publication.script)}>{inner}</originInfo>"


def _imprint(publication: Publication) -> str:
    places = "".join(
        f"<place>{_text('placeTerm', place, _attributes(type='text'))}</place>" for place in publication.places
    )
    agents = "".join(_text("publisher", agent) for agent in publication.agents)
    return places + agents + _text(_DATES.get(publication.kind, "dateIssued"), publication.date)


def _coded(found: Description) -> Iterator[str]:
    if found.country:
        yield (
            f"<place>{_text('placeTerm', found.country, _attributes(type='code', authority='marccountry'))}</place>"
        )  # fmt: skip
    first, last = found.years()
    if first:
        point = _attributes(point="start") if last else ""
        yield _text("dateIssued", first, _attributes(encoding="marc") + point)
    if first and last:
        yield _text("dateIssued", last, _attributes(encoding="marc", point="end"))
    yield _text("edition", found.edition)
    yield _text("issuance", _ISSUANCE.get(found.level, ""))
    yield _text("frequency", found.frequency)


def _physical(found: Description) -> str:
    forms = "".join(_text("form", text, _authority(source)) for source, text in dict.fromkeys(found.forms))
    media = "".join(_text("internetMediaType", text) for text in unique(found.media_types))
    extents = "".join(_text("extent", text) for text in found.extents)
    inner = forms + media + extents
    return f"<physicalDescription>{inner}</physicalDescription>" if inner else ""


def _subject(subject: Subject) -> str:
    inner = ""
    if subject.name:
        kind = _attributes(type=subject.name.kind) if subject.name.kind in _NAME_TYPES else ""
        inner = f"<name{kind}>{_name_parts(subject.name)}</name>"
    for part, text in subject.parts:
        if part == "title":
            inner += f"<titleInfo>{_text('title', text)}</titleInfo>"
        else:
            inner += _text(_SUBJECT_PARTS.get(part, "topic"), text)
    return f"<subject{_authority(subject.authority)}{_script(subject.script)}>{inner}</subject>"


def _related(related: Related) -> str:
    kind = _attributes(type=related.kind) if related.kind else ""
    inner = f"<titleInfo>{_text('title', related.title)}</titleInfo>" if related.title else ""
    if related.name:
        inner += f"<name>{_text('namePart', related.name)}</name>"
    inner += "".join(_text("identifier", number.text, _attributes(type=number.kind)) for number in related.identifiers)
    if related.part:
        inner += f"<part>{_text('text', related.part)}</part>"
    return f"<relatedItem{kind}>{inner}</relatedItem>"


def _locations(found: Description, holdings: tuple[Holding, ...]) -> Iterator[str]:
    for link in found.links:
        usage = _attributes(usage="primary display") if link.whole else ""
        label = _attributes(displayLabel=link.label) if link.label else ""
        yield f"<location>{_text('url', link.url, label + usage)}</location>"
    for holding in holdings:
        place = ", ".join(unique([holding.member.upper(), holding.location_name or holding.location]))
        yield (
            f"<location>{_text('physicalLocation', place)}{_text('shelfLocator', holding.call_number)}</location>"
        )  # fmt: skip


def _record_info(found: Description) -> str:
    created = found.entered if found.entered.isdigit() and len(found.entered) == 6 else ""
    changed = found.changed if _ISO_TIME.fullmatch(found.changed) else ""
    source = _attributes(source=found.control_source) if found.control_source else ""
    language = found.cataloguing_language
    inner = "".join((
        *(_text("descriptionStandard", text) for text in unique(found.conventions)),
        _text("recordContentSource", found.agency, _authority(found.agency_scheme)),
        _text("recordCreationDate", created, _attributes(encoding="marc")),
        _text("recordChangeDate", changed, _attributes(encoding="iso8601")),
        _text("recordIdentifier", found.control_number, source),
        _text("recordOrigin", "Derived from a MARC record"),
        f"<languageOfCataloging>{_text('languageTerm', language, _attributes(authority='iso639-2b', type='code'))}"
        "</languageOfCataloging>" if language else "",
    ))  # fmt: skip
    return f"<recordInfo>{inner}</recordInfo>"
