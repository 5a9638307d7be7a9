"""How long an edition takes to be chosen and rendered, and how many mails a second are built, signed and accepted.

    python -m bench digest --stories 20,60,100 --mails 2000

Stories have one to four entries of 3,000 characters in eight topics. Mails go to a server on loopback that runs in a
process of its own and keeps nothing; `--latency` makes each of its answers wait.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from aggregator.config.models import Config
from aggregator.digest.contents import Contents, Site, compose
from aggregator.digest.edition import Candidate, brief_for, choose
from aggregator.digest.message import MessageMaker
from aggregator.digest.outbox import Sending, send_all
from aggregator.digest.phrases import phrases
from aggregator.digest.render import Frame, render_edition
from aggregator.digest.signing import Key, read_key, sign
from aggregator.digest.smtp import SmtpTransport
from aggregator.digest.transport import Server
from aggregator.model import DeliveryState, Edition, EditionState, Entry, Feed, Mailing, Story
from aggregator.store import editions
from aggregator.store.database import Store, sqlite_url
from aggregator.store.editions import Recipient
from aggregator.templating import environment
from aggregator.text.slug import unique_slugs

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
TOPICS = [f"Topic {n}" for n in range(8)]
FEEDS = {
    n: Feed(id=n, url=f"https://outlet{n}.example/feed", name=f"Outlet {n}", outlet=f"Outlet {n}") for n in range(20)
}
RUNS = 5
T = TypeVar("T")
_WORDS = (
    "night drones over the port while crews repaired the grid and ministers counted interceptors promised".split()  # noqa: SIM905
)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench digest", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--stories", default="20,60,100", help="sizes of editions, with commas between")
    parser.add_argument("--mails", type=int, default=2000, help="recipients of one edition; 0 sends none")
    parser.add_argument("--connections", default="1,10", help="to the mail server, with commas between")
    parser.add_argument("--latency", type=float, default=0, help="milliseconds that each answer of the server waits")
    options = parser.parse_args(argv)
    print(f"{'stories':>8} {'of':>5} {'choose ms':>10} {'render ms':>10} {'KB':>5} {'words':>6}")
    for number in options.stories.split(","):
        _measure_edition(int(number))
    if options.mails:
        _measure_mails(options.mails, [int(n) for n in options.connections.split(",")], options.latency / 1000)
    print(f"largest resident set: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _measure_edition(number: int) -> None:
    made = _config(number)
    candidates = [_candidate(n) for n in range(number * 3)]
    brief = brief_for(
        made, made.digests["Daily"], period_from=NOW - timedelta(days=1), period_to=NOW, shown=range(0, 4000, 40)
    )
    words, site = phrases("en"), Site(made.site.url, unique_slugs(made.topics))
    selection, choosing = _median(lambda: choose(candidates, FEEDS, brief))

    def composed(keep: int | None) -> Contents:
        return compose(selection, FEEDS, words, site, keep=keep)

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


def _measure_mails(number: int, connections: list[int], latency: float) -> None:
    edition = _edition()
    with tempfile.TemporaryDirectory(prefix="bench-digest-") as folder:
        key = _key(Path(folder))
        signed = {"unsigned": None, "signed": key}
        for name, used in signed.items():
            print(f"build, {name}: {_build_rate(edition, used, min(number, 500)):.0f} mails/s in one process")
        with _sink(latency) as port:
            for count in connections:
                rate = _send_rate(Path(folder) / str(count), edition, number, count, port)
                print(f"send, {count} connections, {latency * 1000:g} ms latency: {rate:.0f} mails/s accepted")


def _build_rate(edition: Edition, key: Key | None, number: int) -> float:
    maker = MessageMaker(edition)
    started = time.perf_counter()
    for n in range(number):
        message = maker.make(f"reader{n}@example.com", f"<{n}@example.org>")
        if key is not None:
            sign(message.data, key, NOW)
    return number / (time.perf_counter() - started)


def _send_rate(folder: Path, edition: Edition, number: int, connections: int, port: int) -> float:
    store = Store.open(sqlite_url(folder))
    people = [Recipient(f"reader{n}@example.com", f"<{n}@example.org>") for n in range(number)]
    with store.write() as conn:
        editions.freeze(conn, edition, people)
    target = Server("127.0.0.1", port, False, None, None)
    started = time.perf_counter()
    sending = Sending(
        store=store,
        new_transport=lambda: SmtpTransport(target),
        transport_name="sink",
        key=None,
        now=lambda: NOW + timedelta(seconds=time.perf_counter() - started),
        wanted=lambda _digest, _address: True,
        links=lambda _claimed: None,
        connections=connections,
    )
    asyncio.run(send_all(sending))
    seconds = time.perf_counter() - started
    assert sending.states[DeliveryState.SENT] == number, sending
    store.close()
    return number / seconds


def _key(folder: Path) -> Key:
    path = folder / "dkim.pem"
    command = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path]
    subprocess.run(command, check=True, capture_output=True)
    return read_key(path, "d1", "digest@example.org")


class _Sink(asyncio.Protocol):
    """A mail server that accepts everything, keeps nothing and answers after `latency` seconds."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._say(b"220 sink")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            head, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            if self._in_data:
                self._in_data = False
                self._say(b"250 ok")
            else:
                self._in_data = head == b"DATA"
                self._say({b"EHLO": b"250 sink", b"DATA": b"354 go"}.get(head[:4], b"250 ok"))

    def _say(self, line: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._transport.write, line + b"\r\n")
        else:
            self._transport.write(line + b"\r\n")


def _serve_sink(latency: float, port: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Sink(latency), "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def _sink(latency: float) -> Iterator[int]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve_sink, args=(latency, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _config(stories: int) -> Config:
    return Config.model_validate(
        {
            "feeds": [{"url": feed.url} for feed in FEEDS.values()],
            "topics": {name: {"any": [name]} for name in TOPICS},
            "digests": {"Daily": {"stories": stories}},
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
        web_url="https://news.example.org/editions/daily/2026-11-22/",
        unsubscribe_url="mailto:editor@example.org",
        why=words.why.format(site="News"),
        address="",
    )


def _edition() -> Edition:
    made = _config(20)
    brief = brief_for(made, made.digests["Daily"], period_from=NOW - timedelta(days=1), period_to=NOW, shown=())
    selection = choose([_candidate(n) for n in range(60)], FEEDS, brief)
    site = Site("https://news.example.org", unique_slugs(made.topics))
    words = phrases("en")
    rendered = render_edition(
        environment(None), _frame(), lambda keep: compose(selection, FEEDS, words, site, keep=keep)
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
            archive="https://news.example.org/editions/daily/2026-11-22/",
            language="en",
        ),
    )
