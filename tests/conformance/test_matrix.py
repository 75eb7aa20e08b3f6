"""The map: what three kinds of evidence come to, the page in a browser and without its script, and its numbers."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import html
from typer.testing import CliRunner

from library_conformance.announced import Announcement, announced, in_words
from library_conformance.capabilities import CAPABILITIES
from library_conformance.catalogue import catalogue
from library_conformance.claims import Value, products
from library_conformance.cli import app
from library_conformance.evidence import (
    MEANINGS,
    EvidenceError,
    Label,
    Subject,
    judged_rows,
    label_of,
    read_runs,
    subjects_of,
)
from library_conformance.matrix import page, write
from library_conformance.model import Verdict
from tests.conformance.chromium import look
from tests.conformance.reports import write_run
from tests.conformance.test_catalogue import CAPABILITIES as LISTED
from tests.conformance.test_claims import ANNOUNCED

MADE = datetime(2026, 11, 23, 12, tzinfo=UTC)
YES, NO = Announcement(True, "said so"), Announcement(False, "said so")
STRANGER = "a system of nobody"
PRODUCTS = ("ex-libris/alma", "koha/koha", "oclc/wms", "axiell/axiell")


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    """Alma with a run, a system of which nothing is documented, and products that were not tried."""
    folder = tmp_path_factory.mktemp("runs")
    write_run(folder / "alma", "Alma", announced={"15": False, "11": True})
    write_run(folder / "other", STRANGER)
    return subjects_of(read_runs([folder]), [products()[name] for name in PRODUCTS])


@pytest.fixture(scope="module")
def written(subjects: list[Subject], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("map")
    write(subjects, folder, MADE)
    return folder / "matrix.html"


@pytest.mark.parametrize(
    ("documented", "said", "verdict", "label"),
    [
        (Value.YES, YES, Verdict.CONFORMS, Label.CONFIRMED),
        (Value.CONFIGURABLE, None, Verdict.CONFORMS, Label.CONFIRMED),
        (Value.YES, YES, Verdict.DEVIATES, Label.BROKEN_CLAIM),
        (Value.UNKNOWN, YES, Verdict.DEVIATES, Label.BROKEN_CLAIM),
        (Value.YES, NO, Verdict.CONFORMS, Label.UNDER_ANNOUNCED),
        (Value.NO, NO, Verdict.CONFORMS, Label.UNDOCUMENTED),
        (Value.UNKNOWN, NO, Verdict.CONFORMS, Label.UNDOCUMENTED),
        (Value.UNKNOWN, None, Verdict.CONFORMS, Label.UNDOCUMENTED),
        (Value.YES, None, Verdict.NONE, Label.CLAIMED_ONLY),
        (Value.UNKNOWN, YES, Verdict.NONE, Label.ANNOUNCED_ONLY),
        (Value.NO, NO, Verdict.DEVIATES, Label.ABSENT_AS_STATED),
        (Value.NO, None, Verdict.PERMITTED, Label.ABSENT_AS_STATED),
        (Value.UNKNOWN, NO, Verdict.PERMITTED, Label.ABSENT_AS_STATED),
        (Value.NO, None, Verdict.NONE, Label.STATED_ABSENT),
        (Value.UNKNOWN, NO, Verdict.NONE, Label.STATED_ABSENT),
        (Value.DISPUTED, None, Verdict.NONE, Label.DISPUTED),
        (Value.UNKNOWN, None, Verdict.DEVIATES, Label.DEVIATES),
        (Value.UNKNOWN, None, Verdict.DISCOURAGED, Label.DISCOURAGED),
        (Value.YES, None, Verdict.DISCOURAGED, Label.BROKEN_CLAIM),
        (Value.UNKNOWN, None, Verdict.PERMITTED, Label.NOT_OFFERED),
        (Value.YES, None, Verdict.UNSAFE, Label.UNSAFE),
        (Value.YES, None, Verdict.UNDECIDED, Label.UNDECIDED),
        (Value.YES, None, Verdict.INFORMATIONAL, Label.TOLD),
        (Value.UNKNOWN, None, Verdict.NONE, Label.UNKNOWN),
    ],
)
def test_three_kinds_of_evidence_come_to_one_label(
    documented: Value, said: Announcement | None, verdict: Verdict, label: Label
) -> None:
    assert label_of(documented, said, verdict) is label


def test_every_label_has_a_sign_and_a_meaning_and_every_capability_has_words() -> None:
    assert set(MEANINGS) == set(Label)
    assert len({meaning for _, meaning in MEANINGS.values()}) == len(Label)
    assert set(CAPABILITIES) == set(LISTED)


def test_runs_join_the_product_they_are_called_after(subjects: list[Subject]) -> None:
    assert [one.name for one in subjects[:2]] == ["Alma", STRANGER]
    assert [one.name for one in subjects[2:]] == ["Koha", "WMS", "Axiell systems"]
    rows, alma, stranger = catalogue(), subjects[0], subjects[1]
    labels = {name: (alma.cell(rows[name]).label, stranger.cell(rows[name]).label) for name in (
        "sip2.checkout.lend", "sip2.checkout.due", "sip2.hold.answer", "sip2.hold.place", "sip2.frame.nul",
        "sip2.checkout.title",
    )}  # fmt: skip
    assert labels == {
        "sip2.checkout.lend": (Label.CONFIRMED, Label.UNDOCUMENTED),
        "sip2.checkout.due": (Label.BROKEN_CLAIM, Label.DEVIATES),
        "sip2.hold.answer": (Label.ABSENT_AS_STATED, Label.DEVIATES),
        "sip2.hold.place": (Label.STATED_ABSENT, Label.UNKNOWN),
        "sip2.frame.nul": (Label.NOT_OFFERED, Label.NOT_OFFERED),
        "sip2.checkout.title": (Label.CLAIMED_ONLY, Label.UNKNOWN),
    }


def test_the_last_run_of_a_standard_counts(tmp_path: Path) -> None:
    write_run(
        tmp_path / "b", "one", rows=[("sip2.hold.answer", "ran", "old", "deviates")], started="2026-01-01T00:00:00"
    )
    write_run(
        tmp_path / "a", "one", rows=[("sip2.hold.answer", "ran", "new", "conforms")], started="2026-02-01T00:00:00"
    )
    [subject] = subjects_of(read_runs([tmp_path]))
    assert subject.cell(catalogue()["sip2.hold.answer"]).verdict is Verdict.CONFORMS


def test_the_worst_of_several_probes_counts(tmp_path: Path) -> None:
    rows = [("sip2.hold.answer", "ran", word, verdict) for word, verdict in
            (("a", "conforms"), ("b", "deviates"), ("c", "informational"))]  # fmt: skip
    [subject] = subjects_of(read_runs([write_run(tmp_path / "a", "one", rows=rows)]))
    cell = subject.cell(catalogue()["sip2.hold.answer"])
    assert (cell.verdict, len(cell.observed)) == (Verdict.DEVIATES, 3)


def test_numbers_say_of_how_many_and_what_is_unknown(subjects: list[Subject]) -> None:
    rows = [row for row in judged_rows() if row.capability == "checkout"]
    alma, stranger, empty = subjects[0].tally(rows), subjects[1].tally(rows), subjects[-1].tally(rows)
    sip2 = [row for row in rows if row.standard == "sip2" and row.role.value != "client"]
    assert stranger.must == sum(row.level.value == "must" for row in sip2)
    assert (stranger.must_met, stranger.broken, stranger.tried) == (1, 1, True)
    counted = [row for row in sip2 if row.level.value in ("must", "should")]
    assert stranger.unknown == len(counted) - 3
    assert alma.must_claimed > 0
    assert (empty.must, empty.unknown, empty.tried) == (0, 0, False)


def test_what_is_said_not_to_be_there_is_counted_apart_from_the_unknown(subjects: list[Subject]) -> None:
    tally = subjects[0].tally(
        row for row in judged_rows() if row.capability == "item-maintenance" and row.standard == "sip2"
    )
    assert (tally.absent, tally.unknown) == (3, 0)


def test_transcripts_are_shown_from_their_beginning(subjects: list[Subject]) -> None:
    [look_] = subjects[1].cell(catalogue()["sip2.checkout.lend"]).observed
    assert look_.lines[:3] == ("connect", "→ 9900002.00", "← b5 80 00 01")
    assert (len(look_.lines), look_.lines[-1]) == (9, "…")


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "results": []}', '{"format": 1, "results": []}'])
def test_results_of_another_form_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(EvidenceError):
        read_runs([tmp_path])
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvidenceError, match="no results"):
        read_runs([tmp_path / "empty"])


def test_the_page_needs_nothing_but_itself(written: Path) -> None:
    document = html.fromstring(written.read_text("utf-8"))
    assert document.xpath("//@src | //link[not(starts-with(@href, 'data:'))] | //iframe | //object") == []
    style = "".join(document.xpath("//style/text()"))
    assert re.findall(r"url\(|@import|@font-face", style) == []
    assert "fetch(" not in (script := "".join(document.xpath("//script/text()")))
    assert "http" not in script


def test_every_link_inside_leads_somewhere_and_no_id_is_there_twice(written: Path) -> None:
    document = html.fromstring(written.read_text("utf-8"))
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    inside = {link[1:] for link in document.xpath("//a/@href") if link.startswith("#")}
    assert inside - set(ids) == {"-"}


def test_every_cell_has_its_headers_and_says_in_words_what_its_sign_means(
    written: Path, subjects: list[Subject]
) -> None:
    document = html.fromstring(written.read_text("utf-8"))
    for table in document.xpath("//table"):
        assert table.xpath("caption")
        assert len(table.xpath("thead/tr/th[@scope='col']")) == len(subjects) + 1
        for row in table.xpath("tbody/tr"):
            assert len(row.xpath("th[@scope='row']")) == 1
            assert len(row.xpath("td")) == len(subjects)
    marks = document.xpath("//section[@id='map']//a[contains(@class, 'k ')]")
    assert len(marks) > 100
    assert all(re.fullmatch(r".+: [a-z ,-]+", mark.get("aria-label")) for mark in marks)
    rows = document.xpath("//section[@id='map']//tbody/tr/@id")
    assert sorted(rows) == sorted(f"r-{row.id}" for row in judged_rows())


def test_what_a_subject_said_cannot_become_part_of_the_page(written: Path) -> None:
    assert "<script>alert(1)" not in written.read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in written.read_text("utf-8")


def test_the_evidence_of_a_cell_names_sources_days_and_transcript(written: Path) -> None:
    document = html.fromstring(written.read_text("utf-8"))
    [link] = document.xpath("//tr[@id='r-sip2.checkout.lend']/td[1]/a/@href")
    piece = " ".join(document.get_element_by_id(link[1:]).text_content().split())
    for words in (
        "confirmed", "Documented: yes", "Announced: yes", "98, BX: 11 Y", "Observed: conforms", "read 2026-11-22",
        "9900002.00", "transcripts/first.jsonl",
    ):  # fmt: skip
        assert words in piece
    assert document.get_element_by_id(link[1:]).xpath(
        ".//a[starts-with(@href, 'https://developers.exlibrisgroup.com')]"
    )


@pytest.mark.parametrize("standard", ANNOUNCED)
def test_what_each_standard_announces_is_in_its_cells_and_beside_its_run(standard: str, tmp_path: Path) -> None:
    said = announced(standard, ANNOUNCED[standard])
    rows = [row for row in judged_rows() if row.standard == standard]
    run = write_run(tmp_path / "run", STRANGER, standard, rows=[(rows[0].id, "ran", "so", "conforms")],
                    announced=ANNOUNCED[standard])  # fmt: skip
    document = html.fromstring(page(subjects_of(read_runs([run])), rows, MADE))
    for prefix, one in said.items():
        name = next(row.id for row in rows if row.id.startswith(prefix))
        [link] = document.xpath(f"//tr[@id='r-{name}']/td/a/@href")
        piece = " ".join(document.get_element_by_id(link[1:]).text_content().split())
        assert f"Announced: {'yes' if one.offered else 'no'} {one.words}" in piece
    beside = document.xpath("//details[summary='what it announced']/ul/li/text()")
    assert beside == in_words(ANNOUNCED[standard])


def test_a_page_without_runs_and_without_products_can_be_made() -> None:
    assert "requirements of" in page([], judged_rows(), MADE)


def test_what_was_read_long_ago_is_said_to_be_read_again(subjects: list[Subject]) -> None:
    assert "to be read again" not in page(subjects[:1], judged_rows(), MADE)
    assert "to be read again" in page(subjects[:1], judged_rows(), datetime(2028, 6, 1, tzinfo=UTC))


def test_the_json_says_the_same(written: Path, subjects: list[Subject]) -> None:
    document = json.loads((written.parent / "matrix.json").read_text("utf-8"))
    assert len(document["requirements"]) == len(judged_rows())
    cells = {row["id"]: row["cells"] for row in document["requirements"]}
    assert cells["sip2.checkout.due"]["Alma"]["label"] == "broken claim"
    assert cells["sip2.hold.answer"]["Alma"]["announced"] == {"offered": False, "words": "98, BX: 15 N"}
    assert cells["sip2.hold.answer"]["Alma"]["claims"][0]["source"]["retrieved"] == "2026-11-22"
    assert {one["name"] for one in document["subjects"]} == {one.name for one in subjects}


def test_the_command_writes_all_forms_and_refuses_what_is_unknown(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", STRANGER)
    invoke = CliRunner().invoke
    made = invoke(app, ["matrix", str(run), "--out", str(tmp_path / "map"), "--supplier", "koha", "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["subjects"] == 2
    assert {path.name for path in (tmp_path / "map").iterdir()} == {
        "matrix.html", "matrix.json", "matrix.csv", "evidence.csv", "junit.xml",
    }  # fmt: skip
    assert invoke(app, ["matrix", "--out", str(tmp_path / "x"), "--supplier", "nobody"]).exit_code == 2
    assert invoke(app, ["matrix", str(tmp_path / "none"), "--out", str(tmp_path / "x")]).exit_code == 2
    assert not (tmp_path / "x").exists()


WAIT = "const wait = (ms) => new Promise((done) => setTimeout(done, ms));"
PRESS = (
    "const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));"
)


def test_filters_work_in_a_browser(written: Path, tmp_path: Path) -> None:
    told = look(written, WAIT + """
        const shown = () => document.querySelectorAll('#map tbody tr:not([hidden])').length;
        const form = document.getElementById('filters'), told = {all: shown(), form: form.hidden};
        const tick = async (name, value, on) => {
            const box = form.querySelector(`input[name=${name}][value="${value}"]`);
            box.checked = on; box.dispatchEvent(new Event('input', {bubbles: true})); await wait(300);
        };
        await tick('standard', 'sip2', false); told.without = shown(); await tick('standard', 'sip2', true);
        await tick('level', 'must', false); told.advised = shown(); await tick('level', 'must', true);
        await tick('subject', '0', false);
        told.column = [...document.querySelectorAll('.c0')].filter((one) => one.offsetParent).length;
        await tick('subject', '0', true);
        const find = document.getElementById('find');
        find.value = 'sip2.hold.answer'; find.dispatchEvent(new Event('input', {bubbles: true})); await wait(300);
        told.found = shown(); told.count = document.getElementById('count').textContent;
        find.value = ''; const show = document.getElementById('show');
        show.value = 'bad'; show.dispatchEvent(new Event('input', {bubbles: true})); await wait(300);
        told.bad = shown();
        form.reset(); await wait(300); told.again = shown();
        document.getElementById('open').click();
        told.open = document.querySelectorAll('details.cap:not([open])').length;
        return told;""", tmp_path)  # fmt: skip
    rows = judged_rows()
    assert told == {
        "all": len(rows), "form": False, "without": sum(row.standard != "sip2" for row in rows),
        "advised": sum(row.level.value != "must" for row in rows), "column": 0, "found": 1,
        "count": f"1 of {len(rows)} requirements", "bad": 3, "again": len(rows), "open": 0,
    }  # fmt: skip


def test_evidence_opens_and_closes_by_keyboard(written: Path, tmp_path: Path) -> None:
    told = look(written, WAIT + PRESS + """
        const told = {}, mark = document.querySelector('#r-sip2\\\\.checkout\\\\.lend td.c0 a.k');
        mark.closest('details').open = true; mark.focus(); mark.click(); await wait(200);
        const piece = document.querySelector('.piece:target');
        told.open = getComputedStyle(piece).display; told.focus = document.activeElement === piece;
        press('Escape'); await wait(200);
        told.shut = document.querySelector('.piece:target') === null; told.back = document.activeElement === mark;
        press('ArrowDown'); told.down = document.activeElement.closest('tr').id;
        press('ArrowRight'); told.right = document.activeElement.closest('td').className;
        const find = document.getElementById('find');
        find.value = 'sip2.checkout.lend'; find.dispatchEvent(new Event('input', {bubbles: true})); await wait(300);
        mark.click(); await wait(200);
        const other = document.querySelector('.piece:target ul.others a'); told.other = other.getAttribute('href');
        other.focus(); other.click(); await wait(300);
        told.there = document.activeElement.closest('tr').id; told.seen = document.activeElement.offsetParent !== null;
        return told;""", tmp_path)  # fmt: skip
    assert told == {
        "open": "block", "focus": True, "shut": True, "back": True, "down": "r-sip2.checkout.due", "right": "c1",
        "other": "#r-ncip.check-out.answer", "there": "r-ncip.check-out.answer", "seen": True,
    }  # fmt: skip


def test_a_number_of_the_overview_leads_to_its_requirements(written: Path, tmp_path: Path) -> None:
    told = look(written, WAIT + "await wait(200); const part = document.getElementById('cap-hold');"
                "return [part.open, Math.abs(part.getBoundingClientRect().top) < innerHeight];",
                tmp_path, at="#cap-hold")  # fmt: skip
    assert told == [True, True]


def test_without_its_script_everything_is_there_and_evidence_opens(written: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub(r"<script>.*?</script>", "", written.read_text("utf-8"), flags=re.DOTALL), encoding="utf-8")
    told = look(bare, WAIT + """
        const mark = document.querySelector('#r-sip2\\\\.checkout\\\\.lend td.c0 a.k');
        mark.closest('details').open = true; mark.click(); await wait(200);
        const piece = document.querySelector('.piece:target'), open = getComputedStyle(piece).display;
        piece.querySelector('.shut a').click(); await wait(200);
        return [document.getElementById('filters').hidden, document.querySelectorAll('#map tbody tr').length, open,
                document.querySelector('.piece:target')];""", tmp_path)  # fmt: skip
    assert told == [True, len(judged_rows()), "block", None]


def test_on_a_narrow_screen_only_tables_scroll_sideways(written: Path, tmp_path: Path) -> None:
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<!doctype html><body><iframe id="f" src="{written.as_uri()}" width="400" height="800"></iframe></body>'
    )
    told = look(frame, """
        const inside = document.getElementById('f').contentWindow;
        inside.document.querySelector('details.cap').open = true;
        return [inside.innerWidth, inside.document.scrollingElement.scrollWidth];""",
        tmp_path, "--allow-file-access-from-files")  # fmt: skip
    assert told[0] == 400
    assert told[1] <= 400


def test_colours_are_told_apart_from_their_ground(written: Path, tmp_path: Path) -> None:
    """WCAG 2 asks for 4.5 to 1, in both schemes."""
    script = (
        WAIT
        + """
        const channel = (c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
        const parse = (c) => c.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
        const ground = (one) => {
            const c = parse(getComputedStyle(one).backgroundColor);
            return c.length < 4 || c[3] > 0 || !one.parentElement ? c : ground(one.parentElement);
        };
        document.querySelectorAll('details').forEach((one) => { one.open = true; });
        const poor = new Set();
        document.querySelectorAll('a, p, b, i, small, code, dt, dd, h2, h3, .k, .st, .q, .x, .std').forEach((one) => {
            if (!one.offsetParent || !one.textContent.trim()) return;
            const [a, b] = [light(parse(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
            if ((a + .05) / (b + .05) < 4.5) poor.add(`${one.tagName}.${one.className}`);
        });
        return [matchMedia('(prefers-color-scheme: dark)').matches, [...poor]];"""
    )
    assert look(written, script, tmp_path) == [False, []]
    assert look(written, script, tmp_path, "--blink-settings=preferredColorScheme=0") == [True, []]
