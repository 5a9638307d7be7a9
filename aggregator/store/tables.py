"""Every table. The migrations build the same; a test compares them.

feeds ──< entries ──< entry_revisions          hosts, host_requests, host_turns   (politeness per host)
  │          ├──< entry_topics                 meta    (key, value)
  │          ├─── story_window  (what new entries are compared with)
  │          ├──< alerted  (for which topics they can't raise an alert any more)
  │          └──> stories
  ├──  feed_spans  (which items are known)
  ├──< websub      (hubs that push what is new)
  └──< pruned      (identities of entries that retention removed)
editions ──< deliveries >── subscribers ──< subscriptions  (to which digests)
                 │                     └──< letters        (confirmation mails that wait)
                 └──< bounces  (what came back of them)
limits  (how often something was asked for)
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
)

from aggregator.store.types import UTCTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by itself only in a column of exactly this type.
_Key = BigInteger().with_variant(Integer, "sqlite")

feeds = Table(
    "feeds",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("first_url", Text, nullable=False),  # published ids are made of it; `url` may follow a move
    Column("host", Text, nullable=False),
    Column("configured", Boolean, nullable=False),  # still in feeds.yaml
    Column("paused", Boolean, nullable=False),  # by feeds.yaml
    Column("given_name", Text),
    Column("given_outlet", Text),
    Column("priority", Integer, nullable=False),
    Column("title", Text),
    Column("site_url", Text),
    Column("description", Text),
    Column("language", Text),
    Column("image_url", Text),
    Column("state", Text, nullable=False),
    Column("state_reason", Text, nullable=False),
    Column("state_since", UTCTime),
    Column("moved_to", Text),
    Column("moved_since", UTCTime),
    Column("moved_polls", Integer, nullable=False, default=0),
    Column("final_url", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", LargeBinary),
    Column("unconditional_at", UTCTime),  # the last request without validators
    Column("last_polled_at", UTCTime),
    Column("last_success_at", UTCTime),
    Column("last_new_entry_at", UTCTime),
    Column("next_poll_at", UTCTime),
    Column("next_poll_reason", Text, nullable=False, default=""),
    Column("unpushed_poll_at", UTCTime),  # when it would be polled next if its hub pushed nothing
    Column("hints", JSON(none_as_null=True)),  # ttl, skipHours, skipDays, sy:update*, rhythm of the last parse
    Column("failures", Integer, nullable=False, default=0),
    Column("entries", Integer, nullable=False, default=0),  # stored at present
    Column("dropped", Integer, nullable=False, default=0),  # by caps, ever
    Column("lease_until", UTCTime),
    Column("lease_generation", Integer, nullable=False, default=0),
)
Index("ix_feeds_due", feeds.c.configured, feeds.c.paused, feeds.c.next_poll_at)

IN_USE = func.coalesce(feeds.c.configured, false(), type_=Boolean)
"""Whether the feed of an entry is in feeds.yaml; for statements that begin at entries, stories or topics.

Written so that no index serves it: by the one on `configured` SQLite would read all entries of all feeds.
"""

feed_spans = Table(
    "feed_spans",
    metadata,
    Column("feed_id", _Key, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("spans", LargeBinary, nullable=False),
)

websub = Table(
    "websub",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("feed_id", BigInteger, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("place", Integer),  # among the hubs that the feed names at present; null: it names others
    Column("offered", Boolean, nullable=False),  # the one of them that is used; the others are in reserve
    Column("mode", Text, nullable=False),  # what the hub was or will be asked for: subscribe, unsubscribe
    Column("site", Text),  # under which the callback stands; null: the hub was never asked
    Column("token", Text, nullable=False, unique=True),  # of the callback's path
    Column("secret", Text, nullable=False),
    Column("asked_at", UTCTime),
    Column("attempts", Integer, nullable=False),  # requests since the last confirmation
    Column("next_try_at", UTCTime, nullable=False),
    Column("lease_until", UTCTime),  # null: not subscribed
    Column("pushed_at", UTCTime),  # null: no push yet, or a poll found what was not pushed
    Column("reason", Text, nullable=False),
    UniqueConstraint("feed_id", "hub", "topic"),
)
Index("ix_websub_due", websub.c.next_try_at)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("not_before", UTCTime),
    Column("reason", Text, nullable=False),
    Column("failures", Integer, nullable=False),
)

host_requests = Table(  # of the last hour
    "host_requests",
    metadata,
    Column("host", Text, primary_key=True),
    Column("at", UTCTime, primary_key=True, index=True),
)

host_turns = Table(  # where several machines share PostgreSQL
    "host_turns",
    metadata,
    Column("host", Text, primary_key=True),
    Column("free_at", UTCTime, nullable=False),  # when the next request may go out
)

stories = Table(
    "stories",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("founder_id", BigInteger, nullable=False, unique=True),  # the entry of which the key is made
    Column("title", Text, nullable=False),
    Column("lead_id", BigInteger, nullable=False),
    Column("outlets", JSON, nullable=False),
    Column("origins", Integer, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("language", Text),
    Column("image_url", Text),
    Column("first_seen", UTCTime, nullable=False),
    Column("last_seen", UTCTime, nullable=False),
    Column("updated", UTCTime, nullable=False),
    Column("growth", JSON(none_as_null=True)),  # outlets, hours
    Column("closed", Boolean, nullable=False),
    Column("merged_into", BigInteger),
)
Index("ix_stories_updated", stories.c.updated)
Index("ix_stories_last_seen", stories.c.last_seen)
# `sqlite_where` holds for PostgreSQL, too: migrations/env.py.
_OPEN = stories.c.closed.is_(False)
Index("ix_stories_open", stories.c.last_seen, sqlite_where=_OPEN)
_GONE = stories.c.merged_into.is_not(None)
Index("ix_stories_merged", stories.c.merged_into, sqlite_where=_GONE)

entries = Table(
    "entries",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("feed_id", BigInteger, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("guid", Text, nullable=False),
    Column("guid_hash", BigInteger, nullable=False),
    Column("url", Text),
    Column("url_hash", BigInteger),  # model.identity_hash, as the other two
    Column("title", Text, nullable=False),
    Column("title_hash", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("details", JSON(none_as_null=True)),  # authors, categories, enclosures, source, comments: read whole
    Column("image_url", Text),
    Column("language", Text),
    Column("published", UTCTime),
    Column("updated", UTCTime),
    Column("first_seen", UTCTime, nullable=False),
    Column("sort_at", UTCTime, nullable=False),
    Column("edited_at", UTCTime),
    Column("revision", Integer, nullable=False),
    Column("content_hash", BigInteger, nullable=False),
    Column("grouped_at", UTCTime),  # null: topics and story are still to be found
    Column("story_id", BigInteger),
    Column("evidence", JSON(none_as_null=True)),  # model.StoryEvidence
    UniqueConstraint("feed_id", "guid_hash"),
)
# With the hashes, entries of one address or title are found without a look at the entries themselves.
Index("ix_entries_feed_id", entries.c.feed_id, entries.c.first_seen, entries.c.url_hash, entries.c.title_hash)
Index("ix_entries_sort_at", entries.c.sort_at)
Index("ix_entries_story_id", entries.c.story_id)
_UNGROUPED = entries.c.grouped_at.is_(None)
Index("ix_entries_ungrouped", entries.c.sort_at, entries.c.id, sqlite_where=_UNGROUPED)

entry_revisions = Table(
    "entry_revisions",
    metadata,
    Column(
        "entry_id",
        BigInteger,
        ForeignKey("entries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("seen_at", UTCTime, nullable=False),
    Column("url", Text),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
)

entry_topics = Table(
    "entry_topics",
    metadata,
    Column(
        "entry_id",
        BigInteger,
        ForeignKey("entries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("topic", Text, primary_key=True),
    Column("score", Float, nullable=False),
    Column("spans", JSON, nullable=False),
    Column("sort_at", UTCTime, nullable=False),  # the entry's, so that a topic's newest are one index range
)
Index("ix_entry_topics_topic", entry_topics.c.topic, entry_topics.c.sort_at)

story_window = Table(
    "story_window",
    metadata,
    Column("seq", _Key, primary_key=True),  # in the order in which the entries were grouped
    Column("entry_id", BigInteger, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("language", Text, nullable=False),
    Column("at", UTCTime, nullable=False),
    Column("terms", Text, nullable=False),  # heaviest first, between spaces
    Column("weights", LargeBinary, nullable=False),  # theirs, as they were when the entry was grouped
    Column("prints", LargeBinary, nullable=False),  # by which copies of one text are known
)

pruned = Table(
    "pruned",
    metadata,
    Column(
        "feed_id",
        BigInteger,
        ForeignKey("feeds.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("guid_hash", BigInteger, primary_key=True, autoincrement=False),
)

editions = Table(
    "editions",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("variant", Text, nullable=False),  # digest/variants.py; empty: the digest itself
    Column("local_date", Text, nullable=False),
    Column("issue", BigInteger, nullable=False),  # model.Edition.issue
    Column("state", Text, nullable=False),
    Column("created", UTCTime, nullable=False),
    Column("period_from", UTCTime, nullable=False),
    Column("period_to", UTCTime, nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("story_keys", JSON, nullable=False),
    Column("entry_ids", JSON, nullable=False),
    Column("deadline", UTCTime),
    Column("mailing", JSON(none_as_null=True)),  # model.Mailing
    UniqueConstraint("digest", "variant", "local_date", "issue"),
)
Index("ix_editions_created", editions.c.created)

alerted = Table(
    "alerted",
    metadata,
    Column(
        "entry_id",
        BigInteger,
        ForeignKey("entries.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("topic", Text, primary_key=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("edition_id", BigInteger, ForeignKey("editions.id", ondelete="CASCADE"), nullable=False),
    Column("address", Text, nullable=False),
    Column("subscriber_id", BigInteger, ForeignKey("subscribers.id", ondelete="SET NULL")),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", UTCTime),
    Column("reason", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("compact", Boolean, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("sent_at", UTCTime),
    Column("lease_until", UTCTime),
    Column("lease_generation", Integer, nullable=False),
    UniqueConstraint("edition_id", "address"),
)
Index("ix_deliveries_due", deliveries.c.state, deliveries.c.next_try_at)
Index("ix_deliveries_address", deliveries.c.address)
Index("ix_deliveries_subscriber", deliveries.c.subscriber_id)

bounces = Table(
    "bounces",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("delivery_id", BigInteger, ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),  # of the report: one that comes twice counts once
    Column("weight", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UTCTime, nullable=False),
    Column("original", LargeBinary, nullable=False),  # its beginning
    UniqueConstraint("delivery_id", "key"),
)
Index("ix_bounces_at", bounces.c.at)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False, unique=True),  # by which one address is known however it is written
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("frequency", Text, nullable=False),
    Column("alerts", Boolean, nullable=False),
    Column("topics", Text, nullable=False),  # a line each; empty: those of the digest
    Column("language", Text),
    Column("hour", Text),
    Column("weekday", Text),
    Column("timezone", Text),
    Column("salt", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("created", UTCTime, nullable=False),
    Column("changed", UTCTime, nullable=False),
    Column("confirmed", UTCTime),
    Column("ended", UTCTime),
)
Index("ix_subscribers_state", subscribers.c.state)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column(
        "subscriber_id",
        BigInteger,
        ForeignKey("subscribers.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("digest", Text, primary_key=True),
)
Index("ix_subscriptions_digest", subscriptions.c.digest)

letters = Table(
    "letters",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("subscriber_id", BigInteger, ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("created", UTCTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", UTCTime),  # null: handed over to the server, and never sent again
)
Index("ix_letters_due", letters.c.next_try_at)
Index("ix_letters_subscriber", letters.c.subscriber_id)

limits = Table(
    "limits",
    metadata,
    Column("key", Text, primary_key=True),  # a keyed hash of what is limited
    Column("since", UTCTime, primary_key=True),
    Column("count", Integer, nullable=False),
)
Index("ix_limits_since", limits.c.since)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
