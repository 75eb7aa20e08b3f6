"""Random octets in small pieces: the system is asked for many at once, since each question costs as much as a page."""

from __future__ import annotations

import os

_POOL = 4096

_octets = b""
_used = 0


def octets(count: int) -> bytes:
    """As good as `os.urandom(count)`; no octet is given twice, in a forked process neither. `count`: at most 4096."""
    global _octets, _used
    end = _used + count
    if end > len(_octets):
        _octets, end = os.urandom(_POOL), count
    _used = end
    return _octets[end - count : end]


def _forget() -> None:
    global _octets, _used
    _octets, _used = b"", 0


os.register_at_fork(after_in_child=_forget)
