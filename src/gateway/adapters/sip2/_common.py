"""What all parts of the mapping share: reading fields, dates, screen lines, the "no" of each message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

from pydantic import SecretStr

from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical.entities import Loan
from gateway.canonical.messages import MessageRef
from gateway.canonical.money import Money
from gateway.canonical.outcomes import Outcome
from gateway.canonical.refusals import PlatformFailure, Refusal, RefusalCode
from gateway.canonical.vocabulary import Audience, DuePrecision, Permission
from gateway.crosswalks.refusals import messages_of
from gateway.crosswalks.texts import text
from library_protocols.sip2.charset import printable
from library_protocols.sip2.dates import format_sip_date, parse_sip_date
from library_protocols.sip2.dialect import Dialect
from library_protocols.sip2.messages import Message

No = Refusal | PlatformFailure
Result = Outcome | Refusal | PlatformFailure
Field = tuple[str, str | None]


ECHO_LIMIT = 1000  # characters; the standard has 255 for a field, CH is longer in practice


def value(message: Message, code: str) -> str | None:
    """A coded field without surrounding blanks, fit for a database; None where absent or empty."""
    raw = message.get(code)
    if raw is None:
        return None
    return printable(raw.strip()) or None


def pin(message: Message, s: Surroundings) -> SecretStr | None:
    """AD; None where it was not sent, or was sent empty by a kiosk whose profile says that this means nothing."""
    raw = message.get("AD")
    if raw is None or (not raw and s.profile.patron.empty_pin == "absent"):
        return None
    return SecretStr(printable(raw))


def yes(flag: str | None) -> bool:
    return flag in ("Y", "y")


def missing(*codes: str) -> Refusal:
    """The request lacks fields it cannot do without."""
    return Refusal(code=RefusalCode.BAD_REQUEST, detail={"missing": " ".join(codes)})


def date_of(message_text: str, s: Surroundings) -> datetime | None:
    return parse_sip_date(message_text, s.zone)


def offline_refused(message: Message, s: Surroundings) -> Refusal | None:
    """A no-block message from a terminal that may not send what happened while the line was down."""
    if yes(message.fixed["no_block"]) and Permission.OFFLINE not in s.permissions:
        return Refusal(code=RefusalCode.TERMINAL_FORBIDDEN, detail={"permission": Permission.OFFLINE.value})
    return None


def sip_now(s: Surroundings, now: datetime) -> str:
    return _second(int(now.timestamp()), s.zone, s.profile.wire.date_zone)


@lru_cache(64)
def _second(second: int, zone: tzinfo, date_zone: str) -> str:
    """Every answer of a second has the same date."""
    return format_sip_date(datetime.fromtimestamp(second, UTC), zone, Dialect(date_zone=date_zone))


def sip_date(moment: datetime | None, s: Surroundings) -> str | None:
    """18 characters, or None so that the field is left out."""
    return None if moment is None else format_sip_date(moment, s.zone, s.profile.wire)


def due_text(due: datetime, precision: DuePrecision, s: Surroundings) -> str:
    """AH in the profile's format, by the library's clock."""
    loans = s.profile.loans
    pattern = loans.due_day_format if precision is DuePrecision.DAY and loans.due_day_format else loans.due_format
    if pattern == "sip":
        return format_sip_date(due, s.zone, s.profile.wire)
    return due.astimezone(s.zone).strftime(pattern)


def loan_due(loan: Loan, s: Surroundings) -> str:
    return due_text(loan.due, loan.due_precision, s)


def institution(message: Message, s: Surroundings) -> str:
    """AO of the answer."""
    asked = message.get("AO")
    return asked if asked and s.profile.institution == "echo" else s.institution or asked or ""


def echo(message: Message, code: str) -> str:
    """A field of the request as it came, or empty; cut where it would make the answer longer than a message may be."""
    return (message.get(code) or "")[:ECHO_LIMIT]


def amount(money: Money) -> str:
    """A plain decimal with a point and the currency's number of places, no grouping."""
    return f"{money.amount:f}"


def digits4(number: int | None, blank: str | None = "    ") -> str | None:
    """A count in four digits, 9999 at most; `blank` where it is not known."""
    return blank if number is None else f"{min(max(number, 0), 9999):04d}"


def yes_no(condition: bool) -> str:
    return "Y" if condition else "N"


def magnetic(known: bool | None, s: Surroundings) -> str:
    return s.profile.loans.magnetic_unknown if known is None else yes_no(known)


def screen(messages: Sequence[MessageRef], s: Surroundings, language: str | None) -> list[Field]:
    """AF and AG lines of the messages in the languages that are due; no line twice, none for staff."""
    if not messages:
        return []
    found: dict[Field, None] = {}
    languages = s.languages_for(language)
    for message in messages:
        if message.audience is Audience.STAFF:
            continue
        code = "AG" if message.audience is Audience.RECEIPT else "AF"
        for spoken in languages:
            words = text(message, spoken, s.zone)
            if words:
                found.setdefault((code, words))
    limit = s.profile.texts.max_lines
    if not limit:
        return list(found)
    screens = [field for field in found if field[0] == "AF"][:limit]
    return screens + [field for field in found if field[0] == "AG"]


def no_lines(no: No, s: Surroundings, language: str | None) -> list[Field]:
    return screen(messages_of(no), s, language)


def optional(fields: Sequence[Field], s: Surroundings) -> list[Field]:
    """Fields that have a value; all of them, empty where they have none, for kiosks that expect it."""
    if s.profile.empty_fields:
        return [(code, item or "") for code, item in fields]
    return [(code, item) for code, item in fields if item]


def fee_asked(no: No) -> Money | None:
    """The amount a refusal wants acknowledged."""
    if not isinstance(no, Refusal):
        return None
    try:
        return Money(amount=Decimal(str(no.detail["amount"])), currency=str(no.detail["currency"]))
    except (KeyError, ArithmeticError, ValueError):
        return None
