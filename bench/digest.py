"""How long an edition takes to be chosen and rendered, and how many mails a second are built, signed and accepted.

    python -m bench digest --stories 20,60,100 --mails 1000,10000 --latency 0,20

Stories have one to four entries of 3,000 characters in eight topics. Every mail is a subscriber's, with links and an
envelope sender of his own. Mails go to a server on loopback that runs in a process of its own and keeps nothing; each
row is a process of its own too, so its memory is that row's alone.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from aggregator.config.models import Config
from aggregator.digest.bounces.verp import envelope_sender
from aggregator.digest.contents import Contents, Site, compose
from aggregator.digest.draft import Plan
from aggregator.digest.edition import Candidate, brief_for, choose
from aggregator.digest.outbox import Sending, send_all
from aggregator.digest.phrases import phrases
from aggregator.digest.recipients import recipients
from aggregator.digest.render import Frame, render_edition
from aggregator.digest.schedule import Slot
from aggregator.digest.signing import Key, read_key
from aggregator.digest.signup import site_secret
from aggregator.digest.smtp import SmtpTransport
from aggregator.digest.tokens import Holder, personal_links
from aggregator.digest.transport import Server
from aggregator.model import DeliveryState, Edition, EditionState, Entry, Feed, Mailing, Story, SubscriberState, Wishes
from aggregator.store import editions, subscribers
from aggregator.store.database import Store, sqlite_url
from aggregator.store.subscribers import NewSubscriber
from aggregator.templating import environment
from aggregator.text.slug import unique_slugs
from bench.mailsink import sink

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
TOPICS = [f"Topic {n}" for n in range(8)]
FEEDS = {
    n: Feed(id=n, url=f"https://outlet{n}.example/feed", name=f"Outlet {n}", outlet=f"Outlet {n}") for n in range(20)
}
RUNS = 5
SITE = "https://news.example.org"
T = TypeVar("T")
_WORDS = (
    "night drones over the port while crews repaired the grid and ministers counted interceptors promised".split()  # noqa: SIM905
)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench digest", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--stories", default="20,60,100", help="sizes of editions, with commas between")
    parser.add_argument("--mails", default="1000,10000", help="subscribers of one edition, with commas between")
    parser.add_argument("--connections", default="1,10", help="to the mail server, with commas between")
    parser.add_argument("--latency", default="0", help="milliseconds that each answer of the server waits")
    options = parser.parse_args(argv)
    print(f"{'stories':>8} {'of':>5} {'choose ms':>10} {'render ms':>10} {'KB':>5} {'words':>6}")
    for number in options.stories.split(","):
        _measure_edition(int(number))
    print(f"{'mails':>8} {'latency':>8} {'connections':>12} {'signed':>8} {'mails/s':>8} {'CPU ms':>7} {'peak MB':>8}")
    wanted = [[int(one) for one in text.split(",")] for text in (options.mails, options.latency, options.connections)]
    for number, latency, connections in itertools.product(*wanted):
        for signed in (False, True):
            _measure_mails(_Run(number, latency, connections, signed))


def _measure_edition(number: int) -> None:
    made = _config(number)
    candidates = [_candidate(n) for n in range(number * 3)]
    brief = brief_for(
        made, made.digests["Daily"], period_from=NOW - timedelta(days=1), period_to=NOW, shown=range(0, 4000, 40)
    )
    words, site = phrases("en"), Site(made.site.url, unique_slugs(made.topics))
    selection, choosing = _median(lambda: choose(candidates, FEEDS, brief))

    def composed(keep: int | None) -> Contents:
        return compose(selection, FEEDS, words, site, issued=NOW, keep=keep)

    rendered, rendering = _median(lambda: render_edition(environment(None), _frame(), composed))
    kilobytes = len(rendered.html.encode()) / 1000
    row = f"{rendered.contents.stories:>8} {len(candidates):>5} {choosing * 1000:>10.1f} {rendering * 1000:>10.1f}"
    print(f"{row} {kilobytes:>5.0f} {rendered.contents.words:>6}")


def _median(work: Callable[[], T]) -> tuple[T, float]:
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return result, statistics.median(seconds)


@dataclass(frozen=True)
class _Run:
    """One row: so many subscribers' mails."""

    mails: int
    latency: int  # ms
    connections: int
    signed: bool


def _measure_mails(run: _Run) -> None:
    with sink(run.latency / 1000) as port, ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        rate, cpu, megabytes = pool.submit(_send, run, port).result()
    row = f"{run.mails:>8} {run.latency:>5} ms {run.connections:>12} {'rsa' if run.signed else 'no':>8}"
    print(f"{row} {rate:>8.0f} {cpu:>7.2f} {megabytes:>8.0f}", flush=True)


def _send(run: _Run, port: int) -> tuple[float, float, float]:
    """(mails a second, ms of CPU a mail, peak MB) of the sending process."""
    with tempfile.TemporaryDirectory(prefix="bench-digest-") as folder:
        store = Store.open(sqlite_url(Path(folder)))
        _subscribe(store, run.mails)
        secret, server = site_secret(store), Server("127.0.0.1", port, False, None, None)
        started, cpu = time.perf_counter(), time.process_time()
        sending = Sending(
            store=store,
            new_transport=lambda: SmtpTransport(server),
            transport_name="sink",
            key=_key(Path(folder)) if run.signed else None,
            now=lambda: NOW + timedelta(seconds=time.perf_counter() - started),
            wanted=lambda _digest, _address: True,
            links=lambda one: personal_links(secret, SITE, Holder(one.delivery.subscriber_id or 0, one.salt)),
            envelope=lambda one: envelope_sender("bounces+*@example.org", secret, one.id, one.message_id),
            connections=run.connections,
        )
        asyncio.run(send_all(sending))
        seconds, used = time.perf_counter() - started, time.process_time() - cpu
        assert sending.states[DeliveryState.SENT] == run.mails, sending
        store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return run.mails / seconds, used / run.mails * 1000, peak


def _subscribe(store: Store, number: int) -> None:
    """So many confirmed subscribers, and one frozen edition for all of them."""
    with store.write() as conn:
        for n in range(number):
            address = f"reader{n}@example.com"
            new = NewSubscriber(
                address=address, state=SubscriberState.CONFIRMED, reason="confirmed", digests=["Daily"], origin="bench"
            )
            subscribers.add(conn, new, NOW - timedelta(days=9))
    with store.write() as conn:
        plan = Plan(_config(20), "Daily", Slot(NOW.date(), NOW))
        editions.freeze(conn, _edition(), recipients(conn, plan, [Wishes()], before=NOW))


def _key(folder: Path) -> Key:
    path = folder / "dkim.pem"
    command = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return read_key(path, "d1", "digest@example.org")


def _config(stories: int) -> Config:
    return Config.model_validate(
        {
            "feeds": [{"url": feed.url} for feed in FEEDS.values()],
            "topics": {name: {"any": [name]} for name in TOPICS},
            "digests": {"Daily": {"stories": stories}},
            "mail": {"from": "News <digest@example.org>"},
        }
    )


def _candidate(number: int) -> Candidate:
    entries = [_entry(number * 4 + n, number) for n in range(1 + number % 4)]
    lead = entries[0]
    story = Story(
        id=number,
        key=f"{number:016x}",
        title=lead.title,
        lead_id=lead.id,
        entry_ids=tuple(entry.id for entry in entries),
        outlets=tuple(FEEDS[entry.feed_id].outlet for entry in entries),
        origins=len(entries),
        topics=(TOPICS[number % len(TOPICS)],),
        first_seen=lead.first_seen,
        last_seen=lead.first_seen,
        updated=lead.first_seen,
        language="en",
    )
    return Candidate(story, tuple(entries))


def _entry(number: int, story: int) -> Entry:
    at = NOW - timedelta(minutes=1 + number % 1200)
    words = [_WORDS[(story + n) % len(_WORDS)] for n in range(9)]
    sentence = f"{' '.join(words).capitalize()} {number}. "
    return Entry(
        id=number,
        feed_id=number % len(FEEDS),
        feed_url=FEEDS[number % len(FEEDS)].url,
        guid=str(number),
        url=f"https://outlet{number % len(FEEDS)}.example/{number}",
        title=f"{' '.join(words[:7]).capitalize()} {number}",
        text=sentence * (3000 // len(sentence)),
        first_seen=at,
        sort_at=at,
        published=at,
        language="en",
    )


def _frame() -> Frame:
    words = phrases("en")
    return Frame(
        name="News",
        digest="Daily",
        words=words,
        zone=ZoneInfo("UTC"),
        when=NOW,
        covers="",
        next="Mon 07:00 UTC",
        web_url=f"{SITE}/editions/daily/2026-11-22/",
        unsubscribe_url="mailto:editor@example.org",
        why=words.why.format(site="News"),
        address="",
        preferences_url=f"{SITE}/subscribe/",
    )


def _edition() -> Edition:
    made = _config(20)
    brief = brief_for(made, made.digests["Daily"], period_from=NOW - timedelta(days=1), period_to=NOW, shown=())
    selection = choose([_candidate(n) for n in range(60)], FEEDS, brief)
    site = Site(SITE, unique_slugs(made.topics))
    words = phrases("en")
    rendered = render_edition(
        environment(None), _frame(), lambda keep: compose(selection, FEEDS, words, site, issued=NOW, keep=keep)
    )
    return Edition(
        id=0,
        digest="Daily",
        local_date="2026-11-22",
        state=EditionState.FROZEN,
        created=NOW,
        period_from=brief.period_from,
        period_to=NOW,
        subject=rendered.subject,
        preheader=rendered.preheader,
        html=rendered.html,
        text=rendered.text,
        deadline=NOW + timedelta(hours=6),
        mailing=Mailing(
            sender="News <digest@example.org>",
            reply_to=None,
            list_id="daily.example.org",
            list_name="Daily",
            unsubscribe="mailto:editor@example.org",
            archive=f"{SITE}/editions/daily/2026-11-22/",
            language="en",
            preferences=f"{SITE}/subscribe/",
        ),
    )
