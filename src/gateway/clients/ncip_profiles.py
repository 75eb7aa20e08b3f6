"""How real systems want to be spoken to over NCIP: a table, a row each, with where it is known from.

What a row says is what the client does; `remark` is for the people who connect one. Rows hold what was read of a
system, and nothing where nothing was: then it is spoken to as the standard has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from library_protocols.ncip import NCIP_1_0, NCIP_1_01, NCIP_2_0, NCIP_2_01, NCIP_2_02, Dialect

DIALECTS: Mapping[str, Dialect] = {
    "1.0": NCIP_1_0, "1.01": NCIP_1_01, "2.0": NCIP_2_0, "2.01": NCIP_2_01, "2.02": NCIP_2_02,
}  # fmt: skip
"""Each version as the standard writes it."""
XML = 'application/xml; charset="utf-8"'  # Part 2, 7.3
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Profile:
    """One system. `version` is the one it is known to speak.

    `namespace`: elements stand in NCIP's (versions 2). `header`: it wants an InitiationHeader also where the standard
    leaves it open, with an ApplicationProfileType in it where `application_profile` is set. `agency_scheme`,
    `system_scheme`, `profile_scheme`: what it calls the schemes of those values, "" for none. `request_type`: its
    RequestIdentifierType. `ascii`: other characters are written without their marks, or as `?`. `transports` are what
    it is reached by (`https`, `http`, `tcp`, `http10`), `content_type` is what it wants to be told over HTTP.
    `source` is where this was read.
    """

    name: str
    title: str
    source: str
    version: str = "2.02"
    namespace: bool = True
    header: bool = False
    application_profile: bool = False
    agency_scheme: str = ""
    system_scheme: str = ""
    profile_scheme: str = ""
    request_type: str = ""
    ascii: bool = False
    transports: tuple[str, ...] = ("https", "http")
    content_type: str = XML
    remark: str = ""

    def dialect(self, version: str = "") -> Dialect:
        """How a message is written to it, in its own version or in another. Raises KeyError for no version."""
        dialect = DIALECTS[version or self.version]
        if dialect.generation == 1 or self.namespace:
            return dialect
        return replace(dialect, namespace=False, prefix=None, version_qualified=False)


_ADAPTERS = "ReShare's lib-ncip-client and mod-rs, which drive it"
_ALMA = "developers.exlibrisgroup.com, resource sharing, NCIP brokers"
_OCLC = "http://oclc.org/ncip/schemes/"

_ROWS = (
    Profile("standard", "What keeps to the standard", "ANSI/NISO Z39.83-1 and -2, 2012"),
    Profile(
        "aleph", "Ex Libris Aleph", f"{_ADAPTERS}; OCLC's page of Relais on CheckOutItem",
        version="1.0", header=True, transports=("http10", "http", "tcp"), content_type=FORM,
        remark="HTTP/1.0 typed onto a socket, the document bare under the content type of a form; keeps to the due "
        "date that it is sent",
    ),
    Profile(
        "alma", "Ex Libris Alma, as a partner of brokers", _ALMA,
        header=True, application_profile=True,
        remark="both agency ids and ApplicationProfileType (the partner's code) are mandatory: else Unknown partner; "
        "keeps to the due date that it is sent",
    ),
    Profile(
        "alma-1", "Ex Libris Alma, over NCIP 1", _ALMA,
        version="1.0", header=True, application_profile=True,
        remark="ItemCheckedIn, ItemRequested and ItemRequestCancelled are commands to it; keeps to the due date that "
        "it is sent",
    ),
    Profile("evergreen", "Evergreen with its NCIP add-on", _ADAPTERS),
    Profile(
        "folio", "FOLIO (mod-ncip behind edge-ncip)", "mod-ncip and edge-ncip, their sources and news",
        version="2.0", header=True,
        remark="an API key in the address, by which the tenant is found; no LookupItem, no RenewItem; a check-out may "
        "take more than three seconds; ProblemType is free text",
    ),
    Profile("horizon", "SirsiDynix Horizon", _ADAPTERS, version="1.0", header=True),
    Profile(
        "koha", "Koha (ByWater's ncip-server)", f"{_ADAPTERS}; ncip-server's configuration",
        namespace=False, header=True,
        remark="its dates are year-day-month unless configured otherwise; a wrong token in the address is answered "
        "`It works!` with HTTP 200",
    ),
    Profile("millennium", "Innovative Millennium", _ADAPTERS, header=True),
    Profile(
        "polaris", "Innovative Polaris", f"{_ADAPTERS}; forum.innovativeusers.org, common NCIP issues",
        version="1.0", header=True,
        remark="no namespace; agencies are the abbreviations of branches; free-text blocks refuse "
        "users here that SIP2 lets pass",
    ),
    Profile(
        "relais", "OCLC Relais D2D and Relais ILL", "help.oclc.org, Relais, NCIP",
        version="1.0", header=True, transports=("https", "http", "tcp"),
        remark="asks and commands; that it takes reports is not known",
    ),
    Profile(
        "reshare", "ReShare, crosslink", "mod-rs, crosslink, their sources",
        header=True, remark="asks and commands, in the version of each partner",
    ),
    Profile(
        "sierra", "Innovative Sierra", f"Sierra's documentation of NCIP; {_ADAPTERS}", header=True,
        remark="RequestItem is for an institutional patron",
    ),
    Profile("symphony", "SirsiDynix Symphony", _ADAPTERS, version="1.0", header=True),
    Profile("tlc", "TLC Library.Solution", _ADAPTERS, version="1.0", header=True),
    Profile(
        "voyager", "Ex Libris Voyager", _ADAPTERS,
        version="1.0", header=True, ascii=True, transports=("tcp",),
        remark="the bare document on a connection; characters beyond ASCII hurt it; answers take up to thirty seconds",
    ),
    Profile(
        "wms", "OCLC WorldShare Management Services, staff", "OCLC's developer pages on WMS NCIP",
        version="2.0", header=True, application_profile=True, transports=("https",),
        agency_scheme=f"{_OCLC}agencyid.scm", profile_scheme=f"{_OCLC}application-profile/platform.scm",
        remark="agencies are the branch's registry id; ApplicationProfileType is `Version 2011`; it logs in by OAuth 2",
    ),
    Profile(
        "worldshare", "OCLC WorldShare, profile for interlibrary loans", _ADAPTERS,
        version="2.0", header=True, application_profile=True, transports=("https",),
        agency_scheme=f"{_OCLC}agencyid/institutionid.scm", system_scheme=f"{_OCLC}systemid/oclcsystemid.scm",
        profile_scheme=f"{_OCLC}applicationprofiletype/circillapplicationprofiletype.scm",
        request_type="ILL Request Id",
        remark="ApplicationProfileType is `2.00`; pick-up locations are registry ids of branches",
    ),
)  # fmt: skip

PROFILES: Mapping[str, Profile] = {row.name: row for row in _ROWS}
"""Every profile by its name in the configuration."""
STANDARD = PROFILES["standard"]
