"""The catalogue's doors put together: OAI-PMH, SRU and Z39.50 before one catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from starlette.routing import Route

from gateway.adapters.oai_pmh.mapping import OaiSettings
from gateway.adapters.oai_pmh.server import OaiDoor, oai_door
from gateway.adapters.sru.mapping import SruSettings
from gateway.adapters.sru.server import SruDoor, sru_door
from gateway.adapters.z3950.server import Z3950Door
from gateway.adapters.z3950.settings import Z3950Settings
from gateway.catalogue.catalogue import Catalogue
from gateway.catalogue.live import Availability
from gateway.catalogue.records import ALL
from gateway.catalogue.remote import RemoteViews
from gateway.catalogue.store import migrate
from gateway.clock import Clock
from gateway.config import Config, SourceConfig
from gateway.desk import Desk
from gateway.exchanges.model import Recorder
from gateway.members.readers import Readers


@dataclass
class CatalogueDoors:
    """The catalogue and what opens it."""

    catalogue: Catalogue
    remote: RemoteViews
    oai: OaiDoor
    sru: SruDoor
    z3950: Z3950Door

    def routes(self) -> list[Route]:
        """What an HTTP application mounts at its root."""
        return [*self.oai.routes(), *self.sru.routes()]

    def replace(self, config: Config) -> None:
        """Takes a new configuration while running."""
        self.remote.replace(_sources(config))
        self.oai.replace(_oai_settings(config))
        self.sru.replace(_sru_settings(config))
        self.z3950.replace(_z3950_settings(config))


async def catalogue_doors(
    config: Config, readers: Readers, desk: Desk, clock: Clock, recorder: Recorder
) -> CatalogueDoors:
    """Opens the catalogue; a file of ours is brought to the current schema. Raises CatalogueUnavailable."""
    if config.catalogue_url.startswith("sqlite:"):
        await migrate.upgrade(config.catalogue_url)
    remote = RemoteViews(_sources(config), clock)
    catalogue = await Catalogue.open(config.catalogue_url, config.data_dir, remote)
    return CatalogueDoors(
        catalogue,
        remote,
        oai_door(catalogue, readers, _oai_settings(config), secret=config.derive_key("oai tokens"), recorder=recorder),
        sru_door(catalogue, readers, desk, _sru_settings(config), clock=clock, recorder=recorder),
        Z3950Door(
            catalogue,
            readers,
            _z3950_settings(config),
            clock=clock,
            availability=Availability(desk, clock, "z3950"),
            recorder=recorder,
            inline=config.catalogue_url.startswith("sqlite:"),
        ),
    )


def _oai_settings(config: Config) -> OaiSettings:
    catalogue = config.catalogue
    return OaiSettings(
        names=_view_names(config),
        admin_emails=catalogue.admin_emails,
        repository_identifier=catalogue.repository_identifier,
        base_url=catalogue.base_url,
        old_deletions=catalogue.old_deletions,
        page_records=catalogue.limits.page_records,
        list_requests=catalogue.limits.list_requests,
        token_days=catalogue.limits.token_days,
    )


def _sru_settings(config: Config) -> SruSettings:
    return SruSettings(
        names=_view_names(config),
        admin_emails=config.catalogue.admin_emails,
        base_url=config.catalogue.base_url,
        search_records=config.catalogue.limits.search_records,
        result_sets=config.catalogue.limits.result_sets,
    )


def _z3950_settings(config: Config) -> Z3950Settings:
    limits = config.catalogue.limits
    return Z3950Settings(
        names=_view_names(config),
        clients=config.catalogue.clients,
        sessions=limits.z3950_sessions,
        idle_seconds=limits.z3950_idle_seconds,
        result_sets=limits.result_sets,
        search_records=limits.search_records,
        implementation_version=version("library-gateway"),
    )


def _sources(config: Config) -> dict[str, SourceConfig]:
    """The members' own servers that are searched in the place of our index."""
    return {code: member.catalogue.source for code, member in config.members.items() if member.catalogue.source}


def _view_names(config: Config) -> dict[str, str]:
    return {ALL: config.catalogue.name, **{code: member.name for code, member in config.members.items()}}
