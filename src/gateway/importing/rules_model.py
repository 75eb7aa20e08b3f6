"""A member's rules as a file: the TOML document as models, read with all its problems at once, and written.

Amounts are decimals in the member's currency. A limit that is left out is no limit; that renewals are unlimited has
to be said.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from gateway.canonical.money import Money, exponent, parse_amount
from gateway.canonical.vocabulary import LocationKind, MediaType
from gateway.config.load import ConfigError, Problem, explain
from gateway.config.model import Section

ANY = "*"
UNLIMITED = "unlimited"
LONGEST_CLOSURE = 366
"""Days of one range of closed days: the calendar looks no further for the next open day."""

_CODE = re.compile(r"(?!\s)[^|*\x00-\x1f\x7f]{1,64}(?<!\s)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_PERIOD = re.compile(r"([1-9]\d{0,3}) (hour|day|week|month)s?")


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(f"{text!r} is no code: up to 64 characters without `|` and `*`, no space at either end")
    return text


def _fit(text: str) -> str:
    return text if text == ANY else _code(text)


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError(f'{text!r} is no time of day: write "09:00", and "24:00" for midnight at the end')
    return text


def period_text(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def split_period(text: str) -> tuple[int, str]:
    """Number and unit (hour, day, week, month) of a period. Raises ValueError."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise ValueError(f'{text!r} is no period: write "4 hours", "21 days", "2 weeks" or "3 months"')
    return int(found[1]), found[2]


def _period(text: str) -> str:
    return period_text(*split_period(text))


def _money(given: Any, info: ValidationInfo) -> Any:
    if isinstance(given, Money):
        return given
    currency = (info.context or {})["currency"]
    plain = isinstance(given, str | int | Decimal) and not isinstance(given, bool)
    money = parse_amount(str(given), currency) if plain else None
    if money is None:
        raise ValueError(f"{given} is no amount: write it as {Money.of_minor(250, currency).amount:f} ({currency})")
    return money


def _renewals(given: Any) -> Any:
    if given == UNLIMITED or (isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= 100_000):
        return given
    raise ValueError(f'{given!r} is no number of renewals: write 0, 1, 2, ..., or "{UNLIMITED}"')


def _weekdays(given: list[Weekday]) -> list[Weekday]:
    return sorted(set(given), key=WEEKDAYS.index)


Code = Annotated[str, AfterValidator(_code)]
Fit = Annotated[str, AfterValidator(_fit)]
Clock = Annotated[str, AfterValidator(_clock)]
Period = Annotated[str, AfterValidator(_period)]
Amount = Annotated[Money, BeforeValidator(_money)]
Count = Annotated[int, Field(ge=0, le=100_000)]
Words = Annotated[str, Field(min_length=1, max_length=255)]
Renewals = Annotated[Any, AfterValidator(_renewals)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Entry(Section):
    """A table of the file: types are not guessed at, `"yes"` is no boolean."""

    model_config = ConfigDict(strict=True)


class Location(Entry):
    """A place where things are lent or stand. The name of its table is its code."""

    name: Words
    kind: Annotated[LocationKind, Field(strict=False)] = LocationKind.LIBRARY
    parent: Code | None = None
    """The library that a shelving location or collection belongs to."""
    pickup: bool = True
    """Whether holds may be fetched here."""
    closed_weekdays: Annotated[list[Weekday], AfterValidator(_weekdays)] = Field(default_factory=list)
    opens: Clock | None = None
    """Local time; hourly loans fall due only while it is open. Left out with `closes`: open day and night."""
    closes: Clock | None = None

    @model_validator(mode="after")
    def _hours(self) -> Location:
        if (self.opens is None) != (self.closes is None):
            raise ValueError("`opens` and `closes` belong together")
        if self.opens is not None and self.closes is not None and self.closes <= self.opens:
            raise ValueError("`closes` must be later than `opens`")
        if (self.opens, self.closes) == ("00:00", "24:00"):
            return self.model_copy(update={"opens": None, "closes": None})
        return self


class Category(Entry):
    """Limits of a patron category; one left out is no limit."""

    label: Words
    max_loans: Count | None = None
    max_overdue: Count | None = None
    max_holds: Count | None = None
    max_fees: Amount | None = None
    """Borrowing stops when the balance is at or above this."""
    max_lost: Count | None = None


class ItemType(Entry):
    """What a lost item of this type costs."""

    label: Words
    media_type: Annotated[MediaType, Field(strict=False)] = MediaType.BOOK
    replacement_cost: Amount
    processing_fee: Amount


class ClosedDays(Entry):
    """A day, or the days `from` to `to` with both ends, on which a location (or all, `*`) is closed."""

    day: date | None = None
    first: date | None = Field(default=None, alias="from")
    last: date | None = Field(default=None, alias="to")
    location: Fit = ANY
    reason: Annotated[str, Field(max_length=255)] = ""

    @model_validator(mode="after")
    def _range(self) -> ClosedDays:
        if (self.day is None) == (self.first is None) or (self.first is None) != (self.last is None):
            raise ValueError("needs either `day`, or `from` and `to`")
        if self.first and self.last and not 0 <= (self.last - self.first).days < LONGEST_CLOSURE:
            raise ValueError(f"`to` must be `from` or later, at most {LONGEST_CLOSURE} days in all")
        return self

    @property
    def days(self) -> list[date]:
        first, last = self.day or self.first, self.day or self.last
        assert first is not None
        assert last is not None
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]


class Overdue(Entry):
    """What lateness costs: `fee` for each `per` begun after the grace, closed days not counted."""

    fee: Amount
    per: Literal["hour", "day"]
    grace: Count = 0
    """Hours or days that are free."""
    ceiling: Amount | None = None
    """At most so much a loan."""


class LoanRule(Entry):
    """One row of the circulation matrix; the most specific one that fits wins."""

    id: Code
    patron_category: Fit = ANY
    item_type: Fit = ANY
    location: Fit = ANY
    loanable: bool = True
    period: Period | None = None
    fixed_due: date | None = None
    """No loan ends later than on this day, while it is still to come."""
    max_loans: Count | None = None
    renewals: Renewals = 0
    renew_from: Literal["now", "due"] = "now"
    holdable: bool = True
    hold_shelf_days: Count = 7
    recallable: bool = True
    recall_minimum_days: Count = 7
    overdue: Overdue | None = None
    """Left out: lateness costs nothing."""
    rental: Amount | None = None

    @model_validator(mode="before")
    @classmethod
    def _said(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("loanable", True) is not False:
            missing = [name for name in ("period", "renewals") if name not in data]
            if missing:
                raise ValueError(f"{' and '.join(f'`{name}`' for name in missing)} must be said of what may be lent")
        return data

    @model_validator(mode="after")
    def _free(self) -> LoanRule:
        """A fee of nothing is no fee, so that both are the same rule."""
        free = {
            "overdue": self.overdue is not None and not self.overdue.fee.minor,
            "rental": self.rental is not None and not self.rental.minor,
        }
        return self.model_copy(update={name: None for name, nothing in free.items() if nothing})


class Rules(Entry):
    """Everything that a member's policies consist of."""

    locations: dict[Code, Location] = Field(default_factory=dict)
    categories: dict[Code, Category] = Field(default_factory=dict)
    item_types: dict[Code, ItemType] = Field(default_factory=dict)
    closed_days: list[ClosedDays] = Field(default_factory=list)
    loan_rules: list[LoanRule] = Field(default_factory=list)


def read_rules(path: Path, currency: str) -> Rules:
    """The file as a whole. Raises ConfigError with all problems of its tables; what they refer to is not looked at."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([Problem(str(path), "", getattr(error, "strerror", None) or str(error))]) from error
    except RecursionError as error:
        raise ConfigError([Problem(str(path), "", "nests too deep")]) from error
    try:
        return Rules.model_validate(document, context={"currency": currency})
    except ValidationError as error:
        lines = explain(error, Rules)
        raise ConfigError([Problem(str(path), _named(key, document), *rest) for key, *rest in lines]) from error


def _named(key: str, document: dict[str, Any]) -> str:
    """The key, with a loan rule's id instead of its number, where it has one."""
    table, _, rest = key.partition(".")
    number, _, field = rest.partition(".")
    if table != "loan_rules" or not number.isdecimal():
        return key
    entry = document[table][int(number)]
    name = entry.get("id") if isinstance(entry, dict) else None
    return ".".join(part for part in (table, str(name or number), field) if part)


def write_rules(rules: Rules, title: str, currency: str) -> str:
    """The file that `read_rules` reads as the same rules."""
    head = f"# {_one_line(title)}\n# Amounts are in {currency}, with {exponent(currency)} decimal places.\n"
    blocks = [
        f"[{table}.{toml(code)}]\n{_lines(entry)}"
        for table in ("locations", "categories", "item_types")
        for code, entry in getattr(rules, table).items()
    ]
    blocks += [f"[[closed_days]]\n{_lines(entry)}" for entry in rules.closed_days]
    blocks += [f"[[loan_rules]]\n{_lines(entry)}" for entry in rules.loan_rules]
    return "\n".join([head, *blocks])


def shown(entry: Entry) -> dict[str, str]:
    """Every setting that is set, as TOML has it: what files hold, and what a difference is shown in."""
    fields = type(entry).model_fields
    found = {fields[name].alias or name: getattr(entry, name) for name in fields}
    return {name: toml(value) for name, value in found.items() if value is not None}


def toml(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Money):
        return f"{value.amount:f}"
    if isinstance(value, Entry):
        return "{ " + ", ".join(f"{name} = {text}" for name, text in shown(value).items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(part) for part in value) + "]"
    if isinstance(value, str):
        return '"' + re.sub(r'[\x00-\x1f\x7f"\\]', _escape, value) + '"'
    return str(value)  # a number, or a date in ISO form


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return "\\" + character if character in '"\\' else f"\\u{ord(character):04x}"


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def _lines(entry: Entry) -> str:
    return "".join(f"{name} = {text}\n" for name, text in shown(entry).items())
