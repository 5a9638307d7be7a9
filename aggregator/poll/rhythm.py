"""How often a feed has something new, and what it says about that itself. Pure; kept with the feed as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import sub
from typing import Any

from aggregator.poll.parse.result import FeedMeta

_REMEMBERED = 16  # times of entries: enough for a median, little enough to store with each feed


@dataclass(frozen=True, slots=True)
class FeedHints:
    """`ttl`, `update_period`, `skip_hours` (UTC) and `skip_days` (0 = Monday) as the feed states them.

    `recent` holds the times of the newest entries, newest first, in seconds since 1970: as many datetimes would take
    longer to make than all else that a poll without news decides. `filter` stands for the keep and drop under which the
    entries were chosen. `since` is when it was first read: what was new then may be years old.
    """

    ttl: timedelta | None = None
    update_period: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    recent: tuple[int, ...] = ()
    filter: str = ""
    since: datetime | None = None

    @property
    def gap(self) -> timedelta | None:
        """The median time between new entries; None until two entries of different times are known."""
        gaps = sorted(map(sub, self.recent, self.recent[1:]))
        return timedelta(seconds=(gaps[len(gaps) // 2] + gaps[~(len(gaps) // 2)]) / 2) if gaps else None

    @property
    def latest(self) -> datetime | None:
        """The time of the newest entry."""
        return datetime.fromtimestamp(self.recent[0], UTC) if self.recent else None

    def see(self, times: Iterable[datetime]) -> FeedHints:
        """New entries: `times` are the earlier of published and first seen."""
        return replace(self, recent=self._newest(times))

    def newest(self, last_new_entry_at: datetime | None) -> datetime | None:
        """When the feed last had something new: as it says, or when we saw what came after the first reading."""
        seen = last_new_entry_at
        if seen is not None and self.since is not None and seen - self.since < timedelta(seconds=1):
            seen = None
        return max(filter(None, (seen, self.latest)), default=None)

    def learn(self, meta: FeedMeta, times: Iterable[datetime], filter_: str, now: datetime) -> FeedHints:
        """After a parse: `times` as in `see`."""
        return replace(
            self,
            recent=self._newest(times),
            ttl=meta.ttl,
            update_period=meta.update_period,
            skip_hours=meta.skip_hours,
            skip_days=meta.skip_days,
            filter=filter_,
            since=self.since or now,
        )

    def _newest(self, times: Iterable[datetime]) -> tuple[int, ...]:
        recent = sorted({*self.recent, *(int(time.replace(microsecond=0).timestamp()) for time in times)}, reverse=True)
        return tuple(recent[:_REMEMBERED])

    def to_json(self) -> dict[str, Any]:
        """For the feed's row; what is not known is left out."""
        values = {
            "ttl": self.ttl and int(self.ttl.total_seconds()),
            "period": self.update_period and int(self.update_period.total_seconds()),
            "skip_hours": sorted(self.skip_hours),
            "skip_days": sorted(self.skip_days),
            "recent": self.recent,
            "filter": self.filter,
            "since": self.since and int(self.since.timestamp()),
        }
        return {key: value for key, value in values.items() if value}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> FeedHints:
        """What `to_json` gave."""
        return cls(
            ttl=timedelta(seconds=values["ttl"]) if "ttl" in values else None,
            update_period=timedelta(seconds=values["period"]) if "period" in values else None,
            skip_hours=frozenset(values.get("skip_hours", ())),
            skip_days=frozenset(values.get("skip_days", ())),
            recent=tuple(values.get("recent", ())),
            filter=values.get("filter", ""),
            since=datetime.fromtimestamp(values["since"], UTC) if "since" in values else None,
        )
