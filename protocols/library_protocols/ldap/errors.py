"""What cannot be read: octets that are no message, text that is no filter or no name. Each says where."""

from __future__ import annotations


class DecodeError(ValueError):
    """Octets that are no LDAPMessage. `offset` counts from their start; `message_id` is theirs where it was read."""

    def __init__(self, reason: str, offset: int, message_id: int | None = None) -> None:
        super().__init__(f"{reason} (at octet {offset})")
        self.reason = reason
        self.offset = offset
        self.message_id = message_id


class FilterError(ValueError):
    """Text that is no search filter (RFC 4515). `offset` counts its characters."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} (at character {offset})")
        self.reason = reason
        self.offset = offset


class DnError(ValueError):
    """Text that is no distinguished name (RFC 4514). `offset` counts its characters."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} (at character {offset})")
        self.reason = reason
        self.offset = offset
