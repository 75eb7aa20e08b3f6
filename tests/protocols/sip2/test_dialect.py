"""A dialect refuses what a codec could not work with."""

from __future__ import annotations

import pytest

from library_protocols.sip2 import Dialect
from library_protocols.sip2.dialect import switches


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoding": "klingon"},
        {"encoding": "utf-16"},
        {"encoding": "utf-8-sig"},
        {"encoding": "iso2022_jp"},
        {"encoding": "cp037"},
        {"encoding": "base64"},
        {"delimiter": ""},
        {"delimiter": "||"},
        {"delimiter": "A"},
        {"delimiter": "\r"},
        {"delimiter": " "},
        {"delimiter": "ŵ"},
        {"terminator": "CRCR"},
        {"error_detection": "sometimes"},
        {"date_zone": "Z"},
        {"delimiter_substitute": "|"},
        {"unmappable_substitute": "ŵ"},
        {"protocol_version": "2.0"},
        {"max_field_length": 5},
        {"max_field_length": -1},
        {"max_message": 10},
    ],
)
def test_what_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Dialect(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["cp850", "utf-8", "ascii", "latin-1", "cp1252", "big5", "cp932", "cp1255"])
def test_charsets_of_the_field(encoding: str) -> None:
    assert Dialect(encoding=encoding).encoding == encoding


def test_every_switch_says_why_it_exists() -> None:
    rows = switches()
    assert len(rows) == 13
    for name, default, why in rows:
        assert getattr(Dialect(), name) == default
        assert len(why) > 40
