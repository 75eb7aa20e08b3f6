"""Schemas beside the platform's: what is wrong with a file is said as what it keeps from being had."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.catalogue.store import migrate as catalogue
from gateway.catalogue.store.port import CatalogueUnavailable
from gateway.identity.register import migrate as register
from gateway.identity.register.port import RegisterUnavailable


@pytest.mark.parametrize(
    ("schema", "unavailable"), [(register, RegisterUnavailable), (catalogue, CatalogueUnavailable)]
)
async def test_a_damaged_file_is_unavailable(schema: object, unavailable: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"
    await schema.upgrade(f"sqlite:///{path}")  # type: ignore[attr-defined]
    octets = bytearray(path.read_bytes())
    octets[100:] = b"\xa5" * (len(octets) - 100)  # the head alone is left
    path.write_bytes(octets)
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    with pytest.raises(unavailable, match=str(path)):
        await schema.upgrade(f"sqlite:///{path}")  # type: ignore[attr-defined]


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(RegisterUnavailable, match="not a database"):
        await register.upgrade(f"sqlite:///{path}")
