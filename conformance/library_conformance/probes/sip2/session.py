"""The link, the login and the status of the library system."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime, timedelta

from library_conformance.model import (
    Behaviour,
    NotApplicable,
    Seen,
    SetupFailed,
    breaks,
    meets,
    told,
    unsafe,
)
from library_conformance.probes.sip2.kiosk import READY, STATUS, Kiosk, NoAnswer, asks, kiosk, link
from library_conformance.probes.sip2.wire import ANSWERS, BX, Answer, now
from library_conformance.run import Run


@asks(READY, needs=(), verifies=("sip2.status.answer", "sip2.connect.accept"))
def first(run: Run) -> Seen:
    """Opens a link, logs in where the inputs say how, and sends 99."""
    with kiosk(run) as k:
        answer = k.ask(STATUS)
        bx = answer.get("BX") or ""
        run.found["announced"] = {code: bx[place : place + 1] == "Y" for place, code in enumerate(BX)} if bx else {}
        run.found["announced"] |= {"version": answer.fixed.get("version", "")}
        run.found["status"] = answer
        return meets("98")


@asks("sip2.connect.silent/waits", needs=())
def waits(run: Run) -> Seen:
    """Opens a link and says nothing: nothing must come."""
    with link(run) as k:
        if k.line.silent():
            return meets("silent")
        return breaks("closed") if k.line.closed else breaks("speaks first")


@asks("sip2.connect.parallel/three-links")
def three_links(run: Run) -> Seen:
    """Opens three links and asks on each in turn, crosswise."""
    with contextlib.ExitStack() as stack:
        links = [stack.enter_context(kiosk(run)) for _ in range(3)]
        for one in links:
            one.line.send(one.message(STATUS))
        answers = [one.hear() for one in reversed(links)]
    codes = [one.code if one else "nothing" for one in answers]
    return meets("all three answered") if codes == ["98"] * 3 else breaks("not all links are answered")


@asks("sip2.connect.again/half-a-message")
def half_a_message(run: Run) -> Seen:
    """Breaks a link in the middle of a message and asks on a new one."""
    with kiosk(run) as k:
        k.line.send(b"990 802.0")
    with kiosk(run) as k:
        k.ask(STATUS)
    return meets("the new link works")


@asks("sip2.connect.half-closed/last-answer")
def last_answer(run: Run) -> Seen:
    """Asks and closes its own direction at once."""
    with kiosk(run) as k:
        k.line.send(k.message(STATUS))
        k.line.half_close()
        return meets("answered") if (answer := k.hear()) and answer.code == "98" else breaks("not answered")


@asks("sip2.connect.tls/target")
def over_tls(run: Run) -> Seen:
    """Looks at whether this link is in TLS; another door may be, which this run does not see."""
    return meets("in TLS") if run.target.tls else told("in clear here")


@asks("sip2.connect.timely/status")
def timely(run: Run) -> Seen:
    """Asks for the status and compares the time that took with what 98 announces."""
    announced = _status(run).fixed.get("timeout", "999")
    with kiosk(run) as k:
        begun = time.monotonic()
        k.ask(STATUS)
        taken = time.monotonic() - begun - run.pause
    allowed = int(announced) / 10 if announced.isdigit() and announced not in ("000", "999") else run.patience
    return meets("in time") if taken <= allowed else breaks("later than announced", "slow")


# Login


def _wants_login(run: Run) -> tuple[str, str]:
    if "login" not in run.inputs:
        raise NotApplicable("the inputs have no login")
    return run.input("login"), run.input("password", "")


@asks("sip2.login.accept/right", verifies=("sip2.login.accept", "sip2.login.refuse.form"))
def right(run: Run) -> Seen:
    """Logs in with the user and password of the inputs."""
    user, password = _wants_login(run)
    with link(run) as k:
        answer = k.login(user, password)
    form = Behaviour.MEETS if "ok" in answer.fixed and not answer.fields else Behaviour.BREAKS
    seen = "941" if answer.ok else "940"
    return Seen(seen + ("" if form is Behaviour.MEETS else " misshapen"),
                Behaviour.MEETS if answer.ok else Behaviour.BREAKS, {"sip2.login.refuse.form": form})  # fmt: skip


@asks(
    "sip2.login.refuse/wrong-password",
    verifies=("sip2.login.refuse", "sip2.login.refuse.alike", "sip2.login.again"),
)
def wrong_password(run: Run) -> Seen:
    """Logs in with a wrong password, as an unknown user, and then with the right one."""
    user, password = _wants_login(run)
    with link(run) as k:
        wrong = _try(k, user, password + "-no")
    with link(run) as k:
        unknown = _try(k, "no-such-kiosk", password)
    with link(run) as k:
        again = _try(k, user, password)
    refused = wrong == "940"
    alike = Behaviour.MEETS if wrong == unknown else Behaviour.BREAKS
    seen = f"wrong password {wrong}, unknown user {unknown}, then {again}"
    return Seen(
        seen,
        Behaviour.MEETS if refused else Behaviour.UNSAFE if wrong == "941" else Behaviour.BREAKS,
        {
            "sip2.login.refuse.alike": alike,
            "sip2.login.again": Behaviour.MEETS if again == "941" else Behaviour.BREAKS,
        },
    )


@asks("sip2.login.refuse.empty/no-password")
def no_password(run: Run) -> Seen:
    """Logs in with an empty password."""
    user, password = _wants_login(run)
    if not password:
        raise NotApplicable("this login has an empty password")
    with link(run) as k:
        seen = _try(k, user, "")
    return unsafe("941") if seen == "941" else meets("refused")


@asks("sip2.login.first/patron", inputs=("patron",))
def before_login(run: Run) -> Seen:
    """Asks about a patron on a link that has not logged in."""
    _wants_login(run)
    with link(run) as k:
        answer = k.say(k.message(k.patron_information(run.input("patron"))))
        if answer is None:
            return meets("closed" if k.line.closed else "no answer")
        if answer.get("AE") or answer.get("BL") == "Y" or answer.get("CQ") == "Y":
            return unsafe("tells about patrons")
        return meets("tells nothing")


@asks("sip2.login.location/somewhere")
def with_location(run: Run) -> Seen:
    """Logs in with a location code, that of the inputs or one that nobody has."""
    user, password = _wants_login(run)
    with link(run) as k:
        answer = k.login(user, password, run.input("location", "SOMEWHERE"))
    return meets("941") if answer.ok else breaks("940")


def _try(k: Kiosk, user: str, password: str) -> str:
    """94 with its digit, or what came instead."""
    with contextlib.suppress(NoAnswer):
        return f"94{int(k.login(user, password).ok)}"
    return "closed" if k.line.closed else "no 94"


# Status


def _status(run: Run) -> Answer:
    answer = run.found.get("status")
    if not isinstance(answer, Answer):
        raise SetupFailed("98 has not been seen")
    return answer


@asks(
    "sip2.status.version/98",
    verifies=(
        "sip2.status.version", "sip2.status.timeout", "sip2.status.retries", "sip2.status.clock",
        "sip2.status.institution", "sip2.status.library", "sip2.status.checkin-ok",
    ),
)  # fmt: skip
def contents(run: Run) -> Seen:
    """Reads the parts of 98."""
    with kiosk(run) as k:
        answer = k.ask(STATUS)
    fixed = answer.fixed
    timeout = fixed.get("timeout", "")
    right = {
        "sip2.status.version": fixed.get("version") == "2.00",
        "sip2.status.timeout": timeout.isdigit() and (timeout != "000" or fixed.get("online") == "N"),
        "sip2.status.retries": fixed.get("retries", "").isdigit(),
        "sip2.status.clock": _clock_is_right(fixed.get("date", "")),
        "sip2.status.institution": bool(answer.get("AO")),
        "sip2.status.library": answer.has("AM"),
        "sip2.status.checkin-ok": fixed.get("checkin") == "Y",
    }
    wrong = [name.removeprefix("sip2.status.") for name, good in right.items() if not good]
    behaviours = {name: Behaviour.MEETS if good else Behaviour.BREAKS for name, good in right.items()}
    if not answer.has("AM"):
        behaviours["sip2.status.library"] = Behaviour.ABSENT
    return Seen("all there" if not wrong else f"wrong or missing: {', '.join(wrong)}", behaviours=behaviours)


def _clock_is_right(date: str) -> bool:
    if date == "0" * 18:
        return True
    try:
        said = datetime.strptime(date[:8] + date[12:], "%Y%m%d%H%M%S")  # noqa: DTZ007  wherever the library is
    except ValueError:
        return False
    # Where the subject stands is not known: whole quarters of an hour are a zone, the rest is its clock.
    ahead = (said - now()) % timedelta(minutes=15)
    return min(ahead, timedelta(minutes=15) - ahead) <= timedelta(minutes=5)


@asks(
    "sip2.status.bx/98",
    verifies=(
        "sip2.status.bx", "sip2.status.bx.width", "sip2.status.bx.consistent", "sip2.status.bx.basics",
        "sip2.offline.announced",
    ),
)  # fmt: skip
def supported(run: Run) -> Seen:
    """Reads BX, and what else 98 says is possible."""
    answer = _status(run)
    run.transcript.add("receive", answer.octets)
    bx = answer.get("BX")
    if bx is None:
        return breaks("no BX")
    says = dict(zip(BX, bx, strict=False))
    yes = {code for code, flag in says.items() if flag == "Y"}
    shaped = len(bx) >= len(BX) and set(bx[: len(BX)]) <= {"Y", "N"}
    pairs = (("checkin", "09"), ("checkout", "11"))
    consistent = all(answer.fixed.get(name) != "Y" or code in yes for name, code in pairs)
    basics = {"11", "09", "99", "97"} <= yes and bool({"23", "63"} & yes)
    offline = answer.fixed.get("offline") == "Y"
    facts = {
        "sip2.status.bx": shaped,
        "sip2.status.bx.width": len(bx) == len(BX),
        "sip2.status.bx.consistent": consistent,
        "sip2.status.bx.basics": basics,
        "sip2.offline.announced": offline,
    }
    behaviours = {name: Behaviour.MEETS if good else Behaviour.BREAKS for name, good in facts.items()}
    return Seen(f"{''.join(bx.split())}, off line {'yes' if offline else 'no'}", behaviours=behaviours)


@asks("sip2.status.bx.true/reads", inputs=("patron", "item"))
def reads(run: Run) -> Seen:
    """Sends each message that only reads and that BX says is supported."""
    claimed = run.found.get("announced", {})
    with kiosk(run) as k:
        asked = {
            "23": k.patron_status(run.input("patron")),
            "63": k.patron_information(run.input("patron")),
            "17": k.item_information(run.input("item")),
            "35": k.end_session(run.input("patron")),
        }
        lies = [code for code, body in asked.items() if claimed.get(code) and _answer_code(k, body) != ANSWERS[code]]
    silent = [code for code in asked if not claimed.get(code)]
    if lies:
        return breaks(f"announced and not answered: {', '.join(lies)}")
    return meets("answers what it announces" + (f"; not announced: {', '.join(silent)}" if silent else ""))


@asks("sip2.status.unsolicited/seen")
def unsolicited(run: Run) -> Seen:
    """Asks for the status three times; whether it changes is all that can be told."""
    with kiosk(run) as k:
        flags = {k.ask(STATUS).body[2:8] for _ in range(3)}
    return told("the status stays as it is" if len(flags) == 1 else "the status changes")


def _answer_code(k: Kiosk, body: str) -> str:
    answer = k.say(k.message(body))
    return answer.code if answer else ""
