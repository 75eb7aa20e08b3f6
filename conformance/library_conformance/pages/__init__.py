"""Templates, styles and the script of the pages that the judge writes; all of it ends up inside one file."""

from __future__ import annotations
