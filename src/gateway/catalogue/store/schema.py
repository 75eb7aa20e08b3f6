"""The catalogue's tables, one definition for both databases.

What is read together lies together: `source_record` holds the small facts of a record, its rendering and its original
stand apart. Every statement goes by primary key or covering index; the feed keeps what it needs to count any window.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"},
)

VERSION_TABLE = "catalogue_version"
"""Alembic's, beside that of the platform's schema."""

# SQLite's own row number is the key where there is one number, and the key is the table where there are several.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def _table(name: str, *columns: Column[object] | Index, keyed: bool = False) -> Table:
    return Table(f"catalogue_{name}", metadata, *columns, sqlite_with_rowid=not keyed)


def _key(name: str, kind: object = _NUMBER) -> Column[object]:
    return Column(name, kind, primary_key=True, autoincrement=False)  # type: ignore[arg-type]


def _column(name: str, kind: object, *, null: bool = False) -> Column[object]:
    return Column(name, kind, nullable=null)  # type: ignore[arg-type]


position = _table(
    "position",
    _key("id"),  # always 1
    _column("horizon", BigInteger),  # seconds since 1970
    _column("last_seq", BigInteger),
    _column("last_id", BigInteger),  # source records and shared bibs are numbered from one sequence
)
source_record = _table(
    "source_record",
    _key("id"),
    _column("member", Text),
    _column("control", Text),
    _column("shared", BigInteger),
    _column("format", SmallInteger),
    _column("status", SmallInteger),
    _column("material", Text),
    _column("sets", Text, null=True),  # JSON: query-defined sets of its member's view and of `all`
    _column("rank", BigInteger),
    _column("facts", LargeBinary, null=True),  # what matching compares
    _column("digest", LargeBinary),
    _column("datestamp", BigInteger),
    _column("seq", BigInteger),  # in the scopes of its member's view
    _column("index_seq", BigInteger),  # in scope 0
    _column("scopes", Text),  # JSON: scopes of its member's view in which it is live
    _column("gone", Text),  # JSON: scope -> seq of the tombstone it left there
    _column("provenance", Text, null=True),
    _column("stated", SmallInteger, null=True),  # status as its source states it, where that is another
    Index(None, "member", "control", unique=True),
    Index(None, "shared", "status", "member", "id"),
)
rendering = _table("rendering", _key("id"), _column("dictionary", Integer), _column("data", LargeBinary))
original = _table(
    "original", _key("id"), _column("kind", SmallInteger), _column("dictionary", Integer), _column("data", LargeBinary)
)
shared_bib = _table(
    "shared_bib",
    _key("id"),
    _column("lead", BigInteger),  # of a tombstone the last one
    _column("datestamp", BigInteger),
    _column("seq", BigInteger),
    _column("scopes", Text),
    _column("gone", Text),
)
match_key = _table(
    "match_key", _key("key", BigInteger), _key("record", BigInteger), _column("member", Text), keyed=True
)
holding = _table("holding", _key("record"), _column("data", Text))
scope = _table(
    "scope",
    _key("id"),
    _column("view", Text),
    _column("spec", Text),
    _column("name", Text),
    _column("description", Text),
    Index(None, "view", "spec", unique=True),
)
feed = _table(
    "feed",
    _key("scope", Integer),
    _key(
        "deleted", SmallInteger
    ),  # live rows and tombstones are listed apart, so that leaving one kind out costs nothing
    _key("seq", BigInteger),
    _column("item", BigInteger),  # source record, in scopes of `all` shared bib
    _column("datestamp", BigInteger),
    keyed=True,
)
feed_block = _table(
    "feed_block",
    _key("scope", Integer),
    _key("deleted", SmallInteger),
    _key("level", SmallInteger),
    _key("block", BigInteger),
    _column("n", BigInteger),
    keyed=True,
)
feed_second = _table("feed_second", _key("datestamp"), _column("first_seq", BigInteger))
dictionary = _table("dictionary", _key("id"), _column("kind", Text), _column("data", LargeBinary))
state = _table("state", _key("key", Text), _column("value", Text), keyed=True)
tally = _table("tally", _key("member", Text), _key("status", SmallInteger), _column("n", BigInteger), keyed=True)
review = _table(
    "review",
    _key("id"),
    _column("a", BigInteger),
    _column("b", BigInteger),
    _column("reason", Text),
    _column("evidence", Text),
    _column("decision", Text),  # '' while open
    _column("decided_by", Text),
    _column("decided_at", BigInteger, null=True),
    Index(None, "a", "b", unique=True),
    Index(None, "b"),
    Index(None, "decision", "id"),
)
