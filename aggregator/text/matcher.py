"""Matches entries against named lists of keywords, all of them in one pass over the words.

    matcher = Matcher(lists)
    matcher.find(matcher.read(entry))     every keyword's evidence, by list

What is compiled once is the same for all languages; how words are read is not, so the readers of a language are made
when its first entry comes. Not safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Generic, TypeVar, cast

from aggregator.model import EntryContent
from aggregator.text.evidence import SUMMARY_WORDS, Hit, backed
from aggregator.text.expressions import Compiled, Compiler, Expression
from aggregator.text.keywords import parse_keyword
from aggregator.text.language import UNKNOWN, detect
from aggregator.text.places import ReadEntry, field_text, read_field
from aggregator.text.prospects import Prospects
from aggregator.text.stems import LANGUAGES
from aggregator.text.triggers import Triggers, Way
from aggregator.text.vocabulary import Reader, Readings

Evidence = dict[str, list[Hit]]
"""Keywords as written, and what speaks for each."""


List = TypeVar("List", bound=Hashable)


class Matcher(Generic[List]):
    """Compiled lists of keywords. Raises `KeywordError` for a keyword that can't work."""

    def __init__(self, lists: Mapping[List, Sequence[str]], whole: Collection[List] = ()) -> None:
        """`whole`: lists that no reading may leave out."""
        compiler = Compiler()
        self._keywords: list[Compiled] = []
        self._owners: list[List] = []  # the list of each keyword
        self._lists: dict[List, range] = {}  # the keywords of each list
        for name, keywords in lists.items():
            first = len(self._keywords)
            self._keywords += [compiler.compile(parse_keyword(text)) for text in dict.fromkeys(keywords)]
            self._lists[name] = range(first, len(self._keywords))
            self._owners += [name] * (len(self._keywords) - first)
        self._vocabulary = compiler.vocabulary
        self._fields = {"title", "text"} | compiler.fields
        self._readings: dict[str, Readings] = {}
        self._readers: dict[tuple[str, bool], Reader] = {}
        self._always = [index for index, compiled in enumerate(self._keywords) if compiled.needs is None]
        ways = [(index, way) for index, compiled in enumerate(self._keywords) for way in compiled.needs or ()]
        self._triggers = Triggers([way for _, way in ways], [word.form for word in self._vocabulary.words])
        self._keyword_of = [index for index, _ in ways]
        self._prospects = self._make_prospects(ways, whole)

    def read(self, entry: EntryContent, enough: float = 0.0) -> ReadEntry:
        """The entry's words looked up, each field in the language that it is written in.

        Lists that can't come to the score `enough` in an article may be left out of the candidates.
        """
        language = detect(entry.title, entry.text, entry.language)
        fields = {}
        for name in self._fields:
            text = field_text(entry, name)
            prose = name in ("title", "text")
            reader = self._reader(language if prose else UNKNOWN, shouting=prose and text.isupper())
            fields[name] = read_field(name, text, reader)
        ways = self._triggers.met(set[int]().union(*[field.found for field in fields.values()]))
        if enough and fields["text"].length > SUMMARY_WORDS:
            ways = self._prospects.worth(ways, fields, language, enough)
        met = dict.fromkeys(map(self._keyword_of.__getitem__, ways))  # in order, as the ways are
        candidates: dict[Hashable, list[int]] = {}
        for index in sorted([*met, *self._always]) if self._always else met:
            candidates.setdefault(self._owners[index], []).append(index)
        return ReadEntry(language, fields, candidates)

    def find(self, entry: ReadEntry) -> dict[List, Evidence]:
        """By list the keywords that match, whatever their score."""
        return {name: evidence for name in self.lists(entry) if (evidence := self.evidence(entry, name))}

    def lists(self, entry: ReadEntry) -> list[List]:
        """The lists of which a keyword may match, in their order."""
        return cast(list[List], list(entry.candidates))

    def evidence(self, entry: ReadEntry, name: List) -> Evidence:
        """The keywords of one list that match."""
        if name not in entry.candidates:
            return {}
        candidates = [self._keywords[index] for index in entry.candidates[name]]
        return {compiled.text: hits for compiled in candidates if (hits := compiled.root.evaluate(entry))}

    def ceilings(self, entry: ReadEntry) -> dict[List, float]:
        """By list a score that its keywords can't exceed together, for those lists that may match."""
        found: dict[List, float] = {}
        for name in self.lists(entry):
            together, keywords = 0.0, 0
            for index in entry.candidates[name]:
                ceiling = self._keywords[index].root.ceiling(entry)
                if ceiling:
                    together += ceiling
                    keywords += 1
            if keywords:
                found[name] = backed(together, keywords)
        return found

    def is_in_title(self, entry: ReadEntry, name: List) -> bool:
        """Whether keywords of a list that may match say anything of the title: at least one word of one is there."""
        title = entry.fields["title"].found.keys()
        words = (self._keywords[index].words for index in entry.candidates.get(name, ()))
        return any(known is None or not title.isdisjoint(known) for known in words)

    def expressions(self, name: List) -> list[tuple[str, Expression]]:
        """The keywords of a list, as written and compiled."""
        return [(self._keywords[index].text, self._keywords[index].root) for index in self._lists[name]]

    def _make_prospects(self, ways: Sequence[tuple[int, Way]], whole: Collection[List]) -> Prospects:
        # What is always looked at may add to any keyword of its list.
        whole = {*whole, *(self._owners[index] for index in self._always)}
        owned = zip(self._owners, self._keywords, strict=True)
        known = [{} if name in whole else keyword.main_words for name, keyword in owned]
        order = {name: at for at, name in enumerate(self._lists)}
        return Prospects(
            [order[self._owners[index]] for index, _ in ways], [known[index].get(way) for index, way in ways]
        )

    def _reader(self, language: str, *, shouting: bool) -> Reader:
        language = language if language in LANGUAGES else UNKNOWN  # all others are read alike
        reader = self._readers.get((language, shouting))
        if reader is None:
            if language not in self._readings:
                self._readings[language] = Readings(self._vocabulary, language)
            reader = self._readers[language, shouting] = Reader(self._readings[language], shouting=shouting)
        return reader
