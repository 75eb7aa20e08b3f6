"""The words of a term, folded, with what their masks let stand in the place of letters."""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.catalogue.index.folding import ANY_CHARACTERS, ONE_CHARACTER, fold, with_masks
from gateway.catalogue.index_map import Index
from gateway.catalogue.query import (
    Completeness,
    Position,
    ProblemCode,
    QueryProblem,
    Structure,
    Term,
    Truncation,
)
from library_protocols.values import value

MOST_CHARACTERS = 2_000
MOST_WORDS = 100
MOST_MASKS = 8
"""Masks in one word: each multiplies what an automaton has to keep in mind."""
MOST_WORK = 500
"""What the masks of one query may cost together, by `work_of`: some hundredths of a second to make ready."""
FEWEST_LITERAL = 2
"""Letters that must stand in a word whose beginning is open: the whole dictionary is read for it."""

_DICTIONARY = 50  # reading all of it is as much work as this many letters
_MASK = re.compile(f"[{ANY_CHARACTERS}{ONE_CHARACTER}]")


@value
class Word:
    """One folded word. `pattern`: the expression for words it may be, None where it is itself. `open_end`: anything
    may follow its last letter. `beginning`: where nothing else is left open, what such words begin with."""

    written: str
    pattern: str | None = None
    open_end: bool = False
    beginning: str | None = None

    @property
    def regex(self) -> str:
        """The expression for it, whatever it is."""
        return escape(self.written) if self.pattern is None else self.pattern

    def fits(self, word: str) -> bool:
        """Whether a folded word of a record is one of those meant."""
        return self.written == word if self.pattern is None else re.fullmatch(self.pattern, word) is not None


def escape(text: str) -> str:
    """The text as an expression that means itself: folded words hold only letters, digits, marks."""
    if text.isalnum():
        return text
    return "".join(sign if sign.isalnum() else f"\\{sign}" if sign.isascii() else sign for sign in text)


def _expression(text: str) -> str:
    return "".join(".*" if sign == ANY_CHARACTERS else "." if sign == ONE_CHARACTER else escape(sign) for sign in text)


def free(term: Term) -> bool:
    """Whether a term may stand anywhere in a field."""
    return term.position is Position.ANY and term.completeness is Completeness.INCOMPLETE and not term.last_in_field


@lru_cache(maxsize=64)
def words(term: Term) -> tuple[Word, ...]:
    """The words of a term, at least one. Raises QueryProblem. Kept, for a search asks for them two or three times."""
    if len(term.text) > MOST_CHARACTERS:
        raise QueryProblem(ProblemCode.TERM_TOO_LONG, f"{len(term.text)} characters")
    masked = with_masks(term.text) if term.truncation is Truncation.MASKED else _unmasked(term.text)
    found = fold(masked).split()
    if not found:
        raise QueryProblem(ProblemCode.TERM_EMPTY, term.text[:200])
    if len(found) > MOST_WORDS:
        raise QueryProblem(ProblemCode.TERM_TOO_LONG, f"{len(found)} words")
    if term.truncation is Truncation.NONE:
        return tuple([Word(word) for word in found])
    if term.truncation is not Truncation.MASKED:
        found = _truncated(found, term)
    return tuple([_word(word) for word in found])


def _unmasked(text: str) -> str:
    """The text without signs that stand for masks, which no reader types."""
    return text if text.isascii() else _MASK.sub("", text)


def _truncated(found: list[str], term: Term) -> list[str]:
    """Each word of a list is cut, of a phrase its first and its last."""
    each = term.structure in (Structure.WORD, Structure.ALL, Structure.ANY)
    last = len(found) - 1
    right = term.truncation in (Truncation.RIGHT, Truncation.BOTH)
    left = term.truncation in (Truncation.LEFT, Truncation.BOTH)
    return [
        (ANY_CHARACTERS if left and (each or place == 0) else "")
        + word
        + (ANY_CHARACTERS if right and (each or place == last) else "")
        for place, word in enumerate(found)
    ]


def _word(text: str) -> Word:
    masks = _MASK.findall(text)
    if not masks:
        return Word(text)
    literal = len(text) - len(masks)
    if literal < (1 if text[0] not in (ANY_CHARACTERS, ONE_CHARACTER) else FEWEST_LITERAL):
        raise QueryProblem(ProblemCode.MASKED_TOO_SHORT, readable(text))
    if len(masks) > MOST_MASKS:
        raise QueryProblem(ProblemCode.MASKED_TOO_MANY, readable(text))
    open_end = text.endswith(ANY_CHARACTERS)
    if open_end and len(masks) == 1:
        return Word(text, escape(text[:-1]) + ".*", True, text[:-1])
    return Word(text, _expression(text), open_end)


def work_of(expression: str) -> int:
    """What a mask costs: a state of its automaton for each sign, twice as many for each single character left open
    behind an open stretch, and the whole dictionary to be read where its beginning is open."""
    first = expression.find(".*")
    doubled = 0 if first < 0 else expression.count(".", first) - expression.count(".*")
    return (len(expression) << doubled) + (_DICTIONARY if expression.startswith(".") else 0)


def readable(text: str) -> str:
    """A folded word with its masks as they are typed."""
    return text.replace(ANY_CHARACTERS, "*").replace(ONE_CHARACTER, "?")


def key_words(asked: Term, index: Index) -> list[Word]:
    """What a number or code may be that is cut at its end, or masked: what stands between masks is read as the index
    reads its values. None where it cannot be read at all. Raises QueryProblem."""
    if asked.truncation is Truncation.RIGHT:
        return [_beginning(start) for start in (index.prefixes or index.normal)(asked.text)]
    text = asked.text
    masked = with_masks(text)
    masks = _MASK.findall(masked)
    if len(masks) > MOST_MASKS:
        raise QueryProblem(ProblemCode.MASKED_TOO_MANY, text[:200])
    if len(masks) == 1 and masked.endswith(ANY_CHARACTERS):
        return [_beginning(start) for start in (index.prefixes or index.normal)(masked[:-1])]
    out: list[str] = []
    literal = 0
    for piece in re.split(f"([{ANY_CHARACTERS}{ONE_CHARACTER}])", masked):
        if _MASK.fullmatch(piece):
            out.append(_expression(piece))
        elif piece:
            forms = index.normal(piece)
            if len(forms) != 1:
                raise QueryProblem(ProblemCode.MASKING, f"{index.name}: {text}"[:200])
            literal += len(forms[0])
            out.append(escape(forms[0]))
    if literal < FEWEST_LITERAL:
        raise QueryProblem(ProblemCode.MASKED_TOO_SHORT, text[:200])
    return [Word(text, "".join(out))]


def _beginning(text: str) -> Word:
    return Word(text, escape(text) + ".*", open_end=True, beginning=text)
