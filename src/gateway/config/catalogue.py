"""The catalogue's settings: who may read it, its sets, where members' records come from, what the doors allow."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from gateway.config.section import Network, Section

_UNITS = {"m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> int:
    """Seconds of a length of time such as `30m`, `6h` or `1d`. Raises ValueError."""
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in _UNITS or int(number) == 0:
        raise ValueError(f"{text!r} is no length of time such as 30m, 6h or 1d")
    return int(number) * _UNITS[unit]


def _every(text: str) -> str:
    seconds(text)
    return text


Every = Annotated[str, AfterValidator(_every)]
SetSpec = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.!~*'()-]+(:[A-Za-z0-9_.!~*'()-]+)*$", max_length=120)]
Domain = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z][A-Za-z0-9-]*)+$")]


class SetConfig(Section):
    """A set that harvesters may ask for: the records that a query finds."""

    spec: SetSpec
    """setSpec as harvesters write it; a colon makes a hierarchy. `format` and `member` are the gateway's own."""
    name: str
    """Name as shown to people."""
    query: str
    """CQL; a record belongs to the set while the query finds it."""

    @model_validator(mode="after")
    def _own(self) -> SetConfig:
        if self.spec.partition(":")[0] in ("format", "member"):
            raise ValueError("sets under `format` and `member` are made by the gateway")
        return self


class ReaderConfig(Section):
    """Somebody who reads a catalogue that is not open to all: a name and password of Z39.50 or HTTP Basic."""

    password_hash: SecretStr
    """argon2id of the password (`gateway terminal hash-password`)."""
    networks: tuple[Network, ...] = ()
    """Addresses the name works from; empty for any."""


class SourceConfig(Section):
    """A server of the member's own that is searched in place of the gateway's copy."""

    url: str = Field(pattern=r"^(z3950|https?)://")
    """`z3950://HOST[:PORT]/DATABASE`, or the base URL of an SRU server."""
    user: str = ""
    """Name to log in with, where it asks for one."""
    password: SecretStr = SecretStr("")
    """Password to that name."""
    charset: Literal["utf-8", "marc-8", "iso-8859-1"] = "utf-8"
    """How the server writes MARC records and reads terms, where it does not negotiate."""
    timeout_seconds: float = Field(default=15.0, gt=0)
    """Longest wait for one answer: a client that searches several catalogues gives up after about thirty."""


class HarvestConfig(Section):
    """A system of the member's that is harvested over OAI-PMH."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    """What the source is called here; its state is kept under this name."""
    url: str = Field(pattern=r"^https?://")
    """Base URL of the data provider."""
    metadata_prefix: str = "marc21"
    """Format asked for; it must carry MARC 21 or UNIMARC as XML."""
    set_spec: str | None = None
    """Set asked for; the whole repository where not given."""
    format: Literal["marc21", "unimarc"] | None = None
    """Which MARC it is; found out record by record where not given."""
    every: Every | None = None
    """How often it is harvested: `30m`, `6h`, `1d`. Without this and `full_every`, only by command."""
    full_every: Every | None = None
    """How often the whole list is read again, by the clock too, to find what has gone without a trace: for a provider
    that keeps no record of deletions."""
    user: str = ""
    """HTTP Basic name, where the provider asks for one."""
    password: SecretStr = SecretStr("")
    """Password to that name."""
    timeout_seconds: float = Field(default=120.0, gt=0)
    """Longest wait for one answer: some providers need minutes before the first page."""
    max_records: int = Field(default=20_000_000, ge=1)
    """Records after which a list is taken to be endless."""


class MemberCatalogueConfig(Section):
    """A member's part of the catalogue."""

    anonymous: bool = True
    """Anybody may search and harvest it, as is the custom; `false` asks for a reader's name. That closes the member's
    own view alone: its visible records stand in the consortium's view `all` too, to which `catalogue.anonymous` is the
    door. What is to stand in the member's own view only is `private`."""
    readers: dict[str, ReaderConfig] = {}
    """Who may read this member's part, by name."""
    suppressed: tuple[str, ...] = ()
    """Records that are in no view: conditions on their MARC fields, of which one is enough. A condition is a field with
    a value (`942n=1`, `008[23]=o`, `LDR[17]=8`; case and blanks around it do not count), or a field that is to be there
    (`599a`, `599`)."""
    private: tuple[str, ...] = ()
    """Records that are in the member's own view only, and not in `all`: conditions like those of `suppressed`, which
    goes before."""
    sets: tuple[SetConfig, ...] = ()
    """The member's own sets."""
    source: SourceConfig | None = None
    """Search the member's own server instead of the gateway's copy."""
    harvest: tuple[HarvestConfig, ...] = ()
    """Systems whose records the gateway copies."""


class Z3950ClientConfig(Section):
    """How one Z39.50 client is treated: clients seldom say what they need."""

    networks: tuple[Network, ...] = ()
    """Addresses it comes from."""
    user: str = ""
    """Name it logs in with."""
    implementation: str = ""
    """Beginning of the implementation name it gives."""
    charset: Literal["utf-8", "marc-8", "iso-8859-1"] = "utf-8"
    """Terms and USMARC records where nothing is negotiated; another than utf-8 is agreed first where it is proposed."""
    unsupported: Literal["refuse", "ignore"] = "refuse"
    """An attribute that cannot be honoured: refused with the diagnostic that names it, or left out."""
    term_counts: bool = False
    """Searches are answered with what each of their terms finds alone (SearchResult-1), for a search more each; clients
    that ask for it get it in any case."""


class CatalogueLimits(Section):
    """What one reader of the catalogue may take from all others."""

    z3950_sessions: int = Field(default=500, ge=1)
    """Open Z39.50 sessions of a process. A session costs some kilobytes and its result sets."""
    z3950_idle_seconds: float = Field(default=600.0, gt=0)
    """A session that asks nothing for so long is closed; interactive clients come back within minutes."""
    result_sets: int = Field(default=100, ge=1)
    """Result sets of one Z39.50 session, and of all SRU clients together; one more ends the one longest unused."""
    list_requests: int = Field(default=16, ge=1)
    """OAI-PMH lists that are written at once; one more is told when to come back (503)."""
    page_records: int = Field(default=200, ge=1, le=5000)
    """Records in one page of an OAI-PMH list: about a megabyte of MARCXML before compression."""
    token_days: int = Field(default=30, ge=1)
    """How long a resumption token works: a harvest of ten million records takes days at the slowest harvesters."""
    search_records: int = Field(default=1000, ge=1)
    """Records in one SRU or Z39.50 answer at most."""


class CatalogueConfig(Section):
    """The consortium's catalogue and the doors to it: OAI-PMH, SRU, Z39.50."""

    enabled: bool = True
    """Serve the catalogue here, with its index and the process that keeps it. A node for kiosks alone needs neither."""
    name: str = "Library catalogue"
    """Name of the whole, as Identify and explain show it."""
    admin_emails: tuple[str, ...] = ()
    """Whom to write to about it (OAI-PMH's Identify says so); without one, `postmaster` at the identifier's domain."""
    repository_identifier: Domain = "catalogue.invalid"
    """A domain name of the consortium's own, the middle of every OAI identifier. Once harvested it must not change."""
    base_url: str | None = Field(default=None, pattern=r"^https?://[^/]+$")
    """Scheme and host under which harvesters reach the gateway; as they asked, where not given."""
    anonymous: bool = True
    """Anybody may search and harvest the consortium's view."""
    readers: dict[str, ReaderConfig] = {}
    """Who may read every view, by name."""
    sets: tuple[SetConfig, ...] = ()
    """The consortium's own sets."""
    union_ids: tuple[str, ...] = ()
    """Prefixes of control numbers in 035 that name the same record at every member, such as `(WHELF)`."""
    old_deletions: bool = True
    """Tombstones are part of a harvest that gives no `from`; `false` leaves them out, for a first harvest in hours."""
    clients: tuple[Z3950ClientConfig, ...] = ()
    """Z39.50 clients that need another treatment; the first that fits holds."""
    limits: CatalogueLimits = CatalogueLimits()
