"""What a database's revision says to this program: up to date, older, or made by a later program.

For both schemas, the platform's and the catalogue's, each with an Alembic history of its own.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection


def head_of(config: Config) -> str:
    """The revision this program knows."""
    found = ScriptDirectory.from_config(config).get_current_head()
    assert found is not None
    return found


def mismatch(config: Config, found: str | None) -> str | None:
    """Why a database at revision `found` (None: an empty one) cannot be used, and what to do; None where it can."""
    script = ScriptDirectory.from_config(config)
    head = head_of(config)
    if found == head:
        return None
    if found is None:
        return f"has no schema yet, this program needs {head}: make it first"
    if found in {revision.revision for revision in script.walk_revisions()}:
        return f"is at revision {found}, this program needs {head}: upgrade it first"
    return (
        f"is at revision {found}, which a later program made; this one knows {head}: start the program that upgraded "
        "it, or restore a backup from before"
    )


def upgrade(config: Config, connection: Connection) -> None:
    """Brings the database to what this program knows, in the transaction of `connection`. Raises ValueError where a
    later program has upgraded it."""
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ValueError(f"a later program made this database: {error}") from error
