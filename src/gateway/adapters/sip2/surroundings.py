"""What an answer depends on besides its outcome: the terminal's profile, its member's habits, what was announced.

Made once at login and shared by all messages of the link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo

from gateway.adapters.sip2.profile import TerminalProfile, load_profile
from gateway.canonical.vocabulary import Permission


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`institution` is the configured AO; `languages` the member's, preferred first; `timeout` (seconds) and `retries`
    are what 98 announces; `pin_required` names the operations that need a PIN here."""

    profile: TerminalProfile
    member: str = ""
    terminal: str = ""
    institution: str = ""
    library_name: str = ""
    location: str = ""
    zone: tzinfo = UTC
    currency: str = "GBP"
    languages: tuple[str, ...] = ("en", "cy")
    bilingual: str = "both"
    permissions: frozenset[Permission] = frozenset()
    pin_required: frozenset[str] = frozenset()
    timeout: float = 10.0
    retries: int = 3

    @property
    def retry_window(self) -> float:
        """Seconds within which a kiosk that keeps to 98 may still repeat a message."""
        return self.timeout * (self.retries + 1)

    def languages_for(self, patron_language: str | None) -> tuple[str, ...]:
        """The languages of screen lines, in order, for somebody who may have one of their own."""
        if self.bilingual == "both":
            return ("cy", "en")
        if self.bilingual in ("cy", "en"):
            return (self.bilingual,)
        primary = (patron_language or "").partition("-")[0]
        return (primary if primary in ("cy", "en") else self.languages[0],)


NOBODY = Surroundings(load_profile("standard"))
"""Before a login: nothing is known, nothing is permitted, both languages are spoken."""
