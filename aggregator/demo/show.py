"""`aggregator demo`: the whole program on the fictional outlets, in a folder of its own.

outlets    served on this machine
poll       once, and again after the outlets have changed their minds
group, publish, digest (written as .eml)
serve      until Ctrl-C, as `aggregator run` does
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import uvloop

from aggregator import clock
from aggregator.config.load import load
from aggregator.config.models import Config
from aggregator.daemon import run
from aggregator.demo.outlets import DemoOutlets, write_demo_config
from aggregator.digest.service import preview, send_edition
from aggregator.errors import UsageError
from aggregator.group.grouper import group
from aggregator.model import PollReport
from aggregator.poll.poller import Poller
from aggregator.publish.publisher import publish
from aggregator.store import feeds
from aggregator.store.database import Store, sqlite_url
from aggregator.text.counts import plural

Say = Callable[[str], None]


def show(folder: Path, *, once: bool, say: Say) -> None:
    """Make `folder` afresh, run every stage in it, and serve the pages unless `once`."""
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"the demo's folder {folder} can't be made afresh: {error.strerror}") from None
    with DemoOutlets() as outlets:
        config_path = write_demo_config(folder, outlets.start(clock.utc_now()))
        config = load(config_path)
        store = Store.open(sqlite_url(folder))
        try:
            with store.write() as conn:
                feeds.sync(conn, config.feeds)
            _run_stages(store, config, outlets, folder, say)
            if not once:
                run(config_path, config, folder / "public", store, lambda url: _invite(url, say))
        finally:
            store.close()


def _run_stages(store: Store, config: Config, outlets: DemoOutlets, folder: Path, say: Say) -> None:
    for report in uvloop.run(_poll_twice(store, config, outlets)):
        say(
            f"poll     {plural(report.feeds, 'feed', 'feeds')}: {report.fetched} fetched, "
            f"{report.not_modified} not modified, {report.failed} failed; "
            f"{plural(report.entries_new, 'new entry', 'new entries')}, {report.entries_edited} edited"
        )
        for url, reason in report.failures:
            say(f"         {url}: {reason}")
    grouped = group(store, config, clock.utc_now())
    say(f"group    {grouped.entries} entries: {grouped.topics} topic matches, {grouped.stories_new} stories")
    for name in config.digests:
        _write_digest(store, config, name, folder, say)
    published = publish(store, config, folder / "public", clock.utc_now())
    say(f"publish  {published.files} files")
    say("")
    say(f"Feeds and pages:  {folder}/public  (feed.atom, stories.atom, topics/*/feed.atom, index.html)")
    say(f"The digest:       {folder}/digest/digest.html, digest.txt and digest.eml")
    say(f"Its feeds.yaml:   {folder}/feeds.yaml")
    say(f"To look further:  {sys.argv[0]} -c {folder}/feeds.yaml -d {folder} stories  (or sources, entries, why 1)")


async def _poll_twice(store: Store, config: Config, outlets: DemoOutlets) -> list[PollReport]:
    """Two rounds, between which the outlets edit some entries and add one."""
    async with Poller.open(store, config) as poller:
        first = await poller.poll_all()
        outlets.advance()
        return [first, await poller.poll_all()]


def _write_digest(store: Store, config: Config, name: str, folder: Path, say: Say) -> None:
    shown = preview(store, config, name, clock.utc_now())
    target = folder / "digest"
    target.mkdir(exist_ok=True)
    (target / "digest.html").write_text(shown.html, encoding="utf-8")
    (target / "digest.txt").write_text(shown.text, encoding="utf-8")
    (target / "digest.eml").write_bytes(shown.eml)
    report = send_edition(store, config, name, clock.utc_now())
    say(f"digest   {name}: {shown.edition.subject}; {plural(report.sent, 'mail', 'mails')} written as .eml")


def _invite(url: str, say: Say) -> None:
    say(f"The page:         {url}  (Ctrl-C stops)")
