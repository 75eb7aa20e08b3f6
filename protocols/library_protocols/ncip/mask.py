"""Secrets and people out of the octets of a document, same length, before anything else about it is believed.

Text stays only in elements that are known to hold nothing of the kind, so what is misspelt, misplaced or a vendor's
own is covered. At the first thing that is no XML, or a tag that closes another than the open one, the rest is covered.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from library_protocols.ncip.facts.secrets import CONTENTS, ECHOES, PROBLEMS, ROOTS, Kind
from library_protocols.ncip.scan import UTF_8_MARK, Token, View, attributes, local, tokens, view_of

_KINDS = {name.encode(): kind for name, kind in CONTENTS.items()}
_ECHOES = frozenset(name.encode() for name in ECHOES)
_PROBLEMS = frozenset(name.encode() for name in PROBLEMS)
_ROOTS = frozenset(name.encode() for name in ROOTS)
_PAIR = frozenset((b"Scheme", b"Value"))
_TEXTS = frozenset((Kind.PLAIN, Kind.PERSONAL, Kind.SECRET))
_BLANK = b" \t\r\n"
_WIDE_MARK = b"\x80"
"""The byte order mark of UTF-16 in a view."""
_DECLARATION = re.compile(
    rb"""xml\s+version\s*=\s*["'][\d.]{1,8}["'](?:\s+encoding\s*=\s*["']([\w.:-]{1,40})["'])?"""
    rb"""(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*"""
)
_XML = re.compile(rb"xml\s")
_ENCODING = re.compile(
    rb"utf-?(?:8|16(?:-?[lb]e)?)|(?:us-)?ascii|iso[-_]8859[-_:]\d{1,2}|latin-?\d|(?:windows-|cp)125\d", re.IGNORECASE
)
"""Character sets in which a tag looks as it does in ASCII."""
_NAMESPACE = re.compile(rb"xmlns(?::[\w.-]+)?")
_OF_THE_STANDARD = re.compile(rb"https?://www\.niso\.org/[\w./-]*")
_PLAIN_ATTRIBUTES = frozenset((b"Scheme", b"version", b"schemaLocation"))
_DEEPEST = 64
"""Elements within each other; the deepest of the tables is the fifteenth, and no reader goes on behind this."""
_CODE = re.compile(rb"[A-Z]+(?:_[A-Z]+)+(?![\w-])")
"""What a detail may begin with: a code of several words in capitals names nobody."""
_ABOUT_SECRETS = re.compile(rb"authentic|passw|credential|secret|\bpins?\b", re.IGNORECASE)


_START, _EMPTY, _END, _BEFORE = range(4)
_SORTS = {"start": _START, "empty": _EMPTY}
_TAGS_KEPT = 4096
"""Tags that are remembered: peers write the same ones again and again. Below 2 MB."""
_LONGEST_TAG = 400
_tags: dict[bytes, _Tag] = {}


class _Tag(NamedTuple):
    """What stands between `<` and `>`, where nothing of it may have to be covered but for where it stands. `within`:
    what its text is, by what that of the element around it is."""

    kind: int
    name: bytes = b""
    root: bool = False
    attributes: bool = False
    within: tuple[Kind, ...] = ()


class _Open(NamedTuple):
    """An element whose end has not come: its name with the prefix, its kind, where its contents begin; whether it is
    a problem or in one; whether its tags are covered."""

    name: bytes
    kind: Kind
    inside: int
    problem: bool
    nameless: bool


def mask(octets: bytes, *, personal: bool = False) -> bytes | None:
    """`octets`, a document or several in a row, with what is secret covered by stars, as long as before.

    Secret are data of authentication, comments, text in elements that no table knows, and what a problem about
    authentication echoes. `personal` covers what identifies or describes people too: identifiers, names, addresses,
    dates of birth, free text, what any problem echoes. None where `octets` do not begin with a document of NCIP in a
    character set that shows where tags are: then only length and hash may be kept.
    """
    view = view_of(octets)
    hidden = _hidden_in_ordinary(view.octets, personal)
    if hidden is None:
        hidden = _hidden_carefully(view.octets, personal)
    return None if hidden is None else _with_stars(octets, view, hidden)


def _hidden_carefully(view: bytes, personal: bool) -> list[tuple[int, int]] | None:
    """What is to be covered of any octets, in places of the view; None where they are no document."""
    cover = _Cover(view, personal)
    return cover.hidden if cover.run() else None


def _with_stars(octets: bytes, view: View, hidden: list[tuple[int, int]]) -> bytes:
    out = bytearray(octets)
    star = b"*" if view.width == 1 else b"\0*" if view.high_first else b"*\0"
    for start, stop in hidden:
        out[start * view.width : stop * view.width] = star * (stop - start)
    if len(octets) % view.width:
        out[-1:] = b"*"
    return bytes(out)


def _hidden_in_ordinary(view: bytes, personal: bool) -> list[tuple[int, int]] | None:
    """What `_hidden_carefully` finds in a whole document of known elements alone, without comments and problems; else
    None. Nearly all are like this, and tag by tag that is quickly seen."""
    before, *pieces = view.split(b"<")
    if before not in (b"", UTF_8_MARK, _WIDE_MARK):
        return None
    structure, unknown = Kind.STRUCTURE, Kind.UNKNOWN
    shows = Kind.PLAIN if personal else Kind.PERSONAL
    hidden: list[tuple[int, int]] = []
    around: list[tuple[bytes, Kind]] = []  # names of the elements that are open, and what the text around each is
    kind = structure
    at = len(before)
    for piece in pieces:
        content, closed, text = piece.partition(b">")
        tag = _tags.get(content) or _learnt(content)
        if tag is None or not closed:
            return None
        sort, name, root, attributed, within = tag
        if sort == _END:
            if not around:
                return None
            opened, kind = around.pop()
            if opened != name:
                return None
        elif sort != _BEFORE:
            inside = within[kind]
            if (attributed and inside >= unknown) or (not around and (not root or sort == _EMPTY)):
                return None
            if len(around) == _DEEPEST:
                return None
            if sort == _START:
                around.append((name, kind))
                kind = inside
        elif around:
            return None
        if text and (bare := text.strip(_BLANK)):
            if not around:
                return None
            if kind == structure or kind > shows:
                start = at + len(content) + 2 + text.index(bare)
                hidden.append((start, start + len(bare)))
        at += len(piece) + 1
    return None if around or not pieces else hidden


def _learnt(content: bytes) -> _Tag | None:
    """The tag that `content` is, remembered; None where it is none that leaves no doubt."""
    if len(content) > _LONGEST_TAG:
        return None
    token = next(tokens(b"<" + content + b">"), None)
    if token is None or token.stop != len(content) + 2:
        return None
    inside = content[token.inside[0] - 1 : token.inside[1] - 1]
    if token.kind in ("instruction", "doctype"):
        if token.kind == "instruction" and not _declares(inside):
            return None
        tag = _Tag(_BEFORE)
    elif token.kind in ("start", "empty", "end"):
        bare = local(inside)
        named = list(attributes(b"<" + content, token.attributes))
        if bare in _PROBLEMS or (bare not in _KINDS and bare not in _PAIR):
            return None
        if any(not _NAMESPACE.fullmatch(name) and local(name) not in _PLAIN_ATTRIBUTES for name, _, _ in named):
            return None
        within = tuple(_kind_within(kind, bare) for kind in Kind)
        tag = _Tag(_SORTS.get(token.kind, _END), inside, bare in _ROOTS, bool(named), within)
    else:
        return None
    if len(_tags) >= _TAGS_KEPT:
        _tags.clear()
    _tags[content] = tag
    return tag


def _declares(instruction: bytes) -> bool:
    """Whether this is an XML declaration, of a character set that shows where tags are."""
    declaration = _DECLARATION.fullmatch(instruction)
    return declaration is not None and (declaration[1] is None or _ENCODING.fullmatch(declaration[1]) is not None)


class _Cover:
    """Collects in `hidden` what is to be covered, in places of the view."""

    def __init__(self, view: bytes, personal: bool) -> None:
        self.view = view
        self.hidden: list[tuple[int, int]] = []
        self._shows = Kind.PLAIN if personal else Kind.PERSONAL
        self._open: list[_Open] = []
        self._echoes: list[tuple[int, int]] = []
        self._echo_secrets = personal

    def run(self) -> bool:
        """Whether there is a document; then all of it has been seen."""
        view = self.view
        at = 0
        begun = False
        while view.startswith(UTF_8_MARK, at):
            at += len(UTF_8_MARK)
        if view.startswith(_WIDE_MARK):
            at = 1
        for token in tokens(view, at):
            if not self._token(token):
                break
            at = token.stop
            begun = begun or bool(self._open) or token.kind == "empty"
        if not begun:
            return False
        self._hide(at, len(view))
        if self._echo_secrets:
            self.hidden += self._echoes
        return True

    def _token(self, token: Token) -> bool:
        """Covers what is to be covered of a token; False where from it on everything is."""
        kind = token.kind
        if kind == "start" or kind == "empty":
            return self._start(token)
        if kind == "end":
            return self._end(token)
        if kind == "text" or kind == "cdata":
            return self._text(*token.inside, cdata=kind == "cdata")
        if kind == "comment":
            self._hide(*token.inside)
            return True
        if kind == "instruction":
            return self._instruction(token)
        return not self._open

    def _start(self, token: Token) -> bool:
        name = self.view[slice(*token.inside)]
        bare = local(name)
        parent = self._open[-1] if self._open else None
        if (parent is None and bare not in _ROOTS) or len(self._open) == _DEEPEST:
            return False
        kind = _kind_within(parent.kind, bare) if parent else Kind.STRUCTURE
        # Where only text belongs, a name that is none of the standard's may be text in which `<` was not escaped.
        nameless = parent is not None and parent.kind in _TEXTS and bare not in _KINDS and bare not in _PAIR
        if nameless:
            self._hide(token.start, token.stop)
        for attribute, start, stop in attributes(self.view, token.attributes):
            if not self._may_show(attribute, start, stop, kind):
                self._hide(start, stop)
        if token.kind == "start":
            problem = bare in _PROBLEMS or (parent is not None and parent.problem)
            self._open.append(_Open(name, kind, token.stop, problem, nameless))
        return True

    def _may_show(self, attribute: bytes, start: int, stop: int, kind: Kind) -> bool:
        if _NAMESPACE.fullmatch(attribute):
            return kind < Kind.UNKNOWN or _OF_THE_STANDARD.fullmatch(self.view, start, stop) is not None
        return local(attribute) in _PLAIN_ATTRIBUTES and kind < Kind.UNKNOWN

    def _end(self, token: Token) -> bool:
        name = self.view[slice(*token.inside)]
        if not self._open:
            return False
        last = self._open[-1]
        if last.name != name:
            self._hide(last.inside, token.start)
            return False
        self._open.pop()
        if last.nameless:
            self._hide(token.start, token.stop)
        return True

    def _text(self, start: int, stop: int, *, cdata: bool) -> bool:
        text = self.view[start:stop]
        bare = text.strip(_BLANK)
        if not bare:
            return True
        if not self._open:
            return False
        last = self._open[-1]
        if last.problem and not self._echo_secrets:
            self._echo_secrets = _ABOUT_SECRETS.search(text) is not None
        start += text.index(bare)
        stop = start + len(bare)
        if local(last.name) in _ECHOES:
            code = None if cdata else _CODE.match(self.view, start, stop)
            self._echoes.append((code.end() if code else start, stop))
        elif last.kind == Kind.STRUCTURE or last.kind > self._shows:
            self._hide(start, stop)
        return True

    def _instruction(self, token: Token) -> bool:
        if _XML.match(self.view, *token.inside):
            return not self._open and _declares(self.view[slice(*token.inside)])
        self._hide(*token.inside)
        return True

    def _hide(self, start: int, stop: int) -> None:
        if start < stop:
            self.hidden.append((start, stop))


def _kind_within(parent: Kind, name: bytes) -> Kind:
    """What the text of an element is that stands in one whose text is `parent`."""
    if parent == Kind.SECRET:
        return Kind.SECRET
    if name in _PAIR:
        return parent if parent in (Kind.PLAIN, Kind.PERSONAL) else Kind.UNKNOWN
    own = _KINDS.get(name, Kind.UNKNOWN)
    if parent == Kind.UNKNOWN:
        return max(own, Kind.UNKNOWN)
    return max(own, parent) if parent == Kind.PERSONAL else own
