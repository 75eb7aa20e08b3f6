"""A gateway that serves one member's people over LDAP. Prints its port, stops on SIGTERM.

The register is filled beforehand (`fill`). The service account is shown what the register knows and nothing that the
platform would be asked for: the server that it is compared with has no platform.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path
from typing import Any

import uvloop

from gateway.canonical.vocabulary import IdentifierType
from gateway.config import Config
from gateway.crosswalks.ldap import PEOPLE
from gateway.identity.ids import new_id
from gateway.identity.model import Person, PersonIdentifier
from gateway.identity.register import migrate, open_register
from gateway.identity.register.port import PutPerson
from gateway.members.secrets import hash_password
from gateway.runtime import logs
from gateway.runtime.compose import compose
from gateway.runtime.serve import Server
from tests.benchmarks.ldap_searchers import ACCOUNT, PASSWORD
from tests.benchmarks.machine import SERVER_CPU, pin
from tests.slapd import CampusPerson
from tests.slapd import person as campus_person

MEMBER, SUFFIX = "aber", "dc=aber,dc=example"
RELEASED = [row.name for row in PEOPLE if not row.live and row.name != "userPassword"]
_CHANGED = 1_700_000_000_000
_BATCH = 500


def configuration(data_dir: Path) -> Config:
    """One member, one account, a listener in clear on a free port of loopback."""
    account = {"password_hash": hash_password(PASSWORD), "attributes": RELEASED}
    settings: dict[str, Any] = {
        "data_dir": data_dir,
        "pepper": "the pepper of a benchmark, as long as one is",
        "listeners": {"ldap": {"protocol": "ldap", "host": "127.0.0.1", "port": 0}},
        "catalogue": {"enabled": False},
        "identity": {"ldap_clear_binds": True},
        "members": {
            MEMBER: {
                "name": "Aberystwyth",
                "main_location": "ABER",
                "identity": {"ldap": {"suffix": SUFFIX, "accounts": {ACCOUNT: account}}},
            }
        },
    }
    return Config.model_validate(settings)


def barcode(number: int) -> str:
    return f"201{number:08}"


def person(number: int) -> Person:
    """Somebody of the campus as a feed brings them."""
    of: CampusPerson = campus_person(number)
    said = of.attributes
    return Person(
        new_id(), MEMBER, 0, _CHANGED, _CHANGED, "feed:campus", of.key, said["cn"][0],
        (
            PersonIdentifier(IdentifierType.BARCODE, barcode(number)),
            PersonIdentifier(IdentifierType.USERNAME, of.login),
            PersonIdentifier(IdentifierType.SIS, said["employeeNumber"][0]),
        ),
        said["sn"][0], said["givenName"][0], category=said["employeeType"][0],
        affiliations=tuple(said["eduPersonAffiliation"]), groups=(f"Year {number % 4 + 1}",),
        department=said["departmentNumber"][0], home_library="ABER", language="cy", expires_on="2099-07-31",
        emails=tuple(said["mail"]), phones=(f"+44 1970 {number:06}",), eppn=said["eduPersonPrincipalName"][0],
    )  # fmt: skip


def fill(config: Config, people: int) -> None:
    """Puts people into a new register."""

    async def put() -> None:
        await migrate.upgrade(config.register_url)
        register = await open_register(config.register_url)
        try:
            numbers = iter(range(1, people + 1))
            while batch := [PutPerson(person(number), 0) for number in itertools.islice(numbers, _BATCH)]:
                await register.write(MEMBER, batch)
        finally:
            await register.close()

    config.data_dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(put())


async def main(data_dir: Path) -> None:
    server = Server(await compose(configuration(data_dir)))
    server.gateway.children.clear()  # nobody brings these people to a platform meanwhile
    await server.run(ready=lambda: print(server.ports["ldap"], flush=True))


if __name__ == "__main__":
    pin(SERVER_CPU)
    logs.configure(readable=True, level=40)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1])))
