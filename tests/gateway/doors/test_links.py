"""The open links of a door: limits, names, and an end that waits for the last one."""

from __future__ import annotations

import asyncio

from gateway.doors.links import Links, half


class Kept:
    """A link that ends when it is told to, or later."""

    def __init__(self, links: Links[Kept], *, at_once: bool = True) -> None:
        self.links = links
        self.at_once = at_once
        self.finished = False

    def finish(self) -> None:
        self.finished = True
        if self.at_once:
            self.links.closed(self)


def test_each_has_a_name_of_its_own_and_no_more_than_may_be_come_in() -> None:
    links: Links[Kept] = Links()
    names = [links.opened(Kept(links), 3) for _ in range(5)]
    assert len({name for name in names if name}) == 3
    assert names[3:] == [None, None]
    assert (len(links.open), links.turned_away) == (3, 2)


def test_one_address_leaves_room_to_others_and_gets_its_own_back() -> None:
    links: Links[Kept] = Links()
    greedy = [Kept(links) for _ in range(4)]
    assert [links.opened(one, 5, "192.0.2.1", of_one_peer=half(5)) is not None for one in greedy] == [True] * 3 + [
        False
    ]
    assert links.opened(Kept(links), 5, "192.0.2.2", of_one_peer=half(5))
    links.closed(greedy[3])  # it was never in
    assert links.opened(greedy[3], 5, "192.0.2.1", of_one_peer=half(5)) is None
    links.closed(greedy[0])
    assert links.opened(greedy[3], 5, "192.0.2.1", of_one_peer=half(5))


async def test_draining_waits_for_the_last_and_lets_nobody_in() -> None:
    links: Links[Kept] = Links()
    quick, slow = Kept(links), Kept(links, at_once=False)
    for link in (quick, slow):
        links.opened(link, 5)
    draining = asyncio.create_task(links.drain())
    await asyncio.sleep(0)
    assert (quick.finished, slow.finished, draining.done()) == (True, True, False)
    assert links.opened(Kept(links), 5) is None
    links.closed(slow)
    await draining


async def test_where_nobody_is_draining_is_done_at_once() -> None:
    links: Links[Kept] = Links()
    await asyncio.wait_for(links.drain(), 5)
