"""A mail about a subscription itself, made from its template in the site's language. Pure but for reading that.

Nothing that a visitor typed stands in it, apart from the address that it goes to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aggregator.config.models import Config
from aggregator.digest.contents import Site
from aggregator.digest.message import Message, Note, domain_of, note
from aggregator.digest.phrases import Phrases, phrases
from aggregator.digest.schedule import Schedule, next_edition_at
from aggregator.digest.subscriptions import CONFIRM_WITHIN
from aggregator.digest.tokens import Holder, PersonalLinks, Purpose, link, make_token, personal_links
from aggregator.digest.variants import variant_of
from aggregator.store.letters import Letter, LetterKind
from aggregator.templating import environment, render
from aggregator.text.slug import unique_slugs


@dataclass(frozen=True, slots=True)
class Coming:
    """What a welcome tells of a digest."""

    digest: str
    next: str  # 'Wed 07:00 Europe/Kyiv' as this reader gets it; '' for what comes as it happens
    last: str  # address of the last edition that told anything; '' before the first


def mail_of(config: Config, letter: Letter, secret: str, last: Mapping[str, str]) -> Message:
    """The letter as a mail. `last`: local dates of digests' last editions. Raises ConfigError and DeliveryError."""
    person, words = letter.subscriber, phrases(config.site.language)
    links = personal_links(secret, config.site.url, Holder(person.id, person.salt))
    variables = _variables(config, letter, words, links, secret) | {
        "coming": tuple(_coming(config, letter, words, last))
    }
    text = render(environment(config.templates), f"{letter.kind}.txt", variables)
    first, _, body = text.partition("\n")
    made = hashlib.sha256(f"{letter.kind}\n{person.salt}\n{letter.created.isoformat()}".encode()).hexdigest()[:32]
    return note(
        Note(
            id=f"<{made}@{domain_of(config.mail.from_)}>",
            sender=config.mail.from_,
            reply_to=config.mail.reply_to,
            recipient=person.address,
            subject=first.removeprefix("Subject:").strip(),
            text=body,
            language=words.language,
            when=letter.created,
            unsubscribe=links.unsubscribe if letter.kind is LetterKind.WELCOME else None,
        )
    )


def _variables(config: Config, letter: Letter, words: Phrases, links: PersonalLinks, secret: str) -> dict[str, object]:
    """The variables of every letter's template; docs/subscribers.md explains them."""
    holder = Holder(letter.subscriber.id, letter.subscriber.salt)
    token = make_token(secret, Purpose.CONFIRM, holder, letter.created + CONFIRM_WITHIN)
    confirms = letter.kind is LetterKind.CONFIRM
    return {
        "name": config.site.title,
        "site_url": config.site.url,
        "digests": [name for name in config.digests if name in letter.subscriber.digests],
        "url": link(config.site.url, Purpose.CONFIRM, token) if confirms else links.preferences,
        "unsubscribe_url": links.unsubscribe,
        "days": CONFIRM_WITHIN.days,
        "address": config.mail.address,
        "words": words,
    }


def _coming(config: Config, letter: Letter, words: Phrases, last: Mapping[str, str]) -> Iterator[Coming]:
    """Of each digest that greets, at the reader's own hour and zone."""
    person, slugs = letter.subscriber, unique_slugs(config.digests)
    site = Site(config.site.url.rstrip("/"), {})
    for name, digest in config.digests.items():
        if name in person.digests and digest.welcome:
            variant = variant_of(config, name, person.wishes)
            schedule = Schedule.of(variant.digest, config.site)
            at = None if variant.at_once else next_edition_at(schedule, letter.created)
            yield Coming(
                name,
                words.hour(at, schedule.zone) if at else "",
                site.edition(slugs[name], last[name]) if name in last else "",
            )
