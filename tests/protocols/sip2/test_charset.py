"""Text in every charset a kiosk may speak: nothing raises, nothing breaks a field, Welsh survives on UTF-8."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_protocols.sip2 import Dialect, decode_text, encode_text, printable

ENCODINGS = ["cp850", "utf-8", "ascii", "latin-1", "cp1252", "cp932", "big5", "gb18030", "cp1253", "cp1255"]


@pytest.mark.parametrize(
    ("encoding", "text", "octets"),
    [
        # Welsh: kept on UTF-8, else the letters without their hats; CP850 has â but neither ŵ nor ŷ.
        ("utf-8", "Ŵy a dŵr, tŷ'r gân", "Ŵy a dŵr, tŷ'r gân".encode()),
        ("cp850", "Ŵy a dŵr, tŷ'r gân", b"Wy a dwr, ty'r g\x83n"),
        ("ascii", "Ŵy a dŵr, tŷ'r gân", b"Wy a dwr, ty'r gan"),
        # A letter and a combining hat are one letter where the charset has it.
        ("cp850", "ga\u0302n", b"g\x83n"),
        ("ascii", "ga\u0302n", b"gan"),
        # Typography.
        ("ascii", "“It’s” – fine…", b'"It\'s" - fine...'),
        ("cp1252", "“It’s” – fine…", b"\x93It\x92s\x94 \x96 fine\x85"),
        ("ascii", "ﬁne ﬂow", b"fine flow"),
        ("ascii", "£2.50 €3", b"GBP2.50 EUR3"),
        # Letters without decomposition, other alphabets.
        ("ascii", "Straße, Øre, Łódź, Œuvre, Þór", b"Strasse, Ore, Lodz, OEuvre, Thor"),
        ("ascii", "Война и мир", b"Voina i mir"),
        ("ascii", "Щука Ящерица подъезд", b"Shchuka Iashcheritsa podezd"),
        ("ascii", "Ἰλιάς", b"Ilias"),
        # Nothing near it.
        ("ascii", "漢字", b"??"),
        # Soft hyphens and joiners stand for nothing.
        ("ascii", "co\u00adop\u200d", b"coop"),
    ],
)
def test_the_nearest_octets(encoding: str, text: str, octets: bytes) -> None:
    assert encode_text(text, Dialect(encoding=encoding)) == octets


def test_substituting_straight_away() -> None:
    dialect = Dialect(encoding="ascii", transliterate=False, unmappable_substitute=" ")
    assert encode_text("tŷ 漢", dialect) == b"t   "


def test_delimiters_and_controls_in_text() -> None:
    assert encode_text("a|b\r\nc\td\0e\x7f\x85f", Dialect(encoding="utf-8")) == b"a b  c def"
    assert encode_text("a|b", Dialect(delimiter_substitute="")) == b"ab"
    assert encode_text("a|b^c", Dialect(delimiter="^", delimiter_substitute="/")) == b"a|b/c"


@pytest.mark.parametrize(("encoding", "character"), [("cp932", "ポ"), ("big5", "育"), ("gb18030", "亅")])
def test_a_character_with_the_delimiter_inside(encoding: str, character: str) -> None:
    """In these charsets the second half of some characters is the octet 7C, which would end the field."""
    if b"|" not in character.encode(encoding):
        character = next(c for c in map(chr, range(0x3000, 0xA000)) if _second_half_is_delimiter(c, encoding))
    assert b"|" not in encode_text(f"x{character}y", Dialect(encoding=encoding))
    tab = Dialect(encoding=encoding, delimiter="\t")
    assert decode_text(encode_text(f"x{character}y", tab), tab) == f"x{character}y"


def _second_half_is_delimiter(character: str, encoding: str) -> bool:
    try:
        return character.encode(encoding)[1:2] == b"|"
    except UnicodeEncodeError:
        return False


@given(st.text(), st.sampled_from(ENCODINGS), st.sampled_from("|^~\t\x80"))
def test_any_text_fits_a_field(text: str, encoding: str, delimiter: str) -> None:
    dialect = Dialect(encoding=encoding, delimiter=delimiter)
    octets = encode_text(text, dialect)
    assert dialect.delimiter_octet not in octets
    assert not any(octet < 0x20 or octet == 0x7F for octet in octets)


@given(st.binary(), st.sampled_from(["utf-8", "ascii", "latin-1", "cp850", "cp1252"]))
def test_any_octets_are_text_and_go_back(octets: bytes, encoding: str) -> None:
    dialect = Dialect(encoding=encoding)
    assert decode_text(octets, dialect).encode(encoding, "surrogateescape") == octets


@given(st.text())
def test_composed_text_is_kept_on_utf8(text: str) -> None:
    text = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) not in ("Cc", "Cs"))
    text = text.replace("|", "")
    assert encode_text(text, Dialect(encoding="utf-8")) == text.encode()


@given(st.binary())
def test_printable_text_can_be_stored(octets: bytes) -> None:
    text = printable(octets.decode("utf-8", "surrogateescape"))
    text.encode()
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in text)


def test_printable_leaves_good_text_alone() -> None:
    assert printable("dŵr") == "dŵr"
    assert printable("d\udcffr\x07") == "d\ufffdr\ufffd"
