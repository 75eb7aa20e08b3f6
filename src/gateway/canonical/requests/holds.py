"""Holds: placed, looked up, changed, cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from gateway.canonical.requests.base import PatronRequest
from gateway.canonical.vocabulary import HoldLevel, HoldType, Permission


class HoldPlace(PatronRequest):
    operation: ClassVar[str] = "hold.place"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.HOLD
    level: HoldLevel = HoldLevel.BIB
    type: HoldType = HoldType.HOLD
    item: str | None = None
    item_id: str | None = None
    bib_id: str | None = None
    title: str | None = None
    pickup_location: str | None = None
    needed_before: datetime | None = None
    suspended_until: datetime | None = None
    fee_acknowledged: bool = False
    comment: str | None = None
    external_ref: str | None = None


class HoldGet(PatronRequest):
    """One hold, named as in `HoldUpdate`; one that has ended is found by id and by `external_ref`."""

    operation: ClassVar[str] = "hold.get"
    permission: ClassVar[Permission | None] = Permission.HOLD
    hold_id: str | None = None
    external_ref: str | None = None
    item: str | None = None
    item_id: str | None = None
    type: HoldType | None = None


class HoldUpdate(PatronRequest):
    """The hold is named by id or `external_ref`, or by patron and item, bib or title; several that fit are refused as
    ambiguous."""

    operation: ClassVar[str] = "hold.update"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.HOLD
    hold_id: str | None = None
    external_ref: str | None = None
    item: str | None = None
    item_id: str | None = None
    bib_id: str | None = None
    title: str | None = None
    pickup_location: str | None = None
    needed_before: datetime | None = None
    suspended_until: datetime | None = None


class HoldCancel(PatronRequest):
    operation: ClassVar[str] = "hold.cancel"
    command: ClassVar[bool] = True
    permission: ClassVar[Permission | None] = Permission.HOLD
    hold_id: str | None = None
    external_ref: str | None = None
    item: str | None = None
    item_id: str | None = None
    bib_id: str | None = None
    title: str | None = None
    reason: str | None = None
