"""Why a feed, a host or a topic is as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aggregator.cli.output import ago, iso, minute
from aggregator.text.addresses import host_key, without_credentials
from aggregator.text.counts import plural

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from aggregator.config.models import Config, FeedConfig, TopicConfig
    from aggregator.model import Feed, HostState

_DAYS = 7  # that a topic is looked back on
_NAMED = 5
_MOST = 2_000  # entries of a topic that are counted by keyword


@dataclass(frozen=True, slots=True)
class Told:
    """An explanation: for people, and for `--json`."""

    lines: list[str]
    document: dict[str, Any]


def feeds_called(conn: Connection, config: Config, name: str, now: datetime) -> Iterator[Told]:
    """Feeds by name, address or outlet, also one that has left feeds.yaml."""
    from aggregator.store import feeds

    asked = {str(feed.url): feed for feed in config.feeds}
    for feed, named in feeds.known(conn):
        names = (feed.name.casefold(), feed.outlet.casefold(), feed.url.casefold())
        if name.casefold() in (*names, without_credentials(feed.url).casefold()):
            yield _feed(conn, feed, asked.get(feed.url) if named else None, now)


def _feed(conn: Connection, feed: Feed, asked: FeedConfig | None, now: datetime) -> Told:
    from aggregator.store import feeds, hosts, websub

    host = hosts.load(conn).get(host_key(feed.url))
    leased = feeds.leased_until(conn, feed.id)
    why, polled = _polled(feed, asked, host, leased, now)
    lines = [
        f"Feed {feed.name}, {without_credentials(feed.url)}",
        f"  outlet {feed.outlet}, priority {feed.priority}, {plural(feed.entries, 'entry', 'entries')} stored",
        f"  {feed.state}: {feed.state_reason}",
        f"  {why}",
        f"  last polled {ago(feed.last_polled_at, now)}, last good {ago(feed.last_success_at, now)}, "
        f"last new entry {ago(feed.last_new_entry_at, now)}",
    ]
    if feed.moved_to:
        lines.append(f"  it says that it has moved to {without_credentials(feed.moved_to)}")
    if feed.dropped:
        lines.append(
            f"  {plural(feed.dropped, 'entry was', 'entries were')} left out by the limits on a feed and a day"
        )
    filters = (("keep", asked.keep), ("drop", asked.drop)) if asked else ()
    lines += [f"  {key}: {', '.join(keywords)}" for key, keywords in filters if keywords]
    hubs = websub.of_feeds(conn, [feed.id]).get(feed.id, [])
    lines += [f"  hub {without_credentials(one.hub)}: {one.reason}" for one in hubs]
    document = {
        "kind": "feed",
        "url": without_credentials(feed.url),
        "name": feed.name,
        "state": feed.state,
        "reason": feed.state_reason,
        "polled_now": polled,
        "why": why,
        "last_poll": iso(feed.last_polled_at),
        "next_poll": iso(feed.next_poll_at),
        "next_poll_reason": feed.next_poll_reason,
    }
    return Told(lines, document)


def _polled(
    feed: Feed, asked: FeedConfig | None, host: HostState | None, leased: datetime | None, now: datetime
) -> tuple[str, bool]:
    """Why it is polled now or not, and whether it is."""
    if asked is None:
        return "not polled any more: feeds.yaml no longer names it; its entries stay until storage.keep is over", False
    if asked.paused:
        return "not polled: `paused: true` in feeds.yaml", False
    if leased is not None and leased > now:
        return f"being polled: a process holds it until {minute(leased)} at the latest", True
    if host is not None and host.closed(now):
        return f"not polled now: its host asked for a pause that ends {ago(host.not_before, now)}: {host.reason}", False
    if feed.next_poll_at is not None and feed.next_poll_at > now:
        return f"not polled now, but {ago(feed.next_poll_at, now)}: {feed.next_poll_reason}", False
    return f"due: {feed.next_poll_reason or 'never polled'}; `aggregator poll` or a running aggregator asks it", True


def hosts_called(conn: Connection, _config: Config, name: str, now: datetime) -> Iterator[Told]:
    """A host, by its name or an address on it: its pause, and its feeds."""
    from aggregator.store import feeds, hosts

    wanted = {name.casefold(), host_key(name), host_key(f"https://{name}/")} - {""}
    mine = [feed for feed in feeds.list_all(conn) if host_key(feed.url) in wanted]
    states = [state for host, state in hosts.load(conn).items() if host in wanted]
    if not mine and not states:
        return
    state = states[0] if states else None
    host = state.host if state else host_key(mine[0].url)
    closed = state is not None and state.closed(now)
    if state is not None and closed:
        said = f"asked nothing until its pause ends {ago(state.not_before, now)}: {state.reason}"
    else:
        said = "may be asked: it has asked for no pause that still lasts"
    due = [feed for feed in mine if not feed.paused and (feed.next_poll_at is None or feed.next_poll_at <= now)]
    lines = [f"Host {host}", f"  {said}", f"  {plural(len(mine), 'feed', 'feeds')}, {len(due)} due"]
    lines += [f"  {feed.name}: {feed.state}, next {ago(feed.next_poll_at, now)}" for feed in mine[:_NAMED]]
    lines += [f"  and {len(mine) - _NAMED} more"] if len(mine) > _NAMED else []
    document = {
        "kind": "host",
        "host": host,
        "closed": closed,
        "why": said,
        "not_before": iso(state.not_before) if state else None,
        "feeds": [without_credentials(feed.url) for feed in mine],
    }
    yield Told(lines, document)


def topics_called(conn: Connection, config: Config, name: str, now: datetime) -> Iterator[Told]:
    """A topic: what its keywords brought in the last days, and who tells of it."""
    from aggregator.store import entries

    found = next((one for one in config.topics if one.casefold() == name.casefold()), None)
    if found is None:
        return
    topic, since = config.topics[found], now - timedelta(days=_DAYS)
    taken = entries.recent(conn, since=since, topic=found, limit=_MOST)
    words = Counter(
        keyword
        for entry in taken
        for match in entry.topics
        if match.topic == found
        for keyword in {span.keyword for span in match.spans}
    )
    told = len({entry.story_id for entry in taken if entry.story_id is not None})
    digests = [one for one, digest in config.digests.items() if not digest.topics or found in digest.topics]
    more = "at least " if len(taken) == _MOST else ""
    lines = [
        f"Topic {found}",
        f"  {more}{plural(len(taken), 'entry', 'entries')} and {plural(told, 'story', 'stories')} in {_DAYS} days",
    ]
    lines += [f"  {_keyword(keyword, words[keyword])}" for keyword in topic.any]
    lines += _limits(topic)
    lines.append(f"  in the digests {', '.join(digests)}" if digests else "  in no digest")
    document = {
        "kind": "topic",
        "name": found,
        "days": _DAYS,
        "entries": len(taken),
        "stories": told,
        "keywords": {keyword: words[keyword] for keyword in topic.any},
        "digests": digests,
    }
    yield Told(lines, document)


def _keyword(keyword: str, number: int) -> str:
    return f"{keyword!r} is found in {number} of them" if number else f"{keyword!r} is found in none of them"


def _limits(topic: TopicConfig) -> list[str]:
    limits = [f"  not: {', '.join(topic.not_)}"] if topic.not_ else []
    limits += [f"  only of the feeds {', '.join(map(without_credentials, topic.feeds))}"] if topic.feeds else []
    return limits + ([f"  from a score of {topic.threshold:g} on"] if topic.threshold else [])
