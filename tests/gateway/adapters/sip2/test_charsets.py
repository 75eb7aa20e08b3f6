"""Character sets of kiosks: names and titles on the wire, checksums over what was really sent."""

from __future__ import annotations

from typing import Any

import pytest

from library_protocols.sip2.codec import decode
from library_protocols.sip2.dialect import Dialect
from library_protocols.sip2.messages import Checksum
from tests.gateway.adapters.sip2.library import ABER, Open, checkin, information, item, item_information, patron

ENCODINGS = ["utf-8", "cp850", "latin-1"]


def speaking(encoding: str, **wire: Any) -> Any:
    def change(document: dict[str, Any]) -> None:
        terminal = document["members"][ABER.code]["terminals"][ABER.kiosk_login]
        terminal["overrides"] = {"wire": {"encoding": encoding, **wire}}

    return change


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_a_name_with_circumflexes(node: Open, encoding: str) -> None:
    """ŵ and ŷ are whole in UTF-8 and lose their hats where the set has none; the checksum is right either way."""
    library = await node(change=speaking(encoding))
    utf8 = await (await node()).kiosk()
    name = (await utf8.ask(information(patron(8)))).get("AE") or ""
    assert {"ŵ", "ŷ"} & set(name.lower())
    kiosk = await library.kiosk(dialect=Dialect(encoding=encoding))
    kiosk.send(information(patron(8)), 1)
    octets = await kiosk.hear()
    answer = decode(octets, Dialect(encoding=encoding))
    assert answer.checksum is Checksum.VALID
    plain = name.translate(str.maketrans("ŵŷŴŶ", "wyWY"))
    assert answer.get("AE") == (name if encoding == "utf-8" else plain)
    assert b"?" not in octets


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_every_title_gets_through_somehow(node: Open, encoding: str) -> None:
    kiosk = await (await node(change=speaking(encoding))).kiosk(dialect=Dialect(encoding=encoding))
    for number in range(1, 31):
        kiosk.send(item_information(item(number)), number % 10)
        answer = decode(await kiosk.hear(), Dialect(encoding=encoding))
        assert answer.checksum is Checksum.VALID
        assert (answer.get("AB"), bool(answer.get("AJ"))) == (item(number), True)


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_what_is_stored_in_one_set_is_read_in_another(node: Open, encoding: str) -> None:
    writer = await (await node(change=speaking(encoding))).kiosk(dialect=Dialect(encoding=encoding))
    reader = await (await node()).kiosk()
    stored = await writer.ask(checkin(item(7), more="CHé ö â|"))
    assert stored.fixed["ok"] == "1"
    assert (await reader.ask(item_information(item(7)))).get("CH") == "é ö â"


async def test_octets_that_are_no_text_are_an_unknown_card_and_come_back_unchanged(node: Open) -> None:
    kiosk = await (await node()).kiosk()
    kiosk.send(b"63001" + b" " * 28 + b"AOABER|AA\xff\xfe\x80|AD1234|")
    octets = await kiosk.hear()
    assert b"|AA\xff\xfe\x80|" in octets
    assert b"|BLN|CQN|" in octets


async def test_a_title_as_long_as_it_likes_is_cut_for_an_old_kiosk_only(node: Open) -> None:
    short = speaking("ascii", max_field_length=20)
    kiosk = await (await node(change=short)).kiosk(dialect=Dialect(encoding="ascii"))
    answer = await kiosk.ask(item_information(item(1)))
    assert 0 < len(answer.get("AJ") or "") <= 20
    assert answer.get("AB") == item(1)
