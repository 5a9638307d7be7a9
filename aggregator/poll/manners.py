"""What polite requests rest on and the database remembers: hosts' pauses, the last hour's requests, the readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator import clock
from aggregator.config.models import Config
from aggregator.net.client import OutboundClient
from aggregator.net.gate import PER_HOUR, HostGate
from aggregator.net.policy import NetPolicy
from aggregator.net.turnstile import Turnstile
from aggregator.poll.alone import beside_database
from aggregator.store import feeds, hosts, subscribers
from aggregator.store.database import Store

_HOUR = timedelta(hours=1)
_COUNTED_FOR = 3600.0  # seconds


@contextmanager
def open_gate(store: Store, config: Config) -> Iterator[HostGate]:
    """The hosts' queues, as another process, or this one before a reload, left them; at the end they are saved."""
    path = beside_database(store, "hosts") if config.polling.host_gap else None
    with Turnstile(path) if path else nullcontext() as turnstile:
        gate = _gate(store, config, turnstile)
        try:
            yield gate
        finally:
            _save_pauses(store, gate)


def _gate(store: Store, config: Config, turnstile: Turnstile | None) -> HostGate:
    now, gap = clock.utc_now(), config.polling.host_gap
    with store.read() as conn:
        asked = feeds.polled_since(conn, now - _HOUR) if gap else []
        return HostGate(hosts.load(conn), gap=gap, asked=_that_matter(asked, now - gap), turnstile=turnstile)


def _that_matter(asked: Sequence[tuple[str, datetime]], lately: datetime) -> list[tuple[str, datetime]]:
    """Those of hosts that were asked often enough to come near their bound, or a moment ago."""
    often = Counter(host for host, _ in asked)
    return [(host, at) for host, at in asked if often[host] >= PER_HOUR // 10 or at >= lately]


def learn_pauses(store: Store, gate: HostGate, now: datetime) -> None:
    """What other processes were told meanwhile: `aggregator poll` beside `aggregator run`, a second machine."""
    with store.read() as conn:
        gate.learn(hosts.closed(conn, now))


def _save_pauses(store: Store, gate: HostGate) -> None:
    """What was learnt by other requests than polls, whose answers no poll saves."""
    if changed := gate.take_changes():
        with store.write() as conn:
            hosts.save(conn, changed)


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
