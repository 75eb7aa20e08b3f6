"""UNIMARC bibliographic to a `Description`, after the UNIMARC manual's own definitions and MODS's elements.

One row a tag, as in `marc21`. Local blocks (9XX) and holdings are left out. Fields of block 4 may embed whole fields
after $1, or use subfields of their own; both are read.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.catalogue.forms.model import (
    Description,
    Identifier,
    Name,
    Note,
    Publication,
    Related,
    Subject,
    Title,
)
from gateway.catalogue.forms.text import OCLC_NUMBER, each, joined, non_sorting, trim
from library_protocols.marc import DataField, Record
from library_protocols.marc.facts import UNIMARC_100A, at

Rule = Callable[[Description, DataField], None]

# UNIMARC manual, appendix C: relator codes, to MARC relator codes; others are given as they are.
_RELATORS = {
    "005": "act", "010": "adp", "030": "arr", "070": "aut", "080": "aui", "160": "bsl", "180": "ctg", "205": "ctb",
    "220": "com", "230": "cmp", "250": "cnd", "300": "drt", "310": "dst", "340": "edt", "350": "egr", "390": "fmo",
    "440": "ill", "480": "lbt", "545": "mus", "590": "prf", "600": "pht", "610": "prt", "650": "pbl", "651": "pbd",
    "721": "sng", "727": "ths", "730": "trl",
}  # fmt: skip
# Record label, position 6, to MARC 21's leader/06 where they differ.
_KINDS = {"b": "t", "l": "m", "m": "o"}
_DATE_TYPES = {"a": "c", "b": "d", "c": "u", "d": "s", "e": "r", "f": "q", "g": "m", "h": "t", "j": "e"}
_AUDIENCES = {"a": "j", "b": "a", "c": "b", "d": "c", "e": "d", "k": "e", "m": "g"}
_SUBDIVISIONS = {"j": "genre", "x": "topic", "y": "geographic", "z": "temporal"}


def describe(record: Record) -> Description:
    """What a UNIMARC record says, with codes turned into MARC 21's where the forms speak those."""
    kind = record.leader[6]
    found = Description(
        kind=_KINDS.get(kind, kind), level=record.leader[7], control_number=record.control_number,
        changed=record.text("005").strip(),
    )  # fmt: skip
    general = record.first("100", "a")
    entered = at(general, UNIMARC_100A["entered"])
    found.entered = entered[2:] if entered.isdigit() else ""
    found.date_type = _DATE_TYPES.get(at(general, UNIMARC_100A["date_type"]), "")
    found.date1, found.date2 = at(general, UNIMARC_100A["date1"]), at(general, UNIMARC_100A["date2"])
    found.audience = _AUDIENCES.get(at(general, UNIMARC_100A["audience"])[:1], "")
    found.cataloguing_language = at(general, UNIMARC_100A["cataloguing_language"]).strip()
    for field in record.data:
        if rule := RULES.get(field.tag):
            rule(found, field)
    return found


def _title(kind: str, main: str = "a", rest: str = "e") -> Rule:
    def rule(found: Description, field: DataField) -> None:
        article, text = non_sorting(trim(field.first(main[0])) if kind == "" else joined(field, main))
        if text:
            number, part = joined(field, "h", ". "), joined(field, "i", ". ")
            found.titles.append(Title(kind, text, joined(field, rest, " : "), article, number, part))
        if kind == "":
            # Further $a are titles of other works in the same volume, $d parallel ones.
            found.titles += [Title("alternative", other) for other in (each(field, "a")[1:] + each(field, "d"))]
            if statement := joined(field, "fg", " ; "):
                found.notes.append(Note("statement of responsibility", statement))

    return rule


def name_of(field: DataField, kind: str, primary: bool = False) -> Name:
    """The name of a field 70X, 71X, 72X or of their like among subjects."""
    roles = tuple(_RELATORS.get(code, code) for code in each(field, "4"))
    if kind == "personal":
        text = ", ".join(filter(None, (joined(field, "a"), joined(field, "b"))))
        return Name(kind, text, (), joined(field, "cd"), joined(field, "f"), roles, primary)
    if kind == "corporate":
        kind = "conference" if field.indicators[0] == "1" else kind
        dates = joined(field, "def", " ; ")
        return Name(kind, joined(field, "a"), tuple(each(field, "b")), joined(field, "c"), dates, roles, primary)
    return Name(kind, joined(field, "a"), (), "", joined(field, "f"), roles, primary)


def _name(kind: str, primary: bool = False) -> Rule:
    def rule(found: Description, field: DataField) -> None:
        name = name_of(field, kind, primary)
        if name.text:
            found.names.append(name)

    return rule


def _subject(kind: str, main: str = "a") -> Rule:
    def rule(found: Description, field: DataField) -> None:
        name, parts = None, []
        if kind in ("personal", "corporate", "family"):
            name = name_of(field, kind)
            if title := joined(field, "t"):
                parts.append(("title", title))
        elif text := joined(field, main):
            parts.append((kind, text))
        parts += [
            (_SUBDIVISIONS[code], text) for code, raw in field.subfields if code in "jxyz" and (text := trim(raw))
        ]
        if parts or (name and name.text):
            found.subjects.append(Subject(field.first("2"), tuple(parts), name))

    return rule


def _uncontrolled(found: Description, field: DataField) -> None:
    found.subjects += [Subject("", (("topic", text),)) for text in each(field, "a")]


def _genre(found: Description, field: DataField) -> None:
    if text := joined(field, "ajxyz", "--"):
        found.genres.append((field.first("2"), text))


def _note(kind: str, codes: str = "a") -> Rule:
    def rule(found: Description, field: DataField) -> None:
        if text := joined(field, codes):
            found.notes.append(Note(kind, text))

    return rule


def _text_note(name: str, codes: str = "a") -> Rule:
    def rule(found: Description, field: DataField) -> None:
        if text := joined(field, codes):
            getattr(found, name).append(Note("", text))

    return rule


def _into(name: str, codes: str = "a", separator: str = " ") -> Rule:
    def rule(found: Description, field: DataField) -> None:
        if text := joined(field, codes, separator):
            getattr(found, name).append(text)

    return rule


def _imprint(found: Description, field: DataField) -> None:
    publication = Publication("publication", tuple(each(field, "a")), tuple(each(field, "c")), joined(field, "d"))
    if publication.places or publication.agents or publication.date:
        found.publications.append(publication)


def _edition(found: Description, field: DataField) -> None:
    found.edition = found.edition or joined(field, "ab")


def _frequency(found: Description, field: DataField) -> None:
    found.frequency = found.frequency or joined(field, "a")


def _languages(found: Description, field: DataField) -> None:
    for code in each(field, "a"):
        if len(code) == 3 and code.isalpha() and code.lower() not in (*found.languages, "und"):
            found.languages.append(code.lower())


def _class(authority: str, codes: str = "a") -> Rule:
    def rule(found: Description, field: DataField) -> None:
        if text := joined(field, codes):
            found.classes.append((authority or field.first("2"), text, field.first("v") if authority else ""))

    return rule


def _identifier(kind: str, invalid: str = "z") -> Rule:
    def rule(found: Description, field: DataField) -> None:
        for code, raw in field.subfields:
            if (code == "a" or code in invalid) and (text := trim(raw)):
                found.identifiers.append(Identifier(kind or field.first("2") or "local", text, code != "a"))

    return rule


def _system_number(found: Description, field: DataField) -> None:
    for text in field.all("a"):
        if match := OCLC_NUMBER.match(text):
            found.identifiers.append(Identifier("oclc", match.group(1)))


def _series(found: Description, field: DataField) -> None:
    if title := joined(field, "ahi"):
        issn = tuple(Identifier("issn", text) for text in each(field, "x"))
        found.related.append(Related("series", title, "", joined(field, "v"), issn))


def _related(kind: str) -> Rule:
    def rule(found: Description, field: DataField) -> None:
        own = DataField(field.tag, field.indicators, _embedded(field))
        numbers = [Identifier("issn", text) for text in each(own, "x")]
        numbers += [Identifier("isbn", text) for text in each(own, "y")]
        title = joined(own, "t")
        if kind == "series" and any(known.title == title for known in found.related if known.kind == "series"):
            return
        if title or numbers:
            found.related.append(Related(kind, title, joined(own, "a"), joined(own, "v"), tuple(numbers)))

    return rule


def _embedded(field: DataField) -> tuple[tuple[str, str], ...]:
    """The subfields of a linking field; those of fields embedded after $1 under the codes that mean the same."""
    if field.subfields[0][0] != "1":
        return field.subfields
    standard = {("200", "a"): "t", ("200", "v"): "v", ("011", "a"): "x", ("010", "a"): "y", ("700", "a"): "a",
                ("001", ""): "0"}  # fmt: skip
    found: list[tuple[str, str]] = []
    tag = ""
    for code, text in field.subfields:
        if code == "1":
            tag = text[:3]
        elif (tag, code) in standard:
            found.append((standard[tag, code], text))
    return tuple(found)


def _link(found: Description, field: DataField) -> None:
    found.link(field.all("u"), joined(field, "2z"), whole=field.indicators[1] != "2")
    found.media_types += each(field, "q")


def _agency(found: Description, field: DataField) -> None:
    found.agency = found.agency or field.first("b").strip()
    found.conventions += tuple(text for text in each(field, "g") if text not in found.conventions)


RULES: dict[str, Rule] = {
    "010": _identifier("isbn"),
    "011": _identifier("issn", "yz"),
    "012": _identifier("fingerprint", ""),
    "013": _identifier("ismn"),
    "015": _identifier("isrn"),
    "016": _identifier("isrc"),
    "017": _identifier(""),
    "035": _system_number,
    "071": _identifier("issue number", ""),
    "073": _identifier("ean"),
    "101": _languages,
    "200": _title(""),
    "205": _edition,
    "210": _imprint,
    "214": _imprint,
    "215": _into("extents", "acde", " ; "),
    "225": _series,
    "300": _note(""),
    "301": _note(""),
    "302": _note("language"),
    "303": _note(""),
    "304": _note(""),
    "305": _note(""),
    "307": _note(""),
    "310": _into("access"),
    "311": _note(""),
    "313": _note(""),
    "314": _note(""),
    "316": _note("ownership"),
    "317": _note("ownership"),
    "320": _note("bibliography"),
    "322": _note("creation/production credits"),
    "323": _note("performers"),
    "324": _note("original version"),
    "326": _frequency,
    "327": _text_note("contents", "abcdefghi"),
    "328": _note("thesis", "abcdet"),
    "330": _text_note("abstracts"),
    "333": _into("audiences"),
    "336": _note("system details"),
    "337": _note("system details"),
    "371": _into("rights", "abcd"),
    "410": _related("series"),
    "411": _related("series"),
    "421": _related("constituent"),
    "422": _related("host"),
    "423": _related("constituent"),
    "430": _related("preceding"),
    "431": _related("preceding"),
    "432": _related("preceding"),
    "433": _related("preceding"),
    "434": _related("preceding"),
    "435": _related("preceding"),
    "436": _related("preceding"),
    "437": _related("preceding"),
    "440": _related("succeeding"),
    "441": _related("succeeding"),
    "442": _related("succeeding"),
    "443": _related("succeeding"),
    "444": _related("succeeding"),
    "445": _related("succeeding"),
    "446": _related("succeeding"),
    "447": _related("succeeding"),
    "448": _related("succeeding"),
    "451": _related("otherVersion"),
    "452": _related("otherFormat"),
    "453": _related("otherVersion"),
    "454": _related("original"),
    "455": _related("original"),
    "456": _related("otherVersion"),
    "461": _related("host"),
    "462": _related("host"),
    "463": _related("host"),
    "464": _related("constituent"),
    "481": _related(""),
    "482": _related(""),
    "488": _related(""),
    "500": _title("uniform", "abhiklmnqrsuvw", ""),
    "503": _title("uniform", "abdefhijklmn", ""),
    "510": _title("alternative"),
    "512": _title("alternative"),
    "513": _title("alternative"),
    "514": _title("alternative"),
    "515": _title("alternative"),
    "516": _title("alternative"),
    "517": _title("alternative"),
    "518": _title("alternative"),
    "530": _title("alternative", "ab"),
    "531": _title("abbreviated", "ab"),
    "532": _title("alternative"),
    "540": _title("alternative"),
    "541": _title("translated"),
    "600": _subject("personal"),
    "601": _subject("corporate"),
    "602": _subject("family"),
    "604": _subject("title", "at"),
    "605": _subject("title", "ahiklmnqrsuw"),
    "606": _subject("topic"),
    "607": _subject("geographic"),
    "608": _genre,
    "610": _uncontrolled,
    "675": _class("udc"),
    "676": _class("ddc"),
    "680": _class("lcc", "ab"),
    "686": _class(""),
    "700": _name("personal", primary=True),
    "701": _name("personal"),
    "702": _name("personal"),
    "710": _name("corporate", primary=True),
    "711": _name("corporate"),
    "712": _name("corporate"),
    "720": _name("family", primary=True),
    "721": _name("family"),
    "722": _name("family"),
    "801": _agency,
    "856": _link,
}  # fmt: skip
"""By tag: what a field is."""
