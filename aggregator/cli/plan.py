"""`aggregator plan`: what an edited feeds.yaml would change, before it is applied."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator import clock
from aggregator.cli.context import MOST_DAYS, Context, app, current, flag
from aggregator.cli.output import print_json, print_text
from aggregator.text.counts import plural

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from aggregator.cli.plan_report import EditionPlan, FilterPlan, Leading, Plan, Sample, Side, TopicPlan
    from aggregator.config.models import Config

_WIDEST = 100
_CAUSES = 8  # keywords named beside a count
_SIGNS = {"added": "+", "removed": "-", "moved": "~", "changed": "~", "same": " "}


@app.command()
def plan(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The edited file; feeds.yaml itself otherwise.")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=MOST_DAYS, help="Only entries of this many days; all otherwise.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", "-n", min=0, help="Entries shown of each kind of change.")] = 3,
    as_json: Annotated[bool, flag("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what an edited feeds.yaml would change: feeds, entries of topics, stories, the next digests.

    What is stored is read again with the edited file; nothing is changed, and a running aggregator is not disturbed.

    Example: aggregator plan feeds-new.yaml --days 7
    """
    from aggregator.cli.progress import ReadProgress
    from aggregator.cli.replaying import try_out

    here = current(context)
    edited = Context(file, here.data) if file else here
    config = edited.config
    in_use = here if here.config_path.exists() else edited
    now = clock.utc_now()
    since = now - timedelta(days=days) if days else None
    with in_use.reading() as store, ReadProgress() as progress:
        found = try_out(store, config, now, since=since, samples=samples, progress=progress)
    if as_json:
        print_json(found.as_json())
    else:
        width = min(_WIDEST, shutil.get_terminal_size((80, 24)).columns)
        print_text("\n".join(_wrapped(_lines(found, config, str(edited.config_path)), width)))


def _wrapped(lines: Iterable[str], width: int) -> Iterator[str]:
    """Lines no wider than a terminal; what continues is indented by two more."""
    for line in lines:
        indent = len(line) - len(line.lstrip())
        yield from textwrap.wrap(
            line, width, subsequent_indent=" " * (indent + 4), break_long_words=False, break_on_hyphens=False
        ) or [""]


def _lines(found: Plan, config: Config, file: str) -> Iterator[str]:
    days = f", from {found.since:%Y-%m-%d} on" if found.since else ""
    yield f"{file}, tried on what is stored{days}; nothing is changed."
    if found.waiting:
        yield f"{plural(found.waiting, 'entry waits', 'entries wait')} for `aggregator group`; not counted."
    if found.behind:
        behind = plural(found.behind, "entry has", "entries have")
        yield f"{behind} the topics of an older feeds.yaml still; `aggregator group` is not done."
    yield from ("", *_feed_lines(found))
    yield from ("", *_topic_lines(found))
    if found.filters:
        yield from ("", "keep: and drop:, on what is stored")
        for filtered in found.filters.values():
            yield from _filter_lines(filtered)
    yield from ("", *_story_lines(found))
    for edition in found.editions:
        yield from ("", *_edition_lines(edition, config.site.timezone, found.samples))


def _feed_lines(found: Plan) -> Iterator[str]:
    yield "Feeds"
    for edit in found.feeds:
        stored = f", {plural(edit.entries, 'entry', 'entries')} stored" if edit.entries else ""
        address = "" if edit.name == edit.url else f", {edit.url}"
        yield f"  {_SIGNS[edit.kind]} {edit.name}{address} ({edit.kind}{stored})"
        yield from (f"      {detail}" for detail in edit.details)
    yield f"  {plural(found.feeds_unchanged, 'feed stays as it is', 'feeds stay as they are')}"


def _topic_lines(found: Plan) -> Iterator[str]:
    if not any(topic.kind != "same" for topic in found.topics.values()):
        moved = any(topic.won.entries or topic.lost.entries for topic in found.topics.values())
        yield "Topics: none is edited" + ("" if moved else ", so no entry was matched again")
    else:
        yield f"Topics, matched again with {plural(found.entries, 'entry', 'entries')}"
    for topic in found.topics.values():
        if topic.kind != "same" or topic.won.entries or topic.lost.entries:
            yield from _one_topic(topic)
    if found.topics_unedited and any(topic.kind != "same" for topic in found.topics.values()):
        names = ", ".join(found.topics_unedited)
        yield f"  Not edited, matched again only beside an edited one: {names}"


def _one_topic(topic: TopicPlan) -> Iterator[str]:
    kind = "" if topic.kind == "same" else f" ({topic.kind})"
    entries = "entry" if topic.after == 1 else "entries"
    yield (
        f"  {_SIGNS[topic.kind]} {topic.name}{kind}: {topic.before} -> {topic.after} {entries}, "
        f"{topic.won.entries} won, {topic.lost.entries} lost"
    )
    yield from (f"      {detail}" for detail in topic.details)
    for name, side in (("won by", topic.won), ("lost with", topic.lost)):
        if side.entries:
            yield from _side_lines(name, side)


def _side_lines(name: str, side: Side) -> Iterator[str]:
    causes = [f"{cause} {number}" for cause, number in side.by.most_common(_CAUSES)]
    more = f", and {len(side.by) - _CAUSES} more" if len(side.by) > _CAUSES else ""
    yield f"    {name}: {', '.join(causes)}{more}"
    yield from _sample_lines(side.samples, side.entries)


def _sample_lines(samples: list[Sample], total: int) -> Iterator[str]:
    for sample in samples:
        yield f"      {sample.title or '(no title)'} ({sample.feed})"
        yield f"          {sample.why}"
    if 0 < len(samples) < total:
        yield f"      and {total - len(samples)} more"


def _filter_lines(filtered: FilterPlan) -> Iterator[str]:
    of = plural(filtered.entries, "stored entry", "stored entries")
    yield f"  {filtered.feed}: {filtered.refused} of {of} would be left out if they came now"
    yield from _sample_lines(filtered.samples, filtered.refused)


def _story_lines(found: Plan) -> Iterator[str]:
    counts = [f"{number} {what}" for what, number in found.story_counts.items() if number and what != "touched"]
    touched = found.story_counts["touched"]
    if not touched:
        yield "Stories: none is touched"
        return
    yield f"Stories: {touched} touched: {', '.join(counts) or 'other outlets'}"
    for story in found.stories:
        changes = [f"+ {topic}" for topic in story.gains] + [f"- {topic}" for topic in story.loses]
        changes += ["another lead"] if story.led_anew else []
        said = "no entry left" if story.gone else ", ".join(changes) or "other outlets"
        yield f"      {story.title} ({plural(story.outlets, 'outlet', 'outlets')}): {said}"
    if len(found.stories) < touched and found.stories:
        yield f"      and {touched - len(found.stories)} more"


def _edition_lines(edition: EditionPlan, zone: ZoneInfo, most: int) -> Iterator[str]:
    at = edition.at_after or edition.at_before
    moved = edition.at_before and edition.at_after and edition.at_before != edition.at_after
    yield f"Next edition of {edition.digest}, {_hour(at, zone)}" + (
        f" (before: {_hour(edition.at_before, zone)})" if moved else ""
    )
    if edition.before is None:
        yield f"  a new digest: {_told(edition.after, edition.subject_after)}"
    elif edition.after is None:
        yield f"  would no longer be made; it had {_told(edition.before, edition.subject_before)}"
    elif edition.before == edition.after:
        yield f"  as it would be without the edit: {_told(edition.after, edition.subject_after)}"
    else:
        yield f"  before: {_told(edition.before, edition.subject_before)}"
        yield f"  after:  {_told(edition.after, edition.subject_after)}"
        yield from _changed_lines("+", edition.enters, most)
        yield from _changed_lines("-", edition.leaves, most)
        for story, old in edition.moves[:most]:
            yield f"    ~ {story.title}: from {old or 'no topic'} to {story.topic or 'no topic'}"
        if not (edition.enters or edition.leaves or edition.moves):
            yield "    the same stories in another order, or told by other outlets"


def _changed_lines(sign: str, stories: list[Leading], most: int) -> Iterator[str]:
    for story in stories[:most]:
        yield f"    {sign} {story.title} ({story.topic or 'no topic'}, {plural(story.outlets, 'outlet', 'outlets')})"
    if len(stories) > most:
        yield f"    {sign} {len(stories) - most} more"


def _told(stories: list[Leading] | None, subject: str) -> str:
    return f"{plural(len(stories), 'story', 'stories')}, '{subject}'" if stories else "nothing to tell, so no mail"


def _hour(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %H:%M} {zone.key}" if at else "never"
