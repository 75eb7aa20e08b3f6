"""The state of a request (who asks, for whom, under which address, on what condition), and what is remembered between
requests: where the pages of a long list began. Pure but for its clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.adapters.scim.mapping import Resource
from gateway.adapters.scim.problems import Refused
from gateway.adapters.scim.schemas import ScimMember
from gateway.identity.model import Group

ANY_VERSION = "*"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks. `source` is what the people of this client are marked with; `base` the address of the member's SCIM.

    A client that may write sees its own people and groups alone. One that may only read sees everybody's.
    """

    member: str
    source: str
    base: str
    may_write: bool
    settings: ScimMember = field(default_factory=ScimMember)

    def owns(self, group: Group) -> bool:
        """Whether this client sees the group."""
        return not self.may_write or group.source == self.source

    def writes(self) -> None:
        """Raises Refused where the client may only read."""
        if not self.may_write:
            raise Refused(403, "This API key may only read; it has not the scope `provision`.")


@dataclass(frozen=True, slots=True)
class Conditions:
    """The entity tags of If-Match and If-None-Match (RFC 9110 13.1), compared weakly: ours are weak."""

    match: tuple[str, ...] = ()
    none_match: tuple[str, ...] = ()

    @classmethod
    def of(cls, match: str | None, none_match: str | None) -> Conditions:
        """From the headers, or from `version` in a bulk request."""
        return cls(_tags(match), _tags(none_match))

    def check(self, version: str) -> None:
        """Raises Refused (412) where a change is meant for another version."""
        if self.match and not _named(self.match, version):
            raise Refused(412, "The resource has another version.")

    def is_known(self, version: str) -> bool:
        """Whether the client has this version already."""
        return bool(self.none_match) and _named(self.none_match, version)


def _tags(header: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip().removeprefix("W/") for each in (header or "").split(","))))


def _named(tags: tuple[str, ...], version: str) -> bool:
    bare = version.removeprefix("W/")
    return ANY_VERSION in tags or bare in tags or bare.strip('"') in tags


@dataclass(frozen=True, slots=True)
class Question:
    """A request. `path` has the parts behind the member's address; `body` is what JSON says, {} where there is none."""

    method: str
    path: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Resource = field(default_factory=dict)
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is None where there is none; `version` an entity tag; `location` is set where something was made."""

    status: int
    body: Resource | None = None
    version: str = ""
    location: str = ""


class Bookmarks:
    """Behind which id the page at a position begins, of lists that are read from front to back. `most` at once, each
    for `seconds`; a list that has no bookmark is counted through from its nearest one."""

    def __init__(self, now: Callable[[], float], most: int = 1000, seconds: float = 600.0) -> None:
        self._now = now
        self._most = most
        self._seconds = seconds
        self._kept: OrderedDict[tuple[str, str, int], tuple[str, float]] = OrderedDict()

    def keep(self, asker: Asker, position: int, after: str) -> None:
        """The resource at `position`, counted from 0, is the first one behind the id `after`."""
        name = (asker.member, self._list(asker), position)
        self._kept[name] = (after, self._now() + self._seconds)
        self._kept.move_to_end(name)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def find(self, asker: Asker, position: int) -> tuple[int, str]:
        """The nearest known position at or before this one, and the id it is behind."""
        now, name = self._now(), (asker.member, self._list(asker))
        known = ((at, after) for (*of, at), (after, until) in self._kept.items() if tuple(of) == name and until > now)
        return max((each for each in known if each[0] <= position), default=(0, ""))

    def _list(self, asker: Asker) -> str:
        return asker.source if asker.may_write else ""
