"""What YAML's own complaints mean for the person who wrote the line."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError

_NEEDS_QUOTES = "text that starts with {0} has to stand in quotes"
_INDENTED = "this line is not indented like the ones it belongs to; keys of one level start in the same column"
_NO_COLON = "a colon or a dash is missing: a key is written key: value, an item of a list - value"
_AFTER_QUOTE = "text goes on after a closing quote; put the whole text in single quotes"
_QUOTE_FROM_ABOVE = "the quote before this closes one that opens in a line above; close that one there"
_BRACKET = "a {0} can't stand in the middle of a text within brackets or braces; put the whole text in quotes"
_ESCAPE = "in double quotes a backslash starts an escape; use single quotes, or write \\\\ for a backslash"


class BadSyntax(Exception):  # noqa: N818 - a fault on its way to becoming a ConfigFault
    """The file can't be read from `line` and `column` (from 1) on."""

    def __init__(self, line: int, column: int, message: str) -> None:
        self.line = line
        self.column = column
        self.message = message
        super().__init__(message)


def explain(error: MarkedYAMLError, text: str) -> BadSyntax:
    """The parser's error as a sentence, at the place that has to be mended."""
    problem, context = str(error.problem or ""), str(error.context or "")
    mark, started = error.problem_mark or error.context_mark, error.context_mark or error.problem_mark
    if mark is None or started is None:
        return BadSyntax(1, 1, f"this is not YAML: {problem or context}")
    lines = re.split(r"\r\n?|\n", text)  # as the parser counts them, to which U+2028 ends none
    line = lines[mark.line] if mark.line < len(lines) else ""
    if re.match(r" *\t", line):
        return BadSyntax(mark.line + 1, 1, "a tab indents this line; YAML wants spaces")
    if "'<scalar>'" in problem and (quote := re.search(r"[\"']\s*\Z", line[: mark.column])):
        opened_here = line[: mark.column].count(quote[0][0]) > 1
        return BadSyntax(mark.line + 1, mark.column + 1, _AFTER_QUOTE if opened_here else _QUOTE_FROM_ABOVE)
    if (opened := re.search(r"but got '([\[{])'", problem)) and not line[: mark.column + 1].endswith("${"):
        return BadSyntax(mark.line + 1, mark.column + 1, _BRACKET.format(opened[1]))
    begun = lines[started.line] if started.line < len(lines) else ""
    message = _about_the_whole(problem, context, begun, started.column)
    if message:
        return BadSyntax(started.line + 1, started.column + 1, message)
    return BadSyntax(mark.line + 1, mark.column + 1, _about_the_place(problem, line, mark.column))


def _about_the_whole(problem: str, context: str, line: str, column: int) -> str:
    """What is wrong with the text that began at `column` of the line, from 0."""
    before, rest = line[:column], line[column:]
    after_quote = bool(re.search(r"[\"']\s*\Z", before))
    for part, also, sentence in (
        ("quoted scalar", "escape" in problem, _ESCAPE),
        ("quoted scalar", True, "a quote opens here and is never closed"),
        ("block scalar", after_quote, _AFTER_QUOTE),
        ("block scalar", bool(re.search(r"[*&]\S+\s*\Z", before)), _NEEDS_QUOTES.format("* or &")),
        ("block scalar", True, _NEEDS_QUOTES.format("| or >")),
        ("an anchor", True, _NEEDS_QUOTES.format("* or &")),
        ("an alias", True, _NEEDS_QUOTES.format("* or &")),
        ("tag", True, _NEEDS_QUOTES.format("!")),
        ("simple key", True, _NO_COLON),
        ("flow", "${" in rest, "within brackets and braces a ${NAME} has to stand in quotes"),
        ("flow", bool(re.search(r"[\[{,:]\s*![^\s,]*[\]}]\s*\Z", rest)), _NEEDS_QUOTES.format("!")),
        ("flow", True, "a bracket or brace opens here and is never closed"),
    ):
        if part in context and also:
            return sentence
    return ""


def _about_the_place(problem: str, line: str, column: int) -> str:
    alias = re.search(r"found undefined alias '(.*)'", problem)
    if alias:
        return f"*{alias[1]} refers to nothing; if it is text, put it in quotes: '*{alias[1]}'"
    if "cannot start any token" in problem:
        return _NEEDS_QUOTES.format(line[column : column + 1])
    for part, sentence in _SENTENCES.items():
        if part in problem:
            return sentence
    return f"this is not YAML: {' '.join(problem.split())}"


_SENTENCES = {
    "mapping values are not allowed": (
        "a colon can't stand here; if it belongs to the text, put the text in quotes; else mend the indentation"
    ),
    "sequence entries are not allowed": "a list item can't stand here; give it a line of its own",
    "could not find expected ':'": _NO_COLON,
    "another document": "a second document starts here (---); keep one",
    "found '<scalar>'": _INDENTED,
    "found '}'": "a } stands here without its {; put the text in quotes or delete it",
    "found ']'": "a ] stands here without its [; put the text in quotes or delete it",
    "<block": _INDENTED,
    "<document start>": _INDENTED,
    "expected the node content": "a value is missing here",
}
