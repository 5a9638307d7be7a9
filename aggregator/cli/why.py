"""`aggregator why`: why an entry or a story is where it is, and why it isn't elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator import clock
from aggregator.cli.context import app, current
from aggregator.cli.look import entry_json, story_json
from aggregator.cli.output import iso, print_json, print_text
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from aggregator.config.models import Config
    from aggregator.group.topics import Verdict
    from aggregator.model import Entry, Feed, Span, Story, StoryEvidence

_AROUND = 40  # characters shown on either side of a span
_SPANS = 5


@dataclass(frozen=True)
class Explanation:
    """All that is known of an entry's places. `outputs`: path of a published feed -> '' or why it isn't in it."""

    entry: Entry
    feed: Feed
    verdicts: tuple[Verdict, ...]
    story: Story | None
    evidence: StoryEvidence | None
    outputs: dict[str, str]


@app.command()
def why(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="ENTRY|URL", help="Id, guid or address of an entry, or a story's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain an entry: its topics with the words that decided, its story with what ties it, the feeds it is in.

    A topic or feed that it is not in is explained as well. Several feeds may have the same address: each is explained.

    Example: aggregator why https://example.org/article
    """
    from aggregator.store import stories

    here = current(context)
    now = clock.utc_now()
    with here.store() as store, store.read() as conn:
        found = _find(conn, what)
        explained = [_explain(conn, here.config, entry, now) for entry in found]
        ids = {id_ for one in explained if one.evidence and (id_ := one.evidence.copy_of)}
        copied = {entry.id: entry.title for entry in _entries(conn, ids)}
        keys = stories.keys(conn, {entry.story_id for entry in found if entry.story_id is not None})
    if as_json:
        print_json([_as_json(one, keys) for one in explained])
    else:
        print_text("\n\n".join("\n".join(_lines(one, copied)) for one in explained))


def _find(conn: Connection, what: str) -> list[Entry]:
    from aggregator.store import entries, stories

    found = entries.find(conn, what)
    if not found and (story := stories.get(conn, what)):
        found = stories.entries_of(conn, [story.id])[story.id]
    if not found:
        raise UsageError(
            f"no stored entry has the id, guid or address {what!r}, and no story that id; "
            "`aggregator entries` lists what there is. Perhaps keep: or drop: left it out, "
            "or its feed was not polled yet"
        )
    return found


def _entries(conn: Connection, ids: set[int]) -> list[Entry]:
    from aggregator.store import entries

    return list(entries.by_ids(conn, sorted(ids)).values())


def _explain(conn: Connection, config: Config, entry: Entry, now: datetime) -> Explanation:
    from aggregator.group.topics import TopicMatcher
    from aggregator.store import feeds, stories

    feed = feeds.by_ids(conn, [entry.feed_id])[entry.feed_id]
    story = stories.by_ids(conn, [entry.story_id]).get(entry.story_id) if entry.story_id is not None else None
    return Explanation(
        entry=entry,
        feed=feed,
        verdicts=TopicMatcher(config.topics).explain(entry, feed.name, feed.url),
        story=story,
        evidence=stories.evidence_of(conn, [entry.id]).get(entry.id),
        outputs=dict(_outputs(conn, config, entry, story, now)),
    )


def _outputs(
    conn: Connection, config: Config, entry: Entry, story: Story | None, now: datetime
) -> Iterator[tuple[str, str]]:
    """The published feeds that have the entry, and those that would but for its age or their size."""
    from aggregator.store import entries, stories
    from aggregator.text.slug import unique_slugs

    since, limit = now - config.publish.max_age, config.publish.entries
    slugs = unique_slugs(config.topics)
    topics = [match.topic for match in entry.topics if match.topic in slugs]
    for path, topic in [("feed.atom", None), *((f"topics/{slugs[one]}/feed.atom", one) for one in topics)]:
        listed = {one.id for one in entries.recent(conn, since=since, limit=limit, topic=topic)}
        yield path, "" if entry.id in listed else _left_out(entry.sort_at, since, limit)
    if story is not None:
        kept = {one.id for one in stories.recent(conn, since=since, limit=limit)}
        yield "stories.atom", "" if story.id in kept else _left_out(story.last_seen, since, limit)


def _left_out(at: datetime, since: datetime, limit: int) -> str:
    if at < since:
        return "older than publish.max_age"
    return f"not among the newest {limit} (publish.entries), or its feed has left feeds.yaml"


def _lines(one: Explanation, copied: dict[int, str]) -> Iterator[str]:
    entry = one.entry
    yield f"{entry.title}"
    yield f"  entry {entry.id} of {one.feed.name}, {entry.url or 'without an address'}"
    edited = f", edited {iso(entry.edited_at)} (revision {entry.revision})" if entry.edited_at else ""
    yield f"  published {iso(entry.published) or 'at no stated time'}, first seen {iso(entry.first_seen)}{edited}"
    yield "Topics"
    if not one.verdicts:
        yield "  feeds.yaml names none"
    for verdict in one.verdicts:
        yield f"  {'in    ' if verdict.taken else 'not in'} {verdict.topic}: {verdict.reason}"
        for span in verdict.spans[:_SPANS]:
            yield f"         {span.field}: {_excerpt(entry, span)}"
    yield from _story_lines(one, copied)
    yield "Published in"
    for path, reason in one.outputs.items():
        yield f"  {path}" if not reason else f"  not in {path}: {reason}"


def _story_lines(one: Explanation, copied: dict[int, str]) -> Iterator[str]:
    story, evidence = one.story, one.evidence
    if story is None:
        yield "Story"
        yield "  none yet: `aggregator group` finds it"
        return
    outlets = f"{len(story.outlets)} outlet{'s' if len(story.outlets) != 1 else ''}"
    origins = f"{story.origins} origin{'s' if story.origins != 1 else ''}"
    yield f"Story {story.key}: {story.title}"
    yield f"  {len(story.entry_ids)} entries, {outlets}, {origins}{', closed' if story.closed else ''}"
    if evidence is None:
        return
    if evidence.terms:
        yield f"  joined with similarity {evidence.similarity:.2f}, tied by {', '.join(evidence.terms)}"
    else:
        yield "  founded by this entry: nothing before it was near enough"
    if evidence.runner_up is not None:
        yield f"  came near to story {evidence.runner_up[0]}, too: {evidence.runner_up[1]:.2f}"
    if evidence.copy_of is not None:
        yield f"  copies or rewrites entry {evidence.copy_of}: {copied.get(evidence.copy_of, 'no longer stored')}"


def _excerpt(entry: Entry, span: Span) -> str:
    """The words around a span, which stands in brackets."""
    authors = ", ".join(author.name for author in entry.authors)
    whole = {"title": entry.title, "text": entry.text, "url": entry.url or "", "author": authors}.get(span.field, "")
    before = whole[max(0, span.start - _AROUND) : span.start]
    after = whole[span.end : span.end + _AROUND]
    marks = ("…" if span.start > _AROUND else "", "…" if span.end + _AROUND < len(whole) else "")
    return " ".join(f"{marks[0]}{before}[{whole[span.start : span.end]}]{after}{marks[1]}".split())


def _as_json(one: Explanation, keys: dict[int, str]) -> dict[str, Any]:
    return {
        "entry": entry_json(one.entry, keys),
        "topics": one.verdicts,
        "story": story_json(one.story) if one.story else None,
        "evidence": one.evidence,
        "published": [path for path, reason in one.outputs.items() if not reason],
        "not_published": {path: reason for path, reason in one.outputs.items() if reason},
    }
