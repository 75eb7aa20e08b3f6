"""Recording: nothing secret or personal is kept, nothing blocks, what is dropped is counted."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from weakref import ref

import orjson
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from gateway.canonical import requests as req
from gateway.canonical.context import PlatformCall
from gateway.canonical.entities import Fee, Identifier, Item, Loan, PatronName
from gateway.canonical.money import Money
from gateway.canonical.outcomes import FeeOutcome, ItemOutcome, LoanOutcome
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import FeeStatus, FeeType, IdentifierType, ItemStatus, LoanStatus
from gateway.exchanges import recorder as recorder_module
from gateway.exchanges.file import ExchangeFile
from gateway.exchanges.model import Exchange, Verdict
from gateway.exchanges.record import LONGEST, PlainOutcomes, RecordMaker, plain
from gateway.exchanges.recorder import ExchangeRecorder, Metrics

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def mask_digits(data: bytes) -> bytes | None:
    return None if data.startswith(b"?") else bytes(ord("*") if 48 <= octet < 58 else octet for octet in data)


def maker(*, bodies: bool = True) -> RecordMaker:
    return RecordMaker({"sip2": mask_digits}, b"secret", bodies=bodies)


def exchange(**changes: object) -> Exchange:
    values: dict[str, object] = {
        "id": "x1",
        "protocol": "sip2",
        "link": "7",
        "peer": "127.0.0.1:5000",
        "started": 1000.0,
        "finished": 1000.004,
        "member": "aber",
        "terminal": "aber-kiosk-1",
        "bytes_in": b"11 AA20100001 AD1234\r",
        "bytes_out": b"12 ok\r",
        "request": req.LoanCreate(patron="20100001", pin=SecretStr("1234"), item="30100001"),
    }
    return Exchange(**(values | changes))  # pyright: ignore[reportArgumentType]


def loan_outcome() -> LoanOutcome:
    loan = Loan(
        id="L1",
        item_id="I1",
        patron_id="P1",
        item_barcode="30100001",
        patron_barcode="20100001",
        status=LoanStatus.OPEN,
        loaned_at=NOW,
        due=NOW,
    )
    return LoanOutcome(loan=loan, item=Item(id="I1", barcode="30100001", status=ItemStatus.ON_LOAN))


def test_neither_pin_nor_patron_is_kept_anywhere() -> None:
    call = PlatformCall("loan.create", None, 1.0, 1.002, loan_outcome())
    kept = orjson.dumps(maker().make(exchange(answer=loan_outcome(), calls=[call]))).decode()
    assert "1234" not in kept
    assert "20100001" not in kept
    assert '"P1"' not in kept
    assert "30100001" in kept  # the item is what staff look for


def test_masked_octets_keep_their_length_and_unreadable_ones_only_length_and_digest() -> None:
    record = maker().make(exchange(bytes_in=b"?garbage 1234"))
    digest = hashlib.sha256(b"?garbage 1234").hexdigest()
    assert record["in"] == {"length": 13, "sha256": digest}
    assert "garbage" not in orjson.dumps(record).decode()
    assert record["out"]["length"] == len(record["out"]["text"]) == 6


def test_of_a_message_that_is_too_long_only_length_and_digest_are_kept() -> None:
    """Masking a megabyte of tags takes a large part of a second."""
    whole = b"11" + b"A" * (LONGEST - 2)
    assert "text" in maker().make(exchange(bytes_in=whole))["in"]
    longer = maker().make(exchange(bytes_in=whole + b"A"))["in"]
    assert longer == {"length": LONGEST + 1, "sha256": hashlib.sha256(whole + b"A").hexdigest()}


def test_the_same_patron_has_the_same_tag_within_a_member_only() -> None:
    make = maker().make
    first = make(exchange())["patron"]
    assert make(exchange(id="x2"))["patron"] == first
    assert make(exchange(member="bangor"))["patron"] != first


def test_the_level_without_bodies_keeps_neither_octets_nor_request() -> None:
    record = maker(bodies=False).make(exchange())
    assert not {"in", "out", "request", "answer", "calls"} & record.keys()
    assert record["verdict"] == "answered"


def test_a_refusal_is_named() -> None:
    refusal = Refusal(code=RefusalCode.LIMIT_REACHED, detail={"kind": "loans"})
    record = maker().make(exchange(answer=refusal, verdict=Verdict.REFUSED))
    assert record["refusal"] == "LIMIT_REACHED"
    assert orjson.loads(orjson.dumps(record["answer"])) == {
        "type": "Refusal",
        "code": "LIMIT_REACHED",
        "detail": {"kind": "loans"},
    }


def test_plain_leaves_out_personal_fields_at_every_depth() -> None:
    body = orjson.loads(orjson.dumps(plain(loan_outcome())))
    assert "patron_barcode" not in body["loan"]
    assert body["loan"]["item_barcode"] == "30100001"


def test_of_a_person_who_is_carried_to_the_platform_nothing_personal_is_kept() -> None:
    request = req.PatronProvision(
        identifiers=(Identifier(type=IdentifierType.BARCODE, value="30100001"),),
        name=PatronName(display="Mair Ŵyn", family="Ŵyn"),
        category="UG",
        birth_on=date(2000, 1, 2),
        emails=("mair@x",),
        phones=("1",),
        addresses=("1 Stryd",),
    )
    assert orjson.loads(orjson.dumps(plain(request))) == {"type": "PatronProvision", "category": "UG"}


def test_a_request_without_a_word_is_its_type() -> None:
    assert orjson.loads(orjson.dumps(plain(req.SystemStatus()))) == {"type": "SystemStatus"}
    assert plain(None) is None


def test_a_model_is_told_as_pydantic_tells_it() -> None:
    fee = Fee(
        id="F1",
        patron_id="P1",
        type=FeeType.OVERDUE,
        status=FeeStatus.OPEN,
        original=Money(amount=Decimal("1.50"), currency="GBP"),
        balance=Money(amount=Decimal("0.50"), currency="GBP"),
        created_at=NOW,
    )
    body = orjson.loads(orjson.dumps(plain(FeeOutcome(fee=fee))))
    expected = FeeOutcome(fee=fee).model_dump(mode="json", exclude_defaults=True, exclude={"fee": {"patron_id"}})
    assert body == {"type": "FeeOutcome", **expected}


def test_what_is_remembered_of_an_outcome_is_told_of_no_other_and_keeps_none_alive() -> None:
    remembered = PlainOutcomes(size=2)
    outcome = loan_outcome()
    made = remembered(outcome)
    assert remembered(outcome) is made
    kept_alive = ref(outcome)
    del outcome
    assert kept_alive() is None
    # Their places in memory are used again at once, and with them their ids.
    for number in range(200):
        item = ItemOutcome(item=Item(id=f"I{number}", barcode=str(number), status=ItemStatus.AVAILABLE))
        assert orjson.loads(orjson.dumps(remembered(item)))["item"]["barcode"] == str(number)


async def test_exchanges_are_counted_and_their_times_fall_into_buckets() -> None:
    registry = CollectorRegistry()
    recorder = ExchangeRecorder(None, maker(), Metrics(registry))
    for took in (-1.0, 0.0005, 0.002, 60.0):
        recorder.add(exchange(finished=1000.0 + took))
    recorder.add(exchange(request=None, member=None, verdict=Verdict.BAD_INPUT))  # took 4 ms
    recorder.close()
    labels = {"protocol": "sip2", "member": "aber", "operation": "loan.create", "verdict": "answered"}
    assert registry.get_sample_value("gateway_exchanges_total", labels) == 4
    nobody = {"protocol": "sip2", "member": "none", "operation": "none", "verdict": "bad_input"}
    assert registry.get_sample_value("gateway_exchanges_total", nobody) == 1
    for limit, expected in (("0.001", 2), ("0.0025", 3), ("0.005", 4), ("10.0", 4), ("+Inf", 5)):
        bucket = {"protocol": "sip2", "le": limit}
        assert registry.get_sample_value("gateway_exchange_seconds_bucket", bucket) == expected
    assert registry.get_sample_value("gateway_exchange_seconds_count", {"protocol": "sip2"}) == 5


async def test_exchanges_reach_the_file_in_order_and_in_chunks(tmp_path: Path) -> None:
    path = tmp_path / "exchanges.db"
    recorder = ExchangeRecorder(ExchangeFile(path), maker(), Metrics(CollectorRegistry()))
    for number in range(120):
        recorder.add(exchange(id=f"x{number}", started=1000.0 + number, finished=1001.0 + number))
    recorder.close()
    chunks = list(ExchangeFile(path, read_only=True).chunks())
    assert [len(records) for _, records in chunks] == [50, 50, 20]
    assert [record["id"] for _, records in chunks for record in records] == [f"x{n}" for n in range(120)]
    assert path.stat().st_mode & 0o077 == 0


async def test_a_timer_writes_what_is_queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "FLUSH_SECONDS", 0.01)
    path = tmp_path / "exchanges.db"
    recorder = ExchangeRecorder(ExchangeFile(path), maker(), Metrics(CollectorRegistry()))
    recorder.add(exchange())
    reader = ExchangeFile(path, read_only=True)
    for _ in range(200):
        if list(reader.chunks()):
            break
        await asyncio.sleep(0.01)
    _, records = reader.last(5)
    assert [record["id"] for record in records] == ["x1"]
    recorder.close()


async def test_a_whole_chunk_is_written_at_once_and_no_more_than_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "FLUSH_SECONDS", 60.0)
    monkeypatch.setattr(recorder_module, "SHARE", 1e-9)
    path = tmp_path / "exchanges.db"
    recorder = ExchangeRecorder(ExchangeFile(path), maker(), Metrics(CollectorRegistry()))
    for _ in range(2 * recorder_module.CHUNK + 1):
        recorder.add(exchange())
    reader = ExchangeFile(path, read_only=True)
    for _ in range(200):
        if list(reader.chunks()):
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert [len(records) for _, records in reader.chunks()] == [recorder_module.CHUNK]
    recorder.close()
    assert sum(len(records) for _, records in reader.chunks()) == 2 * recorder_module.CHUNK + 1


async def test_a_full_queue_drops_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "QUEUE_LIMIT", 3)
    registry = CollectorRegistry()
    recorder = ExchangeRecorder(ExchangeFile(tmp_path / "x.db"), maker(), Metrics(registry))
    for number in range(5):
        recorder.add(exchange(id=f"x{number}"))
    assert recorder.dropped == 2
    assert registry.get_sample_value("gateway_exchanges_unrecorded_total") == 2
    recorder.close()


async def test_long_messages_make_chunks_of_few_and_fill_the_queue_by_their_octets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "CHUNK_OCTETS", 2_000)
    monkeypatch.setattr(recorder_module, "QUEUE_OCTETS", 5_000)
    path = tmp_path / "x.db"
    recorder = ExchangeRecorder(ExchangeFile(path), maker(), Metrics(CollectorRegistry()))
    for number in range(8):
        recorder.add(exchange(id=f"x{number}", bytes_in=b"1" * 1_000, bytes_out=b""))
    assert recorder.dropped == 3
    recorder.close()
    reader = ExchangeFile(path, read_only=True)
    assert [len(records) for _, records in reader.chunks()] == [2, 2, 1]
    recorder = ExchangeRecorder(ExchangeFile(path), maker(), Metrics(CollectorRegistry()))
    for number in range(8):
        recorder.add(exchange(id=f"y{number}"))
    assert recorder.dropped == 0
    recorder.close()


async def test_what_cannot_be_written_is_counted_and_nobody_hears_of_it(tmp_path: Path) -> None:
    file = ExchangeFile(tmp_path / "x.db")
    recorder = ExchangeRecorder(file, maker(), Metrics(CollectorRegistry()))
    recorder.add(exchange())
    file.close()
    recorder.close()
    assert recorder.dropped == 1


def test_retention_forgets_old_chunks_only(tmp_path: Path) -> None:
    file = ExchangeFile(tmp_path / "x.db")
    file.append([{"id": "old", "started": 1000.0}])
    file.append([{"id": "new", "started": 4e9}])
    assert file.forget(days=30) == 1
    assert [records[0]["id"] for _, records in file.chunks()] == ["new"]


async def test_a_full_disk_is_complained_of_once_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(recorder_module.log, "warning", lambda event, **_: said.append(event))
    file = ExchangeFile(tmp_path / "x.db")
    recorder = ExchangeRecorder(file, maker(), Metrics(CollectorRegistry()))
    file.close()
    for _ in range(3 * recorder_module.CHUNK):
        recorder.add(exchange())
    recorder.close()
    assert recorder.dropped == 3 * recorder_module.CHUNK
    assert said == ["exchanges.not_recorded"]
