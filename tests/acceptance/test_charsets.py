"""Character sets: one for text and checksum alike, and a title that it cannot hold still arrives readable."""

from __future__ import annotations

import pytest

from tests.acceptance.consortium import ABER, LIBRARIES, PIN, Library
from tests.acceptance.nodes import Node, Process
from tests.acceptance.sip2_line import (
    Kiosk,
    checksum,
    item_information,
    item_update,
    patron_information,
    patron_status,
    sealed,
    take_apart,
)
from tests.acceptance.terminals import ASCII, CP850, CRLF, LATIN1, WELSH

WELSH_PATRON = ABER.patron(8)  # Llŷr Gŵyr


@pytest.mark.parametrize("library", LIBRARIES, ids=str)
def test_welsh_letters_are_whole_on_a_utf8_terminal(demo: Process, library: Library) -> None:
    with demo.kiosk(library) as kiosk:
        answer = kiosk.ask(patron_information(library.patron(8), PIN))
    assert "ŵ" in answer["AE"]
    assert "ŷ" in answer["AE"]
    assert "ŵ".encode() in answer.raw
    assert answer.checked


@pytest.mark.parametrize(("login", "encoding"), [(CP850, "cp850"), (LATIN1, "latin-1"), (ASCII, "ascii")])
def test_name_that_the_character_set_cannot_hold_is_written_with_its_nearest_letters(
    node: Node, login: str, encoding: str
) -> None:
    with node.kiosk(user=login, encoding=encoding) as kiosk:
        answer = kiosk.ask(patron_information(WELSH_PATRON, PIN))
    assert answer["AE"] == "Llyr Gwyr"
    assert answer.checked
    assert checksum(answer.raw[:-4]) == answer.raw[-4:]
    answer.raw.decode(encoding)


def test_letters_that_cp850_has_are_sent_as_cp850_and_checked_over_those_octets(node: Node) -> None:
    with node.kiosk(user=CP850, encoding="cp850") as kiosk, node.kiosk() as modern:
        titles = ((item, modern.ask(item_information(item))["AJ"]) for item in map(ABER.item, range(1, 1201)))
        item, title = next((item, title) for item, title in titles if "é" in title)
        answer = kiosk.ask(item_information(item))
    assert answer["AJ"] == title
    assert "é".encode("cp850") in answer.raw
    assert "é".encode() not in answer.raw


def test_what_a_kiosk_sends_is_read_in_its_own_character_set(node: Node) -> None:
    item = node.new_item()
    with node.kiosk(user=CP850, encoding="cp850") as old, node.kiosk() as modern:
        assert old.ask(item_update(item, "château")).ok
        assert modern.ask(item_information(item))["CH"] == "château"
        assert modern.ask(item_update(item, "tŷ gŵyl")).ok
        assert modern.ask(item_information(item))["CH"] == "tŷ gŵyl"
        assert old.ask(item_information(item))["CH"] == "ty gwyl"


def test_octets_that_are_no_text_in_the_kiosks_character_set_are_answered_all_the_same(node: Node) -> None:
    with node.kiosk() as kiosk:
        body = item_information("3010\udcff\udcfe1").encode("utf-8", "surrogateescape")
        kiosk.send(sealed(body, 4) + b"\r")
        raw = kiosk.receive_raw()
        assert raw.startswith(b"1801")
        assert checksum(raw[:-4]) == raw[-4:]
        assert raw[-9:-4] == b"AY4AZ"


def test_screen_lines_are_welsh_at_a_welsh_terminal_and_follow_the_patron_elsewhere(node: Node) -> None:
    unknown = item_information("39999999")
    with node.kiosk(user=WELSH) as welsh, node.kiosk() as kiosk:
        assert "Nid ydym yn adnabod" in welsh.ask(unknown).screen
        assert kiosk.ask(patron_information(ABER.patron(1), PIN, language="001"))["BL"] == "Y"
        assert "not known" in kiosk.ask(unknown).screen
        assert kiosk.ask(patron_information(WELSH_PATRON, PIN))["BL"] == "Y"
        assert "Nid ydym yn adnabod" in kiosk.ask(unknown).screen


def test_terminal_may_want_crlf(node: Node) -> None:
    with node.kiosk(user=CRLF) as kiosk:
        kiosk.send(kiosk.message(patron_status(ABER.patron(1), PIN)))
        octets = b""
        while not octets.endswith(b"\n"):
            octets += kiosk.link.recv(4096)
    assert octets.endswith(b"\r\n")
    assert octets.count(b"\r") == 1
    assert take_apart(octets[:-2])["BL"] == "Y"


def test_delimiter_inside_a_value_never_splits_a_field(node: Node) -> None:
    item = node.new_item()
    with node.http() as api:
        item_id = api.get("/items", params={"barcode": item}).json()["item"]["id"]
        assert api.patch(f"/items/{item_id}", json={"properties": "one|AFtwo"}).status_code == 200
    with node.kiosk() as kiosk:
        answer = kiosk.ask(item_information(item))
    assert "|" not in answer["CH"]
    assert "one" in answer["CH"]
    assert answer.all("AF") == []


def test_kiosk_without_checksums_is_answered_without(node: Node) -> None:
    with Kiosk(node.ports["sip2"], checksums=False) as kiosk:
        assert kiosk.ask("9300CNaber-kiosk-1|COkiosk-demo|").ok
        answer = kiosk.ask(patron_status(ABER.patron(1), PIN))
    assert not answer.checked
    assert answer.sequence is None
