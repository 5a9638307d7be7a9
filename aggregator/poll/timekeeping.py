"""When the machine's clock was put back: what was planned by the wrong time would otherwise wait until that comes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator import clock
from aggregator.net.hosts import MOST_RETRY_AFTER
from aggregator.store import feeds, hosts, turns, websub
from aggregator.store.database import Store

log = logging.getLogger(__name__)

SLACK = timedelta(minutes=1)
"""By so much clocks may differ, and be set right, without anybody noticing."""


def put_back(then: tuple[datetime, float], now: tuple[datetime, float]) -> bool:
    """Whether the clock went back between two looks at it, each of (time, monotonic seconds)."""
    passed = timedelta(seconds=now[1] - then[1])
    return now[0] < then[0] + passed - SLACK


@dataclass(slots=True)
class Timekeeper:
    """Looks at the start, and whenever it is asked to and the clock has gone back since."""

    store: Store
    seen: tuple[datetime, float] | None = None

    def look(self) -> bool:
        """Whether something had to be mended; asks the database only then and at the first look. Blocking."""
        then, self.seen = self.seen, (clock.utc_now(), clock.monotonic())
        return (then is None or put_back(then, self.seen)) and self._mend(self.seen[0])

    def _mend(self, now: datetime) -> bool:
        with self.store.read() as conn:
            if not feeds.polled_after(conn, now + SLACK):
                return False
        with self.store.write() as conn:
            shifted = feeds.follow_clock(conn, now, SLACK)
            hosts.end_by(conn, now + MOST_RETRY_AFTER)
            turns.forget_after(conn, now + SLACK)
            websub.ask_again(conn, now, SLACK)
        log.warning("the clock was put back: the next polls of %d feeds are planned by what it shows now", shifted)
        return True
