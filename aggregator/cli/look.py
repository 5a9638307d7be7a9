"""Looking at what is stored: entries, stories, and why a thing is where it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator import clock
from aggregator.cli.context import app, current, flag
from aggregator.cli.output import ago, iso, print_json, print_table, unknown
from aggregator.config.values import parse_duration
from aggregator.errors import UsageError
from aggregator.text.addresses import without_credentials

if TYPE_CHECKING:
    from aggregator.model import Entry, Feed, Story

Since = Annotated[
    str | None, typer.Option("--since", help="A date (2026-11-22), a time (2026-11-22T08:00) or an age (2d).")
]
AsJson = Annotated[bool, flag("--json", help="Print JSON.")]


def parse_since(value: str | None, now: datetime) -> datetime | None:
    """A date or time, UTC unless it says otherwise, or an age before `now`. Raises UsageError."""
    if value is None:
        return None
    try:
        return now - parse_duration(value)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise UsageError(
            f"--since {value!r} is neither a date such as 2026-11-22 nor an age such as 2d or 12h"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@app.command()
def entries(
    context: typer.Context,
    topic: Annotated[str | None, typer.Option("--topic", "-t", help="Only entries of this topic.")] = None,
    since: Since = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most this many, newest first.")] = None,
    as_json: AsJson = False,
) -> None:
    """List stored entries, newest first.

    Example: aggregator entries --topic "Air defense" --since 2d
    """
    from aggregator.store import entries as stored
    from aggregator.store import feeds
    from aggregator.store import stories as stored_stories

    here = current(context)
    now = clock.utc_now()
    _known_topic(topic, here.config.topics)
    with here.reading() as store, store.read() as conn:
        found = stored.recent(conn, since=parse_since(since, now), limit=limit, topic=topic)
        of = feeds.by_ids(conn, list({entry.feed_id for entry in found}))
        keys = stored_stories.keys(conn, {entry.story_id for entry in found if entry.story_id is not None})
    if as_json:
        print_json([entry_json(entry, of[entry.feed_id], keys) for entry in found])
    else:
        print_table(
            ["Id", "When", "Feed", "Topics", "Title"],
            (
                [
                    str(e.id),
                    ago(e.sort_at, now),
                    of[e.feed_id].name,
                    ", ".join(m.topic for m in e.topics),
                    e.title,
                ]
                for e in found
            ),
            none=_none("entry", topic, since),
        )


def _none(what: str, topic: str | None, since: str | None) -> str:
    if topic is not None or since is not None:
        return f"No {what} that is stored fits; without --topic and --since, all are listed"
    made = {"entry": "`aggregator poll` fetches them", "story": "`aggregator group` makes them of the entries"}
    return f"No {what} is stored yet; {made[what]}"


def _known_topic(topic: str | None, topics: dict[str, Any]) -> None:
    if topic is not None and topic not in topics:
        raise UsageError(unknown("topic", topic, topics))


def entry_json(entry: Entry, feed: Feed, story_keys: dict[int, str]) -> dict[str, Any]:
    """An entry as `--json` prints it; spans are offsets in code points of `title` or `text`."""
    return {
        "id": entry.id,
        "feed": without_credentials(feed.url),
        "guid": entry.guid,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "text": entry.text,
        "authors": [author.name for author in entry.authors],
        "language": entry.language,
        "published": iso(entry.published),
        "updated": iso(entry.updated),
        "first_seen": iso(entry.first_seen),
        "edited": iso(entry.edited_at),
        "revision": entry.revision,
        "topics": [{"name": m.topic, "score": round(m.score, 3), "spans": m.spans} for m in entry.topics],
        "story": story_keys.get(entry.story_id) if entry.story_id is not None else None,
    }


@app.command()
def stories(
    context: typer.Context,
    topic: Annotated[str | None, typer.Option("--topic", "-t", help="Only stories of this topic.")] = None,
    since: Since = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most this many, newest first.")] = None,
    as_json: AsJson = False,
) -> None:
    """List stories, the last updated first.

    Example: aggregator stories --since 1d --json
    """
    from aggregator.store import stories as stored

    here = current(context)
    now = clock.utc_now()
    _known_topic(topic, here.config.topics)
    with here.reading() as store, store.read() as conn:
        found = stored.recent(conn, since=parse_since(since, now), limit=limit, topic=topic)
    if as_json:
        print_json([story_json(story) for story in found])
    else:
        print_table(
            ["Story", "Updated", "Entries", "Outlets", "Origins", "Topics", "Title"],
            (
                [
                    story.key,
                    ago(story.updated, now),
                    str(len(story.entry_ids)),
                    str(len(story.outlets)),
                    str(story.origins),
                    ", ".join(story.topics),
                    story.title,
                ]
                for story in found
            ),
            none=_none("story", topic, since),
        )


def story_json(story: Story) -> dict[str, Any]:
    """A story as `--json` prints it."""
    return {
        "id": story.key,
        "title": story.title,
        "lead": story.lead_id,
        "entries": story.entry_ids,
        "outlets": story.outlets,
        "origins": story.origins,
        "growth": {"outlets": story.growth[0], "hours": story.growth[1]} if story.growth else None,
        "topics": story.topics,
        "language": story.language,
        "image": story.image_url,
        "first_seen": iso(story.first_seen),
        "last_seen": iso(story.last_seen),
        "updated": iso(story.updated),
        "closed": story.closed,
    }
