"""The keyword language of topics, `keep:` and `drop:`; docs/keywords.md is its description for users.

    keyword = any
    any     = all { '|' all }
    all     = unit { '&' unit }
    unit    = [ '!' ] near
    near    = term { '~' term }
    term    = [ ('title' | 'author' | 'url') ':' ] ( words | '"words"' | '/regex/' | '(' any ')' )

`parse_keyword` turns one line of feeds.yaml into a `Keyword` or raises `KeywordError`: the column, what is wrong,
what to write instead. What a phrase matches is decided in `matcher`; here it is only words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import re2

from aggregator.text.keyword_lexer import KeywordError, Kind, Lexeme, lex
from aggregator.text.tokens import tokenize

MAX_DEPTH = 20
"""Parentheses within parentheses."""
MAX_TERMS = 50
"""Phrases and regular expressions in one keyword."""

_REGEX_MEMORY = 1 << 20  # bytes: RE2 refuses a pattern whose program would be larger


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a phrase as the editor wrote it. `prefix`: it was followed by `*`."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words side by side. `exact`: in quotes, so only these very words count."""

    words: tuple[Word, ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression in RE2's syntax, which can't be made to hang."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Near:
    """Both sides within a few words of each other."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class InField:
    """The part counts only in this field: 'title', 'author' or 'url'."""

    field: str
    part: Node


Node: TypeAlias = Phrase | Regex | Near | AllOf | AnyOf | Not | InField


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword as written, and what it means."""

    text: str
    root: Node


def parse_keyword(text: str) -> Keyword:
    """One keyword. Raises `KeywordError` (a ValueError with `column`, from 1, and `hint`) for what can't work."""
    lexemes = lex(text)
    parser = _Parser(lexemes)
    root = parser.any_of(depth=0)
    parser.expect_end()
    if _only_excludes(root):
        raise KeywordError(
            "it only says what to leave out, so nearly every entry would match",
            column=1,
            hint="say what to look for before the !, as in: patriot & !film",
        )
    return Keyword(text=text, root=root)


class _Parser:
    """Recursive descent over the lexemes; one method for each rule of the grammar."""

    def __init__(self, lexemes: list[Lexeme]) -> None:
        self._lexemes = lexemes
        self._at = 0
        self._terms = 0
        self._excluding = False

    def any_of(self, depth: int) -> Node:
        parts = [self._all_of(depth)]
        while self._take(Kind.OR):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self, depth: int) -> Node:
        parts = [self._unit(depth)]
        while operator := self._take(Kind.AND):
            part = self._unit(depth)
            if part == parts[-1]:
                raise KeywordError(
                    "both sides of & are the same",
                    column=operator.column,
                    hint='put a name that contains & in quotes, as in: "Johnson & Johnson"',
                )
            parts.append(part)
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _unit(self, depth: int) -> Node:
        if (operator := self._take(Kind.NOT)) is None:
            return self._near(depth)
        if self._excluding:
            raise KeywordError("! within !", column=operator.column, hint="write what it comes to without the inner !")
        self._excluding = True
        part = self._near(depth)
        self._excluding = False
        return Not(part)

    def _near(self, depth: int) -> Node:
        node = self._term(depth)
        while operator := self._take(Kind.NEAR):
            right = self._term(depth)
            for side in (node, right):
                if not _is_local(side):
                    raise KeywordError(
                        "~ joins words and phrases, and groups of them with |",
                        column=operator.column,
                        hint="write & to ask for both anywhere in the entry",
                    )
            node = Near(node, right)
        return node

    def _term(self, depth: int) -> Node:
        lexeme = self._lexemes[self._at]
        self._at += 1
        if lexeme.kind is Kind.FIELD:
            return InField(lexeme.text, self._term(depth))
        if lexeme.kind is Kind.OPEN:
            return self._group(lexeme, depth + 1)
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise KeywordError(
                f"it has more than {MAX_TERMS} parts",
                column=lexeme.column,
                hint="write it as several keywords, one a line",
            )
        if lexeme.kind is Kind.REGEX:
            return _regex(lexeme)
        if lexeme.kind in {Kind.WORDS, Kind.QUOTED}:
            return _phrase(lexeme)
        raise _missing_term(lexeme, self._lexemes[self._at - 2] if self._at > 1 else None)

    def _group(self, opened: Lexeme, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise KeywordError(
                "too many parentheses within parentheses", column=opened.column, hint="write it as several keywords"
            )
        node = self.any_of(depth)
        if not self._take(Kind.CLOSE):
            raise KeywordError(
                "this ( is never closed", column=opened.column, hint="add a ), or put the phrase in quotes"
            )
        return node

    def expect_end(self) -> None:
        lexeme = self._lexemes[self._at]
        if lexeme.kind is Kind.CLOSE:
            raise KeywordError(
                "this ) closes nothing", column=lexeme.column, hint="remove it, or put the phrase in quotes"
            )
        if lexeme.kind is not Kind.END:
            raise KeywordError(
                "two parts without an operator between them",
                column=lexeme.column,
                hint="write | (either), & (both) or ~ (near) between them",
            )

    def _take(self, kind: Kind) -> Lexeme | None:
        lexeme = self._lexemes[self._at]
        if lexeme.kind is not kind:
            return None
        self._at += 1
        return lexeme


def _missing_term(found: Lexeme, before: Lexeme | None) -> KeywordError:
    if before is None and found.kind is Kind.END:
        return KeywordError("it is empty", column=1, hint="write a word or a phrase")
    where = f"after {before.text}" if before is not None else f"before {found.text}"
    return KeywordError(
        f"nothing to look for {where}",
        column=found.column,
        hint='add a word, or put the whole in quotes if it is a name, as in "Yahoo!"',
    )


def compile_regex(pattern: str) -> re2._Regexp:
    """Raises `re2.error` for what RE2 can't compile in little memory."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _REGEX_MEMORY
    return re2.compile(pattern, options)


def _regex(lexeme: Lexeme) -> Regex:
    try:
        compiled = compile_regex(lexeme.text)
        matches_nothing = compiled.search("") is not None
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else error
        raise KeywordError(
            f"the regular expression is not valid: {reason}",
            column=lexeme.column,
            hint="RE2 syntax: no look-ahead, no back references",
        ) from None
    if matches_nothing:
        raise KeywordError(
            "the regular expression matches an empty text, and so every entry",
            column=lexeme.column,
            hint="use + instead of *, or leave out what is optional",
        )
    return Regex(lexeme.text)


def _phrase(lexeme: Lexeme) -> Phrase:
    words = tuple(Word(text, prefix) for text, prefix in lexeme.words if tokenize(text))
    if not words:
        raise KeywordError(
            f"{lexeme.text!r} has no letter, digit or symbol to look for",
            column=lexeme.column,
            hint="write a word, or a /regular expression/ for punctuation",
        )
    return Phrase(words, exact=lexeme.kind is Kind.QUOTED)


def _is_local(node: Node) -> bool:
    """Can stand beside ~: it has places in the text."""
    if isinstance(node, AnyOf):
        return all(_is_local(part) for part in node.parts)
    if isinstance(node, Near):
        return True
    return isinstance(node, Phrase | Regex)


def _only_excludes(node: Node) -> bool:
    match node:
        case Not():
            return True
        case AllOf():
            return all(_only_excludes(part) for part in node.parts)
        case AnyOf():
            return any(_only_excludes(part) for part in node.parts)
        case InField():
            return _only_excludes(node.part)
        case _:
            return False
