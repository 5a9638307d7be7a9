"""The one setting that is shipped; docs/stories.md tells how it was found."""

from __future__ import annotations

from dataclasses import dataclass

DAY = 86_400
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of the clusterer."""

    title_weight: int = 2
    """How often a word of the title counts."""
    text_length: int = 600
    """Characters of the text that are read: an article's beginning says what happened."""
    terms: int = 32
    """An entry's vector has its heaviest terms only."""
    join: float = 0.095
    """Similarity from which an entry joins a story, or two stories are one, if there is nothing else."""
    crowd: float = 0.65
    """What is asked for beyond that where many stories are told at a time, as a share of it; see `chance`."""
    ignorance: float = 1.0
    """What is asked for beyond that where a window of few entries has many stories."""
    chance_power: float = 0.25
    """How fast both fall with the number of pairs: 0 would ask as much of large stories as of two entries."""
    size_power: float = 0.93
    """1 compares with the average entry of a story (large stories fall apart), 0.5 with its sum (they swallow all)."""
    same_feed: float = 0.8
    """Factor where both sides are of one feed: its series and lists are alike in words, and seldom one event."""
    series: float = 0.3
    """Product of two entries of one feed, told about a day apart, from which they are two numbers of a series."""
    recurring: float = 0.7
    """What a word loses for every earlier day of the last four that it was told on, after the first."""
    fade: float = 1.5 * DAY
    """Seconds of distance in time by which similarity falls to 1/e."""
    idle: int = 5 * DAY
    """A story is closed when nothing was added for so many seconds."""
    window: int = 5_000
    """Entries that are remembered at least, so that a small installation knows which words are common, too."""


SHIPPED = Settings()
