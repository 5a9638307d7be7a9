"""An edition as it would be now: reads what is stored, then chooses, lays out and renders by pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from sqlalchemy import Connection

from aggregator.config.models import Config, DigestConfig
from aggregator.config.values import split_mailbox
from aggregator.digest.alerts import alert_keys
from aggregator.digest.contents import Contents, Site, compose
from aggregator.digest.edition import LONGEST_PERIOD, Candidate, Selection, brief_for, choose
from aggregator.digest.message import domain_of
from aggregator.digest.phrases import Phrases, phrases
from aggregator.digest.render import Frame, render_edition
from aggregator.digest.schedule import Schedule, Slot, next_edition_at, period_start
from aggregator.digest.variants import Variant
from aggregator.model import Edition, EditionState, Feed, Mailing, Story
from aggregator.store import editions, feeds, grouping, stories
from aggregator.store.database import Store
from aggregator.templating import environment
from aggregator.text.slug import slugify, unique_slugs

REMEMBERED = timedelta(days=14)  # how long an edition's stories are known to have been told
LONGER_THAN_A_DAY = timedelta(hours=36)
GROUPED_WITHIN = timedelta(hours=1)  # an edition waits no longer for what is not grouped


@dataclass(frozen=True, slots=True)
class Alert:
    """One story that is mailed at once, since its topic asks for that."""

    topic: str
    story_key: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Which edition of which digest, or of a variant of it, or an alert."""

    config: Config
    name: str
    slot: Slot
    variant: Variant | None = None
    issue: int = 0  # Edition.issue
    start: datetime | None = None  # from when it tells; None: from the end of the last one
    alert: Alert | None = None

    @property
    def digest(self) -> DigestConfig:
        """Its section of feeds.yaml, with what a variant changes."""
        return self.variant.digest if self.variant else self.config.digests[self.name]

    @property
    def key(self) -> str:
        """The variant's, '' for the digest itself."""
        return self.variant.key if self.variant else ""

    @property
    def web_url(self) -> str:
        """Where the edition can be read; an alert, on its story's page."""
        if self.alert is not None:
            return self.site.story(self.alert.story_key)
        page = self.site.edition(unique_slugs(self.config.digests)[self.name], self.slot.local_date)
        return page + "".join(f"{part}/" for part in (self.key, self.issue) if part)

    @property
    def at_once(self) -> bool:
        """Whether it is made when there is something new, and not at an hour."""
        return self.variant is not None and self.variant.at_once

    @property
    def schedule(self) -> Schedule:
        """Its hours."""
        return Schedule.of(self.digest, self.config.site)

    @property
    def words(self) -> Phrases:
        """The words of its mails."""
        return phrases(self.config.site.language)

    @property
    def site(self) -> Site:
        """Where its links lead."""
        return Site(self.config.site.url.rstrip("/"), unique_slugs(self.config.topics))


@dataclass(frozen=True, slots=True)
class _Material:
    """What an edition is made of."""

    selection: Selection
    feeds: Mapping[int, Feed]


Stock = tuple[list[Candidate], Mapping[int, Feed]]
"""Stories with their entries, and the feeds of these."""
AsIf = Callable[[Connection, Stock], Stock]
"""Changes what is stored to what would be stored after an edit of feeds.yaml."""


def draft(store: Store, plan: Plan, now: datetime) -> Edition:
    """The edition as it would be now, with id 0; EMPTY when there is nothing to tell. Raises ConfigError."""
    return draft_as_if(store, plan, now)[0]


def draft_as_if(store: Store, plan: Plan, now: datetime, as_if: AsIf | None = None) -> tuple[Edition, Selection]:
    """The same, of what `as_if` makes of the stored stories, with the stories that it was made of."""
    material = _read(store, plan, now, as_if)
    return edition_of(plan, material.selection, material.feeds, now), material.selection


def edition_of(plan: Plan, selection: Selection, outlets: Mapping[int, Feed], now: datetime) -> Edition:
    """The edition that tells a selection; EMPTY when that holds nothing. Raises ConfigError."""
    empty = Edition(
        id=0,
        digest=plan.name,
        variant=plan.key,
        local_date=plan.slot.local_date,
        issue=plan.issue,
        state=EditionState.EMPTY,
        created=now,
        period_from=selection.brief.period_from,
        period_to=selection.brief.period_to,
    )
    return _rendered(plan, empty, _Material(selection, outlets)) if selection.picks else empty


def _read(store: Store, plan: Plan, now: datetime, as_if: AsIf | None) -> _Material:
    """Everything in one snapshot. The edition of a day long past tells what was known when it would have gone out."""
    slot, since = plan.slot, plan.slot.at - REMEMBERED
    with store.read() as conn:
        until = _until(plan, now, grouping.oldest_ungrouped(conn))
        told = editions.told_before(conn, plan.name, slot.local_date, since=since, variant=plan.key, issue=plan.issue)
        alerts = alert_keys(plan.digest.topics or plan.config.topics)
        shown = told.entry_ids | editions.told_by(conn, plan.name, variants=alerts, since=since, until=until)
        start = min(until, plan.start or period_start(plan.schedule, slot, told.until, LONGEST_PERIOD))
        candidates, outlets = stock(conn, stories.recent(conn, since=start))
        if as_if is not None:
            candidates, outlets = as_if(conn, (candidates, outlets))
    brief = brief_for(
        plan.config, plan.digest, period_from=start, period_to=until, shown=shown, updates=not plan.at_once
    )
    return _Material(choose(candidates, outlets, brief), outlets)


def _until(plan: Plan, now: datetime, waiting: datetime | None) -> datetime:
    """The end of the period: now, or just before the entry that waits longest for its story, which is the next one's.

    Without that, an entry that was seen before the edition and grouped after it would be in none.
    """
    at, window = plan.slot.at, plan.schedule.window
    if now - at > max(window, timedelta(days=1)):
        return at + window
    return max(now - GROUPED_WITHIN, min(now, waiting - timedelta(microseconds=1))) if waiting else now


def stock(conn: Connection, found: Sequence[Story]) -> Stock:
    """The stories with their entries and feeds."""
    members = stories.entries_of(conn, [story.id for story in found])
    outlets = feeds.by_ids(conn, sorted({entry.feed_id for entries in members.values() for entry in entries}))
    return [Candidate(story, tuple(members[story.id])) for story in found if story.id in members], outlets


def _rendered(plan: Plan, empty: Edition, material: _Material) -> Edition:
    frame = _frame(plan, empty)

    def composed(keep: int | None) -> Contents:
        return compose(material.selection, material.feeds, plan.words, plan.site, issued=frame.local, keep=keep)

    rendered = render_edition(environment(plan.config.templates), frame, composed)
    keys = tuple(item.key for item in rendered.contents.items)
    told = {pick.story.key: pick.entries for pick in material.selection.picks}
    return replace(
        empty,
        state=EditionState.FROZEN,
        subject=rendered.subject,
        preheader=rendered.preheader,
        html=rendered.html,
        text=rendered.text,
        story_keys=keys,
        entry_ids=tuple(sorted(entry.id for key in keys for entry in told[key])),
        deadline=empty.created + plan.digest.window,
        mailing=_mailing(plan, frame),
    )


def _mailing(plan: Plan, frame: Frame) -> Mailing:
    mail = plan.config.mail
    return Mailing(
        sender=mail.from_,
        reply_to=mail.reply_to,
        list_id=_list_id(plan),
        list_name=plan.name,
        unsubscribe=frame.unsubscribe_url,
        archive=frame.web_url,
        language=plan.words.language,
        preferences=frame.preferences_url,
    )


def _frame(plan: Plan, edition: Edition) -> Frame:
    config, words, zone = plan.config, plan.words, plan.schedule.zone
    following = None if plan.at_once else next_edition_at(plan.schedule, max(plan.slot.at, edition.created))
    start, end = (when.astimezone(zone).date() for when in (edition.period_from, edition.period_to))
    long = edition.period_to - edition.period_from > LONGER_THAN_A_DAY
    topic = plan.alert.topic if plan.alert else ""
    return Frame(
        name=config.site.title,
        digest=plan.name,
        words=words,
        zone=zone,
        when=plan.slot.at,
        covers=words.covers.format(span=words.span(start, end)) if long and not topic else "",
        next=words.hour(following, zone) if following else "",
        web_url=plan.web_url,
        unsubscribe_url=_unsubscribe(config, words.unsubscribe_subject.format(digest=plan.name)),
        why=(words.why_alert if topic else words.why).format(site=config.site.title, topic=topic),
        address=config.mail.address,
        preferences_url=f"{plan.site.url}/subscribe/" if config.takes_subscribers else "",
        alert=topic,
        at_once=plan.at_once or bool(topic),
    )


def _unsubscribe(config: Config, subject: str) -> str:
    """A mailto: address (RFC 6068): fixed recipients are taken off feeds.yaml by a person."""
    contact = config.site.contact
    chosen = contact if contact and "@" in contact and "://" not in contact else None
    address = chosen or split_mailbox(config.mail.reply_to or config.mail.from_)[1]
    return f"mailto:{quote(address, safe='@')}?{urlencode({'subject': subject}, quote_via=quote)}"


def _list_id(plan: Plan) -> str:
    """RFC 2919: a name under the sender's domain, plain ASCII whatever the digest is called."""
    label = slugify(plan.name)
    plain = label if label.isascii() else label.encode("punycode").decode("ascii")
    return f"{plain[:60].strip('-')}.{domain_of(plan.config.mail.from_)}"
