"""A request out of a query string or form body, with everything the protocol says is wrong with it at once.

Reading never raises: what comes back is a `Request` to answer, or a `BadRequest` with the errors to answer with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from library_protocols.oai_pmh.datestamps import Datestamp, Granularity, parse_datestamp
from library_protocols.oai_pmh.facts import ARGUMENTS, VERBS, ErrorCode, Use, Verb, VerbFact
from library_protocols.oai_pmh.syntax import is_identifier, is_metadata_prefix, is_set_spec, printable

MAX_OCTETS = 8192
"""Longest query or form read: several times what the longest token of a known repository needs."""
MAX_PAIRS = 32
"""Most pairs read; the protocol has seven arguments."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class OaiError:
    """One error of a response. `code` is an `ErrorCode`, or another repository's own word."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Request:
    """One well-formed request. Only the arguments of its verb are ever set."""

    verb: Verb
    identifier: str | None = None
    metadata_prefix: str | None = None
    from_: Datestamp | None = None
    until: Datestamp | None = None
    set_spec: str | None = None
    resumption_token: str | None = None

    def arguments(self) -> dict[str, str]:
        """Verb and arguments as a response echoes them and a client sends them."""
        values = {
            "verb": self.verb.value,
            "identifier": self.identifier,
            "metadataPrefix": self.metadata_prefix,
            "from": self.from_.text if self.from_ else None,
            "until": self.until.text if self.until else None,
            "set": self.set_spec,
            "resumptionToken": self.resumption_token,
        }
        return {name: value for name, value in values.items() if value is not None}

    def query(self) -> str:
        """The request as a query string or form body."""
        return urlencode(self.arguments())


@dataclass(frozen=True, slots=True)
class BadRequest:
    """A request that cannot be answered: why."""

    errors: tuple[OaiError, ...]


def read_query(octets: bytes, granularity: Granularity = Granularity.SECOND) -> Request | BadRequest:
    """Read a query string or form body. `granularity` is the finest the repository has."""
    if len(octets) > MAX_OCTETS:
        return _bad(ErrorCode.BAD_ARGUMENT, f"the request has more than {MAX_OCTETS} octets")
    try:
        text = octets.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MAX_PAIRS)
    except UnicodeDecodeError:
        return _bad(ErrorCode.BAD_ARGUMENT, "the arguments are not UTF-8 in percent-encoding")
    except ValueError:
        return _bad(ErrorCode.BAD_ARGUMENT, f"there are more than {MAX_PAIRS} arguments")
    return read_arguments(pairs, granularity)


def read_arguments(
    pairs: Iterable[tuple[str, str]], granularity: Granularity = Granularity.SECOND
) -> Request | BadRequest:
    """Read decoded names and values, repetitions included."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    verbs = given.pop("verb", [])
    if len(verbs) != 1:
        return _bad(ErrorCode.BAD_VERB, "verb is given more than once" if verbs else "there is no verb")
    try:
        fact = VERBS[Verb(verbs[0])]
    except ValueError:
        return _bad(ErrorCode.BAD_VERB, f"there is no verb {_shown(verbs[0])}")
    errors: list[OaiError] = []
    values = _values(fact, given, errors)
    from_ = _datestamp("from", values, granularity, errors)
    until = _datestamp("until", values, granularity, errors)
    if from_ and until:
        errors += _order(from_, until)
    for name, is_valid, what in _SYNTAX:
        if name in values and not is_valid(values[name]):
            errors.append(_argument(f"{name} {_shown(values[name])} is not {what}"))
    if errors:
        return BadRequest(tuple(errors))
    return Request(
        fact.verb,
        identifier=values.get("identifier"),
        metadata_prefix=values.get("metadataPrefix"),
        from_=from_,
        until=until,
        set_spec=values.get("set"),
        resumption_token=values.get("resumptionToken"),
    )


_SYNTAX = (
    ("identifier", is_identifier, "a URI"),
    ("metadataPrefix", is_metadata_prefix, "a metadata prefix"),
    ("set", is_set_spec, "a setSpec"),
    ("resumptionToken", lambda text: printable(text) == text, "text"),
)


def _values(fact: VerbFact, given: dict[str, list[str]], errors: list[OaiError]) -> dict[str, str]:
    """What is given once and belongs to the verb; what is wrong with the rest goes to `errors`."""
    values: dict[str, str] = {}
    for name, found in given.items():
        if name not in fact.arguments:
            why = f"{fact.verb} takes no" if name in ARGUMENTS else "there is no"
            errors.append(_argument(f"{why} argument {_shown(name)}"))
        elif len(found) > 1:
            errors.append(_argument(f"{name} is given more than once"))
        elif not found[0]:
            errors.append(_argument(f"{name} has no value"))
        else:
            values[name] = found[0]
    exclusive = [name for name in given if fact.arguments.get(name) is Use.EXCLUSIVE]
    if exclusive and len(given) > 1:
        errors.append(_argument(f"{exclusive[0]} stands alone, without other arguments"))
    if not exclusive:
        errors += [_argument(f"{fact.verb} needs {name}") for name in fact.required if name not in given]
    return values


def _datestamp(name: str, values: dict[str, str], finest: Granularity, errors: list[OaiError]) -> Datestamp | None:
    text = values.get(name)
    if text is None:
        return None
    found = parse_datestamp(text)
    if found is None:
        forms = "YYYY-MM-DD" if finest is Granularity.DAY else "YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ"
        errors.append(_argument(f"{name} {_shown(text)} is not {forms}"))
    elif finest is Granularity.DAY and found.granularity is Granularity.SECOND:
        errors.append(_argument(f"{name} is finer than {finest.value}, the granularity of this repository"))
    return found


def _order(from_: Datestamp, until: Datestamp) -> Sequence[OaiError]:
    if from_.granularity is not until.granularity:
        return [_argument("from and until differ in granularity")]
    if from_.first > until.first:
        return [_argument("from is later than until")]
    return []


def _shown(value: str) -> str:
    """A value of the request for a message: short, in quotes."""
    return f'"{value if len(value) <= _SHOWN else value[:_SHOWN] + "..."}"'


def _argument(message: str) -> OaiError:
    return OaiError(ErrorCode.BAD_ARGUMENT, message)


def _bad(code: ErrorCode, message: str) -> BadRequest:
    return BadRequest((OaiError(code, message),))


__all__ = ["MAX_OCTETS", "BadRequest", "OaiError", "Request", "read_arguments", "read_query"]
