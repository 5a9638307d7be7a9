"""Who gets an edition: the fixed recipients of feeds.yaml, and the subscribers whose wishes it was made for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from aggregator.digest.draft import Plan
from aggregator.digest.message import message_id
from aggregator.model import DeliveryState, Wishes
from aggregator.store import deliveries, subscribers
from aggregator.store.editions import Recipient
from aggregator.store.subscribers import address_key

_PAGE = 500


def recipients(conn: Connection, plan: Plan, wishes: Iterable[Wishes], *, before: datetime) -> Iterator[Recipient]:
    """Everyone once. A fixed recipient who has subscribed gets what he wished for, with his own links, and no more.

    `before`: whoever changed something after it gets the next edition.
    """
    for person in subscribers.getting(conn, plan.name, wishes, before=before):
        yield Recipient(person.address, _id(plan, person.address), subscriber_id=person.id)
    own = subscribers.subscribed(conn, plan.name, plan.digest.to)
    others = {address_key(address): address for address in plan.digest.to if address_key(address) not in own}
    yield from _fixed(conn, plan, others)


def without(conn: Connection, people: Iterable[Recipient], told: Sequence[int]) -> Iterator[Recipient]:
    """Those to whom none of these editions goes; a page at a time, so that memory doesn't grow with their number."""
    left = iter(people)
    while page := list(islice(left, _PAGE)):
        have = deliveries.already(conn, told, [one.address for one in page]) if told else frozenset()
        yield from (one for one in page if one.address.lower() not in have)


def _fixed(conn: Connection, plan: Plan, addresses: dict[str, str]) -> Iterator[Recipient]:
    """An address that the last mail proved not to exist gets none, and its row says so; nor does one that said no."""
    last = deliveries.last_of_each(conn, list(addresses.values()))
    left = subscribers.not_wanting(conn, addresses.values())
    for key, address in addresses.items():
        found = last.get(address)
        if key in left:
            yield Recipient(address, _id(plan, address), "unsubscribed on the site")
        elif found is not None and found.state is DeliveryState.SUPPRESSED:
            yield Recipient(address, _id(plan, address), found.reason, found.code)
        else:
            yield Recipient(address, _id(plan, address))


def _id(plan: Plan, address: str) -> str:
    said = [plan.name, *filter(None, (plan.key, str(plan.issue or "")))]
    return message_id("\n".join(said), plan.slot.local_date, address, plan.config.mail.from_)
