"""The settings of NCIP: the brokers and systems that circulate with a member, and what all of them share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, model_validator

from gateway.canonical.vocabulary import DesiredDue, IdentifierType, OnDuplicate
from gateway.config.section import Network, Section

Address = Annotated[str, StringConstraints(pattern=r"^(https?|tcp|http10)://[^\s/]+(/\S*)?$")]
NcipVersion = Literal["1.0", "1.01", "2.0", "2.01", "2.02"]


class NcipOutwardConfig(Section):
    """Where a peer itself answers, for notifications and as the gateway's own partner."""

    url: Address
    """`https://` or `http://`; `tcp://HOST:PORT` for the bare document on a connection; `http10://HOST:PORT/PATH` for
    HTTP/1.0 typed onto one, as Aleph wants it."""
    profile: str = "standard"
    """Dialect of the system at the other end: `gateway explain ncip profiles` lists them."""
    version: NcipVersion = "2.02"
    """Version that is spoken to it."""
    secret: SecretStr = SecretStr("")
    """Sent as FromAgencyAuthentication."""
    bearer: SecretStr = SecretStr("")
    """Sent as `Authorization: Bearer`."""
    user: str = ""
    """Sent with `password` as HTTP Basic."""
    password: SecretStr = SecretStr("")
    """See `user`."""
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)
    """For one message and its answer. Some systems take twenty seconds to check an item out."""
    notify: frozenset[
        Literal[
            "ItemCheckedIn",
            "ItemCheckedOut",
            "ItemReceived",
            "ItemRenewed",
            "ItemRecalled",
            "ItemRequestCancelled",
            "CirculationStatusUpdated",
        ]
    ] = frozenset()
    """What the peer is told of when it happens here."""
    notify_about: Literal["requests", "all"] = "requests"
    """`requests`: items and holds of this peer's own transactions. `all`: everything of the member."""
    retry_hours: int = Field(default=72, ge=1, le=720)
    """How long a notification that does not arrive is tried again; then it is listed as given up."""


class NcipPeerConfig(Section):
    """A system that speaks NCIP with a member: a broker of interlibrary loans, another library's system, a discovery
    layer. The name of its table is its name. The same broker may stand at several members, with one credential."""

    agency_ids: tuple[str, ...] = ()
    """What it calls itself (FromAgencyId), the name that is written back to it first; empty for any."""
    our_ids: tuple[str, ...] = ()
    """What it calls the member (ToAgencyId), beside the member's `institution_ids`; the first is what it reads in
    answers, else it reads its own word again."""
    system_ids: tuple[str, ...] = ()
    """FromSystemId that it may use; empty for any."""
    profiles: tuple[str, ...] = ()
    """ApplicationProfileType that it may use; empty for any."""
    secret_hash: SecretStr | None = None
    """Argon2id hash of the shared secret in FromAgencyAuthentication (`gateway terminal hash-password`)."""
    api_key_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of its API key, hexadecimal (`gateway key new`), sent as a bearer, as the password of HTTP Basic, or as
    `apikey` in the query."""
    client_certificate: str | None = None
    """Subject of its client certificate (RFC 4514)."""
    networks: tuple[Network, ...] = ()
    """Addresses it may come from; with nothing else that says who it is, they alone do."""
    require_tls: bool = False
    """It is not answered in clear text."""
    services: frozenset[str] = frozenset({"@lookup"})
    """Services it may ask for, by name, or groups of them: `@lookup`, `@borrowing`, `@lending`, `@patron` (what a
    discovery layer does for a patron), `@staff` (items and users made and changed), `@all`."""
    location: str | None = None
    """Code of the location where its transactions take place; the member's main location without it."""
    branches: dict[str, str] = {}
    """ToAgencyId that names one of the member's branches, and the code of that location."""
    user_identifiers: dict[str, IdentifierType] = {}
    """UserIdentifierType that it uses, and what it means: a card of another type is then nobody's. A type that is not
    listed means any identifier."""
    user_id: IdentifierType = IdentifierType.BARCODE
    """Which identifier of a patron it reads in answers."""
    user_elements: frozenset[str] = frozenset(
        {"User Id", "Name Information", "User Privilege", "Block Or Trap", "User Language"}
    )
    """UserElementTypes it may see: addresses (`User Address Information`) and `Date Of Birth` only where they stand
    here."""
    elements_unasked: Literal["none", "all"] = "none"
    """What it gets that asks for no elements by name: nothing, as the standard has it, or all it may see."""
    pin_required: frozenset[str] | None = None
    """Operations for which it must send the patron's PIN or password; the member's `policies.pin_required` without
    it."""
    institution_patron: str | None = None
    """Identifier of the patron who stands for it, where it borrows for people who are not known here."""
    due_date: DesiredDue = DesiredDue.IGNORED
    """What a due date counts that it wishes for: `ignored`, `earlier` (where it is before the rules' own), `wins`."""
    pickup: dict[str, str] = {}
    """Its names of pickup locations, and the codes of ours. A name that is neither here nor a code of ours is
    refused."""
    checkin_not_on_loan: Literal["problem", "success"] = "problem"
    """What it hears that returns an item that is not on loan: Item Not Checked Out, as the standard has it, or that
    all is well."""
    delete_on_checkin: bool = False
    """A temporary item is removed when this peer checks it in."""
    delete_missing: Literal["problem", "success"] = "success"
    """What it hears that deletes an item which is gone already."""
    barcode_from: Literal["item", "request"] = "item"
    """What becomes the barcode of a temporary item: the ItemId it sends (the RequestId where there is none), or always
    the RequestId."""
    barcode_prefix: str = ""
    """Put before the barcodes of temporary items."""
    on_duplicate: OnDuplicate = OnDuplicate.REFUSE
    """A barcode that is taken: `refuse`, or `suffix` (several volumes of one request become `-2`, `-3`, ...)."""
    item_type: str | None = None
    """Item type of its temporary items, by which the loan rules are found; the member's first without it."""
    notifications: Literal["record", "act"] = "record"
    """Its notifications (ItemCheckedOut, ItemRequested, ...): reports that are put on record, or commands, as brokers
    mean them that speak NCIP 1."""
    outward: NcipOutwardConfig | None = None
    """Where it answers itself."""

    @model_validator(mode="after")
    def _known(self) -> NcipPeerConfig:
        if not (self.secret_hash or self.api_key_sha256 or self.client_certificate or self.networks):
            raise ValueError(
                "nothing says who it is: give it a secret_hash, an api_key_sha256, a client_certificate or networks"
            )
        if self.secret_hash and not self.agency_ids:
            raise ValueError("`agency_ids` says whose the secret is")
        return self


class MemberNcipConfig(Section):
    """A member's part in NCIP."""

    peers: dict[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")], NcipPeerConfig] = {}
    """Its peers by name. Without any, nobody is answered."""


class NcipConfig(Section):
    """What all NCIP peers share."""

    message_bytes: int = Field(default=1_048_576, ge=4096)
    """Longest message. The longest one known in the field has under 100,000 bytes."""
    connections: int = Field(default=500, ge=1)
    """Open connections over TCP; one address has half of them at most."""
    idle_seconds: float = Field(default=300.0, gt=0)
    """A TCP connection that says nothing for so long is closed."""
    message_seconds: float = Field(default=20.0, gt=0, le=20)
    """Time for a message that has begun to arrive to become complete; HTTP gives no request longer."""
    answer_seconds: float = Field(default=25.0, gt=0, le=300)
    """Time in which every request is answered; brokers wait thirty seconds."""
    page: int = Field(default=50, ge=1, le=1000)
    """Items in one answer to LookupItemSet, where fewer are not asked for."""
    keep_notices_days: int = Field(default=30, ge=1)
    """How long notifications that were sent or given up are listed."""
