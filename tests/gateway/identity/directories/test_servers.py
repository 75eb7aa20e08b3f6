"""Which server is tried, in which order, and by whom."""

from __future__ import annotations

import pytest

from gateway.identity.directories.line import Server, server
from gateway.identity.directories.servers import Servers
from tests.gateway.identity.directories.campus import HandClock

A, B, C = (Server(f"dc{n}.campus.example", 636) for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("url", "expected", "text"),
    [
        ("ldaps://dc1.campus.example", Server("dc1.campus.example", 636), "dc1.campus.example:636"),
        ("ldap://dc1.campus.example", Server("dc1.campus.example", 389), "dc1.campus.example:389"),
        ("ldaps://127.0.0.1:3636", Server("127.0.0.1", 3636), "127.0.0.1:3636"),
        ("ldaps://[::1]:3636", Server("::1", 3636), "[::1]:3636"),
    ],
)
def test_urls(url: str, expected: Server, text: str) -> None:
    assert server(url) == expected
    assert str(expected) == text


def test_the_configured_order_and_the_preferred_one() -> None:
    servers = Servers([A, B, C], 30, HandClock())
    assert servers.order() == [A, B, C]
    assert servers.order(prefer=B) == [B, A, C]


def test_a_silent_one_is_left_out_and_then_tried_by_one_caller() -> None:
    clock = HandClock()
    servers = Servers([A, B], 30, clock)
    assert servers.failed(A, silent=True)
    assert not servers.failed(A, silent=True)
    assert servers.order(prefer=A) == [B]
    assert not servers.claim(A)
    assert servers.seconds_to_wait() == 30
    clock.seconds += 30
    assert servers.order() == [A, B]
    assert servers.claim(A)
    assert not servers.claim(A)
    assert servers.order() == [B]
    assert servers.answered(A)
    assert not servers.answered(A)
    assert servers.order() == [A, B]
    assert servers.claim(A)
    assert servers.claim(A)


def test_one_that_refused_comes_last_for_a_while() -> None:
    clock = HandClock()
    servers = Servers([A, B], 30, clock)
    servers.failed(A, silent=False)
    assert servers.order() == [B, A]
    assert servers.order(prefer=A) == [B, A]
    assert servers.claim(A)
    clock.seconds += 30
    assert servers.order() == [A, B]
