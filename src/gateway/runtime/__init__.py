"""Listeners, TLS, limits, supervision, reload and shutdown: the only place that listens or takes signals."""

from __future__ import annotations
