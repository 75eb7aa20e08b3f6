"""The file a backup is kept in: a tar of `manifest.json` and `database`, compressed with zstd.

It appears under its name only when it is complete, and is unpacked only when its digest is right.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import orjson
import zstandard

FORMAT = 1
LEVEL = 9
CHUNK = 1 << 20
# Enough for what a manifest holds, and too little to fill the memory of whoever opens a file from elsewhere.
MANIFEST_LIMIT = 1 << 20

Report = Callable[[int, int], None]


class BackupError(Exception):
    """A backup or restore that was not done; what was there before is still there."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: `rows` counts each table, `size` and `sha256` are those of the database inside."""

    engine: str  # sqlite | postgresql
    revision: str
    created_at: str  # ISO 8601, UTC
    program: str
    rows: dict[str, int]
    size: int
    sha256: str
    format: int = FORMAT


def digest(path: Path) -> str:
    """SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(target: Path, manifest: Manifest, database: Path, report: Report) -> None:
    """Packs `database` into `target`, which must not exist; `report` is called with the bytes done and their number.

    Raises BackupError, OSError.
    """
    partial = target.with_name(f"{target.name}.partial")
    refuse_existing(target)
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _pack(file, manifest, database, report)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _pack(file: IO[bytes], manifest: Manifest, database: Path, report: Report) -> None:
    head = orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2)
    with (
        zstandard.ZstdCompressor(LEVEL, write_checksum=True).stream_writer(file, closefd=False) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
        database.open("rb") as content,
    ):
        tar.addfile(_entry("manifest.json", len(head)), io.BytesIO(head))
        tar.addfile(_entry("database", manifest.size), _Watched(content, manifest.size, report))


def refuse_existing(target: Path) -> None:
    """Raises BackupError where there is a file of that name: an older backup is nobody's to overwrite."""
    if target.exists():
        raise BackupError(f"{target} exists already")


def read(source: Path, database: Path, report: Report) -> Manifest:
    """Unpacks the database of a backup to `database` and checks it. Raises BackupError, OSError."""
    try:
        with (
            source.open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as tar,
            database.open("wb") as out,
        ):
            manifest = _manifest(_next(tar, "manifest.json"))
            _copy(_next(tar, "database"), out, manifest.size, report)
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise BackupError(f"{source} is no backup, or is damaged: {error}") from error
    if digest(database) != manifest.sha256:
        raise BackupError(f"{source} is damaged: its database does not have the digest of its manifest")
    return manifest


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o600
    return entry


def _next(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    entry = tar.next()
    content = tar.extractfile(entry) if entry is not None and entry.name == name and entry.isfile() else None
    if content is None:
        raise BackupError(f"this is no backup: it has no {name} where one belongs")
    return content


def _manifest(content: IO[bytes]) -> Manifest:
    try:
        found: dict[str, Any] = orjson.loads(content.read(MANIFEST_LIMIT))
        if found["format"] != FORMAT:
            raise BackupError(f"this backup has format {found['format']}, this program reads format {FORMAT}")
        return Manifest(**found)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BackupError(f"the manifest of this backup cannot be read: {error}") from error


def _copy(content: IO[bytes], out: IO[bytes], size: int, report: Report) -> None:
    done = 0
    while chunk := content.read(CHUNK):
        out.write(chunk)
        done += len(chunk)
        report(done, size)


class _Watched(io.RawIOBase):
    """A file that reports how far it was read."""

    def __init__(self, file: IO[bytes], size: int, report: Report) -> None:
        self._file = file
        self._size = size
        self._done = 0
        self._report = report

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._done += len(chunk)
        self._report(self._done, self._size)
        return chunk
