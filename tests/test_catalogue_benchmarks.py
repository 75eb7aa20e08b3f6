"""What the catalogue's benchmarks stand on: questions that find something, answers that are read rightly, Zebra's
stylesheets that take every field of the index map, or what Koha's do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from gateway.catalogue.index_map import INDEXES
from library_protocols.marc import read, to_marcxml
from library_protocols.z3950 import PresentResponse, SearchResponse, encode, parse_pqf
from tests.benchmarks import page, questions, scale, zebra, zebra_koha
from tests.benchmarks.corpus import corpus
from tests.benchmarks.searchers import numbers

_NAMESPACE = "{http://indexdata.com/zebra-2.0}"


def test_questions_are_different_and_of_all_kinds() -> None:
    made = questions.questions(400, 300)
    assert len({one.pqf for one in made}) == len(made) == 300
    assert {one.kind for one in made} == set(questions.KINDS)
    for one in made:
        parse_pqf(one.pqf)


def test_questions_for_records_use_frequent_words() -> None:
    records = 400
    titles = [read(one).record.first("245", "a").lower() for one in corpus().records(0, records)]
    made = questions.questions(records, 20, ("word",), common=True)
    assert made
    for one in made:
        word = one.cql.rpartition(" ")[2]
        assert sum(word in title for title in titles) >= questions.PAGE


def test_what_an_answer_counts_is_read_without_the_codec() -> None:
    found = SearchResponse(
        result_count=1234, number_of_records_returned=0, next_result_set_position=1, search_status=True
    )
    shown = PresentResponse(number_of_records_returned=10, next_result_set_position=11, present_status=0)
    assert numbers(encode(found))[0x97] == 1234
    assert numbers(encode(shown))[0x98] == 10
    # presentResponse [25] and records [28] of indefinite length, as YAZ writes them
    assert numbers(bytes.fromhex("b980 98010a 99010b 9b0100 bc80 0000 0000"))[0x98] == 10


def test_zebra_indexes_the_fields_of_the_index_map() -> None:
    transform = etree.XSLT(etree.fromstring(zebra._stylesheet().encode()))
    record = read(corpus().record(5)).record
    made = transform(etree.fromstring(to_marcxml(record))).getroot()
    values: dict[str, list[str]] = {}
    for index in made.iter(f"{_NAMESPACE}index"):
        for name in index.get("name").split():
            values.setdefault(name, []).append(index.text or "")
    assert made.get(f"{_NAMESPACE}id") == record.text("001")
    assert values["control:w"] == [record.text("001")]
    assert [text.strip() for text in values["isbn:p"]] == [record.first("020", "a")]
    (title,) = record.fields("245")
    assert [text.strip() for text in values["title:s"]] == [" ".join(title.all("abfgknps"))]
    assert values["title:s"][0] in values["title:w"]
    assert set(title.all("abfgknps")) <= set(values["title:p"])
    assert record.first("245", "a") in values["any:w"]
    known = {name for name, index in INDEXES.items() if index.marc21}
    assert {name.partition(":")[0] for name in values} <= known


_LINKED = """<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 a 4500</leader>
<controlfield tag="001">7</controlfield><controlfield tag="008">990101s1998    xxu                 eng d</controlfield>
<datafield tag="100" ind1="1" ind2=" "><subfield code="a">Jones, Ann</subfield><subfield code="d">1950-</subfield>
</datafield>
<datafield tag="521" ind1="8" ind2=" "><subfield code="a">900</subfield></datafield>
<datafield tag="880" ind1="1" ind2="0"><subfield code="6">245-01</subfield><subfield code="a">Teitl</subfield>
</datafield>
</record>"""


def test_zebra_indexes_what_koha_has_it_index() -> None:
    linked = etree.XSLT(etree.fromstring(zebra_koha.LINKED.encode()))
    transform = etree.XSLT(etree.fromstring(zebra_koha.stylesheet().encode()))
    made = transform(linked(etree.fromstring(_LINKED.encode()))).getroot()
    values: dict[str, list[str]] = {}
    for index in made.iter(f"{_NAMESPACE}index"):
        for name in index.get("name").split():
            values.setdefault(name, []).append(index.text or "")
    assert made.get(f"{_NAMESPACE}id") == "7"
    assert values["author:w"] == values["author:s"] == ["Jones, Ann", "Jones, Ann 1950-"]
    assert values["author:0"] == ["Jones, Ann"]
    assert values["date:n"] == ["1998"]
    assert values["language:w"] == ["eng"]
    assert values["lexile:n"] == ["900"]
    assert "interest_age:n" not in values
    assert values["title:w"] == ["Teitl", "Teitl"]
    assert {"7", "1950-", "Teitl"} < set(values["any:w"])


def test_the_rules_are_as_many_as_kohas() -> None:
    rules = zebra_koha.rules()
    names = [name for rule in rules for name in rule.names.split()]
    assert (len(rules), len(names), len(zebra_koha.rules(zebra_koha.COUNTED))) == (284, 560, 14)
    assert len({name.partition(":")[0] for name in names}) == 145
    asked = {index for index, row in INDEXES.items() if {4, 7, 21, 1003, 1016}.intersection(row.bib1)}
    assert asked <= zebra_koha.indexes()


def test_a_smaller_run_does_not_replace_a_larger_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(page, "write", lambda: None)
    monkeypatch.setattr(scale, "measure", lambda folder, records: folder.mkdir() or {"records": records})

    def kept() -> int:
        return json.loads((tmp_path / "results/scale.json").read_text("utf-8"))["figures"]["records"]

    for records, expected in ((50, 50), (70, 70), (60, 70)):
        scale.main(["--records", str(records), "--folder", str(tmp_path)])
        assert kept() == expected


def test_a_run_goes_on_behind_the_steps_that_are_done(tmp_path: Path) -> None:
    scale.Steps(tmp_path).put("index", {"seconds": 2.5})
    again = scale.Steps(tmp_path)
    assert again.get("index") == {"seconds": 2.5}
    assert again.get("settled") is None
