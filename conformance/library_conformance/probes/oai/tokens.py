"""Resumption tokens: that a list in parts loses nothing, and that a token which is none opens nothing.

A list is followed for a dozen parts at most. Where it ends within them, and the input `set` can see to that, the whole
of it is judged; of a longer one, what was seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from library_conformance.model import NotApplicable, Seen, SetupFailed, breaks, meets, told
from library_conformance.probes import probe
from library_conformance.probes.oai._ask import (
    SECOND,
    Header,
    Page,
    all_of,
    ask,
    first_part,
    followed,
    narrowed,
    prefix,
    refused,
    some_token,
)
from library_conformance.run import Run, Target

_NEAR = 0.1
"""By how much an estimate of a list's size may be wrong."""
_SLOW = 5.0
"""So many times the first part's time, and a later part is slow; below half a second nothing is."""


def _ends(pages: list[Page]) -> bool:
    return not pages[-1].token


def _all(pages: list[Page]) -> list[Header]:
    return [one for page in pages for one in page.headers]


def _number(page: Page, name: str) -> int | None:
    """An attribute of the token as a number; None where it is not there. ValueError where it is none."""
    found = page.tokens[0].get(name) if page.tokens else None
    return None if found is None else int(found)


@probe("oai.token.complete/followed", needs=("oai.list.identifiers/first-part",), octets=True)
def complete(run: Run) -> Seen:
    """Follows a list by its tokens and looks for items that come twice, empty parts, and gaps in what is counted."""
    pages = followed(run)
    for page in pages:
        if page.errors or page.root is None:
            return breaks(f"on the way: {page.words}")
        if not page.headers:
            return breaks("an empty part")
    names = [one.identifier for one in _all(pages)]
    if len(set(names)) < len(names):
        return breaks("items come twice")
    try:
        size = _number(pages[0], "completeListSize")
    except ValueError:
        size = None
    if _ends(pages) and size is not None and len(names) < size:
        return breaks("items are lost")
    return meets("complete" if _ends(pages) else "none twice as far as it was followed")


@probe("oai.token.count/followed", needs=("oai.list.identifiers/first-part",), octets=True)
def count(run: Run) -> Seen:
    """Compares completeListSize with what came."""
    pages = followed(run)
    try:
        told_sizes = [_number(page, "completeListSize") for page in pages if page.tokens]
    except ValueError:
        return breaks("a size that is no number")
    sizes = {size for size in told_sizes if size is not None}
    if not sizes:
        raise NotApplicable("no size is told")
    if len(sizes) > 1 and max(sizes) - min(sizes) > _NEAR * max(sizes):
        return breaks("the size changes on the way")
    came = len(_all(pages))
    if not _ends(pages):
        return meets("no more came than was told") if came <= max(sizes) else breaks("more came than was told")
    if came in sizes:
        return meets("as many as were told")
    near = abs(came - max(sizes)) <= _NEAR * came
    return meets("about as many as were told") if near else breaks("not as many as were told")


@probe("oai.token.cursor/followed", needs=("oai.list.identifiers/first-part",), octets=True)
def cursor(run: Run) -> Seen:
    """Compares each cursor with what came before."""
    before, seen = 0, False
    for page in followed(run):
        try:
            found = _number(page, "cursor")
        except ValueError:
            return breaks("a cursor that is no number")
        seen = seen or found is not None
        if found not in (None, before):
            return breaks("it does not begin at 0" if before == 0 else "it does not count what was given")
        before += len(page.headers)
    if not seen:
        raise NotApplicable("no cursor is told")
    return meets("counts from 0")


@probe("oai.token.last-empty/followed", needs=("oai.list.identifiers/first-part",), octets=True)
def last_empty(run: Run) -> Seen:
    """Looks at the end of the last part."""
    pages = followed(run)
    if not _ends(pages):
        raise NotApplicable("the list is too long to be followed to its end; the input `set` can narrow it")
    return meets("an empty token") if pages[-1].tokens else breaks("no token at the end")


@probe("oai.token.none-unasked/one-record", needs=("oai.list.identifiers/first-part",), octets=True)
def none_unasked(run: Run) -> Seen:
    """Looks for a list that comes whole, and for a token at its end."""
    for page in _short_lists(run):
        if page.headers and not page.token:
            return breaks("an empty token that nobody needs") if page.tokens else meets("no token")
    raise NotApplicable("no list comes whole")


def _short_lists(run: Run) -> Iterator[Page]:
    """Lists that may be short: of a set, of the last seen datestamp, of each set in turn."""
    yield first_part(run)
    yield ask(run, "ListIdentifiers", metadataPrefix=prefix(run), **narrowed(run))
    stamps = [one.datestamp for one in first_part(run).headers]
    for stamp in (max(stamps, default=""), min(stamps, default="")):
        if stamp:
            yield ask(run, "ListIdentifiers", metadataPrefix=prefix(run), from_=stamp, until=stamp)
    yield ask(run, "ListSets")


@probe("oai.token.single/followed", needs=("oai.list.identifiers/first-part",), octets=True)
def single(run: Run) -> Seen:
    """Counts the tokens of every part, and looks where they stand."""
    for page in followed(run):
        if len(page.tokens) > 1:
            return breaks("several tokens")
        if page.tokens and page.tokens[0].getnext() is not None:
            return breaks("something follows the token")
    return meets("one, at the end")


@probe("oai.token.expiration/first", needs=("oai.list.identifiers/first-part",), octets=True)
def expiration(run: Run) -> Seen:
    """Looks when the first token ends."""
    found = followed(run)[0].tokens[0].get("expirationDate")
    if found is None:
        raise NotApplicable("no expirationDate is told")
    if not SECOND.fullmatch(found):
        return breaks("another form of date")
    ends = datetime.strptime(found, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return meets("later") if ends > datetime.now(UTC) else breaks("over already")


@probe("oai.token.exclusive/with-prefix", needs=("oai.list.identifiers/first-part",), octets=True)
def exclusive(run: Run) -> Seen:
    """Gives a good token together with a prefix."""
    page = ask(run, "ListIdentifiers", resumptionToken=some_token(run), metadataPrefix=prefix(run))
    if "badArgument" in page.errors:
        return meets("answered badArgument")
    return breaks(page.words)


@probe("oai.token.again/twice", needs=("oai.list.identifiers/first-part",), octets=True)
def again(run: Run) -> Seen:
    """Uses the same token twice."""
    token = some_token(run)
    first, second = (ask(run, "ListIdentifiers", resumptionToken=token) for _ in range(2))
    if not first.headers or not second.headers:
        return breaks(f"the second time {second.words}" if first.headers else first.words)
    lost = {one.identifier for one in first.headers} - {one.identifier for one in second.headers}
    return breaks("another part") if lost else meets("the same part")


@probe("oai.token.selection/set-and-dates", needs=("oai.list.identifiers/first-part",), octets=True)
def selection(run: Run) -> Seen:
    """Follows a list that was begun with a set or a format, and looks whether the second part keeps to it."""
    arguments = _selected(run)
    page = ask(run, "ListRecords", metadataPrefix=prefix(run), **arguments)
    if not page.token:
        raise NotApplicable("no selected list comes in parts")
    following = ask(run, "ListRecords", resumptionToken=page.token)
    return all_of(_strays(page, following, arguments), "keeps to it")


def _selected(run: Run) -> dict[str, str]:
    """A selection whose list may come in parts: the set most records of the first part are in, and its dates."""
    headers = first_part(run).headers
    specs = [spec for one in headers for spec in one.sets]
    stamps = [one.datestamp for one in headers]
    if not specs:
        return {"from_": min(stamps)} if stamps else {}
    most = max(dict.fromkeys(specs), key=specs.count)
    return {"set": most, "from_": min(stamps)}


def _strays(page: Page, following: Page, arguments: dict[str, str]) -> Iterator[str]:
    if not following.headers:
        yield following.words
    names = {each.tag for one in page.headers for each in one.metadata}
    for one in following.headers:
        if {each.tag for each in one.metadata} - names:
            yield "another format"
        if one.datestamp < arguments.get("from_", ""):
            yield "other dates"
        wanted = arguments.get("set")
        if wanted and not one.deleted and not any(f"{each}:".startswith(f"{wanted}:") for each in one.sets):
            yield "another set"


@probe("oai.token.altered/one-character", needs=("oai.list.identifiers/first-part",), octets=True)
def altered(run: Run) -> Seen:
    """Changes a character in the middle of a token."""
    token = some_token(run)
    place = len(token) // 2
    other = "A" if token[place] != "A" else "B"
    return refused(ask(run, "ListIdentifiers", resumptionToken=token[:place] + other + token[place + 1 :]),
                   "badResumptionToken", "badArgument")  # fmt: skip


@probe("oai.token.other-door/given", needs=("oai.list.identifiers/first-part",), inputs=("other_door",), octets=True)
def other_door(run: Run) -> Seen:
    """Gives a token to another repository at the same server."""
    token = some_token(run)
    try:
        target = Target.parse(run.input("other_door"))
    except ValueError as error:
        raise SetupFailed("the input 'other_door' is no address") from error
    page = ask(replace(run, target=target), "ListIdentifiers", resumptionToken=token)
    if page.headers:
        return breaks("a list of one of the two")
    return refused(page, "badResumptionToken", "badArgument")


@probe("oai.token.speed/followed", needs=("oai.list.identifiers/first-part",), octets=True)
def speed(run: Run) -> Seen:
    """Times the first part of a list and some of the later ones."""
    begun = time.monotonic()
    page = ask(run, "ListIdentifiers", metadataPrefix=prefix(run))
    first = time.monotonic() - begun
    if not page.token:
        raise NotApplicable("the list comes whole in its first answer")
    slowest = 0.0
    for _ in range(3):
        if not page.token:
            break
        begun = time.monotonic()
        page = ask(run, "ListIdentifiers", resumptionToken=page.token)
        slowest = max(slowest, time.monotonic() - begun)
    return told("slower later on" if slowest > max(0.5, _SLOW * first) else "as fast as the first")
