"""Languages in the letters of ISO 639-2: what is written is of the list that libraries use, both lists are read."""

from __future__ import annotations

import pytest

from gateway.crosswalks.languages import ISO_639_2, iso_639_2, tag_of


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("cy", "wel"),
        ("cy-GB", "wel"),
        ("en", "eng"),
        ("fr", "fre"),
        ("de", "ger"),
        ("xx", None),
        ("", None),
        (None, None),
    ],
)
def test_the_bibliographic_code_is_written(tag: str | None, code: str | None) -> None:
    assert iso_639_2(tag) == code


@pytest.mark.parametrize(
    ("code", "tag"),
    [("wel", "cy"), ("CYM", "cy"), (" eng ", "en"), ("cy", "cy"), ("ENGLISH", None), ("", None), ("zzz", None)],
)
def test_both_lists_are_read(code: str, tag: str | None) -> None:
    assert tag_of(code) == tag


def test_what_goes_out_comes_back() -> None:
    for tag in set(ISO_639_2.values()):
        code = iso_639_2(tag)
        assert code is not None
        assert tag_of(code) == tag
