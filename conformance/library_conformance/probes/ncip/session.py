"""First words: which generation is spoken, whether we are let in, what is announced, who answers whom."""

from __future__ import annotations

from dataclasses import replace

from library_conformance.model import NotApplicable, Seen, absent, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.ncip.broker import (
    GENERATION,
    Answer,
    ask,
    head,
    let_in,
    needs_generation,
    needs_http,
    refusal,
    unread,
    words,
)
from library_conformance.probes.ncip.words import DECLARATION, NOBODY, VERSION_SCHEMA, Words, e
from library_conformance.run import Run

HELLO = "ncip.session.answer/a-card-that-nobody-has"
WRONG = "not-the-secret-0"


def nobody(say: Words, name: str = NOBODY) -> bytes:
    """The harmless question that most probes ask: who has a card that nobody has?"""
    return say.say("LookupUser", say.user(name), say.elements("User", "User Privilege"))


@probe(HELLO, octets=True)
def hello(run: Run) -> Seen:
    """Looks up a card that nobody has, in version 2.02 and, where that is not understood, in 1.0."""
    last: Answer | None = None
    for generation in (2, 1):
        last = ask(run, nobody(words(run, generation)))
        understood = last.readable and last.generation == generation
        own = last.name == "LookupUserResponse" or (last.name == "Problem" and last.problem("Unknown User"))
        if understood and (own or last.not_let_in):
            run.found[GENERATION] = generation
            let_in(last)
            if last.not_served:
                return absent("LookupUser is not offered")
            return meets(f"answered in version {generation}")
    assert last is not None
    if not last.readable:
        return unread(last)
    return breaks(f"answered with {last.name}")


@probe("ncip.version.lookup-version/ask", needs=(HELLO,), octets=True)
def lookup_version(run: Run) -> Seen:
    """Asks which versions are supported: a document with a root of its own."""
    say = words(run, 1)
    names = (e("FromAgencyId", say.agency(say.sender)), e("ToAgencyId", say.agency(say.receiver)))
    document = (
        f'{DECLARATION}<NCIPVersionMessage version="{VERSION_SCHEMA}">{e("LookupVersion", *names)}'
        "</NCIPVersionMessage>\n"
    )
    answer = ask(run, document.encode())
    if not answer.readable:
        return absent("no answer that can be read")
    versions = [each for each in answer.texts("VersionSupported") if each]
    if answer.name != "LookupVersionResponse":
        return absent("not offered")
    if not versions:
        return breaks("no version is named")
    run.found.setdefault("announced", {})["versions"] = versions
    return meets("versions are named")


@probe("ncip.version.announced-is-spoken/each-generation", needs=(HELLO, "ncip.version.lookup-version/ask"),
       octets=True)  # fmt: skip
def announced_is_spoken(run: Run) -> Seen:
    """Looks up a card in every generation that was announced."""
    versions = run.found["announced"]["versions"]
    spoken = sorted({1 if "v1_" in each or each.startswith("1") else 2 for each in versions})
    for generation in spoken:
        answer = ask(run, nobody(words(run, generation)))
        if answer.name != "LookupUserResponse" or answer.generation != generation:
            return breaks(f"version {generation} is announced and not spoken")
    return meets("what is announced is spoken")


@probe("ncip.header.answer.swapped/look-up-a-card", needs=(HELLO,), octets=True)
def header_swapped(run: Run) -> Seen:
    """Names both agencies and looks who the answer is from and for."""
    say = words(run)
    answer = ask(run, nobody(say))
    if not answer.has("ResponseHeader"):
        return told("no header in the answer") if say.generation == 2 else breaks("no header in the answer")
    for_whom = answer.text("ToAgencyId", "AgencyId")
    from_whom = answer.text("FromAgencyId", "AgencyId")
    if for_whom.casefold() != say.sender.casefold():
        return breaks("not for who asked")
    return (
        meets("from and to are swapped")
        if from_whom.casefold() == say.receiver.casefold()
        else meets("for who asked, from another name")
    )


@probe("ncip.header.optional/look-up-without", needs=(HELLO,), octets=True)
def header_optional(run: Run) -> Seen:
    """Looks up a card without a header: version 2 does not ask for one."""
    say = needs_generation(run, 2)
    answer = ask(run, say.say("LookupUser", say.user(NOBODY), header=False))
    if not answer.readable:
        return unread(answer)
    if answer.not_let_in or answer.problem("Needed Data Missing"):
        return absent("a header is wanted")
    return meets("answered") if answer.name == "LookupUserResponse" else breaks(f"answered with {answer.name}")


@probe("ncip.header.to-agency.other/somebody-else", needs=(HELLO,), octets=True)
def other_agency(run: Run) -> Seen:
    """Sends a message whose addressee is another agency than the one that is asked."""
    answer = ask(run, nobody(replace(words(run), receiver="NO-SUCH-LIBRARY")))
    if not answer.readable:
        return unread(answer)
    return meets("turned away") if answer.not_let_in else breaks("answered for another agency")


@probe("ncip.header.from-agency.unknown/somebody-else", needs=(HELLO,), octets=True)
def unknown_sender(run: Run) -> Seen:
    """Asks as an agency that nobody has heard of, without a secret."""
    answer = ask(run, nobody(replace(words(run), sender="NO-SUCH-BROKER", secret="")))
    if not answer.readable:
        return unread(answer)
    return told("turned away" if answer.not_let_in else "let in")


@probe("ncip.security.secret.wrong/once", needs=(HELLO,), inputs=("secret",), octets=True)
def wrong_secret(run: Run) -> Seen:
    """Sends a wrong FromAgencyAuthentication, once: responders slow down who guesses."""
    answer = ask(run, nobody(replace(words(run), secret=WRONG)))
    if not answer.readable:
        return unread(answer)
    return meets("turned away") if answer.not_let_in else breaks("let in")


@probe("ncip.security.secret.not-repeated/look-up-a-card", needs=(HELLO,), octets=True)
def secret_not_repeated(run: Run) -> Seen:
    """Sends the secret, or a made-up one where there is none, and looks for it in the answer."""
    secret = run.input("secret", WRONG)
    answer = ask(run, nobody(replace(words(run), secret=secret)))
    if not answer.readable:
        return unread(answer)
    return breaks("the secret stands in the answer") if secret.encode() in answer.octets else meets("not repeated")


@probe("ncip.security.api-key.wrong/once", needs=(HELLO,), inputs=("api_key",), octets=True)
def wrong_key(run: Run) -> Seen:
    """Sends a wrong key beside the document, once."""
    needs_http(run)
    answer = ask(run, nobody(words(run)), headers=head(run, Authorization=f"Bearer {WRONG}"))
    if answer.status in (401, 403) or answer.not_let_in:
        return meets("turned away")
    return breaks("let in") if answer.readable else unread(answer)


def _agency(say: Words, name: str, *elements: str) -> bytes:
    return say.say("LookupAgency", say.agency(name), say.elements("Agency", *elements))


@probe("ncip.lookup-agency.answer/its-own-name", verifies=("ncip.lookup-agency.answer", "ncip.lookup-agency.asked"),
       needs=(HELLO,), inputs=("agency",), octets=True)  # fmt: skip
def lookup_agency(run: Run) -> Seen:
    """Asks the library for its own official name, and for nothing else."""
    say = words(run)
    answer = ask(run, _agency(say, say.receiver, "Organization Name Information"))
    if seen := refusal(answer):
        return seen
    if answer.problems:
        return breaks("does not know its own name")
    if not answer.has("LookupAgencyResponse", "AgencyId") or not answer.has("OrganizationNameInformation"):
        return breaks("no name is told")
    if answer.has("AuthenticationPrompt") or answer.has("AgencyAddressInformation"):
        return Seen("more is told than asked for", behaviours={
            "ncip.lookup-agency.answer": meets("").behaviour, "ncip.lookup-agency.asked": breaks("").behaviour,
        })  # fmt: skip
    return meets("its name and nothing else")


@probe("ncip.lookup-agency.unknown/made-up", needs=(HELLO,), octets=True)
def unknown_agency(run: Run) -> Seen:
    """Asks about an agency that nobody has heard of."""
    say = words(run)
    answer = ask(run, _agency(say, "NO-SUCH-AGENCY", "Organization Name Information"))
    if seen := refusal(answer):
        return seen
    return meets("Unknown Agency") if answer.problem("Unknown Agency") else breaks(answer.types or "no problem")


@probe("ncip.service.unsupported/update-an-unknown-agency", needs=(HELLO,), octets=True)
def unsupported(run: Run) -> Seen:
    """Asks for a service that few offer, UpdateAgency, with nothing to update of an agency that nobody knows."""
    say = words(run)
    answer = ask(run, say.say("UpdateAgency", say.agency("NO-SUCH-AGENCY")))
    if not answer.readable:
        return unread(answer)
    if answer.name != "UpdateAgencyResponse":
        return breaks(f"answered with {answer.name}")
    known = ("Unsupported Service", "Unauthorized Service For Agency", "Unauthorized Service For System",
             "Unknown Agency")  # fmt: skip
    return meets("refused in its own answer") if answer.problem(*known) else breaks(answer.types or "no problem")


@probe("ncip.service.unknown/made-up", needs=(HELLO,), octets=True)
def unknown_service(run: Run) -> Seen:
    """Asks for a service that no version has."""
    say = words(run)
    answer = ask(run, say.say("MakeTea", say.user(NOBODY)))
    if not answer.readable:
        return unread(answer)
    if answer.problem("Unknown Service", "Unsupported Service", "Unknown Element"):
        return meets("a problem that says so")
    return breaks(answer.types or "no problem")


@probe("ncip.v1.authenticate-user/nobody", needs=(HELLO,), octets=True)
def authenticate_user(run: Run) -> Seen:
    """Asks in version 1 whether somebody whom nobody knows is who he says he is."""
    say = words(run, 1)
    answer = ask(run, say.say("AuthenticateUser", say.login(("User Id", NOBODY))))
    if not answer.readable or answer.generation != 1:
        raise NotApplicable("version 1 is not spoken")
    if answer.not_served or answer.problem("Unknown Service"):
        return absent("not offered")
    if answer.name != "AuthenticateUserResponse":
        return breaks(f"answered with {answer.name}")
    return meets("refused") if answer.problems else breaks("let in")
