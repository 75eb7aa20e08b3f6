from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.index.folding import SEPARATOR, heading, headings, words


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Ŵyl y Dŵr ŷd", "wyl y dwr yd"),
        ("tŷ’r ŷd i'r", "tyr yd ir"),
        ("Llanelli Rhaeadr ddaear", "llanelli rhaeadr ddaear"),
        ("مُحَمَّد أحمد إلى مـــدرسة الكِتَاب", "محمد احمد الي مدرسه الكتاب"),
        ("١٢٣ ۴", "123 4"),
        ("Ἀθῆναι ὈΔΥΣΣΕΎΣ", "αθηναι οδυσσευσ"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("Ёлка ПУШКИН", "елка пушкин"),
        ("Straße ﬁsh Æsop Łódź Ørsted", "strasse fish aesop lodz orsted"),
        ("ʻAbd al-Raḥmān Qurʼān", "abd al rahman quran"),
        ("Ｗａｌｅｓ", "wales"),
        ("O'Brien don't", "obrien dont"),
        ("l'histoire d'Arcy dell'arte", "l histoire d arcy dell arte"),
        ("co\u00adoperate", "cooperate"),
        ("cafe\u0301", "café"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_what_is_written_is_found_as_it_is_typed(written: str, typed: str) -> None:
    assert words(written) == words(typed)


@pytest.mark.parametrize(
    ("one", "other"), [("lliw", "liw"), ("dd", "d"), ("الكتاب", "كتاب"), ("हिन्दी", "हन्द"), ("peau", "beau")]
)
def test_what_readers_tell_apart_stays_apart(one: str, other: str) -> None:
    assert words(one) != words(other)


def test_signs_of_scripts_without_blanks_are_words() -> None:
    assert words("東京 tower") == ["東", "京", "tower"]


def test_folding_what_is_folded_changes_nothing() -> None:
    for text in ("Ŵyl's l'art; 東京 — مُحَمَّد", "Straße İstanbul"):
        assert heading(heading(text)) == heading(text)


@given(st.lists(st.text(alphabet=f"aB 'l’-.`ŵ東ع{SEPARATOR}", max_size=12), max_size=6))
def test_many_texts_are_folded_as_each_is(texts: list[str]) -> None:
    assert headings(texts) == [heading(text) for text in texts]
