"""Words of a text with their places, and their normal form before stemming.

A chunk is what is printed between spaces without the punctuation around it: 'anti-aircraft', "Ukraine's", 'U.S',
'T-72'. It has one token or several (at hyphens, elisions, between CJK characters) and, when it has several, the
joined form of the whole, so that 'anti-aircraft', 'anti aircraft' and 'antiaircraft' can meet. Forms are NFKC,
casefolded, without 's; offsets are those of the text as given.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

CHUNK_STEP = 1 << 12
"""More than a chunk has tokens: a position is a chunk's index times this, plus the token's index in its chunk."""
_CHUNK_CACHE = 8_192  # about 3 MB when full; whoever reads many texts remembers more than a chunk's tokens
MAX_WORD = 64
"""Longer words are cut to this in their normal form: nobody searches for them, and they must not fill a cache."""

# Combining marks, which \w leaves out: accents, Hebrew and Arabic points, Indic vowels.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f"
    "\u0981-\u0983\u09bc-\u09cd\u0b82\u0bbe-\u0bcd\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u20d0-\u20f0"
)
_EMOJI = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
# Scripts without spaces between words: Thai, Lao, Burmese, Khmer, kana, Han. Each character is a token.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_APOSTROPHES = "'’ʼ＇`´"
_HYPHENS = "\\-‐‑\u00ad"  # the first escaped, for it stands in a set of characters
_JOINERS = "\u200b-\u200d\u2060"
# Left out of normal forms: joiners and marks of typesetting, the vowels and the stretching of Arabic.
_INVISIBLE: dict[int, str | None] = dict.fromkeys(
    [0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFE0E, 0xFE0F, 0x0640]
)
_INVISIBLE |= dict.fromkeys([*range(0x064B, 0x0653), 0x0670])
_FOLDED = _INVISIBLE | {ord("œ"): "oe", ord("Œ"): "oe", ord("æ"): "ae", ord("Æ"): "ae"}

_WORD = rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*)*"
_SUFFIX = r"(?:\+\+|\+(?!\w)|#(?!\w))?"  # C++, Disney+, C#
CHUNK = re.compile(
    rf"[{_UNSPACED}][{_UNSPACED}{_MARKS}]{{0,49}}"
    rf"|{_WORD}(?:[{_APOSTROPHES}{_HYPHENS}{_JOINERS}&.,]{_WORD})*{_SUFFIX}|[{_EMOJI}]"
)
_PIECE = re.compile(
    rf"[{_UNSPACED}](?:[{_MARKS}])*|(?:(?![{_UNSPACED}ʼ])[^\W_]|[{_MARKS}{_JOINERS}\u00ad+#])+|[{_EMOJI}]"
)
_ASCII_PIECE = re.compile("[0-9A-Za-z+#]+")  # what the same finds in most chunks
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")
_STRESS = re.compile("(?<=[\u0400-\u052f])[\u0300\u0301]")  # Росси́я; letters with an accent are one character by then
_LETTER_APOSTROPHE = "ʼ"  # a letter to Unicode, and so to Python
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])+|([A-Z])\1\.([A-Z])\2")  # U.S, and Spanish EE.UU
NUMBER = re.compile(r"\d+(?:[.,]\d+)+")
"""A number with a comma or a full stop in it: one word."""
_THOUSANDS = re.compile(r"[.,](?=\d{3}(?!\d))")
_CONTRACTED = frozenset(("re", "ve", "ll", "d", "m", "t"))


class Token(NamedTuple):
    """`form` is the word's normal form before stemming; `text[start:end]` is the word as printed."""

    form: str
    start: int
    end: int


class Chunk(NamedTuple):
    """Tokens with offsets from the chunk's start; `joined` is their form written as one word, if that makes sense."""

    tokens: tuple[Token, ...]
    joined: str | None


def tokenize(text: str) -> list[Token]:
    """The tokens of a text in order; those of a hyphenated word one by one."""
    found: list[Token] = []
    for match in CHUNK.finditer(text):
        start = match.start()
        found.extend(Token(form, start + begin, start + end) for form, begin, end in chunk(match.group()).tokens)
    return found


def normal_form(word: str) -> str:
    """NFKC, casefolded, apostrophes as U+0027, invisible characters gone, at most MAX_WORD characters."""
    if word.isascii():
        return word.lower()[:MAX_WORD]
    folded = unicodedata.normalize("NFKC", word.translate(_FOLDED)).casefold().replace("i\u0307", "i")
    folded = _STRESS.sub("", unicodedata.normalize("NFKC", folded))
    return _APOSTROPHE.sub("'", folded)[:MAX_WORD]


@lru_cache(_CHUNK_CACHE)
def chunk(surface: str) -> Chunk:
    """The tokens of one match of `CHUNK`."""
    surface = surface[: 4 * MAX_WORD]
    unspaced = not surface.isascii() and _HAS_UNSPACED.search(surface) is not None
    word = None if unspaced else _single_word(surface)
    return _pieces(surface, unspaced=unspaced) if word is None else Chunk((word,), None)


def number_form(surface: str) -> str:
    """The normal form of what is a number."""
    return _THOUSANDS.sub("", surface).replace(",", ".")


def _single_word(surface: str) -> Token | None:
    """A chunk that is one word, whatever its punctuation: kyiv, U.S, 3.5, don't, Ukraine's, п'ять."""
    visible = surface if surface.isascii() else surface.translate(_INVISIBLE)
    if visible.isalpha() and _LETTER_APOSTROPHE not in visible:
        return Token(normal_form(visible), 0, len(surface))
    if "." in surface and _INITIALS.fullmatch(surface):
        return Token(normal_form(surface.replace(".", "")), 0, len(surface))
    if NUMBER.fullmatch(surface):
        return Token(number_form(surface), 0, len(surface))
    return _apostrophe_word(surface) if _APOSTROPHE.search(surface) else None


def _apostrophe_word(surface: str) -> Token | None:
    parts = _APOSTROPHE.split(surface)
    if len(parts) != 2 or not all(part.isalpha() for part in parts):
        return None
    left, right = normal_form(parts[0]), normal_form(parts[1])
    if not left or not right:
        return None  # letters that are invisible, as the Arabic stretching mark
    if right == "s":
        return Token(left, 0, len(parts[0]))
    cyrillic = "\u0400" <= right[0] <= "\u052f"
    return Token(f"{left}'{right}", 0, len(surface)) if cyrillic or right in _CONTRACTED else None


def _pieces(surface: str, *, unspaced: bool) -> Chunk:
    pattern = _ASCII_PIECE if surface.isascii() else _PIECE
    tokens = tuple(
        [
            Token(form, match.start(), match.end())
            for match in pattern.finditer(_without_ending(surface))
            if (form := normal_form(match.group()))
        ]
    )
    if len(tokens) < 2 or unspaced or "." in surface or "," in surface:
        return Chunk(tokens, None)  # 'ended.The' is a full stop without its space: nothing is joined over it
    return Chunk(tokens, "".join(token.form for token in tokens)[:MAX_WORD])


def _without_ending(surface: str) -> str:
    """'Jean-Luc's' without its 's, 'F-16s' without its plural."""
    if len(surface) > 2 and surface[-1] in "sS":
        if surface[-2] in _APOSTROPHES:
            return surface[:-2]
        if surface[-2].isdigit():
            return surface[:-1]
    return surface
