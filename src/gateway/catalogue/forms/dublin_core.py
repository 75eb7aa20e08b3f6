"""A `Description` as Dublin Core: the fifteen elements for OAI-PMH and SRU, and DCMI terms with their refinements.

Both are lists of (element, text) from one place each, so that what an element holds can be read off the table.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.catalogue.forms.addresses import is_uri
from gateway.catalogue.forms.model import Description, Name, Related
from gateway.catalogue.forms.text import shown, unique

OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SRW_DC = "info:srw/schema/1/dc-schema"
QUALIFIED = "http://worldcat.org/xmlschemas/qdc-1.0/"
_DC, _DCTERMS = "http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"

# Leader/06 to the DCMI Type Vocabulary.
_TYPES = {
    "a": "Text", "c": "Text", "d": "Text", "e": "StillImage", "f": "StillImage", "g": "MovingImage", "i": "Sound",
    "j": "Sound", "k": "StillImage", "m": "Software", "o": "Collection", "p": "Collection", "r": "PhysicalObject",
    "t": "Text",
}  # fmt: skip
_AUTHORS = frozenset({"aut", "author", "cmp", "composer", "art", "artist", "cre", "creator"})
_URN = {"isbn": "urn:isbn:", "issn": "urn:issn:", "doi": "https://doi.org/", "oclc": "info:oclcnum/",
        "lccn": "info:lccn/"}  # fmt: skip
# Schemes that dcterms.xsd knows, by the authority of a subject or class mark.
_SUBJECT_SCHEMES = {"lcsh": "LCSH", "mesh": "MESH"}
_CLASS_SCHEMES = {"ddc": "DDC", "lcc": "LCC", "udc": "UDC"}
_NOT_DESCRIBING = frozenset({"statement of responsibility"})  # says again who the creators are
_RELATIONS = {
    "host": "isPartOf", "series": "isPartOf", "constituent": "hasPart", "preceding": "replaces",
    "succeeding": "isReplacedBy", "otherFormat": "hasFormat", "otherVersion": "hasVersion", "original": "source",
}  # fmt: skip

_ELEMENTS = frozenset({
    "title", "creator", "subject", "description", "publisher", "contributor", "date", "type", "format", "identifier",
    "source", "language", "relation", "coverage", "rights",
})  # fmt: skip
"""The fifteen, in their own namespace in every form: dcterms.xsd has refinements only, in its first editions."""

Element = tuple[str, str]


def oai_dc(found: Description) -> bytes:
    """The container of OAI-PMH, valid against oai_dc.xsd."""
    return _container(
        "oai_dc:dc",
        f'xmlns:oai_dc="{OAI_DC}" xmlns:dc="{_DC}" xmlns:xsi="{_XSI}" '
        f'xsi:schemaLocation="{OAI_DC} http://www.openarchives.org/OAI/2.0/oai_dc.xsd"',
        _lines(_simple(found)),
    )


def srw_dc(found: Description) -> bytes:
    """The container of SRU's record schema info:srw/schema/1/dc-v1.1."""
    return _container(
        "srw_dc:dc",
        f'xmlns:srw_dc="{SRW_DC}" xmlns:dc="{_DC}" xmlns:xsi="{_XSI}" '
        f'xsi:schemaLocation="{SRW_DC} http://www.loc.gov/standards/sru/recordSchemas/dc-schema.xsd"',
        _lines(_simple(found)),
    )


def dcterms(found: Description) -> bytes:
    """DCMI terms in a qualifieddc container, whose content is valid against the DCMI's qualifieddc.xsd."""
    return _container(
        "qdc:qualifieddc",
        f'xmlns:qdc="{QUALIFIED}" xmlns:dc="{_DC}" xmlns:dcterms="{_DCTERMS}" xmlns:xsi="{_XSI}" '
        f'xsi:schemaLocation="{QUALIFIED} http://worldcat.org/xmlschemas/qdc/1.0/qdc-1.0.xsd"',
        _lines(_terms(found)),
    )


def _container(name: str, attributes: str, lines: Iterator[str]) -> bytes:
    return f"<{name} {attributes}>{''.join(lines)}</{name}>".encode()


def _lines(elements: Iterator[tuple[str, str, str]]) -> Iterator[str]:
    """Each element once, in the order it comes; the third part is a scheme for xsi:type, or empty."""
    for element, text, scheme in dict.fromkeys(elements):
        if text:
            kind = f' xsi:type="dcterms:{scheme}"' if scheme else ""
            tag = f"dc:{element}" if element in _ELEMENTS else f"dcterms:{element}"
            yield f"<{tag}{kind}>{shown(text)}</{tag}>"


def _simple(found: Description) -> Iterator[tuple[str, str, str]]:
    for element, text in _fifteen(found):
        yield element, text, ""


def _fifteen(found: Description) -> Iterator[Element]:
    yield from (("title", title.line()) for title in found.titles if title.kind in ("", "alternative", "translated"))
    yield from (("creator" if _is_creator(name) else "contributor", name.line()) for name in found.names)
    yield from (("subject", subject.line()) for subject in found.subjects)
    yield from (("subject", text) for source, text, _ in found.classes if source in _CLASS_SCHEMES)
    yield from (("description", note.text) for note in found.abstracts)
    yield from (("description", note.text) for note in found.contents)
    yield from (("description", note.text) for note in found.notes if note.kind not in _NOT_DESCRIBING)
    yield from (("publisher", agent) for made in found.publications for agent in made.agents)
    yield from (("date", date) for date in _dates(found))
    yield from (("type", kind) for kind in unique([_TYPES.get(found.kind, ""), *(text for _, text in found.genres)]))
    yield from (("format", text) for text in unique([*found.media_types, *found.extents]))
    yield from (("identifier", text) for text in _identifiers(found))
    yield from (("language", code) for code in found.languages)
    yield from (("relation", _relation(related)) for related in found.related)
    yield from (("coverage", text) for text in _places(found))
    yield from (("rights", text) for text in (*found.access, *found.rights))


def _terms(found: Description) -> Iterator[tuple[str, str, str]]:
    for title in found.titles:
        yield "alternative" if title.kind else "title", title.line(), ""
    for name in found.names:
        yield "creator" if _is_creator(name) else "contributor", name.line(), ""
    for subject in found.subjects:
        yield "subject", subject.line(), _SUBJECT_SCHEMES.get(subject.authority, "")
    for source, text, _ in found.classes:
        if source in _CLASS_SCHEMES:
            yield "subject", text, _CLASS_SCHEMES[source]
    yield from (("abstract", note.text, "") for note in found.abstracts)
    yield from (("tableOfContents", note.text, "") for note in found.contents)
    yield from (
        ("description", note.text, "") for note in found.notes if note.kind not in (*_NOT_DESCRIBING, "ownership")
    )  # fmt: skip
    yield from (("provenance", note.text, "") for note in found.notes if note.kind == "ownership")
    yield from (("publisher", agent, "") for made in found.publications for agent in made.agents)
    yield from (("issued", date, "") for date in _dates(found))
    if found.kind in _TYPES:
        yield "type", _TYPES[found.kind], "DCMIType"
    yield from (("type", text, "") for _, text in found.genres)
    yield from (("extent", text, "") for text in found.extents)
    yield from (("medium", text, "") for _, text in found.forms)
    yield from (("format", text, "IMT") for text in found.media_types)
    for text in _identifiers(found):
        yield "identifier", text, "URI" if is_uri(text) else ""
    yield from (("language", code, "ISO639-2") for code in found.languages)
    for related in found.related:
        yield _RELATIONS.get(related.kind, "relation"), _relation(related), ""
    yield from (("spatial", text, "") for text in _places(found))
    yield from (("temporal", text, "") for text in _parts(found, "temporal"))
    yield from (("audience", text, "") for text in found.audiences)
    yield from (("accessRights", text, "") for text in found.access)
    yield from (("rights", text, "") for text in found.rights)


def _is_creator(name: Name) -> bool:
    return name.primary or any(role.lower() in _AUTHORS for role in name.roles)


def _dates(found: Description) -> list[str]:
    """The coded year, or where there is none the dates as printed."""
    first, last = found.years()
    if first.isdigit():
        return [first if not last.isdigit() or last == "9999" or last == first else f"{first}-{last}"]
    return unique(made.date for made in found.publications)


def _identifiers(found: Description) -> list[str]:
    numbers = [_URN.get(number.kind, "") + number.text for number in found.identifiers if not number.invalid]
    return unique([*numbers, *(link.url for link in found.links if link.whole)])


def _relation(related: Related) -> str:
    text = ". ".join(part for part in (related.name, related.title, related.part) if part)
    if text or not related.identifiers:
        return text
    number = related.identifiers[0]
    return _URN.get(number.kind, "") + number.text


def _places(found: Description) -> list[str]:
    return unique([*_parts(found, "geographic"), *found.coverage])


def _parts(found: Description, kind: str) -> list[str]:
    return unique(text for subject in found.subjects for part, text in subject.parts if part == kind)
