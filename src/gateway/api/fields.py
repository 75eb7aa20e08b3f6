"""Types of what clients send: bounded, free of control characters, and exactly what the published schema says.

JSON's own types are not stretched here ("1" is no number, 1700000000 no instant): a client that is refused at once
finds its mistake at once.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from gateway.api.paging import DEFAULT_LIMIT, MAX_LIMIT
from gateway.api.problems import INVALID_INSTANT

# Control characters never belong in an identifier or a note, and PostgreSQL cannot store NUL.
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_YEARS = range(1900, 2200)  # beyond it a date is a slip of the keyboard, and arithmetic on it may overflow

ID = r"^[A-Za-z0-9._:~@=+-]{1,128}$"  # canonical ids are opaque, but stand in paths

Id = Annotated[str, StringConstraints(pattern=ID)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PRINTABLE)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=_PRINTABLE)]
Pin = Annotated[SecretStr, Field(max_length=64)]


def _is_rfc3339(value: object) -> object:
    if not isinstance(value, str) or _RFC3339.fullmatch(value) is None:
        raise ValueError("must be an RFC 3339 date-time with an offset")
    return value


def _in_utc(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise PydanticCustomError(INVALID_INSTANT, "is not a plausible date")
    return value.astimezone(UTC)


Instant = Annotated[datetime, BeforeValidator(_is_rfc3339), AfterValidator(_in_utc)]


def _is_iso(value: object) -> object:
    if not isinstance(value, str) or _ISO_DATE.fullmatch(value) is None:
        raise ValueError("must be a date, YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(_is_iso)]


class MoneyBody(BaseModel):
    """An amount as a decimal string with a point, and its currency (ISO 4217)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    amount: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}(\.[0-9]{1,3})?$")]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


IdInPath = Annotated[str, Path(pattern=ID, description="Canonical id, opaque")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows a page")]
Cursor = Annotated[
    str | None,
    Query(min_length=1, max_length=500, description="`next` of the page before; it fits this list only"),
]
After = Annotated[
    int, Query(ge=0, le=2**63 - 1, description="Begin behind this position: where a follower stopped last time")
]
LIMIT = DEFAULT_LIMIT
