"""The configuration as models: every setting with its meaning, unit and the reason for its default.

The JSON Schema and the reference page are generated from these docstrings and descriptions. Unknown keys are refused.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, model_validator

from gateway.canonical.money import Currency
from gateway.canonical.vocabulary import ForeignItems, Permission, TerminalKind
from gateway.config.agreement import check_agreement
from gateway.config.catalogue import CatalogueConfig, MemberCatalogueConfig
from gateway.config.identity import IdentityConfig, MemberIdentityConfig
from gateway.config.ncip import MemberNcipConfig, NcipConfig
from gateway.config.section import Code, Network, Port, Section, TimeZone

CATALOGUE_FILE = "catalogue.sqlite3"
REGISTER_FILE = "register.sqlite3"
"""In the data directory, where the store is SQLite."""


class Bilingual(StrEnum):
    """Which language people read on screens and receipts."""

    WELSH = "cy"
    ENGLISH = "en"
    BOTH = "both"
    PATRON = "patron"  # the patron's own, else the member's first


class StoreConfig(Section):
    """The database of the reference platform."""

    url: str = "sqlite:///gateway.sqlite3"
    """`sqlite:///FILE` (a relative file lies in `data_dir`) or `postgresql://USER:PASSWORD@HOST[,HOST...]/NAME`.
    SQLite needs nothing installed and serves one node; PostgreSQL lets several nodes share one database."""
    max_connections: int = Field(default=10, ge=1)
    """PostgreSQL connections a process opens at most. More than a few per core only queue inside the database."""


class ListenerConfig(Section):
    """One port that is listened on."""

    protocol: Literal["sip2", "http", "z3950", "ldap", "ncip"]
    """What is spoken there."""
    host: str = "127.0.0.1"
    """Address to bind. Loopback unless opened on purpose: SIP2 without TLS shows patrons' data to the network."""
    port: Port
    """TCP port; 0 takes any free one."""
    tls: bool = False
    """Speak TLS, with the certificate of the `tls` table."""
    member: Code | None = None
    """Everything that arrives here belongs to this member; a login of another member is refused."""
    prompts: bool = False
    """Ask `login:` and `password:` as a telnet server does before SIP2 begins: some kiosks wait for it."""
    proxies: tuple[Network, ...] = ()
    """Addresses of proxies before an HTTP listener. Where a request comes from, and whether it came over TLS, is what
    they say in X-Forwarded-For and X-Forwarded-Proto; nobody else is believed."""


class CertificateConfig(Section):
    """A server certificate with its key, PEM files."""

    certificate: Path
    """Chain, the server's own certificate first."""
    key: Path
    """Private key."""


class TlsConfig(Section):
    """Server certificates."""

    certificate: Path | None = None
    """Chain shown where the client asks for no name, or for one without a certificate of its own."""
    key: Path | None = None
    """Private key of `certificate`."""
    client_ca: Path | None = None
    """Certificate authorities whose client certificates are accepted. A client certificate is always optional at the
    handshake; a terminal that must show one says so itself."""
    names: dict[str, CertificateConfig] = {}
    """Further certificates by the server name (SNI) that the client asks for."""

    @model_validator(mode="after")
    def _pair(self) -> TlsConfig:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("`certificate` and `key` belong together")
        return self


class LimitsConfig(Section):
    """What one peer may take from all others."""

    max_links: int = Field(default=10_000, ge=1)
    """Open connections a process accepts. An idle one costs some kilobytes, and a large consortium has 5,000 kiosks."""
    idle_seconds: float = Field(default=3600.0, gt=0)
    """A SIP2 link that says nothing for so long is closed. Kiosks stand idle overnight: an hour outlasts every pause
    in opening hours, and dead peers still go."""
    message_bytes: int = Field(default=8192, ge=256)
    """Longest SIP2 message. The longest one known in the field has under 2,000 bytes."""
    message_seconds: float = Field(default=30.0, gt=0)
    """Time for a message that has begun to arrive to become complete; who drips bytes is cut."""
    body_bytes: int = Field(default=1_048_576, ge=1024)
    """Longest body of an HTTP request."""
    answer_seconds: float = Field(default=10.0, gt=0, le=99.9)
    """Time in which every SIP2 request is answered, announced in message 98 (three digits of tenths of a second, which
    is where the upper bound comes from). A kiosk waits so long before it sends again."""
    answer_margin_seconds: float = Field(default=1.0, gt=0)
    """The gateway gives up so much earlier, so that its "no" still arrives in time."""
    retries: int = Field(default=3, ge=0, le=998)
    """How often a kiosk may send again, announced in message 98."""
    login_failures: int = Field(default=5, ge=1)
    """Wrong passwords from one address for one login before further ones have to wait."""
    login_backoff_seconds: float = Field(default=60.0, gt=0)
    """Longest wait. The wait doubles from one second and nothing is ever locked: a kiosk whose password was put right
    logs in within a minute."""

    @model_validator(mode="after")
    def _margin(self) -> LimitsConfig:
        if self.answer_margin_seconds >= self.answer_seconds:
            raise ValueError("`answer_margin_seconds` must be less than `answer_seconds`")
        return self


class ExchangeLevel(StrEnum):
    """How much of each exchange is kept."""

    NONE = "none"
    OUTLINE = "outline"  # who, what, when, verdict; no bytes
    FULL = "full"  # all stations, masked


class ExchangesConfig(Section):
    """The record of requests and answers, masked."""

    level: ExchangeLevel = ExchangeLevel.FULL
    """`none`, `outline` (who, what, when, verdict) or `full` (all five stations, PINs and names masked)."""
    retention_days: int = Field(default=14, ge=1)
    """Days after which records are deleted: long enough to answer "what happened at the kiosk last week", short enough
    to be no reading history."""


class JournalConfig(Section):
    """What was promised while a platform was away."""

    max_entries: int = Field(default=100_000, ge=1)
    """Transactions kept at most; beyond that kiosks are told "no". A busy library makes some 5,000 a day."""


class ApiKeyConfig(Section):
    """An API key of a member. The key itself is shown once, when it is made, and is not kept."""

    name: Code
    """What the key is for; it appears in records as `api:NAME`."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the key, hexadecimal. Enough for a key of 256 random bits; `gateway key new` prints both."""
    scopes: frozenset[Permission] = frozenset()
    """What the key may do: the same words as a terminal's permissions."""
    networks: tuple[Network, ...] = ()
    """Addresses the key works from; empty for any."""


KIOSK_PERMISSIONS = frozenset(
    {
        Permission.PATRON_READ,
        Permission.ITEM_READ,
        Permission.CHECKOUT,
        Permission.CHECKIN,
        Permission.RENEW,
        Permission.HOLD,
        Permission.PAY,
        Permission.UNDO,
    }
)


class TerminalConfig(Section):
    """A kiosk, sorter, gate or desk that logs in. The name of its table is its login."""

    login: str = ""
    """Filled in from the name of the table."""
    password_hash: SecretStr | None = None
    """argon2id of the password (`gateway terminal hash-password`). Without one nobody logs in: the terminal is known by
    its client certificate or, alone there, by its network."""
    location: str = ""
    """Code of the location it stands in; the member's main location where empty."""
    kind: TerminalKind = TerminalKind.SELF_CHECK
    """What kind of machine it is."""
    permissions: frozenset[Permission] = KIOSK_PERMISSIONS
    """What it may do. `offline` (transactions that already happened while the line was down) is left out by default,
    because it makes the gateway believe the terminal."""
    profile: str = "standard"
    """Name of the SIP2 profile: the dialect its maker speaks."""
    overrides: dict[str, Any] = {}
    """Single settings of the profile that differ at this terminal."""
    pin_required: frozenset[str] | None = None
    """Operations that need the patron's PIN here, such as `patron.account`; the member's policy where not given."""
    networks: tuple[Network, ...] = ()
    """Addresses it may come from; empty for the member's."""
    require_tls: bool = False
    """Refuse its login on a plain port."""
    client_certificate: str | None = None
    """Subject (RFC 4514) of the client certificate it must show."""
    links: int = Field(default=8, ge=1)
    """Connections at once with this login. One more ends the oldest: a kiosk that was switched off and on again must
    not wait until its dead connection is noticed."""


class MemberPolicy(Section):
    """What a member decides for all its terminals."""

    foreign_items: ForeignItems = ForeignItems.UNKNOWN
    """Another member's item at this member's terminal: `unknown` (as if it did not exist), `route_home`, `fulfil`."""
    pin_required: frozenset[str] = frozenset({"patron.account"})
    """Operations that need the patron's PIN. A card number can be read off a card; what somebody has borrowed is shown
    only to who knows the PIN."""
    bilingual: Bilingual = Bilingual.PATRON
    """Language on screens: `cy`, `en`, `both`, or the patron's own."""
    offline: bool = True
    """Keep transactions of terminals with permission `offline` while the platform is away, and replay them."""
    offline_loan_days: int = Field(default=14, ge=1)
    """Loan period told to a kiosk while the platform is away and the kiosk has not given a date of its own."""


class CirculationPolicy(Section):
    """What a member decides about loans, holds and payments beside its loan rules, which are rows."""

    holds_on_available: bool = True
    """A title may be requested while a copy of it is on the shelf."""
    shelf_copy_for_queue: bool = False
    """A copy on the shelf is lent only to the first in the title's queue; `false` lends it to whoever brings it."""
    overpay: bool = False
    """A payment above the balance is taken up to the balance; `false` refuses it."""
    backdate_days: int = Field(default=7, ge=0)
    """A return date that a terminal sends on line is believed at most this many days back."""
    lost_after_days: int | None = Field(default=None, ge=1)
    """Loans overdue for longer become lost and are charged for; without it they never do so by themselves."""


class MemberConfig(Section):
    """A library service of the consortium. The name of its table is its code."""

    code: str = ""
    """Filled in from the name of the table."""
    name: str
    """Name as shown to people."""
    institution_ids: tuple[str, ...] = ()
    """Names by which messages may call it (SIP2 AO, NCIP agency ids); upper and lower case are the same."""
    timezone: TimeZone = "Europe/London"
    """IANA time zone in which dates are read and shown."""
    languages: tuple[Literal["cy", "en"], ...] = Field(default=("en", "cy"), min_length=1)
    """Languages it speaks, the preferred one first."""
    currency: Currency = "GBP"
    """Currency of charges and payments (ISO 4217)."""
    main_location: str
    """Code of the location that stands where none is named."""
    policies: MemberPolicy = MemberPolicy()
    """What holds at all its terminals."""
    circulation: CirculationPolicy = CirculationPolicy()
    """Its choices about loans, holds and payments."""
    terminals: dict[str, TerminalConfig] = {}
    """Its terminals by login. A login is unique in the whole consortium: it decides whose terminal is speaking."""
    api_keys: tuple[ApiKeyConfig, ...] = ()
    """Its API keys."""
    tls_names: tuple[str, ...] = ()
    """Server names (SNI) that are this member's alone."""
    networks: tuple[Network, ...] = ()
    """Addresses its terminals may come from; empty for any."""
    catalogue: MemberCatalogueConfig = MemberCatalogueConfig()
    """Its part of the catalogue: who may read it, its sets, where its records come from."""
    identity: MemberIdentityConfig = MemberIdentityConfig()
    """Who its patrons are: directories, feeds, how PINs are checked, LDAP and SCIM."""
    ncip: MemberNcipConfig = MemberNcipConfig()
    """The brokers and systems that circulate with it over NCIP."""

    @model_validator(mode="before")
    @classmethod
    def _names(cls, data: Any) -> Any:
        return _named(data, "terminals", "login")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Config(Section):
    """The whole configuration."""

    include: tuple[str, ...] = ()
    """Further files, or patterns such as `members/*.toml`, that are read as if they stood here. No setting may stand
    in two places."""
    data_dir: Path = Path("data")
    """Directory for everything that is kept; a relative one lies beside the configuration file."""
    store: StoreConfig = StoreConfig()
    listeners: dict[str, ListenerConfig] = {}
    """Ports by a name of your choice."""
    tls: TlsConfig = TlsConfig()
    limits: LimitsConfig = LimitsConfig()
    exchanges: ExchangesConfig = ExchangesConfig()
    journal: JournalConfig = JournalConfig()
    catalogue: CatalogueConfig = CatalogueConfig()
    identity: IdentityConfig = IdentityConfig()
    ncip: NcipConfig = NcipConfig()
    pepper: SecretStr = Field(min_length=16)
    """Secret that PINs are mixed with before hashing, at least 16 characters (`openssl rand -hex 32`), kept outside the
    database; retries are recognised by digests made with it too. Losing it makes every stored PIN useless; who has it
    and the database can try out four digits. Set it once, keep a copy apart, never change it."""
    members: dict[Code, MemberConfig] = {}
    """The members by code."""

    @model_validator(mode="before")
    @classmethod
    def _names(cls, data: Any) -> Any:
        return _named(data, "members", "code")

    @model_validator(mode="after")
    def _agreement(self) -> Config:
        check_agreement(self)
        return self

    def derive_key(self, purpose: str) -> bytes:
        """A key of 32 bytes for another purpose (signing cursors), from which the pepper cannot be had back."""
        pepper = self.pepper.get_secret_value().encode()
        return hmac.new(pepper, b"derive:" + purpose.encode(), hashlib.sha256).digest()

    @property
    def store_url(self) -> str:
        """The store's address, a relative SQLite file placed in `data_dir`."""
        prefix, slashes, file = self.store.url.partition("sqlite:///")
        if slashes and not prefix and file != ":memory:" and not Path(file).is_absolute():
            return f"sqlite:///{self.data_dir / file}"
        return self.store.url

    @property
    def register_url(self) -> str:
        """The person register's database: a file of its own beside an SQLite store, the same database on PostgreSQL."""
        if self.store.url.startswith("sqlite:"):
            return f"sqlite:///{self.data_dir / REGISTER_FILE}"
        return self.store.url

    @property
    def catalogue_url(self) -> str:
        """The catalogue's database: a file of its own beside an SQLite store, the same database on PostgreSQL."""
        if self.store.url.startswith("sqlite:"):
            return f"sqlite:///{self.data_dir / CATALOGUE_FILE}"
        return self.store.url


def _named(data: Any, tables: str, field: str) -> Any:
    """Writes each table's name into the table, where the rest of the program looks for it."""
    if not isinstance(data, dict) or not isinstance(data.get(tables), dict):
        return data
    named = {
        name: {**table, field: table.get(field) or name} if isinstance(table, dict) else table
        for name, table in data[tables].items()
    }
    return {**data, tables: named}
