"""Renderings and originals in zstd, with a dictionary a kind that is trained from the first records.

A record of three kilobytes takes some five hundred bytes so. Each row names the dictionary it was written with;
0 is none, and dictionaries are never changed or deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import zstandard

RENDERING = "marcxml"
ORIGINAL = ("iso2709", "original-marcxml", "iso2709", "iso2709")
"""By the number of the source kind: ISO 2709 all but one."""
LEVEL = 3
DICTIONARY_BYTES = 64 << 10
# Tables a quarter as large as the level has them: two dictionaries stay in a processor's cache so, for 1 % more bytes.
_PARAMETERS = zstandard.ZstdCompressionParameters.from_level(
    LEVEL, source_size=2048, dict_size=DICTIONARY_BYTES, hash_log=14, chain_log=13,
    write_content_size=True, write_checksum=False, write_dict_id=False,
)  # fmt: skip
ENOUGH = 500
"""Samples a dictionary is trained from at least; with fewer it would fit those alone."""
SAMPLES = 2000
MAX_BYTES = 64 << 20
"""No record is longer unpacked, whatever a damaged row says."""


class Damaged(Exception):
    """A row cannot be unpacked: its dictionary is missing, or its bytes are not what was written."""


class Compression:
    """What is known of the dictionaries of one database."""

    def __init__(self) -> None:
        self._readers: dict[int, zstandard.ZstdDecompressor] = {0: zstandard.ZstdDecompressor()}
        self._latest: dict[str, tuple[int, bytes]] = {}
        self._writers: dict[int, zstandard.ZstdCompressor] = {}
        self._plain = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False)
        self._learnt: list[tuple[int, str, bytes]] = []

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process go the dictionaries, not what was made of them."""
        return _relearnt, (self._learnt,)

    def learn(self, rows: Iterable[Sequence[object]]) -> None:
        """Takes rows of the table of dictionaries: number, kind, bytes. The latest of a kind is written with."""
        for number, kind, data in rows:
            if number in self._readers:
                continue
            assert isinstance(number, int)
            assert isinstance(kind, str)
            assert isinstance(data, bytes)
            self._learnt.append((number, kind, data))
            self._readers[number] = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(data))
            self._latest[kind] = max(self._latest.get(kind, (0, b"")), (number, data))

    def knows(self, dictionary: int) -> bool:
        return dictionary in self._readers

    def has(self, kind: str) -> bool:
        """Whether the kind has a dictionary to write with."""
        return kind in self._latest

    def pack(self, kind: str, data: bytes) -> tuple[int, bytes]:
        """The number of the dictionary, and the bytes to keep."""
        number, learnt = self._latest.get(kind, (0, b""))
        if not number:
            return number, self._plain.compress(data)
        writer = self._writers.get(number)
        if writer is None:
            writer = self._writers[number] = _writer(learnt)
        return number, writer.compress(data)

    def unpack(self, dictionary: int, data: bytes) -> bytes:
        """Raises Damaged."""
        reader = self._readers.get(dictionary)
        if reader is None:
            raise Damaged(f"there is no dictionary {dictionary}")
        try:
            return reader.decompress(data, max_output_size=MAX_BYTES)
        except zstandard.ZstdError as error:
            raise Damaged(str(error)) from error


def _writer(dictionary: bytes) -> zstandard.ZstdCompressor:
    made = zstandard.ZstdCompressionDict(dictionary)
    made.precompute_compress(compression_params=_PARAMETERS)
    return zstandard.ZstdCompressor(dict_data=made, compression_params=_PARAMETERS)


def _relearnt(rows: list[tuple[int, str, bytes]]) -> Compression:
    made = Compression()
    made.learn(rows)
    return made


def train(samples: list[bytes]) -> bytes | None:
    """A dictionary; None where the samples are too few or too alike to make one."""
    if len(samples) < ENOUGH:
        return None
    size = min(DICTIONARY_BYTES, sum(map(len, samples)) // 10)
    try:
        return zstandard.train_dictionary(size, list[Any](samples), d=8, k=1024).as_bytes()
    except (zstandard.ZstdError, ValueError):
        return None
