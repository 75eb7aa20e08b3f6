"""Paged results: complete, in pages of the size asked for, with cookies that cannot be made up."""

from __future__ import annotations

from library_conformance.model import Behaviour, NotApplicable, Seen, absent, breaks, meets, unsafe
from library_conformance.probes import probe
from library_conformance.probes.ldap.talk import FOUND, SUCCESS, Found, Session, by_uid, session
from library_conformance.run import Run
from library_protocols.ldap import DecodeError, PagedResults, find_control
from library_protocols.ldap.facts import oids

PAGES = "ldap.paging.complete/three-pages"
SIZE = 3
MOST = 4
"""Pages that are asked for: enough to see that one follows another."""


def _page(talk: Session, size: int, cookie: bytes, *, critical: bool = True) -> tuple[Found, bytes | None]:
    """A page and the next cookie; None where no control came."""
    control = PagedResults(size, cookie).control(critical=critical)
    found = talk.search("(objectClass=*)", "1.1", controls=(control,))
    answered = find_control(found.controls, oids.PAGED_RESULTS)
    try:
        return found, PagedResults.read(answered).cookie if answered else None
    except DecodeError:
        return found, None


@probe(PAGES, verifies=("ldap.paging.offered", "ldap.paging.size", "ldap.paging.complete"), needs=(FOUND,))
def pages(run: Run) -> Seen:
    """Reads up to four pages of three entries, and the same in one answer: none twice, none left out."""
    names: list[str] = []
    cookie, sizes = b"", list[int]()
    with session(run) as talk:
        for _ in range(MOST):
            found, following = _page(talk, SIZE, cookie)
            if found.code == 12:
                return absent("paging is not offered")
            if found.code or following is None:
                return breaks(f"result {found.code}" if found.code else "no control in the answer")
            names += found.entries
            sizes.append(len(found.entries))
            cookie = following
            if not cookie:
                break
        whole, _ = _page(talk, len(names), b"")
    faults = {
        "ldap.paging.size": any(size > SIZE for size in sizes) or (bool(cookie) and 0 in sizes),
        "ldap.paging.complete": len(set(names)) < len(names) or set(whole.entries) != set(names),
    }
    said = "pages as asked for" if not any(faults.values()) else "pages with faults"
    behaviours = {name: Behaviour.BREAKS if bad else Behaviour.MEETS for name, bad in faults.items()}
    return Seen(said, behaviours=behaviours)


@probe("ldap.paging.last/empty-cookie", needs=(PAGES,))
def last(run: Run) -> Seen:
    """Asks for a page that has room for everything: its cookie is empty. Looks at one person alone."""
    with session(run) as talk:
        found = talk.search(by_uid(run), "1.1", controls=(PagedResults(100).control(critical=True),))
    answered = find_control(found.controls, oids.PAGED_RESULTS)
    if answered is None:
        return breaks("no control in the answer")
    return breaks("a cookie after the last page") if PagedResults.read(answered).cookie else meets("an empty cookie")


@probe("ldap.paging.bad-cookie/made-up", needs=(PAGES,))
def bad_cookie(run: Run) -> Seen:
    """Sends a cookie that the directory has not made."""
    with session(run) as talk:
        found, _ = _page(talk, SIZE, b"conformance-cookie")
    if found.code == SUCCESS:
        return breaks("taken")
    return meets("refused")


@probe("ldap.paging.foreign-cookie/other-connection", needs=(PAGES,))
def foreign_cookie(run: Run) -> Seen:
    """Uses one connection's cookie on another that nobody has bound."""
    with session(run) as talk:
        _, cookie = _page(talk, 1, b"")
        if not cookie:
            raise NotApplicable("there is but one page")
        with session(run, bound=False) as other:
            found, _ = _page(other, 1, cookie)
    return unsafe("shows entries to anybody") if found.entries else meets("refused")


@probe("ldap.paging.not-critical/first-page", needs=(PAGES,))
def not_critical(run: Run) -> Seen:
    """Asks for pages without insisting."""
    with session(run) as talk:
        found, cookie = _page(talk, SIZE, b"", critical=False)
    if found.code:
        return breaks(f"result {found.code}")
    return meets("pages all the same") if cookie is not None else absent("everything at once")
