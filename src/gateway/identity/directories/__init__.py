"""Campus directories, read and asked over LDAP behind one port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.clock import Clock
from gateway.config.identity import DirectoryConfig
from library_protocols.ldap.errors import DnError, FilterError

if TYPE_CHECKING:
    from gateway.identity.directories.directory import LdapDirectory


def open_directory(name: str, config: DirectoryConfig, *, clock: Clock) -> LdapDirectory:
    """A member's directory. Connects to nothing yet. Raises ValueError where the file of authorities cannot be read, or
    a filter or DN in the configuration is none."""
    # Only where there is a directory: whoever needs no more than the port does not pay for loading ldap3.
    from gateway.identity.directories.directory import LdapDirectory
    from gateway.identity.directories.ldap3_line import Ldap3Opener
    from gateway.identity.directories.logins import checked

    try:
        checked(config)
        opener = Ldap3Opener(config)
    except (FilterError, DnError) as error:
        raise ValueError(f"directory {name}: {error}") from None
    except OSError as error:
        reason = error.strerror or "no certificate can be read from it"
        raise ValueError(f"directory {name}: {config.ca}: {reason}") from None
    return LdapDirectory(name, config, opener, clock)
