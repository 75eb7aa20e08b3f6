"""One module per canonical operation: the rules every door shares, applied before the platform is called."""

from __future__ import annotations
