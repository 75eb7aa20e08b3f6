"""CQL's relations and proximity, judged by what the numbers of results have to be."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import agree, agree_or_refused, counts, other_word, search, title_index, word
from library_conformance.run import Run

_FIRST = ("sru.search.count/query",)
_DATE = "dc.date"


@probe("sru.cql.all-any/numbers", needs=_FIRST, inputs=("query",), octets=True)
def all_any(run: Run) -> Seen:
    """Searches for all and any of two words in one index, and with and and or."""
    a, b, index = word(run), other_word(run), title_index(run)
    queries = (
        f'{index} all "{a} {b}"', f"{index} = {a} and {index} = {b}",
        f'{index} any "{a} {b}"', f"{index} = {a} or {index} = {b}",
    )  # fmt: skip
    return agree(
        run, queries, lambda every, both, some, either: every == both and some == either,
        "the numbers agree", "the numbers do not agree",
    )  # fmt: skip


@probe("sru.cql.phrase/two-words", needs=_FIRST, inputs=("query",), octets=True)
def phrase(run: Run) -> Seen:
    """Searches for two words as a phrase, in both orders, and for both anywhere in the index."""
    a, b, index = word(run), other_word(run), title_index(run)
    queries = (f'{index} adj "{a} {b}"', f'{index} adj "{b} {a}"', f'{index} all "{a} {b}"')
    found = counts(run, *queries)
    if isinstance(found, Seen):
        found = counts(run, *(query.replace(" adj ", " = ") for query in queries))
    if isinstance(found, Seen):
        return found
    if found[0] == found[1] == found[2] != 0:
        return breaks("the order makes no difference")
    return meets("no more than all") if max(found[0], found[1]) <= found[2] else breaks("more than all")


@probe("sru.cql.exact/title", needs=_FIRST, inputs=("query",), octets=True)
def exact(run: Run) -> Seen:
    """Searches for a title that is one word, and for the word in titles."""
    a, index = word(run), title_index(run)
    found = counts(run, f'{index} == "{a}"', f"{index} = {a}")
    if isinstance(found, Seen):
        found = counts(run, f'{index} exact "{a}"', f"{index} = {a}")
    if isinstance(found, Seen):
        return found
    if found[0] > found[1]:
        return breaks("more than with =")
    return meets("no more than with =")


def _dates(run: Run) -> None:
    """Raises NotApplicable where dates cannot be compared."""
    answer = search(run, f'{_DATE} < "2000"')
    if answer.numbers & {16, 19, 22}:
        raise NotApplicable("there is no index of dates with an order")


@probe("sru.cql.order/dates", needs=_FIRST, inputs=("query",), octets=True)
def order(run: Run) -> Seen:
    """Parts the records that have a date at a year, in both ways."""
    _dates(run)
    year = run.input("year", "1990")
    queries = tuple(f'{_DATE} {relation} "{year}"' for relation in ("<", ">=", "<=", ">"))
    return agree(
        run, queries, lambda below, from_, to, above: below + from_ == to + above > 0 and below <= to,
        "the numbers agree", "the numbers do not agree",
    )  # fmt: skip


@probe("sru.cql.within/dates", needs=_FIRST, inputs=("query",), octets=True)
def within(run: Run) -> Seen:
    """Searches within two years, and from the one to the other."""
    _dates(run)
    queries = (f'{_DATE} within "1980 1999"', f'{_DATE} >= "1980" and {_DATE} <= "1999"')
    return agree_or_refused(run, queries, lambda a, b: a == b, "as many", "other numbers", 19, 22, 24, 48)


def _near(run: Run, modifiers: str) -> str:
    index = title_index(run)
    return f"{index} = {word(run)} prox{modifiers} {index} = {other_word(run)}"


@probe("sru.cql.proximity/two-words", needs=_FIRST, inputs=("query",), octets=True)
def proximity(run: Run) -> Seen:
    """Searches for two words near each other, and for both anywhere."""
    index = title_index(run)
    both = f"{index} = {word(run)} and {index} = {other_word(run)}"
    return agree_or_refused(
        run, (_near(run, ""), both), lambda near, any_: near <= any_, "no more than and", "more than and",
        37, 39, 40, 41, 42, 43, 44, 48,
    )  # fmt: skip


@probe("sru.cql.proximity.distance/wider", needs=_FIRST, inputs=("query",), octets=True)
def distance(run: Run) -> Seen:
    """Searches for two words near each other, and less near."""
    queries = (_near(run, "/distance<=1/unit=word"), _near(run, "/distance<=9/unit=word"))
    return agree_or_refused(
        run, queries, lambda narrow, wide: narrow <= wide, "no fewer when wider", "fewer when wider",
        37, 39, 40, 41, 42, 43, 44, 46, 48,
    )  # fmt: skip
