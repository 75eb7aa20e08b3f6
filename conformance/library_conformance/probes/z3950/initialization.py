"""Initialization: versions, options, sizes, names, character sets."""

from __future__ import annotations

from library_conformance.model import Behaviour, NotApplicable, Seen, absent, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.z3950 import octets
from library_conformance.probes.z3950.talk import (
    INIT,
    OPTIONS,
    Association,
    NoAnswer,
    association,
    diagnostic,
    need,
)
from library_conformance.run import Run
from library_protocols.z3950 import (
    ANONYMOUS,
    DeleteResultSetRequest,
    DeleteResultSetResponse,
    IdPass,
    encode,
)
from library_protocols.z3950.charneg import charset_of, propose, selection_in
from library_protocols.z3950.facts import Option

_NAMES = {Option.SEARCH: "search", Option.PRESENT: "present"}
NOBODY = IdPass(user_id="conformance-nobody", password="nothing")  # noqa: S106  a name that nobody has
SMALL = 8_192
"""Octets of a message that a small client takes: a few records."""


@probe(INIT, verifies=("z3950.init.accepted", "z3950.init.version-3", "z3950.init.options.search-present"))
def three_versions(run: Run) -> Seen:
    """Proposes versions 1 to 3 and the everyday options, and keeps what the target announces."""
    with run.line() as line:
        talk = Association(run, line)
        answer = talk.init()
    if not answer.result:
        return breaks("refused")
    run.found["announced"] = {
        "implementation": " ".join(filter(None, (answer.implementation_name, answer.implementation_version))),
        "versions": sorted(bit + 1 for bit in answer.protocol_version),
        "options": sorted(Option(bit).name.lower() for bit in answer.options if bit in set(Option)),
    }
    lacking = [name for bit, name in _NAMES.items() if bit not in answer.options]
    said = f"accepted in version {talk.version}" + (f", without {' and '.join(lacking)}" if lacking else "")
    others = {"z3950.init.version-3": Behaviour.MEETS if talk.version == 3 else Behaviour.ABSENT}
    others["z3950.init.options.search-present"] = Behaviour.BREAKS if lacking else Behaviour.MEETS
    return Seen(said, behaviours=others)


@probe("z3950.init.version.intersect/version-2", needs=(INIT,))
def version_2(run: Run) -> Seen:
    """Proposes versions 1 and 2 alone."""
    with run.line() as line:
        answer = Association(run, line).init(protocol_version=frozenset((0, 1)))
    if not answer.result:
        return breaks("refused")
    return breaks("answers with version 3") if 2 in answer.protocol_version else meets("accepted in version 2")


@probe("z3950.init.options.intersect/two-options", needs=(INIT,))
def two_options(run: Run) -> Seen:
    """Asks for search and present alone, and looks for options nobody asked for."""
    asked = frozenset((Option.SEARCH, Option.PRESENT))
    with run.line() as line:
        answer = Association(run, line).init(options=asked)
    if not answer.result:
        return breaks("refused")
    return breaks("announces options nobody asked for") if answer.options - asked else meets("only what was asked for")


@probe("z3950.init.options.true/delete-and-scan", needs=(INIT,))
def announced(run: Run) -> Seen:
    """Uses scan and result-set-delete where they are agreed on, and wants answers of their kind."""
    with association(run) as talk:
        if not talk.options & {Option.SCAN, Option.DELETE_SET}:
            raise NotApplicable("neither is announced")
        broken: list[str] = []
        if Option.SCAN in talk.options and diagnostic(talk.scan("@attr 1=4 a", 3)) in (2, 3, 1024, 100):
            broken.append("scan")
        if Option.DELETE_SET in talk.options:
            talk.ask(DeleteResultSetRequest(delete_function=1), DeleteResultSetResponse)
    return breaks(f"announced and not there: {', '.join(broken)}") if broken else meets("what is announced is there")


@probe("z3950.init.sizes/one-mebibyte", needs=(INIT,))
def sizes(run: Run) -> Seen:
    """Looks at the sizes agreed on: positive, and a record at least as long as a message."""
    with run.line() as line:
        answer = Association(run, line).init()
    if answer.preferred_message_size <= 0:
        return breaks("a message size of nothing")
    if answer.exceptional_record_size < answer.preferred_message_size:
        return breaks("a record shorter than a message")
    return meets("sizes agree")


@probe("z3950.init.sizes.kept/small-client", needs=("z3950.present.records/first-two",), inputs=("term",))
def small_client(run: Run) -> Seen:
    """Proposes messages of 8 KiB, asks for a hundred records and measures the answers."""
    sizes = {"preferred_message_size": SMALL, "exceptional_record_size": SMALL}
    with association(run, **sizes) as talk:
        count = talk.search(f"@attr 1=4 {run.input('term')}").result_count
        answer = talk.present(1, min(count, 100))
    length = len(encode(answer))
    if length > SMALL * 1.1:
        return breaks("a longer message than agreed")
    whole = answer.number_of_records_returned == min(count, 100)
    if not whole and answer.present_status == 0:
        return breaks("fewer records, and said to be all")
    return meets("within the size")


@probe("z3950.init.implementation/name", needs=(INIT,))
def names(run: Run) -> Seen:
    """Looks whether the target says what it is."""
    with run.line() as line:
        answer = Association(run, line).init()
    return meets("names itself") if answer.implementation_name else breaks("says no name")


@probe(
    "z3950.auth.wrong-refused/made-up-name", verifies=("z3950.auth.wrong-refused", "z3950.auth.refusal-explained"),
    needs=(INIT,),
)  # fmt: skip
def made_up(run: Run) -> Seen:
    """Gives a name and a password that nobody has."""
    unexplained = {"z3950.auth.refusal-explained": Behaviour.BREAKS, "z3950.auth.wrong-refused": Behaviour.MEETS}
    with run.line() as line:
        try:
            answer = Association(run, line).init(id_authentication=NOBODY)
        except NoAnswer:
            return Seen("closed without an answer", behaviours=unexplained)
    if answer.result:
        return absent("lets anybody in")
    explained = answer.user_information_field is not None or answer.other_info is not None
    if explained:
        return meets("refused with a diagnostic")
    return Seen("refused without a diagnostic", behaviours=unexplained)


@probe("z3950.auth.refused-is-out/search-after", needs=(INIT,))
def refused_is_out(run: Run) -> Seen:
    """Searches after an init that was refused."""
    with run.line() as line:
        try:
            answer = Association(run, line).init(id_authentication=NOBODY)
        except NoAnswer:
            return meets("closed")
        if answer.result:
            raise NotApplicable("the target lets anybody in")
        try:
            line.send(octets.search(run))
            what = octets.came(line)
        except OSError:
            return meets("closed")
    return breaks("is served nevertheless") if what == "answered a search that succeeded" else meets("not served")


@probe("z3950.auth.anonymous/nobody", needs=(INIT,))
def anonymous(run: Run) -> Seen:
    """Says in idAuthentication that it is nobody."""
    with run.line() as line:
        answer = Association(run, line).init(id_authentication=ANONYMOUS)
    return meets("lets anybody in") if answer.result else absent("wants a name")


@probe("z3950.auth.id-pass/right-name", needs=(INIT,), inputs=("login", "password"))
def id_pass(run: Run) -> Seen:
    """Gives the right name and password as idPass."""
    with run.line() as line:
        answer = Association(run, line).init()
    return meets("accepted") if answer.result else breaks("refused")


@probe("z3950.auth.open/right-name", needs=(INIT,), inputs=("login", "password"))
def open_form(run: Run) -> Seen:
    """Gives the right name and password as one string, parted by a stroke."""
    with run.line() as line:
        given = f"{run.input('login')}/{run.input('password')}"
        answer = Association(run, line).init(id_authentication=given)
    return meets("accepted") if answer.result else breaks("refused")


@probe(
    "z3950.charset.negotiation/utf-8", verifies=("z3950.charset.negotiation", "z3950.charset.proposed"), needs=(INIT,)
)  # fmt: skip
def negotiation(run: Run) -> Seen:
    """Proposes UTF-8 by character set negotiation."""
    with run.line() as line:
        answer = Association(run, line).init(user_information_field=propose("utf-8"))
    if not answer.result:
        return breaks("refused for the proposal")
    selection = selection_in(answer.user_information_field, answer.other_info)
    if selection is None:
        return absent("not negotiated")
    if charset_of(selection) == "utf-8":
        return meets("UTF-8 agreed on")
    return Seen("another character set than was proposed", behaviours={"z3950.charset.proposed": Behaviour.BREAKS})


@probe("z3950.concurrent.offered/option", needs=(INIT,))
def concurrent(run: Run) -> Seen:
    """Asks for concurrent operations."""
    with run.line() as line:
        talk = Association(run, line)
        talk.init(options=OPTIONS | {Option.CONCURRENT_OPERATIONS})
        missing = need(talk, Option.CONCURRENT_OPERATIONS, "concurrent operation")
    return missing or meets("offered")


@probe("z3950.present.segments/option", needs=(INIT,))
def segments(run: Run) -> Seen:
    """Asks for answers in segments."""
    with run.line() as line:
        talk = Association(run, line)
        talk.init(options=OPTIONS | {Option.LEVEL_1_SEGMENTATION, Option.LEVEL_2_SEGMENTATION})
        levels = talk.options & {Option.LEVEL_1_SEGMENTATION, Option.LEVEL_2_SEGMENTATION}
    return told(f"{len(levels)} of two levels")
