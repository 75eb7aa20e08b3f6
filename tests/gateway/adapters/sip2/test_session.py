"""The state of a link, pure: what a request needs, what counts as the same command, what is forgotten when."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.adapters.sip2.session import (
    AskStatus,
    EndSession,
    Login,
    Perform,
    Refuse,
    Replay,
    Session,
    StatusToNobody,
    command_key,
)
from gateway.canonical.context import CommandKey
from gateway.canonical.outcomes import Outcome
from gateway.canonical.refusals import FailureCode, PlatformFailure, Refusal, RefusalCode
from library_protocols.sip2.acs import Request
from tests.gateway.adapters.sip2.library import NOW, checkin, checkout, information, item_information, pay
from tests.gateway.adapters.sip2.test_mapping import message, surroundings


class Somebody(SimpleNamespace):
    """An identity that accepts only its own institution."""

    live = True

    def accepts_institution(self, name: str) -> bool:
        return name in ("", "ABER")


def request(text: str, *, retransmission: bool = False) -> Request:
    return Request(message(text), text.encode(), retransmission)


@pytest.fixture
def session() -> Session:
    made = Session()
    identity: Any = Somebody()
    made.admit(identity, surroundings(), "UPSTAIRS")
    return made


def key(text: str, **changes: Any) -> CommandKey:
    said = message(text)
    s = surroundings(**changes)
    step = _perform(text, s)
    return command_key(said, step.request, s)


def _perform(text: str, s: Any) -> Perform:
    made = Session()
    identity: Any = Somebody()
    made.admit(identity, s)
    step = made.begin(request(text), 0.0)
    assert isinstance(step, Perform)
    return step


def test_steps_before_and_after_a_login(session: Session) -> None:
    nobody = Session()
    assert isinstance(nobody.begin(request("9900802.00"), 0), StatusToNobody)
    refused = nobody.begin(request(checkout("1", "3")), 0)
    assert refused == Refuse(Refusal(code=RefusalCode.TERMINAL_AUTH_FAILED))
    assert nobody.begin(request("9300CNme|COword|CPhere|"), 0) == Login("me", "word", "here")
    assert isinstance(session.begin(request("9900802.00"), 0), AskStatus)
    assert isinstance(session.begin(request(f"35{NOW}AOABER|AA1|"), 0), EndSession)
    read = session.begin(request(item_information("3")), 0)
    assert isinstance(read, Perform)
    assert read.key is None
    command = session.begin(request(checkin("3")), 0)
    assert isinstance(command, Perform)
    assert command.key is not None


def test_a_credential_that_was_removed_logs_the_link_out(session: Session) -> None:
    assert session.identity is not None
    session.identity.live = False
    assert isinstance(session.begin(request(checkin("3")), 0), Refuse)
    assert session.identity is None


def test_another_institution_is_refused(session: Session) -> None:
    step = session.begin(request(checkin("3").replace("AOABER", "AOBANGOR")), 0)
    assert isinstance(step, Refuse)
    assert step.refusal.code is RefusalCode.TERMINAL_FORBIDDEN


def test_the_logins_location_counts_only_where_the_profile_says_so(session: Session) -> None:
    assert session.location is None
    identity: Any = Somebody()
    session.admit(identity, surroundings(login_location="use"), "UPSTAIRS")
    assert session.location == "UPSTAIRS"


def test_a_command_is_replayed_within_the_window_and_no_longer(session: Session) -> None:
    text = checkout("1", "3")
    window = session.surroundings.retry_window
    assert window == 40.0  # ten seconds, three retries
    assert isinstance(session.begin(request(text), 0), Perform)
    session.finish(message(text), Outcome(), 1.0)
    assert isinstance(session.begin(request(text, retransmission=True), window), Replay)
    assert isinstance(session.begin(request(text, retransmission=True), 1.0 + window), Perform)


def test_a_failure_and_an_edge_refusal_are_not_replayed(session: Session) -> None:
    text = checkout("1", "3")
    session.begin(request(text), 0)
    session.finish(message(text), PlatformFailure(FailureCode.UPSTREAM_ERROR), 1.0)
    assert isinstance(session.begin(request(text, retransmission=True), 2.0), Perform)
    broken = checkout("1", "")
    assert isinstance(session.begin(request(broken), 3.0), Refuse)
    assert isinstance(session.begin(request(broken, retransmission=True), 3.0), Refuse)


def test_reads_are_never_replayed(session: Session) -> None:
    text = item_information("3")
    session.begin(request(text), 0)
    session.finish(message(text), Outcome(), 0)
    assert isinstance(session.begin(request(text, retransmission=True), 0), Perform)


def test_a_verified_pin_is_forgotten_with_the_patron(session: Session) -> None:
    def verified() -> None:
        session.begin(request(information("1")), 0)
        session.memory.verified_patron, session.memory.verified_until = "1", 99.0

    verified()
    session.begin(request(checkout("1", "3", pin=None)), 0)
    assert session.memory.verified_patron == "1"
    session.begin(request(checkout("2", "3", pin=None)), 0)
    assert session.memory.verified_patron is None
    verified()
    session.begin(request(f"35{NOW}AOABER|AA1|"), 0)
    assert session.memory.verified_patron is None
    verified()
    identity: Any = Somebody()
    session.admit(identity, surroundings())
    assert session.memory.verified_patron is None


def test_what_makes_a_command_the_same() -> None:
    first = key(checkout("1", "3"))
    assert first == key(checkout("1", "3"))
    # Sequence, checksum, passwords and the order of the fields say nothing about what is asked.
    assert first == key(checkout("1", "3") + "AY5AZFFFF")
    assert first == key(checkout("1", "3", pin="9999"))
    assert first == key(f"11NN{NOW}{' ' * 18}AC|AB3|AA1|AOABER|")
    assert first.window == 40.0
    assert not first.permanent


@pytest.mark.parametrize(
    "other",
    [
        checkout("1", "4"),
        checkout("2", "3"),
        checkout("1", "3", at="20261122    090001"),
        checkout("1", "3", more="BOY|"),
        checkout("1", "3", renew="Y"),
        checkin("3"),
        # The same letters, divided otherwise.
        checkout("1AB", "3").replace("AA1AB|AB3", "AA1|ABAB3"),
    ],
)
def test_what_makes_a_command_another(other: str) -> None:
    assert key(checkout("1", "3")).value != key(other).value


def test_another_terminal_or_member_never_shares_a_key() -> None:
    said = message(checkout("1", "3"))
    s = surroundings()
    asked = _perform(checkout("1", "3"), s).request
    keys = {command_key(said, asked, replace(s, **change)).value
            for change in ({}, {"terminal": "other"}, {"member": "bangor"})}  # fmt: skip
    assert len(keys) == 3


def test_a_payment_is_named_by_its_transaction_id_for_ever() -> None:
    first = key(pay("1", "2.50", more="BK77|"))
    assert first.permanent
    assert first == key(pay("1", "2.5", at="20271231    235959", more="BK77|"))
    more = key(pay("1", "2.51", more="BK77|"))
    assert (more.value, more.fingerprint != first.fingerprint) == (first.value, True)
    assert key(pay("2", "2.50", more="BK77|")).value != first.value
    assert not key(pay("1", "2.50")).permanent
    assert not key(pay("1", "2.50", more="BK77|"), fees={"payment_reference": "none"}).permanent


def test_no_key_is_a_digest_of_a_pin() -> None:
    """Four digits behind a stored digest of otherwise known words would be found in a moment."""
    keys = {key(checkout("1", "3", pin=f"{pin:04d}")).value for pin in range(50)}
    assert len(keys) == 1
