"""What polite requests rest on and the database remembers: hosts' pauses, the last hour's requests, the readers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator import clock
from aggregator.config.models import Config
from aggregator.net.client import OutboundClient
from aggregator.net.gate import PER_HOUR, HostGate, Turns
from aggregator.net.policy import NetPolicy
from aggregator.poll.turns import open_turns
from aggregator.store import hosts, subscribers, turns
from aggregator.store.database import Store

_HOUR = timedelta(hours=1)
_COUNTED_FOR = 3600.0  # seconds


@contextmanager
def open_gate(store: Store, config: Config) -> Iterator[HostGate]:
    """The hosts' queues, as another process, or this one before a reload, left them; at the end they are saved."""
    with open_turns(store, config.polling) as turns_:
        gate = _gate(store, config, turns_)
        try:
            yield gate
        finally:
            _save_news(store, gate)


def _gate(store: Store, config: Config, turns_: Turns | None) -> HostGate:
    gap = config.polling.host_gap
    with store.read() as conn:
        asked = turns.requests_since(conn, clock.utc_now() - _HOUR) if gap else []
        return HostGate(hosts.load(conn), gap=gap, per_hour=PER_HOUR, asked=asked, turns=turns_)


def learn_pauses(store: Store, gate: HostGate, now: datetime) -> None:
    """What other processes were told meanwhile: `aggregator poll` beside `aggregator run`, a second machine."""
    with store.read() as conn:
        gate.learn(hosts.closed(conn, now))


def _save_news(store: Store, gate: HostGate) -> None:
    """What was learnt by other requests than polls, whose answers no poll saves."""
    news = gate.take_news()
    if news.states or news.asked:
        with store.write() as conn:
            hosts.save(conn, news.states)
            turns.note_requests(conn, news.asked, clock.utc_now())


@dataclass(slots=True)
class Introduction:
    """Keeps the number of readers in the User-Agent true: counted at the start and every hour."""

    store: Store
    config: Config
    counted_at: float = float("-inf")

    def policy(self) -> NetPolicy:
        """For a client that is about to be opened."""
        self.counted_at = clock.monotonic()
        with self.store.read() as conn:
            fixed = {address for digest in self.config.digests.values() for address in digest.to}
            readers = subscribers.count_readers(conn, fixed)
        return NetPolicy.from_config(self.config, max(1, readers))

    def renew(self, client: OutboundClient) -> None:
        """Count again, when the last count is old."""
        if clock.monotonic() - self.counted_at > _COUNTED_FOR:
            client.policy = replace(client.policy, user_agent=self.policy().user_agent)
