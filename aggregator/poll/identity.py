"""What a poll changes: which parsed entries are new, edited, issued again under another id, or known. Pure.

    lookup(parsed)                 what to ask the store for
    store                          -> KnownEntries
    changes(known, parsed, now)    -> Changes, which one transaction saves

Identity is (feed, identity), the second part chosen by the parser: the item's own id, else its link, else a hash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from aggregator.model import EntryContent, ParsedEntry, identity_hash
from aggregator.poll.parse.result import KnownSpans, ParsedFeed
from aggregator.store.entries import EditedEntry, KnownEntry, NewEntry, ReissuedEntry

NEW_PER_DAY = 2000
"""At most this many new entries of one feed in 24 hours, its first poll apart."""
SILENCE = timedelta(days=90)
"""A feed that was silent for longer and comes back with other content is quarantined."""
REVIVAL_SHARE = 0.9
MAX_REVISIONS = 100
"""Edits of one entry that are followed; servers that answer with two versions in turn would never end."""

# Earlier claims are zeroes of somebody's clock: 1970-01-01, 0001-01-01.
_OLDEST_CLAIM = datetime(1971, 1, 1, tzinfo=UTC)
_TRACKING = re.compile(r"(?:^|&)(?:utm_[^=&]*|fbclid|gclid|at_medium|at_campaign)=[^&]*")
_LEAST_REISSUE = 3
ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Lookup:
    """What `changes` has to know of the store: entries of this feed with one of these values."""

    identity_hashes: frozenset[int]
    urls: frozenset[str]
    titles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntries:
    """What the store has of a feed. `total` = 0 means: this is the first poll that gives entries."""

    entries: Sequence[KnownEntry] = ()  # those that the lookup asked for
    pruned: frozenset[int] = frozenset()  # identity hashes, of the lookup, whose entries retention has removed
    total: int = 0  # entries stored, or ever stored
    new_today: int = 0  # entries first seen in the last 24 hours
    last_new_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to save. An entry that was issued again and also edited stands in both lists."""

    new: tuple[NewEntry, ...] = ()  # oldest first
    edited: tuple[EditedEntry, ...] = ()
    reissued: tuple[ReissuedEntry, ...] = ()
    unchanged: int = 0  # parsed again and found as they were, or trimmed away as known bytes
    dropped: int = 0  # by a cap: the parser's, or the bound on new entries per day
    held: int = 0  # not stored because of `quarantine`
    quarantine: str = ""  # why the feed is held back, as a sentence; empty for a healthy feed
    spans: KnownSpans  # to store with the entries: what the next poll need not parse
    notes: tuple[str, ...] = ()

    def without_edits(self, ids: Collection[int]) -> Changes:
        """These entries stay as they are stored."""
        edited = tuple(one for one in self.edited if one.id not in ids)
        return replace(self, edited=edited, unchanged=self.unchanged + len(self.edited) - len(edited))


def lookup(parsed: ParsedFeed) -> Lookup:
    """The values by which stored entries may be these parsed ones."""
    names = set(parsed.identities)
    names.update(e.guid for e in parsed.entries if e.guid)
    urls = frozenset(e.url for e in parsed.entries if e.url)
    titles = frozenset(e.title for e in parsed.entries if e.title)
    return Lookup(frozenset(map(identity_hash, names | urls)), urls | set(map(_other_scheme, urls)), titles)


def changes(
    known: KnownEntries, parsed: ParsedFeed, now: datetime, *, released: bool = False, partial: bool = False
) -> Changes:
    """Compare what a feed serves with what is stored of it.

    `released`: the editor has seen why the feed was quarantined and wants its entries. `partial`: the body holds what
    is new and nothing else, so an entry that it lacks is not gone.
    """
    book = _Book(known, parsed, partial=partial) if known.entries else None
    new: list[NewEntry] = []
    edited: list[EditedEntry] = []
    reissued: list[ReissuedEntry] = []
    unchanged = parsed.served - parsed.dropped - len(parsed.entries)
    for position, (identity, entry) in enumerate(zip(parsed.identities, parsed.entries, strict=True)):
        name, content = identity_hash(identity), content_hash(entry)
        stored = book.find(name, entry) if book else None
        if stored is None and name in known.pruned:
            unchanged += 1
        elif stored is None:
            new.append(NewEntry(identity, name, content, _sort_at(entry, now, position), entry))
        else:
            if stored.identity_hash != name:
                reissued.append(ReissuedEntry(stored.id, name))
            if stored.content_hash != content and stored.revision < MAX_REVISIONS:
                edited.append(EditedEntry(stored.id, content, entry))
            else:
                unchanged += 1
    return _bounded(
        Changes(
            new=tuple(sorted(new, key=lambda one: one.sort_at)),
            edited=tuple(edited),
            reissued=tuple(reissued),
            unchanged=max(0, unchanged),
            dropped=parsed.dropped,
            spans=parsed.spans,
            notes=parsed.notes,
        ),
        known,
        parsed,
        now,
        released=released,
    )


def content_hash(entry: EntryContent) -> int:
    """64 bits, signed, over what a reader would see changed: title, text, address, enclosures.

    White space, markup, dates, categories, and the parts of an address that only count clicks do not matter.
    """
    parts = [entry.title, " ".join(entry.text.split()), _plain_url(entry.url)]
    parts += sorted(_plain_url(enclosure.url) for enclosure in entry.enclosures)
    digest = blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


class _Book:
    """The stored entries by each of the names under which a parsed one may be found."""

    def __init__(self, known: KnownEntries, parsed: ParsedFeed, *, partial: bool) -> None:
        self._served = set(map(identity_hash, parsed.identities)) | set(parsed.spans.items.values())
        self._partial = partial
        self._taken: set[int] = set()
        self._by_hash = {entry.identity_hash: entry for entry in known.entries}
        self._by_url = _only_one_each((_address(entry.url), entry) for entry in known.entries if entry.url)
        self._by_title = _only_one_each((_plain_title(entry.title), entry) for entry in known.entries)
        self._urls = Counter(_address(entry.url) for entry in parsed.entries)
        self._titles = Counter(_plain_title(entry.title) for entry in parsed.entries)
        strangers = sum(identity_hash(one) not in self._by_hash for one in parsed.identities)
        self._all_renamed = strangers >= max(_LEAST_REISSUE, REVIVAL_SHARE * parsed.served)

    def find(self, name: int, entry: ParsedEntry) -> KnownEntry | None:
        """The stored entry of this name; else one whose own name is no longer served and that is the same article."""
        if name in self._by_hash:
            return self._by_hash[name]
        for stored in self._candidates(entry):
            if stored is not None and stored.id not in self._taken and stored.identity_hash not in self._served:
                self._taken.add(stored.id)
                return stored
        return None

    def _candidates(self, entry: ParsedEntry) -> Iterable[KnownEntry | None]:
        # Stored by its id before the feed shared ids, or by its link before the feed had ids.
        for old in (entry.guid, entry.url):
            stored = self._by_hash.get(identity_hash(old)) if old else None
            if stored and entry.url and _address(stored.url) == _address(entry.url):
                yield stored
        if self._partial:
            return
        address, title = _address(entry.url), _plain_title(entry.title)
        if entry.url and self._urls[address] == 1:
            stored = self._by_url.get(address)
            # Some feeds, the BBC's among them, give an article another id with each edit; others have one page for all.
            yield stored if stored and (self._all_renamed or _alike(stored.title, entry.title)) else None
        if self._titles[title] == 1:
            stored = self._by_title.get(title)
            # Another address alone: it was corrected, or names the reader's session.
            yield stored if stored and (self._all_renamed or _same_but_for_address(stored, entry)) else None


def _only_one_each(pairs: Iterable[tuple[str, KnownEntry]]) -> Mapping[str, KnownEntry]:
    found: dict[str, KnownEntry | None] = {}
    for name, entry in pairs:
        found[name] = None if name in found else entry
    return {name: entry for name, entry in found.items() if entry is not None}


def _alike(one: str, other: str) -> bool:
    """Whether two titles may be versions of one: they share 40 % of their groups of three characters."""
    left, right = (
        {title[at : at + 3] for at in range(max(1, len(title) - 2))} for title in map(_plain_title, (one, other))
    )
    return len(left & right) >= ALIKE * (len(left) + len(right)) / 2


def _same_but_for_address(stored: KnownEntry, entry: ParsedEntry) -> bool:
    """Title, text, enclosures and date are the same; without text or date they say too little."""
    if not entry.text or _claim(entry) != stored.sort_at:
        return False
    return content_hash(replace(entry, url=stored.url)) == stored.content_hash


def _plain_title(title: str) -> str:
    return " ".join(title.casefold().split())


def _plain_url(url: str | None) -> str:
    """Without scheme, fragment and what only counts clicks."""
    if not url:
        return ""
    address, _, query = url.partition("#")[0].partition("?")
    query = _TRACKING.sub("", query).lstrip("&") if query else ""
    return address.partition("://")[2] + (f"?{query}" if query else "")


def _other_scheme(url: str) -> str:
    """The address with https for http, or the reverse: a site that moves to https is to be found by either."""
    scheme, _, rest = url.partition("://")
    return f"{'http' if scheme == 'https' else 'https'}://{rest}"


def _address(url: str | None) -> str:
    """`_plain_url` with the fragment, which tells the items of one page apart."""
    return f"{_plain_url(url)}#{(url or '').partition('#')[2]}"


def _sort_at(entry: ParsedEntry, now: datetime, position: int) -> datetime:
    """min(published, first seen). Undated entries keep the order in which the feed lists them."""
    claim = _claim(entry)
    return min(claim, now) if claim else now - timedelta(microseconds=position)


def _claim(entry: ParsedEntry) -> datetime | None:
    claim = entry.published or entry.updated
    return claim if claim and claim >= _OLDEST_CLAIM else None


def _bounded(found: Changes, known: KnownEntries, parsed: ParsedFeed, now: datetime, *, released: bool) -> Changes:
    """Quarantine, and the bound on new entries per day; a first poll knows neither."""
    if known.total == 0:
        return found
    new = found.new
    reason = "" if released else _quarantine(len(new), known, parsed, now)
    room = 0 if reason else max(0, NEW_PER_DAY - known.new_today)
    refused = new[: len(new) - room] if len(new) > room else ()
    if not refused:
        return found
    note = f"{len(refused)} new entries were left out: the feed gave more than {NEW_PER_DAY} in a day."
    return replace(
        found,
        new=new[len(refused) :],
        dropped=found.dropped + (0 if reason else len(refused)),
        held=len(refused) if reason else 0,
        quarantine=reason,
        spans=found.spans.without({one.identity_hash for one in refused}),
        notes=(*found.notes, reason or note),
    )


def _quarantine(new: int, known: KnownEntries, parsed: ParsedFeed, now: datetime) -> str:
    if known.last_new_at is None or now - known.last_new_at <= SILENCE:
        return ""
    if new < 2 or new <= REVIVAL_SHARE * parsed.served:
        return ""
    return (
        f"After {(now - known.last_new_at).days} days of silence the feed came back with other content: "
        f"{new} of its {parsed.served} entries are new. Its domain may have changed hands."
    )
