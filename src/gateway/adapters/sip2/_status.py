"""98 and 94: what the gateway can do for this terminal now, computed from what its platform and permissions allow."""

from __future__ import annotations

from datetime import datetime

from gateway.adapters.sip2._common import Field, No, no_lines, screen, sip_now, yes_no
from gateway.adapters.sip2.surroundings import Surroundings
from gateway.canonical.messages import MessageRef
from gateway.canonical.outcomes import Status
from gateway.canonical.refusals import Refusal, RefusalCode
from gateway.canonical.vocabulary import Permission
from gateway.crosswalks.sip2 import may_send, supported_messages
from library_protocols.sip2.messages import Message, build


def answer_login(ok: bool) -> Message:
    return build("94", ok="1" if ok else "0")


def answer_status(message: Message, s: Surroundings, status: Status, now: datetime, language: str | None) -> Message:
    """98 for a terminal that is logged in."""
    capabilities = status.capabilities
    permissions = s.permissions
    told = list(status.messages)
    if not status.online:
        told.append(MessageRef(id="system.offline"))
    always = s.profile.loans.announce_checkin == "always"
    return _acs_status(
        message,
        s,
        now,
        [
            ("AM", status.library_name or s.library_name or None),
            ("BX", supported_messages(permissions, capabilities)),
            ("AN", s.location or None),
            *screen(told, s, language),
        ],
        online_status=yes_no(status.online),
        checkin_ok=yes_no(always or may_send("09", permissions, capabilities)),
        checkout_ok=yes_no(may_send("11", permissions, capabilities)),
        acs_renewal_policy=yes_no(may_send("29", permissions, capabilities)),
        status_update_ok=yes_no(may_send("01", permissions, capabilities)),
        offline_ok=yes_no(status.offline_ok and Permission.OFFLINE in permissions),
    )


def answer_status_to_nobody(message: Message, s: Surroundings, now: datetime) -> Message:
    """98 before a login: the link is alive, and nothing is possible yet but to log in."""
    return refuse_status(message, s, Refusal(code=RefusalCode.TERMINAL_AUTH_FAILED), now, None)


def refuse_status(message: Message, s: Surroundings, no: No, now: datetime, language: str | None) -> Message:
    """98 that offers nothing: on line for who has only to log in, off line where it is we who cannot answer."""
    return _acs_status(
        message,
        s,
        now,
        [("BX", supported_messages((), {})), *no_lines(no, s, language)],
        online_status=yes_no(isinstance(no, Refusal)),
        checkin_ok="N",
        checkout_ok="N",
        acs_renewal_policy="N",
        status_update_ok="N",
        offline_ok="N",
    )


def _acs_status(message: Message, s: Surroundings, now: datetime, fields: list[Field], **flags: str) -> Message:
    institution = message.get("AO") or ""
    return build(
        "98",
        fields=[("AO", s.institution or institution), *fields],
        timeout_period=f"{min(round(s.timeout * 10), 998):03d}",
        retries_allowed=f"{min(s.retries, 998):03d}",
        date_time_sync=sip_now(s, now) if s.profile.sync_clock else "0" * 18,
        protocol_version=s.profile.wire.protocol_version,
        **flags,
    )
