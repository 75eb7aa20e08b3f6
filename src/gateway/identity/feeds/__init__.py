"""Sources of people: directories, student systems over SOAP or JSON, files. Each proves that it gave everybody."""

from __future__ import annotations

from gateway.clock import Clock
from gateway.config.identity import (
    AlmaXmlFeedConfig,
    CsvFeedConfig,
    FeedConfig,
    JsonFeedConfig,
    LdapFeedConfig,
    SoapFeedConfig,
)
from gateway.config.model import Config
from gateway.identity.feeds.port import Feed


def open_feed(config: Config, member: str, settings: FeedConfig, *, clock: Clock) -> Feed:
    """A member's feed, of whatever kind. Connects to nothing yet. Raises ValueError where a file that its settings name
    cannot be used."""
    # Where they are used: a feed of files needs neither ldap3 nor zeep.
    match settings:
        case LdapFeedConfig():
            from gateway.identity.feeds.ldap import LdapFeed

            return LdapFeed(settings, config.members[member].identity.directories[settings.directory], clock=clock)
        case CsvFeedConfig():
            from gateway.identity.feeds.csv_people import CsvFeed

            return CsvFeed(settings, clock=clock)
        case AlmaXmlFeedConfig():
            from gateway.identity.feeds.alma_xml import AlmaXmlFeed

            return AlmaXmlFeed(settings, clock=clock)
        case JsonFeedConfig():
            from gateway.identity.feeds.json_people import JsonFeed

            return JsonFeed(settings, clock=clock)
        case SoapFeedConfig():
            from gateway.identity.feeds.soap_people import SoapFeed

            return SoapFeed(settings, clock=clock)
