"""A drop folder: whole files are taken one at a time and put away when a run has settled them. Of files with everybody
the newest is taken, and once it is read the older ones are put away unread; files with changes come oldest first.

A file is ours once we hold its lock and have moved it into `working/`; both are atomic, so another node finds it locked
or gone. A process that dies loses the lock: the next one finds the file in `working/` and takes it up again.
DropFolder blocks: feeds call it in a thread.
"""

from __future__ import annotations

import asyncio
import fcntl
import fnmatch
import hashlib
import os
import secrets
import stat
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Literal

from gateway.clock import Clock, SystemClock
from gateway.config.identity import FileFeedBase
from gateway.identity.feeds.port import End, FeedError, NothingNew, Page

PAGE = 500
"""Records in a page: what the sync writes in one transaction."""

DONE, MANIFEST, BAD, REASON = ".done", ".manifest", ".bad.csv", ".reason.txt"
_NOT_MEANT = (DONE, MANIFEST, BAD, REASON, ".part", ".partial", ".filepart", ".tmp", ".swp", "~")
_MARK = "~"  # between our own mark and the name in `working/`
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is ours. `name` is what it was called on arrival, `digest` its SHA-256 in hexadecimal, `remark` what
    a run should say of it although it can be read."""

    name: str
    path: Path
    digest: str
    remark: str = ""


class DropFolder:
    """One folder of a feed. `manifest` asks for a file of the same name with `.manifest` beside each, `partial` says
    that files hold changes."""

    def __init__(
        self,
        folder: Path,
        pattern: str = "*",
        *,
        ready: Literal["rename", "done-file"] = "rename",
        manifest: bool = False,
        partial: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._folder = folder
        self._partial = partial
        self._pattern = pattern
        self._ready = ready
        self._manifest = manifest
        self._clock = clock or SystemClock()
        self._taken: Taken | None = None
        self._file: BinaryIO | None = None
        self._refused = ""

    def take(self, name: str = "", digest: str = "") -> Taken:
        """The file whose turn it is, those first that a dead process left behind; with `name` and `digest` that one and
        no other. Raises NothingNew, and FeedError where a file has been read before or is gone."""
        self.release()
        try:
            for folder in ("working", "done", "failed"):
                (self._folder / folder).mkdir(mode=0o700, exist_ok=True)
            for path, arrived in [*self._left_behind(), *self._waiting()]:
                if name and arrived != name:
                    continue
                taken = self._seized(path, arrived, digest)
                if taken is not None:
                    return self._known(taken)
        except OSError as error:
            raise FeedError(f"the folder cannot be used: {error.strerror}") from error
        if name:
            raise FeedError("the file that was being read is not there any more: begin from the beginning", retry=False)
        raise NothingNew("no file is waiting")

    def unchanged(self) -> bool:
        """Whether the file that was taken still has the octets that it had then."""
        assert self._taken is not None
        try:
            return _digest(self._taken.path) == self._taken.digest
        except OSError:
            return False

    def refuse(self, reason: str) -> None:
        """Notes that the file cannot be read as it is: `settle` puts it into `failed/`, with the reason beside it."""
        self._refused = reason

    def manifest(self) -> dict[str, str]:
        """What the manifest of the file that was taken says, by name. Raises OSError, UnicodeDecodeError."""
        assert self._taken is not None
        lines = _beside(self._taken.path, MANIFEST).read_text("utf-8-sig").splitlines()
        return {name.strip().casefold(): value.strip() for name, _, value in (line.partition("=") for line in lines)}

    def beside(self, suffix: str) -> Path:
        """Where something that goes with the file is written; it is put away with it."""
        assert self._taken is not None
        return _beside(self._taken.path, suffix)

    def settle(self, *, done: bool) -> None:
        """Puts the file away: into `failed/` where it was refused, into `done/` where the run is `done`, else back to
        where it came from. Nothing where none was taken. Raises FeedError."""
        taken = self._taken
        if taken is None:
            return
        try:
            if self._refused:
                _beside(taken.path, REASON).write_text(self._refused + "\n", encoding="utf-8")
                self._put_away(taken, "failed")
            elif done:
                self._remember(taken)
                self._pass_over(taken)
                self._put_away(taken, "done")
            else:
                self._put_back(taken)
        except OSError as error:
            raise FeedError(f"{taken.name} cannot be put away: {error.strerror}") from error
        finally:
            self.release()

    def release(self) -> None:
        """Lets go of the file without putting it anywhere; it is found again in `working/`."""
        if self._file is not None:
            self._file.close()
        self._file = self._taken = None
        self._refused = ""

    def close(self) -> None:
        """Puts away what was refused and lets go of the rest. Raises FeedError."""
        if self._refused:
            self.settle(done=False)
        self.release()

    def _left_behind(self) -> list[tuple[Path, str]]:
        found = [path for path in (self._folder / "working").iterdir() if _plain_file(path)]
        named = [(path, path.name.partition(_MARK)[2]) for path in found]
        return sorted(((path, name) for path, name in named if self._meant(name)), key=_age)

    def _waiting(self) -> list[tuple[Path, str]]:
        found = [path for path in self._folder.iterdir() if self._meant(path.name) and _plain_file(path)]
        if not all(path.name.isprintable() for path in found):
            raise FeedError("a file has a name with characters that cannot be shown: rename it", retry=False)
        ready = ((path, path.name) for path in found if self._is_ready(path))
        return sorted(ready, key=_age, reverse=not self._partial)

    def _meant(self, name: str) -> bool:
        if not name or name.startswith(".") or name.endswith(_NOT_MEANT):
            return False
        return fnmatch.fnmatchcase(name, self._pattern)

    def _is_ready(self, path: Path) -> bool:
        marked = self._ready == "rename" or _beside(path, DONE).exists()
        return marked and (not self._manifest or _beside(path, MANIFEST).exists())

    def _seized(self, path: Path, name: str, digest: str) -> Taken | None:
        """The file, locked and in `working/`; None where somebody else has it, or it is not the one wanted."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.stat().st_ino != os.fstat(file.fileno()).st_ino or (digest and _digest(path) != digest):
                file.close()
                return None
            if path.parent == self._folder:
                path = self._moved(path, self._folder / "working" / f"{secrets.token_hex(4)}{_MARK}{name}")
            found = Taken(name, path, digest or _digest(path))
        except (BlockingIOError, FileNotFoundError):
            file.close()
            return None
        except BaseException:
            file.close()
            raise
        self._file, self._taken = file, found
        return found

    def _moved(self, path: Path, to: Path) -> Path:
        path.rename(to)
        for suffix in (MANIFEST, DONE):
            with suppress(FileNotFoundError):
                _beside(path, suffix).rename(_beside(to, suffix))
        return to

    def _known(self, taken: Taken) -> Taken:
        """The file, with a remark where its content has been read before. Raises FeedError where it is an old file once
        more, by its name too, or holds changes: what came after it would be undone."""
        try:
            lines = self._memory().read_text("utf-8").splitlines()
        except FileNotFoundError:
            return taken
        read = [parts for parts in (line.split("\t", 2) for line in lines) if len(parts) == 3]
        before = [(when, name) for digest, when, name in read if digest == taken.digest]
        if not before:
            return taken
        when, name = before[-1]
        last, _, last_name = read[-1]
        told = f"{taken.name} is what {name} was, which was read on {when}"
        if last != taken.digest and (self._partial or last_name != name == taken.name):
            reason = f"{told}, and others have been read since"
            self.refuse(reason)
            raise FeedError(reason, retry=False)
        self._taken = replace(taken, remark=told)
        return self._taken

    def _memory(self) -> Path:
        return self._folder / "done" / ".taken"

    def _remember(self, taken: Taken) -> None:
        when = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._memory().open("a", encoding="utf-8") as file:
            file.write(f"{taken.digest}\t{when}\t{taken.name}\n")

    def _put_away(self, taken: Taken, folder: str) -> None:
        to = self._folder / folder / f"{self._clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}-{taken.name}"
        for suffix in (MANIFEST, BAD, REASON):
            with suppress(FileNotFoundError):
                _beside(taken.path, suffix).rename(_beside(to, suffix))
        _beside(taken.path, DONE).unlink(missing_ok=True)
        taken.path.rename(to)

    def _pass_over(self, read: Taken) -> None:
        """Puts away what waits and is older than a file with everybody that has been read: it would undo that."""
        if self._partial:
            return
        for path, name in self._waiting():
            if _age((path, name)) > _age((read.path, read.name)):
                continue
            with suppress(BlockingIOError, FileNotFoundError), path.open("rb") as file:  # unless another node has it
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                moved = self._moved(path, self._folder / "working" / f"{secrets.token_hex(4)}{_MARK}{name}")
                _beside(moved, REASON).write_text(f"{read.name}, which is newer, was read instead\n", encoding="utf-8")
                self._put_away(Taken(name, moved, ""), "done")

    def _put_back(self, taken: Taken) -> None:
        to = self._folder / taken.name
        _beside(taken.path, BAD).unlink(missing_ok=True)
        try:
            os.link(taken.path, to)
        except OSError:
            return  # a newer one of the same name has come, or there are no links here: it is found in `working/`
        # What says that it is whole comes after the file itself.
        for suffix in (MANIFEST, DONE):
            with suppress(FileNotFoundError):
                _beside(taken.path, suffix).rename(_beside(to, suffix))
        taken.path.unlink()


class FileFeed(ABC):
    """What feeds of files have in common; each says by `_pages` how a file is read."""

    def __init__(self, settings: FileFeedBase, *, manifest: bool, partial: bool, clock: Clock | None) -> None:
        self._source_id = settings.source_id
        self._drop = DropFolder(
            settings.folder, settings.pattern, ready=settings.ready, manifest=manifest, partial=partial, clock=clock
        )
        self._partial = partial

    async def read(self, position: Mapping[str, Any] | None = None) -> AsyncIterator[Page | End]:
        """One file, from its beginning or from a page's position. Raises FeedError as it goes."""
        self._check_settings()
        at = position or {}
        taken = await asyncio.to_thread(self._drop.take, str(at.get("file", "")), str(at.get("sha256", "")))
        pages = self._pages(taken, int(at.get("rows", 0)))
        # One thread from the first page to the last: libxml2 does not survive it if a parse changes threads.
        thread = ThreadPoolExecutor(1, "feed")
        turn = partial(asyncio.get_running_loop().run_in_executor, thread)
        try:
            while (page := await turn(next, pages, None)) is not None:
                yield await self._ended(taken, page) if isinstance(page, End) else page
        except FeedError as error:
            if not error.retry:
                self._drop.refuse(error.reason)
            raise
        except OSError as error:
            raise FeedError(f"{taken.name} cannot be read: {error.strerror}") from error
        finally:
            thread.submit(pages.close)
            thread.shutdown(wait=False)

    def delta(self, since: Mapping[str, Any]) -> AsyncIterator[Page | End] | None:
        """The next file, where files hold changes; None where each holds everybody."""
        return self.read() if self._partial else None

    async def settle(self, *, done: bool) -> None:
        """Puts the file away. Raises FeedError."""
        await asyncio.to_thread(self._drop.settle, done=done)

    async def close(self) -> None:
        """Lets go of a file that no run has settled; one that cannot be read is put away."""
        await asyncio.to_thread(self._drop.close)

    def _check_settings(self) -> None:  # noqa: B027  most settings read any file
        """Raises FeedError for settings that no file could be read by, before one is taken and refused for it."""

    @abstractmethod
    def _pages(self, taken: Taken, skip: int) -> Generator[Page | End, None, None]:
        """Pages from behind the first `skip` records, and the End. Blocks."""

    def _position(self, taken: Taken, rows: int) -> dict[str, Any]:
        return {"file": taken.name, "sha256": taken.digest, "rows": rows}

    async def _ended(self, taken: Taken, end: End) -> End:
        """The End with what the folder knows: a file that somebody has written to meanwhile proves nothing."""
        if not await asyncio.to_thread(self._drop.unchanged):
            end = End(False, f"{taken.name} was changed while it was read")
        if not end.complete:
            self._drop.refuse(end.reason)
        elif self._partial:
            return End(False, taken.remark, {"file": taken.name})
        return replace(end, reason=end.reason or taken.remark)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _plain_file(path: Path) -> bool:
    """No folder, and no link, which could lead anywhere."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _age(found: tuple[Path, str]) -> tuple[int, str]:
    path, name = found
    try:
        return path.lstat().st_mtime_ns, name
    except FileNotFoundError:
        return 0, name


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


__all__ = ["BAD", "DONE", "MANIFEST", "PAGE", "REASON", "DropFolder", "FileFeed", "Taken"]
