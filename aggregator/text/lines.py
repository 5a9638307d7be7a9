"""Single lines of text from elsewhere: made harmless, cut to a length, and the direction in which they are read."""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"
_UNSEEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\u00ad")


def tidy(text: str) -> str:
    """One line without control characters, direction overrides and lone surrogates: safe in a header and in a mail."""
    return " ".join("".join(" " if c in "\u2028\u2029" or c.isspace() else c for c in text if _visible(c)).split())


def _visible(char: str) -> bool:
    if char.isspace():
        return True
    category = unicodedata.category(char)
    return category not in {"Cc", "Cs", "Co", "Cn"} and char not in _UNSEEN


def cut(text: str, length: int) -> str:
    """At most `length` characters, cut between words where that keeps half of them, and marked with '…'."""
    text = tidy(text)
    if len(text) <= length:
        return text
    head = text[: length - 1]
    space = head.rfind(" ")
    kept = head[:space] if space * 2 >= length else _whole(head, text)
    return f"{kept.rstrip(' ,;:–—-')}…"


def _whole(head: str, text: str) -> str:
    """Without a character of several code points that was cut in two: marks and joiners stay with their letter."""
    while head and (_joins(text[len(head)]) or head.endswith(_JOINER)):
        head = head[:-1]
    return head


def _joins(char: str) -> bool:
    return unicodedata.category(char).startswith("M") or char == _JOINER or "\U0001f3fb" <= char <= "\U0001f3ff"


def direction(text: str, otherwise: str) -> str:
    """'rtl' or 'ltr': that of the first letter that has one (as HTML's dir=auto decides), else `otherwise`."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in {"R", "AL"}:
            return "rtl"
        if kind == "L":
            return "ltr"
    return otherwise
