"""The file a backup is kept in: a tar of `manifest.json` and the databases that it names, compressed with zstd.

It appears under its name only when it is complete, and is unpacked only when its digests are right.
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

FORMAT = 2
LEVEL = 9
CHUNK = 1 << 20
MANIFEST = "manifest.json"
FILES = frozenset({"store", "register", "catalogue", "dump"})
# Enough for what a manifest holds, and too little to fill the memory of whoever opens a file from elsewhere.
MANIFEST_LIMIT = 1 << 20

Report = Callable[[int, int], None]


class BackupError(Exception):
    """A backup or restore that was not done; what was there before is still there."""


@dataclass(frozen=True, slots=True)
class Held:
    """One schema in a backup: its revision, and how many rows each of its tables has."""

    revision: str
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class File:
    """One file in a backup."""

    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> File:
        """That of a file as it lies there."""
        return cls(path.stat().st_size, digest(path))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: schemas by name (`store`, `register`, `catalogue`), and the files they lie in.

    On SQLite each schema is a file of the same name; on PostgreSQL `dump` holds all.
    """

    engine: str  # sqlite | postgresql
    created_at: str  # ISO 8601, UTC
    program: str
    holds: dict[str, Held]
    files: dict[str, File]
    format: int = FORMAT


def digest(path: Path) -> str:
    """SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(target: Path, manifest: Manifest, folder: Path, report: Report) -> None:
    """Packs the manifest's files, which lie in `folder`, into `target`, which must not exist.

    `report` is called with the bytes done and their number. Raises BackupError, OSError.
    """
    partial = target.with_name(f"{target.name}.partial")
    refuse_existing(target)
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _pack(file, manifest, folder, report)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pack(file: IO[bytes], manifest: Manifest, folder: Path, report: Report) -> None:
    head = orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2)
    total, done = _total(manifest), 0
    with (
        zstandard.ZstdCompressor(LEVEL, write_checksum=True).stream_writer(file, closefd=False) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        tar.addfile(_entry(MANIFEST, len(head)), io.BytesIO(head))
        for name, one in manifest.files.items():
            with (folder / name).open("rb") as content:
                tar.addfile(_entry(name, one.size), _Watched(content, done, total, report))
            done += one.size


def refuse_existing(target: Path) -> None:
    """Raises BackupError where there is a file of that name: an older backup is nobody's to overwrite."""
    if target.exists():
        raise BackupError(f"{target} exists already")


def read(source: Path, folder: Path, report: Report) -> Manifest:
    """Unpacks the files of a backup into `folder` and checks them. Raises BackupError, OSError."""
    try:
        with (
            source.open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as tar,
        ):
            manifest = _manifest(_next(tar, MANIFEST))
            total, done = _total(manifest), 0
            for name, one in manifest.files.items():
                with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                    _copy(_next(tar, name), out, done, total, report)
                done += one.size
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise BackupError(f"{source} is no backup, or is damaged: {error}") from error
    for name, one in manifest.files.items():
        if File.of(folder / name) != one:
            raise BackupError(f"{source} is damaged: its {name} does not have the digest of its manifest")
    return manifest


def _total(manifest: Manifest) -> int:
    return sum(one.size for one in manifest.files.values())


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
        if not FILES.issuperset(found["files"]):
            raise BackupError("the manifest of this backup names files that a backup does not have")
        found["holds"] = {name: Held(**held) for name, held in found["holds"].items()}
        found["files"] = {name: File(**file) for name, file in found["files"].items()}
        return Manifest(**found)
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        raise BackupError(f"the manifest of this backup cannot be read: {error}") from error


def _copy(content: IO[bytes], out: IO[bytes], done: int, total: int, report: Report) -> None:
    while chunk := content.read(CHUNK):
        out.write(chunk)
        done += len(chunk)
        report(done, total)


class _Watched(io.RawIOBase):
    """A file that reports how far it was read, `done` bytes having been read before it."""

    def __init__(self, file: IO[bytes], done: int, total: int, report: Report) -> None:
        self._file = file
        self._total = total
        self._done = done
        self._report = report

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._done += len(chunk)
        self._report(self._done, self._total)
        return chunk
