"""A connection to a directory as probes hold it: one request, all its answers, and what is missing is an error of the
line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from library_conformance.model import Seen, SetupFailed, breaks
from library_conformance.octets import Unreadable, whole
from library_conformance.run import Line, Run
from library_protocols.ldap import (
    BindRequest,
    Control,
    DecodeError,
    Filter,
    LdapMessage,
    Request,
    Result,
    SearchRequest,
    SearchResultEntry,
    SearchResultReference,
    Simple,
    decode,
    encode,
    escape_filter_value,
    parse_filter,
)

ROOT = "ldap.root.readable/before-bind"
BOUND = "ldap.bind.simple/right-password"
FOUND = "ldap.person.unique/by-uid"
BASE, ONE, SUB = 0, 1, 2
SUCCESS, PROTOCOL_ERROR, SIZE_LIMIT, NO_SUCH_OBJECT = 0, 2, 4, 32
INVALID_CREDENTIALS, INSUFFICIENT_ACCESS, UNWILLING = 49, 50, 53
NOT_VISIBLE = frozenset((1, 8, 13, NO_SUCH_OBJECT, 48, INSUFFICIENT_ACCESS, UNWILLING))
"""What a directory says to those who may not see anything."""


class NoAnswer(ConnectionError):
    """Nothing came in time, or the other end closed."""


class WrongAnswer(ConnectionError):
    """Something came that does not answer the request."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought. `entries` by name: values by attribute, whose names are in lower case."""

    result: Result
    entries: dict[str, dict[str, tuple[bytes, ...]]] = field(default_factory=dict)
    doubles: bool = False
    controls: tuple[Control, ...] = ()

    @property
    def code(self) -> int:
        return self.result.code

    @property
    def only(self) -> dict[str, tuple[bytes, ...]]:
        """The attributes of the first entry; none where there is none."""
        return next(iter(self.entries.values()), {})


class Session:
    def __init__(self, run: Run, line: Line) -> None:
        self._run = run
        self.line = line
        self._number = 0

    def send(self, op: Request, *controls: Control) -> int:
        """Says it; its message id."""
        self._number += 1
        self.line.send(encode(LdapMessage(self._number, op, controls)))
        return self._number

    def hear(self, number: int) -> list[LdapMessage]:
        """All answers to a message, the one with the result last. Raises NoAnswer, WrongAnswer and Unreadable."""
        found: list[LdapMessage] = []
        while True:
            octets = self.line.receive(whole)
            if not octets:
                raise NoAnswer
            try:
                message = decode(octets)
            except DecodeError as error:
                raise Unreadable(str(error)) from error
            if message.message_id != number:
                raise WrongAnswer("a notice" if not message.message_id else "another message id")
            found.append(message)
            if not isinstance(message.op, SearchResultEntry | SearchResultReference):
                return found

    def ask(self, op: Request, *controls: Control) -> list[LdapMessage]:
        return self.hear(self.send(op, *controls))

    def result(self, op: Request, *controls: Control) -> Result:
        """How an operation ended."""
        found = getattr(self.ask(op, *controls)[-1].op, "result", None)
        if not isinstance(found, Result):
            raise WrongAnswer("no result")
        return found

    def bind(self, name: str | None = None, password: str | None = None) -> Result:
        """With the name and password of the inputs, where none are given."""
        name = self._run.input("bind_dn") if name is None else name
        password = self._run.input("bind_password") if password is None else password
        return self.result(BindRequest(3, name, Simple(password.encode())))

    def search(
        self,
        filter_: str | Filter = "(objectClass=*)",
        *attributes: str,
        base: str | None = None,
        scope: int = SUB,
        size: int = 0,
        types_only: bool = False,
        controls: tuple[Control, ...] = (),
    ) -> Found:
        """Below the base of the inputs, where none is given."""
        base = self._run.input("base") if base is None else base
        asked = parse_filter(filter_) if isinstance(filter_, str) else filter_
        messages = self.ask(SearchRequest(base, scope, 0, size, 10, types_only, asked, attributes), *controls)
        result = getattr(messages[-1].op, "result", None)
        if not isinstance(result, Result):
            raise WrongAnswer("no result")
        entries = [one.op for one in messages if isinstance(one.op, SearchResultEntry)]
        names = {one.dn: {name.lower(): values for name, values in one.attributes} for one in entries}
        return Found(result, names, len(names) < len(entries), messages[-1].controls)

    def root(self, *attributes: str) -> Found:
        return self.search("(objectClass=*)", *(attributes or ("*", "+")), base="", scope=BASE)

    def person(self, *attributes: str, controls: tuple[Control, ...] = ()) -> Found:
        """The person of the inputs."""
        return self.search(by_uid(self._run), *attributes, controls=controls)


def by_uid(run: Run) -> str:
    return f"(uid={escape_filter_value(run.input('uid'))})"


@contextmanager
def session(run: Run, *, bound: bool = True) -> Iterator[Session]:
    """A connection, bound as the inputs say where they do. Raises SetupFailed where that is refused."""
    with run.line() as line:
        made = Session(run, line)
        if bound and run.input("bind_dn", "") and made.bind().code:
            raise SetupFailed("the bind of the inputs is refused")
        yield made
        if not line.closed:
            line.send(bytes.fromhex("30050201") + b"\x7f\x42\x00")  # unbindRequest


def unless(code: int, *good: int, what: str = "refused") -> Seen | None:
    """`breaks` for a result code that is none of these."""
    return None if code in good else breaks(f"{what}: result {code}")
