"""The published pages: what stands where, and that nothing of a feed can break out of its place."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import templating
from aggregator.config.models import SiteConfig
from aggregator.publish import cards
from aggregator.publish.pages import edition_units, page_units
from aggregator.publish.view import EntryView, SiteView, StoryView
from tests.checkers import html_faults
from tests.web import sample
from tests.web.html import Page

ENV = templating.environment(None)
VIEW = sample.sample()


def render(view: SiteView) -> dict[str, str]:
    units = (*page_units(view, ENV), *edition_units(view))
    return {path: body.decode() for unit in units for path, body in unit.render()}


PAGES = render(VIEW)
HTML = sorted(path for path in PAGES if path.endswith(".html") and not re.match("editions/.+/.+/", path))
STORY = max(VIEW.stories, key=lambda one: len(one.entries))
STORY_PAGE = f"{STORY.path}index.html"


@pytest.mark.parametrize("path", HTML)
def test_page_is_valid_html_with_landmarks_and_ordered_headings(path: str) -> None:
    page = Page(PAGES[path])
    assert page.faults == []
    for landmark in ("header", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert page.all("html") == [{"lang": "en"}]
    assert {"class": "skip", "href": "#main"} in page.all("a")
    assert not page.all("script") + page.all("style") + page.all("img") + page.all("iframe")


@pytest.mark.parametrize("path", [path for path in render(sample.empty()) if path.endswith(".html")])
def test_page_of_an_empty_site_is_valid_too(path: str) -> None:
    assert Page(render(sample.empty())[path]).faults == []


def test_html_validate_finds_nothing(tmp_path: Path) -> None:
    assert html_faults({path: PAGES[path] for path in HTML}, "pages", tmp_path) == ""


def test_equal_views_give_equal_bytes() -> None:
    assert render(VIEW) == PAGES


def test_every_link_inside_the_site_leads_to_a_file() -> None:
    feeds = [VIEW.feed, VIEW.stories_feed, *(one.feed for one in VIEW.topics), *(one.feed for one in VIEW.archives)]
    files = set(PAGES) | {VIEW.opml} | {path for feed in feeds for path in (feed.atom, feed.rss, feed.json)}
    for path in HTML:
        folder = path.removesuffix("index.html")
        for given_link in (*Page(PAGES[path]).all("a"), *Page(PAGES[path]).all("link")):
            target = given_link["href"]
            if urlsplit(target).scheme or target.startswith("#"):
                continue
            reached = unquote(urlsplit(urljoin(f"https://x/{folder}", target)).path).removeprefix("/")
            assert (f"{reached}index.html" if reached.endswith("/") or not reached else reached) in files


def test_links_are_relative_so_that_the_folder_works_at_any_address() -> None:
    page = Page(PAGES[STORY_PAGE])
    own = [given_link for given_link in page.all("a") + page.all("link") if "news.example.org" in given_link["href"]]
    assert own == [{"rel": "canonical", "href": f"https://news.example.org/{STORY.path}"}]


def test_front_page_leads_with_stories_of_several_outlets_and_tells_none_twice() -> None:
    front = cards.front_page(VIEW)
    assert len(front.top) == 3
    assert front.top[0].title == STORY.story.title
    assert all(card.sources > 1 for card in front.top)
    shown = [card.url for card in front.top] + [card.url for part in front.sections for card in part.cards]
    assert len(shown) == len(set(shown))
    assert [part.title for part in front.sections] == [*sample.TOPICS, "More news"]
    assert all(len(part.cards) <= cards.SECTION_CARDS for part in front.sections)


def test_weight_of_a_story_counts_copies_once_and_fades() -> None:
    story = STORY.story
    now = story.last_seen
    alone = replace(STORY, story=replace(story, origins=1))
    assert cards.weight(STORY, now) > cards.weight(alone, now)
    assert cards.weight(STORY, now + timedelta(hours=12)) == pytest.approx(cards.weight(STORY, now) / 2)
    assert cards.weight(STORY, now - timedelta(hours=12)) == cards.weight(STORY, now)


def test_front_page_of_a_site_without_topics_shows_the_latest() -> None:
    stories = tuple(replace(story, topics=()) for story in VIEW.stories)
    entries = tuple(replace(entry, topics=()) for entry in VIEW.entries)
    front = cards.front_page(replace(VIEW, topics=(), stories=stories, entries=entries))
    assert [part.title for part in front.sections] == ["Latest"]


def test_card_tells_outlet_time_sources_and_others() -> None:
    card = cards.story_card(STORY)
    assert (card.outlet, card.sources, len(card.also), card.more) == ("Meridian Wire", 7, 3, 3)
    assert card.page == STORY.path
    assert card.url == STORY.lead.entry.url
    text = PAGES["index.html"]
    assert f'href="./{STORY.path}">7 sources</a>' in text
    assert '<time datetime="2026-11-22T14:28:00+02:00">14:28</time>' in text
    assert "3 more sources" in text


@pytest.mark.parametrize(("articles", "outlets", "told"), [(1, 1, []), (2, 1, ["2 articles"]), (2, 2, ["2 sources"])])
def test_sources_and_articles_are_counted_from_two_on(articles: int, outlets: int, told: list[str]) -> None:
    story = replace(STORY.story, outlets=STORY.story.outlets[:outlets], origins=1)
    shown = replace(STORY, story=story, entries=STORY.entries[:articles], topics=())
    pages = render(replace(VIEW, entries=(), topics=(), stories=(shown,)))
    assert STORY.lead.entry.title in pages["index.html"]
    assert re.findall(r'class="count" href="[^"]*">([^<]*)<', pages["index.html"]) == told
    assert not re.search(r"\b1 (?:source|outlet)\b", pages["index.html"] + pages[STORY_PAGE])


def test_update_mark_stands_where_something_came_well_after_the_leading_article() -> None:
    late = STORY.lead.entry.sort_at + timedelta(hours=3)
    changed = replace(STORY, story=replace(STORY.story, last_seen=late))
    assert cards.story_card(STORY).updated is None
    assert cards.story_card(changed).updated == late


def test_story_of_a_first_poll_keeps_its_articles_day_and_weight() -> None:
    polled = STORY.story.updated + timedelta(days=2)
    first_poll = replace(STORY, story=replace(STORY.story, updated=polled))
    assert cards.story_card(first_poll) == cards.story_card(STORY)
    assert cards.weight(first_poll, polled) < cards.weight(STORY, STORY.story.last_seen)
    assert (
        render(replace(VIEW, stories=tuple(first_poll if one == STORY else one for one in VIEW.stories)))[STORY_PAGE]
        == PAGES[STORY_PAGE]
    )


def test_story_whose_leading_article_has_no_web_address_leads_to_its_own_page() -> None:
    lead = replace(STORY.lead, entry=replace(STORY.lead.entry, url="javascript:alert(1)"))
    card = cards.story_card(replace(STORY, lead=lead, entries=(lead, *STORY.entries[1:])))
    assert card.url == card.page == STORY.path


def test_story_page_has_every_version_newest_first_with_its_language() -> None:
    text = PAGES[STORY_PAGE]
    page = Page(text)
    titles = [name for tag, name, _ in page.names if tag == "h3"]
    assert titles == [one.entry.title for one in reversed(STORY.entries)]
    assert {given_h3.get("lang") for given_h3 in page.all("h3")} == {"en", "uk", "de", "pl", "fr", "ar"}
    assert "7 outlets, 4 origins" in text
    assert "some outlets carry the same text" in text


def test_story_page_says_how_fast_the_story_grew_and_what_its_newest_version_adds() -> None:
    assert "outlets in" not in render(replace(VIEW, stories=(replace_story(STORY, growth=None),)))[STORY_PAGE]
    late = sample.NOW + timedelta(hours=9)
    newest = replace(
        STORY.lead.entry, id=9_999, sort_at=late, text=f"{STORY.lead.entry.text} Volcanoes erupted twice on Jupiter."
    )
    entries = (*STORY.entries, replace(STORY.lead, entry=newest))
    story = replace(replace_story(STORY, growth=(6, 2)), entries=entries)
    text = render(replace(VIEW, stories=(story,)))[STORY_PAGE]
    assert "6 outlets in 2 h" in text
    assert re.search(r"What is new</h2>.*<li dir=.auto.>Volcanoes erupted twice on Jupiter\.</li>", text, re.DOTALL)


def replace_story(view: StoryView, **fields: Any) -> StoryView:
    return replace(view, story=replace(view.story, **fields))


def test_page_of_a_merged_story_leads_to_the_one_that_it_went_into() -> None:
    text = render(replace(VIEW, moved={"stories/0123456789abcdef/": STORY}))["stories/0123456789abcdef/index.html"]
    key = STORY.path.split("/")[1]
    assert f'content="0; url=../{key}/"' in text
    assert f'<link rel="canonical" href="{VIEW.href(STORY.path)}">' in text
    assert f'<a href="../{key}/">' in text


def test_edited_version_says_when() -> None:
    edited = replace(STORY.lead, entry=replace(STORY.lead.entry, edited_at=sample.NOW, revision=2))
    story = replace(STORY, lead=edited, entries=(*STORY.entries[:-1], edited))
    assert STORY.entries[-1] == STORY.lead
    text = render(replace(VIEW, stories=(story,)))[STORY_PAGE]
    assert re.search(r"Edited <time [^>]+>15:40</time>", text)


def test_topic_page_has_stories_and_single_entries_under_their_days() -> None:
    text = PAGES["topics/air-defense/index.html"]
    assert text.index("Sunday, 22 November 2026") < text.index("Three more air defence batteries on their way")
    assert text.index("Saturday, 21 November 2026") < text.index("Night of 112 drones")
    assert text.index("Why interceptors are scarce") < text.index("Saturday, 21 November 2026")


def test_long_topic_is_paged_and_nothing_is_lost_or_twice() -> None:
    assert "topics/energy-grid/3/index.html" not in PAGES
    first, second = PAGES["topics/energy-grid/index.html"], PAGES["topics/energy-grid/2/index.html"]
    assert '<a rel="next" href="../../topics/energy-grid/2/">Older →</a>' in first
    assert '<a rel="prev" href="../../../topics/energy-grid/">← Newer</a>' in second
    titles = [name for tag, name, _ in Page(first).names + Page(second).names if tag == "h3"]
    (topic,) = (topic for topic in VIEW.topics if topic.name == "Energy grid")
    assert len(titles) == len(set(titles)) == len(cards.topic_cards(topic))
    assert len(Page(first).all("article")) == cards.CARDS_A_PAGE


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (60, [60]), (74, [74]), (75, [60, 15]), (134, [60, 74])])
def test_last_page_is_never_a_scrap(count: int, sizes: list[int]) -> None:
    (card,) = [cards.entry_card(VIEW.entries[0])]
    assert [len(page) for page in cards.paged([card] * count)] == sizes


def test_sources_page_puts_what_needs_attention_first() -> None:
    text = PAGES["sources/index.html"]
    assert "14 feeds, of which 4 need attention" in text
    assert text.index("410 Gone: the publisher") < text.index("Answers every 15 minutes")
    assert "Last poll" not in text


def test_edition_is_the_mail_with_a_way_back_to_the_site() -> None:
    text = PAGES["editions/morning-briefing/2026-11-22/index.html"]
    assert "<h1>Morning briefing</h1>" in text
    assert re.search(r'<body><nav style="[^"]*"><a [^>]*href="../../../"><bdi>Ukraine Watch</bdi></a>', text)
    assert 'href="../../../editions/">All editions</a>' in text


@pytest.mark.parametrize("path", HTML)
def test_hostile_titles_are_text_everywhere(path: str) -> None:
    text = PAGES[path]
    assert "<script" not in text
    assert "<img" not in text
    assert "{{" not in text.replace("{{ 7 * 7 }}", "")
    assert "\u202e" not in text


def entry_with(**values: object) -> EntryView:
    return replace(VIEW.entries[0], entry=replace(VIEW.entries[0].entry, **values))  # type: ignore[arg-type]


def test_headline_of_an_entry_without_an_address_leads_nowhere() -> None:
    one = replace(entry_with(title="Said without a link", url=None), topics=(), story_path=None)
    page = render(replace(VIEW, entries=(one,), stories=(), topics=(), editions=()))["index.html"]
    assert '<h3 class="headline" lang="en">Said without a link</h3>' in page


@settings(max_examples=60, deadline=None)
@given(
    title=st.text(alphabet=st.characters(), max_size=60) | st.just(sample.HOSTILE) | st.just("x" * 10_000),
    text=st.text(alphabet=st.characters(), max_size=80),
    url=st.text(max_size=40) | st.sampled_from(["javascript:alert(1)", 'https://e/"onclick=x', "https://[", None]),
    language=st.text(max_size=20) | st.sampled_from(["en", 'en" onload="x', "x" * 99]),
)
def test_no_entry_can_make_a_page_invalid(title: str, text: str, url: str | None, language: str) -> None:
    one = entry_with(title=title, text=text, url=url, language=language)
    one = replace(one, topics=(), story_path=None, source=replace(one.source, outlet=title[:40] or "x"))
    view = replace(VIEW, entries=(one,), stories=(), topics=(), editions=())
    for path, body in render(view).items():
        if path.endswith(".html"):
            page = Page(body)
            assert page.faults == []
            assert all(urlsplit(link["href"]).scheme in {"", "http", "https"} for link in page.all("a"))
            assert not any(name.startswith("on") for _, given_tag in page.tags for name in given_tag)


@pytest.mark.parametrize(
    ("title", "text", "shown"),
    [
        ("", "The text of an entry.", "The text of an entry."),
        (" \n ", "", "Outlet"),
        ("a\n b\tc", "", "a b c"),
        ("word " * 100, "", ("word " * 48).rstrip() + "…"),
    ],
)
def test_headline_is_one_line_not_endless_and_never_empty(title: str, text: str, shown: str) -> None:
    assert cards.headline(title, text, "Outlet") == shown


def test_site_under_a_path_has_its_canonical_addresses_there() -> None:
    site = SiteConfig(title="News", url="https://example.org/news")
    pages = render(replace(VIEW, site=site))
    assert (
        '<link rel="canonical" href="https://example.org/news/topics/air-defense/">'
        in pages["topics/air-defense/index.html"]
    )
    assert '<meta property="og:url" content="https://example.org/news/">' in pages["index.html"]
