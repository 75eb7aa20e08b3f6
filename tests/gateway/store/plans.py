"""A small plan and a few rows, for tests of the engines: items of a member, counted and changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from gateway.store import rows, schema
from gateway.store.port import Part, Plan
from gateway.store.sql import any_of


@dataclass(slots=True)
class Shelf:
    state: rows.MemberStateRow | None
    bib: rows.BibRow | None
    items: list[rows.ItemRow]
    barcodes: list[dict[str, object]]


_item, _bib, _state = schema.item.c, schema.bib.c, schema.member_state.c

SHELF = Plan(
    "shelf",
    (
        Part("state", select(schema.member_state).where(_state.member == bindparam("member")), rows.MemberStateRow),
        Part(
            "bib",
            select(schema.bib).where(_bib.member == bindparam("member"), _bib.id == bindparam("bib")),
            rows.BibRow,
        ),
        Part(
            "items",
            select(schema.item)
            .where(_item.member == bindparam("member"), _item.bib_id == bindparam("bib"))
            .order_by(_item.barcode.desc()),
            rows.ItemRow,
            many=True,
        ),
        Part(
            "barcodes",
            select(_item.barcode, _item.temporary, _item.status)
            .where(_item.member == bindparam("member"), any_of(_item.id, "ids"), _item.status != "it's 100% gone")
            .order_by(_item.id),
            many=True,
        ),
    ),
    Shelf,
)


def values(member: str = "aber", *ids: str, bib: str = "b1") -> dict[str, object]:
    return {"member": member, "bib": bib, "ids": list(ids)}


def state(member: str = "aber") -> rows.MemberStateRow:
    return rows.MemberStateRow(member, 1, 0)


def bib(member: str = "aber", id_: str = "b1", title: str = "Tŷ ar y bryn") -> rows.BibRow:
    return rows.BibRow(
        member, id_, title, None, None, None, None, "[]", "[]", "[]", "cy", None, suppressed=False,
        marc=b"\x00\x1e\xff", position=1, created_at=1, changed_at=1, deleted_at=None,
    )  # fmt: skip


def item(member: str = "aber", id_: str = "i1", bib_id: str = "b1", temporary: bool = False) -> rows.ItemRow:
    return rows.ItemRow(
        member=member, id=id_, bib_id=bib_id, barcode=f"bc-{id_}", status="available", item_type="book",
        permanent_location="MAIN", current_location="MAIN", destination=None, call_number=None, copy_number=None,
        enumeration=None, collection=None, media_type="book", restrictions="", security_marker="other", magnetic=None,
        properties=None, price=None, temporary=temporary, owner_member=None, lent_to_member=None, hold_id=None,
        last_key=None, last_terminal=None, changed_at=1_700_000_000_000,
    )  # fmt: skip


def event(member: str = "aber", type_: str = "loan.created") -> rows.EventRow:
    return rows.EventRow(member, 1, type_, None, None, None, "kiosk", "{}")


def patron(member: str = "aber", id_: str = "p1") -> rows.PatronRow:
    return rows.PatronRow(
        member, id_, name="Siân Ŵyn", family=None, given=None, category="student", home_library=None, status="active",
        expires_on=None, valid_from_on=None, birth_on=None, language="cy", emails_json="[]", phones_json="[]",
        addresses_json="[]", pin_hash=None, is_institution=False, account_key=None, account_terminal=None,
        created_at=1, changed_at=1,
    )  # fmt: skip
