"""Why an entry or a story is where it is, and why it isn't elsewhere: topics, story, published feeds, digests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aggregator.cli.look import entry_json, story_json
from aggregator.cli.output import minute, unknown
from aggregator.cli.why_feed import Told
from aggregator.cli.why_find import find_entries
from aggregator.errors import UsageError
from aggregator.text.counts import plural

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from aggregator.config.models import Config
    from aggregator.digest.draft import Plan
    from aggregator.digest.edition import Selection
    from aggregator.group.near import NearMiss
    from aggregator.group.topics import TopicMatcher, Verdict
    from aggregator.model import Edition, Entry, Feed, Span, Story, StoryEvidence
    from aggregator.store.database import Store
    from aggregator.store.entries import Revision

_STORY_PAGE = re.compile(r"/stories/([0-9a-f]{16})(?:/(?:index\.html)?)?(?:[?#].*)?\Z")
_AROUND = 40  # characters shown on either side of a span
_SPANS = 5
_LAST = 5  # editions in which an entry is looked for


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of an entry's places. `outputs`: path of a published feed -> '' or why it isn't in it."""

    entry: Entry
    feed: Feed
    verdicts: tuple[Verdict, ...]
    misses: list[NearMiss]
    story: Story | None
    evidence: StoryEvidence | None
    outputs: dict[str, str]
    digests: dict[str, str]
    revisions: list[Revision]  # before the present text


@dataclass
class Explainer:
    """Explains entries. `topic`: only this one, keyword by keyword."""

    store: Store
    config: Config
    now: datetime
    topic: str | None = None
    _upcoming: dict[str, tuple[Plan, Edition, Selection]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.topic is not None and self.topic not in self.config.topics:
            raise UsageError(unknown("topic", self.topic, self.config.topics))

    @cached_property
    def _matcher(self) -> TopicMatcher:
        from aggregator.group.topics import TopicMatcher

        return TopicMatcher(self.config.topics)

    def entries_called(self, conn: Connection, what: str) -> Iterator[Told]:
        """Entries by id, guid or address."""
        found = find_entries(conn, what)
        yield from self._told(conn, found)

    def stories_called(self, conn: Connection, what: str) -> Iterator[Told]:
        """A story by its id or the address of its page, then its entries."""
        from aggregator.store import stories

        page = _STORY_PAGE.search(what)
        what = page.group(1) if page else what
        story = stories.get(conn, what)
        if story is None:
            return
        members = stories.entries_of(conn, [story.id]).get(story.id, [])
        counts = {name: sum(any(m.topic == name for m in one.topics) for one in members) for name in self.config.topics}
        lines = [f"Story {story.key}: {story.title}"]
        if story.key != what:
            lines.append(f"  {what} was merged into it")
        lines += [
            f"  {_carried(story)}",
            f"  from {minute(story.first_seen)} to {minute(story.last_seen)}, last changed {minute(story.updated)}",
        ]
        for name, number in counts.items():
            if number:
                small = "" if name in story.topics else ": too few, it takes one in eight"
                lines.append(f"  {'in    ' if not small else 'not in'} {name}: {number} of its entries{small}")
        lines += [f"  {one}" for one in self._digest_lines(self._digests(conn, story, members))]
        yield Told(lines, {"kind": "story", "story": story_json(story), "topics": counts})
        yield from self._told(conn, members)

    def _told(self, conn: Connection, found: list[Entry]) -> Iterator[Told]:
        from aggregator.store import stories

        explained = [self._explain(conn, entry) for entry in found]
        copied = titles_copied(conn, [one.evidence for one in explained if one.evidence])
        keys = stories.keys(conn, {entry.story_id for entry in found if entry.story_id is not None})
        for one in explained:
            yield Told([*_lines(one, copied), *self._digest_lines(one.digests)], _as_json(one, keys))

    def _explain(self, conn: Connection, entry: Entry) -> Explanation:
        from aggregator.group.near import near_misses
        from aggregator.store import entries, feeds, stories

        feed = feeds.by_ids(conn, [entry.feed_id])[entry.feed_id]
        story = stories.by_ids(conn, [entry.story_id]).get(entry.story_id) if entry.story_id is not None else None
        verdicts = self._matcher.explain(entry, feed.name, feed.url)
        if self.topic is not None:
            verdicts = tuple(verdict for verdict in verdicts if verdict.topic == self.topic)
        members = stories.entries_of(conn, [story.id]).get(story.id, []) if story else []
        return Explanation(
            entry=entry,
            feed=feed,
            verdicts=verdicts,
            misses=near_misses(self.config.topics[self.topic], entry) if self.topic else [],
            story=story,
            evidence=stories.evidence_of(conn, [entry.id]).get(entry.id),
            outputs=dict(_outputs(conn, self.config, entry, story, self.now)),
            digests=self._digests(conn, story, members, entry) if story else {},
            revisions=entries.revisions(conn, entry.id),
        )

    # -- digests ------------------------------------------------------------------------------------------------------

    def _digests(
        self, conn: Connection, story: Story, members: list[Entry], entry: Entry | None = None
    ) -> dict[str, str]:
        """For each digest a sentence: told already, in the next edition, or why not. `entry`: of the story."""
        return {name: self._in_digest(conn, name, story, members, entry) for name in self.config.digests}

    def _in_digest(self, conn: Connection, name: str, story: Story, members: list[Entry], entry: Entry | None) -> str:
        from aggregator.digest.edition import Candidate, why_left_out
        from aggregator.digest.service import upcoming
        from aggregator.store import editions, feeds

        ids = {entry.id} if entry else {one.id for one in members}
        told = [one.local_date for one in editions.recent(conn, digest=name)[:_LAST] if ids & set(one.entry_ids)]
        before = f"told on {', '.join(sorted(told))}; " if told else ""
        if name not in self._upcoming:
            self._upcoming[name] = upcoming(self.store, self.config, name, self.now)
        plan, edition, selection = self._upcoming[name]
        at = f"the next edition ({plan.slot.local_date})"
        if story.key in edition.story_keys:
            place = edition.story_keys.index(story.key) + 1
            return f"{before}in {at}, story {place} of {len(edition.story_keys)}"
        outlets = feeds.by_ids(conn, sorted({one.feed_id for one in members}))
        why = why_left_out(Candidate(story, tuple(members)), outlets, selection.brief)
        if why is None and any(pick.story.id == story.id for pick in selection.picks):
            why = "The mail would be too long with it: it is among the least important."
        if why is None:
            most = selection.brief.stories
            why = f"Others rank higher: {sum(selection.totals.values())} stories could enter, it takes {most}."
        return f"{before}not in {at}: {why}"

    @staticmethod
    def _digest_lines(digests: dict[str, str]) -> list[str]:
        return ["Digests", *(f"  {name}: {sentence}" for name, sentence in digests.items())] if digests else []


def _outputs(
    conn: Connection, config: Config, entry: Entry, story: Story | None, now: datetime
) -> Iterator[tuple[str, str]]:
    """The published feeds that have the entry, and those that would but for its age or their size."""
    from aggregator.store import entries, stories
    from aggregator.text.slug import unique_slugs

    since, limit = now - config.publish.max_age, config.publish.entries
    slugs = unique_slugs(config.topics)
    topics = [match.topic for match in entry.topics if match.topic in slugs]
    for path, topic in [("feed.atom", None), *((f"topics/{slugs[one]}/feed.atom", one) for one in topics)]:
        listed = {one.id for one in entries.recent(conn, since=since, limit=limit, topic=topic)}
        yield path, "" if entry.id in listed else _left_out(entry.sort_at, since, limit)
    if story is not None:
        kept = {one.id for one in stories.recent(conn, since=since, limit=limit)}
        yield "stories.atom", "" if story.id in kept else _left_out(story.last_seen, since, limit)


def _left_out(at: datetime, since: datetime, limit: int) -> str:
    if at < since:
        return "older than publish.max_age"
    return f"not among the newest {limit} (publish.entries), or its feed has left feeds.yaml"


def _lines(one: Explanation, copied: dict[int, str]) -> Iterator[str]:
    entry = one.entry
    yield f"{entry.title}"
    yield f"  entry {entry.id} of {one.feed.name}, {entry.url or 'without an address'}"
    edited = f", edited {minute(entry.edited_at)} (revision {entry.revision})" if entry.edited_at else ""
    published = minute(entry.published) if entry.published else "at no stated time"
    yield f"  published {published}, first seen {minute(entry.first_seen)}{edited}"
    for before in one.revisions:
        yield f"  from {minute(before.seen_at)}: {before.title!r}, {len(before.text)} characters"
    yield "Topics"
    if not one.verdicts:
        yield "  feeds.yaml names none"
    for verdict in one.verdicts:
        yield f"  {'in    ' if verdict.taken else 'not in'} {verdict.topic}: {verdict.reason}"
        for span in verdict.spans[:_SPANS]:
            yield f"         {span.field}: {_excerpt(entry, span)}"
    yield from (f"         {miss.sentence}" for miss in one.misses)
    yield from _story_lines(one, copied)
    yield "Published in"
    for path, reason in one.outputs.items():
        yield f"  {path}" if not reason else f"  not in {path}: {reason}"


def _story_lines(one: Explanation, copied: dict[int, str]) -> Iterator[str]:
    story, evidence = one.story, one.evidence
    if story is None:
        yield "Story"
        yield "  none yet: `aggregator group` finds it"
        return
    yield f"Story {story.key}: {story.title}"
    yield f"  {_carried(story)}"
    if evidence is not None:
        yield from evidence_lines(evidence, copied)
        if one.entry.edited_at:
            yield "  so it was with the text that it had then: an entry that is edited keeps its story"


def _carried(story: Story) -> str:
    counts = (
        plural(len(story.entry_ids), "entry", "entries"),
        plural(len(story.outlets), "outlet", "outlets"),
        plural(story.origins, "origin", "origins"),
    )
    return ", ".join(counts) + (", closed" if story.closed else "")


def titles_copied(conn: Connection, evidence: Iterable[StoryEvidence]) -> dict[int, str]:
    """The titles of the stored entries that others copy, by id."""
    from aggregator.store import entries

    ids = {one.copy_of for one in evidence if one.copy_of is not None}
    return {id_: entry.title for id_, entry in entries.by_ids(conn, sorted(ids)).items()}


def evidence_lines(evidence: StoryEvidence, copied: dict[int, str]) -> Iterator[str]:
    """What ties an entry to its story."""
    tied = f"tied by {', '.join(evidence.terms)}"
    if evidence.moved_from is not None:
        near = f"the two had similarity {evidence.similarity:.2f}"
        yield f"  came from story {evidence.moved_from} when stories were merged or told apart: {near}, {tied}"
    elif evidence.terms:
        yield f"  joined with similarity {evidence.similarity:.2f}, {tied}"
    else:
        yield "  founded the story: nothing before it was near enough"
    if evidence.runner_up is not None:
        yield f"  came near to story {evidence.runner_up[0]}, too: {evidence.runner_up[1]:.2f}"
    if evidence.copy_of is not None:
        yield f"  copies or rewrites entry {evidence.copy_of}: {copied.get(evidence.copy_of, 'no longer stored')}"


def _excerpt(entry: Entry, span: Span) -> str:
    """The words around a span, which stands in brackets."""
    authors = ", ".join(author.name for author in entry.authors)
    whole = {"title": entry.title, "text": entry.text, "url": entry.url or "", "author": authors}.get(span.field, "")
    before = whole[max(0, span.start - _AROUND) : span.start]
    after = whole[span.end : span.end + _AROUND]
    marks = ("…" if span.start > _AROUND else "", "…" if span.end + _AROUND < len(whole) else "")
    return " ".join(f"{marks[0]}{before}[{whole[span.start : span.end]}]{after}{marks[1]}".split())


def _as_json(one: Explanation, keys: dict[int, str]) -> dict[str, Any]:
    return {
        "kind": "entry",
        "entry": entry_json(one.entry, one.feed, keys),
        "topics": one.verdicts,
        "keywords": one.misses,
        "story": story_json(one.story) if one.story else None,
        "evidence": one.evidence,
        "published": [path for path, reason in one.outputs.items() if not reason],
        "not_published": {path: reason for path, reason in one.outputs.items() if reason},
        "digests": one.digests,
        "revisions": one.revisions,
    }
