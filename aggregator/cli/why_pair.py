"""Why two entries are in one story, or not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.cli.why_entry import evidence_lines, titles_copied
from aggregator.cli.why_feed import Told
from aggregator.cli.why_find import one_entry
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from aggregator.group.near import Nearness
    from aggregator.model import Entry


def together(conn: Connection, what: str, other: str) -> Told:
    """Two entries side by side. Raises UsageError for what is no entry."""
    from aggregator.store import stories

    pair = one_entry(conn, what), one_entry(conn, other)
    if pair[0].id == pair[1].id:
        raise UsageError(f"{what!r} and {other!r} are one and the same entry")
    keys = stories.keys(conn, {story for entry in pair if (story := entry.story_id) is not None})
    same = pair[0].story_id is not None and pair[0].story_id == pair[1].story_id
    near, missing = _compared(conn, *pair)
    lines = [f"{one.title} (entry {one.id}, story {keys.get(one.story_id or 0, 'none yet')})" for one in pair]
    lines.append("They are in one story." if same else "They are not in one story.")
    lines.append(f"  {near.reason if near else missing}")
    if near and (edited := [f"entry {one.id}" for one in pair if one.edited_at]):
        lines.append(f"  Compared are the texts that they had when they were grouped; edited: {', '.join(edited)}.")
    if near and not same and near.similarity >= near.needed:
        lines.append("  As a whole, the story of one was not near enough when the other came, or another was nearer.")
    if near and same and near.similarity < near.needed:
        lines.append("  Other entries of the story tie them.")
    evidence = stories.evidence_of(conn, [one.id for one in pair])
    copied = titles_copied(conn, evidence.values())
    for one in pair:
        if one.id in evidence:
            lines += [f"  entry {one.id} {line.strip()}" for line in evidence_lines(evidence[one.id], copied)]
    document: dict[str, Any] = {"kind": "pair", "entries": [one.id for one in pair], "one_story": same}
    return Told(lines, document | _numbers(near, missing))


def _compared(conn: Connection, one: Entry, two: Entry) -> tuple[Nearness | None, str]:
    """How near they are, or why that can't be said."""
    from aggregator.group.near import nearness
    from aggregator.group.stories.chance import SPAN
    from aggregator.group.window import row_of
    from aggregator.store import grouping

    for entry in (one, two):
        if entry.story_id is None:
            return None, f"Entry {entry.id} waits for `aggregator group`."
    rows = {row.entry_id: row for row, _ in grouping.window(conn, [one.id, two.id])}
    for entry in (one, two):
        if entry.id not in rows:
            return None, f"Entry {entry.id} is too old to be compared any more; its story is closed."
    first, second = rows[one.id], rows[two.id]
    around = grouping.surroundings(conn, first.language, max(first.at, second.at), timedelta(seconds=SPAN))
    return nearness(row_of(first), row_of(second), (first.language, second.language), around), ""


def _numbers(near: Nearness | None, missing: str) -> dict[str, Any]:
    if near is None:
        return {"similarity": None, "reason": missing}
    return {"similarity": near.similarity, "needed": near.needed, "terms": near.terms, "reason": near.reason}
