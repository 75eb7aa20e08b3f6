"""The platform for tests that know which answer is coming: an answer of another kind fails at its first attribute."""

from __future__ import annotations

from typing import Any

from tests.gateway.platforms.reference.library import Library


def asked(library: Library) -> Any:
    return library.platform
