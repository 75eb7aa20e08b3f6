"""What single settings cannot see: names that must be unique in the consortium, references that must lead somewhere."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.canonical.vocabulary import IdentifierType
from gateway.config.identity import FEED_FIELDS
from gateway.crosswalks.ldap import suffix_problem, unknown_attributes
from gateway.crosswalks.ncip import GROUPS, SERVICES, USER_ELEMENTS

if TYPE_CHECKING:
    from gateway.config.model import Config, MemberConfig


ALL = "all"
"""The consortium's view of the catalogue: in URLs and database names it stands where a member's code does."""


class DisagreementError(ValueError):
    """Settings that are each well formed and contradict each other; `found` has (key, message) pairs."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{key}: {message}" for key, message in found))
        self.found = found


def check_agreement(config: Config) -> None:
    """Raises DisagreementError."""
    if found := [*_shared_names(config), *_dangling(config), *_identity(config), *_ncip(config)]:
        raise DisagreementError(found)


def _shared_names(config: Config) -> Iterator[tuple[str, str]]:
    """Names that say who is speaking must not say it of two."""
    seen: dict[tuple[str, str], str] = {}
    for kind, name, key in _speaking_names(config):
        first = seen.setdefault((kind, name), key)
        if first != key:
            yield key, f"{kind} {name!r} is taken by {first}"


def _speaking_names(config: Config) -> Iterator[tuple[str, str, str]]:
    for name in config.catalogue.readers:
        yield "catalogue reader", name, f"catalogue.readers.{name}"
    for code, member in config.members.items():
        at = f"members.{code}"
        for name in sorted({name.casefold() for name in member.institution_ids}):
            yield "institution id", name, f"{at}.institution_ids"
        for name in sorted({name.casefold() for name in member.tls_names}):
            yield "TLS name", name, f"{at}.tls_names"
        for login, terminal in member.terminals.items():
            yield "login", login, f"{at}.terminals.{login}"
            if terminal.client_certificate:
                yield "client certificate", terminal.client_certificate, f"{at}.terminals.{login}.client_certificate"
        for name in member.catalogue.readers:
            yield "catalogue reader", name, f"{at}.catalogue.readers.{name}"
        if suffix := member.identity.ldap.suffix:
            yield "LDAP suffix", suffix.replace(" ", "").casefold(), f"{at}.identity.ldap.suffix"
        for number, key in enumerate(member.api_keys):
            yield "API key", key.sha256, f"{at}.api_keys.{number}.sha256"
            yield "name of an API key", f"{code}/{key.name}", f"{at}.api_keys.{number}.name"


def _dangling(config: Config) -> Iterator[tuple[str, str]]:
    ports: dict[tuple[str, int], str] = {}
    for name, listener in config.listeners.items():
        at = f"listeners.{name}"
        if listener.member is not None and listener.member not in config.members:
            yield f"{at}.member", f"there is no member {listener.member!r}"
        if listener.protocol == "z3950" and not config.catalogue.enabled:
            yield f"{at}.protocol", "there is no catalogue to serve: catalogue.enabled is false"
        if listener.protocol == "ldap":
            if not any(member.identity.ldap.suffix for member in config.members.values()):
                yield f"{at}.protocol", "there is nothing to serve: no member has an identity.ldap.suffix"
            if config.identity.ldap_clear_binds and not listener.tls and not is_loopback(listener.host):
                yield f"{at}.host", "identity.ldap_clear_binds is for listeners on loopback"
        if listener.protocol == "ncip" and not any(member.ncip.peers for member in config.members.values()):
            yield f"{at}.protocol", "there is nobody to serve: no member has ncip.peers"
        if listener.prompts and listener.protocol != "sip2":
            yield f"{at}.prompts", "only a sip2 listener asks for a login"
        if listener.proxies and listener.protocol != "http":
            yield f"{at}.proxies", "only an http listener has proxies that say where a request comes from"
        if listener.port and (first := ports.setdefault((listener.host, listener.port), at)) != at:
            yield f"{at}.port", f"{listener.host}:{listener.port} is taken by {first}"
    for at, own in [("catalogue", config.catalogue.sets)] + [
        (f"members.{code}.catalogue", member.catalogue.sets) for code, member in config.members.items()
    ]:
        specs = [one.spec for one in own]
        for number, spec in enumerate(specs):
            if spec in specs[:number]:
                yield f"{at}.sets.{number}.spec", f"there is a set {spec!r} before"
    for code, member in config.members.items():
        if code == ALL:
            yield f"members.{code}", "this name stands for the whole consortium"
        sources = [source.name for source in member.catalogue.harvest]
        for number, name in enumerate(sources):
            if name in sources[:number]:
                yield f"members.{code}.catalogue.harvest.{number}.name", f"there is a source {name!r} before"
        if member.code != code:
            yield f"members.{code}.code", f"the table's name says {code!r}"
        for login, terminal in member.terminals.items():
            at = f"members.{code}.terminals.{login}"
            if terminal.login != login:
                yield f"{at}.login", f"the table's name says {login!r}"
            if not (terminal.password_hash or terminal.client_certificate or terminal.networks):
                yield at, "nothing says who it is: give it a password_hash, a client_certificate or networks"


def is_loopback(host: str) -> bool:
    """Whether nobody from elsewhere can come to this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _identity(config: Config) -> Iterator[tuple[str, str]]:
    for code, member in config.members.items():
        for key, message in (*_feeds(member), *_checks(member), *_ldap(member)):
            yield f"members.{code}.identity.{key}", message


def _feeds(member: MemberConfig) -> Iterator[tuple[str, str]]:
    names: dict[str, int] = {}
    for number, feed in enumerate(member.identity.feeds):
        at = f"feeds.{number}"
        if names.setdefault(feed.name, number) != number:
            yield f"{at}.name", f"there is a feed {feed.name!r} before"
        if feed.kind == "ldap" and feed.directory not in member.identity.directories:
            yield f"{at}.directory", f"there is no directory {feed.directory!r}"
        for field in feed.fields:
            if field not in FEED_FIELDS and field not in {str(kind) for kind in IdentifierType}:
                hint = ", ".join([*(str(kind) for kind in IdentifierType), *sorted(FEED_FIELDS)])
                yield f"{at}.fields.{field}", f"the register has no such field; it has {hint}"


def _ldap(member: MemberConfig) -> Iterator[tuple[str, str]]:
    view = member.identity.ldap
    if view.suffix and (problem := suffix_problem(view.suffix)) is not None:
        yield "ldap.suffix", f"{view.suffix!r} {problem}"
    for name, account in view.accounts.items():
        for unknown in unknown_attributes(account.attributes):
            yield f"ldap.accounts.{name}.attributes", f"nobody has an attribute {unknown!r}"


def _checks(member: MemberConfig) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for number, check in enumerate(member.identity.authentication.checks):
        at = f"authentication.checks.{number}.by"
        kind, _, name = check.by.partition(":")
        if kind == "directory" and name not in member.identity.directories:
            yield at, f"there is no directory {name!r}"
        if check.by in seen:
            yield at, f"{check.by!r} is asked before"
        seen.add(check.by)
    if not member.identity.authentication.checks:
        yield "authentication.checks", "without a step nobody's PIN is ever right"


def _ncip(config: Config) -> Iterator[tuple[str, str]]:
    """A broker may stand at several members with one credential; within a member it is one peer's."""
    for code, member in config.members.items():
        seen: dict[tuple[str, str], str] = {}
        for name, peer in member.ncip.peers.items():
            at = f"members.{code}.ncip.peers.{name}"
            for kind, value in (("API key", peer.api_key_sha256), ("client certificate", peer.client_certificate)):
                if value and (first := seen.setdefault((kind, value), name)) != name:
                    yield at, f"its {kind} is taken by {first}"
            if peer.secret_hash is not None and not peer.secret_hash.get_secret_value().startswith("$argon2id$"):
                yield f"{at}.secret_hash", "is no Argon2id hash, and no secret would ever fit it"
            for service in sorted(peer.services - SERVICES.keys() - GROUPS.keys()):
                yield f"{at}.services", f"there is no service {service!r}"
            for element in sorted(peer.user_elements - USER_ELEMENTS):
                yield f"{at}.user_elements", f"there is no user element type {element!r}"
