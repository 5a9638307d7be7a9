"""feeds.yaml as values, with every default in one place. Reading the file is `load`, changing it is `edit`.

The docstring of each key is its description in the JSON Schema and in docs/feeds-yaml.md.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from aggregator.config.fields import (
    BounceAddress,
    BounceMailbox,
    BounceSecret,
    ClockTime,
    Contact,
    Credentials,
    Database,
    Days,
    Duration,
    ExistingFile,
    ExistingFolder,
    FeedNames,
    FeedUrl,
    Folders,
    HeaderName,
    HeaderValue,
    Keywords,
    Language,
    Languages,
    Line,
    Name,
    Names,
    Networks,
    Period,
    Proxy,
    Recipients,
    Sender,
    SiteUrl,
    SomeKeywords,
    TimeZone,
    Transport,
    WebUrl,
    one_or_many,
)
from aggregator.config.values import WEEKDAYS

SHORTEST_MEMORY = timedelta(days=30)  # of mails


class Section(BaseModel):
    """A mapping in feeds.yaml: unknown keys are faults, a key with nothing after it counts as left out."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in key_names(cls)}


def key_names(section: type[Section]) -> dict[str, str]:
    """The keys as they are written in the file, each with the attribute that holds it."""
    return {field.alias or name: name for name, field in section.model_fields.items()}


class SiteConfig(Section):
    """What the site is called, where it stands and in which language and time zone it speaks."""

    title: Line = "News"
    """Name of the site, of the combined feed and of the mails."""
    description: str = ""
    """One sentence under the title."""
    url: SiteUrl = "http://127.0.0.1:8000"
    """Public address: links in feeds and mails start with it."""
    language: Language = "en"
    """Language of the pages and mails (BCP 47)."""
    timezone: TimeZone = ZoneInfo("UTC")
    """IANA time zone of dates on pages and of the digests' hours."""
    contact: Contact | None = None
    """E-mail or web address that servers see in the User-Agent, and readers as the feeds' author."""


class FeedConfig(Section):
    """A feed, and what is special about it."""

    url: FeedUrl
    """Address of the feed: http, https, or file: inside a folder of polling.allow_files."""
    name: Name | None = None
    """What readers see; the feed's own title otherwise."""
    outlet: Name | None = None
    """Who publishes it; feeds with the same outlet count as one voice in a story. Default: the name."""
    language: Language | None = None
    """Language of the entries when the feed does not say (BCP 47)."""
    every: Period | None = None
    """Never poll sooner than this; the feed's rhythm and the server's hints decide above it."""
    priority: Annotated[int, Field(ge=0, le=9)] = 1
    """The feed with the higher number leads a story."""
    keep: Keywords = ()
    """Keep only entries that match one of these keywords."""
    drop: Keywords = ()
    """Leave out entries that match one of these keywords."""
    headers: dict[HeaderName, HeaderValue] = {}
    """Extra request headers; ${NAME} comes from the environment."""
    auth: Credentials | None = None
    """user:password for HTTP basic authentication."""
    proxy: Proxy | None = None
    """http:// proxy for this feed only."""
    paused: bool = False
    """Not polled while true; its entries stay."""


class TopicConfig(Section):
    """A subject, by the keywords that an entry has to hold."""

    any: SomeKeywords
    """Keywords: one of them is enough."""
    not_: Keywords = Field(default=(), alias="not")
    """Keywords that do not count: a place they cover is not evidence for the topic."""
    feeds: FeedNames = ()
    """Only entries of these feeds (names or addresses)."""
    threshold: Annotated[float, Field(gt=0)] | None = None
    """Score from which an entry belongs to the topic; a default serves most."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How much the topic counts when the digest ranks stories."""
    alert: bool = False
    """Mail its stories at once, each once, to those who get a digest that has the topic."""


class DigestConfig(Section):
    """A newsletter: when it is made, of what, and for whom."""

    at: ClockTime = time(7, 0)
    """Local hour, in the digest's time zone."""
    days: Days = WEEKDAYS
    """Days on which it is made: mon-fri, or sat, sun, or a list; every day otherwise."""
    timezone: TimeZone | None = None
    """IANA time zone; site.timezone otherwise."""
    topics: Names = ()
    """Topics in their order; all otherwise."""
    languages: Languages = ()
    """Only stories in these languages; all otherwise."""
    stories: Annotated[int, Field(ge=1, le=100)] = 20
    """At most this many stories."""
    to: Recipients = ()
    """Fixed recipients."""
    window: Period = timedelta(hours=6)
    """How late a missed edition may still be sent after downtime."""
    welcome: bool = True
    """Greet who has confirmed with a mail: the latest edition, when the next one comes, the link to the settings."""


class DkimConfig(Section):
    """The key that signs mails."""

    selector: Line
    """The label before ._domainkey in DNS."""
    key: ExistingFile
    """PEM file with the RSA or Ed25519 private key."""


class BouncesConfig(Section):
    """How mails that come back are told apart, and how they reach the program."""

    address: BounceAddress | None = None
    """Envelope sender: bounces@example.org becomes bounces+CODE@example.org, one code a mail; * places the code."""
    mailbox: BounceMailbox | None = None
    """Where they arrive: imaps://user:password@host/INBOX, imap:// with STARTTLS, or maildir:folder/."""
    every: Period = timedelta(minutes=5)
    """How often aggregator run looks into the mailbox."""
    webhook: BounceSecret | None = None
    """A secret of 20 characters or more: a mail service posts what comes back to /bounces/SECRET."""

    @model_validator(mode="after")
    def _has_a_way_back(self) -> Self:
        if self.mailbox is not None and self.address is None:
            raise ValueError("mailbox needs address, by whose codes the mails in it are known to be genuine")
        if self.mailbox is None and self.webhook is None:
            raise ValueError("bounces: nothing would read what comes back; add mailbox or webhook")
        return self


class MailConfig(Section):
    """Who sends the digests, and through which server."""

    from_: Sender = Field(default="News <digest@localhost.localdomain>", alias="from")
    """Sender of the digests: Name <address>."""
    smtp: Transport = SecretStr("file:outbox/")
    """smtp://user:password@host:587, smtps://host:465, or file:folder/ to write .eml files."""
    reply_to: Sender | None = None
    """Where answers go."""
    address: str = ""
    """Postal address in the footer, where the law asks for one."""
    dkim: DkimConfig | None = None
    """Sign mails with this key."""
    bounces: BouncesConfig | None = None
    """Read the mails that come back, and stop sending to addresses that don't exist."""
    per_minute: Annotated[int, Field(ge=1)] | None = None
    """At most this many mails of digests a minute; as fast as the server takes them otherwise."""


class PollingConfig(Section):
    """How often feeds are asked, and which addresses are allowed."""

    floor: Period = timedelta(minutes=10)
    """No feed is polled more often."""
    ceiling: Period = timedelta(hours=24)
    """Every feed is polled at least this often."""
    allow_networks: Networks = ()
    """Private or loopback networks that feeds may be fetched from, such as 10.20.0.0/16; refused otherwise."""
    allow_files: Folders = ()
    """Folders in which file: feeds are allowed."""
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 64
    """Requests in flight over all hosts."""
    host_gap: Duration = timedelta(seconds=1)
    """Pause between two requests to one host."""
    timeout: Period = timedelta(seconds=30)
    """For one whole exchange with a server."""

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> Self:
        if self.floor > self.ceiling:
            raise ValueError("floor is longer than ceiling; the floor is the shortest time between two polls")
        return self


class PublishConfig(Section):
    """How much goes into the published feeds and pages."""

    entries: Annotated[int, Field(ge=1, le=10_000)] = 200
    """At most this many entries in each feed."""
    max_age: Period = timedelta(days=30)
    """Older entries leave the feeds and pages."""
    hub: WebUrl | None = None
    """WebSub hub that the feeds name."""


class WebConfig(Section):
    """Where `aggregator run` serves pages and feeds."""

    host: Line = "127.0.0.1"
    """Address that it listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Its port."""
    subscribe: bool | None = None
    """Take subscribers on the pages, served by aggregator run. Default: when digests go out through a mail server."""


class StorageConfig(Section):
    """Where entries are kept, and for how long."""

    database: Database | None = None
    """postgresql://user:password@host/name; SQLite in the data folder otherwise."""
    keep: Period = timedelta(days=90)
    """Then entries go; their identities stay, so that nothing comes back as new."""
    keep_mails: Period = timedelta(days=90)
    """Then the record of who was mailed what goes, and editions that only some got; 30d is the least."""

    @model_validator(mode="after")
    def _mails_outlive_their_bounces(self) -> Self:
        if self.keep_mails < SHORTEST_MEMORY:
            raise ValueError(
                "keep_mails is shorter than 30d; until then bounces arrive, and no story may be told twice"
            )
        return self


def _feed(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


def _topic(value: Any) -> object:
    if value is None:
        return {}
    return {"any": value} if isinstance(value, str | list | tuple) else value


def _digest(value: object) -> object:
    return {} if value is None else value


FeedItem = Annotated[FeedConfig, BeforeValidator(_feed, json_schema_input_type=FeedUrl | FeedConfig)]
TopicItem = Annotated[TopicConfig, BeforeValidator(_topic, json_schema_input_type=SomeKeywords | TopicConfig)]
DigestItem = Annotated[DigestConfig, BeforeValidator(_digest)]


class Config(Section):
    """The whole of feeds.yaml."""

    site: SiteConfig = SiteConfig()
    feeds: Annotated[
        tuple[FeedItem, ...],
        Field(min_length=1),
        BeforeValidator(one_or_many, json_schema_input_type=FeedUrl | Annotated[list[FeedItem], Field(min_length=1)]),
    ]
    """The sources: an address each, or a mapping with url and what is special about the feed."""
    topics: dict[Name, TopicItem] = {}
    """Subjects by name: a list of keywords each, or a mapping with any, not, feeds and more."""
    digests: dict[Name, DigestItem] = {}
    """Newsletters by name."""
    mail: MailConfig = MailConfig()
    polling: PollingConfig = PollingConfig()
    publish: PublishConfig = PublishConfig()
    web: WebConfig = WebConfig()
    storage: StorageConfig = StorageConfig()
    templates: ExistingFolder | None = None
    """Folder whose files win over the templates that come with the program."""

    @property
    def takes_subscribers(self) -> bool:
        """Whether the pages offer digests by mail."""
        if not self.digests or self.web.subscribe is False:
            return False
        return self.web.subscribe is True or not self.mail.smtp.get_secret_value().startswith("file:")

    @property
    def archive(self) -> timedelta:
        """How long an edition has its page: mails link to it."""
        return max(self.publish.max_age, self.storage.keep)
