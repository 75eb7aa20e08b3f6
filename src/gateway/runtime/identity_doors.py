"""The doors to the person register put together: the LDAP view of patrons and SCIM."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from importlib.metadata import version

from starlette.routing import Route

from gateway.adapters.ldap.mapping import Tree
from gateway.adapters.ldap.server import LdapDoor
from gateway.adapters.ldap.settings import LdapSettings
from gateway.adapters.scim.mapping import ScimSettings
from gateway.adapters.scim.schemas import ScimMember
from gateway.adapters.scim.server import ScimDoor, scim_door
from gateway.clock import Clock
from gateway.config import Config
from gateway.desk import Desk
from gateway.exchanges.model import Recorder
from gateway.identity.register.port import Register
from gateway.members import Members
from gateway.members.ldap_accounts import LdapAccounts


@dataclass
class IdentityDoors:
    """What opens the register."""

    accounts: LdapAccounts
    ldap: LdapDoor
    scim: ScimDoor

    def routes(self) -> list[Route]:
        """What an HTTP application mounts at its root."""
        return self.scim.routes()

    def replace(self, config: Config) -> None:
        """Takes a new configuration while running."""
        self.accounts.replace(config)
        self.ldap.replace(_ldap_settings(config))
        self.scim.replace(_scim_settings(config))


def identity_doors(
    config: Config,
    register: Register,
    members: Members,
    desk: Desk,
    *,
    clock: Clock,
    executor: Executor,
    recorder: Recorder,
) -> IdentityDoors:
    """The doors before an open register."""
    accounts = LdapAccounts(config, clock=clock, executor=executor)
    return IdentityDoors(
        accounts,
        LdapDoor(register, accounts, desk, _ldap_settings(config), clock=clock, recorder=recorder),
        scim_door(register, members, _scim_settings(config), clock=clock, recorder=recorder),
    )


def _ldap_settings(config: Config) -> LdapSettings:
    limits = config.identity.ldap
    return LdapSettings(
        trees={
            code: Tree(code, member.name, member.identity.ldap.suffix, member.identity.ldap.patron_binds)
            for code, member in config.members.items()
            if member.identity.ldap.suffix
        },
        clear_binds=config.identity.ldap_clear_binds,
        connections=limits.connections,
        idle_seconds=limits.idle_seconds,
        message_bytes=limits.message_bytes,
        size_limit=limits.size_limit,
        page_size=limits.page_size,
        time_seconds=limits.time_seconds,
        vendor_version=version("library-gateway"),
    )


def _scim_settings(config: Config) -> ScimSettings:
    return ScimSettings(
        {
            code: ScimMember(scim.page, scim.bulk_operations, scim.bulk_bytes)
            for code, member in config.members.items()
            if (scim := member.identity.scim).enabled
        },
        config.catalogue.base_url,
    )
