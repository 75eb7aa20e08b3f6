"""New ids of persons, groups, runs and reviews: opaque, of one length, and in the order of the time they were made."""

from __future__ import annotations

import os
import time

LENGTH = 26
_DIGITS = "0123456789abcdefghijklmnopqrstuv"  # base32hex (RFC 4648 §7) in small letters: sorts as the number does


def new_id() -> str:
    """26 characters of 0-9 and a-v: 48 bits of UTC milliseconds, then 80 at random. Rows of one time lie together."""
    number = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10))
    return "".join(_DIGITS[number >> shift & 31] for shift in range(5 * (LENGTH - 1), -5, -5))
