"""Every statement of the catalogue. Each goes by primary key or by an index, however many records there are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, Table, bindparam, delete, func, literal_column, or_, select, update

from gateway.catalogue.records import SourceKind
from gateway.catalogue.store import schema
from gateway.catalogue.store.rows import KINDS, SHOWN, Status
from gateway.store.sql import any_of
from gateway.store.statement import Statement

_record, _shared, _feed, _block = schema.source_record.c, schema.shared_bib.c, schema.feed.c, schema.feed_block.c


def _bound(name: str) -> Any:
    return bindparam(name, type_=BigInteger)


def _all(table: Table) -> Select[Any]:
    return select(*table.c)


def _insert(table: Table) -> Statement:
    return Statement(lambda insert: insert(table))


def _put(table: Table, *keep: str, ignore: bool = False) -> Statement:
    """Inserts a row, or overwrites that with the same key; columns in `keep` stay as they were first written."""
    keys = [column.name for column in table.primary_key]

    def make(insert: Any) -> Any:
        made = insert(table)
        if ignore:
            return made.on_conflict_do_nothing()
        changed = {c.name: made.excluded[c.name] for c in table.c if c.name not in keys and c.name not in keep}
        return made.on_conflict_do_update(index_elements=keys, set_=changed)

    return Statement(make)


# Position and scopes
POSITION = Statement(select(schema.position.c.horizon, schema.position.c.last_seq, schema.position.c.last_id))
PUT_POSITION = _put(schema.position)
SCOPES = Statement(_all(schema.scope))
PUT_SCOPE = _put(schema.scope)

# Source records
KNOWN = Statement(
    _all(schema.source_record).where(_record.member == bindparam("member"), any_of(_record.control, "controls"))
)
DIGESTS = Statement(
    select(_record.control, _record.digest, _record.status, _record.id).where(
        _record.member == bindparam("member"), any_of(_record.control, "controls")
    )
)
RECORDS = Statement(_all(schema.source_record).where(any_of(_record.id, "ids")))
OF_SHARED = Statement(_all(schema.source_record).where(any_of(_record.shared, "shared")))
GROUPS = Statement(
    select(_record.shared, _record.status, _record.member, _record.control, _record.id).where(
        any_of(_record.shared, "shared")
    )
)
SHARED_OF = Statement(select(_record.id, _record.shared).where(any_of(_record.id, "ids")))
NEW_RECORD = _insert(schema.source_record)
PUT_RECORD = _put(schema.source_record, "member", "control")
RENDERED = Statement(_all(schema.rendering).where(any_of(schema.rendering.c.id, "ids")))
PUT_RENDERING = _put(schema.rendering)
PUT_ORIGINAL = _put(schema.original)
ORIGINALS = Statement(_all(schema.original).where(any_of(schema.original.c.id, "ids")))
FIRST_RENDERINGS = Statement(
    _all(schema.rendering).order_by(schema.rendering.c.id).limit(bindparam("size", type_=BigInteger))
)
FIRST_ORIGINALS = Statement(
    _all(schema.original).order_by(schema.original.c.id).limit(bindparam("size", type_=BigInteger))
)
AFTER = Statement(
    _all(schema.source_record)
    .where(_record.id > _bound("after"))
    .order_by(_record.id)
    .limit(bindparam("size", type_=BigInteger))
)
_there = _record.status != literal_column(str(int(Status.DELETED)))
ORIGIN = Statement(
    select(_record.provenance).where(_record.member == bindparam("member"), _record.control == bindparam("one"), _there)
)
ORIGINS = Statement(
    select(_record.control, _record.provenance)
    .where(_record.member == bindparam("member"), _record.control > bindparam("after"), _there)
    .order_by(_record.control)
    .limit(bindparam("size", type_=BigInteger))
)

# Shared bibs
SHARED = Statement(_all(schema.shared_bib).where(any_of(_shared.id, "ids")))
PUT_SHARED = _put(schema.shared_bib)

# Records as a view shows them, one statement for all that a door gives out; see rows.ShownRow
_asked, _rendering = schema.source_record.alias("asked").c, schema.rendering.c
SHOWN_IN_ALL = Statement(
    select(
        _asked.id.label("asked"), _record.id, _record.member, _record.control, _record.shared, _record.format,
        _shared.datestamp, _shared.scopes, _record.provenance, _rendering.dictionary, _rendering.data,
    ).where(
        any_of(_asked.id, "ids"),
        _asked.status == literal_column(str(int(Status.VISIBLE))),
        _shared.id == _asked.shared,
        _shared.scopes != literal_column("'[]'"),
        _record.id == _shared.lead,
        _rendering.id == _record.id,
    )
)  # fmt: skip
SHOWN_TO_MEMBER = Statement(
    select(
        _record.id.label("asked"), _record.id, _record.member, _record.control, _record.shared, _record.format,
        _record.datestamp, _record.scopes, _record.provenance, _rendering.dictionary, _rendering.data,
    ).where(
        any_of(_record.id, "ids"),
        func.coalesce(_record.member, literal_column("''")) == bindparam("member"),  # by id, not by the member's index
        _record.status.in_([literal_column(str(int(status))) for status in SHOWN]),
        _rendering.id == _record.id,
    )
)  # fmt: skip

# Originals of the same that are given out as they came; see Reader.exact
_original = schema.original.c
_as_it_came = _original.kind == literal_column(str(KINDS.index(SourceKind.EXACT)))
EXACT_IN_ALL = Statement(
    select(_asked.id.label("asked"), _record.format, _original.dictionary, _original.data).where(
        any_of(_asked.id, "ids"),
        _asked.status == literal_column(str(int(Status.VISIBLE))),
        _shared.id == _asked.shared,
        _shared.scopes != literal_column("'[]'"),
        _record.id == _shared.lead,
        _original.id == _record.id,
        _as_it_came,
    )
)
EXACT_TO_MEMBER = Statement(
    select(_record.id.label("asked"), _record.format, _original.dictionary, _original.data).where(
        any_of(_record.id, "ids"),
        func.coalesce(_record.member, literal_column("''")) == bindparam("member"),
        _record.status.in_([literal_column(str(int(status))) for status in SHOWN]),
        _original.id == _record.id,
        _as_it_came,
    )
)

# Holdings
HOLDINGS = Statement(_all(schema.holding).where(any_of(schema.holding.c.record, "ids")))
HOLDINGS_OF_SHARED = Statement(
    select(_record.shared, _record.member, _record.control, _record.id, schema.holding.c.data).where(
        any_of(_record.shared, "shared"),
        _record.status == literal_column(str(int(Status.VISIBLE))),
        schema.holding.c.record == _record.id,
    )
)
PUT_HOLDING = _put(schema.holding)

# Matching
WORN_OUT = 48
"""Records with the same key after which the key tells nothing (a publisher's ISBN used for everything)."""
_k = schema.match_key.alias("k")
_wanted = schema.match_key.alias("w")
CANDIDATES = Statement(
    select(_wanted.c.key, _wanted.c.record).where(
        any_of(_wanted.c.key, "keys"),
        _wanted.c.member != bindparam("member"),
        _wanted.c.record.in_(
            select(_k.c.record)
            .where(_k.c.key == _wanted.c.key)
            .order_by(_k.c.record)
            .limit(literal_column(str(WORN_OUT + 1)))
        ),
    )
)
PUT_KEY = _put(schema.match_key, ignore=True)
DROP_KEY = Statement(
    delete(schema.match_key).where(
        schema.match_key.c.key == _bound("key"), schema.match_key.c.record == _bound("record")
    )
)

# Feed
PUT_FEED = _insert(schema.feed)
DROP_FEED = Statement(
    delete(schema.feed).where(
        _feed.scope == _bound("scope"), _feed.deleted == _bound("deleted"), _feed.seq == _bound("seq")
    )
)
PUT_SECOND = _put(schema.feed_second, ignore=True)


def _adding(table: Table, column: str) -> Statement:
    def make(insert: Any) -> Any:
        made = insert(table)
        return made.on_conflict_do_update(
            index_elements=[key.name for key in table.primary_key],
            set_={column: table.c[column] + made.excluded[column]},
        )

    return Statement(make)


ADD_BLOCK = _adding(schema.feed_block, "n")
ADD_TALLY = _adding(schema.tally, "n")
PAGE = Statement(
    select(_feed.seq, _feed.item, _feed.datestamp)
    .where(
        _feed.scope == _bound("scope"),
        _feed.deleted == _bound("deleted"),
        _feed.seq > _bound("after"),
        _feed.seq < _bound("end"),
    )
    .order_by(_feed.seq)
    .limit(bindparam("size", type_=BigInteger))
)
COUNT_ROWS = Statement(
    select(func.count())
    .select_from(schema.feed)
    .where(
        _feed.scope == _bound("scope"),
        _feed.deleted == _bound("deleted"),
        _feed.seq >= _bound("first"),
        _feed.seq < _bound("end"),
    )
)
COUNT_BLOCKS = Statement(
    select(func.sum(_block.n)).where(
        _block.scope == _bound("scope"),
        _block.deleted == _bound("deleted"),
        _block.level == _bound("level"),
        _block.block >= _bound("first"),
        _block.block < _bound("end"),
    )
)
SECOND_FROM = Statement(
    select(schema.feed_second.c.first_seq)
    .where(schema.feed_second.c.datestamp >= _bound("datestamp"))
    .order_by(schema.feed_second.c.datestamp)
    .limit(literal_column("1"))
)

# State, dictionaries, tallies
STATE = Statement(select(schema.state.c.value).where(schema.state.c.key == bindparam("key")))
PUT_STATE = _put(schema.state)
DROP_STATE = Statement(delete(schema.state).where(schema.state.c.key == bindparam("key")))
DICTIONARIES = Statement(_all(schema.dictionary).order_by(schema.dictionary.c.id))
PUT_DICTIONARY = _insert(schema.dictionary)
TALLIES = Statement(_all(schema.tally))

# Review
_review = schema.review.c
REVIEWS_OF = Statement(
    _all(schema.review).where(
        or_(any_of(_review.a, "ids"), any_of(_review.b, "more")),
    )
)
PUT_REVIEW = _put(schema.review, ignore=True)
REVIEW = Statement(_all(schema.review).where(_review.id == _bound("id")))
REVIEWS = Statement(
    _all(schema.review)
    .where(_review.decision == bindparam("decision"), _review.id > _bound("after"))
    .order_by(_review.id)
    .limit(bindparam("size", type_=BigInteger))
)
COUNT_OPEN_REVIEWS = Statement(
    select(func.count()).select_from(schema.review).where(_review.decision == literal_column("''"))
)
DECIDE = Statement(
    update(schema.review)
    .where(_review.id == _bound("row"))
    .values(decision=bindparam("verdict"), decided_by=bindparam("who"), decided_at=_bound("at"))
)
DROP_REVIEW = Statement(
    delete(schema.review).where(_review.id == _bound("row"), _review.decision == literal_column("''"))
)
LAST_REVIEW = Statement(select(func.max(_review.id)))

ALL = {name: value for name, value in globals().items() if isinstance(value, Statement)}
