"""The catalogue: bib store, change feed, index, and the query tree that CQL and RPN both become."""

from __future__ import annotations
