"""How a "no" looks: where the problem stands, what is said in it, and what must not be."""

from __future__ import annotations

from library_conformance.model import Behaviour, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import Answer, ask, needs_generation, unread, words
from library_conformance.probes.ncip.session import HELLO, nobody
from library_conformance.probes.ncip.words import NOBODY, Words
from library_conformance.run import Run

PIN = "zz-pin-0"
_KNOWN = """
Invalid Message Syntax Error; Protocol Error; Unknown Element; Unknown Scheme; Unknown Service; Missing Version
Unknown Value From Known Scheme; Agency Authentication Failed; Invalid Amount; Invalid Date; Needed Data Missing
System Authentication Failed; Temporary Processing Failure; Unauthorized Combination Of Element Values For Agency
Unauthorized Combination Of Element Values For System; Unauthorized Service For Agency; Unknown Agency; Unknown System
Unauthorized Service For System; Unsupported Service; Element Rule Violated; Non-Unique User; Unknown User
User Access Denied; User Authentication Failed; Item Access Denied; Non-Unique Item; Unknown Item; Non-Unique Request
Unknown Request
"""
STANDARD = frozenset(each.strip().casefold() for each in _KNOWN.replace("\n", ";").split(";") if each.strip())
"""Problem types that the standard has for messages, for every service, and for looking things up."""
TRACES = (b"Traceback (most", b"Exception in", b"java.lang.", b"\tat ", b" at line ", b".java:", b".pm line",
          b"stack trace", b"SQLSTATE")  # fmt: skip


def traced(answer: Answer) -> bool:
    """Whether an answer shows the inside of the program."""
    lowered = answer.octets.lower()
    return any(trace.lower() in lowered for trace in TRACES)


@probe("ncip.problem.unknown-user/look-up-a-card",
       verifies=("ncip.problem.unknown-user", "ncip.problem.in-own-answer", "ncip.problem.instead-of-success",
                 "ncip.problem.type.standard", "ncip.problem.type.scheme", "ncip.problem.element",
                 "ncip.problem.value"),
       needs=(HELLO,), octets=True)  # fmt: skip
def unknown_user(run: Run) -> Seen:
    """Looks up a card that nobody has and looks at every part of the problem."""
    answer = ask(run, nobody(words(run)))
    if not answer.readable:
        return unread(answer)
    if not answer.problems:
        return breaks("no problem")
    problem = answer.problems[0]
    named = problem.element.replace("Unique", "")
    judged = {
        "ncip.problem.unknown-user": answer.problem("Unknown User", "User Authentication Failed"),
        "ncip.problem.in-own-answer": answer.name == "LookupUserResponse",
        "ncip.problem.instead-of-success": not answer.has("LookupUserResponse", "UserId")
        and not answer.has("UserOptionalFields"),
        "ncip.problem.type.standard": problem.type.casefold() in STANDARD,
        "ncip.problem.type.scheme": problem.scheme.startswith("http://www.niso.org/ncip/"),
        "ncip.problem.element": "UserId" in named or "UserIdentifierValue" in named,
        "ncip.problem.value": problem.value == NOBODY,
    }
    parts = [name.removeprefix("ncip.problem.") for name, good in judged.items() if not good]
    return Seen(
        f"{answer.types}; amiss: {', '.join(parts)}" if parts else answer.types,
        behaviours={name: Behaviour.MEETS if good else Behaviour.BREAKS for name, good in judged.items()},
    )


@probe("ncip.problem.detail/look-up-a-card", needs=(HELLO,), octets=True)
def detail(run: Run) -> Seen:
    """Looks up a card that nobody has and looks whether the problem has words for people."""
    needs_generation(run, 2)
    answer = ask(run, nobody(words(run)))
    return meets("in words") if any(one.detail for one in answer.problems) else breaks("no words")


@probe("ncip.problem.pin.not-repeated/wrong-pin", needs=(HELLO,), octets=True)
def pin_not_repeated(run: Run) -> Seen:
    """Looks up a card that nobody has with a made-up PIN, and looks for the PIN in the answer."""
    say = words(run)
    answer = ask(run, say.say("LookupUser", say.login(("User Id", NOBODY), ("PIN", PIN)),
                              say.elements("User", "User Privilege")))  # fmt: skip
    if not answer.readable:
        return unread(answer)
    if PIN.encode() in answer.octets:
        return breaks("the PIN stands in the answer")
    return meets("not repeated") if answer.problems else breaks("no problem")


def _refused(answer: Answer) -> Seen:
    """What has to be where a document cannot be understood: a problem, and nothing of the inside."""
    if traced(answer):
        return breaks("shows the inside of the program")
    if answer.readable and answer.problems:
        return meets("a problem of NCIP")
    if answer.status is not None and 400 <= answer.status < 500:
        return meets(f"status {answer.status} without a problem")
    if not answer.octets:
        return breaks("closed without an answer" if answer.closed else "no answer")
    return breaks("answered with something else than a problem")


@probe("ncip.problem.malformed/tags-do-not-match", needs=(HELLO,), octets=True)
def malformed(run: Run) -> Seen:
    """Says a document that ends as one of NCIP but is no XML."""
    return _refused(ask(run, nobody(words(run)).replace(b"</UserIdentifierValue>", b"</User>", 1)))


@probe("ncip.problem.not-ncip/another-root", needs=(HELLO,), octets=True)
def another_root(run: Run) -> Seen:
    """Says XML that is no NCIP, though its last tag is."""
    return _refused(ask(run, b"<?xml version='1.0'?><x><NCIPMessage></NCIPMessage></x>\n</NCIPMessage>\n"))


@probe("ncip.problem.empty-message/nothing-in-the-root", needs=(HELLO,), octets=True)
def empty(run: Run) -> Seen:
    """Says a root with nothing in it."""
    say = words(run)
    document = say.say("X").replace(b"<X>", b"").replace(b"</X>", b"").replace(say.header().encode(), b"")
    return _refused(ask(run, document))


@probe("ncip.problem.alone/nothing-that-has-an-answer", needs=(HELLO,), octets=True)
def alone(run: Run) -> Seen:
    """Says a document of version 2 of which no service can be told, and looks where the problem stands."""
    say = needs_generation(run, 2)
    answer = ask(run, say.say("MakeTea"))
    if not answer.readable:
        return unread(answer)
    if answer.name == "Problem":
        return meets("a problem alone")
    return breaks(f"in {answer.name}" if answer.name.endswith("Response") else "elsewhere")


@probe("ncip.problem.missing-element/no-user", needs=(HELLO,), octets=True)
def missing(run: Run) -> Seen:
    """Asks LookupUser about nobody at all."""
    say = words(run)
    answer = ask(run, say.say("LookupUser", say.elements("User", "User Privilege")))
    seen = _refused(answer)
    if seen.behaviour is not Behaviour.MEETS or not answer.readable:
        return seen
    return meets(answer.types)


@probe("ncip.problem.survives/next-question", needs=(HELLO,), octets=True)
def survives(run: Run) -> Seen:
    """Says what is no document at all, and then asks as usual over a new connection."""
    ask(run, b"</NCIPMessage>\n")
    answer = ask(run, nobody(words(run)))
    return meets("the next one is answered") if answer.problems else unread(answer)


@probe("ncip.answer.schema/five-questions", verifies=("ncip.answer.schema", "ncip.answer.order"), needs=(HELLO,),
       octets=True)  # fmt: skip
def schema(run: Run) -> Seen:
    """Looks up what nobody has, and what was named as inputs, and looks at the elements of every answer."""
    say = words(run)
    card, item = run.input("patron", NOBODY), run.input("item", NOBODY)
    asked = (
        say.say("LookupUser", say.user(card), say.elements("User", "Name Information", "User Privilege",
                "Block Or Trap", "User Language"), "<LoanedItemsDesired/><RequestedItemsDesired/>"),
        say.say("LookupUser", say.user(NOBODY), say.elements("User", "Name Information")),
        say.say("LookupItem", say.item(item), say.elements("Item", "Bibliographic Description", "Circulation Status",
                "Location", "Item Description", "Hold Queue Length", "Item Use Restriction Type")),
        say.say("LookupItem", say.item(NOBODY), say.elements("Item", "Circulation Status")),
        say.say("LookupAgency", say.agency(say.receiver), say.elements("Agency", "Organization Name Information")),
    )  # fmt: skip
    kinds: set[str] = set()
    notes: list[str] = []
    for document in asked:
        answer = ask(run, document)
        if not answer.readable:
            return unread(answer)
        for name, kind in answer.faults():
            kinds.add(kind)
            notes.append(f"{name}: {kind}")
    judged = {"ncip.answer.schema": "content", "ncip.answer.order": "order"}
    return Seen(
        "; ".join(sorted(f"wrong {kind}" for kind in kinds)) or "as the schema has them",
        behaviours={name: Behaviour.BREAKS if kind in kinds else Behaviour.MEETS for name, kind in judged.items()},
        note=", ".join(sorted(set(notes))),
    )


@probe("ncip.problem.unknown-item/look-up", needs=(HELLO,), octets=True)
def unknown_item(run: Run) -> Seen:
    """Looks up an item that nobody has."""
    say = words(run)
    return _unknown(ask(run, _item(say)), "Unknown Item")


@probe("ncip.problem.unknown-request/look-up", needs=(HELLO,), octets=True)
def unknown_request(run: Run) -> Seen:
    """Looks up a request that nobody made."""
    say = words(run)
    answer = ask(run, say.say("LookupRequest", say.request(NOBODY), say.elements("Request", "Request Type")))
    return _unknown(answer, "Unknown Request")


def _item(say: Words) -> bytes:
    return say.say("LookupItem", say.item(NOBODY), say.elements("Item", "Circulation Status"))


def _unknown(answer: Answer, wanted: str) -> Seen:
    if not answer.readable:
        return unread(answer)
    if answer.not_served:
        return Seen("not offered", Behaviour.ABSENT)
    return meets(wanted) if answer.problem(wanted) else breaks(answer.types or "no problem")


@probe("ncip.notification.answer/arrival-of-nothing", needs=(HELLO,), octets=True)
def notification(run: Run) -> Seen:
    """Tells that an item that nobody has has arrived: the answer is empty or a problem, and nothing else."""
    say = words(run)
    date = "<DateReceived>2020-01-01T12:00:00Z</DateReceived>"
    answer = ask(run, say.say("ItemReceived", say.item(NOBODY), date))
    if not answer.readable:
        return unread(answer)
    if answer.not_served:
        return Seen("not offered", Behaviour.ABSENT)
    if answer.name != "ItemReceivedResponse":
        return breaks(f"answered with {answer.name}")
    if answer.faults():
        return breaks("another answer than a notification has")
    return meets("taken" if not answer.problems else "refused")
