"""Users that a probe makes, looks for, changes and removes again; nobody else is touched or looked at."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx

from library_conformance.model import NotApplicable, Safety, Seen, absent, breaks, meets, unsafe
from library_conformance.probes import Look, probe
from library_conformance.probes.scim.client import LIST, PATCH, USER, ask, is_error, judged, read
from library_conformance.probes.scim.service import CONFIG
from library_conformance.run import Run

WRITE = Safety.WRITE_REVERSIBLE
MAKE = "scim.users.create/make-and-remove"
KEY = ("api_key",)


class Stays(Exception):
    """A user could not be removed again."""


def body(run: Run, suffix: str = "") -> dict[str, Any]:
    """A user whom nobody has made before."""
    run.found.setdefault("scim name", f"judge-{datetime.now(UTC):%y%m%d%H%M%S%f}")
    run.found["scim number"] = run.found.get("scim number", 0) + 1
    name = f"{run.found['scim name']}-{run.found['scim number']}{suffix}"
    return {"schemas": [USER], "userName": name, "name": {"familyName": "Judge", "givenName": "A."}, "active": True}


def remove(run: Run, id_: str) -> httpx.Response:
    return ask(run, "DELETE", f"/Users/{id_}")


@contextlib.contextmanager
def made(run: Run) -> Iterator[tuple[dict[str, Any], httpx.Response]]:
    """A user while the block runs: what was sent, and the answer. Raises Stays."""
    sent = body(run)
    run.left.add(sent["userName"])
    response = ask(run, "POST", "/Users", sent)
    id_ = str(read(response).get("id", ""))
    if not response.is_success:
        run.left.discard(sent["userName"])
    try:
        yield sent, response
    finally:
        if id_:
            remove(run, id_)
            if ask(run, "GET", f"/Users/{id_}").status_code == 200:
                raise Stays
            run.left.discard(sent["userName"])


def takes_back(look: Look) -> Look:
    """What a probe says whose user stays."""

    def carried_out(run: Run) -> Seen:
        try:
            return look(run)
        except Stays:
            return unsafe("the user stays")

    carried_out.__doc__ = look.__doc__
    return carried_out


@probe(MAKE, verifies=("scim.users.create", "scim.users.create.location", "scim.users.create.meta", "scim.users.get",
                       "scim.users.delete", "scim.users.delete.gone"),
       needs=(CONFIG,), safety=WRITE, inputs=KEY)  # fmt: skip
@takes_back
def make_and_remove(run: Run) -> Seen:
    """Makes a user, fetches it, and removes it."""
    with made(run) as (sent, response):
        found = read(response)
        id_ = str(found.get("id", ""))
        fetched = read(ask(run, "GET", f"/Users/{id_}")) if id_ else {}
        removed = remove(run, id_) if id_ else response
        gone = ask(run, "GET", f"/Users/{id_}") if id_ else response
    return judged({
        "scim.users.create": response.status_code == 201 and bool(id_),
        "scim.users.create.location": response.headers.get("location", "").endswith(f"/Users/{id_}"),
        "scim.users.create.meta": found.get("meta", {}).get("resourceType") == "User"
        and {"created", "lastModified", "location"} <= found.get("meta", {}).keys(),
        "scim.users.get": fetched.get("id") == id_ and fetched.get("userName") == sent["userName"],
        "scim.users.delete": removed.status_code == 204,
        "scim.users.delete.gone": gone.status_code == 404,
    }, "made, fetched and removed")  # fmt: skip


def _names(run: Run, filter_: str, **more: str) -> tuple[dict[str, Any], list[str]]:
    found = read(ask(run, "GET", "/Users", query={"filter": filter_, "attributes": "userName", **more}))
    return found, [str(row.get("userName")) for row in found.get("Resources", ())]


@probe("scim.filter.equal/by-user-name", verifies=("scim.filter.equal", "scim.filter.letter-case", "scim.list.form"),
       needs=(MAKE,), safety=WRITE, inputs=KEY)  # fmt: skip
@takes_back
def filter_equal(run: Run) -> Seen:
    """Makes a user and looks for it by its userName, as it is and in capitals."""
    with made(run) as (sent, _):
        name = sent["userName"]
        found, names = _names(run, f'userName eq "{name}"')
        _, capitals = _names(run, f'userName eq "{name.upper()}"')
    return judged({
        "scim.filter.equal": names == [name],
        "scim.filter.letter-case": capitals == [name],
        "scim.list.form": LIST in found.get("schemas", ()) and found.get("totalResults") == len(names) == 1,
    }, "found")  # fmt: skip


@probe("scim.filter.absent/nobody", needs=(CONFIG,), inputs=KEY)
def filter_nobody(run: Run) -> Seen:
    """Looks for a userName that nobody has: an empty list, no error."""
    found, names = _names(run, 'userName eq "zz-no-such-user-0"')
    if LIST not in found.get("schemas", ()):
        return breaks("no list")
    return meets("an empty list") if found.get("totalResults") == 0 and not names else breaks("somebody is found")


@probe("scim.list.paging/two-users", needs=(MAKE,), safety=WRITE, inputs=KEY)
@takes_back
def paging(run: Run) -> Seen:
    """Makes two users and lists them one by one."""
    with made(run) as (first, _), made(run) as (second, _):
        common = f'userName eq "{first["userName"]}" or userName eq "{second["userName"]}"'
        pages = [_names(run, common, count="1", startIndex=str(start)) for start in (1, 2)]
    if any(found.get("totalResults") != 2 for found, _ in pages):
        return breaks("another total than there are")
    listed = sorted(name for _, names in pages for name in names)
    wanted = sorted((first["userName"], second["userName"]))
    return meets("each once") if listed == wanted else breaks("not each of them once")


@probe("scim.attributes.chosen/user-name-alone", needs=(MAKE,), safety=WRITE, inputs=KEY)
@takes_back
def attributes(run: Run) -> Seen:
    """Makes a user and fetches its userName alone."""
    with made(run) as (_, response):
        id_ = read(response).get("id")
        found = read(ask(run, "GET", f"/Users/{id_}", query={"attributes": "userName"}))
    return breaks("more than was asked for") if "name" in found or "userName" not in found else meets("nothing else")


@probe("scim.users.unique/same-name", needs=(MAKE,), safety=WRITE, inputs=KEY)
@takes_back
def unique(run: Run) -> Seen:
    """Makes a user and another one of the same userName."""
    with made(run) as (sent, _):
        second = ask(run, "POST", "/Users", sent)
        if second.status_code == 201:
            remove(run, str(read(second).get("id", "")))
            return breaks("made twice")
    kind = read(second).get("scimType")
    return meets("uniqueness") if is_error(second, 409) and kind == "uniqueness" else breaks("refused otherwise")


@probe("scim.patch.replace/given-name", verifies=("scim.patch.replace", "scim.patch.rest"), needs=(MAKE,),
       safety=WRITE, inputs=KEY)  # fmt: skip
@takes_back
def patch(run: Run) -> Seen:
    """Makes a user and changes one part of the name."""
    if not run.found.get("announced", {}).get("patch"):
        return absent("not offered")
    with made(run) as (sent, response):
        path = f"/Users/{read(response).get('id')}"
        change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "name.givenName", "value": "B."}]}
        answer = ask(run, "PATCH", path, change)
        name = read(ask(run, "GET", path)).get("name", {})
    return judged({
        "scim.patch.replace": answer.status_code in (200, 204) and name.get("givenName") == "B.",
        "scim.patch.rest": name.get("familyName") == sent["name"]["familyName"],
    }, "changed, and nothing else")  # fmt: skip


@probe("scim.patch.bad/no-such-operation", needs=("scim.patch.replace/given-name",), safety=WRITE, inputs=KEY)
@takes_back
def bad_patch(run: Run) -> Seen:
    """Makes a user and asks for an operation that there is not."""
    with made(run) as (_, response):
        change = {"schemas": [PATCH], "Operations": [{"op": "polish", "path": "name.givenName", "value": "C."}]}
        answer = ask(run, "PATCH", f"/Users/{read(response).get('id')}", change)
    return meets("400") if is_error(answer, 400) else breaks(f"status {answer.status_code}")


@probe("scim.etag.precondition/other-version", verifies=("scim.etag.version", "scim.etag.precondition",
                                                         "scim.etag.not-modified"),
       needs=(MAKE,), safety=WRITE, inputs=KEY)  # fmt: skip
@takes_back
def etag(run: Run) -> Seen:
    """Makes a user, asks for it as it is known, and replaces another version of it than there is."""
    if not run.found.get("announced", {}).get("etag"):
        raise NotApplicable("versions are not offered")
    with made(run) as (sent, response):
        path = f"/Users/{read(response).get('id')}"
        tag = ask(run, "GET", path).headers.get("etag", "")
        known = ask(run, "GET", path, headers={"If-None-Match": tag})
        refused = ask(run, "PUT", path, sent, headers={"If-Match": 'W/"zz-0"'})
    return judged({
        "scim.etag.version": bool(tag) and read(response).get("meta", {}).get("version") == tag,
        "scim.etag.not-modified": known.status_code == 304,
        "scim.etag.precondition": refused.status_code == 412,
    }, "versions are heeded")  # fmt: skip


@probe("scim.users.active/switched-off", needs=(MAKE,), safety=WRITE, inputs=KEY)
@takes_back
def active(run: Run) -> Seen:
    """Makes a user and switches it off, as identity managers do with who leaves."""
    with made(run) as (sent, response):
        path = f"/Users/{read(response).get('id')}"
        answer = ask(run, "PUT", path, {**sent, "active": False})
        found = read(ask(run, "GET", path))
    return meets("off") if answer.status_code == 200 and found.get("active") is False else breaks("still on")
