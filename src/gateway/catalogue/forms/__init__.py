"""The forms in which records leave the catalogue: MARCXML, Dublin Core, MODS, ISO 2709, OPAC and plain text.

`FORMS` is the table that every door reads; `render` makes one form of one record.
"""

from __future__ import annotations

from gateway.catalogue.forms.holdings import circulation, opac_holdings
from gateway.catalogue.forms.registry import BY_PREFIX, BY_SCHEMA, FORMS, Form, FormError, Items, describe, render

__all__ = [
    "BY_PREFIX",
    "BY_SCHEMA",
    "FORMS",
    "Form",
    "FormError",
    "Items",
    "circulation",
    "describe",
    "opac_holdings",
    "render",
]
