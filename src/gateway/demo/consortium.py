"""Who the demo consortium is: its members in contract order, their locations, numbers and credentials.

The institutions are real, every person, record and credential is invented. Configuration and data are both made
from the table here.
"""

from __future__ import annotations

from dataclasses import dataclass

TIMEZONE = "Europe/London"
CURRENCY = "GBP"
LANGUAGES = ("cy", "en")
KIOSK_PASSWORD = "kiosk-demo"  # noqa: S105  published on purpose: `serve` refuses it
PATRON_PIN = "1234"
LDAP_ACCOUNT = "reader"
LDAP_PASSWORD = "reader-demo"  # noqa: S105  as above
PEPPER = "the demo keeps no secrets: its PINs are published"


@dataclass(frozen=True)
class DemoMember:
    """`number` is the member's place in the consortium, 1 to 11; `branches` are (code without member, name)."""

    number: int
    code: str
    name: str
    main_name: str
    branches: tuple[tuple[str, str], ...]
    subjects: tuple[str, ...]  # what its shelves hold first

    @property
    def main_location(self) -> str:
        """Code of the main pickup location, and at once SIP2 institution id and NCIP agency id."""
        return self.code.upper()

    @property
    def kiosk_login(self) -> str:
        return f"{self.code}-kiosk-1"

    @property
    def api_key(self) -> str:
        return f"demo-{self.code}-key"

    @property
    def ldap_suffix(self) -> str:
        return f"dc={self.code},dc=demo"

    def branch_code(self, branch: str) -> str:
        return f"{self.main_location}-{branch}"

    @property
    def first_branch(self) -> str:
        return self.branch_code(self.branches[0][0])

    def patron_barcode(self, number: int) -> str:
        return f"2{self.number:02d}{number:05d}"

    def item_barcode(self, number: int) -> str:
        return f"3{self.number:02d}{number:05d}"


MEMBERS: tuple[DemoMember, ...] = (
    DemoMember(
        1, "aber", "Aberystwyth University", "Hugh Owen Library",
        (("PHYSICAL", "Physical Sciences Library"),), ("law", "agriculture"),
    ),
    DemoMember(
        2, "bangor", "Bangor University", "Main Library",
        (("DEINIOL", "Deiniol Library"), ("NORMAL", "Normal Site Library")), ("education", "biology"),
    ),
    DemoMember(
        3, "cardiffmet", "Cardiff Metropolitan University", "Llandaff Learning Centre",
        (("CYNCOED", "Cyncoed Learning Centre"),), ("sport", "design"),
    ),
    DemoMember(
        4, "cardiff", "Cardiff University", "Arts and Social Studies Library",
        (("TREVITHICK", "Trevithick Library"), ("HEALTH", "Health Library")), ("engineering", "politics"),
    ),
    DemoMember(
        5, "glyndwr", "Glyndwr University", "Edward Llwyd Centre",
        (("NORTHOP", "Northop Library"),), ("computing", "design"),
    ),
    DemoMember(
        6, "nlw", "National Library of Wales", "North Reading Room",
        (("SOUTH", "South Reading Room"),), ("history", "literature"),
    ),
    DemoMember(
        7, "rwcmd", "Royal Welsh College of Music and Drama", "College Library",
        (("SCORES", "Score Store"),), ("music", "drama"),
    ),
    DemoMember(
        8, "swansea", "Swansea University", "Singleton Park Library",
        (("BAY", "Bay Library"), ("MINERS", "South Wales Miners' Library")), ("engineering", "medicine"),
    ),
    DemoMember(
        9, "usw", "University of South Wales", "Trefforest Library",
        (("GLYNTAFF", "Glyntaff Library"), ("CARDIFF", "Cardiff Campus Library")), ("nursing", "computing"),
    ),
    DemoMember(
        10, "uwtsd", "University of Wales Trinity Saint David", "Carmarthen Library",
        (("LAMPETER", "Lampeter Library"), ("FORUM", "Swansea Forum Library")), ("religion", "education"),
    ),
    DemoMember(
        11, "nhs", "NHS Wales library service", "Heath Library",
        (("MORRISTON", "Morriston Library"),), ("medicine", "nursing"),
    ),
)  # fmt: skip

BY_CODE = {member.code: member for member in MEMBERS}
