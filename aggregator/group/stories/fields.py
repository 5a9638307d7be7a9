"""What a reader sees of a story, as a function of its entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

FULL_TEXT = 600
"""Characters from which a text is more than a teaser, and fit to lead."""
_STRAY = 8
"""A topic needs one entry in so many of a story: one stray mention among fifty entries is not the story's subject."""
_WINDOWS = (1, 2, 3, 6, 12, 24)
_GROWTH_OUTLETS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What the fields of a story are made of: one of its entries, without its text."""

    id: int
    outlet: str
    priority: int
    title: str
    image_url: str | None
    text_length: int
    sort_at: datetime
    changed_at: datetime
    copy_of: int | None
    topics: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The columns of a story that follow from its entries; see model.Story."""

    title: str
    lead_id: int
    outlets: tuple[str, ...]
    origins: int
    topics: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime
    updated: datetime
    growth: tuple[int, int] | None
    image_url: str | None


def fields_of(members: Sequence[Member]) -> Fields:
    """The fields of a story with at least one entry."""
    members = sorted(members, key=lambda member: (member.sort_at, member.id))
    lead = min(members, key=_leading)
    own = [member for member in members if member.copy_of is None] or members
    return Fields(
        title=lead.title or next((member.title for member in members if member.title), ""),
        lead_id=lead.id,
        outlets=tuple(dict.fromkeys([lead.outlet, *(member.outlet for member in members)])),
        origins=_origins(members),
        topics=_topics(members),
        first_seen=members[0].sort_at,
        last_seen=members[-1].sort_at,
        updated=max(member.changed_at for member in own),
        growth=growth_of([(member.outlet, member.sort_at) for member in members]),
        image_url=lead.image_url or next((member.image_url for member in members if member.image_url), None),
    )


def _leading(member: Member) -> tuple[object, ...]:
    """The editor's favourite feed leads, then a full text, an original before its copies, the earliest."""
    full = member.text_length >= FULL_TEXT
    return (not member.title, -member.priority, not full, member.copy_of is not None, member.sort_at, member.id)


def _origins(members: Sequence[Member]) -> int:
    """Independent texts, at most one for each outlet: its own before one that it copied or gave to others."""
    copied = {member.id: member.copy_of for member in members}

    def root(entry_id: int) -> int:
        while (parent := copied.get(entry_id)) is not None:
            entry_id = parent
        return entry_id

    voices: dict[str, int] = {}
    for member in members:
        if member.copy_of is None:
            voices.setdefault(member.outlet, member.id)
    for member in members:
        voices.setdefault(member.outlet, root(member.id))
    return len(set(voices.values()))


def _topics(members: Sequence[Member]) -> tuple[str, ...]:
    scores: dict[str, list[float]] = {}
    for member in members:
        for topic, score in member.topics:
            scores.setdefault(topic, []).append(score)
    taken = {topic: found for topic, found in scores.items() if len(found) * _STRAY >= len(members)}
    return tuple(sorted(taken, key=lambda topic: (-len(taken[topic]), -max(taken[topic]), topic)))


def growth_of(seen: Sequence[tuple[str, datetime]]) -> tuple[int, int] | None:
    """'6 outlets in 2 h': the fewest hours in which half of the outlets came in, and how many did; from three on."""
    first: dict[str, datetime] = {}
    for outlet, at in seen:
        if outlet not in first or at < first[outlet]:
            first[outlet] = at
    if len(first) < _GROWTH_OUTLETS:
        return None
    times = sorted([at.timestamp() for at in first.values()])
    for hours in _WINDOWS:
        most, start = 0, 0
        for end, last in enumerate(times):
            while last - times[start] > hours * 3_600:
                start += 1
            most = max(most, end - start + 1)
        if most >= max(_GROWTH_OUTLETS, (len(times) + 1) // 2):
            return most, hours
    return None
