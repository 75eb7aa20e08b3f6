"""The settings of identity: directories, how patrons are checked, feeds of people, the LDAP view and SCIM."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from gateway.canonical.vocabulary import IdentifierType
from gateway.config.catalogue import Every
from gateway.config.section import Network, Section

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Server = Annotated[str, StringConstraints(pattern=r"^ldaps?://[^/\s]+$")]

FEED_FIELDS = frozenset(
    {"display", "family", "given", "middle", "preferred", "category", "affiliations", "groups", "programmes",
     "department", "home_library", "language", "birth_on", "valid_from_on", "expires_on", "emails", "phones",
     "addresses", "eppn", "active"}
)  # fmt: skip
"""What `fields` of a feed may name beside the identifier types; the register's own list, checked by a test."""


class DirectoryConfig(Section):
    """A campus directory: Active Directory, OpenLDAP, 389 Directory Server, or something like them. The name of its
    table is its name."""

    servers: tuple[Server, ...] = Field(min_length=1)
    """`ldaps://HOST[:PORT]` or `ldap://HOST[:PORT]`, in the order in which they are tried. One that does not answer is
    passed over for `retry_seconds`."""
    profile: Literal["active-directory", "openldap", "389-ds"] = "openldap"
    """Whose it is: its stable key (objectGUID, entryUUID, nsUniqueId), its sub-codes, its way of telling changes."""
    security: Literal["verify", "starttls", "none"] = "verify"
    """`verify`: every server is `ldaps://`. `starttls`: `ldap://` servers, and nothing is sent before the connection is
    encrypted. `none`: clear text, taken for servers on loopback alone. Certificates are always verified."""
    ca: Path | None = None
    """PEM file of the authorities that may have signed the servers' certificates; the machine's own where not given."""
    server_name: str = ""
    """Name that the certificates must have, where it is not the host's."""
    bind_dn: str = ""
    """The account that searches; nobody (anonymous) where empty. Active Directory takes `user@domain` too."""
    bind_password: SecretStr = SecretStr("")
    """Its password."""
    base: str
    """Where people are searched."""
    scope: Literal["sub", "one"] = "sub"
    """The whole subtree, or the entries directly below `base`."""
    login_filter: str = "(uid={login})"
    """Finds a person by what was typed; `{login}` is put in escaped."""
    bind_as: Literal["search", "template", "upn"] = "search"
    """`search`: find the one entry, bind as it. `template`: bind as `bind_template` without a search. `upn`: bind as
    `LOGIN@upn_suffix` (Active Directory)."""
    bind_template: str = ""
    """DN with `{login}` in it, such as `uid={login},ou=people,dc=example,dc=ac,dc=uk`."""
    upn_suffix: str = ""
    """What follows the `@`."""
    login_by: tuple[IdentifierType, ...] = (IdentifierType.USERNAME,)
    """What the directory knows people by. A patron who typed another identifier (a card's barcode) is asked for under
    the first of these that the register or the platform holds; what was typed itself where none is held."""
    attributes: tuple[str, ...] = ()
    """Attributes that `gateway directory test` shows beside those of the profile."""
    deadline_seconds: float = Field(default=3.0, gt=0)
    """For one check of a password: connect, TLS, search and bind together, over all servers."""
    retry_seconds: float = Field(default=30.0, gt=0)
    """How long a server that did not answer is passed over."""
    connections: int = Field(default=4, ge=1)
    """Connections kept for searching. Binds as people have one of their own each."""
    max_failures: int = Field(default=3, ge=1)
    """Wrong passwords of one person within `failure_minutes` after which the directory is not asked any more: one less
    than what would lock the account there, so that a kiosk never locks anybody out of the campus."""
    failure_minutes: int = Field(default=30, ge=1, le=1440)
    """The directory's own period in which wrong passwords count, a day at most."""

    @model_validator(mode="after")
    def _whole(self) -> DirectoryConfig:
        plain = [server for server in self.servers if server.startswith("ldap://")]
        if self.security == "verify" and plain:
            raise ValueError(f'{plain[0]} is not encrypted: take ldaps://, or set security = "starttls"')
        if self.security != "verify" and len(plain) != len(self.servers):
            raise ValueError(f'with security = "{self.security}" every server is ldap://')
        if self.security == "none" and not all(_on_loopback(server) for server in plain):
            raise ValueError('security = "none" is for servers on loopback')
        if self.bind_as == "template" and "{login}" not in self.bind_template:
            raise ValueError("`bind_template` needs `{login}`")
        if self.bind_as == "upn" and not self.upn_suffix:
            raise ValueError("`upn_suffix` is missing")
        if "{login}" not in self.login_filter:
            raise ValueError("`login_filter` needs `{login}`")
        return self


def _on_loopback(server: str) -> bool:
    host = server.partition("://")[2].rpartition("@")[2]
    return host.split(":")[0] in ("localhost", "127.0.0.1") or host.startswith("[::1]")


class CheckConfig(Section):
    """One step of checking a patron's PIN or password."""

    by: str = Field(pattern=r"^(platform|directory:[a-z0-9][a-z0-9_-]{0,31})$")
    """`platform` (the library PIN), or `directory:NAME`."""
    when_wrong: Literal["refuse", "next"] = "next"
    """What follows where this one says that the password is wrong. The last step's "wrong" is a refusal."""
    when_unknown: Literal["refuse", "next"] = "next"
    """What follows where this one does not know the person, or holds no password of theirs."""
    when_down: Literal["refuse", "next"] = "refuse"
    """What follows where this one does not answer. `refuse`: the kiosk is told that the check is not possible now, and
    nobody is let in by another password than usual. `next` keeps kiosks open by the weaker check."""


class AuthenticationConfig(Section):
    """How a member's patrons are checked, in order."""

    checks: tuple[CheckConfig, ...] = (CheckConfig(by="platform"),)
    """The steps. A person whom a step knows to be locked, disabled or expired is refused there, whatever follows."""


class FieldConfig(Section):
    """Where one field of the register comes from."""

    source: tuple[str, ...] = Field(default=(), alias="from")
    """Names in the source, of which the first that is there counts; `["givenName", "+", "sn"]` joins with a blank."""
    value: str | None = None
    """A constant instead."""
    pattern: str = ""
    """Regular expression that a value must contain; its first group, where it has one, is what is taken. A value that
    does not fit counts as absent."""
    date_format: str = ""
    """How a date is written (strptime); `ldap`, `filetime` and `iso` are known by name."""
    codes: dict[str, str] = {}
    """Code table: the source's value → ours; `*` for all others. Without `*` another value is a problem of the row."""
    separator: str = ""
    """Several values in one are parted by it."""
    owner: Literal["source", "library", "first-write"] = "source"
    """Who decides the value: the source at every run; the library; or the source until there is a value."""
    when_empty: Literal["clear", "keep"] = "clear"
    """What an empty value does to a known one. An absent one never does anything."""

    model_config = {"frozen": True, "extra": "forbid", "use_attribute_docstrings": True, "populate_by_name": True}

    @field_validator("source", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class CategoryRuleConfig(Section):
    """One rule of how people get their patron category; the first rule that fits decides."""

    category: str
    """Code of the member's patron category."""
    when: dict[str, tuple[str, ...]] = {}
    """Fields of the register (after mapping) → values of which one must be there; `*` at the end stands for anything.
    All fields named must fit; without any the rule always fits."""

    @field_validator("when", mode="before")
    @classmethod
    def _many(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: (one,) if isinstance(one, str) else one for name, one in value.items()}


class DeprovisionConfig(Section):
    """What happens to people who are no longer in a source. Counted from complete reads alone."""

    expire_days: int = Field(default=7, ge=0)
    """Days after which somebody missing may not borrow any more."""
    anonymise_days: int | None = Field(default=None, ge=30)
    """Days after that after which nothing personal is left, where nothing is owed; never, where not given."""
    max_missing: int = Field(default=500, ge=0)
    """More people newly missing than this stop the run: nobody is touched, and the run says why."""
    max_missing_percent: float = Field(default=5.0, ge=0, le=100)
    """The same as a part of all whom the source feeds. Both limits hold."""
    min_people: int = Field(default=1, ge=0)
    """A read with fewer people than this is never complete."""


class FeedConfigBase(Section):
    """What all feeds have."""

    name: Name
    """What the feed is called here; its runs are kept under this name."""
    fields: dict[str, FieldConfig] = {}
    """Field of the register or identifier type → where it comes from."""
    source_id: str = ""
    """Name in the source of the stable key: one that is never given to somebody else. The profile's own for a directory
    (objectGUID, entryUUID, nsUniqueId)."""
    match: tuple[IdentifierType | Literal["eppn"], ...] = (
        IdentifierType.SIS,
        "eppn",
        IdentifierType.BARCODE,
    )
    """How somebody whom this source brings for the first time is found among the people who are there: the first of
    these that finds anybody decides, and only where it finds exactly one; else people do (`gateway sync review`)."""
    categories: tuple[CategoryRuleConfig, ...] = ()
    """Rules for the patron category; somebody whom none fits gets none and is put on the report."""
    programmes: Literal["", "collapse"] = ""
    """`collapse`: several records with one source id are one person with several programmes; the longest expiry and the
    first category of the rules count. Otherwise the second one is refused."""
    deprovision: DeprovisionConfig = DeprovisionConfig()
    """What happens to who is gone."""
    every: Every | None = None
    """How often changes are read (`15m`, `6h`); by command alone, where neither this nor `full_every` is given."""
    full_every: Every | None = None
    """How often everything is read. Only that finds out who is gone, where the source does not tell."""


class LdapFeedConfig(FeedConfigBase):
    """People from a campus directory."""

    kind: Literal["ldap"]
    """The kind of feed."""
    directory: Name
    """Name of the member's directory."""
    base: str = ""
    """Where to read; the directory's own `base` where empty."""
    filter: str = "(objectClass=person)"
    """Who is read."""
    page_size: int = Field(default=500, ge=1)
    """Entries asked for at a time. Active Directory gives 1,000 at most."""
    delta: Literal["none", "dirsync", "modify-timestamp", "syncrepl"] = "modify-timestamp"
    """How changes are read between complete reads."""
    overlap_seconds: int = Field(default=600, ge=0)
    """By how much `modify-timestamp` reads back behind the last change it saw: servers' clocks differ."""


class FileFeedBase(FeedConfigBase):
    """People from files that somebody drops into a folder."""

    folder: Path
    """Where files arrive. Those taken go to `done/` in it, those that could not be read to `failed/`."""
    pattern: str = "*"
    """Which files are meant."""
    ready: Literal["rename", "done-file"] = "rename"
    """How a file is known to be whole: it gets its name at the end, or an empty file of its name with `.done` comes."""


class CsvFeedConfig(FileFeedBase):
    """People from CSV files, each with everybody in it unless `partial`."""

    kind: Literal["csv"]
    """The kind of feed."""
    encoding: str = "utf-8-sig"
    """As declared, such as `utf-8-sig` or `cp1252`. A file that is not in it is refused, not guessed at."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """One character."""
    header: tuple[str, ...] = ()
    """Columns that must be there; the first row names them."""
    trailer: str = ""
    """Regular expression of a last line whose first group is the number of rows, such as `^#rows=(\\d+)$`. A file
    without it, or with another number of rows, is not complete."""
    manifest: bool = False
    """A file of the same name with `.manifest` says `rows=N` and `sha256=...`; without it the file is not taken."""
    partial: bool = False
    """Files hold changes, and nobody is missed who is not in one."""
    max_bad_rows: int = Field(default=50, ge=0)
    """Rows that cannot be read are put aside up to here; with more the file is not complete."""


class AlmaXmlFeedConfig(FileFeedBase):
    """People from user XML as Alma loads it (`<users>`, zipped or not)."""

    kind: Literal["alma-xml"]
    """The kind of feed."""
    partial: bool = False
    """Files hold changes, and nobody is missed who is not in one."""
    min_records: int = Field(default=1, ge=0)
    """A file with fewer is not complete."""


class PagingConfig(Section):
    """How a list is asked for piece by piece."""

    kind: Literal["none", "page", "offset", "cursor", "has-more"] = "none"
    """`page` and `offset` count, `cursor` takes what the last answer gave, `has-more` counts pages while a flag is
    true."""
    size: int = Field(default=200, ge=1)
    """Records asked for at a time."""
    first: int = 1
    """Number of the first page, or the first offset; an offset begins at 0 where nothing is said."""
    total: str = ""
    """Path in the answer of how many records there are in all; with it a short read is found out."""
    cursor: str = ""
    """Path in the answer of the next cursor, or of a link to the next page."""
    more: str = ""
    """Path in the answer of the flag."""


class WebFeedBase(FeedConfigBase):
    """What student systems over HTTP have."""

    timeout_seconds: float = Field(default=60.0, gt=0)
    """Longest wait for one answer."""
    retries: int = Field(default=2, ge=0)
    """How often a question that met a busy or absent server is asked again."""
    max_bytes: int = Field(default=64_000_000, ge=1024)
    """Longest answer that is read."""
    per_second: float = Field(default=5.0, gt=0)
    """Questions a second at most."""
    ca: Path | None = None
    """PEM file of the authorities that may have signed the server's certificate; the machine's own where not given."""
    user: str = ""
    """Name to log in with."""
    password: SecretStr = SecretStr("")
    """Password to that name, or the token where `authentication` is `bearer`."""
    records: str
    """Path of the records in the answer, parts divided by dots (`data.students`). In SOAP it begins below the answer's
    own element (`Students.Student`); empty for the answer itself."""
    paging: PagingConfig = PagingConfig()
    """How the list is asked for."""
    expected: int = Field(default=0, ge=0)
    """A read with fewer records than this is not complete."""
    overlap_seconds: int = Field(default=86_400, ge=0)
    """By how much a delta reads back behind the last one."""


class JsonFeedConfig(WebFeedBase):
    """People from a JSON service over HTTP."""

    kind: Literal["json"]
    """The kind of feed."""
    url: str = Field(pattern=r"^https?://")
    """Address; `{page}`, `{size}`, `{offset}`, `{cursor}` and `{since}` are put in."""
    delta_url: str = Field(default="", pattern=r"^(https?://.*)?$")
    """Address that gives what has changed since `{since}`; without it every read is a whole one."""
    since_format: str = "%Y-%m-%dT%H:%M:%SZ"
    """How `{since}` is written."""
    authentication: Literal["none", "basic", "bearer"] = "none"
    """How the gateway logs in."""
    rows: Literal["objects", "table"] = "objects"
    """`table`: a list of lists of which the first names the columns, as some student systems answer."""


class SoapFaultConfig(Section):
    """What a fault means."""

    contains: str
    """Text in the fault's code or string."""
    means: Literal["retry", "login", "stop", "empty"]
    """Ask again later; log in again; give up; or "there is nobody"."""


class SoapFeedConfig(WebFeedBase):
    """People from a SOAP service of a student system."""

    kind: Literal["soap"]
    """The kind of feed."""
    wsdl: Path
    """The service's description, a file beside the configuration: nothing is fetched by what it names."""
    operation: str
    """Name of the operation."""
    service: str = ""
    """Name of the service in the WSDL; the first where empty."""
    port: str = ""
    """Name of the port; the first where empty."""
    address: str = Field(default="", pattern=r"^(https?://.*)?$")
    """Address instead of the one in the WSDL."""
    strict: bool = True
    """`false` takes answers that do not keep to the schema."""
    authentication: Literal["none", "basic", "username-token", "username-token-digest"] = "username-token"
    """HTTP Basic, or WS-Security's UsernameToken with the password as text or digest."""
    request: dict[str, Any] = {}
    """What is asked, a tree of names and values; `{page}`, `{size}`, `{offset}`, `{cursor}` and `{since}` are put in.
    In a complete read `{since}` is empty, and what holds nothing else is left out."""
    delta: bool = False
    """The request's `{since}` gives what has changed."""
    since_format: str = "%Y-%m-%dT%H:%M:%SZ"
    """How `{since}` is written."""
    faults: tuple[SoapFaultConfig, ...] = ()
    """What faults mean; one that is not listed ends the run."""


FeedConfig = Annotated[
    LdapFeedConfig | CsvFeedConfig | AlmaXmlFeedConfig | JsonFeedConfig | SoapFeedConfig, Field(discriminator="kind")
]


class LdapAccountConfig(Section):
    """A program that asks the LDAP view of patrons. The name of its table is its `cn`."""

    password_hash: SecretStr
    """argon2id of the password (`gateway terminal hash-password`)."""
    networks: tuple[Network, ...] = ()
    """Addresses it may come from; empty for any."""
    attributes: tuple[str, ...] = ("uid", "cn", "sn", "givenName", "eduPersonAffiliation", "libraryCategory",
                                   "libraryExpiry", "libraryMayBorrow")  # fmt: skip
    """What it is shown, by attribute name; `*` for everything."""


class LdapViewConfig(Section):
    """A member's patrons over LDAP, read only."""

    suffix: str = ""
    """DN of the member's tree, such as `dc=library,dc=example,dc=ac,dc=uk`; without one there is no view."""
    accounts: dict[Name, LdapAccountConfig] = {}
    """Who may read it."""
    patron_binds: bool = True
    """Patrons may bind as themselves, by PIN or whatever `authentication` says, and read their own entry."""


class ScimConfig(Section):
    """SCIM 2.0 for a member, with API keys that have the scope `provision`."""

    enabled: bool = True
    """Serve `/scim/v2/CODE`."""
    page: int = Field(default=100, ge=1, le=1000)
    """Resources in one answer where the client does not say; at most ten times as many."""
    bulk_operations: int = Field(default=1000, ge=1)
    """Operations in one bulk request."""
    bulk_bytes: int = Field(default=1_048_576, ge=1024)
    """Octets of one bulk request."""


class MemberIdentityConfig(Section):
    """Who a member's patrons are and how they are checked."""

    directories: dict[Name, DirectoryConfig] = {}
    """Campus directories by name."""
    authentication: AuthenticationConfig = AuthenticationConfig()
    """How PINs and passwords are checked."""
    feeds: tuple[FeedConfig, ...] = ()
    """Where people come from."""
    ldap: LdapViewConfig = LdapViewConfig()
    """The LDAP view of patrons."""
    scim: ScimConfig = ScimConfig()
    """SCIM."""


class LdapLimits(Section):
    """What one LDAP client may take from all others."""

    connections: int = Field(default=500, ge=1)
    """Open connections of a process."""
    idle_seconds: float = Field(default=900.0, gt=0)
    """A connection that asks nothing for so long is closed, with a Notice of Disconnection."""
    message_bytes: int = Field(default=262_144, ge=1024)
    """Longest message that is read."""
    size_limit: int = Field(default=5000, ge=1)
    """Entries in one answer, or in all pages of one search together for a patron; service accounts page without end."""
    page_size: int = Field(default=1000, ge=1)
    """Entries in one page at most."""
    time_seconds: float = Field(default=10.0, gt=0)
    """For one search."""


class IdentityConfig(Section):
    """The person register and what is common to all members."""

    ldap: LdapLimits = LdapLimits()
    """Limits of the LDAP view."""
    ldap_clear_binds: bool = False
    """Take passwords over connections that are not encrypted; only for listeners on loopback."""
    provision_per_second: float = Field(default=50.0, gt=0)
    """People carried to the platform in a second at most, of all members together."""
    keep_runs_days: int = Field(default=400, ge=1)
    """How long the record of a run is kept: over a year, so that last autumn's intake can be looked at."""
