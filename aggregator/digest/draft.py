"""An edition as it would be now: reads what is stored, then chooses, lays out and renders by pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from sqlalchemy import Connection

from aggregator.config.models import Config, DigestConfig
from aggregator.config.values import split_mailbox
from aggregator.digest.contents import Contents, Site, compose
from aggregator.digest.edition import LONGEST_PERIOD, Candidate, Selection, brief_for, choose
from aggregator.digest.message import domain_of
from aggregator.digest.phrases import Phrases, phrases
from aggregator.digest.render import Frame, render_edition
from aggregator.digest.schedule import Schedule, Slot, next_edition_at, period_start
from aggregator.digest.variants import Variant
from aggregator.model import Edition, EditionState, Feed, Mailing
from aggregator.store import editions, feeds, stories
from aggregator.store.database import Store
from aggregator.templating import environment
from aggregator.text.slug import slugify, unique_slugs

REMEMBERED = timedelta(days=14)  # how long an edition's stories are known to have been told
LONGER_THAN_A_DAY = timedelta(hours=36)


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
    brief = material.selection.brief
    edition = Edition(
        id=0,
        digest=plan.name,
        variant=plan.key,
        local_date=plan.slot.local_date,
        issue=plan.issue,
        state=EditionState.EMPTY,
        created=now,
        period_from=brief.period_from,
        period_to=brief.period_to,
    )
    return _rendered(plan, edition, material) if material.selection.picks else edition, material.selection


def _read(store: Store, plan: Plan, now: datetime, as_if: AsIf | None) -> _Material:
    """Everything in one snapshot. The edition of a day long past tells what was known when it would have gone out."""
    slot = plan.slot
    until = now if now - slot.at <= max(plan.schedule.window, timedelta(days=1)) else slot.at + plan.schedule.window
    with store.read() as conn:
        told = editions.told_before(conn, plan.name, slot.local_date, since=slot.at - REMEMBERED, variant=plan.key)
        start = min(until, period_start(plan.schedule, slot, told.until, LONGEST_PERIOD))
        found = stories.recent(conn, since=start)
        members = stories.entries_of(conn, [story.id for story in found])
        outlets: Mapping[int, Feed] = feeds.by_ids(
            conn, sorted({entry.feed_id for entries in members.values() for entry in entries})
        )
        candidates = [Candidate(story, tuple(members[story.id])) for story in found if story.id in members]
        if as_if is not None:
            candidates, outlets = as_if(conn, (candidates, outlets))
    brief = brief_for(plan.config, plan.digest, period_from=start, period_to=until, shown=told.entry_ids)
    return _Material(choose(candidates, outlets, brief), outlets)


def _rendered(plan: Plan, empty: Edition, material: _Material) -> Edition:
    frame = _frame(plan, empty)

    def composed(keep: int | None) -> Contents:
        return compose(material.selection, material.feeds, plan.words, plan.site, keep=keep)

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
    following = next_edition_at(plan.schedule, max(plan.slot.at, edition.created))
    start, end = (when.astimezone(zone).date() for when in (edition.period_from, edition.period_to))
    long = edition.period_to - edition.period_from > LONGER_THAN_A_DAY
    return Frame(
        name=config.site.title,
        digest=plan.name,
        words=words,
        zone=zone,
        when=plan.slot.at,
        covers=words.covers.format(span=words.span(start, end)) if long else "",
        next=words.hour(following, zone) if following else "",
        web_url=plan.web_url,
        unsubscribe_url=_unsubscribe(config, words.unsubscribe_subject.format(digest=plan.name)),
        why=words.why.format(site=config.site.title),
        address=config.mail.address,
        preferences_url=f"{plan.site.url}/subscribe/" if config.takes_subscribers else "",
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
