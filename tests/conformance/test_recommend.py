"""Recommendations: from what members have to what is asked, how suppliers answer it, and what bridges the gaps."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from lxml import html
from typer.testing import CliRunner

from library_conformance.capabilities import CAPABILITIES
from library_conformance.catalogue import STANDARDS, requirements_of
from library_conformance.claims import products
from library_conformance.cli import app
from library_conformance.evidence import Subject, read_runs, subjects_of
from library_conformance.model import Level, Role
from library_conformance.recommend import (
    BRIDGE,
    KINDS,
    Fit,
    LocalSystem,
    SystemsError,
    answer,
    asked_of,
    read,
    recommendation,
)
from tests.conformance.reports import write_run

EXAMPLES = Path(__file__).parents[2] / "conformance" / "examples"
KIOSKS = """
title = "A consortium"
[[system]]
name = "Kiosks"
kind = "kiosk"
members = ["aber"]
wishes = ["hold"]
"""
HOLDS = LocalSystem("Shelves", "kiosk", ("aber",), needs=("hold", "item-maintenance"))


def subject(name: str) -> Subject:
    return Subject(products()[name].name, "", products()[name])


def write(folder: Path, text: str) -> Path:
    (folder / "systems.toml").write_text(text)
    return folder / "systems.toml"


def test_every_kind_asks_for_what_the_catalogue_has() -> None:
    for name, kind in KINDS.items():
        assert kind.standard in STANDARDS, name
        assert set(kind.needs) | set(kind.wishes) <= set(CAPABILITIES), name
        side = Role.CLIENT if kind.side.value == "client" else Role.SERVER
        there = {row.capability for row in requirements_of(kind.standard) if row.role in (side, Role.BOTH)}
        assert set(kind.needs) <= there, name


def test_requirements_follow_from_what_the_systems_need(tmp_path: Path) -> None:
    asked = {one.row.id: one for one in asked_of(read(write(tmp_path, KIOSKS)))}
    assert asked["sip2.checkout.lend"].required
    assert asked["sip2.checkout.lend"].systems == ("Kiosks",)
    assert not asked["sip2.hold.answer"].required
    assert not asked["sip2.checkout.desensitize"].required
    assert asked["sip2.frame.fixed"].required
    assert "sip2.item-update.answer" not in asked
    assert {one.row.standard for one in asked.values()} == {"sip2"}
    assert not [one for one in asked.values() if one.row.level is Level.MAY or one.row.role is Role.CLIENT]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('kind = "kiosk"', 'kind = "teapot"', "teapot"),
        ('wishes = ["hold"]', 'wishes = ["fly"]', "fly"),
        ('members = ["aber"]', "", "system Kiosks lacks members"),
        ('title = "A consortium"', "", "title"),
        ("[[system]]", "colour = 1\n[[system]]", "no such field: colour; there are title, candidates"),
        ('name = "Kiosks"', 'name = "Kiosks"\ncolour = 1', "colour"),
        (KIOSKS, "title = ", "systems.toml"),
        (KIOSKS, 'title = "x"\nsystem = []', "no \\[\\[system"),
    ],
)
def test_files_that_are_wrong_are_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(SystemsError, match=complaint):
        read(write(tmp_path, KIOSKS.replace(old, new)))


@pytest.mark.parametrize(
    ("name", "need", "fit"),
    [
        ("ex-libris/alma", "checkout", Fit.SAID),
        ("ex-libris/alma", "hold", Fit.ABSENT),
        ("ex-libris/alma", "item-maintenance", Fit.ABSENT),
        ("evergreen/evergreen", "hold", Fit.PART),
        ("koha/koha", "hold", Fit.SPOKEN),
        ("insignia/insignia", "hold", Fit.UNKNOWN),
        ("ex-libris/primo-ve", "hold", Fit.UNKNOWN),
    ],
)
def test_claims_answer_needs(name: str, need: str, fit: Fit) -> None:
    assert answer(subject(name), HOLDS, need).fit is fit


def test_what_was_seen_counts_more_than_what_was_said(tmp_path: Path) -> None:
    musts = [row.id for row in requirements_of("sip2") if row.capability == "checkout" and row.level is Level.MUST]
    write_run(tmp_path / "good", "good", rows=[(name, "ran", "so", "conforms") for name in musts])
    write_run(tmp_path / "bad", "Alma")
    alma, good = subjects_of(read_runs([tmp_path]))
    if alma.name != "Alma":
        alma, good = good, alma
    assert answer(good, HOLDS, "checkout").words == f"seen {len(musts)}/{len(musts)}"
    assert answer(alma, HOLDS, "checkout").fit is Fit.BROKEN
    assert answer(alma, HOLDS, "checkout").words == f"broken 1/{len(musts)}"


def test_the_document_names_fit_gaps_bridges_and_sources(tmp_path: Path) -> None:
    consortium = read(write(tmp_path, KIOSKS.replace("wishes", "needs")))
    text = recommendation(consortium, [subject("ex-libris/alma"), subject(BRIDGE)], "md", date(2026, 11, 23))
    assert "| Place a hold | SIP2 | not there | said " in text
    [gap] = [line for line in text.splitlines() if line.startswith("- **Place a hold**")]
    assert "no holds" in gap
    assert "The gateway bridges it (said " in gap
    assert "https://developers.exlibrisgroup.com/alma/integrations/selfcheck/sip2/" in text
    assert "read 2026-11-22" in text
    for one in asked_of(consortium):
        assert text.count(f"| `{one.row.id}` |") == 1
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)
    without = recommendation(consortium, [subject("ex-libris/alma")], "md", date(2026, 11, 23))
    assert "bridges it" not in without


def test_the_page_says_the_same_and_needs_nothing_else(tmp_path: Path) -> None:
    consortium = read(write(tmp_path, KIOSKS.replace("wishes", "needs").replace("A consortium", "A <b> & co")))
    text = recommendation(consortium, [subject("ex-libris/alma"), subject(BRIDGE)], "html", date(2028, 11, 23))
    document = html.fromstring(text)
    assert document.xpath("//h1")[0].text_content() == "A <b> & co"
    assert document.xpath("//@src | //script | //link[not(starts-with(@href, 'data:'))]") == []
    assert len(document.xpath("//td[@class='blank']")) == 2 * len(asked_of(consortium))
    assert "The gateway bridges it" in text
    assert "to be read again" in text
    for found in document.xpath("//table"):
        assert found.xpath("caption")
        assert len({len(row.xpath("th | td")) for row in found.xpath(".//tr")}) == 1


def test_the_example_of_the_demo_consortium_can_be_made(tmp_path: Path) -> None:
    consortium = read(EXAMPLES / "member-systems.toml")
    assert {system.of.standard for system in consortium.systems} == {kind.standard for kind in KINDS.values()}
    run = write_run(tmp_path / "run", "somebody's system")
    invoke = CliRunner().invoke
    common = ["recommend", "--local-systems", str(EXAMPLES / "member-systems.toml"), "--results", str(run)]
    made = invoke(
        app, [*common, "--out", str(tmp_path / "a.md"), "--supplier", "koha", "--supplier", "somebody's system"]
    )
    assert made.exit_code == 0, made.output
    assert "| need | over | Koha | somebody's system | the gateway |" in (tmp_path / "a.md").read_text("utf-8")
    assert invoke(app, [*common, "--out", str(tmp_path / "b.md")]).exit_code == 0
    names = [products()[name].name for name in consortium.candidates]
    assert f"| need | over | {' | '.join(names)} | the gateway |" in (tmp_path / "b.md").read_text("utf-8")
    assert invoke(app, [*common, "--out", str(tmp_path / "a.pdf")]).exit_code == 2
    assert invoke(app, [*common, "--out", str(tmp_path / "a.md"), "--supplier", "nobody"]).exit_code == 2


def test_the_document_in_the_repository_is_of_this_catalogue() -> None:
    """Else: `make judge`, or `library-conformance recommend` with its systems and `--results conformance/results`."""
    text = (EXAMPLES / "recommendation.md").read_text("utf-8")
    written = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert written == [one.row.id for one in asked_of(read(EXAMPLES / "member-systems.toml"))]
