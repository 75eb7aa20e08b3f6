"""The tables: widths typed again by hand, and nothing in one table that another does not know."""

from __future__ import annotations

from collections import Counter

import pytest

from library_protocols.sip2 import FIELDS, MESSAGES, TABLES
from library_protocols.sip2.facts import SOURCES

# Typed from the standard, not derived: characters of each message's fixed part.
WIDTHS = {
    "93": 2, "94": 1, "99": 8, "98": 34, "23": 21, "24": 35, "63": 31, "64": 59, "35": 18, "36": 19, "11": 38,
    "12": 22, "09": 37, "10": 22, "29": 38, "30": 22, "65": 18, "66": 27, "17": 18, "18": 24, "19": 18, "20": 19,
    "25": 18, "26": 35, "15": 19, "16": 20, "37": 25, "38": 19, "01": 19, "97": 0, "96": 0,
}  # fmt: skip
ANSWERS = {
    "93": "94", "99": "98", "23": "24", "63": "64", "35": "36", "11": "12", "09": "10", "29": "30", "65": "66",
    "17": "18", "19": "20", "25": "26", "15": "16", "37": "38", "01": "24",
}  # fmt: skip
REQUIRED = {
    "93": "CN CO", "98": "AO BX", "23": "AO AA AC AD", "24": "AO AA AE", "63": "AO AA", "64": "AO AA AE", "35": "AO AA",
    "36": "AO AA", "11": "AO AA AB AC", "12": "AO AA AB AJ AH", "09": "AP AO AB AC", "10": "AO AB AQ", "29": "AO AA",
    "30": "AO AA AB AJ AH", "65": "AO AA", "66": "AO", "17": "AO AB", "18": "AB AJ", "19": "AO AB CH", "20": "AB",
    "25": "AO AA", "26": "AO AA AE", "15": "AO AA", "16": "AO AA", "37": "BV AO AA", "38": "AO AA", "01": "AO AL AA AC",
    "94": "", "99": "", "96": "", "97": "",
}  # fmt: skip
STANDARD_FIELDS = [
    "AA", "AB", "AC", "AD", "AE", "AF", "AG", "AH", "AJ", "AL", "AM", "AN", "AO", "AP", "AQ", "AS", "AT",
    "AU", "AV", "AY", "AZ", "BD", "BE", "BF", "BG", "BH", "BI", "BK", "BL", "BM", "BN", "BO", "BP", "BQ",
    "BR", "BS", "BT", "BU", "BV", "BW", "BX", "BY", "BZ", "CA", "CB", "CC", "CD", "CF", "CG", "CH", "CI",
    "CJ", "CK", "CL", "CM", "CN", "CO", "CP", "CQ",
]  # fmt: skip
FIXED_LENGTHS = {
    "AY": 1, "AZ": 4, "BH": 3, "BI": 1, "BL": 1, "BO": 1, "BT": 2, "BW": 18, "BY": 1, "BZ": 4, "CA": 4, "CB": 4,
    "CI": 1, "CJ": 18, "CK": 3, "CM": 18, "CQ": 1,
}  # fmt: skip


def test_fixed_parts_are_as_wide_as_the_standard_has_them() -> None:
    assert {code: fact.width for code, fact in MESSAGES.items()} == WIDTHS


def test_who_answers_what() -> None:
    assert {code: " ".join(fact.answers) for code, fact in MESSAGES.items() if fact.answers} == ANSWERS
    for code, fact in MESSAGES.items():
        assert fact.sender == ("SC" if code in ANSWERS or code == "97" else "ACS")


def test_required_fields() -> None:
    assert {code: " ".join(fact.required) for code, fact in MESSAGES.items()} == REQUIRED


def test_which_messages_change_something() -> None:
    assert {code for code, fact in MESSAGES.items() if fact.command} == set("11 09 29 65 15 19 25 37 01".split())  # noqa: SIM905


def test_standard_fields_are_all_there_and_marked() -> None:
    assert [code for code, fact in FIELDS.items() if fact.origin == "SIP 2.00"] == STANDARD_FIELDS
    assert {code: fact.max_length for code, fact in FIELDS.items() if fact.exact} == FIXED_LENGTHS


def test_secret_and_personal_fields() -> None:
    assert {code for code, fact in FIELDS.items() if fact.secret} == {"AC", "AD", "CO"}
    personal = {code for code, fact in FIELDS.items() if fact.personal}
    assert {"AA", "AE", "BD", "BE", "BF", "PB", "BC", "CY", "DA"} <= personal
    assert not personal & {"AB", "AJ", "AO", "CN", "AH"}


def test_codes_and_names_are_unique() -> None:
    for table in (FIELDS, MESSAGES):
        assert all(code == fact.code for code, fact in table.items())
        names = Counter(fact.name for fact in table.values())
        assert names.most_common(1)[0][1] == 1
    for table in TABLES.values():
        codes = Counter(row.code for row in table.rows)
        assert codes.most_common(1)[0][1] == 1, table.name


def test_no_orphans() -> None:
    used_fields = {code for fact in MESSAGES.values() for code in fact.required + fact.optional}
    assert used_fields <= set(FIELDS)
    standard = {code for code, fact in FIELDS.items() if fact.origin == "SIP 2.00"}
    assert standard - used_fields == {"AY", "AZ"}
    tables = {fact.table for fact in FIELDS.values()} | {
        item.table for fact in MESSAGES.values() for item in fact.fixed
    }
    assert tables - {None} == set(TABLES)


def test_every_row_names_a_known_source() -> None:
    rows = [*FIELDS.values(), *MESSAGES.values(), *(row for table in TABLES.values() for row in table.rows)]
    rows += [item for fact in MESSAGES.values() for item in fact.fixed]
    for row in rows:
        assert row.clause.split()[0] in SOURCES, row
        assert row.clause


@pytest.mark.parametrize(
    ("table", "rows"),
    [("supported_messages", 16), ("patron_status", 14), ("circulation_status", 14), ("language", 28),
     ("media_type", 11), ("fee_type", 9), ("security_marker", 4), ("hold_type", 4), ("alert_type", 7)],
)  # fmt: skip
def test_sizes_of_code_tables(table: str, rows: int) -> None:
    assert len(TABLES[table].rows) == rows


# Typed from the standard: code or position and the name programs use, in order.
NAMES = {
    "circulation_status": "00 unknown 01 other 02 on_order 03 available 04 charged 05 charged_not_to_be_recalled "
    "06 in_process 07 recalled 08 on_hold_shelf 09 to_be_reshelved 10 in_transit 11 claimed_returned 12 lost "
    "13 missing",
    "security_marker": "00 other 01 none 02 tattle_tape 03 whisper_tape",
    "media_type": "000 other 001 book 002 magazine 003 bound_journal 004 audio_tape 005 video_tape 006 cd "
    "007 diskette 008 book_with_diskette 009 book_with_cd 010 book_with_audio_tape",
    "fee_type": "01 other 02 administrative 03 damage 04 overdue 05 processing 06 rental 07 replacement "
    "08 computer_access 09 hold_fee",
    "payment_type": "00 cash 01 visa 02 credit_card 05 cheque 06 write_off",
    "hold_type": "1 other 2 any_copy 3 specific_copy 4 any_copy_at_one_branch",
    "hold_mode": "+ add - delete * change",
    "sc_status": "0 ok 1 out_of_paper 2 shutting_down",
    "alert_type": "00 unknown 01 hold_here 02 hold_elsewhere 03 interlibrary_loan 04 transfer 98 data_problem 99 other",
    "summary": "0 hold_items 1 overdue_items 2 charged_items 3 fine_items 4 recall_items 5 unavailable_holds "
    "6 fee_items",
    "patron_status": "0 charge_denied 1 renewal_denied 2 recall_denied 3 hold_denied 4 card_lost 5 too_many_charged "
    "6 too_many_overdue 7 too_many_renewals 8 too_many_claims_returned 9 too_many_lost 10 excessive_fines "
    "11 excessive_fees 12 recall_overdue 13 too_many_billed",
    "supported_messages": "0 23 1 11 2 09 3 01 4 99 5 97 6 93 7 63 8 35 9 37 10 17 11 19 12 25 13 15 14 29 15 65",
}


@pytest.mark.parametrize("name", NAMES)
def test_codes_mean_what_the_standard_says(name: str) -> None:
    words = NAMES[name].split()
    assert {row.code: row.name for row in TABLES[name].rows} == dict(zip(words[::2], words[1::2], strict=True))


def test_positions_are_counted_from_zero_without_gap() -> None:
    for table in TABLES.values():
        if table.positional:
            assert [row.code for row in table.rows] == [str(n) for n in range(len(table.rows))]


def test_supported_messages_name_messages() -> None:
    for row in TABLES["supported_messages"].rows:
        assert row.name in MESSAGES


def test_repeatable_fields() -> None:
    assert set(MESSAGES["64"].repeatable) == {"AF", "AG", "AS", "AT", "AU", "AV", "BU", "CD"}
    assert set(MESSAGES["66"].repeatable) == {"AF", "AG", "BM", "BN"}
    assert MESSAGES["11"].repeatable == ()
    for fact in MESSAGES.values():
        assert all(FIELDS[code].repeatable for code in fact.repeatable)


def test_describing_values() -> None:
    assert TABLES["circulation_status"].describe("08") == "waiting on the hold shelf"
    assert TABLES["circulation_status"].describe("77") == ""
    assert TABLES["patron_status"].describe("Y   Y") == "charge privileges denied, card reported lost"
    assert TABLES["patron_status"].describe(" " * 14) == "none"
