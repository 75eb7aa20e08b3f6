"""What several standards ask for alike: the links lead somewhere, both ways, and are shown to people."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from lxml import html

from library_conformance import catalogue as books
from library_conformance.catalogue import CatalogueError, catalogue, same
from library_conformance.evidence import judged_rows, read_runs, subjects_of
from library_conformance.matrix import page
from library_conformance.model import Role, Status
from library_conformance.results import compose
from library_conformance.statement import statement
from tests.conformance.reports import write_run

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
SERVERS = {Role.SERVER, Role.BOTH}


def test_relations_lead_to_rows_that_hold_and_back_again() -> None:
    rows = catalogue()
    for name, group in same().items():
        row = rows[name]
        assert row.status is not Status.WITHDRAWN, name
        assert set(row.related) == set(group.requirements) - {name}
        assert all(name in rows[other].related for other in row.related), name
        assert len({rows[other].role in SERVERS for other in group.requirements}) == 1, f"{name}: sides are mixed"
    assert {name for name, row in rows.items() if row.related} == set(same())


def test_every_group_says_in_its_own_words_what_it_is() -> None:
    groups = set(same().values())
    assert len({group.what for group in groups}) == len(groups) > 80
    assert all(len(group.requirements) > 1 and not group.what.endswith(".") for group in groups)


@pytest.mark.parametrize(
    ("groups", "complaint"),
    [
        ([("sip2.renew.renew", "ncip.renew.nowhere")], "no such requirement: ncip.renew.nowhere"),
        ([("sip2.renew.renew", "sip2.renew.refuse")], "one row a standard"),
        ([("sip2.renew.renew", "ncip.renew.answer"), ("sip2.renew.renew", "lcf.loan.renew")], "in two groups"),
    ],
)
def test_groups_that_are_wrong_are_refused(
    groups: list[tuple[str, ...]], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in files(books).iterdir():
        if file.name.endswith(".toml"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    text = "".join(f'[[same]]\nwhat = "{number}"\nrequirements = {list(one)}\n' for number, one in enumerate(groups))
    (tmp_path / "related.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(books, "files", lambda _: tmp_path)
    for cached in (books.catalogue, books.same):
        cached.cache_clear()
    try:
        with pytest.raises(CatalogueError, match=complaint):
            catalogue()
    finally:
        for cached in (books.catalogue, books.same):
            cached.cache_clear()


def test_a_cell_shows_what_the_same_subject_does_by_other_standards(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "one", rows=[("sip2.renew.renew", "ran", "renewed", "conforms")])
    write_run(tmp_path / "b", "one", "ncip", rows=[("ncip.renew.answer", "ran", "refused", "deviates")])
    write_run(tmp_path / "c", "two", rows=[("sip2.renew.renew", "ran", "renewed", "conforms")])
    document = html.fromstring(page(subjects_of(read_runs([tmp_path])), judged_rows(), STARTED))
    cells = document.xpath("//tr[@id='r-sip2.renew.renew']/td/a/@href")
    one, two = (" ".join(document.get_element_by_id(cell[1:]).text_content().split()) for cell in cells)
    assert "The same by other standards: A loan is renewed ✗ NCIP: deviates" in one
    assert "two is not known to speak another standard that has it" in two
    [also] = document.xpath("//tr[@id='r-sip2.renew.renew']/th//span[@class='also']")
    assert also.text_content() == "also by NCIP, BIC LCF"
    assert also.xpath("a/@href") == ["#r-ncip.renew.answer", "#r-lcf.loan.renew"]


def test_a_statement_names_the_same_in_other_standards() -> None:
    assert "Also: `ncip.renew.answer`, `lcf.loan.renew`." in statement([compose("sip2", "a system", STARTED, [])])
