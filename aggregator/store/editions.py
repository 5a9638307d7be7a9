"""Editions of digests: frozen once with a delivery for everyone who gets them, and read back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, func, insert, literal, or_, select

from aggregator.model import DeliveryState, Edition, EditionKind, EditionState, Mailing, kind_of
from aggregator.store.tables import deliveries, editions
from aggregator.store.upsert import upsert

_WITHOUT_BODIES = [literal("").label(one.name) if one.name in {"html", "text"} else one for one in editions.c]
_PAGE = 1000  # deliveries stored in one statement: memory doesn't grow with the number of recipients


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets an edition. `suppressed` says why this address gets none: its row is made all the same, to show it."""

    address: str
    message_id: str
    suppressed: str = ""
    code: str = ""  # with `suppressed`: what the server had answered
    subscriber_id: int | None = None  # None: a fixed recipient


def freeze(conn: Connection, edition: Edition, recipients: Iterable[Recipient]) -> Edition | None:
    """Store an edition and one delivery for each recipient, in the caller's one transaction; `edition.id` is ignored.

    None when the digest has this edition already: then nothing is stored.
    """
    values = {**asdict(edition), "story_keys": list(edition.story_keys), "entry_ids": list(edition.entry_ids)}
    del values["id"]
    statement = (
        upsert(conn, editions)
        .values(values)
        .on_conflict_do_nothing(index_elements=["digest", "variant", "local_date", "issue"])
    )
    id_ = conn.execute(statement.returning(editions.c.id)).scalar()
    if id_ is None:
        return None
    rows = (_delivery(id_, recipient, edition.created) for recipient in recipients)
    while page := list(islice(rows, _PAGE)):
        conn.execute(insert(deliveries), page)
    return by_id(conn, id_)


def _delivery(edition_id: int, recipient: Recipient, now: datetime) -> dict[str, Any]:
    state = DeliveryState.SUPPRESSED if recipient.suppressed else DeliveryState.PENDING
    return {
        "edition_id": edition_id,
        "address": recipient.address,
        "subscriber_id": recipient.subscriber_id,
        "state": state,
        "attempts": 0,
        "next_try_at": None if recipient.suppressed else now,
        "reason": recipient.suppressed or "waits to be sent",
        "code": recipient.code,
        "compact": False,
        "message_id": recipient.message_id,
        "lease_generation": 0,
    }


def by_id(conn: Connection, id_: int) -> Edition | None:
    """The edition with this id."""
    row = conn.execute(select(editions).where(editions.c.id == id_)).first()
    return None if row is None else _edition(row)


def get(conn: Connection, digest: str, local_date: str, variant: str = "", issue: int = 0) -> Edition | None:
    """The edition of a digest, or of a variant of it, on a day (YYYY-MM-DD in its zone)."""
    which = (*_of(digest, variant), editions.c.local_date == local_date, editions.c.issue == issue)
    row = conn.execute(select(editions).where(*which)).first()
    return None if row is None else _edition(row)


def recent(conn: Connection, *, since: datetime | None = None, digest: str | None = None) -> list[Edition]:
    """Editions made from `since` on, empty ones too, newest first, without those of subscribers' variants.

    Their `html` and `text` are left empty: a year of them is large. `html_of` reads one.
    """
    statement = select(*_WITHOUT_BODIES).order_by(editions.c.local_date.desc(), editions.c.id.desc())
    statement = statement.where(editions.c.variant == "")
    if since is not None:
        statement = statement.where(editions.c.created >= since)
    if digest is not None:
        statement = statement.where(editions.c.digest == digest)
    return [_edition(row) for row in conn.execute(statement)]


def html_of(conn: Connection, id_: int) -> str:
    """The HTML of an edition; '' where there is none with this id."""
    return conn.execute(select(editions.c.html).where(editions.c.id == id_)).scalar() or ""


def _of(digest: str, variant: str) -> tuple[Any, ...]:
    return (editions.c.digest == digest, editions.c.variant == variant)


def of_day(conn: Connection, digest: str, local_date: str) -> list[int]:
    """Ids of the editions of a digest and its variants of a date, as far as a date has one of each."""
    where = (editions.c.digest == digest, editions.c.local_date == local_date, editions.c.issue == 0)
    return list(conn.execute(select(editions.c.id).where(*where)).scalars())


def newest_date(conn: Connection, digest: str, variant: str = "") -> str | None:
    """The local date of the newest edition of a digest or a variant; None before its first."""
    statement = select(editions.c.local_date).where(*_of(digest, variant))
    return conn.execute(statement.order_by(editions.c.local_date.desc()).limit(1)).scalar()


def newest_told(conn: Connection, digest: str, since: datetime) -> str | None:
    """The local date of a digest's newest edition, made from `since` on, that tells anything; None without one."""
    told = (editions.c.state == EditionState.FROZEN, editions.c.created >= since)
    statement = select(editions.c.local_date).where(*_of(digest, ""), *told)
    return conn.execute(statement.order_by(editions.c.local_date.desc()).limit(1)).scalar()


@dataclass(frozen=True, slots=True)
class Last:
    """The newest edition of a digest or a variant that has several of a date."""

    local_date: str
    issue: int
    created: datetime
    period_to: datetime


def newest(conn: Connection, digest: str, variant: str) -> Last | None:
    """The edition of a variant that was made last."""
    columns = (editions.c.local_date, editions.c.issue, editions.c.created, editions.c.period_to)
    row = conn.execute(select(*columns).where(*_of(digest, variant)).order_by(editions.c.id.desc()).limit(1)).first()
    return None if row is None else Last(*row)


def telling(conn: Connection, entry_ids: Iterable[int], *, variants: Collection[str], since: datetime) -> list[int]:
    """Ids of the editions of these variants, of any digest, made from `since` on, that told one of these entries."""
    wanted = set(entry_ids)
    where = (editions.c.variant.in_(variants), editions.c.created >= since)
    rows = conn.execute(select(editions.c.id, editions.c.entry_ids).where(*where))
    return [row.id for row in rows if not wanted.isdisjoint(row.entry_ids)]


def covering(conn: Connection, entry_ids: Iterable[int], *, digest: str, since: datetime) -> list[int]:
    """Ids of the numbered editions of other digests, made from `since` on, that told all of these entries."""
    wanted = set(entry_ids)
    where = (editions.c.digest != digest, editions.c.issue > 0, editions.c.created >= since)
    rows = conn.execute(select(editions.c.id, editions.c.entry_ids).where(*where))
    return [row.id for row in rows if wanted <= set(row.entry_ids)]


def count(conn: Connection, digest: str, *, variants: Collection[str], since: datetime) -> int:
    """How many editions of these variants of a digest were made after `since`."""
    where = (editions.c.digest == digest, editions.c.variant.in_(variants), editions.c.created > since)
    return conn.execute(select(func.count()).select_from(editions).where(*where)).scalar_one()


@dataclass(frozen=True, slots=True)
class Label:
    """What an edition is called, without what it says."""

    digest: str
    local_date: str
    kind: EditionKind


def labels(conn: Connection, *, ids: Collection[int] | None = None, local_date: str | None = None) -> dict[int, Label]:
    """The labels of editions by id: of these ids, of this date."""
    columns = (editions.c.id, editions.c.digest, editions.c.local_date, editions.c.variant, editions.c.issue)
    statement = select(*columns)
    if ids is not None:
        statement = statement.where(editions.c.id.in_(ids))
    if local_date is not None:
        statement = statement.where(editions.c.local_date == local_date)
    rows = conn.execute(statement)
    return {row.id: Label(row.digest, row.local_date, kind_of(row.variant, row.issue)) for row in rows}


def prune(conn: Connection, before: datetime, limit: int, *, archive: datetime) -> int:
    """Remove up to `limit` editions that have no delivery left; how many went.

    Those of variants when they were made before `before`; the digests' own, which have pages on the site, when they
    were made before both times. The newest of a digest stays: from it the next one is counted.
    """
    later = editions.alias()
    followed = exists().where(
        later.c.digest == editions.c.digest, later.c.variant == "", later.c.local_date > editions.c.local_date
    )
    own = and_(editions.c.variant == "", editions.c.created < archive, followed)
    sent = exists().where(deliveries.c.edition_id == editions.c.id)
    gone = and_(editions.c.created < before, or_(editions.c.variant != "", own), ~sent)
    old = select(editions.c.id).where(gone).limit(limit)
    return conn.execute(delete(editions).where(editions.c.id.in_(old))).rowcount


@dataclass(frozen=True, slots=True)
class Told:
    """What the editions of a digest or a variant before some other have told: until when, and with which entries."""

    until: datetime | None
    entry_ids: frozenset[int]


def told_before(
    conn: Connection, digest: str, local_date: str, *, since: datetime, variant: str = "", issue: int = 0
) -> Told:
    """The end of the last edition's period, and the entries that the editions made from `since` on told."""
    earlier = or_(
        editions.c.local_date < local_date, and_(editions.c.local_date == local_date, editions.c.issue < issue)
    )
    before = (*_of(digest, variant), earlier)
    order = (editions.c.local_date.desc(), editions.c.issue.desc())
    last = select(editions.c.period_to).where(*before).order_by(*order).limit(1)
    rows = conn.execute(select(editions.c.entry_ids).where(*before, editions.c.created >= since))
    return Told(conn.execute(last).scalar(), frozenset(id_ for row in rows for id_ in row.entry_ids))


def told_by(
    conn: Connection, digest: str, *, variants: Collection[str], since: datetime, until: datetime
) -> frozenset[int]:
    """The entries that the editions of these variants told, as far as they were made between these times."""
    where = (editions.c.digest == digest, editions.c.variant.in_(variants), editions.c.created.between(since, until))
    return frozenset(id_ for row in conn.execute(select(editions.c.entry_ids).where(*where)) for id_ in row.entry_ids)


def _edition(row: Row[Any]) -> Edition:
    return Edition(
        id=row.id,
        digest=row.digest,
        variant=row.variant,
        local_date=row.local_date,
        issue=row.issue,
        state=EditionState(row.state),
        created=row.created,
        period_from=row.period_from,
        period_to=row.period_to,
        subject=row.subject,
        preheader=row.preheader,
        html=row.html,
        text=row.text,
        story_keys=tuple(row.story_keys),
        entry_ids=tuple(row.entry_ids),
        deadline=row.deadline,
        mailing=Mailing(**row.mailing) if row.mailing else None,
    )
