"""Matches entries against named lists of keywords, all of them in one pass over the words.

    matcher = Matcher(lists)
    matcher.find(matcher.read(entry))     every keyword's evidence, by list
    EntryFilter(keep, drop)               the `keep:` and `drop:` of a feed

What is compiled once is the same for all languages; how words are read is not, so the readers of a language are made
when its first entry comes. Not safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from aggregator.model import EntryContent
from aggregator.text.evidence import THRESHOLD, Hit, Kind, score
from aggregator.text.expressions import Compiled, Compiler, Expression
from aggregator.text.keywords import parse_keyword
from aggregator.text.language import UNKNOWN, detect
from aggregator.text.places import ReadEntry, field_text, read_field
from aggregator.text.triggers import Triggers
from aggregator.text.vocabulary import Reader, Readings

Evidence = dict[str, list[Hit]]
"""Keywords as written, and what speaks for each."""


List = TypeVar("List", bound=Hashable)


class Matcher(Generic[List]):
    """Compiled lists of keywords. Raises `KeywordError` for a keyword that can't work."""

    def __init__(self, lists: Mapping[List, Sequence[str]]) -> None:
        compiler = Compiler()
        self._keywords: list[tuple[List, Compiled]] = [
            (name, compiler.compile(parse_keyword(text)))
            for name, keywords in lists.items()
            for text in dict.fromkeys(keywords)
        ]
        self._vocabulary = compiler.vocabulary
        self._fields = {"title", "text"}.union(*(compiled.fields for _, compiled in self._keywords))
        self._readings: dict[str, Readings] = {}
        self._readers: dict[tuple[str, bool], Reader] = {}
        self._always = [index for index, (_, compiled) in enumerate(self._keywords) if compiled.needs is None]
        needs = [(way, index) for index, (_, compiled) in enumerate(self._keywords) for way in compiled.needs or ()]
        self._triggers = Triggers(needs, [word.form for word in self._vocabulary.words])

    def read(self, entry: EntryContent) -> ReadEntry:
        """The entry's words looked up, each field in the language that it is written in."""
        language = detect(entry.title, entry.text, entry.language)
        read = ReadEntry(language, {})
        for name in self._fields:
            text = field_text(entry, name)
            prose = name in ("title", "text")
            reader = self._reader(language if prose else UNKNOWN, shouting=prose and text.isupper())
            field = read.fields[name] = read_field(name, text, reader)
            read.numbers.update(field.found)
        return read

    def find(self, entry: ReadEntry) -> dict[List, Evidence]:
        """By list the keywords that match, whatever their score."""
        candidates = self._triggers.candidates(entry.numbers)
        candidates.update(self._always)
        found: dict[List, Evidence] = {}
        for index in sorted(candidates):
            name, compiled = self._keywords[index]
            hits = compiled.root.evaluate(entry)
            if hits:
                found.setdefault(name, {})[compiled.text] = hits
        return found

    def expressions(self, name: List) -> list[tuple[str, Expression]]:
        """The keywords of a list, as written and compiled."""
        return [(compiled.text, compiled.root) for list_name, compiled in self._keywords if list_name == name]

    def _reader(self, language: str, *, shouting: bool) -> Reader:
        reader = self._readers.get((language, shouting))
        if reader is None:
            if language not in self._readings:
                self._readings[language] = Readings(self._vocabulary, language)
            reader = self._readers[language, shouting] = Reader(self._readings[language], shouting=shouting)
        return reader


class EntryFilter:
    """Decides which entries of a feed are stored: those that `keep` asks for and `drop` does not."""

    def __init__(self, keep: Sequence[str], drop: Sequence[str]) -> None:
        self._has_keep = bool(keep)
        self._matcher = Matcher({"keep": keep, "drop": drop})

    def accepts(self, entry: EntryContent) -> tuple[bool, str]:
        """Whether the entry is stored, and why, as a sentence."""
        found = self._matcher.find(self._matcher.read(entry))
        dropped, hit = _best(found.get("drop", {}))
        if hit is not None:
            return False, f"Left out: {dropped!r} of drop: is {_where(hit)}."
        if not self._has_keep:
            return True, "Kept: nothing of drop: matches."
        kept, hit = _best(found.get("keep", {}))
        if hit is not None:
            return True, f"Kept: {kept!r} of keep: is {_where(hit)}."
        return False, "Left out: nothing of keep: matches."


def _best(evidence: Evidence) -> tuple[str, Hit | None]:
    """The keyword with the highest score of at least the threshold, and its heaviest piece of evidence."""
    scores = {keyword: score(hits) for keyword, hits in evidence.items()}
    best = max(scores, key=scores.__getitem__, default="")
    if not best or scores[best] < THRESHOLD:
        return "", None
    return best, max(evidence[best], key=lambda hit: hit.weight)


def _where(hit: Hit) -> str:
    if hit.kind is Kind.APART:
        return "in the title and the text"
    return f"in the {hit.places[0][0].name}"
