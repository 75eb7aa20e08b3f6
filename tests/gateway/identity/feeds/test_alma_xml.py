"""Alma's user XML: names of attributes, plain and zipped, broken and hostile."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.config.identity import AlmaXmlFeedConfig
from gateway.identity.feeds.alma_xml import AlmaXmlFeed
from gateway.identity.feeds.port import End, FeedError
from tests.gateway.identity.feeds.reading import Read, first_page, run

ANN = """<user>
  <record_type desc="Public">PUBLIC</record_type><primary_id>S1</primary_id>
  <first_name>Ann</first_name><last_name>Li</last_name><middle_name/>
  <user_group desc="Undergraduate">UG</user_group><expiry_date>2027-09-30Z</expiry_date>
  <status>ACTIVE</status><password>hunter2</password><pin_number>1234</pin_number>
  <contact_info>
    <addresses><address preferred="true"><line1>1 High St</line1><line2/><city>Bangor</city>
      <address_types><address_type>home</address_type></address_types></address></addresses>
    <emails>
      <email preferred="false"><email_address>ann@home.example</email_address>
        <email_types><email_type>personal</email_type></email_types></email>
      <email preferred="true"><email_address>ann@uni.example</email_address>
        <email_types><email_type>school</email_type><email_type>work</email_type></email_types></email>
    </emails>
    <phones/>
  </contact_info>
  <user_identifiers>
    <user_identifier segment_type="External"><id_type>BARCODE</id_type><value>30100</value><status>ACTIVE</status>
    </user_identifier>
    <user_identifier><id_type desc="old card">BARCODE</id_type><value>999</value><status>INACTIVE</status>
    </user_identifier>
    <user_identifier><id_type>UNIV_ID</id_type><value>U1</value></user_identifier>
  </user_identifiers>
  <user_notes><user_note><note_text>owes a book</note_text></user_note></user_notes>
  <user_statistics><user_statistic><statistic_category>BSc</statistic_category>
    <category_type>DEGREE</category_type></user_statistic></user_statistics>
</user>"""


def bare(id_: str) -> str:
    return f"<user><primary_id>{id_}</primary_id></user>"


def users(*inside: str, attributes: str = "") -> str:
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<users{attributes}>{''.join(inside)}</users>"


def feed(folder: Path, **said: Any) -> AlmaXmlFeed:
    return AlmaXmlFeed(AlmaXmlFeedConfig.model_validate({"kind": "alma-xml", "name": "alma", "folder": folder, **said}))


def zipped(path: Path, inside: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in inside.items():
            archive.writestr(name, content)
    return path


async def read(folder: Path, text: str | bytes, **said: Any) -> Read:
    (folder / "users.xml").write_bytes(text.encode() if isinstance(text, str) else text)
    return await run(feed(folder, **said))


async def test_a_user_becomes_attributes_by_name_and_type(tmp_path: Path) -> None:
    fields = {"barcode": {"from": "user_identifier[LIB_CARD]"}, "phones": {"from": ["phone[mobile]", "nickname"]}}
    found = await read(tmp_path, users(ANN), fields=fields)
    assert found.ended == End(True)
    (record,) = found.records
    assert record.source_id == "S1"
    assert record.attributes == {
        "record_type": ["PUBLIC"],
        "primary_id": ["S1"],
        "first_name": ["Ann"],
        "last_name": ["Li"],
        "middle_name": [],
        "user_group": ["UG"],
        "expiry_date": ["2027-09-30"],
        "status": ["ACTIVE"],
        "address": ["1 High St, Bangor"],
        "address[home]": ["1 High St, Bangor"],
        "email": ["ann@uni.example", "ann@home.example"],
        "email[school]": ["ann@uni.example"],
        "email[work]": ["ann@uni.example"],
        "email[personal]": ["ann@home.example"],
        "phone": [],
        "phone[mobile]": [],
        "user_identifier": ["30100", "U1"],
        "user_identifier[BARCODE]": ["30100"],
        "user_identifier[UNIV_ID]": ["U1"],
        "user_identifier[LIB_CARD]": [],
        "user_statistic": ["BSc"],
        "user_statistic[DEGREE]": ["BSc"],
    }


async def test_a_list_that_is_not_there_is_absent(tmp_path: Path) -> None:
    fields = {"barcode": {"from": "user_identifier[BARCODE]"}}
    found = await read(tmp_path, users(bare("1")), fields=fields)
    assert found.records[0].attributes == {"primary_id": ["1"]}


async def test_namespaces_do_not_matter(tmp_path: Path) -> None:
    text = users(bare("1"), attributes=' xmlns="http://com/exlibris/urm/user_record/xmlbeans"')
    assert (await read(tmp_path, text)).ids == ["1"]


async def test_a_zip_is_read_file_after_file(tmp_path: Path) -> None:
    inside = {
        "b.xml": users(bare("3")),
        "a.xml": users(bare("1"), bare("2")),
        "readme.txt": "hello",
        "__MACOSX/._a.xml": b"\0",
    }
    zipped(tmp_path / "users.zip", inside)
    found = await run(feed(tmp_path))
    assert found.ids == ["1", "2", "3"]
    assert found.ended.complete


async def test_one_broken_file_in_a_zip_spoils_the_proof(tmp_path: Path) -> None:
    zipped(tmp_path / "users.zip", {"a.xml": users(bare("1"))[:-4], "b.xml": users(bare("2"))})
    found = await run(feed(tmp_path))
    assert found.ids == ["1"]
    assert not found.ended.complete


@pytest.mark.parametrize("cut", ["</users>", "y_id></user></users>", "<primary_id>2</primary_id></user></users>"])
async def test_xml_that_breaks_off_is_not_everything(tmp_path: Path, cut: str) -> None:
    text = users(bare("1"), bare("2"))
    assert text.endswith(cut)
    found = await read(tmp_path, text.removesuffix(cut))
    assert found.ids[:1] == ["1"]
    assert not found.ended.complete
    assert "broken at line" in found.ended.reason


async def test_words_behind_the_end_are_not_everything(tmp_path: Path) -> None:
    assert not (await read(tmp_path, users(bare("1")) + users(bare("2")))).ended.complete


@pytest.mark.parametrize(
    ("text", "said", "reason"),
    [
        (users(), {}, "holds no users"),
        (users(bare("1")), {"min_records": 2}, "fewer than 2"),
        (users(bare("1"), attributes=' total_record_count="2"'), {}, "says 2"),
        (users(bare("1"), "<user><first_name>Bo</first_name></user>"), {}, "1 users without a usable primary_id"),
        (users(bare("1"), attributes=' total_record_count="1"'), {}, ""),
    ],
)
async def test_what_proves_that_it_is_everything(tmp_path: Path, text: str, said: dict[str, Any], reason: str) -> None:
    end = (await read(tmp_path, text, **said)).ended
    assert end.complete is not bool(reason)
    assert reason in end.reason


async def test_a_user_without_an_id_is_told_by_its_place(tmp_path: Path) -> None:
    found = await read(tmp_path, users(bare("1"), "<user/>"))
    assert [(bad.where, bad.reason) for bad in found.bad] == [("user 2", "has no usable primary_id")]


async def test_another_source_id(tmp_path: Path) -> None:
    assert (await read(tmp_path, users(ANN), source_id="user_identifier[UNIV_ID]")).ids == ["U1"]


async def test_reading_goes_on_behind_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.identity.feeds.alma_xml.PAGE", 2)
    (tmp_path / "users.xml").write_text(users(*(bare(str(number)) for number in range(5))))
    first = feed(tmp_path)
    page = await first_page(first.read())
    await first.close()
    found = await run(feed(tmp_path), page.position)
    assert found.ids == ["2", "3", "4"]
    assert found.ended.complete


LAUGHS = "<!DOCTYPE users [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS + "]><users></users>",
        "<!DOCTYPE users [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><users><user><primary_id>&x;</primary_id></user></users>",
        "<!DOCTYPE users SYSTEM 'http://127.0.0.1:9/users.dtd'><users><user><primary_id>1</primary_id></user></users>",
        "<patrons><user><primary_id>1</primary_id></user></patrons>",
        "<web_service_result><errorsExist>true</errorsExist></web_service_result>",
    ],
)
async def test_what_is_no_user_xml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FeedError) as refused:
        await read(tmp_path, text)
    assert not refused.value.retry
    assert list((tmp_path / "failed").glob("*.reason.txt"))


@pytest.mark.parametrize(
    "text",
    [
        "<users><user><primary_id>&i;</primary_id></user></users>",
        "<users a='&i;'><user><primary_id>1</primary_id></user></users>",
    ],
)
async def test_entities_do_not_expand(tmp_path: Path, text: str) -> None:
    text = f"{LAUGHS}]>{text}"
    given: list[str] = []
    with suppress(FeedError):
        found = await read(tmp_path, text)
        assert not found.ended.complete
        given = found.ids
    assert given == []


async def test_a_zip_bomb_is_given_up(tmp_path: Path) -> None:
    bomb = users(*[bare("1")] * 20_000)
    path = zipped(tmp_path / "users.zip", {"a.xml": bomb})
    assert len(bomb) / path.stat().st_size > 50
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.identity.feeds.alma_xml.MAX_RATIO", 20)
        with pytest.raises(FeedError, match="more than is read"):
            await run(feed(tmp_path))


async def test_a_bomb_within_one_user_is_given_up(tmp_path: Path) -> None:
    text = users(bare("1"), "<user>" + "<user_note>x</user_note>" * 500_000 + "</user>")
    with pytest.raises(FeedError, match="a user of more than"):
        await read(tmp_path, text)


async def test_limits_are_of_all_files_of_a_zip_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.identity.feeds.alma_xml.MAX_UNPACKED", 150)
    text = users(bare("1"))
    assert len(text) < 150 < 2 * len(text)
    zipped(tmp_path / "users.zip", {"a.xml": text, "b.xml": text})
    with pytest.raises(FeedError, match="more than is read"):
        await run(feed(tmp_path))


async def test_nested_deeply_is_not_everything(tmp_path: Path) -> None:
    found = await read(tmp_path, users(bare("1"), "<user>" + "<a>" * 5000 + "</a>" * 5000 + "</user>"))
    assert not found.ended.complete


async def test_a_damaged_zip_is_not_everything(tmp_path: Path) -> None:
    path = zipped(tmp_path / "users.zip", {"a.xml": users(*(bare(str(n)) for n in range(2000)))})
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 0xFF
    path.write_bytes(octets)
    assert not (await run(feed(tmp_path))).ended.complete
    path.write_bytes(octets[: len(octets) // 2])
    assert "cannot be unpacked" in (await run(feed(tmp_path))).ended.reason


async def test_a_zip_without_xml_is_refused(tmp_path: Path) -> None:
    zipped(tmp_path / "users.zip", {"a.csv": "id"})
    with pytest.raises(FeedError, match="0 XML files"):
        await run(feed(tmp_path))


async def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "users.zip", {"a.xml": users(bare("1"))})
    octets = bytearray(path.read_bytes())
    octets[6] |= 1  # the flags in front of the file, and in the directory at the end
    octets[octets.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(octets)
    with pytest.raises(FeedError, match="has a password"):
        await run(feed(tmp_path))
