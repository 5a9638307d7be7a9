"""feeds.yaml as values, with every default in one place. Reading the file is `load`, changing it is `edit`."""

from __future__ import annotations

import re
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(value: object) -> timedelta:
    """'90s', '15m', '24h', '30d', '2w' or a sum like '1h30m'. Raises ValueError with an example."""
    if isinstance(value, timedelta):
        return value
    parts = re.findall(r"(\d+)([smhdw])", str(value))
    if not parts or "".join(n + u for n, u in parts) != str(value).replace(" ", ""):
        raise ValueError(f"{value!r} is not a duration; write a number and a unit, such as 15m, 24h or 30d")
    try:
        return sum((timedelta(**{_UNITS[u]: int(n)}) for n, u in parts), timedelta())
    except OverflowError:
        raise ValueError(f"{value!r} is too long a duration") from None


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


class Section(BaseModel):
    """A mapping in feeds.yaml: unknown keys are faults, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)


class SiteConfig(Section):
    title: str = "News"
    """Name of the site, of the combined feed and of the mails."""
    description: str = ""
    """One sentence under the title."""
    url: str = "http://127.0.0.1:8000"
    """Public address, without a slash at the end: links in feeds and mails start with it."""
    language: str = "en"
    """Language of the pages and mails (BCP 47)."""
    timezone: ZoneInfo = ZoneInfo("UTC")
    """IANA time zone of dates on pages and of the digests' hours."""
    contact: str | None = None
    """E-mail or URL that servers see in the User-Agent, and readers as the feeds' author."""


class FeedConfig(Section):
    url: str
    """Address of the feed: http, https, or file: inside a folder of polling.allow_files."""
    name: str | None = None
    """What readers see; the feed's own title otherwise."""
    outlet: str | None = None
    """Who publishes it; feeds with the same outlet count as one voice in a story. Default: the name."""
    language: str | None = None
    """Language of the entries when the feed does not say (BCP 47)."""
    every: Duration | None = None
    """Never poll sooner than this; the feed's rhythm and the server's hints decide above it."""
    priority: int = Field(default=1, ge=0, le=9)
    """The feed with the higher number leads a story."""
    keep: tuple[str, ...] = ()
    """Keep only entries that match one of these keywords."""
    drop: tuple[str, ...] = ()
    """Leave out entries that match one of these keywords."""
    headers: dict[str, SecretStr] = {}
    """Extra request headers; ${NAME} comes from the environment."""
    auth: SecretStr | None = None
    """'user:password' for HTTP basic authentication."""
    proxy: SecretStr | None = None
    """http:// proxy for this feed only."""
    paused: bool = False
    """Not polled while true; its entries stay."""


class TopicConfig(Section):
    any: tuple[str, ...]
    """Keywords: one of them is enough."""
    not_: tuple[str, ...] = Field(default=(), alias="not")
    """Keywords that do not count: a place they cover is not evidence for the topic."""
    feeds: tuple[str, ...] = ()
    """Only entries of these feeds (names or URLs)."""
    threshold: float | None = Field(default=None, gt=0)
    """Score from which an entry belongs to the topic; a default serves most."""
    weight: float = Field(default=1.0, gt=0)
    """How much the topic counts when the digest ranks stories."""
    alert: bool = False
    """Mail each new story of the topic at once."""


class DigestConfig(Section):
    at: time = time(7, 0)
    """Local hour, in the digest's time zone."""
    days: tuple[Weekday, ...] = WEEKDAYS
    """Days on which it is made: 'mon-fri', 'sat, sun' or a list."""
    timezone: ZoneInfo | None = None
    """IANA time zone; site.timezone otherwise."""
    topics: tuple[str, ...] = ()
    """Topics in their order; all otherwise."""
    languages: tuple[str, ...] = ()
    """Only stories in these languages; all otherwise."""
    stories: int = Field(default=20, ge=1, le=100)
    """At most this many stories."""
    to: tuple[str, ...] = ()
    """Fixed recipients."""
    window: Duration = timedelta(hours=6)
    """How late a missed edition may still be sent after downtime."""


class DkimConfig(Section):
    selector: str
    """The label before ._domainkey in DNS."""
    key: Path
    """PEM file with the RSA or Ed25519 private key."""


class MailConfig(Section):
    from_: str = Field(default="News <digest@localhost.localdomain>", alias="from")
    """Sender of the digests: 'Name <address>'."""
    smtp: SecretStr = SecretStr("file:outbox/")
    """smtp://user:password@host:587, smtps://host:465, or file:folder/ to write .eml files."""
    reply_to: str | None = None
    """Where answers go."""
    address: str = ""
    """Postal address in the footer, where the law asks for one."""
    dkim: DkimConfig | None = None
    """Sign mails with this key."""


class PollingConfig(Section):
    floor: Duration = timedelta(minutes=10)
    """No feed is polled more often."""
    ceiling: Duration = timedelta(hours=24)
    """Every feed is polled at least this often."""
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private or loopback networks that feeds may be fetched from."""
    allow_files: tuple[Path, ...] = ()
    """Folders in which file: feeds are allowed."""
    concurrency: int = Field(default=64, ge=1, le=1000)
    """Requests in flight over all hosts."""
    host_gap: Duration = timedelta(seconds=1)
    """Pause between two requests to one host."""
    timeout: Duration = timedelta(seconds=30)
    """For one whole exchange with a server."""


class PublishConfig(Section):
    entries: int = Field(default=200, ge=1, le=10_000)
    """At most this many entries in each feed."""
    max_age: Duration = timedelta(days=30)
    """Older entries leave the feeds and pages."""
    hub: str | None = None
    """WebSub hub that the feeds name."""


class WebConfig(Section):
    host: str = "127.0.0.1"
    """Address that `aggregator run` listens on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Its port."""


class StorageConfig(Section):
    database: SecretStr | None = None
    """postgresql://user:password@host/name; SQLite in the data folder otherwise."""
    keep: Duration = timedelta(days=90)
    """Then entries go; their identities stay, so that nothing comes back as new."""


class Config(Section):
    """The whole of feeds.yaml."""

    site: SiteConfig = SiteConfig()
    feeds: tuple[FeedConfig, ...] = Field(min_length=1)
    topics: dict[str, TopicConfig] = {}
    digests: dict[str, DigestConfig] = {}
    mail: MailConfig = MailConfig()
    polling: PollingConfig = PollingConfig()
    publish: PublishConfig = PublishConfig()
    web: WebConfig = WebConfig()
    storage: StorageConfig = StorageConfig()
    templates: Path | None = None
    """Folder whose files win over the templates that come with the program."""
