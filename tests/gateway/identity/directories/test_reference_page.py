"""docs/reference/directories.md says what the tables of the program say."""

from __future__ import annotations

import pytest

from gateway.identity.directories.line import Answer
from gateway.identity.directories.port import Verdict
from gateway.identity.directories.profiles import PROFILES, Profile
from gateway.identity.directories.verdicts import verdict
from library_protocols.ldap.facts.active_directory import BIND_REASONS
from tests.sources import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/reference/directories.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|")
]


def row(first: str) -> list[str]:
    return next(cells for cells in ROWS if cells[0].startswith(first))


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_makes(profile: Profile) -> None:
    _, key, changed, others, lock = row(f"`{profile.name}`")
    assert key.startswith(f"`{profile.key}`")
    assert changed == f"`{profile.changed}`"
    assert {word.strip("` ") for word in others.split(",")} == (
        profile.deltas - {"none", "modify-timestamp"} or {"none"}
    )
    assert (f"`{profile.lock}`" in lock) == bool(profile.lock)


def test_every_reason_that_means_something_stands_in_one_row() -> None:
    sub_codes = PROFILES["active-directory"].sub_codes
    told = {
        code: cells[1] for cells in ROWS if cells[0].startswith("49 with") for code in sub_codes if code in cells[0]
    }
    assert told == {code: str(means) for code, means in sub_codes.items()}
    assert set(told) <= set(BIND_REASONS)


@pytest.mark.parametrize(("first", "codes"), [("0", [0]), ("32, 34, 48", [32, 34, 48]), ("389-ds: 19, 53", [19, 53])])
def test_result_codes(first: str, codes: list[int]) -> None:
    profile = PROFILES["389-ds" if first.startswith("389") else "openldap"]
    said = row(first)[1].partition(":")[0].split(", ")
    meant = [verdict(profile, Answer(code), {}) for code in codes]
    assert meant == [Verdict(word) for word in (said if len(said) == len(codes) else said * len(codes))]


def test_every_delta_is_described() -> None:
    deltas = {delta for profile in PROFILES.values() for delta in profile.deltas} - {"none"}
    assert {cells[0].strip("`") for cells in ROWS if cells[0].strip("`") in deltas} == deltas
