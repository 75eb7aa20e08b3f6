"""The configuration: one TOML file with its includes, validated as a whole.

`load` reads it, `Config.model_validate` takes a dict (the demo's), `refuse_demo` finds published credentials.
"""

from __future__ import annotations

from gateway.config.catalogue import (
    CatalogueConfig,
    HarvestConfig,
    MemberCatalogueConfig,
    ReaderConfig,
    SetConfig,
    SourceConfig,
    Z3950ClientConfig,
)
from gateway.config.demo_credentials import refuse_demo
from gateway.config.load import ConfigError, Problem, load
from gateway.config.model import (
    ApiKeyConfig,
    Bilingual,
    Config,
    ExchangeLevel,
    ExchangesConfig,
    JournalConfig,
    LimitsConfig,
    ListenerConfig,
    MemberConfig,
    MemberPolicy,
    StoreConfig,
    TerminalConfig,
    TlsConfig,
)
from gateway.config.ncip import MemberNcipConfig, NcipConfig, NcipOutwardConfig, NcipPeerConfig
from gateway.config.schema import schema

__all__ = [
    "ApiKeyConfig",
    "Bilingual",
    "CatalogueConfig",
    "Config",
    "ConfigError",
    "ExchangeLevel",
    "ExchangesConfig",
    "HarvestConfig",
    "JournalConfig",
    "LimitsConfig",
    "ListenerConfig",
    "MemberCatalogueConfig",
    "MemberConfig",
    "MemberNcipConfig",
    "MemberPolicy",
    "NcipConfig",
    "NcipOutwardConfig",
    "NcipPeerConfig",
    "Problem",
    "ReaderConfig",
    "SetConfig",
    "SourceConfig",
    "StoreConfig",
    "TerminalConfig",
    "TlsConfig",
    "Z3950ClientConfig",
    "load",
    "refuse_demo",
    "schema",
]
