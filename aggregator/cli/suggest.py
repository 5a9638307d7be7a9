"""`aggregator suggest`: keywords that topics lack, and topics that stories lack, as lines for feeds.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator import clock
from aggregator.cli.context import MOST_DAYS, app, current, flag
from aggregator.cli.output import plain, print_json, print_text
from aggregator.text.counts import plural

if TYPE_CHECKING:
    from aggregator.group.suggest.choosing import NewTopic, Word
    from aggregator.group.suggest.service import Suggestions, TopicSuggestion, Wins

_TITLE = 70  # characters of a headline
_STORIES = 2  # headlines named for a new topic
_PLAIN = re.compile(r"[^\W\d_][\w '’.-]*[\w.]|[^\W\d_]")
_NO_TEXT = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])  # to other YAML readers


@app.command()
def suggest(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", min=1, max=MOST_DAYS, help="Entries of this many days.")] = 14,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=100, help="At most this many keywords a topic, and new topics.")
    ] = 8,
    as_json: Annotated[bool, flag("--json", help="Print one JSON object.")] = False,
) -> None:
    """Suggest keywords that go with your topics, and topics for stories of several outlets that none takes.

    They are printed as YAML lines to paste into feeds.yaml, with the evidence in comments. Nothing is changed.

    Example: aggregator suggest --days 30
    """
    from aggregator.cli.progress import ReadProgress
    from aggregator.group.suggest.service import Suggester

    here = current(context)
    since = clock.utc_now() - timedelta(days=days)
    with here.reading() as store, ReadProgress() as progress:
        found = Suggester(store, here.config, since, progress).run(limit)
    if as_json:
        print_json(_document(found, days))
    else:
        print_text("\n".join(_lines(found, days)))


def _lines(found: Suggestions, days: int) -> Iterator[str]:
    """A YAML document."""
    yield f"# From {plural(found.entries, 'entry', 'entries')} of the last {plural(days, 'day', 'days')}."
    yield "# Paste the lines that you like into feeds.yaml; `aggregator plan` tries them."
    few = [topic for topic in found.topics if not topic.enough]
    yield from (_too_few(topic) for topic in few)
    yield from (
        f"# {plain(t.name)}: nothing goes with it that it lacks" for t in found.topics if t.enough and not t.words
    )
    if not found.new:
        yield "# No story of several outlets is without a topic, or none has words of its own."
    worded = [topic for topic in found.topics if topic.words]
    if worded or found.new:
        yield "topics:"
    if worded:
        yield "  # Words that go with your topics: add them to the keywords there"
        yield "  # (below any:, if the topic has that)."
    for topic in worded:
        yield f"  {scalar(topic.name)}:"
        for word, wins in topic.words:
            yield from (f"    # {_evidence(word)};", f"    # {_wins(wins)}", f"    - {scalar(word.keyword)}")
    if found.new:
        yield "  # Stories that no topic takes, the most carried first."
    for new, wins in found.new:
        yield f"  {scalar(new.name)}:"
        yield from (f"    # {line}" for line in _stories(new, wins))
        yield from (f"    - {scalar(keyword)}" for keyword in new.keywords)


def _too_few(topic: TopicSuggestion) -> str:
    return f"# {plain(topic.name)}: {plural(topic.entries, 'entry', 'entries')}, too few to tell what goes with it"


def _evidence(word: Word) -> str:
    return f"in {word.here} of its {word.of} entries, in {word.there} of {word.of_others} others ({word.language})"


def _wins(wins: Wins) -> str:
    if not wins.entries:
        return "would win none of what is stored"
    return f"would win {plural(wins.entries, 'entry', 'entries')}, {wins.untaken} of which no topic has"


def _stories(new: NewTopic, wins: Wins) -> Iterator[str]:
    own = {id_ for story in new.stories for id_ in story.entry_ids}
    inside = len(own & wins.ids)
    yield f"would take {inside} of their {len(own)} entries, and {plural(wins.entries - inside, 'other', 'others')}"
    for story in new.stories[:_STORIES]:
        title = " ".join(plain(story.title).split())
        short = title if len(title) <= _TITLE else f"{title[:_TITLE].rstrip()}…"
        outlets = plural(story.outlets, "outlet", "outlets")
        yield f"story {story.key}, {outlets}, {plural(story.origins, 'origin', 'origins')}:"
        yield f"  {short}"
    if len(new.stories) > _STORIES:
        yield f"and {plural(len(new.stories) - _STORIES, 'story', 'stories')} more"


def scalar(text: str) -> str:
    """Text as YAML reads it back as text, whichever YAML reader it is."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _NO_TEXT:
        return text
    return json.dumps(text, ensure_ascii=False)


def _document(found: Suggestions, days: int) -> dict[str, Any]:
    return {
        "days": days,
        "entries": found.entries,
        "topics": [
            {
                "name": topic.name,
                "entries": topic.entries,
                "enough": topic.enough,
                "keywords": [_word(word, wins) for word, wins in topic.words],
            }
            for topic in found.topics
        ],
        "new": [
            {
                "name": new.name,
                "keywords": new.keywords,
                "wins": wins.entries,
                "stories": [
                    {"id": one.key, "title": one.title, "outlets": one.outlets, "origins": one.origins}
                    for one in new.stories
                ],
            }
            for new, wins in found.new
        ],
    }


def _word(word: Word, wins: Wins) -> dict[str, Any]:
    return {
        "keyword": word.keyword,
        "language": word.language,
        "in_topic": word.here,
        "of_topic": word.of,
        "in_others": word.there,
        "of_others": word.of_others,
        "log_odds": word.odds,
        "likelihood_ratio": word.ratio,
        "wins": wins.entries,
        "untaken": wins.untaken,
    }
