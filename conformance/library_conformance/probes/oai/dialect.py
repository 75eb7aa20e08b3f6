"""How declared probes of OAI-PMH ask: by parameters or a written query, or of what the run has asked already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from library_conformance.dialect import Checks, Question, Trait, Traits, Values, a_flag, one_of, some
from library_conformance.model import Safety
from library_conformance.probes.oai._ask import (
    Page,
    ask_query,
    example,
    first_part,
    granularity,
    identify,
    page_of,
    prefix,
    query_of,
    set_list,
    sets,
    some_token,
)
from library_conformance.run import Run
from library_conformance.web import ask_octets, get_octets, post_octets, text
from library_conformance.web_dialect import WebDialect, parameters, written

_KNOWN: Mapping[str, Callable[[Run], Page]] = {
    "identify": identify,
    "sets": set_list,
    "identifiers": first_part,
    "records": lambda run: first_part(run, "ListRecords"),
}


def _refused(page: Page, wanted: tuple[str, ...]) -> bool:
    return bool(page.errors) and set(page.errors) <= set(wanted)


def _earlier_year(run: Run) -> str:
    """The first day of the year before the earliest datestamp; "" where there is none."""
    earliest = text(identify(run).body("Identify"), "earliestDatestamp") or ""
    return f"{int(earliest[:4]) - 1:04}-01-01" if earliest[:4].isdecimal() and int(earliest[:4]) >= 1000 else ""


class OaiDialect(WebDialect):
    verbs: ClassVar[Checks] = {"ask": parameters, "look": one_of(*_KNOWN)}
    options: ClassVar[Checks] = {"by_hand": one_of("GET", "POST")}
    traits: ClassVar[Traits] = {
        **WebDialect.traits,
        "errors": Trait(a_flag, lambda page, wanted: bool(page.errors) is wanted),
        "error": Trait(some(str), _refused),
        "answers": Trait(some(str), lambda page, wanted: any(page.body(verb) is not None for verb in wanted)),
    }
    values: ClassVar[Values] = {
        "prefix": prefix,
        "identifier": lambda run: example(run).identifier,
        "datestamp": lambda run: example(run).datestamp,
        "token": some_token,
        "granularity": granularity,
        "sets": lambda run: str(len(sets(run))),
        "earlier_year": _earlier_year,
    }

    def ask(self, session: Run, question: Question) -> Page:
        if question.verb == "look":
            return _KNOWN[question.value](session)
        value = question.value
        if isinstance(value, str):
            query = written(value, question.fill)
        else:
            query = query_of(tuple((name, question.fill(each)) for name, each in value.items()))
        match question.options.get("by_hand"):
            case "GET":
                return page_of(ask_octets(session, get_octets(session, query)))
            case "POST":
                return page_of(ask_octets(session, post_octets(session, query.encode())))
            case _:
                return ask_query(session, query)

    def same(self, one: Page, other: Page) -> bool:
        return [each.key for each in one.headers] == [each.key for each in other.headers]

    def complain(self, verb: str, value: Any, options: Mapping[str, Any], safety: Safety) -> None:
        if verb == "look" and options:
            raise ValueError("is not asked by hand: the run has it already")


DIALECT = OaiDialect()
