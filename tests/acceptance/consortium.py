"""The demo's contract as a kiosk installer would have it on paper: names and numbers, written out by hand."""

from __future__ import annotations

from dataclasses import dataclass

KIOSK_PASSWORD = "kiosk-demo"
PIN = "1234"


@dataclass(frozen=True)
class Library:
    """One member: its place in the list, code and name."""

    number: int
    code: str
    name: str

    def __str__(self) -> str:
        return self.code

    @property
    def ao(self) -> str:
        """SIP2 institution id, and code of the main pickup location."""
        return self.code.upper()

    @property
    def login(self) -> str:
        return f"{self.code}-kiosk-1"

    @property
    def key(self) -> str:
        return f"demo-{self.code}-key"

    def patron(self, number: int) -> str:
        return f"2{self.number:02d}{number:05d}"

    def item(self, number: int) -> str:
        return f"3{self.number:02d}{number:05d}"


LIBRARIES = (
    Library(1, "aber", "Aberystwyth University"),
    Library(2, "bangor", "Bangor University"),
    Library(3, "cardiffmet", "Cardiff Metropolitan University"),
    Library(4, "cardiff", "Cardiff University"),
    Library(5, "glyndwr", "Glyndwr University"),
    Library(6, "nlw", "National Library of Wales"),
    Library(7, "rwcmd", "Royal Welsh College of Music and Drama"),
    Library(8, "swansea", "Swansea University"),
    Library(9, "usw", "University of South Wales"),
    Library(10, "uwtsd", "University of Wales Trinity Saint David"),
    Library(11, "nhs", "NHS Wales library service"),
)
ABER, BANGOR = LIBRARIES[0], LIBRARIES[1]
