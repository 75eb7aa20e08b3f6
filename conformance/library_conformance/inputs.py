"""What a run may be told of a system, by standard: the names of inputs and what each of them is.

`library-conformance inputs STANDARD` prints them as a file to be filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

_PEOPLE = {
    "patron": "barcode of a test patron in good standing, without loans",
    "patron_pin": "PIN of that patron",
    "patron_blocked": "barcode of a patron who may not borrow",
}
_ITEMS = {
    "item": "barcode of a test item on the shelf that may be lent",
    "item2": "barcode of another one",
    "item_on_loan": "barcode of an item on loan to somebody else, whom nobody waits for",
}
_SIP2 = {
    "login": "user name of the kiosk in 93 (CN); without it nobody logs in",
    "password": "password of the kiosk (CO)",
    "location": "location code of the kiosk (CP)",
    "institution": "institution id (AO)",
    "terminal_password": "terminal password (AC), where the system wants one",
    "encoding": "character set of the messages: utf-8, cp850, …; utf-8 without it",
    **_PEOPLE,
    "patron_with_loans": "barcode of a patron who has loans; the PIN is that of the others",
    "patron_accents": "barcode of a patron whose name ASCII cannot spell",
    "item": _ITEMS["item"],
    "item_on_loan": "barcode of an item on loan to patron_with_loans",
    "pickup": "location code where holds are collected (BS)",
    "currency": "currency of fees, three letters; GBP without it",
}
_NCIP = {
    "agency": "agency id of the system (ToAgencyId)",
    "from_agency": "agency id that it knows us by (FromAgencyId)",
    "secret": "password of from_agency, where the system wants one",
    "api_key": "key that goes along as a bearer token, where the system wants one",
    **_PEOPLE,
    **_ITEMS,
    "bib": "record number of a title with more than one copy",
    "pickup": "agency or location where holds are collected",
    "currency": "currency of fees, three letters; GBP without it",
}
_LDAP = {
    "base": "name below which people are, as dc=example,dc=org",
    "uid": "user name of a test patron",
    "bind_dn": "name of an account that may search; without it nobody logs in",
    "bind_password": "password of that account",
}
_Z3950 = {
    "database": "name of the database to be searched",
    "query": "a search that finds something, in prefix notation (PQF)",
    "term": "a word that is in some titles",
    "login": "user name, where the system wants one",
    "password": "password of that user",
}
INPUTS: Mapping[str, Mapping[str, str]] = {
    "sip2": _SIP2,
    "ncip": _NCIP,
    "oai": {
        "prefix": "metadataPrefix of what is harvested; oai_dc without it",
        "set": "setSpec of a set that has records; the first that is listed without it",
        "token": "a resumption token that is over, or was never given",
        "other_door": "address of another repository of the same system, which must not take this one's tokens",
    },
    "sru": {
        "query": "a CQL query that finds something",
        "other_query": "another one; history without it",
        "unicode_query": "one that ASCII cannot spell; tŷ without it",
        "index": "an index that can be browsed and sorted by; dc.title without it",
        "year": "a year in which several records were published; 1990 without it",
        "facet_index": "an index with facets; dc.creator without it",
        "version": "1.1, 1.2 or 2.0, to ask for that one; the one that explain names without it",
    },
    "z3950": _Z3950,
    "ldap": _LDAP,
    "scim": {"api_key": "bearer token of an identity system that may read and write users"},
    "cross": {
        **_SIP2,
        **_NCIP,
        **_LDAP,
        **_Z3950,
        "word": "a word that is in several titles",
    },
}
"""For `cross` a name may begin with a door: `z3950.login` is the login of that door alone."""


def template(standard: str) -> str:
    """A TOML file of inputs, to be filled in."""
    rows = INPUTS[standard]
    lines = (f'# {name} = ""{" " * (max(map(len, rows)) - len(name))}  # {meaning}' for name, meaning in rows.items())
    return "\n".join(("[inputs]", *lines)) + "\n"


def attach(app: typer.Typer) -> None:
    app.command("inputs")(inputs)


def inputs(standard: Annotated[str, typer.Argument(help=f"One of {' '.join(INPUTS)}.")]) -> None:
    """Print what a run can be told of a system, as a TOML file to be filled in.

    Exit codes: 0 printed; 2 wrong usage.
    """
    if standard not in INPUTS:
        raise typer.BadParameter(f"{standard!r} is none of {', '.join(INPUTS)}")
    print(template(standard), end="")
