"""Which program this is, to those it shares its data with: an upgrade on disk leaves a running server as it was.

What a server and its children must agree on is named by one word: the version, and a digest of how a configuration is
written, of the schemas of the stores and of the index.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version

import orjson

from gateway.catalogue.index.schema import version as index_version
from gateway.catalogue.store import migrate as catalogue
from gateway.config import schema
from gateway.store import migrate


@cache
def program() -> str:
    """Version and digest. To be asked for when a process starts: that is what it runs."""
    agreed = orjson.dumps([schema(), migrate.head(), catalogue.head(), index_version()], option=orjson.OPT_SORT_KEYS)
    return f"{version('library-gateway')}-{hashlib.blake2b(agreed, digest_size=4).hexdigest()}"
