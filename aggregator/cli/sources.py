"""feeds.yaml and its feeds: checking, adding, importing, exporting, health."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator import clock
from aggregator.cli.context import Context, app, current, flag
from aggregator.cli.output import ago, complain, plain, print_document, print_json, print_table, say
from aggregator.errors import UsageError
from aggregator.text.addresses import without_credentials
from aggregator.text.counts import plural

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.config.edit import Added
    from aggregator.model import Feed
    from aggregator.net.discover import Candidate, Discovery
    from aggregator.poll.trial import Verdict
    from aggregator.store.websub import HubState

AsJson = Annotated[bool, flag("--json", help="Print JSON.")]


@app.command()
def check(
    context: typer.Context,
    offline: Annotated[bool, flag("--offline", help="Check feeds.yaml only; try no feed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check feeds.yaml, then poll every feed and say what it answers.

    Every fault of the file is listed at once, as file:line:column, with the nearest right thing. What the feeds answer
    is kept, so that no server is asked for the same again.

    Example: aggregator check
    """
    import uvloop

    here = current(context)
    config = here.config
    if not as_json:
        say(
            f"{here.config_path} is good: {plural(len(config.feeds), 'feed', 'feeds')}, "
            f"{plural(len(config.topics), 'topic', 'topics')}, {plural(len(config.digests), 'digest', 'digests')}"
        )
    verdicts = [] if offline else uvloop.run(_try_feeds(here, show=not as_json))
    if as_json:
        print_json([{"feed": url, "ok": v.ok, "what": v.sentence, "advice": v.advice} for url, v in verdicts])
    failed = sum(not verdict.ok for _, verdict in verdicts)
    if failed:
        complain(f"{failed} of {plural(len(verdicts), 'feed', 'feeds')} can't be read")
        raise typer.Exit(1)


async def _try_feeds(here: Context, *, show: bool) -> list[tuple[str, Verdict]]:
    from aggregator.poll.poller import Poller
    from aggregator.poll.trial import BUSY, verdict

    waiting = {str(feed.url) for feed in here.config.feeds if not feed.paused}
    found: list[tuple[str, Verdict]] = []

    def tell(url: str, said: Verdict) -> None:
        waiting.discard(url)
        found.append((without_credentials(url), said))
        advice = f" ({said.advice})" if said.advice else ""
        if show:
            line = f"  {'ok  ' if said.ok else 'FAIL'} {without_credentials(url)}: {said.sentence}{advice}"
            (say if said.ok else complain)(line)

    with here.store() as store:
        async with Poller.open(store, here.config) as poller:
            await poller.poll_all(tell=lambda polled: tell(polled.leased.feed.url, verdict(polled)))
    for url in sorted(waiting):
        tell(url, BUSY)
    return found


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Address of a feed, or of a page that has one.")],
    name: Annotated[
        str | None, typer.Option("--name", help="What readers see; the feed's own title otherwise.")
    ] = None,
) -> None:
    """Find the feed behind an address and add it to feeds.yaml; comments and order stay.

    Example: aggregator add https://kyivindependent.com
    """
    import uvloop

    here = current(context)
    found = uvloop.run(_discover(here, url))
    if not found.candidates:
        complain(f"Nothing was added: {found.reason}")
        raise typer.Exit(1)
    best, *others = found.candidates
    report = uvloop.run(_add(here, best, name))
    if report.present:
        say(f"{here.config_path} has it already: {without_credentials(best.url)}")
    else:
        say(f"Added {without_credentials(best.url)} ({best.title or best.format}; {best.via}) to {here.config_path}")
    for other in others:
        say(f"  the page also offers {without_credentials(other.url)} ({other.title or other.format})")


async def _discover(here: Context, url: str) -> Discovery:
    from aggregator.net.discover import discover
    from aggregator.net.robots import Robots
    from aggregator.poll.poller import Poller

    with here.store() as store:
        async with Poller.open(store, here.config) as poller:  # discovery waits in the same queues as polls
            return await discover(poller.client, Robots(poller.client), url)


async def _add(here: Context, best: Candidate, name: str | None) -> Added:
    """Into feeds.yaml, and what the feed answered into the store."""
    from aggregator.config.edit import NewFeed, add_feeds
    from aggregator.config.models import FeedConfig
    from aggregator.config.references import same_feed
    from aggregator.poll.poller import Poller

    def write() -> Added:
        return add_feeds(here.config_path, [NewFeed(best.url, name)])

    known = {same_feed(feed.url) for feed in here.config.feeds}
    if best.answer is None or same_feed(best.url) in known:
        return write()
    config = here.config.model_copy(update={"feeds": (*here.config.feeds, FeedConfig(url=best.url))})
    with here.store() as store:
        async with Poller.open(store, config) as poller:
            return await poller.begin(best.url, best.answer, write)


@app.command(name="import")
def import_opml(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="OPML, as feed readers export it, or a file with an address a line.")
    ],
) -> None:
    """Add the feeds of another reader's list to feeds.yaml; those that it has already are left alone.

    Example: aggregator import subscriptions.opml
    """
    from aggregator.config.edit import NewFeed, add_feeds
    from aggregator.config.lists import read_list

    here = current(context)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}") from None
    try:
        opml = read_list(data)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None
    if not opml.feeds and not opml.skipped:
        raise UsageError(f"{file} names no feed; an OPML file has them as <outline xmlUrl=…>")
    report = add_feeds(here.config_path, [NewFeed(feed.url, feed.name, feed.language) for feed in opml.feeds])
    added = plural(len(report.added), "feed", "feeds")
    say(f"{added} added to {here.config_path}, {plural(len(report.present), 'was', 'were')} there already")
    for skipped in opml.skipped:
        complain(f"  left out {skipped.name}: {skipped.reason}")


@app.command(name="export-opml")
def export_opml(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; standard output otherwise.")] = None,
) -> None:
    """Write the list of feeds as OPML, for any feed reader.

    Example: aggregator export-opml --out feeds.opml
    """
    from aggregator.publish.assemble import source_view
    from aggregator.publish.opml import public_sources, render_opml
    from aggregator.store import feeds

    here = current(context)
    with here.store() as store, store.read() as conn:
        sources = [source_view(feed) for feed in feeds.list_all(conn)]
    opml = render_opml(here.config.site.title, public_sources(sources))
    if out is None:
        print_document(opml.decode())
        return
    try:
        out.write_bytes(opml)
    except OSError as error:
        raise UsageError(f"{out} can't be written: {error.strerror}") from None


@app.command()
def sources(context: typer.Context, as_json: AsJson = False) -> None:
    """Show every feed's health: its state in words, its last and its next poll, and why then.

    Example: aggregator sources
    """
    from aggregator.store import feeds, websub

    here = current(context)
    now = clock.utc_now()
    with here.store() as store, store.read() as conn:
        found, hubs = feeds.list_all(conn), websub.states(conn, now)
    if as_json:
        print_json([_source_json(feed, hubs.get(feed.id)) for feed in found])
        return
    print_table(
        ["Feed", "State", "Entries", "Last poll", "Next poll", "Why"],
        (
            [
                feed.name,
                "paused" if feed.paused else feed.state,
                str(feed.entries),
                ago(feed.last_polled_at, now),
                _next_poll(feed, now),
                _why(feed, hubs.get(feed.id)),
            ]
            for feed in found
        ),
        none="feeds.yaml names no feed; `aggregator add URL` finds one and adds it",
    )


def _next_poll(feed: Feed, now: datetime) -> str:
    if feed.paused or feed.state == "gone":
        return "-"
    due = feed.next_poll_at is None or feed.next_poll_at <= now
    return "now" if due else ago(feed.next_poll_at, now)


def _why(feed: Feed, hub: HubState | None) -> str:
    if feed.paused:
        return "paused in feeds.yaml"
    healthy = feed.state in {"ok", "new"} and not feed.moved_to
    trouble = "" if hub is None or hub.subscribed else f"; its hub {without_credentials(hub.hub)}: {hub.reason}"
    return (feed.next_poll_reason if healthy else feed.state_reason) + trouble


def _hub_json(hub: HubState) -> dict[str, object]:
    url = without_credentials(hub.hub)
    return {"url": url, "subscribed": hub.subscribed, "last_push": hub.pushed_at, "reason": hub.reason}


def _source_json(feed: Feed, hub: HubState | None) -> dict[str, object]:
    return {
        "url": without_credentials(feed.url),
        "name": feed.name,
        "outlet": feed.outlet,
        "title": feed.title,
        "site": feed.site_url,
        "language": feed.language,
        "state": "paused" if feed.paused else feed.state,
        "reason": feed.state_reason,
        "since": feed.state_since,
        "moved_to": without_credentials(feed.moved_to) if feed.moved_to else None,
        "failures": feed.failures,
        "entries": feed.entries,
        "dropped": feed.dropped,
        "last_poll": feed.last_polled_at,
        "last_success": feed.last_success_at,
        "last_new_entry": feed.last_new_entry_at,
        "next_poll": feed.next_poll_at,
        "next_poll_reason": feed.next_poll_reason,
        "hub": _hub_json(hub) if hub else None,
    }


@app.command()
def schema(
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; standard output otherwise.")] = None,
) -> None:
    """Print the JSON Schema of feeds.yaml, with which editors check and complete it.

    Example: aggregator schema --out feeds.schema.json
    """
    from aggregator.config.schema import schema_text

    if out is None:
        print_document(schema_text())
        return
    try:
        out.write_text(schema_text(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{plain(str(out))} can't be written: {error.strerror}") from None
