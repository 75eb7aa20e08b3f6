"""Where the index lies: one folder a generation, and a file that names the one in use.

A new generation is made beside the one in use and takes its place by one rename, so that readers always have a whole
index. In a generation: `tantivy/`, `headings.sqlite3`, `version` (what it was made with), `lineage` (of which feed),
`position` (how far it has followed it).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.catalogue.index.schema import version

_NAME = "current"


def current(path: Path) -> Path | None:
    """The generation in use, None where there is none yet."""
    try:
        name = (path / _NAME).read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    folder = path / name
    return folder if name and folder.is_dir() else None


def is_current(folder: Path) -> bool:
    """Whether a generation was made with this program's index map and layout."""
    try:
        return (folder / "version").read_text(encoding="ascii") == version()
    except FileNotFoundError:
        return False


def is_of(folder: Path, lineage: str) -> bool:
    """Whether a generation follows this feed, not one that went on otherwise before a backup was put back."""
    try:
        return (folder / "lineage").read_text(encoding="ascii") == lineage
    except FileNotFoundError:
        return lineage == ""


def begin(path: Path, lineage: str = "") -> Path:
    """A folder for a new generation, made from the feed of this lineage; what is not in use goes."""
    path.mkdir(parents=True, exist_ok=True)
    tidy(path)
    numbers = [int(folder.name) for folder in _generations(path)]
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
    """The seq of the feed's scope 0 that a generation has followed to; 0 at its beginning."""
    try:
        return int((folder / "position").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def set_position(folder: Path, seq: int) -> None:
    """Written behind the commit it stands for: what was committed twice is the same as once."""
    replace(folder / "position", str(seq))


def replace(path: Path, text: str) -> None:
    """A small file, whole or as it was."""
    written = path.with_name(path.name + ".new")
    written.write_text(text, encoding="ascii")
    written.replace(path)
