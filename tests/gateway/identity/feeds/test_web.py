"""Asking over HTTPS: only a certificate that is signed, current and of the right name is spoken to."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.identity import JsonFeedConfig
from gateway.identity.feeds.port import FeedError
from gateway.identity.feeds.web import Web, same_origin
from tests.certificates import Authority
from tests.gateway.identity.feeds.http_double import Answered, serving


def web(ca: Path | None) -> Web:
    settings = JsonFeedConfig.model_validate(
        {"kind": "json", "name": "a", "url": "https://x.example", "records": "", "per_second": 1000, "ca": ca}
    )
    return Web(settings)


async def asked(client: Web, url: str) -> bytes:
    try:
        return (await client.once("GET", url)).content
    finally:
        await client.close()


async def test_a_certificate_of_the_authority_named_is_accepted(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path)
    with serving(lambda _: Answered(b"{}"), authority.issue("sits", addresses=["127.0.0.1"])) as double:
        assert await asked(web(authority.file), double.url) == b"{}"


@pytest.mark.parametrize("fault", ["unknown authority", "other name", "expired"])
async def test_a_certificate_that_is_wrong_is_refused_for_good(tmp_path: Path, fault: str) -> None:
    authority = Authority.create(tmp_path)
    addresses = [] if fault == "other name" else ["127.0.0.1"]
    tls = authority.issue("sits", addresses=addresses, expired=fault == "expired")
    with serving(lambda _: Answered(b"{}"), tls) as double:
        with pytest.raises(FeedError, match="certificate is not accepted") as refused:
            await asked(web(None if fault == "unknown authority" else authority.file), double.url)
        assert double.asked == []
    assert not refused.value.retry


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("?page=2", "https://x.example/people?page=2"),
        ("/other", "https://x.example/other"),
        ("https://x.example:443/other", "https://x.example/other"),
    ],
)
def test_links_within_the_origin(link: str, target: str) -> None:
    assert same_origin("https://x.example/people", link) == target


@pytest.mark.parametrize(
    "link",
    [
        "",
        "http://x.example/people",
        "https://x.example:8443/",
        "//y.example/",
        "https://x.example@y.example/",
        "http://[",
    ],
)
def test_links_to_elsewhere(link: str) -> None:
    with pytest.raises(FeedError):
        same_origin("https://x.example/people", link)
