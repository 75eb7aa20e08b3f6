"""The catalogue as a part of a backup, and what makes one that was put back go on behind what others have seen of it.

Between a backup and its restoring, positions, datestamps and numbers were given that harvesters and indexes know, and
nobody can say which. What comes next gets numbers beyond all of them: they start from the time, at a pace that no load
keeps up with.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from gateway.catalogue.store import migrate
from gateway.catalogue.store.reader import LINEAGE
from gateway.catalogue.store.schema import VERSION_TABLE, metadata, position, state
from gateway.store.backup import Part
from gateway.store.url import sqlite_path

NAME = "catalogue"
PACE = 20
"""Numbers are given slower than 2^20 a second: 2^20 times the seconds since 1970 is beyond any that was given."""


def catalogue_part(url: str, now: int) -> Part:
    """The catalogue at `url`; `now` (seconds since 1970) is when one is put back there."""
    columns, rows = position.c, position.name
    floor = now << PACE
    later = ", ".join(
        f"{name} = CASE WHEN {rows}.{name} < excluded.{name} THEN excluded.{name} ELSE {rows}.{name} END"
        for name in (columns.horizon.name, columns.last_seq.name, columns.last_id.name)
    )
    go_on = (
        f"INSERT INTO {rows} (id, horizon, last_seq, last_id) VALUES (1, {now}, {floor}, {floor})"  # noqa: S608
        f" ON CONFLICT (id) DO UPDATE SET {later}"
    )
    lineage = (
        f"INSERT INTO {state.name} (key, value) VALUES ('{LINEAGE}', '{secrets.token_hex(8)}')"  # noqa: S608
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    )
    return Part(NAME, url, tuple(metadata.tables), VERSION_TABLE, migrate.head(), (go_on, lineage))


def is_there(url: str) -> bool:
    """Whether there is a catalogue to be backed up: its file is made when a gateway first serves. On PostgreSQL its
    tables come with the others."""
    path = sqlite_path(url)
    return path is None or (Path(path).exists() and Path(path).stat().st_size > 0)
