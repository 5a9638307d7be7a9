"""A digest's edition, from the stored stories to the outbox, and sending what waits there.

due slot (pure) -> draft        stories, feeds and what was told before, chosen, laid out and rendered
                -> freeze       the edition and one delivery for each recipient, in one transaction
outbox          -> send         letters of sign-ups, then what waits
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import uvloop
from sqlalchemy import Connection

from aggregator.clock import monotonic
from aggregator.config.models import Config
from aggregator.digest.alerting import Raised, raise_alerts
from aggregator.digest.bounces.verp import envelope_sender
from aggregator.digest.bundles import make_bundles
from aggregator.digest.draft import AsIf, Plan, draft, draft_as_if
from aggregator.digest.edition import Selection
from aggregator.digest.letters import Post, Posted, send_letters, tidy_up
from aggregator.digest.message import MessageMaker, message_id
from aggregator.digest.outbox import Sending, send_all
from aggregator.digest.recipients import recipients, without
from aggregator.digest.schedule import Schedule, Slot, due, next_edition_at, slot_for, slot_on
from aggregator.digest.signing import Key, read_key
from aggregator.digest.signup import site_secret
from aggregator.digest.smtp import SmtpTransport
from aggregator.digest.tokens import Holder, PersonalLinks, personal_links
from aggregator.digest.transport import FolderTransport, Server, Transport, fingerprint, parse_target
from aggregator.digest.variants import grouped
from aggregator.errors import ConfigError, ConfigFault, UsageError
from aggregator.model import Delivery, DeliveryState, Edition, EditionState, Wishes
from aggregator.store import editions, stories, subscribers
from aggregator.store.database import Store
from aggregator.store.deliveries import Claimed

_PREVIEW_ADDRESS = "reader@example.org"


@dataclass(frozen=True, slots=True)
class Preview:
    """An edition that is not kept, in its three forms; `edition.state` says whether there is anything to tell."""

    edition: Edition
    html: str
    text: str
    eml: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """What one look at the digests did. `troubles` are sentences for the operator."""

    made: tuple[Edition, ...] = ()
    states: Mapping[DeliveryState, int]
    troubles: tuple[str, ...] = ()
    letters: int = 0  # mails about a subscription itself that went out

    @property
    def sent(self) -> int:
        """How many mails went out."""
        return self.states.get(DeliveryState.SENT, 0)


def make_edition(
    store: Store, config: Config, digest_name: str, now: datetime, local_date: str | None = None
) -> Edition:
    """Make the edition of a day (YYYY-MM-DD in the digest's zone; today otherwise) and freeze it, or return it as made.

    Nothing to tell is recorded as an EMPTY edition, once its hour has come. Raises UsageError for a digest or a day
    that can't be, ConfigError when a template is wrong.
    """
    plan = Plan(config, digest_name, _slot(config, digest_name, now, local_date))
    with store.read() as conn:
        everyone = grouped(config, digest_name, subscribers.wishes_of(conn, digest_name))
    return _make(store, plan, everyone[0][1], now, before=now)


def _make(store: Store, plan: Plan, wishes: list[Wishes], now: datetime, *, before: datetime) -> Edition:
    """The edition of a plan, for subscribers with these wishes who changed nothing after `before`."""
    with store.read() as conn:
        made = editions.get(conn, plan.name, plan.slot.local_date, plan.key)
    if made is not None:
        return made
    drafted = draft(store, plan, now)
    if drafted.state is EditionState.EMPTY and now < plan.slot.at:
        return drafted
    with store.write(durable=True) as conn:
        everyone = () if drafted.state is EditionState.EMPTY else recipients(conn, plan, wishes, before=before)
        others = editions.of_day(conn, plan.name, plan.slot.local_date)  # who changed his hour may have had one of them
        frozen = editions.freeze(conn, drafted, without(conn, everyone, others))
        if frozen is None:  # another process was faster
            frozen = editions.get(conn, plan.name, plan.slot.local_date, plan.key)
    assert frozen is not None
    return frozen


def preview(store: Store, config: Config, digest_name: str, now: datetime, local_date: str | None = None) -> Preview:
    """The next edition as it would be made now, or a day's: the frozen one if it is made. Nothing is stored or sent."""
    if local_date is None:
        made, slot = None, _next_slot(store, config, digest_name, now)
    else:
        slot = _slot(config, digest_name, now, local_date)
        with store.read() as conn:
            made = editions.get(conn, digest_name, slot.local_date)
    edition = made or draft(store, Plan(config, digest_name, slot), now)
    if edition.state is EditionState.EMPTY:
        return Preview(edition, "", "", b"")
    address = next(iter(config.digests[digest_name].to), _PREVIEW_ADDRESS)
    id_ = message_id(digest_name, edition.local_date, address, config.mail.from_)
    return Preview(edition, edition.html, edition.text, MessageMaker(edition).make(address, id_).data)


def upcoming(
    store: Store, config: Config, digest_name: str, now: datetime, as_if: AsIf | None = None
) -> tuple[Plan, Edition, Selection]:
    """The next edition as it would be made now, if what is stored were what `as_if` makes of it. Nothing is stored."""
    slot, schedule = _next_slot(store, config, digest_name, now), Schedule.of(config.digests[digest_name], config.site)
    following = next_edition_at(schedule, now)
    if now - slot.at > schedule.window and following is not None:  # today's was missed
        slot = slot_for(schedule, following.astimezone(schedule.zone).date())
    plan = Plan(config, digest_name, slot)
    return plan, *draft_as_if(store, plan, now, as_if)


def _next_slot(store: Store, config: Config, digest_name: str, now: datetime) -> Slot:
    """Today's slot, or the one after it when today has none or its edition is made."""
    today = _slot(config, digest_name, now, None)
    schedule = Schedule.of(config.digests[digest_name], config.site)
    with store.read() as conn:
        made = editions.get(conn, digest_name, today.local_date)
    if made is None and slot_on(schedule, today.day) is not None:
        return today
    following = next_edition_at(schedule, max(now, today.at))
    return slot_for(schedule, following.astimezone(schedule.zone).date()) if following else today


def send_due(
    store: Store, config: Config, now: datetime, *, stopping: Callable[[], bool] = lambda: False
) -> SendReport:
    """Make the editions that are due, then send whatever waits in the outbox. To be called every half minute or so.

    Before anything was ever grouped no edition is due: a new installation's first one is not an empty one. Raises
    ConfigError for a faulty template, once everything that is made of others is sent.
    """
    tidy_up(store, now)
    raised, faults = Raised(), list[ConfigFault]()
    made: list[Edition] = []
    with _noted(faults):
        raised = raise_alerts(store, config, now)
    for name in config.digests:
        with _noted(faults):
            made.extend(_make_due(store, config, name, now))
    report = _send(store, config, now, [*raised.made, *made], stopping=stopping)
    if faults:
        raise ConfigError(list(dict.fromkeys(faults)))
    return replace(report, troubles=(*raised.troubles, *report.troubles))


@contextmanager
def _noted(faults: list[ConfigFault]) -> Iterator[None]:
    """A faulty template holds up what is made of it, and nothing else."""
    try:
        yield
    except ConfigError as error:
        faults.extend(error.faults)


def _make_due(store: Store, config: Config, name: str, now: datetime) -> Iterator[Edition]:
    """The editions of a digest and its variants that are due. A variant is made only while somebody wants it.

    Wishes of a later time than a variant's hour count from its next one, so that nobody who changes his hour gets two.
    """
    with store.read() as conn:
        begun = editions.newest_date(conn, name) is not None or bool(stories.recent(conn, limit=1))
        everyone = grouped(config, name, subscribers.wishes_of(conn, name)) if begun else []
    yield from make_bundles(store, config, name, [one for one in everyone if one[0].at_once], now)
    for variant, wishes in everyone:
        if variant.at_once:
            continue
        with store.read() as conn:
            slot = due(Schedule.of(variant.digest, config.site), now, editions.newest_date(conn, name, variant.key))
            if slot is None or (variant.key and not _anybody(conn, name, wishes, slot)):
                continue
        plan = Plan(config, name, slot, variant if variant.key else None)
        yield _make(store, plan, wishes, now, before=slot.at if variant.key else now)


def _anybody(conn: Connection, name: str, wishes: list[Wishes], slot: Slot) -> bool:
    return next(subscribers.getting(conn, name, wishes, before=slot.at), None) is not None


def send_edition(
    store: Store, config: Config, digest_name: str, now: datetime, local_date: str | None = None
) -> SendReport:
    """Make a digest's edition if it isn't made yet, and send what waits of this digest, a pause or not."""
    edition = make_edition(store, config, digest_name, now, local_date)
    return _send(store, config, now, [edition], digest=digest_name)


def _slot(config: Config, name: str, now: datetime, local_date: str | None) -> Slot:
    if name not in config.digests:
        raise UsageError(f"feeds.yaml names no digest {name!r}; it names {', '.join(config.digests) or 'none'}")
    schedule = Schedule.of(config.digests[name], config.site)
    today = now.astimezone(schedule.zone).date()
    day = date.fromisoformat(local_date) if local_date is not None else today
    if day > today:
        raise UsageError(f"{local_date} is yet to come; an edition can be made on its day, or later")
    return slot_for(schedule, day)


def _send(
    store: Store,
    config: Config,
    now: datetime,
    made: list[Edition],
    *,
    digest: str | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> SendReport:
    post = _post(store, config, now, stopping)

    def links(claimed: Claimed) -> PersonalLinks | None:
        person = claimed.delivery.subscriber_id
        return personal_links(post.secret, config.site.url, Holder(person, claimed.salt)) if person else None

    sending = Sending(
        store=store,
        new_transport=lambda: _transport(config),
        transport_name=post.transport_name,
        key=post.key,
        now=post.now,
        wanted=lambda name, address: _wanted(config, name, address),
        envelope=_envelope(config, post.secret),
        per_minute=config.mail.per_minute,
        links=links,
        stopping=stopping,
    )

    async def work() -> Posted:
        try:
            return await send_letters(post)
        finally:  # whatever is wrong with a letter
            await send_all(sending, digest=digest, by_hand=digest is not None)

    posted = uvloop.run(work())
    troubles = dict.fromkeys((*posted.troubles, *sending.troubles))
    return SendReport(made=tuple(made), states=Counter(sending.states), troubles=tuple(troubles), letters=posted.sent)


def send_letters_due(
    store: Store, config: Config, now: datetime, *, stopping: Callable[[], bool] = lambda: False
) -> SendReport:
    """Send the letters of subscriptions alone: somebody waits for them, and not for thousands of mails before."""
    posted = uvloop.run(send_letters(_post(store, config, now, stopping)))
    return SendReport(states={}, troubles=posted.troubles, letters=posted.sent)


def _post(store: Store, config: Config, now: datetime, stopping: Callable[[], bool]) -> Post:
    started = monotonic()
    return Post(
        store=store,
        config=config,
        transport=_transport(config),
        transport_name=fingerprint(config.mail.smtp.get_secret_value()),
        key=_key(config),
        secret=site_secret(store),
        now=lambda: now + timedelta(seconds=monotonic() - started),
        stopping=stopping,
    )


def _envelope(config: Config, secret: str) -> Callable[[Delivery], str | None]:
    """The envelope sender of each delivery, where mail.bounces.address says how it is made."""
    bounces = config.mail.bounces
    pattern = bounces.address if bounces else None
    return lambda one: envelope_sender(pattern, secret, one.id, one.message_id) if pattern else None


def _transport(config: Config) -> Transport:
    target = parse_target(config.mail.smtp.get_secret_value())
    return SmtpTransport(target) if isinstance(target, Server) else FolderTransport(target)


def _key(config: Config) -> Key | None:
    dkim = config.mail.dkim
    return read_key(dkim.key, dkim.selector, config.mail.from_) if dkim else None


def _wanted(config: Config, name: str, address: str) -> bool:
    digest = config.digests.get(name)
    return digest is not None and address.casefold() in {one.casefold() for one in digest.to}
