"""Items: what 18 says of them, and what 19 stores."""

from __future__ import annotations

from library_conformance.model import Safety, Seen, unsafe
from library_conformance.probes.sip2.checksums import status_of
from library_conformance.probes.sip2.kiosk import UNKNOWN_ITEM, asks, each, is_so, kiosk
from library_conformance.probes.sip2.patron import offered
from library_conformance.run import Run

STATUSES = {f"{number:02d}" for number in range(1, 14)}
MARKERS = {"00", "01", "02", "03"}
FEES = {f"{number:02d}" for number in range(1, 10)}
MEDIA = {f"{number:03d}" for number in range(11)}


@asks(
    "sip2.item.answer/on-shelf",
    inputs=("item",),
    verifies=(
        "sip2.item.answer", "sip2.item.echo", "sip2.item.title", "sip2.item.status.known", "sip2.item.status.available",
        "sip2.item.marker", "sip2.item.fee-type", "sip2.item.media", "sip2.item.no-institution",
    ),
)  # fmt: skip
def on_shelf(run: Run) -> Seen:
    """Asks about an item on the shelf."""
    offered(run, "17")
    with kiosk(run) as k:
        answer = k.ask(k.item_information(run.input("item")))
    fixed = answer.fixed
    media = answer.get("CK")
    return each("sip2.item.", {
        "echo": answer.get("AB") == run.input("item"),
        "title": bool(answer.get("AJ")),
        "status.known": fixed.get("status") in STATUSES,
        "status.available": fixed.get("status") == "03",
        "marker": fixed.get("marker") in MARKERS,
        "fee-type": fixed.get("fee") in FEES,
        "media": media is None or media in MEDIA,
        "no-institution": not answer.has("AO"),
    })  # fmt: skip


@asks(
    "sip2.item.status.charged/on-loan",
    inputs=("item_on_loan",),
    verifies=("sip2.item.status.charged", "sip2.item.due", "sip2.item.borrower"),
)
def on_loan(run: Run) -> Seen:
    """Asks about an item on loan to somebody."""
    offered(run, "17")
    with kiosk(run) as k:
        answer = k.ask(k.item_information(run.input("item_on_loan")))
    if answer.has("AA") or answer.has("AE"):
        return unsafe("names the borrower")
    return each("sip2.item.", {
        "status.charged": answer.fixed.get("status") in ("04", "05", "07"),
        "due": bool(answer.get("AH")),
        "borrower": True,
    })  # fmt: skip


@asks("sip2.item.unknown/nothing", verifies=("sip2.item.unknown", "sip2.item.unknown.same"))
def unknown(run: Run) -> Seen:
    """Asks about an item that does not exist."""
    offered(run, "17")
    with kiosk(run) as k:
        answer = k.ask(k.item_information(UNKNOWN_ITEM))
    status = answer.fixed.get("status", "")
    offers = status == "03" or bool(answer.get("AJ"))
    return Seen(
        f"status {status}" + (", offered" if offers else ""),
        is_so(not offers),
        {"sip2.item.unknown.same": is_so(status == "01")},
    )


@asks(
    "sip2.item-update.stored/and-back",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("item",),
    verifies=("sip2.item-update.answer", "sip2.item-update.stored"),
)
def update(run: Run) -> Seen:
    """Stores properties on an item, looks, stores what was there before, and looks again."""
    offered(run, "19")
    item = run.input("item")
    with kiosk(run) as k:
        before = status_of(k, item).get("CH") or ""
        answer = k.ask(k.item_update(item, "conformance"))
        during = status_of(k, item).get("CH") or ""
        k.ask(k.item_update(item, before))
        after = status_of(k, item).get("CH") or ""
    if after != before:
        return unsafe("the properties could not be put back")
    stored = during == "conformance"
    said = answer.fixed.get("ok") == "1"
    seen = "said to be stored, and not there" if said and not stored else "stored" if stored else "refused"
    return Seen(seen, behaviours={"sip2.item-update.stored": is_so(stored)})
