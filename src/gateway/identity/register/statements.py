"""Every statement of the register. Each goes by primary key or by an index, however many people there are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    null,
    select,
    update,
)

from gateway.identity.model import Stage
from gateway.identity.register import schema
from gateway.store.sql import any_of
from gateway.store.statement import Statement

_person, _name, _lookup, _seen = schema.person.c, schema.name.c, schema.lookup.c, schema.seen.c
_group, _in, _run, _review = schema.group.c, schema.group_member.c, schema.run.c, schema.review.c
_ALIVE = _person.stage != literal_column(f"'{Stage.ANONYMISED}'", Text)
_PENDING = literal_column("pending") > literal_column("0")  # as the index says it

_LINKED = literal_column("platform_id") > literal_column("''")


def _number(name: str) -> Any:
    return bindparam(name, type_=BigInteger)


def _text(name: str) -> Any:
    return bindparam(name, type_=Text)


def _of(column: Any) -> Any:
    return column == bindparam("member", type_=Text)


def _page(made: Select[Any], key: Any) -> Statement:
    """Rows behind `after`, in the order of a key that an index has."""
    return Statement(made.where(key > _text("after")).order_by(key).limit(_number("size")))


def _insert(table: Table) -> Statement:
    return Statement(lambda insert: insert(table))


def _put(table: Table) -> Statement:
    """Inserts a row, or overwrites that with the same key."""
    keys = [column.name for column in table.primary_key]

    def make(insert: Any) -> Any:
        made = insert(table)
        return made.on_conflict_do_update(
            index_elements=keys, set_={c.name: made.excluded[c.name] for c in table.c if c.name not in keys}
        )

    return Statement(make)


def _once(table: Table) -> Statement:
    """Inserts a row that is nothing but its key, unless it is there."""
    return Statement(lambda insert: insert(table).on_conflict_do_nothing())


def _drop(table: Table) -> Statement:
    return Statement(delete(table).where(*(column == bindparam(column.name) for column in table.primary_key)))


_ALL_PERSONS = select(*_person)
_COUNTED = literal_column("1")

# Persons
PERSONS = Statement(_ALL_PERSONS.where(_of(_person.member), any_of(_person.id, "ids")))
LOCKED_PERSONS = Statement(
    _ALL_PERSONS.where(_of(_person.member), any_of(_person.id, "ids")).order_by(_person.id).with_for_update()
)
WALK = _page(_ALL_PERSONS.where(_of(_person.member), _ALIVE), _person.id)
KNOWN = Statement(
    select(_person.source_key, _person.id, _person.digest, _person.stage).where(
        _of(_person.member), _person.source == _text("source"), any_of(_person.source_key, "keys")
    )
)
UNSEEN = _page(
    _ALL_PERSONS.where(
        _of(_person.member),
        _person.source == _text("source"),
        _ALIVE,
        ~exists(_COUNTED)
        .select_from(schema.seen)
        .where(_seen.member == _person.member, _seen.run == _text("run"), _seen.source_id == _person.source_key),
    ),
    _person.id,
)
TALLY = Statement(
    select(_person.stage, func.count())
    .where(_of(_person.member), _person.source == _text("source"))
    .group_by(_person.stage)
)
COUNT_ALL = Statement(
    select(func.count()).select_from(
        select(_COUNTED).where(_of(_person.member), _ALIVE).limit(_number("size")).subquery()
    )
)
UNPROVISIONED = _page(
    _ALL_PERSONS.where(_of(_person.member), _PENDING, _person.pending == _number("pending")), _person.id
)
LINKED = Statement(
    select(_person.platform_id, _person.id).where(
        _of(_person.member), any_of(_person.platform_id, "platform_ids"), _LINKED, _ALIVE
    )
)
NOTE = Statement(
    update(schema.person)
    .where(_of(_person.member), _person.id == _text("id"))
    .values(
        provisioned=_number("carried"), platform_id=_text("patron"), problem=_text("trouble"), pending=_number("state")
    )
)
RELEASE_SOURCE = Statement(
    update(schema.person).where(_of(_person.member), any_of(_person.id, "ids")).values(source_key=null())
)
PUT_PERSON = _put(schema.person)
DROP_PERSON = _drop(schema.person)

# What persons are found by
OWNERS = Statement(
    select(_name.field, _name.value, _name.person).where(
        _of(_name.member), _name.field == _text("field"), any_of(_name.value, "values")
    )
)
_named = select(_name.person).where(_of(_name.member), _name.field == _text("field"))
NAME_EXACT = Statement(_named.where(_name.value == _text("value")))
NAME_PREFIX = Statement(
    _named.where(_name.value >= _text("value"), _name.value < _text("beyond")).limit(_number("size"))
)
_looked_up = select(_lookup.person).where(_of(_lookup.member), _lookup.field == _text("field"))
_having = _looked_up.where(_lookup.value == _text("value"))
LOOKUP_EXACT = _page(_having, _lookup.person)
LOOKUP_PREFIX = Statement(
    _looked_up.where(_lookup.value >= _text("value"), _lookup.value < _text("beyond")).limit(_number("size"))
)
LOOKUP_WALK = _page(
    select(*_person)
    .select_from(schema.lookup)
    .join(schema.person, and_(_person.member == _lookup.member, _person.id == _lookup.person))
    .where(_of(_lookup.member), _lookup.field == _text("field"), _lookup.value == _text("value")),
    _lookup.person,
)
LOOKUP_COUNT = Statement(
    select(func.count()).select_from(
        _looked_up.where(_lookup.value == _text("value")).limit(_number("size")).subquery()
    )
)
PUT_NAME = _insert(schema.name)
DROP_NAME = _drop(schema.name)
PUT_LOOKUP = _once(schema.lookup)
DROP_LOOKUP = _drop(schema.lookup)

# Groups
GROUPS = _page(select(*_group).where(_of(_group.member)), _group.id)
_by_id = select(*_group).where(_of(_group.member), any_of(_group.id, "ids"))
GROUPS_BY_ID = Statement(_by_id)
LOCKED_GROUPS = Statement(_by_id.with_for_update())
GROUP_MEMBERS = Statement(select(_in.group_id, _in.person).where(_of(_in.member), any_of(_in.group_id, "ids")))
GROUPS_OF = Statement(select(_in.person, _in.group_id).where(_of(_in.member), any_of(_in.person, "persons")))
PERSONS_THERE = Statement(select(_person.id).where(_of(_person.member), any_of(_person.id, "ids")))
PUT_GROUP = _put(schema.group)
DROP_GROUP = _drop(schema.group)
PUT_GROUP_MEMBER = _once(schema.group_member)
DROP_GROUP_MEMBER = _drop(schema.group_member)

# Runs
RUN = Statement(select(*_run).where(_of(_run.member), _run.id == _text("id")))
_latest = select(*_run).where(_of(_run.member)).order_by(_run.started_at.desc(), _run.id.desc()).limit(_number("size"))
RUNS = Statement(_latest)
RUNS_OF_FEED = Statement(_latest.where(_run.feed == _text("feed")))
ENDED = Statement(select(_run.id).where(_of(_run.member), _run.ended_at < _number("before")))
PUT_RUN = _put(schema.run)
DROP_RUN = _drop(schema.run)
SEEN_SOME = Statement(
    select(_seen.member, _seen.run, _seen.source_id)
    .where(_of(_seen.member), _seen.run == _text("run"))
    .limit(_number("size"))
)
PUT_SEEN = _once(schema.seen)
DROP_SEEN = _drop(schema.seen)

# What people decide
REVIEW = Statement(select(*_review).where(_of(_review.member), _review.id == _text("id")))
_reviews = select(*_review).where(_of(_review.member), _review.decided == _number("decided"))
REVIEWS = _page(_reviews, _review.id)
REVIEWS_OF_FEED = _page(_reviews.where(_review.feed == _text("feed")), _review.id)
REVIEWS_OF = Statement(
    select(*_review).where(_of(_review.member), _review.feed == _text("feed"), any_of(_review.source_id, "source_ids"))
)
PUT_REVIEW = _put(schema.review)
DROP_REVIEW = _drop(schema.review)

ALL = {name: value for name, value in globals().items() if isinstance(value, Statement)}
