"""The real files: what is readable is read, the rest is refused with place and reason, differences are explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

import pymarc
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.marc import (
    REPAIRS,
    Cutter,
    MarcError,
    Parsed,
    from_marcxml,
    read,
    to_marcxml,
    write_iso2709,
)
from library_protocols.marc.marcxml import read_marcxml

# All that cannot be read: broken tags in XML, records cut off at the end of a file, a record without a field, and one
# byte that stands behind the last record of a file.
REFUSED = {
    "marc-perl__marc-record_t_badldr.usmarc.mrc": 1,
    "bibdata2__BADXML__spec_fixtures_mms_id_array.xml": 3,
    "processing-marc__BADXML__files_not-well-formed.xml": 1,
    "trln__BADXML__spec_data_nccu_open_access_restricted_edu.xml": 1,
    "xbib__src_test_resources_org_xbib_marc_zdblokutf8.mrc": 1,
    "xbib__src_test_resources_org_xbib_marc_zdbtitutf8.mrc": 1,
    "yaz__marc4.xml": 1,
}


class One(NamedTuple):
    file: str
    offset: int
    data: bytes
    is_xml: bool
    parsed: Parsed


def _outcome(data: bytes) -> Parsed | MarcError:
    try:
        return read(data)
    except MarcError as error:
        return error


@pytest.fixture(scope="module")
def corpus(shared_data: Callable[[str], Path]) -> tuple[list[One], Counter[str]]:
    """Every record that can be read, and how many could not, by file."""
    found: list[One] = []
    refused: Counter[str] = Counter()
    for path in sorted(shared_data("marc").iterdir()):
        if path.suffix == ".tsv":
            continue
        cutter = Cutter()
        for cut in (*cutter.feed(path.read_bytes()), *cutter.close()):
            parsed = MarcError(0, cut.problem) if cut.problem else _outcome(cut.data)
            if isinstance(parsed, Parsed):
                found.append(One(path.name, cut.offset, cut.data, cutter.source == "marcxml", parsed))
                continue
            assert 0 <= cut.offset + parsed.offset <= path.stat().st_size
            assert parsed.reason
            refused[path.name] += 1
    return found, refused


def test_everything_readable_is_read(corpus: tuple[list[One], Counter[str]]) -> None:
    found, refused = corpus
    assert len(found) > 13_000
    assert refused == REFUSED


def test_as_many_records_as_the_manifest_counts(
    corpus: tuple[list[One], Counter[str]], shared_data: Callable[[str], Path]
) -> None:
    found, refused = corpus
    counted = Counter(one.file for one in found) + refused
    rows = [line.split("\t") for line in shared_data("marc/MANIFEST.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    differing = {row[0]: (int(row[1]), counted[row[0]]) for row in rows if int(row[1]) != counted[row[0]]}
    # The manifest counts what a parser of the whole file found before the damage; here damage costs one record.
    del differing["marc-perl__marc-record_t_badldr.usmarc.mrc"]
    assert all("BADXML" in name and ours > theirs for name, (theirs, ours) in differing.items())


def test_every_repair_is_one_of_the_table(corpus: tuple[list[One], Counter[str]]) -> None:
    repairs = Counter(repair.code for one in corpus[0] for repair in set(one.parsed.repairs))
    assert repairs.keys() <= REPAIRS.keys()
    whole = sum(not one.parsed.repairs for one in corpus[0])
    assert whole > 10_000, repairs
    formats, encodings = (
        Counter(one.parsed.format for one in corpus[0]),
        Counter(one.parsed.encoding for one in corpus[0]),
    )
    assert formats["unimarc"] > 3000 < formats["marc21"]
    assert encodings["marc-8"] > 1300
    assert {"utf-8", "ascii", "cp1252", "cp1251"} < encodings.keys()


def test_the_files_in_cp1251_are_recognised(corpus: tuple[list[One], Counter[str]]) -> None:
    russian = [one.parsed for one in corpus[0] if one.file == "pymarc__test_1251.dat"]
    assert {parsed.encoding for parsed in russian} == {"cp1251"}
    assert russian[0].record.first("245", "a") == "Основы гидравлического расчета инженерных сетей"


def test_marcxml_is_valid_and_comes_back(
    corpus: tuple[list[One], Counter[str]], shared_data: Callable[[str], Path]
) -> None:
    schema = etree.XMLSchema(etree.parse(str(shared_data("schemas/marc/MARC21slim.xsd"))))
    for number, one in enumerate(corpus[0]):
        xml = to_marcxml(one.parsed.record)
        assert from_marcxml(xml) == one.parsed.record, one[:2]
        # Nearly all of the time goes into the schema: all that was repaired, and every tenth of the others.
        if one.parsed.repairs or number % 10 == 0:
            assert schema.validate(etree.fromstring(xml)), (one[:2], schema.error_log.last_error)
            assert read_marcxml(xml).record == one.parsed.record, one[:2]


def difference(one: One) -> str:
    """Why the octets written are not those read: a category, checked to be the reason; empty for identical ones."""
    parsed = one.parsed
    claim = "utf-8" if one.data.lstrip()[9:10] == b"a" else "marc-8"
    charset = parsed.encoding if parsed.encoding in ("utf-8", "marc-8", "iso-5426") else claim
    if parsed.format == "unimarc" and charset == "marc-8":
        charset = "utf-8"
    written = write_iso2709(parsed.record, charset, parsed.format)
    if written.data == one.data:
        return ""
    if parsed.repairs:
        return "repaired in reading"
    if written.changes:
        return "characters the set lacks"
    if written.data[:23] + written.data[24:] == one.data[:23] + one.data[24:]:
        return "last position of the entry map"
    again = read(written.data, format=parsed.format)
    if again.record.data != list(parsed.record.data) or again.record.control != parsed.record.control:
        return "unexplained"
    return "other escape sequences" if charset == "marc-8" else _in_unimarc_100(one, written.data)


def _in_unimarc_100(one: One, written: bytes) -> str:
    """The claim of 100$a: four positions of one field, in records of one length."""
    differing = [at for at, (old, new) in enumerate(zip(one.data, written, strict=True)) if old != new and at > 23]
    in_claim = one.parsed.format == "unimarc" and len(differing) <= 4 and differing[-1] - differing[0] < 4
    return "claim of UNIMARC 100$a" if in_claim else "unexplained"


def test_round_trips_are_byte_identical_or_explained(corpus: tuple[list[One], Counter[str]]) -> None:
    categories = Counter(difference(one) for one in corpus[0] if not one.is_xml)
    assert {category for category in categories if category.startswith("unexplained")} == set()
    assert categories[""] > 0.7 * categories.total(), categories


def test_exact_are_those_that_are_written_octet_for_octet_as_they_came(
    corpus: tuple[list[One], Counter[str]],
) -> None:
    told: Counter[tuple[str, bool]] = Counter()
    for one in corpus[0]:
        kept = from_marcxml(to_marcxml(one.parsed.record))
        same = write_iso2709(kept, "utf-8", one.parsed.format).data == one.data
        assert same or not one.parsed.exact, one[:2]
        told[one.parsed.format, one.parsed.exact] += same
    assert told["marc21", True] > 2000
    assert told["unimarc", True] > 100
    # Unusual ones, which only the long way of reading takes, are not looked at again.
    assert told["marc21", False] + told["unimarc", False] < 0.01 * told.total(), told


def _by_pymarc(one: One) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    record = pymarc.Record(data=one.data, to_unicode=True, force_utf8=one.parsed.encoding == "utf-8")
    for field in record.fields:
        if field.is_control_field():
            yield field.tag, [("", field.data or "")]
        else:
            yield field.tag + "".join(field.indicators or ()), [(part.code, part.value) for part in field.subfields]


def _plain(text: str) -> str:
    # pymarc drops the marks of what does not sort, and leaves references as they are.
    return normalize("NFC", text.replace("\x98", "").replace("\x9c", ""))


def _comparable(fields: Iterable[tuple[str, list[tuple[str, str]]]], one: One) -> list[object]:
    # A record is text here: the claim of UNIMARC's 100$a says so, whatever it said before.
    own = "100" if one.parsed.format == "unimarc" else ""
    return [
        (head, [(code, _plain(text)) for code, text in parts]) for head, parts in fields if head[:3] != own
    ]  # fmt: skip


def test_sound_records_are_read_as_pymarc_reads_them(
    corpus: tuple[list[One], Counter[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.write", lambda _: 0)
    compared = 0
    for one in corpus[0][::3]:
        if one.is_xml or one.parsed.repairs or one.parsed.encoding == "iso-5426" or b"&#x" in one.data:
            continue
        if one.parsed.encoding == "marc-8" and b"\x1b)" in one.data:
            continue  # pymarc takes the two characters that designate ANSEL for one
        record = one.parsed.record
        ours = [(tag, [("", text)]) for tag, text in record.control]
        ours += [(field.tag + field.indicators, list(field.subfields)) for field in record.data]
        assert _comparable(ours, one) == _comparable(_by_pymarc(one), one), one[:2]
        compared += 1
    assert compared > 2000
