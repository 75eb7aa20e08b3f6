"""The process beside the server that looks after people: it carries out feeds and brings the register to the platform.

Of all nodes on one database only one does. It says `ready` once the platform's patrons are in the register.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from gateway.clock import Clock
from gateway.identity.register.port import Everyone, Register
from gateway.importing.people import Adopted, adopt
from gateway.importing.progress import Stop, never
from gateway.store.port import Store


async def take_in(
    store: Store, register: Register, members: Iterable[str], clock: Clock, stop: Stop = never
) -> AsyncIterator[tuple[str, Adopted]]:
    """Takes in the patrons of members of whom the register has nobody yet, and tells of each such member.

    Raises StoreUnavailable, RegisterUnavailable."""
    for member in members:
        if stop() or await register.count(member, Everyone(), limit=1):
            continue
        yield member, await adopt(store, register, member, now=lambda: int(clock.now().timestamp() * 1000), stop=stop)
