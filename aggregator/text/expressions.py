"""Keywords compiled: each node of a keyword's tree becomes an object that finds its evidence in an entry.

`evaluate` gives None or an empty list for 'no', a list of hits for 'yes'. A keyword is looked at only when one of its
`triggers` (numbers of words) is in the entry.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Protocol

import re2

from aggregator.text.evidence import TOGETHER, Hit, score, weigh
from aggregator.text.keywords import AllOf, AnyOf, InField, Keyword, Near, Node, Not, Phrase, Regex, compile_regex
from aggregator.text.phrases import MAX_HITS, MainWords, Pattern, ceiling, find, main_words, windows
from aggregator.text.places import ReadEntry
from aggregator.text.vocabulary import Vocabulary
from aggregator.text.wording import name_and_noun, ways_to_write

_FIELDS = ("title", "text")
_HALVES = re.compile("[\ud800-\udfff]")

Needs = frozenset[frozenset[int]] | None
_Part = tuple[Node, tuple[str, ...]]


class Expression(Protocol):
    """A compiled node."""

    def evaluate(self, entry: ReadEntry) -> list[Hit]:
        """Evidence for it; empty if the entry does not satisfy it."""

    def ceiling(self, entry: ReadEntry) -> float:
        """A score that its evidence can't exceed, found with less work; 0 if there is none."""

    def present(self, entry: ReadEntry) -> list[str]:
        """The words of it that are in the entry, for those who ask why it does not match."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A keyword ready to match.

    `words` are all that it looks for, `needs` sets of them of which one must be complete; None if that can't be said.
    """

    text: str
    root: Expression
    needs: Needs
    words: frozenset[int] | None

    @property
    def main_words(self) -> dict[frozenset[int], MainWords]:
        """See phrases.main_words; empty for what is more than a phrase."""
        return main_words(self.root.pattern) if isinstance(self.root, _PhraseIs) else {}


@dataclass(frozen=True, slots=True)
class _PhraseIs:
    pattern: Pattern
    forms: tuple[str, ...]

    def evaluate(self, entry: ReadEntry) -> list[Hit]:
        return find(self.pattern, entry)

    def ceiling(self, entry: ReadEntry) -> float:
        return ceiling(self.pattern, entry)

    def present(self, entry: ReadEntry) -> list[str]:
        fields = [entry.fields[name] for name in self.pattern.fields]
        pairs = zip(self.pattern.ways[0], self.forms, strict=True)
        return [form for number, form in pairs if any(number in field.found for field in fields)]


@dataclass(frozen=True, slots=True)
class _RegexIs:
    compiled: re2._Regexp
    fields: tuple[str, ...]

    def evaluate(self, entry: ReadEntry) -> list[Hit]:
        hits = []
        for name in self.fields:
            field = entry.fields[name]
            for match in self.compiled.finditer(_encodable(field.text)):
                if match.start() < match.end():
                    place = field.place_at(match.start(), match.end())
                    hits.append(Hit(TOGETHER, weigh(TOGETHER, field, place), ((field, place),), match.span()))
                if len(hits) >= MAX_HITS:
                    break
        return hits

    def ceiling(self, entry: ReadEntry) -> float:  # noqa: ARG002 - it has to look for it
        return math.inf

    def present(self, entry: ReadEntry) -> list[str]:  # noqa: ARG002 - a regular expression has no words
        return []


@dataclass(frozen=True, slots=True)
class _AnyIs:
    parts: tuple[Expression, ...]

    def evaluate(self, entry: ReadEntry) -> list[Hit]:
        return [hit for part in self.parts for hit in part.evaluate(entry)]

    def ceiling(self, entry: ReadEntry) -> float:
        return sum(part.ceiling(entry) for part in self.parts)

    def present(self, entry: ReadEntry) -> list[str]:
        return _present(self.parts, entry)


@dataclass(frozen=True, slots=True)
class _AllAre:
    parts: tuple[Expression, ...]
    excluded: tuple[Expression, ...]

    def evaluate(self, entry: ReadEntry) -> list[Hit]:
        """As strong as the weakest part; the others are shown."""
        if any(part.evaluate(entry) for part in self.excluded):
            return []
        found = []
        for part in self.parts:
            hits = part.evaluate(entry)
            if not hits:
                return []
            found.append(hits)
        weakest = min(found, key=score)
        return weakest + [hit._replace(weight=0.0) for hits in found if hits is not weakest for hit in hits]

    def ceiling(self, entry: ReadEntry) -> float:
        return min((part.ceiling(entry) for part in self.parts), default=0.0)

    def present(self, entry: ReadEntry) -> list[str]:
        return _present(self.parts, entry)


@dataclass(frozen=True, slots=True)
class _NearIs:
    left: Expression
    right: Expression

    def evaluate(self, entry: ReadEntry) -> list[Hit]:
        left = self.left.evaluate(entry)
        return windows(left, self.right.evaluate(entry)) if left else []

    def ceiling(self, entry: ReadEntry) -> float:
        left = self.left.ceiling(entry)
        right = self.right.ceiling(entry) if left else 0.0
        return left + right if right else 0.0

    def present(self, entry: ReadEntry) -> list[str]:
        return _present((self.left, self.right), entry)


def _encodable(text: str) -> str:
    """For RE2, which reads UTF-8: halves of surrogate pairs, which JSON may hold, become as many other characters."""
    return text if text.isascii() else _HALVES.sub("\ufffd", text)


def _present(parts: tuple[Expression, ...], entry: ReadEntry) -> list[str]:
    return [word for part in parts for word in part.present(entry)]


class Compiler:
    """Compiles keywords over one vocabulary. `fields` are those that any of them looks at."""

    def __init__(self) -> None:
        self.vocabulary = Vocabulary()
        self.fields = set[str]()

    def compile(self, keyword: Keyword) -> Compiled:
        """The keyword as expressions, with what it takes to look at it."""
        self._words: set[int] = set()
        self._has_regex = False
        root, needs = self._node(keyword.root, _FIELDS)
        words = None if self._has_regex else frozenset(self._words)
        return Compiled(keyword.text, root, needs, words)

    def _node(self, node: Node, fields: tuple[str, ...]) -> tuple[Expression, Needs]:
        match node:
            case Phrase():
                return self._phrase(node, fields)
            case Regex():
                self.fields.update(fields)
                self._has_regex = True
                return _RegexIs(compile_regex(node.pattern), fields), None
            case Near():
                left, left_needs = self._node(node.left, fields)
                right, right_needs = self._node(node.right, fields)
                return _NearIs(left, right), left_needs or right_needs
            case AnyOf():
                parts = [self._node(part, fields) for part in node.parts]
                known = [needs for _, needs in parts if needs is not None]
                needs = frozenset[frozenset[int]]().union(*known) if len(known) == len(parts) else None
                return _AnyIs(tuple(part for part, _ in parts)), needs
            case InField():
                return self._node(node.part, (node.field,))
            case _:
                return self._all(node, fields)

    def _all(self, node: AllOf | Not, fields: tuple[str, ...]) -> tuple[Expression, Needs]:
        wanted, unwanted = _sides(node, fields)
        parts = [self._node(part, where) for part, where in wanted]
        excluded = tuple(self._node(part, where)[0] for part, where in unwanted)
        known = [needs for _, needs in parts if needs is not None]
        return _AllAre(tuple(part for part, _ in parts), excluded), min(known, key=len, default=None)

    def _phrase(self, phrase: Phrase, fields: tuple[str, ...]) -> tuple[Expression, Needs]:
        self.fields.update(fields)
        ways = tuple(tuple(map(self.vocabulary.number, way)) for way in ways_to_write(phrase))
        self._words.update(*ways)
        readable = fields in (_FIELDS, ("title",))
        first = phrase.words[0]
        several = not phrase.exact and 1 < len(phrase.words) <= len(set(ways[0]))
        pattern = Pattern(
            ways,
            fields,
            loose=ways[name_and_noun(phrase) is not None] if readable and several else (),
            plain=readable and not phrase.exact and len(ways[0]) == 1 and first.text.islower() and not first.prefix,
            exact=phrase.exact,
        )
        forms = tuple(self.vocabulary.words[number].form for number in ways[0])
        return _PhraseIs(pattern, forms), frozenset(map(frozenset, ways))


def _sides(node: Node, fields: tuple[str, ...]) -> tuple[list[_Part], list[_Part]]:
    """What an & asks for and what it excludes, those of an & within it, or within a field, included."""
    match node:
        case Not():
            return [], [(node.part, fields)]
        case InField():
            return _sides(node.part, (node.field,))
        case AllOf():
            sides = [_sides(part, fields) for part in node.parts]
            return [one for wanted, _ in sides for one in wanted], [one for _, unwanted in sides for one in unwanted]
        case _:
            return [(node, fields)], []
