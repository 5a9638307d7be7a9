"""Copies of one text, known by the chain of its names and numbers, which a rewriter's synonyms leave alone."""

from __future__ import annotations

import re
from itertools import pairwise
from zlib import crc32

_LENGTH = 3_000
"""Characters of a text that are compared."""
_MOST = 96
"""Prints kept of a text, from its beginning: about 400 bytes."""
_LEAST = 8
"""Shorter texts are too common to be told apart."""
_SHARE = 0.6
"""Of the shorter text's prints, from which two texts are one."""
_WORDS = re.compile(r"[^\W_]+")


def prints_of(title: str, text: str) -> frozenset[int]:
    """Hashes of what follows what in a text: pairs of names and numbers."""
    anchors = [word.lower() for word in _WORDS.findall(text[:_LENGTH] or title) if not word.islower() and len(word) > 1]
    pairs = [f"{one} {two}" for one, two in pairwise(anchors)]
    return frozenset(crc32(pair.encode("utf-8", "surrogatepass")) for pair in pairs[:_MOST])


def same_text(one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether one text is a copy of the other, whole or cut short."""
    shorter = min(len(one), len(other))
    return shorter >= _LEAST and len(one & other) >= _SHARE * shorter
