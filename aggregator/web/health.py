"""Whether the program is well, for machines: the answer of /healthz and the metrics of /metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from aggregator.store.health import Facts

PATIENCE = timedelta(hours=1)  # a feed that is due for longer than this means that polling has stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The program at one moment. `facts` is None when the database can't be read."""

    now: datetime
    started: datetime
    facts: Facts | None
    published: datetime | None  # when the published files last changed
    warnings: Sequence[str] = ()  # such as a faulty feeds.yaml: worth a look, but everything goes on

    @property
    def lag(self) -> timedelta:
        """How long the longest-waiting feed has been due, counted from the program's start."""
        if self.facts is None or self.facts.due == 0:
            return timedelta()
        since = self.started if self.facts.due_since is None else max(self.facts.due_since, self.started)
        return max(timedelta(), self.now - since)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is broken, as sentences; nothing when all is well."""
        found = []
        if self.facts is None:
            found.append("The database can't be read; the log says why.")
        if self.lag > PATIENCE:
            found.append(f"Polling has stopped: a feed has been due for {self.lag // timedelta(minutes=1)} minutes.")
        if self.published is None and self.now - self.started > PATIENCE:
            found.append("Nothing has been published since the start.")
        return tuple(found)


def as_json(report: Report) -> dict[str, object]:
    """The answer of /healthz. Times are RFC 3339, null where there is none."""
    facts = report.facts
    return {
        "status": "failing" if report.problems else "ok",
        "problems": list(report.problems),
        "warnings": list(report.warnings),
        "started": _time(report.started),
        "database": "ok" if facts else "unreadable",
        "last_poll": _time(facts.last_poll if facts else None),
        "last_publish": _time(report.published),
        "due": facts.due if facts else None,
        "due_for_seconds": round(report.lag.total_seconds()),
        "feeds": dict(facts.feeds) if facts else None,
    }


def _time(when: datetime | None) -> str | None:
    return when.isoformat(timespec="seconds").replace("+00:00", "Z") if when else None


def metrics(report: Report) -> bytes:
    """The answer of /metrics, in Prometheus' text format."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Families(families(report)))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, made: Iterable[Metric]) -> None:
        self._made = tuple(made)

    def collect(self) -> Iterable[Metric]:
        return self._made


def families(report: Report) -> list[Metric]:
    """Every metric of our own; docs/pages.md explains each."""
    facts = report.facts
    made: list[Metric] = [
        _gauge("aggregator_database_up", "1 if the database can be read.", int(facts is not None)),
        _gauge("aggregator_healthy", "1 if /healthz answers ok.", int(not report.problems)),
    ]
    if report.published:
        changed = report.published.timestamp()
        made.append(_gauge("aggregator_last_publish_timestamp_seconds", "When the published files changed.", changed))
    return made + _stored(facts, report.lag) if facts else made


def _stored(facts: Facts, lag: timedelta) -> list[Metric]:
    made: list[Metric] = [
        _gauge("aggregator_feeds_due", "Feeds that wait to be polled.", facts.due),
        _gauge("aggregator_poll_lag_seconds", "How long the longest-waiting feed is due.", lag.total_seconds()),
        _gauge("aggregator_entries", "Entries stored.", facts.entries),
        _gauge("aggregator_entries_ungrouped", "Entries that wait for topics and story.", facts.ungrouped),
        _by_state("aggregator_feeds", "Feeds by state.", facts.feeds.items()),
        _by_state("aggregator_deliveries", "Deliveries of editions by state.", facts.deliveries.items()),
        CounterMetricFamily("aggregator_entries_dropped", "Entries that a limit dropped.", value=facts.dropped),
    ]
    if facts.last_poll:
        polled = facts.last_poll.timestamp()
        made.append(_gauge("aggregator_last_poll_timestamp_seconds", "When a feed was last polled.", polled))
    if facts.last_edition:
        edited = facts.last_edition.timestamp()
        made.append(_gauge("aggregator_last_edition_timestamp_seconds", "When an edition was last made.", edited))
    return made


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _by_state(name: str, text: str, counts: Iterable[tuple[str, int]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state, count in counts:
        family.add_metric([state], count)
    return family
