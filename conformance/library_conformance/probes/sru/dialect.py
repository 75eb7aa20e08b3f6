"""How declared probes of SRU ask: an operation with its parameters, a written query, what the run has asked already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from library_conformance.dialect import Checks, Question, Trait, Traits, Values, a_flag, a_table, a_text, one_of, some
from library_conformance.model import Safety
from library_conformance.probes.sru._ask import (
    Answer,
    Diagnostic,
    answer_of,
    ask,
    ask_query,
    base_explain,
    first_scan,
    orderly,
    other_word,
    pairs_of,
    query_of,
    spoken,
    title_index,
    versions,
    word,
)
from library_conformance.run import Run
from library_conformance.web import ask_octets, get_octets
from library_conformance.web_dialect import WebDialect, written

_OPERATIONS = {"search": "searchRetrieve", "scan": "scan", "explain": "explain"}
_KNOWN: Mapping[str, Callable[[Run], Answer]] = {"explain": base_explain, "scan": first_scan}
_COUNTS: Mapping[str, Callable[[int | None], bool]] = {
    "some": bool, "zero": lambda count: count == 0, "told": lambda count: count is not None,
    "untold": lambda count: count is None,
}  # fmt: skip


def _old(run: Run) -> str:
    """The better of the versions that name themselves; "" where neither is spoken."""
    return next((version for version in ("1.2", "1.1") if version in versions(run)), "")


def _words(one: Diagnostic) -> bool:
    return bool(one.message or one.details)


def _surrogates(answer: Answer) -> bool:
    """Whether diagnostics stand where the records should."""
    return bool(answer.records) and all(one.surrogate for one in answer.records)


class SruDialect(WebDialect):
    verbs: ClassVar[Checks] = {**dict.fromkeys(_OPERATIONS, a_table), "ask": a_text, "look": one_of(*_KNOWN)}
    options: ClassVar[Checks] = {"version": a_text, "by_hand": a_flag}
    traits: ClassVar[Traits] = {
        **WebDialect.traits,
        "diagnostic": Trait(some(int), lambda answer, wanted: bool(answer.numbers & set(wanted))),
        "diagnostics": Trait(a_flag, lambda answer, wanted: bool(answer.diagnostics) is wanted),
        "in_words": Trait(
            a_flag, lambda answer, wanted: wanted is all(map(_words, answer.diagnostics))
        ),
        "count": Trait(one_of(*_COUNTS), lambda answer, wanted: _COUNTS[wanted](answer.count)),
        "records": Trait(one_of("some", "none"), lambda answer, wanted: bool(answer.records) is (wanted == "some")),
        "surrogates": Trait(a_flag, lambda answer, wanted: _surrogates(answer) is wanted),
        "response": Trait(a_text, lambda answer, wanted: answer.kind == f"{wanted}Response"),
        "orderly": Trait(a_flag, lambda answer, wanted: orderly(answer) is wanted),
    }  # fmt: skip
    inputs: ClassVar[Mapping[str, str]] = {"word": "query"}
    values: ClassVar[Values] = {
        "word": word,
        "other_word": other_word,
        "index": title_index,
        "spoken": spoken,
        "old_version": _old,
        "new_version": lambda run: "2.0" if "2.0" in versions(run) else "",
        "packing": lambda run: "recordXMLEscaping" if spoken(run) == "2.0" else "recordPacking",
    }

    def ask(self, session: Run, question: Question) -> Answer:
        if question.verb == "look":
            return _KNOWN[question.value](session)
        if question.verb == "ask":
            return ask_query(session, written(question.value, question.fill))
        given = {question.fill(name): question.fill(each) for name, each in question.value.items()}
        version = question.fill(question.options.get("version", ""))
        operation = _OPERATIONS[question.verb]
        if not question.options.get("by_hand"):
            return ask(session, operation, version, **given)
        query = query_of(pairs_of(version or spoken(session), operation, given))
        return answer_of(ask_octets(session, get_octets(session, query)))

    def same(self, one: Answer, other: Answer) -> bool:
        return one.count == other.count is not None

    def complain(self, verb: str, value: Any, options: Mapping[str, Any], safety: Safety) -> None:
        if options and verb not in _OPERATIONS:
            raise ValueError(f"has no {', '.join(options)}; {', '.join(_OPERATIONS)} have")


DIALECT = SruDialect()
