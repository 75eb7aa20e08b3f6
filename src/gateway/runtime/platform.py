"""The reference platform as the configuration wants it, for the server and for processes beside it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from gateway.clock import Clock
from gateway.config import Config
from gateway.platforms.reference.platform import ReferencePlatform
from gateway.platforms.reference.policy import MemberSettings
from gateway.store.port import Store


def reference_platform(
    config: Config, store: Store, clock: Clock, executor: ThreadPoolExecutor | None = None
) -> ReferencePlatform:
    """The platform before an open store. Without an `executor` it makes one of its own when it hashes."""
    return ReferencePlatform(
        store,
        clock,
        pepper=config.pepper.get_secret_value().encode(),
        settings=platform_settings(config),
        executor=executor,
    )


def platform_settings(config: Config) -> dict[str, MemberSettings]:
    """What the reference platform is told of each member."""
    return {
        code: MemberSettings(
            name=member.name,
            timezone=member.timezone,
            currency=member.currency,
            main_location=member.main_location,
            foreign_items=member.policies.foreign_items,
            **member.circulation.model_dump(),
        )
        for code, member in config.members.items()
    }
