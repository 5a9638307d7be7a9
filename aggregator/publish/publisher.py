"""Publish: what is stored, as feeds, pages and a list of sources in a folder that any web server can serve.

read     feeds, entries, topics, stories, editions      one transaction
         -> SiteView                                    pure
for each feed, Atom, RSS and JSON:
         render                                         pure; unchanged items come from `fragments`
         the bytes that are there already? keep them
         read back: invalid, or empty after it had entries? refused, the last good one stays
         replace atomically
pages, OPML, style sheet: render -> replace atomically where they differ
remove   what was published before and is no longer
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aggregator.clock import monotonic
from aggregator.config.models import Config
from aggregator.model import EditionState
from aggregator.publish.assemble import Stored, assemble
from aggregator.publish.channels import STYLESHEET, Published, published_feeds
from aggregator.publish.check import count_items, faults
from aggregator.publish.feeds import render
from aggregator.publish.files import Output, open_output
from aggregator.publish.fragments import Fragments
from aggregator.publish.opml import public_sources, render_opml
from aggregator.publish.pages import render_pages
from aggregator.publish.view import SiteView
from aggregator.store import editions, entries, feeds, stories
from aggregator.store.database import Store
from aggregator.templating import environment, static_file


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport:
    """What one publish did. `files` = written + unchanged; a refused file that stayed counts as unchanged."""

    files: int
    written: int
    unchanged: int
    removed: int
    refused: tuple[tuple[str, str], ...]  # (path, why as a sentence)
    seconds: float


def publish(
    store: Store, config: Config, out: Path, now: datetime, fragments: Fragments | None = None
) -> PublishReport:
    """Bring the folder `out` up to date. Raises PublishError where it can't be written, ConfigError for a template.

    Who publishes again and again keeps one `Fragments`, so that unchanged items are not rendered again.
    """
    started = monotonic()
    fragments = Fragments() if fragments is None else fragments
    view = assemble(config, _read(store, config, now))
    refused: list[tuple[str, str]] = []
    with open_output(out) as output:
        for feed in published_feeds(view, ttl=max(1, int(config.polling.floor.total_seconds() // 60))):
            refused += _publish_feed(output, view, feed, fragments)
        for path, body in _other_files(view, config):
            output.write(path, body)
        removed = output.finish()
    fragments.end_of_publish()
    return PublishReport(
        files=len(output.paths),
        written=output.written,
        unchanged=len(output.paths) - output.written,
        removed=removed,
        refused=tuple(refused),
        seconds=monotonic() - started,
    )


def _read(store: Store, config: Config, now: datetime) -> Stored:
    since, limit = now - config.publish.max_age, config.publish.entries
    archived = now - max(config.publish.max_age, config.storage.keep)  # mails link to their edition on the site
    with store.read() as conn:
        newest_stories = stories.recent(conn, since=since, limit=limit)
        return Stored(
            feeds=feeds.list_all(conn),
            entries=entries.recent(conn, since=since, limit=limit),
            topic_entries={
                topic: entries.recent(conn, since=since, limit=limit, topic=topic) for topic in config.topics
            },
            stories=newest_stories,
            story_entries=stories.entries_of(conn, [story.id for story in newest_stories]),
            editions=[one for one in editions.recent(conn, since=archived) if one.state is EditionState.FROZEN],
        )


def _publish_feed(output: Output, view: SiteView, feed: Published, fragments: Fragments) -> Iterator[tuple[str, str]]:
    """Write the forms of one feed; yields what was refused."""
    for path, body in render(feed, fragments).items():
        present = output.read(path)
        reason = _refusal(path, body, present, view.href(path)) if body != present else None
        if reason is None:
            output.write(path, body)
            continue
        yield path, reason
        if present is not None:
            output.keep(path)


def _refusal(path: str, body: bytes, present: bytes | None, url: str) -> str | None:
    """Why a feed must not be published, or None."""
    if found := faults(path, body, url):
        more = f" (and {len(found) - 1} more faults)" if len(found) > 1 else ""
        return f"{path} was not published, since {found[0]}{more}; the last good one stays"
    if present is not None and count_items(path, present) and not count_items(path, body):
        return f"{path} was left as it is, since it would have become empty"
    return None


def _other_files(view: SiteView, config: Config) -> Iterator[tuple[str, bytes]]:
    env = environment(config.templates)
    yield view.opml, render_opml(view.site.title, public_sources(view.sources))
    yield STYLESHEET, static_file(env, STYLESHEET)
    yield from render_pages(view, env)
