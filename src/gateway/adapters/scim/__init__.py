"""The SCIM 2.0 door (RFC 7643, RFC 7644): campus identity systems make, change and remove a member's people."""

from __future__ import annotations
