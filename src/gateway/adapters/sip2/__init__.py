"""SIP2 3M 2.00, the ACS side: self-issue kiosks and sorters."""

from __future__ import annotations
