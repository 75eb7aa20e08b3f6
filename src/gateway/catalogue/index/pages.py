"""A page of records made ready for the index: all that can be done without the index, in this process or in another.

`python -m gateway.catalogue.index.pages` does it for another process: pages come on standard input, each with its
length before it, what was made of them goes to standard output. It ends when that input ends.
"""

from __future__ import annotations

import contextlib
import gc
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

from gateway.catalogue.index.extract import Fields, extract_all
from gateway.catalogue.index.listing import Listed, listed_of
from gateway.catalogue.index.schema import document
from gateway.catalogue.records import Format, IndexEntry
from library_protocols.marc import MarcError, Record, from_marcxml

_TOGETHER = 100
"""Records whose texts are folded together: more of them no longer fit a processor's cache."""
_OBJECTS = 1_000_000
_LENGTH = 8


class Wanted(NamedTuple):
    """What is needed of a change; `marcxml` is empty where nobody sees the record any more."""

    id: int
    format: Format
    marcxml: bytes
    views: tuple[str, ...]
    holders: tuple[str, ...]


class Ready(NamedTuple):
    """`documents`: one for each change, in order, empty where the index is to have none; `listed`: headings by the
    views that show their records; `unreadable`: ids of records that are no MARCXML."""

    documents: list[str]
    listed: dict[tuple[str, ...], Listed]
    unreadable: list[int]


def wanted(entries: Sequence[IndexEntry]) -> list[Wanted]:
    """The changes of a page of the feed."""
    return [
        Wanted(one.id, Format.MARC21, b"", (), ())
        if one.record is None
        else Wanted(one.id, one.record.format, one.record.marcxml, one.views, one.holders)
        for one in entries
    ]


def make_ready(page: Sequence[Wanted]) -> Ready:
    """Documents and headings of a page of changes."""
    ready = Ready([], {}, [])
    by_views: dict[tuple[str, ...], list[Fields]] = {}
    for start in range(0, len(page), _TOGETHER):
        _make_ready(page[start : start + _TOGETHER], ready, by_views)
    for views, several in by_views.items():
        ready.listed[views] = listed_of(several)
    return ready


def _make_ready(page: Sequence[Wanted], ready: Ready, by_views: dict[tuple[str, ...], list[Fields]]) -> None:
    read = [_read(one, ready.unreadable) if one.marcxml else None for one in page]
    shown = [(one, record) for one, record in zip(page, read, strict=True) if record is not None]
    made = iter(extract_all([(record, one.format, one.holders) for one, record in shown]))
    for one, record in zip(page, read, strict=True):
        if record is None:
            ready.documents.append("")
            continue
        fields = next(made)
        ready.documents.append(document(one.id, one.views, fields))
        by_views.setdefault(one.views, []).append(fields)


def _read(one: Wanted, unreadable: list[int]) -> Record | None:
    try:
        return from_marcxml(one.marcxml)
    except MarcError:
        unreadable.append(one.id)
        return None


@contextlib.contextmanager
def seldom_collecting() -> Iterator[None]:
    """Python looks for objects that refer to each other every few hundred of them. What is made of a page are hundreds
    of thousands, none of which does, and looking takes as long as making them."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Maker:
    """Another process that makes pages ready, one after the other."""

    def __init__(self) -> None:
        # A session of its own: Ctrl-C is for whoever asks, who ends this one.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._give, self._take = self._process.stdin, self._process.stdout

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def make_ready(self, page: Sequence[Wanted]) -> Ready:
        """The same as the function; waits for it. Raises ChildProcessError where the process has ended."""
        try:
            _send(self._give, [tuple(one) for one in page])
            return Ready(*_receive(self._take))
        except (OSError, EOFError) as error:
            ended = self._process.wait()
            raise ChildProcessError(f"a process that made records ready for the index ended with {ended}") from error

    def close(self) -> None:
        """Ends the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._give, self._take):
            with contextlib.suppress(OSError):
                pipe.close()


def _send(pipe: IO[bytes], value: object) -> None:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    pipe.write(len(data).to_bytes(_LENGTH, "big"))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    """Raises EOFError where nothing comes any more."""
    length = pipe.read(_LENGTH)
    data = pipe.read(int.from_bytes(length, "big")) if len(length) == _LENGTH else b""
    if len(data) != int.from_bytes(length, "big") or not data:
        raise EOFError
    return pickle.loads(data)  # noqa: S301  of our own process


def main() -> None:
    """Makes ready what comes on standard input until that ends."""
    with seldom_collecting():
        while True:
            try:
                page = _receive(sys.stdin.buffer)
            except EOFError:
                return
            _send(sys.stdout.buffer, tuple(make_ready([Wanted(*one) for one in page])))


if __name__ == "__main__":
    main()
