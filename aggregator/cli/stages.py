"""Running the stages: all of them together, or one at a time over what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator import clock
from aggregator.cli.context import Context, app, current, flag, local_date
from aggregator.cli.output import ago, complain, print_json, print_text, say, unknown
from aggregator.errors import UsageError
from aggregator.text.addresses import without_credentials
from aggregator.text.counts import plural

if TYPE_CHECKING:
    from aggregator.model import Feed, PollReport
    from aggregator.store.database import Store

_POLL_KEYS = (
    "feeds",
    "fetched",
    "not_modified",
    "unchanged",
    "failed",
    "entries_new",
    "entries_edited",
    "seconds",
)
_SHOWN = 20  # failures; the sources table has them all

AsJson = Annotated[bool, flag("--json", help="Print one JSON object.")]


@app.command()
def run(context: typer.Context) -> None:
    """Poll, group, publish and mail for as long as it runs, and serve the pages.

    feeds.yaml is read again when it changes; a faulty edit leaves the last good one active. Ctrl-C or SIGTERM stops.

    Example: aggregator run
    """
    from aggregator.cli.logs import start_logging
    from aggregator.daemon import run as run_daemon

    here = current(context)
    start_logging()
    with here.store() as store:
        run_daemon(here.config_path, here.config, here.public, store, lambda url: say(f"The page: {url}"))


@app.command()
def poll(
    context: typer.Context,
    feeds: Annotated[list[str] | None, typer.Argument(metavar="FEED", help="Names or URLs; all otherwise.")] = None,
    now: Annotated[bool, flag("--now", help="Also those that are not due yet.")] = False,
    release: Annotated[
        bool, flag("--release", help="Take the entries of a named feed that is held back (quarantined).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Poll the feeds that are due, or those named.

    A poll is always conditional, and a host that asked for a pause is left alone, --now or not. With --release, a feed
    that is held back, because it came back after a long silence with other content, is read whole and believed.

    Example: aggregator poll --now
    """
    import uvloop

    here = current(context)
    if release and not feeds:
        raise UsageError("--release needs the name or URL of the feed that you have looked at")
    report, next_poll = uvloop.run(_poll(here, feeds or [], now=now, release=release))
    if as_json:
        print_json({name: getattr(report, name) for name in _POLL_KEYS})
    elif not (report.feeds or report.postponed or feeds or now):
        say(f"No feed is due{_until(next_poll, clock.utc_now())}; --now polls them all")
    else:
        _print_poll(report)
    _complain_of_failures(report)
    if report.failed:
        raise typer.Exit(1)


async def _poll(here: Context, names: list[str], *, now: bool, release: bool) -> tuple[PollReport, datetime | None]:
    from aggregator.cli.progress import PollProgress
    from aggregator.poll.poller import Poller

    with here.store() as store:
        urls = _urls(store, names) if names else None
        async with Poller.open(store, here.config) as poller:
            with PollProgress() as progress:
                if now or names:
                    report = await poller.poll_all(urls, progress, release=release)
                else:
                    report = await poller.poll_due(progress)
        return report, _next_poll(store)


def _next_poll(store: Store) -> datetime | None:
    from aggregator.store import feeds

    with store.read() as conn:
        return feeds.next_due(conn)


def _until(moment: datetime | None, now: datetime) -> str:
    return f"; the next one is {ago(moment, now)}" if moment and moment > now else ""


def _urls(store: Store, wanted: list[str]) -> list[str]:
    """URLs of feeds named by URL, or as `aggregator sources` names them. Raises UsageError with the nearest name."""
    from aggregator.store import feeds

    with store.read() as conn:
        known = feeds.list_all(conn)
    urls: list[str] = []
    for name in wanted:
        found = [feed for feed in known if _is_called(feed, name)]
        if not found:
            addresses = [without_credentials(feed.url) for feed in known]
            raise UsageError(unknown("feed", name, [feed.name for feed in known], addresses))
        if all(feed.paused for feed in found):
            raise UsageError(f"{name} is paused; take `paused: true` out of feeds.yaml to poll it")
        urls += [feed.url for feed in found]
    return urls


def _is_called(feed: Feed, name: str) -> bool:
    """By its address, also as messages show it, or its name."""
    return name in (feed.url, without_credentials(feed.url)) or name.casefold() == feed.name.casefold()


def _print_poll(report: PollReport) -> None:
    say(
        f"{plural(report.feeds, 'feed', 'feeds')} in {report.seconds:.1f} s: {report.fetched} fetched, "
        f"{report.not_modified} not modified, {report.unchanged} unchanged, {report.failed} failed; "
        f"{plural(report.entries_new, 'new entry', 'new entries')}, {report.entries_edited} edited"
    )
    if report.postponed:
        say(f"{report.postponed} more were left alone, as their hosts asked; `aggregator sources` says until when")


def _complain_of_failures(report: PollReport) -> None:
    for url, reason in report.failures[:_SHOWN]:
        complain(f"  {without_credentials(url)}: {reason}")
    if len(report.failures) > _SHOWN:
        complain(f"  and {len(report.failures) - _SHOWN} more; `aggregator sources` shows every feed's health")


@app.command()
def group(context: typer.Context, as_json: AsJson = False) -> None:
    """Find topics and stories of what is new, or of everything after the topics were edited.

    Example: aggregator group
    """
    from aggregator.cli.progress import ReadProgress
    from aggregator.group.grouper import group as run_group

    here = current(context)
    with here.store() as store, ReadProgress("Grouping", "entries grouped") as progress:
        report = run_group(store, here.config, clock.utc_now(), progress)
    if as_json:
        print_json(report)
    else:
        say(
            f"{plural(report.entries, 'entry', 'entries')} grouped in {report.seconds:.1f} s: "
            f"{plural(report.topics, 'topic match', 'topic matches')}, "
            f"{plural(report.stories_new, 'new story', 'new stories')}, {report.stories_changed} changed"
        )
        if report.rematched:
            say(f"{plural(report.rematched, 'stored entry', 'stored entries')} matched again with the edited topics")


@app.command()
def publish(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write to; data/public otherwise.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the feeds, the pages and the list of sources as files for any web server.

    Example: aggregator publish --out /var/www/news
    """
    from aggregator.publish.publisher import publish as run_publish

    here = current(context)
    with here.store() as store:
        report = run_publish(store, here.config, out or here.public, clock.utc_now())
    if as_json:
        print_json(report)
    else:
        files = plural(report.files, "file", "files")
        say(f"{files} in {report.seconds:.1f} s: {report.written} written, {report.unchanged} unchanged")
        for _, reason in report.kept:
            say(f"  {reason}")
    for _, reason in report.refused:
        complain(f"  {reason}")
    if report.refused:
        raise typer.Exit(1)


_EXAMPLE = 'digests: {Morning: {at: "07:00", to: [you@example.org]}}'


@app.command()
def digest(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="The digest, as feeds.yaml names it, if there are several.")
    ] = None,
    preview: Annotated[
        Path | None,
        typer.Option("--preview", help="Write digest.html, digest.txt and digest.eml here; nothing is kept."),
    ] = None,
    send: Annotated[bool, flag("--send", help="Make the edition, if it isn't made yet, and mail it.")] = False,
    on: Annotated[str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="The edition of this day.")] = None,
) -> None:
    """Show the next edition of a digest, write it to files, or send it.

    The same edition is never made twice, and nobody gets it twice.

    Example: aggregator digest "Morning briefing" --preview out
    """
    here = current(context)
    name = _digest_named(name, list(here.config.digests))
    if preview is not None and send:
        raise UsageError("--preview keeps nothing and --send mails: choose one")
    day = local_date("--date", on)
    with here.store() as store:
        if send:
            _send(store, here, name, day)
        else:
            _preview(store, here, name, day, preview)


def _digest_named(name: str | None, known: Sequence[str]) -> str:
    """The digest that is meant. Raises UsageError."""
    if name is not None:
        if name not in known:
            raise UsageError(unknown("digest", name, known))
        return name
    if not known:
        raise UsageError(f"feeds.yaml has no digests; one is written as {_EXAMPLE}")
    if len(known) > 1:
        raise UsageError(f"feeds.yaml has several digests: say which, {' or '.join(map(repr, known))}")
    return known[0]


def _preview(store: Store, here: Context, name: str, local_date: str | None, out: Path | None) -> None:
    from aggregator.digest.service import preview
    from aggregator.model import EditionState

    shown = preview(store, here.config, name, clock.utc_now(), local_date)
    if shown.edition.state is EditionState.EMPTY:
        say(f"{name}: nothing new to tell, so no mail would be sent")
        return
    if out is None:
        print_text(shown.text)
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "digest.html").write_text(shown.html, encoding="utf-8")
        (out / "digest.txt").write_text(shown.text, encoding="utf-8")
        (out / "digest.eml").write_bytes(shown.eml)
    except OSError as error:
        raise UsageError(f"the preview can't be written to {out}: {error.strerror}") from None
    say(f"{shown.edition.subject}: written to {out}/digest.html, digest.txt and digest.eml; nothing is kept or sent")


def _send(store: Store, here: Context, name: str, local_date: str | None) -> None:
    from aggregator.digest.service import send_edition
    from aggregator.model import EditionState

    report = send_edition(store, here.config, name, clock.utc_now(), local_date)
    for edition in report.made:
        if edition.state is EditionState.EMPTY:
            say(f"{name} of {edition.local_date}: nothing new to tell, so no mail is sent")
        else:
            say(f"{name} of {edition.local_date}: {edition.subject}")
    say("".join(f"{number} {state}, " for state, number in report.states.items())[:-2] or "No mail was waiting")
    for trouble in report.troubles:
        complain(trouble)
    if report.troubles:
        raise typer.Exit(1)


@app.command()
def demo(
    context: typer.Context,
    once: Annotated[bool, flag("--once", help="Stop after writing; don't serve the page.")] = False,
) -> None:
    """Run everything on bundled sample feeds, without a network: poll, group, publish, digest; then serve the page.

    It works in a folder demo/ inside the data folder, made afresh each time.

    Example: aggregator demo
    """
    from aggregator.demo.show import show

    show(current(context).data / "demo", once=once, say=say)
