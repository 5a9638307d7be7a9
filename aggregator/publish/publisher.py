"""Publish: what is stored, as feeds, pages and a list of sources in a folder that any web server can serve.

read     feeds, entries, topics, stories, editions      one transaction
         -> SiteView                                    pure
for each feed in its three forms, each story's page, each topic's pages, and the rest together:
         made of the same things as last time, and its files untouched? keep them
         render                                         pure; unchanged items of feeds come from `fragments`
         the bytes that are there already? keep them
         a feed: read it back; invalid, or empty after it had entries? refused, the last good one stays
         replace atomically
remove   what was published before and is no longer
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from jinja2 import Environment

from aggregator.clock import monotonic
from aggregator.config.models import Config
from aggregator.model import EditionState
from aggregator.publish.assemble import Stored, assemble
from aggregator.publish.channels import STYLESHEET, published_feeds
from aggregator.publish.check import count_items, faults, is_feed
from aggregator.publish.feeds import render
from aggregator.publish.files import Output, open_output
from aggregator.publish.fragments import Fragments, Signature
from aggregator.publish.opml import public_sources, render_opml
from aggregator.publish.pages import edition_units, page_units
from aggregator.publish.units import Unit
from aggregator.publish.view import SiteView
from aggregator.store import editions, entries, feeds, stories
from aggregator.store.database import Store
from aggregator.templating import environment, static_file


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport:
    """What one publish did. `files` = written + unchanged; a file that stayed for a reason counts as unchanged.

    `refused` and `kept` hold (path, why as a sentence): feeds that would not have been valid, and those that would have
    become empty, which is no fault.
    """

    files: int
    written: int
    unchanged: int
    removed: int
    refused: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str], ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Stayed:
    """A feed whose last version stays."""

    path: str
    reason: str
    faulty: bool


def publish(
    store: Store, config: Config, out: Path, now: datetime, fragments: Fragments | None = None
) -> PublishReport:
    """Bring the folder `out` up to date. Raises PublishError where it can't be written, ConfigError for a template.

    Who publishes again and again keeps one `Fragments`, so that unchanged items are not rendered again.
    """
    started = monotonic()
    fragments = Fragments() if fragments is None else fragments
    view = assemble(config, _read(store, config, now))
    stayed: list[_Stayed] = []
    with open_output(out) as output:
        units = set()
        for unit in _units(view, config, fragments):
            stayed += _publish_unit(output, unit, fragments, view)
            units.add(unit.name)
        removed = output.finish()
    fragments.end_of_publish(units)
    return PublishReport(
        files=len(output.paths),
        written=output.written,
        unchanged=len(output.paths) - output.written,
        removed=removed,
        refused=tuple((one.path, one.reason) for one in stayed if one.faulty),
        kept=tuple((one.path, one.reason) for one in stayed if not one.faulty),
        seconds=monotonic() - started,
    )


def _read(store: Store, config: Config, now: datetime) -> Stored:
    since, limit = now - config.publish.max_age, config.publish.entries
    with store.read() as conn:
        newest_stories = stories.recent(conn, since=since, limit=limit)
        story_ids = [story.id for story in newest_stories]
        return Stored(
            feeds=feeds.list_all(conn),
            entries=entries.recent(conn, since=since, limit=limit),
            topic_entries={
                topic: entries.recent(conn, since=since, limit=limit, topic=topic) for topic in config.topics
            },
            stories=newest_stories,
            story_entries=stories.entries_of(conn, story_ids),
            merged=stories.merged(conn, story_ids),
            editions=[
                one for one in editions.recent(conn, since=now - config.archive) if one.state is EditionState.FROZEN
            ],
            edition_html=partial(_edition_html, store),
        )


def _edition_html(store: Store, id_: int) -> str:
    with store.read() as conn:
        return editions.html_of(conn, id_)


def _units(view: SiteView, config: Config, fragments: Fragments) -> Iterator[Unit]:
    """Everything that is published: feeds, the list of sources, pages."""
    for feed in published_feeds(view, ttl=max(1, int(config.polling.floor.total_seconds() // 60))):
        key = (feed.channel, hash(tuple(piece.key for piece in feed.pieces)))
        yield Unit(feed.paths.atom, key, partial(render, feed, fragments))
    yield from edition_units(view)
    env = environment(config.templates)
    yield Unit("sources", None, partial(_source_files, view, env))
    for unit in page_units(view, env):
        yield unit if config.templates is None else replace(unit, key=None)


def _source_files(view: SiteView, env: Environment) -> Iterator[tuple[str, bytes]]:
    yield view.opml, render_opml(view.site.title, public_sources(view.sources))
    yield STYLESHEET, static_file(env, STYLESHEET)


def _publish_unit(output: Output, unit: Unit, fragments: Fragments, view: SiteView) -> Iterator[_Stayed]:
    """Bring the files of one unit up to date; yields those whose last version stays, and why."""
    known = fragments.files_of(unit.name, unit.key)
    if known and all(output.signature(path) == signature for path, signature in known.items()):
        for path in known:
            output.keep(path)
        return
    written: dict[str, Signature] = {}
    for path, body in unit.render():
        if stayed := _stays(path, body, output, view):
            yield stayed
            unit = replace(unit, key=None)  # to be tried again
        else:
            output.write(path, body)
            written[path] = output.signature(path)
    fragments.written(unit.name, unit.key, written)


def _stays(path: str, body: bytes, output: Output, view: SiteView) -> _Stayed | None:
    """Why a feed must not be published, or None. What stays in its place belongs to the publish."""
    if not is_feed(path):
        return None
    present = output.read(path)
    if body == present:
        return None
    if present is not None:
        output.keep(path)
    if found := faults(path, body, view.href(path)):
        more = f" (and {len(found) - 1} more faults)" if len(found) > 1 else ""
        return _Stayed(path, f"{path} was not published, since {found[0]}{more}; the last good one stays", True)
    if present is not None and not count_items(path, body) and count_items(path, present):
        return _Stayed(path, f"{path} was left as it is, since it would have become empty", False)
    return None
