"""Patron status and patron information: who somebody is, what is told of them, and what of nobody."""

from __future__ import annotations

from library_conformance.model import Behaviour, NotApplicable, Safety, Seen, SetupFailed, breaks, meets, told, unsafe
from library_conformance.probes.sip2.kiosk import UNKNOWN_PATRON, Kiosk, NoAnswer, announced, asks, each, is_so, kiosk
from library_conformance.probes.sip2.wire import Answer
from library_conformance.run import Run

LISTS = ("AS", "AT", "AU", "AV", "BU", "CD")
"""Codes of the lists by their place in the summary and in the counts."""


def offered(run: Run, command: str) -> None:
    """Ends a probe of a message that 98 says is not taken."""
    if announced(run, command) is False:
        raise NotApplicable(f"98 says that {command} is not taken")


def known(answer: Answer) -> Answer:
    """The answer about a patron whom the inputs name; SetupFailed where the subject does not know them."""
    if answer.get("BL") == "N" or (not answer.get("AE") and answer.get("BL") != "Y"):
        raise SetupFailed("the patron of the inputs is unknown, or the PIN is wrong")
    return answer


def counts(answer: Answer) -> list[int | None]:
    """The six counts of 64; None where one is not told, or cannot be read."""
    said = answer.fixed.get("counts", " " * 24)
    return [int(part) if part.strip() else None for part in (said[at : at + 4] for at in range(0, 24, 4))]


def lists_of(answer: Answer) -> dict[str, int]:
    """How many entries each list of 64 has, where it has any."""
    return {code: len(answer.all(code)) for code in LISTS if answer.all(code)}


@asks(
    "sip2.patron-status.answer/good",
    inputs=("patron",),
    verifies=(
        "sip2.patron-status.answer", "sip2.patron-status.echo", "sip2.patron-status.flags", "sip2.patron-status.name",
        "sip2.patron-status.valid", "sip2.patron-status.good", "sip2.patron-status.language",
    ),
)  # fmt: skip
def status(run: Run) -> Seen:
    """Asks about a patron in good standing."""
    offered(run, "23")
    with kiosk(run) as k:
        answer = k.ask(k.patron_status(run.input("patron")))
    if answer.get("BL") == "N":
        raise SetupFailed("the patron of the inputs is unknown, or the PIN is wrong")
    flags = answer.fixed.get("status", "")
    facts = {
        "echo": answer.get("AA") == run.input("patron"),
        "flags": len(flags) == 14,
        "name": bool(answer.get("AE")),
        "valid": answer.get("BL") == "Y",
        "good": flags[:1] == " ",
        "language": answer.fixed.get("language", "").isdigit(),
    }
    return each("sip2.patron-status.", facts)


@asks(
    "sip2.patron-status.blocked/owes",
    inputs=("patron_blocked",),
    verifies=("sip2.patron-status.blocked", "sip2.patron-status.blocked.why"),
)
def blocked(run: Run) -> Seen:
    """Asks about a patron who may not borrow."""
    with kiosk(run) as k:
        answer = k.ask(k.patron_status(run.input("patron_blocked")))
    flags = answer.fixed.get("status", "")
    return each(
        "sip2.patron-status.",
        {"blocked": flags[:1] == "Y", "blocked.why": "Y" in flags[4:] or bool(answer.get("AF"))},
    )


@asks(
    "sip2.patron-status.fees/owes",
    inputs=("patron_blocked",),
    verifies=("sip2.patron-status.fees", "sip2.fee.amount", "sip2.fee.currency"),
)
def owes(run: Run) -> Seen:
    """Asks about a patron who owes something and reads the amount and its currency."""
    with kiosk(run) as k:
        answer = k.ask(k.patron_status(run.input("patron_blocked")))
    amount, currency = answer.get("BV"), answer.get("BH")
    if amount is None:
        return Seen("no amount", Behaviour.BREAKS, {"sip2.fee.amount": Behaviour.UNCLEAR,
                                                   "sip2.fee.currency": Behaviour.UNCLEAR})  # fmt: skip
    plain = amount.replace(".", "", 1).isdigit()
    lettered = currency is not None and len(currency) == 3 and currency.isalpha() and currency.isupper()
    behaviours = {"sip2.fee.amount": is_so(plain), "sip2.fee.currency": is_so(lettered)}
    seen = f"{'a plain number' if plain else 'no plain number'}, {'a currency' if lettered else 'no currency'}"
    return Seen(seen, is_so(currency is not None), behaviours)


@asks(
    "sip2.patron-status.unknown/nobody",
    verifies=("sip2.patron-status.unknown", "sip2.patron-status.unknown.denied"),
)
def nobody(run: Run) -> Seen:
    """Asks about a card that nobody has."""
    offered(run, "23")
    with kiosk(run) as k:
        answer = k.ask(k.patron_status(UNKNOWN_PATRON, ""))
    if answer.get("BL") == "Y":
        return unsafe("says that it is valid")
    return each(
        "sip2.patron-status.",
        {"unknown": answer.get("BL") == "N", "unknown.denied": answer.fixed.get("status", "")[:1] == "Y"},
    )


@asks(
    "sip2.patron-information.answer/good",
    inputs=("patron",),
    verifies=(
        "sip2.patron-information.answer", "sip2.patron-information.independent", "sip2.patron-information.counts",
        "sip2.patron-information.summary.none", "sip2.patron-information.limits",
    ),
)  # fmt: skip
def information(run: Run) -> Seen:
    """Asks for a patron's information as the first message about anybody on a new link, without lists."""
    offered(run, "63")
    with kiosk(run) as k:
        answer = k.ask(k.patron_information(run.input("patron")))
    limits = [value for code in ("BZ", "CA", "CB") for value in answer.all(code)]
    behaviours = {
        "sip2.patron-information.counts": is_so("counts" in answer.fixed),
        "sip2.patron-information.summary.none": is_so(not lists_of(answer)),
        "sip2.patron-information.limits": is_so(all(len(one) == 4 and one.isdigit() for one in limits)),
    }
    if not limits:
        behaviours["sip2.patron-information.limits"] = Behaviour.ABSENT
    wrong = [name.rpartition(".")[2] for name, one in behaviours.items() if one is Behaviour.BREAKS]
    return Seen("64" + (f", wrong: {', '.join(wrong)}" if wrong else ""), behaviours=behaviours)


@asks("sip2.patron-information.agrees/23-63", inputs=("patron",))
def agrees(run: Run) -> Seen:
    """Asks for status and information of the same patron."""
    offered(run, "23")
    offered(run, "63")
    with kiosk(run) as k:
        short = k.ask(k.patron_status(run.input("patron")))
        long = k.ask(k.patron_information(run.input("patron")))
    same = [short.fixed.get("status") == long.fixed.get("status"), short.get("AE") == long.get("AE")]
    same.append(short.get("BL") == long.get("BL"))
    return meets("the same") if all(same) else breaks("differ")


@asks(
    "sip2.patron-information.summary.one/loans",
    inputs=("patron_with_loans",),
    verifies=(
        "sip2.patron-information.summary.one", "sip2.patron-information.summary.loans",
        "sip2.patron-information.counts.loans", "sip2.patron-information.counts.always",
    ),
)  # fmt: skip
def loans(run: Run) -> Seen:
    """Asks a patron with loans for the list of them, for that of holds, and for none."""
    offered(run, "63")
    patron = run.input("patron_with_loans")
    with kiosk(run) as k:
        plain, holds, lent = (
            known(k.ask(k.patron_information(patron, summary=summary)))
            for summary in (" " * 10, "Y" + " " * 9, "  Y" + " " * 7)
        )
    said, listed = counts(lent)[2], lists_of(lent)
    facts = {
        "summary.one": set(listed) <= {"AU"} and set(lists_of(holds)) <= {"AS"},
        "summary.loans": listed.get("AU", 0) == said,
        "counts.loans": bool(said),
        "counts.always": counts(plain) == counts(holds) == counts(lent),
    }
    return each("sip2.patron-information.", facts)


@asks(
    "sip2.patron-information.range/loans",
    inputs=("patron_with_loans",),
    verifies=("sip2.patron-information.range", "sip2.patron-information.range.beyond"),
)
def ranges(run: Run) -> Seen:
    """Asks for the first loan alone, the second alone, and for those from the 900th on."""
    offered(run, "63")
    patron, summary = run.input("patron_with_loans"), "  Y" + " " * 7
    with kiosk(run) as k:
        everything = known(k.ask(k.patron_information(patron, summary=summary))).all("AU")
        if len(everything) < 2:
            raise NotApplicable("the patron has fewer than two loans listed")
        first, second, beyond = (
            k.ask(k.patron_information(patron, summary=summary, start=start, end=end)).all("AU")
            for start, end in (("1", "1"), ("2", "2"), ("900", "909"))
        )
    right = first == everything[:1] and second == everything[1:2]
    seen = "as asked" if right else "the whole list" if first == everything else "another part"
    return Seen(
        seen if not beyond else f"{seen}; entries beyond the end",
        is_so(right),
        {"sip2.patron-information.range.beyond": is_so(not beyond)},
    )


@asks(
    "sip2.patron-information.summary.several/all",
    inputs=("patron",),
    verifies=("sip2.patron-information.summary.several", "sip2.patron-information.summary.more"),
)
def several(run: Run) -> Seen:
    """Asks for all six lists at once, then for a seventh that extensions have."""
    offered(run, "63")
    with kiosk(run) as k:
        answers = [
            k.say(k.message(k.patron_information(run.input("patron"), summary=summary)))
            for summary in ("YYYYYY    ", "      Y   ")
        ]
    good = [one is not None and one.code == "64" for one in answers]
    return Seen(
        "answered" if all(good) else "not answered",
        is_so(good[0]),
        {"sip2.patron-information.summary.more": is_so(good[1])},
    )


@asks(
    "sip2.patron-information.unknown/nobody",
    verifies=(
        "sip2.patron-information.unknown", "sip2.patron-information.unknown.both",
        "sip2.patron-information.unknown.nothing",
    ),
)  # fmt: skip
def information_of_nobody(run: Run) -> Seen:
    """Asks for the information of a card that nobody has, with a PIN."""
    offered(run, "63")
    with kiosk(run) as k:
        answer = k.ask(k.patron_information(UNKNOWN_PATRON, "0000", summary="  Y" + " " * 7))
    tells = bool(answer.get("AE")) or any(answer.has(code) for code in ("BD", "BE", "BF", *LISTS))
    seen = each("sip2.patron-information.", {
        "unknown": answer.get("BL") == "N",
        "unknown.both": answer.get("CQ") in (None, "N"),
        "unknown.nothing": not tells,
    })  # fmt: skip
    for code, name in (("BL", "unknown"), ("CQ", "unknown.both")):
        if answer.get(code) == "Y":
            seen.behaviours[f"sip2.patron-information.{name}"] = Behaviour.UNSAFE
    return seen


@asks("sip2.patron-information.contacts/good", inputs=("patron",))
def contacts(run: Run) -> Seen:
    """Looks whether this kiosk is told where a patron lives."""
    offered(run, "63")
    with kiosk(run) as k:
        answer = k.ask(k.patron_information(run.input("patron")))
    said = [word for code, word in (("BD", "address"), ("BE", "e-mail"), ("BF", "telephone")) if answer.get(code)]
    return told(f"tells {', '.join(said)}" if said else "tells none of them")


@asks(
    "sip2.end-session.answer/twice",
    inputs=("patron",),
    verifies=("sip2.end-session.answer", "sip2.end-session.ok"),
)
def end_session(run: Run) -> Seen:
    """Ends a session that began with a 23, and one that never began."""
    offered(run, "35")
    with kiosk(run) as k:
        k.ask(k.patron_status(run.input("patron")))
        answers = [k.ask(k.end_session(run.input("patron"))), k.ask(k.end_session(UNKNOWN_PATRON))]
    good = all(one.ok for one in answers)
    return Seen("36 with Y" if good else "36 with N", behaviours={"sip2.end-session.ok": is_so(good)})


# Blocking


@asks(
    "sip2.block.effect/and-enable",
    safety=Safety.WRITE_REVERSIBLE,
    inputs=("patron",),
    verifies=("sip2.block.effect", "sip2.block.answer", "sip2.enable.answer", "sip2.enable.effect"),
)
def block_and_enable(run: Run) -> Seen:
    """Blocks a patron, looks, enables the patron again, and looks."""
    offered(run, "01")
    offered(run, "25")
    patron = run.input("patron")
    with kiosk(run) as k:
        before = known(k.ask(k.patron_status(patron))).fixed.get("status", "")
        if before.startswith("Y"):
            raise SetupFailed("the patron may not borrow to begin with")
        unanswered: NoAnswer | None = None
        try:
            k.ask(k.block(patron, "conformance test"))
            blocked_ = _flags(k, patron)
        except NoAnswer as error:
            unanswered, blocked_ = error, before
        try:
            k.ask(k.enable(patron))
        except NoAnswer as error:
            unanswered = unanswered or error
        after = _flags(k, patron)
    if after != before:
        return unsafe("the patron is blocked still")
    if unanswered:
        raise unanswered
    effect = blocked_.startswith("Y")
    return Seen("blocked and enabled" if effect else "24 without effect", behaviours={
        "sip2.block.effect": is_so(effect),
        "sip2.enable.effect": Behaviour.MEETS if effect else Behaviour.UNCLEAR,
    })  # fmt: skip


def _flags(k: Kiosk, patron: str) -> str:
    return k.ask(k.patron_status(patron)).fixed.get("status", "")
