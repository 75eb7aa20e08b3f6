"""Links: before a login, framing, pipelining, limits, hostile peers, leaving; and that nobody else's link suffers."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.config.model import LimitsConfig
from gateway.exchanges.model import Verdict
from library_protocols.sip2.codec import decode
from library_protocols.sip2.dialect import Dialect
from library_protocols.sip2.facts import MESSAGES
from tests.gateway.adapters.sip2.library import (
    NOW,
    UTF8,
    Kiosk,
    Library,
    Open,
    checkin,
    checkout,
    information,
    item,
    item_information,
    patron,
    pay,
)

LOGIN = "9300CNaber-kiosk-1|COkiosk-demo|CPABER|"

BEFORE_LOGIN = {
    "24": f"23001{NOW}AOABER|AA20100001|AC|AD1234|",
    "64": information("20100001"),
    "36": f"35{NOW}AOABER|AA20100001|",
    "12": checkout("20100001", "30100001"),
    "10": checkin("30100022"),
    "30": f"29NN{NOW}{' ' * 18}AOABER|AA20100002|AB30100023|",
    "66": f"65{NOW}AOABER|AA20100002|",
    "18": item_information("30100001"),
    "20": f"19{NOW}AOABER|AB30100001|CHx|",
    "26": f"25{NOW}AOABER|AA20100001|",
    "16": f"15+{NOW}AOABER|AA20100001|AB30100001|",
    "38": pay("20100010", "1.00"),
}


def refused(code: str, fixed: dict[str, str], fields: dict[str, str]) -> bool:
    """Whether an answer lets nobody in, in the words of its own kind."""
    match code:
        case "24" | "64" | "26":
            return fields["BL"] == "N" and fields["CQ"] == "N" and fixed["patron_status"].startswith("YYYY")
        case "36":
            return fixed["end_session"] == "N"
        case "18":
            return fixed["circulation_status"] == "01" and fields["AJ"] == ""
        case "20":
            return fixed["item_properties_ok"] == "0"
        case "38":
            return fixed["payment_accepted"] == "N"
    return fixed["ok"] == "0"


async def test_before_a_login_every_request_gets_its_own_refusal(library: Library) -> None:
    kiosk = await library.connect()
    for code, request in BEFORE_LOGIN.items():
        answer = await kiosk.ask(request)
        assert answer.code == code
        assert refused(code, answer.fixed, dict(answer.fields))
        assert set(MESSAGES[code].required) <= {field for field, _ in answer.fields}
    status = await kiosk.ask("9900802.00")
    assert (status.code, status.fixed["checkout_ok"], status.get("BX")) == ("98", "N", "NNNNYYYNYNNNNNNN")
    assert (await kiosk.ask(LOGIN)).fixed["ok"] == "1"
    assert (await kiosk.ask(information(patron(1)))).get("BL") == "Y"


@pytest.mark.parametrize(
    "login",
    [
        "9300CNaber-kiosk-1|COwrong|",
        "9300CNnobody|COkiosk-demo|",
        "9300CN|CO|",
        "9300",
        "9311CNaber-kiosk-1|COkiosk-demo|",  # encrypted by an algorithm nobody has named
    ],
)
async def test_a_wrong_login_is_940_and_the_link_lives(library: Library, login: str) -> None:
    kiosk = await library.connect()
    assert (await kiosk.ask(login)).fixed["ok"] == "0"
    assert (await kiosk.ask(information(patron(1)))).get("BL") == "N"
    assert (await kiosk.ask(LOGIN)).fixed["ok"] == "1"


async def test_a_wrong_login_ends_the_one_before(library: Library) -> None:
    kiosk = await library.kiosk()
    await kiosk.ask("9300CNaber-kiosk-1|COwrong|")
    assert (await kiosk.ask(information(patron(1)))).get("BL") == "N"


@pytest.mark.parametrize("delimiter", ["^", "~", ">", "\t"])
async def test_a_login_is_read_whatever_the_delimiter(node: Open, delimiter: str) -> None:
    def change(document: dict[str, Any]) -> None:
        terminal = document["members"]["aber"]["terminals"]["aber-kiosk-1"]
        terminal["overrides"] = {"wire": {"delimiter": delimiter}}

    library = await node(change=change)
    kiosk = await library.connect(Dialect(encoding="utf-8", delimiter=delimiter))
    assert (await kiosk.ask(LOGIN.replace("|", delimiter), 0)).fixed["ok"] == "1"
    answer = await kiosk.ask(information(patron(1)).replace("|", delimiter), 1)
    assert (answer.get("BL"), answer.get("AA")) == ("Y", patron(1))


async def test_wrong_checksums_and_resends(library: Library) -> None:
    kiosk = await library.kiosk()
    fresh = await library.connect()
    fresh.send("97", None)
    assert await fresh.hear() == b"96AZFEF6\r"  # nothing was sent yet
    kiosk.send(b"9900802.00AY1AZ0000")
    assert await kiosk.hear() == b"96AZFEF6\r"
    kiosk.send(item_information(item(1)), 2)
    answer = await kiosk.hear()
    kiosk.send(b"97AZFEF5")
    assert await kiosk.hear() == answer


async def test_the_answer_carries_what_the_request_carried(library: Library) -> None:
    kiosk = await library.kiosk()
    kiosk.send(item_information(item(1)))
    assert b"AZ" not in (await kiosk.hear())[-12:]
    kiosk.send(item_information(item(1)), 9)
    assert (await kiosk.hear())[-10:-4] == b"AY9AZ" + (await again(kiosk))[-5:-4]


async def again(kiosk: Kiosk) -> bytes:
    kiosk.send(item_information(item(1)), 9)
    return await kiosk.hear()


async def test_an_unknown_command_gets_no_answer(library: Library) -> None:
    kiosk = await library.kiosk()
    kiosk.send("4200AOABER|")
    assert (await kiosk.ask(item_information(item(1)))).code == "18"
    assert [e.verdict for e in library.recorded.exchanges].count(Verdict.IGNORED) == 1


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_split_and_merged_segments(library: Library, size: int) -> None:
    """Pipelined requests are answered in order, however the network cuts them."""
    kiosk = await library.kiosk()
    stream = "\r\n".join(["", item_information(item(1)), information(patron(1)), item_information(item(2)), ""])
    data = stream.encode()
    for start in range(0, len(data), size):
        kiosk.writer.write(data[start : start + size])
        await asyncio.sleep(0)
    answers = [decode(await kiosk.hear(), UTF8) for _ in range(3)]
    assert [answer.code for answer in answers] == ["18", "64", "18"]
    assert [answers[0].get("AB"), answers[2].get("AB")] == [item(1), item(2)]


async def test_a_long_pipeline_is_answered_in_order_and_whole(library: Library) -> None:
    kiosk = await library.kiosk()
    numbers = [1 + n % 20 for n in range(300)]
    for position, number in enumerate(numbers):
        # Every tenth request has a PIN to check, so that some answers must wait and others must not overtake.
        kiosk.send(information(patron(1)) if position % 10 == 0 else item_information(item(number)))
    for position, number in enumerate(numbers):
        answer = decode(await kiosk.hear(), UTF8)
        assert answer.get("AA") == patron(1) if position % 10 == 0 else answer.get("AB") == item(number)


async def test_a_peer_that_sends_all_and_closes_its_side_gets_its_answers(library: Library) -> None:
    kiosk = await library.connect()
    kiosk.send(LOGIN)
    kiosk.send(information(patron(1)))
    kiosk.writer.write_eof()
    assert (await kiosk.hear()).startswith(b"941")
    assert decode(await kiosk.hear(), UTF8).get("BL") == "Y"
    assert await kiosk.gone()


async def test_what_was_pipelined_before_the_peer_closed_its_side_is_all_answered(library: Library) -> None:
    kiosk = await library.kiosk()
    for number in range(100):
        kiosk.send(item_information(item(1 + number % 20)))
    kiosk.writer.write_eof()
    for number in range(100):
        assert decode(await kiosk.hear(), UTF8).get("AB") == item(1 + number % 20)
    assert await kiosk.gone()


@pytest.mark.parametrize(
    ("sent", "logged"),
    [
        ("CNaber-kiosk-1|COsecret|", "aber-kiosk-1"),
        ("CNaber-kiosk-7|COsecret|", "aber-kiosk-#"),
        ("CNaber-kiosk-1;COsecret;CPABER|", "aber-kiosk-#"),
        ("CN20100001|CO1234|", "########"),
    ],
)
async def test_a_refused_login_is_logged_without_what_may_be_a_secret(library: Library, sent: str, logged: str) -> None:
    kiosk = await library.connect()
    with capture_logs() as logs:
        assert (await kiosk.ask("9300" + sent)).fixed["ok"] == "0"
    told = [entry["login"] for entry in logs if entry["event"] == "sip2.login_refused"]
    assert told == [logged]


async def test_an_endless_line_costs_its_sender_the_line_and_nobody_else_anything(library: Library) -> None:
    kiosk, other = await library.kiosk(), await library.kiosk()
    for _ in range(40):
        kiosk.writer.write(b"63" + b"A" * 4096)
        assert (await other.ask(item_information(item(1)))).code == "18"
    kiosk.writer.write(b"\r")
    assert (await kiosk.ask(item_information(item(1)))).code == "18"


async def test_any_octets_into_a_live_port(library: Library) -> None:
    """Half of it noise, half of it real messages with octets changed: the link answers or is silent, others live on."""
    dice = random.Random(20261122)
    kiosk, other = await library.kiosk(), await library.kiosk()
    seeds = [request.encode() for request in (*BEFORE_LOGIN.values(), "9900802.00", "97", "96")]
    for _ in range(300):
        data = bytearray(dice.choice(seeds)) if dice.random() < 0.7 else bytearray(dice.randbytes(dice.randrange(120)))
        for _ in range(dice.randrange(1, 8)):
            if data:
                data[dice.randrange(len(data))] = dice.randrange(256)
        kiosk.writer.write(bytes(data) + b"\r")
    assert (await other.ask(information(patron(1)))).get("BL") == "Y"
    kiosk.writer.write(b"\r9900802.00AY0AZFCA6\r" * 2)
    async with asyncio.timeout(20):
        while not (line := await kiosk.reader.readuntil(b"\r")).startswith(b"98"):
            assert decode(line, UTF8).known
    assert [e.error for e in library.recorded.exchanges if e.verdict is Verdict.FAILED] == []


class Pipe(asyncio.Transport):
    """A transport in memory that says what was asked of it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.7", 4711)})
        self.written: list[bytes] = []
        self.reading = True
        self.closing = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True


async def test_a_peer_that_does_not_read_is_not_read_from(library: Library) -> None:
    pipe, link = Pipe(), library.service.factory()()
    link.connection_made(pipe)
    link.pause_writing()
    link.data_received(b"9900802.00\r" * 3)
    assert (pipe.written, pipe.reading) == ([], False)
    link.resume_writing()
    assert (len(pipe.written), pipe.reading) == (3, True)
    link.connection_lost(None)


async def test_a_link_that_floods_waits_for_the_others(library: Library) -> None:
    pipe, link = Pipe(), library.service.factory()()
    link.connection_made(pipe)
    link.data_received(b"9900802.00\r" * 10_000)
    assert (len(pipe.written), pipe.reading) == (16, False)
    await asyncio.sleep(0)
    assert len(pipe.written) == 32
    async with asyncio.timeout(20):
        while len(pipe.written) < 10_000:  # noqa: ASYNC110  the link has no event to wait for, on purpose
            await asyncio.sleep(0)
    assert pipe.reading
    link.connection_lost(None)


async def test_slow_senders_and_silent_links_are_cut(node: Open) -> None:
    limits = LimitsConfig(message_seconds=0.2, idle_seconds=1.0)
    library = await node(limits=limits)
    slow, idle = await library.kiosk(), await library.connect()
    slow.writer.write(b"17")
    assert await slow.gone(5)
    assert await idle.gone(5)
    assert library.service.links.open == set()


async def test_there_is_room_for_so_many_links_and_no_more(node: Open) -> None:
    library = await node(limits=LimitsConfig(max_links=2))
    one, _two = await library.kiosk(), await library.kiosk()
    third = await library.connect()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await third.ask("9900802.00")
    assert library.service.links.turned_away == 1
    assert (await one.ask(item_information(item(1)))).code == "18"
    one.writer.close()
    await one.writer.wait_closed()
    await asyncio.sleep(0.05)
    assert (await (await library.connect()).ask("9900802.00")).code == "98"


async def test_one_link_more_than_a_login_may_have_ends_the_oldest(node: Open) -> None:
    def change(document: dict[str, Any]) -> None:
        document["members"]["aber"]["terminals"]["aber-kiosk-1"]["links"] = 1

    library = await node(change=change)
    first = await library.kiosk()
    second = await library.kiosk()
    assert (await first.ask(information(patron(1)))).get("BL") == "N"
    assert (await second.ask(information(patron(1)))).get("BL") == "Y"


async def test_a_login_on_the_wrong_members_port_is_refused(node: Open) -> None:
    library = await node()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(library.service.factory(listener_member="bangor"), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    kiosk = Kiosk(reader, writer, UTF8)
    assert (await kiosk.ask(LOGIN)).fixed["ok"] == "0"
    assert (await kiosk.ask(LOGIN.replace("aber", "bangor"))).fixed["ok"] == "1"
    writer.close()
    server.close()


async def test_leaving_finishes_what_runs_and_closes_the_rest(library: Library) -> None:
    busy, idle = await library.kiosk(), await library.kiosk()
    busy.send(information(patron(1)))  # its PIN takes a moment in another thread
    async with asyncio.timeout(5):
        while not any(link._turn for link in library.service.links.open):  # noqa: ASYNC110  as above
            await asyncio.sleep(0)
        await library.service.drain()
    assert decode(await busy.hear(), UTF8).get("BL") == "Y"
    assert await busy.gone()
    assert await idle.gone()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await (await library.connect()).ask("9900802.00")


async def test_98_tells_what_this_terminal_may_do(node: Open) -> None:
    def change(document: dict[str, Any]) -> None:
        terminal = document["members"]["aber"]["terminals"]["aber-kiosk-1"]
        terminal["permissions"] = ["item_read", "checkin"]

    limits = LimitsConfig(answer_seconds=5.5, retries=2)
    kiosk = await (await node(change=change, limits=limits)).kiosk()
    status = await kiosk.ask("9900802.00")
    flags = [status.fixed[name] for name in ("online_status", "checkin_ok", "checkout_ok", "acs_renewal_policy")]
    assert flags == ["Y", "Y", "N", "N"]
    assert (status.fixed["status_update_ok"], status.fixed["offline_ok"]) == ("N", "N")
    assert (status.fixed["timeout_period"], status.fixed["retries_allowed"]) == ("055", "002")
    # 23 11 09 01 99 97 93 63 35 37 17 19 25 15 29 65
    assert status.get("BX") == "NNYNYYYNYNYNNNNN"
    assert (await kiosk.ask(checkout(patron(1), item(1)))).fixed["ok"] == "0"


async def test_every_exchange_is_recorded_once_with_its_stations(library: Library) -> None:
    kiosk = await library.kiosk()
    await kiosk.ask(checkout(patron(1), item(1)), 4)
    exchange = library.recorded.exchanges[-1]
    assert exchange.bytes_in.startswith(b"11NN")
    assert exchange.bytes_out.endswith(b"\r")
    assert (exchange.member, exchange.terminal, exchange.protocol) == ("aber", "aber-kiosk-1", "sip2")
    assert type(exchange.request).__name__ == "LoanCreate"
    assert type(exchange.answer).__name__ == "LoanOutcome"
    assert "loan.create" in [call.operation for call in exchange.calls]
    assert exchange.finished >= exchange.started
    ids = [e.id for e in library.recorded.exchanges]
    assert len(set(ids)) == len(ids)


async def test_login_prompts_as_a_terminal_server_has_them(node: Open) -> None:
    library = await node(prompts=True)
    kiosk = await library.connect()
    assert await kiosk.reader.readuntil(b": ") == b"login: "
    kiosk.writer.write(b"\xff\xfd\x01aber-kiosk-1\r\n")  # telnet asks for an echo first
    assert await kiosk.reader.readuntil(b": ") == b"password: "
    kiosk.writer.write(b"kiosk-demo\r\n" + item_information(item(1)).encode() + b"\r")
    assert (await kiosk.hear()).startswith(b"Login OK")
    assert decode(await kiosk.hear(), UTF8).get("AB") == item(1)
    assert [e for e in library.recorded.exchanges if b"kiosk-demo" in e.bytes_in] == []


async def test_login_prompts_give_up_after_three_wrong_ones(node: Open) -> None:
    library = await node(prompts=True)
    kiosk = await library.connect()
    for _ in range(3):
        await kiosk.reader.readuntil(b"login: ")
        kiosk.writer.write(b"aber-kiosk-1\rwrong\r")
    assert await kiosk.gone()
