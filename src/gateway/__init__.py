"""The gateway: every door of a library, mapped onto one canonical API and fulfilled by a platform."""

from __future__ import annotations
