"""The Z39.50 door to the catalogue: a database for each member and `all`."""

from __future__ import annotations
