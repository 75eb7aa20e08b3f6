"""Dates, letters and languages."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta

from library_conformance.model import Seen, SetupFailed, breaks, meets, told
from library_conformance.probes.sip2.framing import tour
from library_conformance.probes.sip2.kiosk import UNKNOWN_ITEM, UNKNOWN_PATRON, asks, each, kiosk
from library_conformance.probes.sip2.wire import moment, now
from library_conformance.run import Run

FAULTS = re.compile(
    r"Traceback|Exception|java\.|\bat line \d|undefined|HASH\(0x|\bnull\b|NoneType|<html", re.IGNORECASE
)


def moment_of(text: str) -> datetime | None:
    """The day and time of 18 characters, whatever their zone; None where there is no such day."""
    try:
        return datetime.strptime(text[:8] + text[12:], "%Y%m%d%H%M%S")  # noqa: DTZ007  wherever the library is
    except ValueError:
        return None


@asks("sip2.date.form/tour", verifies=("sip2.date.form", "sip2.date.today", "sip2.date.zone.answer"))
def dates(run: Run) -> Seen:
    """Reads the dates of a round of answers; where the library is is not known, so a day either way is the present."""
    said = [one.fixed["date"] for one in tour(run) if one.fixed.get("date", "0" * 18) != "0" * 18]
    if not said:
        return breaks("no dates")
    read = [moment_of(one) for one in said]
    return each("sip2.date.", {
        "form": None not in read,
        "today": all(one is not None and abs(one - now()) < timedelta(hours=15) for one in read),
        "zone.answer": all(re.fullmatch(r"    |   [A-Z]", one[8:12]) for one in said),
    })  # fmt: skip


@asks(
    "sip2.date.zone.utc/23",
    verifies=("sip2.date.zone.utc", "sip2.date.zone.zeros", "sip2.date.blank", "sip2.date.nonsense"),
)
def odd_dates(run: Run) -> Seen:
    """Asks about a patron with the present in universal time, with zeros for the zone, no date, and one of nowhere."""
    patron = run.input("patron", UNKNOWN_PATRON)
    given = {
        "zone.utc": moment(datetime.now(UTC), "   Z"),
        "zone.zeros": moment(zone="0000"),
        "blank": " " * 18,
        "nonsense": "20261399    996199",
    }
    found: dict[str, bool] = {}
    for name, date in given.items():
        with kiosk(run) as k:
            usual = k.ask(k.patron_status(patron))
            answer = k.say(k.message(k.patron_status(patron, date=date)))
            found[name] = answer is not None and (answer.without_date == usual.without_date or name == "nonsense")
    return each("sip2.date.", found)


@asks("sip2.text.accents/name", inputs=("patron_accents",))
def accents(run: Run) -> Seen:
    """Asks about a patron whose name has letters beyond ASCII and looks how they come."""
    with kiosk(run) as k:
        name = k.ask(k.patron_status(run.input("patron_accents"))).get("AE") or ""
    if not name:
        raise SetupFailed("no name: the patron is unknown, or the PIN is wrong")
    if name.isascii():
        return breaks("replaced" if "?" in name else "without their accents")
    if any(unicodedata.combining(letter) for letter in name):
        return breaks("as letters with loose accents")
    return meets("as they are")


@asks("sip2.text.language/cy-en", inputs=("patron_blocked",))
def languages(run: Run) -> Seen:
    """Asks about a patron for whom there is a message, in several languages, and compares the texts."""
    with kiosk(run) as k:
        said = {
            code: tuple(k.ask(k.patron_status(run.input("patron_blocked"), language=code)).all("AF"))
            for code in ("001", "002", "003")
        }
    if not any(said.values()):
        return told("no messages")
    return told("the same in all" if len(set(said.values())) == 1 else "in the language asked for")


@asks("sip2.text.screen/refusals", inputs=("patron_blocked",))
def screens(run: Run) -> Seen:
    """Reads the screen messages of answers that say no."""
    with kiosk(run) as k:
        answers = [
            k.ask(k.patron_status(run.input("patron_blocked"))),
            k.ask(k.patron_status(UNKNOWN_PATRON, "")),
            k.ask(k.item_information(UNKNOWN_ITEM)),
        ]
    lines = [line for one in answers for line in one.all("AF")]
    if any(not line.strip() for line in lines):
        return breaks("empty messages")
    if any(FAULTS.search(line) for line in lines):
        return breaks("the words of a fault")
    return meets("text" if lines else "none")
