"""Loading a member's rules from TOML: whole or not at all, once, in force at once, and out again as the same file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.canonical.refusals import Refusal
from gateway.config import ConfigError, MemberConfig, TerminalConfig
from gateway.demo import rules as demo
from gateway.demo.consortium import MEMBERS, DemoMember
from gateway.importing.rules import Change, export_rules, import_rules
from gateway.importing.rules_model import read_rules, write_rules
from gateway.importing.rules_text import described
from gateway.store.effects import Delete, Effect, Insert
from gateway.store.port import Store
from gateway.store.rows import (
    ClosedDayRow,
    ItemTypeRow,
    LoanRuleRow,
    LocationRow,
    MemberStateRow,
    PatronCategoryRow,
)
from tests.gateway.platforms.reference.library import Library, hold, item, loan, location, patron, rule

KINDS = (LocationRow, ClosedDayRow, PatronCategoryRow, ItemTypeRow, LoanRuleRow, MemberStateRow)
ALPHA = MemberConfig(code="alpha", name="Alpha", main_location="MAIN")

WHOLE = """
[locations.MAIN]
name = "Main library"
closed_weekdays = ["sunday", "saturday"]
opens = "09:00"
closes = "20:00"

[locations.STACK]
name = "The stack \\"below\\""
kind = "shelving"
parent = "MAIN"
pickup = false

[categories.UG]
label = "Undergraduate"
max_loans = 10
max_fees = 12.5

[item_types.BOOK]
label = "Book"
replacement_cost = 20
processing_fee = "5.00"

[[closed_days]]
day = 2026-12-25
reason = "Christmas Day"

[[closed_days]]
from = 2026-08-01
to = 2026-08-03
location = "STACK"

[[loan_rules]]
id = "books"
item_type = "BOOK"
period = "3 weeks"
fixed_due = 2027-06-30
max_loans = 8
renewals = "unlimited"
renew_from = "due"
overdue = { fee = 0.20, per = "day", grace = 1, ceiling = 10 }
rental = 1.05

[[loan_rules]]
id = "none"
loanable = false
"""


@pytest.fixture
def bare(store: Store) -> Library:
    """A store that has never heard of the member."""
    return Library(store)


async def everything(library: Library) -> list[object]:
    return [row for kind in KINDS for row in await library.rows(kind)]


async def load(library: Library, source: Path, *, prune: bool = False, dry_run: bool = False) -> list[Change]:
    return await import_rules(library.store, ALPHA, source, prune=prune, dry_run=dry_run)


async def exported(library: Library, file: Callable[..., Path], member: MemberConfig = ALPHA) -> Path:
    rules = await export_rules(library.store, member)
    return file(write_rules(rules, member.name, member.currency), "exported.toml")


async def test_a_file_makes_a_member(bare: Library, file: Callable[..., Path]) -> None:
    changes = await load(bare, file(WHOLE))
    assert {change.action for change in changes} == {"add"}
    state = await bare.row(MemberStateRow)
    assert (state.policy_version, state.change_position) == (1, 0)
    assert await bare.rows(LocationRow) == [
        LocationRow("alpha", "MAIN", "MAIN", "Main library", "library", None, True, "67", 540, 1200),
        LocationRow("alpha", "STACK", "STACK", 'The stack "below"', "shelving", "MAIN", False, "", 0, 1440),
    ]
    assert await bare.rows(PatronCategoryRow) == [
        PatronCategoryRow("alpha", "UG", "Undergraduate", 10, None, None, 1250, None)
    ]
    assert await bare.rows(ItemTypeRow) == [ItemTypeRow("alpha", "BOOK", "Book", "book", 2000, 500)]
    assert [(row.location, row.day, row.reason) for row in await bare.rows(ClosedDayRow)] == [
        ("*", "2026-12-25", "Christmas Day"),
        *(("STACK", f"2026-08-0{day}", "") for day in (1, 2, 3)),
    ]
    assert await bare.row(LoanRuleRow, id="books") == LoanRuleRow(
        member="alpha",
        id="books",
        patron_category="*",
        item_type="BOOK",
        location="*",
        loanable=True,
        period=3,
        period_unit="week",
        fixed_due_on="2027-06-30",
        max_loans=8,
        max_renewals=None,
        renew_from="due",
        holdable=True,
        hold_shelf_days=7,
        recallable=True,
        recall_minimum_days=7,
        overdue_fee=20,
        overdue_unit="day",
        overdue_grace=1,
        overdue_ceiling=1000,
        rental_fee=105,
    )


async def test_the_same_file_again_changes_nothing(bare: Library, file: Callable[..., Path]) -> None:
    source = file(WHOLE)
    await load(bare, source)
    before = await everything(bare)
    for prune in (False, True):
        assert await load(bare, source, prune=prune) == []
    assert await load(bare, await exported(bare, file), prune=True) == []
    assert await everything(bare) == before


@pytest.mark.parametrize("member", MEMBERS[:2], ids=lambda member: member.code)
async def test_the_demo_s_rules_go_out_and_in_again(
    member: DemoMember, store: Store, file: Callable[..., Path]
) -> None:
    config = MemberConfig(code=member.code, name="Demo", main_location=member.main_location)
    rows = [
        *demo.locations(member),
        *demo.closed_days(member, date(2026, 3, 2)),
        *demo.categories(member),
        *demo.item_types(member),
        *demo.loan_rules(member),
    ]
    await store.apply(member.code, [Insert(MemberStateRow(member.code, 1, 0)), *map(Insert, rows)])
    library = Library(store)
    source = await exported(library, file, config)
    assert await import_rules(store, config, source, prune=True) == []
    # The file alone makes the same rows once more, where there are none.
    found = {kind: await library.rows(kind, member.code) for kind in KINDS[:-1]}
    await store.apply(member.code, [Delete(row) for kind in found for row in found[kind]])
    assert await import_rules(store, config, source) != []
    assert {kind: await library.rows(kind, member.code) for kind in KINDS[:-1]} == found


async def test_what_changed_is_told_and_written_once(bare: Library, file: Callable[..., Path]) -> None:
    await load(bare, file(WHOLE))
    text = WHOLE.replace('"3 weeks"', '"28 days"').replace("max_loans = 10\n", "").replace("Christmas Day", "Nadolig")
    text = text.replace("fee = 0.20", "fee = 0.25").replace("closed_weekdays", "pickup = false\n#")
    source = file(text + "[item_types.FILM]\nlabel = 'Film'\nreplacement_cost = 15\nprocessing_fee = 0\n")
    before = await everything(bare)
    planned = await load(bare, source, dry_run=True)
    assert await everything(bare) == before
    assert list(described(planned, dry_run=True)) == [
        "~ locations.MAIN",
        "    pickup: true -> false",
        '    closed_weekdays: ["saturday", "sunday"] -> []',
        "~ categories.UG",
        "    max_loans: 10 -> not set",
        '+ item_types.FILM  label = "Film", media_type = "book", replacement_cost = 15.00, processing_fee = 0.00',
        "~ closed_days.2026-12-25",
        '    reason: "Christmas Day" -> "Nadolig"',
        "~ loan_rules.books",
        '    period: "3 weeks" -> "28 days"',
        '    overdue: { fee = 0.20, per = "day", grace = 1, ceiling = 10.00 }'
        ' -> { fee = 0.25, per = "day", grace = 1, ceiling = 10.00 }',
        "1 new, 4 changed. Nothing is written: a dry run.",
    ]
    assert await load(bare, source) == planned
    assert (await bare.row(MemberStateRow)).policy_version == 2
    assert (await bare.row(LoanRuleRow, id="books")).version == 2
    assert (await bare.row(LoanRuleRow, id="none")).version == 1
    assert (await bare.row(ClosedDayRow, location="*")).reason == "Nadolig"
    assert (await bare.row(PatronCategoryRow)).max_loans is None


async def test_a_running_platform_takes_the_new_rules_with_its_next_command(
    library: Library, stores: Callable[[], Awaitable[Store]], file: Callable[..., Path]
) -> None:
    lent = await library.lend("x", "ann")
    assert lent.loan.due == datetime(2026, 3, 16, 23, 59, 59, tzinfo=UTC)
    source = await exported(library, file)
    source.write_text(source.read_text().replace('"14 days"', '"2 days"'))
    await import_rules(await stores(), ALPHA, source)
    again = await library.lend("y.1", "ann")
    assert again.loan.due == datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC)
    source.write_text(source.read_text().replace("loanable = true", "loanable = false"))
    await import_rules(await stores(), ALPHA, source)
    assert isinstance(await library.lend("y.2", "bob"), Refusal)


async def test_what_only_the_store_has_goes_when_asked_and_unused(library: Library, file: Callable[..., Path]) -> None:
    await library.add(
        location("ANNEX"), ClosedDayRow("alpha", "ANNEX", "2026-05-01", "Moving"), rule(id="old", location="ANNEX")
    )
    source = await exported(library, file)
    text = source.read_text()
    kept = text[: text.index("[locations.")] + text[text.index('[locations."BRANCH"]') :]
    kept = kept[: kept.index("[[closed_days]]")] + kept[kept.index("[[loan_rules]]") :]
    kept = kept[: kept.index('[[loan_rules]]\nid = "old"')] + kept[kept.index('[[loan_rules]]\nid = "standard"') :]
    source.write_text(kept)
    before = await everything(library)
    told = await load(library, source)
    assert [(change.action, change.table, change.name) for change in told] == [
        ("keep", "locations", "ANNEX"),
        ("keep", "closed_days", "2026-05-01 at ANNEX"),
        ("keep", "loan_rules", "old"),
    ]
    assert await everything(library) == before
    gone = await load(library, source, prune=True)
    assert [(change.action, change.name) for change in gone] == [
        ("delete", "ANNEX"),
        ("delete", "2026-05-01 at ANNEX"),
        ("delete", "old"),
    ]
    assert [row.code for row in await library.rows(LocationRow)] == ["BRANCH", "MAIN"]
    assert await library.rows(ClosedDayRow) == []
    assert [row.id for row in await library.rows(LoanRuleRow)] == ["standard"]


async def test_nothing_in_use_is_deleted(library: Library, file: Callable[..., Path]) -> None:
    places = ("HOME", "HERE", "THERE", "LIB", "SHELF", "LENT")
    await library.add(
        *map(location, places),
        item("z", bib_id="x", permanent_location="HOME", current_location="HERE", destination="THERE"),
        patron("dai", home_library="LIB"),
        hold("x", "ann", 1, pickup_location="SHELF"),
        hold("y", "ann", 1, pickup_location="BRANCH", closed_at=2),
        loan("x", "bob", 1, 2, location="LENT", status="lost"),
        loan("y.1", "bob", 1, 2, location="BRANCH", status="returned", returned_at=2),
    )
    before = await everything(library)
    terminals = {"k": TerminalConfig(login="k", location="BRANCH")}
    member = ALPHA.model_copy(update={"terminals": terminals})
    with pytest.raises(ConfigError) as refused:
        await import_rules(library.store, member, file("", "rules.toml"), prune=True)
    assert await everything(library) == before
    assert sorted((p.key, p.message.removeprefix("cannot be deleted: ")) for p in refused.value.problems) == [
        ("categories.UG", "category of patrons (4)"),
        ("item_types.BOOK", "item type of items (4)"),
        ("loan_rules.standard", "rule of open loans (1)"),
        ("locations.BRANCH", "the configuration names it for the terminal k"),
        ("locations.HERE", "current location of items (1)"),
        ("locations.HOME", "permanent location of items (1)"),
        ("locations.LENT", "location of open loans (1)"),
        ("locations.LIB", "home library of patrons (1)"),
        ("locations.MAIN", "current location of items (3)"),
        ("locations.MAIN", "permanent location of items (3)"),
        ("locations.MAIN", "the configuration names it for main_location"),
        ("locations.SHELF", "pickup location of open holds (1)"),
        ("locations.THERE", "destination of items (1)"),
    ]


WRONG = """
[locations.MAIN]
nmae = "Main"
closed_weekdays = ["sundae"]
opens = "9:00"

[locations."A|B"]
name = "Bar"

[categories.UG]
label = "Undergraduate"
max_fees = 10.005
max_loans = true

[item_types.BOOK]
label = "Book"
replacement_cost = -1
processing_fee = "1,50"

[[closed_days]]
from = 2026-12-25

[[closed_days]]
from = 2026-12-25
to = 2026-12-24

[[loan_rules]]
id = "books"
item_tpye = "BOOK"
period = "3 fortnights"
renewals = -1
overdue = { fee = inf, per = "week", celing = 3 }

[[loan_rules]]
id = "unsaid"
"""


async def test_everything_wrong_with_a_file_is_told_at_once(bare: Library, file: Callable[..., Path]) -> None:
    source = file(WRONG, "rules.toml")
    with pytest.raises(ConfigError) as refused:
        await load(bare, source)
    assert await everything(bare) == []
    problems = {problem.key: problem for problem in refused.value.problems}
    assert {problem.file for problem in problems.values()} == {str(source)}
    assert set(problems) == {
        "locations.MAIN.name", "locations.MAIN.nmae", "locations.MAIN.closed_weekdays.0", "locations.MAIN.opens",
        "locations.A|B", "categories.UG.max_fees", "categories.UG.max_loans", "item_types.BOOK.replacement_cost",
        "item_types.BOOK.processing_fee", "closed_days.0", "closed_days.1", "loan_rules.books.item_tpye",
        "loan_rules.books.period", "loan_rules.books.renewals", "loan_rules.books.overdue.fee",
        "loan_rules.books.overdue.per", "loan_rules.books.overdue.celing", "loan_rules.unsaid",
    }  # fmt: skip
    assert problems["locations.MAIN.nmae"].hint == "did you mean 'name'?"
    assert problems["loan_rules.books.item_tpye"].hint == "did you mean 'item_type'?"
    assert problems["loan_rules.books.overdue.celing"].hint == "did you mean 'ceiling'?"
    assert problems["categories.UG.max_fees"].message == "10.005 is no amount: write it as 2.50 (GBP)"
    assert "`period` and `renewals`" in problems["loan_rules.unsaid"].message


NOWHERE = (
    WHOLE.replace('parent = "MAIN"', 'parent = "MIAN"').replace('item_type = "BOOK"', 'item_type = "BOKO"')
    + """
[locations.RING]
name = "Ring"
parent = "RING"

[[closed_days]]
from = 2026-12-24
to = 2026-12-26
location = "*"

[[closed_days]]
day = 2026-12-24
location = "STAKC"

[[loan_rules]]
id = "all"
patron_category = "ug"
period = "1 day"
renewals = 0

[[loan_rules]]
id = "neither"
loanable = false

[[loan_rules]]
id = "none"
location = "STACK"
loanable = false
"""
)


async def test_what_leads_nowhere_is_refused(bare: Library, file: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError) as refused:
        await load(bare, file(NOWHERE))
    assert await everything(bare) == []
    assert {(problem.key, problem.message, problem.hint) for problem in refused.value.problems} == {
        ("locations.STACK.parent", "there is no location 'MIAN'", "did you mean 'MAIN'?"),
        ("locations.RING.parent", "leads back to this location", ""),
        ("loan_rules.books.item_type", "there is no item type 'BOKO'", "did you mean 'BOOK'?"),
        ("loan_rules.all.patron_category", "there is no patron category 'ug'", ""),
        ("closed_days.2", "2026-12-25 stands twice in the file", ""),
        ("closed_days.3.location", "there is no location 'STAKC'", "did you mean 'STACK'?"),
        ("loan_rules.neither", "fits exactly what 'none' fits: one would never be used", ""),
        ("loan_rules.none", "stands twice in the file", ""),
    }


async def test_a_part_of_the_rules_may_refer_to_what_the_store_has(library: Library, file: Callable[..., Path]) -> None:
    days = file("[[closed_days]]\nday = 2026-05-04\nlocation = 'BRANCH'\n")
    assert [change.name for change in await load(library, days) if change.action == "add"] == ["2026-05-04 at BRANCH"]
    renamed = file("[[loan_rules]]\nid = 'other'\nloanable = false\n")
    with pytest.raises(ConfigError, match=r"exactly what 'standard' fits.*`--prune`"):
        await load(library, renamed)


async def test_rows_that_say_the_same_otherwise_are_left_alone(library: Library, file: Callable[..., Path]) -> None:
    await library.add(
        location("TOWN", id="l-2", opens_minute=0, closes_minute=0),
        location("STACK", parent="l-2"),
        ClosedDayRow("alpha", "l-2", "2026-05-04", ""),
        rule(id="free", item_type="BOOK", period=1, overdue_fee=0, overdue_grace=3, overdue_unit="hour"),
    )
    before = await everything(library)
    source = await exported(library, file)
    assert 'parent = "TOWN"' in source.read_text()
    assert "at TOWN" in str([c.name for c in await load(library, file("", "empty.toml"))])
    assert await load(library, source, prune=True) == []
    assert await everything(library) == before


async def test_money_has_the_places_of_its_currency(store: Store, file: Callable[..., Path]) -> None:
    yen = ALPHA.model_copy(update={"currency": "JPY"})
    source = file("[item_types.BOOK]\nlabel = 'Book'\nreplacement_cost = 2000\nprocessing_fee = 0\n")
    await import_rules(store, yen, source)
    assert (await Library(store).row(ItemTypeRow)).replacement_cost == 2000
    assert "replacement_cost = 2000\n" in (await exported(Library(store), file, yen)).read_text()


@pytest.mark.parametrize("content", ["[locations", b"\xff", 'locations = "MAIN"', "a = " + "[" * 5000])
async def test_a_file_that_is_no_file_of_rules(content: str | bytes, file: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError):
        read_rules(file(content), "GBP")


async def test_any_words_come_out_as_they_went_in(bare: Library, file: Callable[..., Path]) -> None:
    words = 'Tŷ \\ "x"\t\x7f\U0001f4da [#]'
    await bare.add(MemberStateRow("alpha", 1, 0), location("Ä.1 b", name=words))
    read = read_rules(await exported(bare, file), "GBP")
    assert read.locations["Ä.1 b"].name == words


async def test_two_files_at_once_are_taken_one_after_the_other(
    bare: Library, stores: Callable[[], Awaitable[Store]], file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(bare, file(WHOLE))
    mine, other = await stores(), await stores()
    apply = mine.apply
    theirs = file(WHOLE.replace("max_loans = 10", "max_loans = 11"), "theirs.toml")

    async def late(member: str, effects: list[Effect]) -> None:
        monkeypatch.setattr(mine, "apply", apply)
        await import_rules(other, ALPHA, theirs)
        await apply(member, effects)

    monkeypatch.setattr(mine, "apply", late)
    changes = await import_rules(mine, ALPHA, file(WHOLE.replace('"Book"', '"Llyfr"'), "mine.toml"))
    assert [(change.table, list(change.settings)) for change in changes] == [
        ("categories", ["max_loans"]),
        ("item_types", ["label"]),
    ]
    assert (await bare.row(PatronCategoryRow)).max_loans == 10
    assert (await bare.row(MemberStateRow)).policy_version == 3
