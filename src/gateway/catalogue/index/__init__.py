"""The catalogue's index: folding, extraction, tantivy, headings; derived from the feed, rebuilt on any node."""

from __future__ import annotations
