"""Members' own servers, searched in the place of our index: Z39.50 targets and SRU servers."""

from __future__ import annotations

from gateway.catalogue.remote.link import Able, LinkFailed, LinkTimeout
from gateway.catalogue.remote.source import RemoteResultSet, RemoteSource
from gateway.catalogue.remote.views import RemoteViews, links_to, problem_of_address

__all__ = [
    "Able",
    "LinkFailed",
    "LinkTimeout",
    "RemoteResultSet",
    "RemoteSource",
    "RemoteViews",
    "links_to",
    "problem_of_address",
]
