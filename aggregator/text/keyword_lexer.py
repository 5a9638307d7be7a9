"""Cuts a keyword into words, quoted phrases, regular expressions and operators; says what is wrong while doing so.

Operators need care because names contain their characters: `&` is one only beside a space ('AT&T' and 'R&D' are words),
`!` only before a word ('Yahoo' and 'Yahoo!' are the same word), `*` only at a word's end.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum

MAX_LENGTH = 1000
"""Characters in one keyword."""
MIN_PREFIX = 2
"""Characters before a `*`; one is enough where one character is a word (Chinese, Japanese)."""
FIELDS = ("title", "author", "url")

_QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»", "»": "«", "”": "”"}
_OPERATORS = frozenset("|&~()")
_ENGLISH_OPERATORS = {"AND": "&", "OR": "|", "NOT": "!", "NEAR": "~"}
_FIELD = re.compile(r"([^\W\d_]+):")
_REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/(?=[\s|&~)]|$)")
_WORD_BREAK = re.compile(r'[\s|~()"“”„«»]')
_COMMA = re.compile("[,;]")
_NUMBER = re.compile(r"\d[\d.,]*\d")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")


class KeywordError(ValueError):
    """A keyword that can't work. `column` counts from 1; `hint` says what to write instead."""

    def __init__(self, reason: str, *, column: int, hint: str) -> None:
        self.reason = reason
        self.column = column
        self.hint = hint
        super().__init__(f"{reason} (column {column}); {hint}")


class Kind(StrEnum):
    WORDS = "words"
    QUOTED = "quoted"
    REGEX = "regex"
    FIELD = "field"
    OR = "|"
    AND = "&"
    NEAR = "~"
    NOT = "!"
    OPEN = "("
    CLOSE = ")"
    END = "end"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """`text` is what stands there (a FIELD's name, a REGEX's pattern); `words` are (word, prefix?) of a phrase."""

    kind: Kind
    text: str
    column: int
    words: tuple[tuple[str, bool], ...] = ()


def lex(text: str) -> list[Lexeme]:
    """Lexemes of a keyword, the last one END. Raises `KeywordError`."""
    if len(text) > MAX_LENGTH:
        raise KeywordError(
            f"it is longer than {MAX_LENGTH} characters",
            column=MAX_LENGTH + 1,
            hint="write it as several keywords, one a line",
        )
    return _Lexer(text).run()


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._out: list[Lexeme] = []
        self._phrase: list[tuple[str, bool]] = []
        self._phrase_at = 0

    def run(self) -> list[Lexeme]:
        while self._at < len(self._text):
            char = self._text[self._at]
            if char.isspace():
                self._at += 1
            elif char in _QUOTES:
                self._quoted(char)
            elif char == "/" and not self._phrase and self._regex():
                continue
            elif char in _OPERATORS or (char == "!" and not self._phrase):
                self._operator(char)
            elif not self._field():
                self._word()
        self._close_phrase()
        self._out.append(Lexeme(Kind.END, "", len(self._text) + 1))
        return self._out

    def _operator(self, char: str) -> None:
        column = self._at + 1
        if char in "|&" and self._text[self._at + 1 : self._at + 2] == char:
            raise KeywordError(f"{char}{char} is not an operator", column=column, hint=f"write {char} once")
        self._close_phrase()
        self._out.append(Lexeme(Kind(char), char, column))
        self._at += 1

    def _quoted(self, opening: str) -> None:
        closers = _QUOTES[opening]
        end = next((i for i in range(self._at + 1, len(self._text)) if self._text[i] in closers), -1)
        if end < 0:
            raise KeywordError(
                "this quotation mark is never closed", column=self._at + 1, hint=f"add a {closers[-1]} at the end"
            )
        self._close_phrase()
        inside = self._text[self._at + 1 : end]
        words = tuple(self._star(match.group(), self._at + 1 + match.start()) for match in re.finditer(r"\S+", inside))
        self._out.append(Lexeme(Kind.QUOTED, inside, self._at + 1, words))
        self._at = end + 1

    def _regex(self) -> bool:
        """A `/.../` that ends before a space, an operator or the end; elsewhere a slash is just a character."""
        match = _REGEX.match(self._text, self._at)
        if match is None:
            return False
        self._out.append(Lexeme(Kind.REGEX, match.group(1).replace("\\/", "/"), self._at + 1))
        self._at = match.end()
        return True

    def _field(self) -> bool:
        match = _FIELD.match(self._text, self._at)
        if match is None or (self._out and self._out[-1].kind is Kind.FIELD):
            return False
        name, rest = match.group(1), self._text[match.end() :]
        if name not in FIELDS:
            self._reject_unknown_field(name, rest)
            return False
        self._close_phrase()
        self._out.append(Lexeme(Kind.FIELD, name, self._at + 1))
        self._at = match.end()
        return True

    def _reject_unknown_field(self, name: str, rest: str) -> None:
        if rest.startswith("//"):
            raise KeywordError(
                "an address is not a keyword",
                column=self._at + 1,
                hint="write url: and a part of it, as in url:example.org",
            )
        close = difflib.get_close_matches(name.lower(), FIELDS, n=1, cutoff=0.75)
        if close:
            raise KeywordError(
                f"{name}: is not a field",
                column=self._at + 1,
                hint=f"did you mean {close[0]}: ? (the colon can be left out of a plain phrase)",
            )

    def _word(self) -> None:
        start = self._at
        while self._at < len(self._text):
            char = self._text[self._at]
            if _WORD_BREAK.match(char) or (char == "&" and not self._inside_word()):
                break
            self._at += 1
        word = self._text[start : self._at]
        self._check_word(word, start)
        if not self._phrase:
            self._phrase_at = start
        self._phrase.append(self._star(word, start))

    def _inside_word(self) -> bool:
        around = self._text[self._at - 1 : self._at], self._text[self._at + 1 : self._at + 2]
        return all(char.isalnum() for char in around)

    def _check_word(self, word: str, start: int) -> None:
        column = start + 1
        operator = _ENGLISH_OPERATORS.get(word)
        if operator and (self._out or self._phrase or word == "NOT") and self._text[self._at :].strip():
            raise KeywordError(f"{word} is not an operator", column=column, hint=f"write {operator} instead")
        comma = _COMMA.search(word)
        if comma is not None and not _NUMBER.fullmatch(word):
            raise KeywordError(
                f"{comma.group()} joins nothing",
                column=column + comma.start(),
                hint="write | between alternatives, or put the phrase in quotes",
            )
        if len(word) > 1 and word[0] == "-" and word[1].isalnum():
            raise KeywordError(
                f"{word} does not leave anything out", column=column, hint=f"write & !{word[1:]} instead"
            )
        if "\\" in word:
            raise KeywordError(
                "\\ has no meaning in a word", column=column, hint="put a regular expression between slashes"
            )

    def _star(self, word: str, start: int) -> tuple[str, bool]:
        """The word without its `*`, and whether it had one."""
        star = word.find("*")
        if star < 0:
            return word, False
        stem = word.rstrip("*")
        if "*" in stem or not stem:
            raise KeywordError(
                "* stands only at the end of a word",
                column=start + star + 1,
                hint="write the beginning of the word before it, or use a /regular expression/",
            )
        letters = sum(char.isalnum() for char in stem)
        if letters < MIN_PREFIX and not _CJK.search(stem):
            raise KeywordError(
                f"{word} would match far too much",
                column=start + 1,
                hint=f"write at least {MIN_PREFIX} letters before the *",
            )
        return stem, True

    def _close_phrase(self) -> None:
        if self._phrase:
            text = " ".join(word + "*" * prefix for word, prefix in self._phrase)
            self._out.append(Lexeme(Kind.WORDS, text, self._phrase_at + 1, tuple(self._phrase)))
            self._phrase = []
