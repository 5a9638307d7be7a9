"""The first hours of an installation: a handful of entries must already find each other."""

from datetime import UTC, datetime, timedelta

from aggregator.config.models import Config
from aggregator.group.grouper import group
from aggregator.model import EntryContent, identity_hash
from aggregator.store import entries, feeds, stories
from aggregator.store.database import Store
from aggregator.store.entries import Arrivals, NewEntry
from tests.conftest import shared_path

NOW = datetime(2022, 10, 13, 12, tzinfo=UTC)
CONFIG = Config.model_validate({"feeds": [{"url": f"https://{name}.example/"} for name in "abc"]})

RETOLD = (
    "West promises Ukraine air defences; Macron urges Putin to return to talks",
    "More than 50 Western countries met on Wednesday to pledge more weapons, especially air defence systems, after Russia "
    "launched its heaviest missile strikes since the start of the war. French President Emmanuel Macron said France would "
    "deliver radar and air defence systems to Ukraine in the coming weeks. Canada announced 47 million Canadian dollars "
    "of military aid.",
)
SAME_WAR = (
    "Ukraine's grain exports through the Black Sea reach a new high",
    "Eight million tonnes of wheat and maize have left the ports of Odesa since the corridor opened in July, the United "
    "Nations said, though inspectors in Istanbul can't keep up with the ships.",
)


def stored(store: Store, *articles: tuple[str, str]) -> list[list[str]]:
    """The titles of each story after the articles, one from each feed, were grouped."""
    with store.write() as conn:
        feeds.sync(conn, CONFIG.feeds)
        for number, (title, text) in enumerate(articles):
            at = NOW + timedelta(minutes=number)
            new = NewEntry(str(number), identity_hash(str(number)), 0, at, EntryContent(title=title, text=text))
            entries.insert_new(conn, [Arrivals(number + 1, [new], at)])
    group(store, CONFIG, NOW + timedelta(hours=1))
    with store.read() as conn:
        found = stories.entries_of(conn, [story.id for story in stories.recent(conn)])
    return sorted([entry.title for entry in versions] for versions in found.values())


def test_two_versions_of_one_event_meet_in_an_empty_store(sqlite_store: Store) -> None:
    title, *paragraphs = shared_path("seed/article.txt").read_text(encoding="utf-8").splitlines()
    wire = (title, "\n".join(paragraphs))
    assert stored(sqlite_store, wire, SAME_WAR, RETOLD) == sorted([[wire[0], RETOLD[0]], [SAME_WAR[0]]])


def test_one_word_in_common_ties_no_two_headlines_in_an_empty_store(sqlite_store: Store) -> None:
    titles = "Museum opens wing", "Opening bridge today", "Bridge repairs begin"
    assert stored(sqlite_store, *((title, "") for title in titles)) == sorted([one] for one in titles)


def test_what_every_text_ends_with_ties_nothing_in_an_empty_store(sqlite_store: Store) -> None:
    closing = "{}, officials said on Sunday. More follows."
    titles = (
        "Council approves new bike lanes",
        "Patriot battery delivered to Odesa",
        "Football club signs new striker",
    )
    assert stored(sqlite_store, *((title, closing.format(title)) for title in titles)) == sorted(
        [one] for one in titles
    )
