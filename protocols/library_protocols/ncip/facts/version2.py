"""What NCIP 2.0 and 2.01 want otherwise than NCIP 2.02 (their schemas). Elements that came later say so themselves."""

from __future__ import annotations

SINGLE_IN_2_0 = {"RequestItem": ("ItemId", "BibliographicId")}
"""Elements that may stand once only."""
REQUIRED_BEFORE_2_02 = {"LoanedItem": ("ReminderLevel", "Amount")}
"""Elements that have to stand; the level of a reminder is at least 1."""
