"""CQL that has to be understood: the language itself, judged by what the numbers of results have to be."""

from __future__ import annotations

import unicodedata

from library_conformance.model import NotApplicable, Seen, breaks, meets
from library_conformance.probes import probe
from library_conformance.probes.sru._ask import (
    agree,
    agree_or_refused,
    counts,
    dublin_core,
    other_word,
    search,
    spoken,
    title_index,
    word,
)
from library_conformance.run import Run
from library_conformance.web import children, local

_FIRST = ("sru.search.count/query",)
_CONTEXT = "info:srw/cql-context-set/1/dc-v1.1"


def _same(*found: int) -> bool:
    return len(set(found)) == 1


@probe("sru.cql.term/word", inputs=("query",), octets=True)
def term(run: Run) -> Seen:
    """Searches for one word."""
    found = counts(run, word(run))
    if isinstance(found, Seen):
        return found
    return meets("found") if found[0] else breaks("nothing")


@probe("sru.cql.quoted/word", needs=_FIRST, inputs=("query",), octets=True)
def quoted(run: Run) -> Seen:
    """Searches for one word with and without quotation marks."""
    return agree(run, (word(run), f'"{word(run)}"'), _same, "as many", "other numbers")


@probe("sru.cql.keywords-case/and", needs=_FIRST, inputs=("query",), octets=True)
def keywords_case(run: Run) -> Seen:
    """Writes booleans, an index and a relation in other letters."""
    a, b, index = word(run), other_word(run), title_index(run)
    queries = (f"{a} and {b}", f"{a} AND {b}", f"{a} aNd {b}")
    seen = agree(run, queries, _same, "as many", "other numbers")
    if seen.observation != "as many":
        return seen
    return agree(run, (f"{index} any {a}", f"{index.upper()} ANY {a}"), _same, "as many", "other numbers")


@probe("sru.cql.and-or-not/numbers", needs=_FIRST, inputs=("query",), octets=True)
def and_or_not(run: Run) -> Seen:
    """Searches for two words with and, or and not, and adds up."""
    a, b = word(run), other_word(run)
    queries = (a, b, f"{a} and {b}", f"{a} or {b}", f"{a} not {b}")
    return agree(
        run, queries, lambda a, b, both, either, one: either == a + b - both and one == a - both,
        "the numbers agree", "the numbers do not agree",
    )  # fmt: skip


@probe("sru.cql.left-to-right/or-and", needs=_FIRST, inputs=("query",), octets=True)
def left_to_right(run: Run) -> Seen:
    """Writes or before and without parentheses, with parentheses to the left, and with parentheses to the right."""
    a, b = word(run), other_word(run)
    nobody = "zzqxwvkjzzqxwvkj"
    found = counts(run, f"{a} or {b} and {nobody}", f"({a} or {b}) and {nobody}", f"{a} or ({b} and {nobody})")
    if isinstance(found, Seen):
        return found
    if found[1] == found[2]:
        raise NotApplicable("the inputs find nothing that would tell")
    return meets("from left to right") if found[0] == found[1] else breaks("and before or")


@probe("sru.cql.parentheses/right", needs=_FIRST, inputs=("query",), octets=True)
def parentheses(run: Run) -> Seen:
    """Puts parentheses to the right, and around everything."""
    a, b = word(run), other_word(run)
    queries = (a, f"{a} or ({b} and {a})", f"(({a}))")
    return agree(run, queries, _same, "as they should", "other numbers")


@probe("sru.cql.spaces/around", needs=_FIRST, inputs=("query",), octets=True)
def spaces(run: Run) -> Seen:
    """Puts much and no space around a relation and inside parentheses."""
    a, index = word(run), title_index(run)
    queries = (f"{index} = {a}", f"{index}={a}", f"  {index}   =   {a}  ", f"( {index}={a} )")
    return agree(run, queries, _same, "as many", "other numbers")


@probe("sru.cql.prefix/assigned", needs=_FIRST, inputs=("query",), octets=True)
def prefix(run: Run) -> Seen:
    """Assigns a prefix of our own to the context set of Dublin Core."""
    a = word(run)
    return agree(run, (f"dc.title = {a}", f'> ours = "{_CONTEXT}" ours.title = {a}'), _same, "as many", "other numbers")


@probe("sru.cql.server-choice/term", needs=_FIRST, inputs=("query",), octets=True)
def server_choice(run: Run) -> Seen:
    """Compares a bare term with cql.serverChoice."""
    relation = "scr" if spoken(run) == "1.1" else "="
    queries = (word(run), f"cql.serverChoice {relation} {word(run)}")
    return agree(run, queries, _same, "as many", "other numbers")


@probe("sru.cql.all-records/one", needs=_FIRST, inputs=("query",), octets=True)
def all_records(run: Run) -> Seen:
    """Searches for all records, and for those of them with a word."""
    queries = ("cql.allRecords = 1", word(run), f"cql.allRecords = 1 and {word(run)}")
    return agree(run, queries, lambda a, b, both: a >= b == both > 0, "all of them", "not all of them")


@probe("sru.cql.unicode/scripts", needs=_FIRST, inputs=("query",), octets=True)
def scripts(run: Run) -> Seen:
    """Searches for words of several scripts, and for one that stands in a record as it stands there."""
    for text in ("tŷ", "Ελλάδα", "كتاب", "図書館", "Ł'Ôr", "𐌰𐌽𐌳"):
        answer = search(run, f'"{text}"')
        if answer.diagnostics or answer.count is None:
            return breaks(answer.words)
    found = _foreign(run)
    if found is None:
        return meets("answered")
    return agree(
        run, (f'"{found}"',), lambda one: one > 0, "answered, and found as it stands", "not found as it stands"
    )


def _foreign(run: Run) -> str | None:
    """A word that is not ASCII, out of the titles of some records."""
    try:
        records = dublin_core(run, run.input("unicode_query", word(run)))
    except NotApplicable:
        return None
    titles = [each.text or "" for one in records for each in children(one) if local(each) == "title"]
    words = [each for title in titles for each in title.split() if each.isalpha() and not each.isascii()]
    return next(iter(words), None)


@probe("sru.cql.accents/composed", needs=_FIRST, inputs=("query",), octets=True)
def accents(run: Run) -> Seen:
    """Writes the same letters with their accents composed, and as characters of their own."""
    text = run.input("unicode_query", "tŷ")
    queries = tuple(f'"{unicodedata.normalize(form, text)}"' for form in ("NFC", "NFD"))
    return agree(run, queries, _same, "as many", "other numbers")


@probe("sru.cql.escaped/star", needs=_FIRST, inputs=("query",), octets=True)
def escaped(run: Run) -> Seen:
    """Escapes a star, a quotation mark and a backslash."""
    for query in (r'"zzqx \" zzqx"', r'"zzqx\\"', r'"zzqx\*"'):
        answer = search(run, query)
        if answer.diagnostics or answer.count is None:
            return breaks(answer.words)
    a = word(run)[:-1]
    found = counts(run, rf'"{a}\*"', f'"{a}*"')
    if isinstance(found, Seen):
        return meets("taken for characters")
    return meets("taken for characters") if found[0] < found[1] else breaks("the meaning stays")


@probe("sru.cql.injection/terms", needs=_FIRST, inputs=("query",), octets=True)
def injection(run: Run) -> Seen:
    """Puts into terms what databases and search engines might read."""
    terms = (
        "zzqx' OR '1'='1",
        "zzqx; DROP TABLE bib",
        "zzqx) OR (1=1",
        "zzqx:* || *:*",
        "${jndi:ldap://x}",
        "%00",
        "zzqx/../..",
    )
    for text in terms:
        answer = search(run, f'{title_index(run)} == "{text}"')
        if answer.status >= 500 or answer.numbers & {1, 2}:
            return breaks(answer.words)
        if answer.count:
            return breaks("something is found")
    return meets("nothing happens")


@probe("sru.cql.truncation/right", needs=_FIRST, inputs=("query",), octets=True)
def truncation(run: Run) -> Seen:
    """Puts a star behind a word, and behind its beginning."""
    a = word(run)
    return agree_or_refused(
        run, (a, f"{a}*", f"{a[:-1]}*"), lambda whole, star, shorter: 0 < whole <= star <= shorter,
        "at least as many", "fewer with a star", 28, 29, 31, 32, 9,
    )  # fmt: skip


@probe("sru.cql.masking/inside", needs=_FIRST, inputs=("query",), octets=True)
def masking(run: Run) -> Seen:
    """Puts a question mark for one letter, a star for some, and a star before a word."""
    a = word(run)
    middle = len(a) // 2
    masked = (f"{a[:middle]}?{a[middle + 1 :]}", f"{a[:middle]}*{a[middle + 1 :]}", f"*{a[1:]}")
    for query in masked:
        seen = agree_or_refused(
            run,
            (a, query),
            lambda one, more: more >= one,
            "at least as many",
            "fewer with a mask",
            28,
            29,
            30,
            31,
            32,
            9,
        )
        if seen.observation == "fewer with a mask" or "refused" not in seen.observation != "at least as many":
            return seen
    return meets("answered or refused in order")


@probe("sru.cql.anchor/beginning", needs=_FIRST, inputs=("query",), octets=True)
def anchor(run: Run) -> Seen:
    """Wants a word at the beginning of the title."""
    a, index = word(run), title_index(run)
    return agree_or_refused(
        run, (f"{index} = {a}", f'{index} = "^{a}"'), lambda any_, first: any_ >= first,
        "no more than anywhere", "more than anywhere", 28, 31, 32, 30,
    )  # fmt: skip
