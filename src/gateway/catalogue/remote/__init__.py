"""Members' own servers, searched in the place of our index: Z39.50 targets and SRU servers."""

from __future__ import annotations

from gateway.catalogue.remote.source import RemoteResultSet, RemoteSource
from gateway.catalogue.remote.views import RemoteViews, problem_of_address

__all__ = ["RemoteResultSet", "RemoteSource", "RemoteViews", "problem_of_address"]
