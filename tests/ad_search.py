"""How Active Directory answers a search: the root DSE, pages and their limit, ranges of values, DirSync, referrals.

Documented in MS-ADTS 3.1.1.3 and in Microsoft's articles on LDAP policies and DirSync. State (cookies of pages) belongs
to one connection.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from library_protocols.ldap import (
    Attribute,
    Control,
    DecodeError,
    DirSyncFlag,
    DirSyncRequest,
    DirSyncResponse,
    DnError,
    Filter,
    PagedResults,
    Result,
    ResultCode,
    Scope,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
    find_control,
    folded_dn,
    parse_dn,
)
from library_protocols.ldap.facts import NO_ATTRIBUTES, ValueRange, oids, range_of, split_description
from tests.ad_tree import AdObject, AdTree, generalized

_COOKIE = struct.Struct("<4sQ")
_MARK = b"MSDS"
_HIDDEN = frozenset(("usncreated", "usnchanged", "whenchanged"))
"""What each server keeps for itself: no change that is told."""
_ALWAYS = ("objectguid", "instancetype")
"""What DirSync gives with every change."""

_NOT_BOUND = (
    "000004DC: LdapErr: DSID-0C0909AF, comment: In order to perform this operation a successful bind must be completed "
    "on the connection., data 0, v4563\0"
)

Answers = tuple[list[SearchResultEntry | SearchResultReference], SearchResultDone, tuple[Control, ...]]


@dataclass(slots=True)
class Policy:
    """What the people of a domain set. `lockout_threshold` 0 never locks. `replicators`: logins with the right to
    replicate changes. `tells_unknown`: a bind with a name that nobody has says 525, else 52e."""

    max_page_size: int = 1000
    max_val_range: int = 1500
    lockout_threshold: int = 5
    lockout_seconds: int = 1800
    observation_seconds: int = 1800
    require_encryption: bool = False
    tells_unknown: bool = True
    replicators: frozenset[str] = frozenset()
    dirsync_objects: int = 1000


_CONTROLS = frozenset((
    oids.PAGED_RESULTS, oids.DIR_SYNC, oids.SHOW_DELETED, oids.DOMAIN_SCOPE, oids.EXTENDED_DN, oids.SD_FLAGS,
    oids.SORT_REQUEST, "1.2.840.113556.1.4.802", "1.2.840.113556.1.4.1948", "1.2.840.113556.1.4.1340",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is left of a paged search."""

    asked: tuple[object, ...]
    objects: list[AdObject]


class AdSearch:
    def __init__(self, tree: AdTree, policy: Policy) -> None:
        self.tree = tree
        self.policy = policy
        self._rest: dict[bytes, _Rest] = {}

    def answer(self, op: SearchRequest, controls: Sequence[Control], bound: AdObject | None) -> Answers:
        """What is sent: entries and references, the result, its controls."""
        if any(one.critical and one.oid not in _CONTROLS for one in controls):
            return _failed(ResultCode.UNAVAILABLE_CRITICAL_EXTENSION, "00000057: LdapErr: comment: unknown control")
        if not op.base and op.scope == Scope.BASE:
            return [self._root(op)], SearchResultDone(Result()), ()
        if bound is None:
            return _failed(ResultCode.OPERATIONS_ERROR, _NOT_BOUND)
        try:
            base = self.tree.get(op.base)
        except DnError:
            return _failed(ResultCode.INVALID_DN_SYNTAX, "0000208F: NameErr: DSID-031001BA, problem 2006 (BAD_NAME)\0")
        if base is None or (base.deleted and find_control(controls, oids.SHOW_DELETED) is None):
            return self._no_object(op.base)
        try:
            if (sync := find_control(controls, oids.DIR_SYNC)) is not None:
                return self._dir_sync(op, DirSyncRequest.read(sync), base, bound)
            paged = find_control(controls, oids.PAGED_RESULTS)
            return self._found(op, controls, base, PagedResults.read(paged) if paged is not None else None)
        except DecodeError as error:
            return _failed(ResultCode.PROTOCOL_ERROR, error.reason)

    def _no_object(self, base: str) -> Answers:
        names = parse_dn(base)
        above = next((one for at in range(1, len(names) + 1) if (one := self.tree.get(names[at:]))), None)
        match = above.dn if above is not None else ""
        text = f"0000208D: NameErr: DSID-03100241, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'{match}'\n\0"
        return [], SearchResultDone(Result(ResultCode.NO_SUCH_OBJECT, match, text)), ()

    # Pages

    def _found(
        self, op: SearchRequest, controls: Sequence[Control], base: AdObject, paged: PagedResults | None
    ) -> Answers:
        deleted = find_control(controls, oids.SHOW_DELETED) is not None
        asked = (folded_dn(op.base), op.scope, op.filter, op.attributes, deleted)
        limit = op.size_limit
        if paged is None or 0 < limit <= paged.size:
            most = min(limit or self.policy.max_page_size, self.policy.max_page_size)
            found = self._matching(op.filter, self.tree.below(base, op.scope, deleted=deleted))
            code = ResultCode.SIZE_LIMIT_EXCEEDED if len(found) > most else ResultCode.SUCCESS
            entries = [self._entry(one, op) for one in found[:most]]
            return [*entries, *self._references(op, controls)], SearchResultDone(Result(code)), ()
        if paged.cookie:
            rest = self._rest.pop(paged.cookie, None)
            if rest is None or rest.asked != asked:
                text = "00000057: LdapErr: DSID-0C090B0A, comment: Error processing control, data 0, v4563\0"
                return _failed(ResultCode.UNAVAILABLE_CRITICAL_EXTENSION, text)
            found = rest.objects
        else:
            found = self._matching(op.filter, self.tree.below(base, op.scope, deleted=deleted))
        size = min(paged.size, self.policy.max_page_size)
        cookie = b""
        if paged.size and len(found) > size:
            cookie = secrets.token_bytes(12)
            self._rest[cookie] = _Rest(asked, found[size:])
        answers = [self._entry(one, op) for one in found[:size]]
        references = [] if cookie else self._references(op, controls)
        return [*answers, *references], SearchResultDone(Result()), (PagedResults(0, cookie).control(),)

    def _matching(self, filter_: Filter, objects: Iterable[AdObject]) -> list[AdObject]:
        return [one for one in objects if self.tree.matches(one, filter_)]

    def _references(self, op: SearchRequest, controls: Sequence[Control]) -> list[SearchResultReference]:
        """The root of a domain refers to the other partitions, unless the search is to stay in the domain."""
        if find_control(controls, oids.DOMAIN_SCOPE) is not None or op.scope != Scope.SUB:
            return []
        if folded_dn(op.base) != folded_dn(self.tree.base):
            return []
        domain, base = self.tree.domain, self.tree.base
        return [
            SearchResultReference((f"ldap://ForestDnsZones.{domain}/DC=ForestDnsZones,{base}",)),
            SearchResultReference((f"ldap://DomainDnsZones.{domain}/DC=DomainDnsZones,{base}",)),
            SearchResultReference((f"ldap://{domain}/CN=Configuration,{base}",)),
        ]

    # Entries

    def _entry(self, one: AdObject, op: SearchRequest) -> SearchResultEntry:
        held = dict(one.attributes)
        if links := self.tree.back_links(one):
            held["memberof"] = ("memberOf", links)
        names = dict(map(split_description, op.attributes))
        everything = not names or "*" in names
        found: list[Attribute] = []
        for kind, (name, values) in held.items():
            if NO_ATTRIBUTES in names or not (everything or kind in names):
                continue
            label, part = self._part(name, values, range_of(names.get(kind, ())))
            found.append((label, () if op.types_only else tuple(part)))
        return SearchResultEntry(one.dn, tuple(found))

    def _part(self, name: str, values: list[bytes], wanted: ValueRange | None) -> tuple[str, list[bytes]]:
        """An attribute as it is sent: as a range where one is asked for, or where there are too many values."""
        most = self.policy.max_val_range
        if wanted is None:
            if len(values) <= most:
                return name, values
            wanted = ValueRange(0, None)
        last = min(wanted.first + most - 1, len(values) - 1 if wanted.last is None else wanted.last)
        part = values[wanted.first : last + 1]
        sent = ValueRange(wanted.first, None if last >= len(values) - 1 else last)
        return f"{name};{sent.option()}", part

    def _root(self, op: SearchRequest) -> SearchResultEntry:
        base, domain = self.tree.base, self.tree.domain
        others = (f"CN=Configuration,{base}", f"CN=Schema,CN=Configuration,{base}")
        facts: dict[str, tuple[str, ...]] = {
            "defaultNamingContext": (base,),
            "rootDomainNamingContext": (base,),
            "configurationNamingContext": others[:1],
            "schemaNamingContext": others[1:],
            "namingContexts": (base, *others, f"DC=DomainDnsZones,{base}", f"DC=ForestDnsZones,{base}"),
            "dnsHostName": (f"dc1.{domain}",),
            "currentTime": (generalized(self.tree.now()),),
            "highestCommittedUSN": (str(self.tree.usn),),
            "supportedLDAPVersion": ("3", "2"),
            "supportedControl": tuple(sorted(_CONTROLS)),
            "supportedExtension": (oids.START_TLS, oids.WHO_AM_I),
            "supportedCapabilities": ("1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1935"),
            "supportedSASLMechanisms": ("GSSAPI", "GSS-SPNEGO", "EXTERNAL", "DIGEST-MD5"),
        }
        names = {name.lower() for name in op.attributes}
        wanted = [name for name in facts if not names or names & {"*", "+"} or name.lower() in names]
        return SearchResultEntry("", tuple((name, tuple(map(str.encode, facts[name]))) for name in wanted))

    # Changes

    def _dir_sync(self, op: SearchRequest, sync: DirSyncRequest, base: AdObject, bound: AdObject) -> Answers:
        replicates = bound.text("sAMAccountName") in self.policy.replicators
        secured = bool(sync.flags & DirSyncFlag.OBJECT_SECURITY)
        if folded_dn(base.dn) != folded_dn(self.tree.base) or op.scope != Scope.SUB:
            return _failed(ResultCode.UNWILLING_TO_PERFORM, "00002075: SvcErr: the base is not a naming context\0")
        if not (replicates or secured):
            text = "00002105: SecErr: DSID-03150EE0, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\0"
            return _failed(ResultCode.INSUFFICIENT_ACCESS_RIGHTS, text)
        since = 0
        if sync.cookie:
            if len(sync.cookie) != _COOKIE.size or not sync.cookie.startswith(_MARK):
                return _failed(ResultCode.PROTOCOL_ERROR, "00000057: LdapErr: comment: Error processing control\0")
            since = _COOKIE.unpack(sync.cookie)[1]
        visible = (one for one in self.tree.below(base, op.scope, deleted=True) if replicates or not one.deleted)
        changed = sorted((one for one in visible if one.usn > since), key=lambda one: one.usn)
        sent, more = changed[: self.policy.dirsync_objects], len(changed) > self.policy.dirsync_objects
        entries: list[SearchResultEntry | SearchResultReference] = []
        for one in sent:
            if self.tree.matches(one, op.filter) and (entry := self._change(one, since, op, sync)) is not None:
                entries.append(entry)
        until = sent[-1].usn if more else self.tree.usn
        return entries, SearchResultDone(Result()), (DirSyncResponse(more, _COOKIE.pack(_MARK, until)).control(),)

    def _change(self, one: AdObject, since: int, op: SearchRequest, sync: DirSyncRequest) -> SearchResultEntry | None:
        """What has changed of an object: all of it the first time, later the attributes that changed; those that are
        gone without values. None where nothing that is asked for has changed."""
        wanted = {name.lower() for name in op.attributes} - {"*"}
        told = {name for name, usn in one.changed.items() if usn > since} - _HIDDEN
        told = told & wanted if wanted else told
        if one.deleted and one.changed["isdeleted"] > since:
            told |= {"isdeleted"}
        if not told:
            return None
        found: list[Attribute] = []
        for name in sorted(told.union(_ALWAYS)):
            label, values = one.attributes.get(name, (name, []))
            if name == "member" and sync.flags & DirSyncFlag.INCREMENTAL_VALUES and since:
                found += _came_and_went(one, since)
            elif values or since:
                found.append((label, tuple(values)))
        return SearchResultEntry(one.dn, tuple(found))


def _came_and_went(one: AdObject, since: int) -> list[Attribute]:
    """Values of a linked attribute that came (range 1-1) or went (range 0-0)."""
    found: list[Attribute] = []
    for label, there in (("member;range=1-1", True), ("member;range=0-0", False)):
        links = tuple(link for link, (usn, now) in one.links.items() if usn > since and now is there)
        if links:
            found.append((label, links))
    return found


def _failed(code: int, text: str) -> Answers:
    return [], SearchResultDone(Result(code, "", text)), ()
