"""Editions for those who want stories as they happen: made when there is something new, with a pause between two.

Nothing is stored when nothing is new, but until when that was looked (in `meta`): a tick without new stories costs two
small queries for each variant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from aggregator.config.models import Config
from aggregator.digest.draft import Plan, draft
from aggregator.digest.recipients import recipients, without
from aggregator.digest.schedule import Slot
from aggregator.digest.variants import Variant
from aggregator.model import Edition, EditionState, Wishes
from aggregator.store import editions, meta, stories
from aggregator.store.database import Store

PAUSE = timedelta(minutes=30)  # between two mails
LONGEST = timedelta(hours=24)  # what happened longer ago, while the program was down, comes no more


def make_bundles(
    store: Store, config: Config, name: str, wanted: Sequence[tuple[Variant, list[Wishes]]], now: datetime
) -> Iterator[Edition]:
    """The editions of a digest's variants that are to be made now."""
    key = f"bundles {name}"
    with store.read() as conn:
        stored: dict[str, str] = json.loads(meta.get(conn, key) or "{}")
    begin = (now - PAUSE).isoformat()
    looked = {variant.key: stored.get(variant.key, begin) for variant, _ in wanted}
    for variant, wishes in wanted:
        until = datetime.fromisoformat(looked[variant.key])
        plan = _plan(store, Plan(config, name, _today(config, variant, now), variant), until, now)
        if plan is None:
            continue
        edition = draft(store, plan, now)
        frozen = _freeze(store, plan, edition, wishes, now) if edition.state is EditionState.FROZEN else None
        if frozen is not None:
            yield frozen
        looked[variant.key] = edition.period_to.isoformat()
    if looked != stored:
        with store.write() as conn:
            meta.put(conn, key, json.dumps(looked))


def _today(config: Config, variant: Variant, now: datetime) -> Slot:
    zone = variant.digest.timezone or config.site.timezone
    return Slot(now.astimezone(zone).date(), now)


def _plan(store: Store, plan: Plan, looked: datetime, now: datetime) -> Plan | None:
    """Which edition comes next, and from when it tells; None before its time, and while no story has changed."""
    with store.read() as conn:
        last = editions.newest(conn, plan.name, plan.key)
        if last is not None and now - last.created < PAUSE:
            return None
        start = max(looked, last.period_to if last else looked, now - LONGEST)
        if not stories.any_since(conn, start):
            return None
    issue = last.issue + 1 if last is not None and last.local_date == plan.slot.local_date else 1
    return replace(plan, issue=issue, start=start)


def _freeze(store: Store, plan: Plan, edition: Edition, wishes: list[Wishes], now: datetime) -> Edition | None:
    """None when another process made the edition of this number, or when another digest told everybody all of it."""
    with store.write(durable=True) as conn:
        told = editions.covering(conn, edition.entry_ids, digest=plan.name, since=now - PAUSE)
        people = without(conn, recipients(conn, plan, wishes, before=now), told)
        first = next(people, None)
        return None if first is None else editions.freeze(conn, edition, chain([first], people))
