"""What a provider says of itself, whom it lets in, and how it says no."""

from __future__ import annotations

from library_conformance.model import Safety, Seen, SetupFailed, breaks, meets, unsafe
from library_conformance.probes import probe
from library_conformance.probes.scim.client import LIST, TYPE, USER, ask, is_error, judged, read
from library_conformance.run import Run

CONFIG = "scim.config.answer/get"
_FEATURES = ("patch", "bulk", "filter", "changePassword", "sort", "etag")


@probe(CONFIG, verifies=("scim.config.answer", "scim.config.features", "scim.http.content-type"), inputs=("api_key",))
def config(run: Run) -> Seen:
    """Fetches ServiceProviderConfig."""
    response = ask(run, "GET", "/ServiceProviderConfig")
    if response.status_code in (401, 403):
        raise SetupFailed("the input 'api_key' is not let in")
    found = read(response)
    run.found["scim config"] = found
    supported = {name: found.get(name, {}).get("supported") for name in _FEATURES if isinstance(found.get(name), dict)}
    run.found["announced"] = {name: bool(value) for name, value in supported.items()}
    return judged({
        "scim.config.answer": response.status_code == 200 and bool(found),
        "scim.config.features": set(supported) == set(_FEATURES)
        and all(isinstance(value, bool) for value in supported.values()),
        "scim.http.content-type": response.headers.get("content-type", "").startswith(TYPE),
    }, "what is supported is told")  # fmt: skip


@probe("scim.schemas.answer/get", verifies=("scim.schemas.answer", "scim.schemas.user-name"), needs=(CONFIG,),
       inputs=("api_key",))  # fmt: skip
def schemas(run: Run) -> Seen:
    """Fetches the schemas and looks for that of users."""
    found = read(ask(run, "GET", "/Schemas"))
    users = [each for each in found.get("Resources", ()) if each.get("id") == USER]
    names = {row.get("name"): row for each in users for row in each.get("attributes", ())}
    return judged({
        "scim.schemas.answer": LIST in found.get("schemas", ()) and bool(users),
        "scim.schemas.user-name": names.get("userName", {}).get("required") is True,
    }, "users have a schema")  # fmt: skip


@probe("scim.resource-types.answer/get", needs=(CONFIG,), inputs=("api_key",))
def resource_types(run: Run) -> Seen:
    """Fetches the types of resources and looks for users."""
    rows = read(ask(run, "GET", "/ResourceTypes")).get("Resources", ())
    here = any(row.get("schema") == USER and row.get("endpoint") == "/Users" for row in rows)
    return meets("users are one") if here else breaks("users are none")


@probe("scim.security.key.none/no-header", needs=(CONFIG,), inputs=("api_key",))
def no_key(run: Run) -> Seen:
    """Asks for users without a key."""
    response = ask(run, "GET", "/Users", query={"count": "0"}, key="")
    return meets("401") if response.status_code == 401 else breaks(f"status {response.status_code}")


@probe("scim.security.key.wrong/made-up", needs=(CONFIG,), inputs=("api_key",))
def wrong_key(run: Run) -> Seen:
    """Asks for users with a wrong key, once."""
    response = ask(run, "GET", "/Users", query={"count": "0"}, key="not-the-key-0")
    return meets("turned away") if response.status_code in (401, 403) else breaks(f"status {response.status_code}")


@probe("scim.errors.form/nobody", verifies=("scim.errors.form", "scim.errors.not-found"), needs=(CONFIG,),
       inputs=("api_key",))  # fmt: skip
def not_found(run: Run) -> Seen:
    """Fetches a user that there is not."""
    response = ask(run, "GET", "/Users/zz-no-such-user-0")
    return judged({
        "scim.errors.form": is_error(response, response.status_code),
        "scim.errors.not-found": response.status_code == 404,
    }, "404 in SCIM's form")  # fmt: skip


@probe("scim.errors.filter/no-filter", needs=(CONFIG,), inputs=("api_key",))
def bad_filter(run: Run) -> Seen:
    """Asks with a filter that is none."""
    response = ask(run, "GET", "/Users", query={"filter": "userName zz", "count": "0"})
    if not is_error(response, 400):
        return breaks(f"status {response.status_code}")
    return (
        meets("invalidFilter") if read(response).get("scimType") == "invalidFilter" else breaks("400 of another kind")
    )


@probe("scim.errors.body/no-json", needs=(CONFIG,), inputs=("api_key",), octets=True)
def bad_body(run: Run) -> Seen:
    """Posts what is no JSON."""
    response = ask(run, "POST", "/Users", b'{"userName": ')
    return meets("400") if is_error(response, 400) else breaks(f"status {response.status_code}")


@probe("scim.errors.required/no-user-name", needs=(CONFIG,), safety=Safety.WRITE_REVERSIBLE, inputs=("api_key",))
def no_user_name(run: Run) -> Seen:
    """Posts a user without a userName; one that is made all the same is removed again."""
    response = ask(run, "POST", "/Users", {"schemas": [USER], "displayName": "Nobody"})
    if made := read(response).get("id"):
        removed = ask(run, "DELETE", f"/Users/{made}").status_code == 204
        return breaks("made") if removed else unsafe("made, and it stays")
    return meets("400") if is_error(response, 400) else breaks(f"status {response.status_code}")
