"""Probes that are data: what a file may say, what it means, and that what it must not say is refused in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from library_conformance.declared import BEHAVIOURS, ProbeFileError, added, read
from library_conformance.model import Behaviour, NotApplicable, Safety, Seen, SetupFailed
from library_conformance.run import Run, Target
from library_conformance.transcript import Transcript
from tests.conformance.judging import demo_inputs
from tests.conformance.servers.sip2_line import Server, serving
from tests.conformance.servers.sip2_strict import Strict
from tests.gateway.identity.feeds import http_double
from tests.gateway.identity.feeds.http_double import Answered, Asked

GOOD = """
[[probe]]
id = "oai.error.verb-missing/ours"
does = "Asks for nothing."
ask = {}
outcomes = [{ when = { error = "badVerb" }, meets = "{answer}" }, { breaks = "{answer}" }]
"""
KIOSK = """
[[probe]]
id = "sip2.item.unknown/ours"
does = "Asks for nothing."
say = "17{now}AO|AB{nothing}|"
outcomes = [{ unclear = "{code}" }]
"""
OAI = (
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-01-01T00:00:00Z</responseDate>'
    "<request>http://x.example/</request>%s</OAI-PMH>"
)


# What it means


def _seen(text: str, target: str, **inputs: str) -> Seen:
    """What the first probe of a file sees."""
    surroundings = Run(Target.parse(target), inputs, Transcript(), pause=0.0, patience=2.0)
    return read(text, "ours.toml")[0].look(surroundings)


def _oai(outcomes: str, body: str, more: str = "") -> Seen:
    text = f'[[probe]]\nid = "oai.error.words/ours"\ndoes = "Asks."\n{more}\nask = {{}}\noutcomes = [{outcomes}]\n'
    answered = Answered((OAI % body).encode(), headers={"X-Of": "Identify"})
    with http_double.serving(lambda asked: answered) as one:
        return _seen(text, one.url)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("when = { errors = true }", True),
        ("unless = { errors = true }", False),
        ('when = { error = "badVerb" }', False),
        ('when = { error = ["badVerb", "badArgument"] }', True),
        ("when = { status = 200 }", True),
        ("when = { errors = true, status = [404, 500] }", False),
        ("when = [{ errors = true }, { status = 200 }]", True),
        ("unless = [{ errors = true }, { status = 500 }]", True),
        ('when = { errors = true }, unless = { has = "oai:error" }', False),
        ('when = { has = "oai:error[@code]" }', True),
        ('when = { has = "error" }', False),
        ('when = { lacks = "oai:Identify" }', True),
        ('when = { value = { "oai:error/@code" = "badArgument" } }', True),
        ('when = { value = { "count(oai:error)" = "1" } }', True),
        ('when = { value = { "count(oai:error) > 1" = "true" } }', False),
        ('when = { value = { "oai:error" = "some" } }', False),
        ('when = { text = { error = "some.*" } }', True),
        ('when = { header = { X-Of = "Identify" } }', True),
        ('when = { answers = "Identify" }', False),
    ],
)
def test_conditions_look_at_the_answer(condition: str, holds: bool) -> None:
    seen = _oai(
        f'{{ {condition}, meets = "yes" }}, {{ breaks = "no" }}', '<error code="badArgument">some words</error>'
    )
    assert seen.observation == ("yes" if holds else "no")


def test_the_first_outcome_that_holds_is_what_is_seen_and_may_say_what_came() -> None:
    outcomes = '{ when = { status = 404 }, told = "1" }, { when = { errors = true }, told = "{answer} {{{status}}}" }'
    more = ', { when = { status = 200 }, told = "3" }, { told = "4" }'
    assert _oai(outcomes + more, '<error code="badArgument"/>').observation == "answered badArgument {200}"
    assert _oai(outcomes + more, "<Identify/>").observation == "3"


@pytest.mark.parametrize(("word", "behaviour"), BEHAVIOURS.items())
def test_outcomes_say_what_it_means_for_all_requirements_or_for_one(word: str, behaviour: Behaviour) -> None:
    more = 'verifies = ["oai.error.words", "oai.error.several"]'
    seen = _oai(f'{{ {word} = "so", of = {{ "oai.error.several" = "absent" }} }}', "", more=more)
    assert (seen.of("oai.error.words"), seen.of("oai.error.several")) == (behaviour, Behaviour.ABSENT)


@pytest.mark.parametrize(("word", "raised"), [("not_applicable", NotApplicable), ("setup_failed", SetupFailed)])
def test_outcomes_may_say_that_nothing_can_be_seen(word: str, raised: type[Exception]) -> None:
    with pytest.raises(raised, match="for a reason"):
        _oai(f'{{ when = {{ status = 200 }}, {word} = "for a reason" }}, {{ told = "x" }}', "")


def test_a_list_of_questions_goes_on_until_one_is_answered_as_an_outcome_says() -> None:
    asked: list[str] = []

    def answer(one: Asked) -> Answered:
        asked.append(one.query["verb"])
        return Answered((OAI % ("<error code='badVerb'/>" if one.query["verb"] == "b" else "<a/>")).encode())

    text = GOOD.replace("ask = {}", 'ask = [{ verb = "a" }, "verb=b", { verb = "c" }]')
    with http_double.serving(answer) as one:
        assert _seen(text, one.url).observation == "answered badVerb"
        assert asked == ["a", "b"]
        never = text.replace("badVerb", "badArgument")
        assert _seen(never, one.url).behaviour is Behaviour.BREAKS
    assert asked == ["a", "b", "a", "b", "c"]


def test_placeholders_are_escaped_and_captures_go_into_later_questions_and_words() -> None:
    text = """
[[probe]]
id = "oai.error.words/ours"
does = "Asks twice."
inputs = ["word"]

[[probe.step]]
name = "first"
ask = "verb=a&given={input.word}&raw=%26"
capture = { kept = "oai:a/@b" }

[[probe.step]]
ask = { verb = "{kept}" }
outcomes = [
    { when = { step = "first", has = "oai:none" }, breaks = "never" },
    { when = { given = { kept = "x y" }, same_as = "first" }, meets = "{kept} again" },
    { breaks = "{answer}" },
]
"""
    with http_double.serving(lambda asked: Answered((OAI % '<a b="x y"/>').encode())) as one:
        assert _seen(text, one.url, word="b&d").observation == "x y again"
        assert [dict(each.query) for each in one.asked] == [{"verb": "a", "given": "b&d", "raw": "&"}, {"verb": "x y"}]


def test_what_is_known_before_may_end_a_probe_without_a_question() -> None:
    text = GOOD.replace(
        "ask = {}", 'before = [{ when = { given = { prefix = "oai_.*" } }, not_applicable = "why" }]\nask = {}'
    )
    with http_double.serving(lambda asked: Answered(b"")) as one:
        with pytest.raises(NotApplicable, match="why"):
            _seen(text, one.url)
        assert one.asked == []
        assert _seen(text, one.url, prefix="marc").observation == "answered with no document of the protocol"


def test_requests_by_hand_are_read_from_the_socket() -> None:
    text = """
[[probe]]
id = "oai.http.get/ours"
does = "Asks."
by_hand = "GET"
ask = { verb = "Identify" }
outcomes = [{ when = { answers = "Identify", header = { X-Of = "OAI" } }, meets = "answered" }, { breaks = "x" }]
"""
    with http_double.serving(lambda _: Answered((OAI % "<Identify/>").encode(), headers={"X-Of": "OAI"})) as one:
        for method in ("GET", "POST"):
            assert _seen(text.replace("GET", method), one.url).observation == "answered"
        assert [(each.method, each.query, each.body) for each in one.asked] == [
            ("GET", {"verb": "Identify"}, b""), ("POST", {}, b"verb=Identify"),
        ]  # fmt: skip


@pytest.fixture(scope="module")
def strict() -> Iterator[Server]:
    with serving(Strict) as server:
        yield server


def _sip2(port: int, keys: str, safety: str = "read") -> Seen:
    text = f'[[probe]]\nid = "sip2.item.unknown/ours"\ndoes = "Asks."\nsafety = "{safety}"\n{keys}\n'
    return _seen(text, f"127.0.0.1:{port}", **demo_inputs("sip2"))


@pytest.mark.parametrize(
    ("keys", "condition"),
    [
        ('say = "990 802.00"', '{ hear = "98Y", checksum = true, ok = false, silence = false }'),
        ('say = "990 802.00"\nsequence = 7', "{ sequence = 7 }"),
        ('raw = "9900802.00AY3AZ{checksum}\\r"', '{ code = "98" }'),
        ('raw = "9900802.00AY3AZ{spoilt_checksum}\\r"', '{ code = ["95", "96"] }'),
        ('raw = "17{now}AB{item}|AY3AZ{checksum}\\r"', '{ field = { AJ = "Book 1", AF = "" } }'),
        ('ask = { item_information = { item = "30100023" } }', '{ fixed = { status = "04" } }'),
        ('login = false\nraw = "GET / HTTP/1.1\\r"', '{ code = "96" }'),
        ('say = "9900802.00"\nwait = false', "{ silence = true, closed = false }"),
    ],
)
def test_kiosks_say_what_a_file_says(strict: Server, keys: str, condition: str) -> None:
    outcomes = f'outcomes = [{{ when = {condition}, meets = "yes" }}, {{ unclear = "{{code}}" }}]'
    assert _sip2(strict.port, f"{keys}\n{outcomes}").observation == "yes"


def test_no_answer_is_an_observation_where_the_file_says_no_more(strict: Server) -> None:
    called = 'say = "44{now}AO|"\ncalled = "an unknown message"\noutcomes = [{ told = "x" }]'
    seen = _sip2(strict.port, called)
    assert (seen.observation, seen.of("sip2.item.unknown")) == ("no answer on an unknown message", Behaviour.BREAKS)


def test_a_message_is_said_again_in_the_same_octets(strict: Server) -> None:
    steps = """
[[probe.step]]
name = "once"
ask = "17{now}AB{nothing}|"
capture = { status = "^18(..)" }

[[probe.step]]
again = "once"
outcomes = [{ when = { same_as = "once", step = "step 2" }, meets = "same {status}" }, { breaks = "another" }]
"""
    assert _sip2(strict.port, steps).observation == "same 01"


# What is refused


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[[probe]]", "[[probes]]", r"ours\.toml: no such key: probes"),
        ("[[probe]]", "[probe]", r"ours\.toml: probes are written as \[\[probe\]\]"),
        ("ask = {}", "ask = ", r"ours\.toml: .*line 5"),
        ("/ours", "", r"ours\.toml: oai\.error\.verb-missing: `id` wants REQUIREMENT/HOW"),
        ("oai.error", "ldap.error", "`id` probes of ldap cannot be declared; those of oai, sip2, sru can"),
        ('"Asks for nothing."', '""', "`does` wants a sentence"),
        ("ask = {}", "ask = {}\ncolour = 1", "`colour` is no key of a probe"),
        ("ask = {}", 'ask = {}\nlook = "identify"', "`step` asks in one way: ask, look"),
        ("ask = {}", "", "`step` asks in one way"),
        ("ask = {}", 'ask = "verb={checksum}"', r"`ask` \{checksum\} is not known"),
        ("ask = {}", "ask = 7", "`ask` wants a table of texts"),
        ("ask = {}", "ask = []", "`ask` asks nothing"),
        ("ask = {}", 'look = "everything"', "`look` wants one of identify"),
        ("ask = {}", 'look = "identify"\nby_hand = "GET"', "`look` is not asked by hand"),
        ("ask = {}", 'ask = "verb={verb}"', r"`ask` \{verb\} is not known; there are"),
        ("ask = {}", 'ask = { "{verb}" = "x" }', r"`ask` \{verb\} is not known"),
        ("ask = {}", 'ask = "verb={input.verb}"', r"`ask` \{input\.verb\}: name verb in `inputs`"),
        ("ask = {}", 'ask = "verb={"', "a brace that is meant is written twice"),
        ("ask = {}", 'ask = "verb={a:b}"', "a brace that is meant is written twice"),
        ("ask = {}", 'ask = {}\nsafety = "harmless"', "`safety` wants one of read"),
        ("ask = {}", "ask = {}\noctets = 1", "`octets` wants true or false"),
        (
            "ask = {}",
            'ask = {}\nverifies = ["oai.error.words"]',
            "`verifies` wants the requirement that the id begins with",
        ),
        ("ask = {}", "ask = {}\ninputs = [1]", "`inputs` wants a text, or a list"),
        ("ask = {}", 'ask = {}\nbefore = [{ meets = "x" }]', "`before` wants outcomes that all depend"),
        (
            "ask = {}",
            'ask = {}\nbefore = [{ when = { status = 1 }, meets = "x" }]',
            "`before.when` is looked at before",
        ),
        ("ask = {}", 'ask = {}\ncapture = { prefix = "a" }', "`capture` 'prefix': wants a name"),
        ("ask = {}", 'ask = {}\ncapture = { a = "[" }', "`capture` '\\[' is no XPath"),
        ('{ breaks = "{answer}" }', "", "`outcomes` end, in the last step, with one that depends on nothing"),
        (
            '{ breaks = "{answer}" }',
            '{ breaks = "{said}" }',
            r"`outcomes` \{said\} is not known; there are answer, status",
        ),
        ('{ breaks = "{answer}" }', '{ breaks = "" }', "`outcomes.breaks` wants a few words"),
        ('{ breaks = "{answer}" }', '{ breaks = "a", told = "b" }', "`outcomes` says one of meets, breaks"),
        ('{ breaks = "{answer}" }', '{ fails = "a" }', "`outcomes` has 'fails', which is none of"),
        ('{ breaks = "{answer}" }', '{ breaks = "a", of = { "x" = "meets" } }', "`outcomes.of` 'x' is not among"),
        ('{ error = "badVerb" }', "{}", "`outcomes.when` wants something to look at"),
        ('{ error = "badVerb" }', "[]", "`outcomes.when` wants something to look at"),
        (
            '{ error = "badVerb" }',
            "{ diagnostic = 1 }",
            "`outcomes.when` has 'diagnostic'; there are given, same_as, step, status",
        ),
        ('{ error = "badVerb" }', '{ status = "200" }', "`outcomes.when.status` wants a number"),
        (
            '{ error = "badVerb" }',
            '{ has = "//nobody:x" }',
            "`outcomes.when.has` '//nobody:x' is no XPath with the prefixes oai",
        ),
        ('{ error = "badVerb" }', '{ header = { A = "(" } }', r"`outcomes.when.header` '\(' is no pattern"),
        ('{ error = "badVerb" }', '{ given = { nobody = "x" } }', r"`outcomes.when.given` \{nobody\} is not known"),
        (
            '{ error = "badVerb" }',
            '{ step = "first", status = 200 }',
            "`outcomes.when` there is no step 'first' before it",
        ),
        ('{ error = "badVerb" }', '{ same_as = "first" }', "`outcomes.when` there is no step 'first' before it"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_file_probe_and_key(old: str, new: str, complaint: str) -> None:
    assert len(read(GOOD, "ours.toml")) == 1
    with pytest.raises(ProbeFileError, match=complaint) as error:
        read(GOOD.replace(old, new, 1), "ours.toml")
    assert str(error.value).startswith("ours.toml: ")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('say = "17', 'say = "hello', "`say` wants a message, which begins with two digits"),
        ('say = "17', 'ask = "44', "`ask` wants a message that has an answer"),
        (
            'say = "17{now}AO|AB{nothing}|"',
            'say = { lend = { item = "1" } }',
            "`say` wants a text, or a table of one of patron",
        ),
        (
            'say = "17{now}AO|AB{nothing}|"',
            'ask = { item_information = { card = "1" } }',
            "`ask` item_information: missing",
        ),
        ('say = "17{now}AO|AB{nothing}|"', "ask = { item_information = 1 }", "`ask` wants a table of texts"),
        (
            'say = "17{now}AO|AB{nothing}|"',
            'ask = { checkin = { item = "1" } }',
            "`ask` sends 09, which may change something",
        ),
        ('say = "17', 'say = "11', "`say` sends 11, which may change something"),
        ('say = "17', 'raw = "990\\r\\n11', "`raw` sends 11, which may change something"),
        ('say = "17', 'raw = "Ŵ17', "`raw` wants octets"),
        ('say = "17', 'again = "17', "`again` there is no step '17"),
        ("AO|", "AO{checksum}|", "`say` gets its checksum by itself"),
        ("outcomes", "sequence = 1.0\noutcomes", "`sequence` wants a digit"),
        ("outcomes", "sequence = 10\noutcomes", "`sequence` wants a digit"),
        ("outcomes", 'wait = false\ncalled = "it"\noutcomes', "`say` has `called` for where no answer comes"),
        ('say = "17', 'ends = "\\n"\nraw = "17', "`raw` is said as it is"),
        ('say = "17', 'wait = false\nask = "17', "`ask` goes alone"),
        ("outcomes", 'capture = { a = "AB" }\noutcomes', "`capture` 'AB': wants one pair of parentheses"),
        ("outcomes", 'capture = { a = "(" }\noutcomes', r"`capture` '\(' is no pattern"),
    ],
)
def test_a_kiosk_is_not_made_to_say_what_it_should_not(old: str, new: str, complaint: str) -> None:
    assert read(KIOSK, "ours.toml")[0].safety is Safety.READ
    with pytest.raises(ProbeFileError, match=complaint):
        read(KIOSK.replace(old, new, 1), "ours.toml")


def test_a_word_that_is_an_input_is_asked_for_as_one() -> None:
    text = """
[[probe]]
id = "sru.cql.term/ours"
does = "Searches."
inputs = ["query"]
search = { query = "{word}" }
outcomes = [{ when = { count = "some" }, meets = "found" }, { breaks = "nothing" }]
"""
    assert read(text, "ours.toml")[0].inputs == ("query",)
    with pytest.raises(ProbeFileError, match=r"`search` \{word\}: name query in `inputs`"):
        read(text.replace('"query"', '"year"'), "ours.toml")


def test_steps_are_told_apart_and_only_the_last_has_a_default() -> None:
    steps = '[[probe]]\nid = "oai.error.words/ours"\ndoes = "Asks."\n' + '[[probe.step]]\nname = "a"\nask = {}\n' * 2
    with pytest.raises(ProbeFileError, match="`name` 'a' is the name of two steps"):
        read(steps + 'outcomes = [{ told = "x" }]', "ours.toml")
    early = steps.replace('name = "a"', 'outcomes = [{ told = "x" }]', 1).replace(
        'name = "a"', 'outcomes = [{ told = "y" }]'
    )
    with pytest.raises(ProbeFileError, match="only the last step has one"):
        read(early, "ours.toml")
    with pytest.raises(ProbeFileError, match="`step` wants at least one step"):
        read(steps.partition("[[probe.step]]")[0] + "step = []", "ours.toml")
    with pytest.raises(ProbeFileError, match="there are two of them"):
        read(GOOD * 2, "ours.toml")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "oai.error.verb-missing",
            "oai.error.nobody",
            "`verifies`: the catalogue has no requirement 'oai.error.nobody'",
        ),
        (
            "ask = {}",
            'ask = {}\nneeds = ["oai.error.nobody/x"]',
            "`needs`: there is no probe 'oai.error.nobody/x' before it",
        ),
        ("/ours", "/empty", "`id`: there is such a probe already"),
    ],
)
def test_probes_of_ones_own_are_about_what_there_is(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert [one.id for one in added("oai", [file])] == ["oai.error.verb-missing/ours"]
    with pytest.raises(ProbeFileError, match="`id`: there is such a probe already"):
        added("oai", [file, file])
    with pytest.raises(ProbeFileError, match="`id` is one of oai, and this is a run of sip2"):
        added("sip2", [file])
    file.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProbeFileError, match=complaint):
        added("oai", [file])


def test_what_a_probe_needs_does_not_do_more_than_it_says(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    needing = KIOSK.replace("say =", 'needs = ["sip2.fee.refuse.nonsense/amounts"]\nsay =')
    file.write_text(needing, encoding="utf-8")
    with pytest.raises(ProbeFileError, match="does more to a subject"):
        added("sip2", [file])
