"""The SIP2 client as conversations with a scripted ACS: retries, resends, lost links, TLS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.clients.sip2 import Sip2BadAnswer, Sip2Client, Sip2LinkFailed, Sip2Timeout, tls_context
from gateway.runtime.tls import demo_certificate, server_context
from library_protocols.sip2 import Dialect, Message, Request, build, encode
from tests.gateway.clients.scripted_acs import scripted_acs

NOW = "20261123    090000"
UTF8 = Dialect(encoding="utf-8")


def item_request(item: str = "30100001") -> Message:
    return build("17", transaction_date=NOW, fields=[("AO", "ABER"), ("AB", item)])


def item_answer(request: Request, title: str = "Llŷr") -> Message:
    item = request.message.get("AB") or ""
    return build(
        "18",
        circulation_status="03",
        security_marker="01",
        fee_type="01",
        transaction_date=NOW,
        fields=[("AB", item), ("AJ", title)],
    )


async def test_a_question_gets_its_answer() -> None:
    async with scripted_acs(item_answer, dialect=UTF8) as acs:
        client = Sip2Client("127.0.0.1", acs.port, dialect=UTF8)
        await client.connect()
        answer = await client.send(item_request())
        await client.close()
    assert answer.message.get("AJ") == "Llŷr"
    assert (answer.sendings, answer.remarks) == (1, ())


async def test_silence_repeats_the_same_octets_as_often_as_allowed() -> None:
    async with scripted_acs(lambda _: b"") as acs:
        client = Sip2Client("127.0.0.1", acs.port, timeout=0.05, retries=2)
        await client.connect()
        with pytest.raises(Sip2Timeout, match="3 sendings"):
            await client.send(item_request())
        await client.close()
    sent = bytes(acs.octets).split(b"\r")[:-1]
    assert len(sent) == 3
    assert len(set(sent)) == 1


async def test_an_answer_to_the_second_sending_counts() -> None:
    asked: list[Request] = []

    def second_time(request: Request) -> Message | bytes:
        asked.append(request)
        return item_answer(request) if len(asked) == 2 else b""

    async with scripted_acs(second_time) as acs:
        client = Sip2Client("127.0.0.1", acs.port, timeout=0.1, retries=3)
        await client.connect()
        answer = await client.send(item_request())
        await client.close()
    assert answer.sendings == 2
    assert asked[1].frame == asked[0].frame


async def test_a_damaged_answer_is_asked_for_again() -> None:
    """The first answer's checksum is wrong; 97 brings the engine's own, which is right."""

    def damaged(request: Request) -> bytes:
        return encode(item_answer(request))[:-1] + b"AY0AZ0000\r"

    async with scripted_acs(damaged) as acs:
        client = Sip2Client("127.0.0.1", acs.port, timeout=1.0)
        await client.connect()
        answer = await client.send(item_request())
        await client.close()
    assert b"97AZFEF5\r" in acs.octets
    assert answer.remarks == ("wrong checksum",)
    assert answer.message.code == "18"


async def test_only_answers_to_something_else_are_a_bad_answer() -> None:
    async with scripted_acs(lambda _: b"nonsense\r") as acs:
        client = Sip2Client("127.0.0.1", acs.port, timeout=0.1, retries=0)
        await client.connect()
        with pytest.raises(Sip2BadAnswer, match="unreadable"):
            await client.send(item_request())
        await client.close()


async def test_a_status_change_is_noted_and_the_message_repeated() -> None:
    """98 instead of 18, as the standard lets an ACS announce that its status has changed."""
    asked: list[Request] = []

    def status_first(request: Request) -> Message | bytes:
        asked.append(request)
        if len(asked) == 2:
            return item_answer(request)
        status = build("98", online_status="Y", date_time_sync=NOW, fields=[("AO", "ABER"), ("BX", "Y" * 16)])
        return encode(status, with_checksum=True)

    async with scripted_acs(status_first) as acs:
        client = Sip2Client("127.0.0.1", acs.port, timeout=2.0)
        await client.connect()
        answer = await client.send(item_request())
        await client.close()
    assert answer.message.code == "18"
    assert [request.frame for request in asked] == [asked[0].frame] * 2


async def test_nobody_listening_is_a_failed_link(free_port: Callable[[], int]) -> None:
    with pytest.raises(Sip2LinkFailed, match=r"127\.0\.0\.1"):
        await Sip2Client("127.0.0.1", free_port()).connect()


async def test_a_link_that_ends_is_a_failed_link() -> None:
    async with scripted_acs(lambda _: None) as acs:
        client = Sip2Client("127.0.0.1", acs.port)
        await client.connect()
        with pytest.raises(Sip2LinkFailed, match="closed"):
            await client.send(item_request())
        await client.close()


async def test_after_a_lost_link_the_same_octets_go_out_again() -> None:
    """Three questions on the first link (AY 0, 1, 2), cut during the third; the new link logs in and repeats it."""
    cut: list[bool] = []

    def hang_up_once(request: Request) -> Message | None:
        if request.message.code == "93":
            return build("94", ok="1")
        if request.message.get("AB") == "30100003" and not cut:
            cut.append(True)
            return None
        return item_answer(request)

    async with scripted_acs(hang_up_once) as acs:
        client = Sip2Client("127.0.0.1", acs.port)
        await client.connect()
        for item in ("30100001", "30100002"):
            await client.send(item_request(item))
        with pytest.raises(Sip2LinkFailed):
            await client.send(item_request("30100003"))
        await client.connect()
        await client.send(build("93", uid_algorithm="0", pwd_algorithm="0", fields=[("CN", "k"), ("CO", "p")]))
        with pytest.raises(ValueError, match="nothing"):
            await Sip2Client("127.0.0.1", acs.port).resume()
        answer = await client.resume()
        await client.close()
    assert acs.requests[-1].frame == acs.requests[2].frame
    assert answer.message.get("AB") == "30100003"


async def test_sending_twice_gives_two_identical_requests() -> None:
    async with scripted_acs(item_answer) as acs:
        client = Sip2Client("127.0.0.1", acs.port)
        await client.connect()
        await client.begin(item_request())
        answer = await client.again()
        follow_up = await client.send(item_request("30100002"))
        await client.close()
    assert [request.message.sequence for request in acs.requests] == ["0", "0", "1"]
    assert answer.message.get("AB") == "30100001"
    assert follow_up.message.get("AB") == "30100002"


async def test_octets_go_out_and_come_back_unjudged() -> None:
    async with scripted_acs(item_answer) as acs:
        client = Sip2Client("127.0.0.1", acs.port)
        await client.connect()
        line = await client.exchange_octets(b"97AZFEF5\r")
        await client.close()
    assert line == b"96AZFEF6"


async def test_what_the_trace_hears() -> None:
    heard: list[tuple[str, bytes]] = []
    async with scripted_acs(item_answer) as acs:
        client = Sip2Client("127.0.0.1", acs.port, trace=lambda who, octets: heard.append((who, octets)))
        await client.connect()
        await client.send(item_request())
        await client.close()
    assert [who for who, _ in heard] == ["SC", "ACS"]
    assert heard[0][1].startswith(b"17")
    assert heard[1][1].startswith(b"18")


async def test_tls_verifies_unless_told_not_to(tmp_path: Path) -> None:
    certificate, key = demo_certificate(tmp_path)
    async with scripted_acs(item_answer, tls=server_context(certificate, key)) as acs:
        with pytest.raises(Sip2LinkFailed, match="not trusted"):
            await Sip2Client("127.0.0.1", acs.port, tls=tls_context()).connect()
        for context in (tls_context(certificate), tls_context(insecure=True)):
            client = Sip2Client("127.0.0.1", acs.port, tls=context)
            await client.connect()
            assert (await client.send(item_request())).message.code == "18"
            await client.close()
