"""Where the index lies: one folder a generation, and a file that names the one in use.

A new generation is made beside the one in use and takes its place by one rename, so that readers always have a whole
index. In a generation: `tantivy/`, `headings.sqlite3`, `version` (what it was made with), `lineage` (of which feed),
`position` (how far it has followed it).
"""

from __future__ import annotations

import errno
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.catalogue.index.schema import version
from gateway.store import lock_file

_NAME = "current"
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""What SQLite says of a file that is damaged, no database, or without our tables."""
_LACK = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""What the system says of files that may well be whole."""
_TANTIVY_LACKS = re.compile(r"(?:code: |os error )(\d+)")
_TANTIVY_LOCKED = "LockBusy"


class Damaged(Exception):
    """A generation, or a part of it, that cannot be read; the message says what is wrong."""


UNOPENED = (Damaged, OSError, ValueError, sqlite3.Error)
"""All that opening or closing a generation may raise, whether it is damaged or something is lacking."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While this process, and no other, writes the index. Raises `lock_file.Held` and `lock_file.Blocked`."""
    with lock_file.held(path / "lock"):
        yield


@contextmanager
def opening() -> Iterator[None]:
    """Whatever says that a file cannot be read, as Damaged. For what opens a generation and does nothing else.

    Raises `lock_file.Held` where another process has a part of it; leaves a full disk and its like as they are."""
    try:
        with reading_headings():
            yield
    except OSError as error:
        if error.errno in _LACK:
            raise
        raise Damaged(_short(error)) from error
    except ValueError as error:  # all that tantivy-py makes of what tantivy says
        if _TANTIVY_LOCKED in str(error):
            raise lock_file.Held(_short(error)) from error
        if any(int(number) in _LACK for number in _TANTIVY_LACKS.findall(str(error))):
            raise
        raise Damaged(_short(error)) from error
    except BaseException as error:
        if is_panic(error):
            raise Damaged(_short(error)) from error
        raise


@contextmanager
def reading_headings() -> Iterator[None]:
    """What SQLite says of a damaged file, as Damaged: a full disk and its like are something else."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None or code & 0xFF not in _DAMAGE:
            raise
        raise Damaged(f"headings.sqlite3: {_short(error)}") from error


def is_panic(error: BaseException) -> bool:
    """What panics in tantivy is no Exception, and must not end the process that serves everybody else."""
    return type(error).__name__ == "PanicException"


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def current(path: Path) -> Path | None:
    """The generation in use, None where there is none yet."""
    try:
        name = (path / _NAME).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    folder = path / name
    return folder if name.isdigit() and folder.is_dir() else None


def is_current(folder: Path) -> bool:
    """Whether a generation was made with this program's index map and layout."""
    try:
        return (folder / "version").read_text(encoding="ascii") == version()
    except (OSError, ValueError):
        return False


def give_up(folder: Path) -> None:
    """Has a generation made anew, by this process or the next that comes to write it."""
    (folder / "version").unlink(missing_ok=True)


def is_of(folder: Path, lineage: str) -> bool:
    """Whether a generation follows this feed, not one that went on otherwise before a backup was put back."""
    try:
        return (folder / "lineage").read_text(encoding="ascii") == lineage
    except FileNotFoundError:
        return lineage == ""
    except (OSError, ValueError):
        return False


def begin(path: Path, lineage: str = "") -> Path:
    """A folder for a new generation, made from the feed of this lineage; what is not in use goes.

    Its number is none that was there: a reader may have that open."""
    path.mkdir(parents=True, exist_ok=True)
    if (path / _NAME).is_dir():
        shutil.rmtree(path / _NAME)
    numbers = [int(folder.name) for folder in _generations(path)]
    tidy(path)
    folder = path / str(max(numbers, default=0) + 1)
    (folder / "tantivy").mkdir(parents=True)
    (folder / "version").write_text(version(), encoding="ascii")
    (folder / "lineage").write_text(lineage, encoding="ascii")
    return folder


def use(path: Path, folder: Path) -> None:
    """Puts a generation in the place of the one in use, which stays until `tidy`: readers have it open."""
    replace(path / _NAME, folder.name)


def tidy(path: Path) -> None:
    """Takes away generations that are not in use."""
    used = current(path)
    for folder in _generations(path):
        if folder != used:
            shutil.rmtree(folder, ignore_errors=True)


def _generations(path: Path) -> list[Path]:
    return [folder for folder in path.iterdir() if folder.is_dir() and folder.name.isdigit()]


def position(folder: Path) -> int:
    """The seq of the feed's scope 0 that a generation has followed to; 0 at its beginning, and where it is not known:
    what is followed twice is the same as once."""
    try:
        return int((folder / "position").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def set_position(folder: Path, seq: int) -> None:
    """Written behind the commit it stands for: what was committed twice is the same as once."""
    replace(folder / "position", str(seq))


def replace(path: Path, text: str) -> None:
    """A small file, whole or as it was."""
    written = path.with_name(path.name + ".new")
    written.write_text(text, encoding="ascii")
    written.replace(path)
