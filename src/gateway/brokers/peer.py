"""One broker of one member: follows the event log for it, and tells it what was queued, in order, until it has heard.

A broker that is away is left alone longer and longer, with whatever waits for it; one that refuses a single
notification holds up only what is about the same item.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from gateway.brokers.metrics import BrokerMetrics
from gateway.brokers.notices import Facts, Sender, Standing, Wish, facts, lacks, message, services
from gateway.brokers.outbox import Notice, Outbox
from gateway.canonical.answers import Answer
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.entities import Event
from gateway.canonical.outcomes import EventsOutcome, ItemOutcome
from gateway.canonical.refusals import Refusal
from gateway.canonical.requests import EventList, ItemGet, Request
from gateway.canonical.vocabulary import Permission
from gateway.clients.ncip import Login, NcipClient, NcipRefused, NcipUnavailable, Parties
from gateway.clients.ncip_profiles import PROFILES
from gateway.clock import Clock
from gateway.config import MemberConfig, NcipPeerConfig
from gateway.store.rows import BrokerNoticeRow
from library_protocols.ncip import SERVICES, EncodeError, Response, SchemeValue

Perform = Callable[[Context, Request, CommandKey | None], Awaitable[Answer]]

TERMINAL = "brokers"
PAGE = 500
"""Events read at a time."""
SETTLED_SECONDS = 30.0
"""Until no event can appear any more before one that is there, where numbers are given before the commit."""
LAZY_SECONDS = 60.0
"""Between two writings of a position that has moved past nothing to tell."""
PAUSE_SECONDS = (60.0, 3600.0)
"""Before an attempt is repeated, first and at most: it doubles each time."""
_MAY = frozenset({Permission.STAFF, Permission.ITEM_READ})
_PASSING = frozenset({
    "temporary processing failure", "agency authentication failed", "system authentication failed", "unknown agency",
    "unknown system", "unauthorized service for agency", "unauthorized service for system",
    "unauthorized combination of element values for agency", "unauthorized combination of element values for system",
})  # fmt: skip
"""Problems that somebody puts right, or that go by themselves; with another one the notification itself is refused."""

log = structlog.get_logger(__name__)


def pause(attempts: int) -> float:
    """Seconds to wait after so many attempts."""
    first, most = PAUSE_SECONDS
    return min(most, first * 2.0 ** min(attempts - 1, 16))


@dataclass(slots=True)
class Broker:
    """A peer with an outward address. Times are milliseconds where they are numbers."""

    member: MemberConfig
    code: str
    name: str
    config: NcipPeerConfig
    outbox: Outbox
    perform: Perform
    clock: Clock
    metrics: BrokerMetrics
    _position: int | None = field(default=None, init=False)
    _written: int = field(default=0, init=False)  # the position in the database
    _written_at: float = field(default=0.0, init=False)  # monotonic seconds
    _read: dict[int, float] = field(default_factory=dict, init=False)  # events behind the position, and since when
    _statuses: dict[str, str] = field(default_factory=dict, init=False)  # queued in this look, by item
    _generation: int | None = field(default=None, init=False)
    _away: bool = field(default=False, init=False)  # how the last attempt ended
    _without_events: bool = field(default=False, init=False)

    # Following

    async def look(self) -> int:
        """Queues what recent events call for; how many notifications. Raises StoreUnavailable, PlatformFailure."""
        if self._position is None:
            self._position = self._written = await self.outbox.position(self.code, self.name)
            self._written_at = self.clock.monotonic()
        generation = self.outbox.generation(self.code)
        if generation is not None and generation == self._generation and not self._read:
            return 0
        queued, after = 0, self._position
        self._statuses.clear()  # one change may be several events, which come together
        while True:
            events = await self._events(after)
            queued += await self._take(events)
            if len(events) < PAGE:
                break
            after = events[-1].sequence
        self._generation = generation
        return queued

    async def _events(self, after: int) -> tuple[Event, ...]:
        answer = await self.perform(self._context(), EventList(after=after, limit=PAGE), None)
        if isinstance(answer, EventsOutcome):
            return answer.events
        if not self._without_events:
            self._without_events = True
            log.warning("brokers.no_events", member=self.code, peer=self.name)
        return ()

    async def _take(self, events: tuple[Event, ...]) -> int:
        assert self._position is not None
        wish = self._wish()
        notices: list[Notice] = []
        now = self.clock.monotonic()
        read, position, settled = self._read.copy(), self._position, True
        for event in events:
            if event.sequence not in read:
                notices += await self._notices(event, wish)
            since = read.setdefault(event.sequence, now)
            settled = settled and (self.outbox.in_order or now - since >= SETTLED_SECONDS)
            position = max(position, event.sequence) if settled else position
        moved = position > self._written and now - self._written_at >= LAZY_SECONDS
        queued = 0
        if notices or moved:
            at = _milliseconds(self.clock.now())
            queued = await self.outbox.queue(self.code, self.name, notices, position, at)
            self._written, self._written_at = position, now
        self._position = position
        self._read = {sequence: since for sequence, since in read.items() if sequence > position}
        return queued

    async def _notices(self, event: Event, wish: Wish) -> list[Notice]:
        wanted = services(event, wish)
        item = await self._item(event.item_id) if any(lacks(service, event) for service in wanted) else None
        found: list[Notice] = []
        for service in wanted:
            told = facts(service, event, item, wish)
            if told is None:
                log.warning("brokers.untold", member=self.code, peer=self.name, service=service, of=event.sequence)
            elif told.status is None or self._statuses.get(told.subject) != told.status:
                found.append(Notice(event.sequence, service, told))
                if told.status is not None:
                    self._statuses[told.subject] = told.status
        return found

    async def _item(self, item_id: str | None) -> Standing | None:
        if item_id is None:
            return None
        answer = await self.perform(self._context(), ItemGet(item_id=item_id), None)
        if isinstance(answer, Refusal) or not isinstance(answer, ItemOutcome):
            return None
        return Standing(answer.item.barcode, answer.item.status, answer.item.due)

    # Telling

    async def send(self) -> int:
        """Sends what is due; how many notifications arrived. Raises StoreUnavailable."""
        waiting = await self.outbox.waiting(self.code, self.name)
        self.metrics.waiting(self.code, self.name, len(waiting))
        now = _milliseconds(self.clock.now())
        tried = [notice for notice in waiting if notice.attempts]
        if not waiting or (self._away and tried and all(notice.next_at > now for notice in tried)):
            return 0
        self._away = False
        told, held = 0, set[str]()
        async with client_of(self.member, self.config, keep=True) as client:
            for notice in waiting:
                content = Facts.of(notice.facts_json)
                if content.subject in held:
                    continue
                outcome = "waits" if notice.next_at > now else await self._tell(client, notice, content)
                told += outcome == "sent"
                if outcome in ("waits", "failed"):
                    held.add(content.subject)
                if self._away:
                    await self._give_up_old(waiting)
                    break
        return told

    async def _tell(self, client: NcipClient, notice: BrokerNoticeRow, content: Facts) -> str:
        """`sent`, `given_up`, or `failed`: then what comes after it about the same item has to wait."""
        question = message(notice.service, content, self._sender(client))
        answers = SERVICES[notice.service].response
        assert issubclass(answers, Response)
        try:
            await client.ask(question, answers)
        except NcipRefused as no:
            types = ", ".join(no.types) or "a problem of no type"  # details may name people
            if no.types and all(kind.casefold() in _PASSING for kind in no.types):
                return await self._failed(notice, types)
            return await self._given_up(notice, types)
        except NcipUnavailable as error:
            self._away = True
            return await self._failed(notice, str(error))
        except EncodeError as error:
            return await self._given_up(notice, str(error))
        await self.outbox.sent(notice, _milliseconds(self.clock.now()))
        return self._note("sent", notice)

    async def _failed(self, notice: BrokerNoticeRow, error: str) -> str:
        now = self.clock.now()
        if self._too_old(notice, now):
            return await self._given_up(notice, error)
        next_at = _milliseconds(now) + round(pause(notice.attempts + 1) * 1000)
        await self.outbox.failed(notice, error, next_at)
        return self._note("failed", notice, error)

    async def _given_up(self, notice: BrokerNoticeRow, error: str) -> str:
        await self.outbox.give_up([notice], _milliseconds(self.clock.now()), error)
        return self._note("given_up", notice, error)

    async def _give_up_old(self, waiting: list[BrokerNoticeRow]) -> None:
        """What has waited too long behind others for a broker that is away."""
        now = self.clock.now()
        old = [notice for notice in waiting if not notice.attempts and self._too_old(notice, now)]
        await self.outbox.give_up(old, _milliseconds(now), "not reached in time")
        for notice in old:
            self._note("given_up", notice, "not reached in time")

    def _too_old(self, notice: BrokerNoticeRow, now: datetime) -> bool:
        outward = self.config.outward
        return outward is not None and _milliseconds(now) - notice.created_at > outward.retry_hours * 3_600_000

    def _note(self, outcome: str, notice: BrokerNoticeRow, error: str = "") -> str:
        self.metrics.count(self.code, self.name, outcome)
        level = log.info if outcome == "sent" else log.warning
        why = {"reason": error} if error else {}
        level(f"brokers.{outcome}", member=self.code, peer=self.name, service=notice.service, notice=notice.id,
              attempts=notice.attempts + 1, **why)  # fmt: skip
        return outcome

    # What is configured

    def _context(self) -> Context:
        return Context(self.code, TERMINAL, "", _MAY, protocol="ncip")

    def _wish(self) -> Wish:
        outward = self.config.outward
        assert outward is not None  # only such peers are brokers
        return Wish(self.name, frozenset(outward.notify), outward.notify_about == "all")

    def _sender(self, client: NcipClient) -> Sender:
        agency = client.parties.from_agency
        scheme = client.profile.agency_scheme or None
        return Sender(
            agency=SchemeValue(agency, scheme) if agency else None,
            request_id=lambda value: client.request_id(value, client.parties.to_agency),
            user=self.config.institution_patron or "",
        )


def parties(member: MemberConfig, peer: NcipPeerConfig) -> Parties:
    """Who we are to a peer, and who it is."""
    ours = (*peer.our_ids, *member.institution_ids)
    return Parties(
        from_agency=ours[0] if ours else "",
        to_agency=peer.agency_ids[0] if peer.agency_ids else "",
        to_system=peer.system_ids[0] if peer.system_ids else "",
        application_profile=peer.profiles[0] if peer.profiles else "",
        secret=peer.outward.secret.get_secret_value() if peer.outward is not None else "",
    )


def client_of(member: MemberConfig, peer: NcipPeerConfig, *, keep: bool = False) -> NcipClient:
    """What asks a peer that has an outward address. Raises KeyError for a profile that there is not."""
    outward = peer.outward
    assert outward is not None  # the caller has looked
    return NcipClient(
        outward.url,
        PROFILES[outward.profile],
        version=outward.version if "version" in outward.model_fields_set else "",
        parties=parties(member, peer),
        login=Login(outward.bearer.get_secret_value(), outward.user, outward.password.get_secret_value()),
        timeout=outward.timeout_seconds,
        keep=keep,
    )


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
