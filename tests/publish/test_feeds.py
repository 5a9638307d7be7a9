"""Feeds as they are read by others: feedparser for Atom and RSS, the json module for JSON Feed."""

from __future__ import annotations

import html
import json
import random
from calendar import timegm
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import Enclosure, Person, SourceRef
from aggregator.publish.check import faults
from aggregator.publish.fragments import Fragments
from aggregator.publish.view import SiteView
from aggregator.text.html import to_text
from tests.publish.values import AID, AIR, NOW, SITE, SOURCE, entry_view, rendered, site_view, story_view

ATOM = "{http://www.w3.org/2005/Atom}"
XML_FORMS = ("atom", "rss")


def read(body: bytes) -> Any:
    parsed = feedparser.parse(BytesIO(body))
    assert not parsed.bozo, parsed.get("bozo_exception")
    return parsed


def assert_valid(view: SiteView) -> dict[str, bytes]:
    bodies = rendered(view)
    for path, body in bodies.items():
        assert faults(path, body, view.href(path)) == [], path
    return bodies


@pytest.mark.parametrize("form", XML_FORMS)
def test_every_field_is_read_back_by_feedparser(form: str) -> None:
    view = entry_view(topics=(AIR, AID))
    parsed = read(assert_valid(site_view([view]))[f"feed.{form}"])
    (item,) = parsed.entries
    entry = view.entry
    assert item.id == entry.atom_id
    assert (item.title, item.link, item.summary) == (entry.title, entry.url, entry.summary)
    assert item.content[0].value == entry.content.replace(">link", ' rel="nofollow noopener noreferrer">link')
    assert [tag.term for tag in item.tags] == ["Air defense", "Aid pledges"]
    assert {tag.scheme for tag in item.tags} == {"https://news.example.org/topics/"}
    assert [author.name for author in item.authors] == ["Ann Author"]
    assert [(one.href, one.type, one.length) for one in item.enclosures] == [
        ("https://outlet.example/talk.mp3", "audio/mpeg", "4711")
    ]
    assert item.source.title == SOURCE.name
    assert timegm(item.published_parsed) == int(entry.sort_at.timestamp())
    assert item.media_thumbnail == [{"url": entry.image_url}]
    assert parsed.feed.title == "Ukraine Watch"
    assert parsed.feed.language == "en"


def test_every_field_is_in_json_feed() -> None:
    view = entry_view()
    feed = json.loads(assert_valid(site_view([view], hub="https://hub.example/"))["feed.json"])
    (item,) = feed.pop("items")
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Ukraine Watch",
        "home_page_url": "https://news.example.org/",
        "feed_url": "https://news.example.org/feed.json",
        "language": "en",
        "authors": [{"name": "Ukraine Watch", "url": "mailto:editor@example.org"}],
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
    }
    assert item.pop("content_html").startswith("<p>Long")
    assert item == {
        "id": view.entry.atom_id,
        "url": view.entry.url,
        "title": view.entry.title,
        "summary": "Short",
        "image": "https://outlet.example/picture.jpg",
        "date_published": "2026-11-20T07:59:00+00:00",
        "date_modified": "2026-11-20T07:59:00.000001+00:00",
        "authors": [{"name": "Ann Author", "url": "https://outlet.example/ann"}],
        "tags": ["Air defense"],
        "language": "en-GB",
        "attachments": [{"url": "https://outlet.example/talk.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 4711}],
        "_source": {
            "id": SOURCE.url,
            "title": SOURCE.name,
            "feed_url": SOURCE.url,
            "home_page_url": SOURCE.site_url,
        },
        "_comments_url": "https://outlet.example/1/comments",
    }


def test_atom_entry_has_links_with_all_attributes_and_a_full_source() -> None:
    root = etree.fromstring(rendered(site_view([entry_view()]))["feed.atom"])
    entry = root.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "en-GB"
    assert [dict(link.attrib) for link in entry.findall(f"{ATOM}link")] == [
        {"rel": "alternate", "href": "https://outlet.example/1?a=1&b=2"},
        {"rel": "enclosure", "type": "audio/mpeg", "href": "https://outlet.example/talk.mp3", "length": "4711"},
        {"rel": "replies", "type": "text/html", "href": "https://outlet.example/1/comments"},
    ]
    source = entry.find(f"{ATOM}source")
    assert source is not None
    assert source.findtext(f"{ATOM}id") == SOURCE.url
    assert source.findtext(f"{ATOM}title") == SOURCE.name
    assert source.findtext(f"{ATOM}updated") == "2026-11-20T09:00:00+00:00"
    assert [(link.get("rel"), link.get("href")) for link in source.findall(f"{ATOM}link")] == [
        ("self", SOURCE.url),
        ("alternate", SOURCE.site_url),
    ]
    assert [one.get("type") for one in (*entry.findall(f"{ATOM}content"), *entry.findall(f"{ATOM}summary"))] == [
        "html",
        "html",
    ]


@pytest.mark.parametrize(
    ("path", "home"),
    [("feed", ""), ("stories", ""), ("topics/air-defense/feed", "topics/air-defense/")],
)
@pytest.mark.parametrize("form", XML_FORMS)
def test_feed_names_itself_its_page_and_its_hub(path: str, home: str, form: str) -> None:
    body = rendered(site_view([entry_view()], hub="https://hub.example/"))[f"{path}.{form}"]
    links = {link.rel: link.href for link in read(body).feed.links}
    assert links == {
        "self": f"https://news.example.org/{path}.{form}",
        "alternate": f"https://news.example.org/{home}",
        "hub": "https://hub.example/",
    }
    assert b'<?xml-stylesheet type="text/css" href="https://news.example.org/feed.css"?>' in body


def test_rss_names_an_editor_only_with_a_mail_address_and_never_an_item_author() -> None:
    body = rendered(site_view([entry_view()]))["feed.rss"]
    assert b"<managingEditor>editor@example.org (Ukraine Watch)</managingEditor>" in body
    assert b"<author>" not in body
    assert b"<ttl>10</ttl>" in body
    without = rendered(site_view([], site=SITE.model_copy(update={"contact": "https://news.example.org/about"})))
    assert b"managingEditor" not in without["feed.rss"]
    assert b"<uri>https://news.example.org/about</uri>" in without["feed.atom"]


def test_description_of_the_site_is_the_subtitle_and_rss_falls_back_to_the_title() -> None:
    described = rendered(site_view([], site=SITE.model_copy(update={"description": "What newsrooms say"})))
    assert b"<subtitle>What newsrooms say</subtitle>" in described["feed.atom"]
    assert b"<description>What newsrooms say</description>" in described["feed.rss"]
    assert json.loads(described["feed.json"])["description"] == "What newsrooms say"
    silent = rendered(site_view([]))
    assert b"<subtitle>" not in silent["feed.atom"]
    assert b"<description>Ukraine Watch</description>" in silent["feed.rss"]


def test_undated_entry_is_dated_by_its_first_sight_and_never_called_published() -> None:
    view = entry_view(published=None, updated=None, sort_at=NOW, first_seen=NOW)
    bodies = assert_valid(site_view([view]))
    assert b"<published>" not in bodies["feed.atom"]
    assert b"date_published" not in bodies["feed.json"]
    assert b"<pubDate>Fri, 20 Nov 2026 10:00:00 +0000</pubDate>" in bodies["feed.rss"]
    assert timegm(read(bodies["feed.atom"]).entries[0].updated_parsed) == int(NOW.timestamp())


@pytest.mark.parametrize(
    ("fields", "updated"),
    [
        ({"published": NOW + timedelta(days=400)}, NOW),
        ({"published": datetime(9999, 12, 31, tzinfo=UTC), "updated": datetime(9999, 12, 31, tzinfo=UTC)}, NOW),
        ({"published": datetime(1, 1, 1, tzinfo=UTC), "sort_at": datetime(1, 1, 1, tzinfo=UTC)}, NOW),
        ({"published": NOW - timedelta(days=2), "updated": NOW - timedelta(days=1)}, NOW - timedelta(days=1)),
        ({"published": NOW - timedelta(days=2), "edited_at": NOW + timedelta(days=1)}, NOW + timedelta(days=1)),
        ({"published": NOW - timedelta(days=1), "updated": NOW - timedelta(days=2)}, NOW - timedelta(days=1)),
    ],
    ids=["future", "year 9999", "year 1", "updated", "edited here", "updated before published"],
)
def test_updated_is_the_last_change_and_never_after_we_saw_it(fields: dict[str, Any], updated: datetime) -> None:
    view = entry_view(**({"first_seen": NOW, "sort_at": NOW} | fields))
    item = read(assert_valid(site_view([view]))["feed.atom"]).entries[0]
    assert timegm(item.updated_parsed) == int(updated.timestamp())
    assert item.get("published_parsed", item.updated_parsed) <= item.updated_parsed


def test_entries_of_one_poll_differ_in_updated() -> None:
    views = [entry_view(n, published=None, sort_at=NOW, first_seen=NOW) for n in range(1, 30)]
    assert_valid(site_view(views))


def test_author_falls_back_to_the_outlet() -> None:
    for authors in ((), (Person("  "),), (Person("<ann@outlet.example>"),)):
        bodies = assert_valid(site_view([entry_view(authors=authors)]))
        for form in XML_FORMS:
            assert read(bodies[f"feed.{form}"]).entries[0].author == "Outlet"


def test_author_with_markup_is_a_plain_name_and_a_bad_address_is_left_out() -> None:
    authors = (Person("<b>Ann</b> &amp; Bob", "not an address", "javascript:x"), Person("Ann & Bob", None, None))
    bodies = assert_valid(site_view([entry_view(authors=authors)]))
    item = read(bodies["feed.atom"]).entries[0]
    assert item.authors == [{"name": "Ann & Bob"}]
    assert read(bodies["feed.rss"]).entries[0].author == "Ann & Bob"


def test_source_that_the_entry_names_is_kept() -> None:
    ref = SourceRef("The Wire", "https://wire.example/")
    bodies = assert_valid(site_view([entry_view(source=SOURCE)], site=SITE))
    assert b"wire.example" not in bodies["feed.rss"]
    bodies = assert_valid(site_view([replace(entry_view(), entry=replace(entry_view().entry, source=ref))]))
    assert b'<source url="https://wire.example/">The Wire</source>' in bodies["feed.rss"]
    assert read(bodies["feed.atom"]).entries[0].source.title == "The Wire"


def test_source_without_a_public_address_is_not_named() -> None:
    local = replace(SOURCE, url="file:///home/editor/feeds/secret.xml")
    bodies = assert_valid(site_view([entry_view(source=local)]))
    for body in bodies.values():
        assert b"secret" not in body
        assert b"<source" not in body


def test_credentials_in_a_feed_address_are_not_published() -> None:
    private = replace(SOURCE, url="https://user:hunter2@outlet.example/feed.xml")
    bodies = assert_valid(site_view([entry_view(source=private)]))
    assert all(b"hunter2" not in body for body in bodies.values())
    assert b'<source url="https://outlet.example/feed.xml">' in bodies["feed.rss"]


def test_rss_takes_one_enclosure_with_length_zero_where_unknown_and_atom_takes_all() -> None:
    enclosures = (
        Enclosure("https://outlet.example/a.mp3"),
        Enclosure("https://outlet.example/a.mp3"),
        Enclosure("/relative.mp3"),
        Enclosure("http://intranet/talk.mp3"),
        Enclosure("https://outlet.example/b.ogg", "audio/ogg", -1),
    )
    bodies = assert_valid(site_view([entry_view(enclosures=enclosures)]))
    assert bodies["feed.rss"].count(b"<enclosure") == 1
    assert b'<enclosure url="https://outlet.example/a.mp3" length="0" type="audio/mpeg"/>' in bodies["feed.rss"]
    links = read(bodies["feed.atom"]).entries[0].enclosures
    assert [(link.href, link.type, link.get("length")) for link in links] == [
        ("https://outlet.example/a.mp3", "audio/mpeg", None),
        ("https://outlet.example/b.ogg", "audio/ogg", None),
    ]


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "/relative", "http://[x"])
def test_entry_without_a_usable_address_has_content_instead(url: str | None) -> None:
    bodies = assert_valid(site_view([entry_view(url=url)]))
    for form in XML_FORMS:
        assert "link" not in read(bodies[f"feed.{form}"]).entries[0] or form == "atom"
    assert "url" not in json.loads(bodies["feed.json"])["items"][0]


def test_entry_with_nothing_but_an_id_is_published_validly() -> None:
    view = entry_view(
        title="", url=None, summary="", content="", text="", authors=(), enclosures=(), language=None, published=None
    )
    bodies = assert_valid(site_view([view]))
    assert read(bodies["feed.rss"]).entries[0].title == view.entry.atom_id


def test_entry_without_a_title_takes_the_beginning_of_its_text() -> None:
    bodies = assert_valid(site_view([entry_view(title=" \n", text="First words\nof a note")]))
    assert read(bodies["feed.atom"]).entries[0].title == "First words of a note"


HOSTILE_TITLES = [
    "<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "]]> <![CDATA[ x ]]>",
    "</title></entry><entry>",
    "AT&T, a < b > c",
    "NUL \x00 and \ud800 and \x85 and \ufffe",
    "🔥 עברית \u202e مرحبا",
    "<item><title>x",
    "x" * 100_000,
]


@pytest.mark.parametrize("title", HOSTILE_TITLES, ids=lambda title: ascii(title[:20]))
def test_hostile_title_is_text_in_every_form(title: str) -> None:
    view = entry_view(title=title, content="", summary="<p>x</p>")
    bodies = assert_valid(site_view([view, entry_view(2)], [story_view([view])]))
    shown = json.loads(bodies["feed.json"])["items"][0]["title"]
    atom = etree.fromstring(bodies["feed.atom"]).find(f"{ATOM}entry/{ATOM}title")
    rss = etree.fromstring(bodies["feed.rss"]).findtext("channel/item/title") or ""
    assert atom is not None and atom.text
    assert (html.unescape(atom.text) if atom.get("type") == "html" else atom.text) == shown
    assert html.unescape(rss) == shown, "read as HTML, as most readers do, it shows the title as it is written"
    assert to_text(rss) == " ".join(shown.split())
    assert len(read(bodies["feed.rss"]).entries) == 2
    assert b"<script" not in bodies["feed.atom"] + bodies["feed.rss"]


@pytest.mark.parametrize(
    "fragment",
    [
        "<script>alert(1)</script><p onclick=x>kept</p>",
        '<a href="javascript:alert(1)">kept</a>',
        '<a href="java\tscript:alert(1)">kept</a>',
        '<svg><a><set attributeName=href to="javascript:x"/></a></svg>kept',
        "<iframe srcdoc='<script>x</script>'></iframe>kept",
        "kept ]]> \x00\ud800",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>kept",
    ],
)
def test_stored_html_is_sanitised_once_more(fragment: str) -> None:
    bodies = assert_valid(site_view([entry_view(summary=fragment, content=fragment)]))
    for path in ("feed.atom", "feed.rss", "feed.json"):
        for evil in (b"lt;script", b"<script", b"javascript:", b"onclick", b"onerror", b"srcdoc", b"svg"):
            assert evil not in bodies[path], path


def test_relative_links_in_stored_html_become_absolute() -> None:
    bodies = rendered(site_view([entry_view(content='<a href="/x">a</a><img src="../y.png" alt="">')]))
    assert 'href="https://outlet.example/x"' in read(bodies["feed.atom"]).entries[0].content[0].value
    assert 'src="https://outlet.example/y.png"' in read(bodies["feed.rss"]).entries[0].content[0].value


def test_story_lists_its_outlets_and_links_every_version() -> None:
    other = replace(SOURCE, id=2, name="Other <b>feed</b>", outlet="Other & Co", url="https://other.example/rss")
    versions = [entry_view(1, text="Three Patriots. More."), entry_view(2, source=other, title="5 < 6 Patriots")]
    view = story_view(versions)
    bodies = assert_valid(site_view(versions, [view]))
    for form in XML_FORMS:
        (item,) = read(bodies[f"stories.{form}"]).entries
        assert item.id == view.story.atom_id
        assert item.link == "https://news.example.org/stories/0000000000000001/"
        assert timegm(item.updated_parsed if form == "atom" else item.published_parsed) > 0
        assert "Outlet · Other &amp; Co" in item.summary
        assert "https://outlet.example/1?a=1&amp;b=2" in item.content[0].value
        assert "https://outlet.example/2?a=1&amp;b=2" in item.content[0].value
        assert [author.name for author in item.authors] == ["Outlet", "Other & Co"]
    related = [link for link in read(bodies["stories.atom"]).entries[0].links if link.rel == "related"]
    assert [link.title for link in related] == ["Outlet: Patriots for Kyiv 1", "Other & Co: 5 < 6 Patriots"]
    assert timegm(read(bodies["stories.atom"]).entries[0].updated_parsed) == int(view.story.updated.timestamp())


def test_feed_without_entries_is_valid() -> None:
    assert_valid(site_view([]))


def test_site_in_a_folder_and_a_topic_in_another_script_have_ascii_addresses() -> None:
    site = SITE.model_copy(update={"url": "https://example.org/news"})
    view = site_view([entry_view()], site=site)
    topic = replace(view.topics[0], path="topics/ппо/", slug="ппо")
    feed = replace(topic.feed, atom="topics/ппо/feed.atom", rss="topics/ппо/feed.rss", json="topics/ппо/feed.json")
    bodies = assert_valid(replace(view, topics=(replace(topic, feed=feed),)))
    assert b"https://example.org/news/topics/%D0%BF%D0%BF%D0%BE/feed.atom" in bodies["topics/ппо/feed.atom"]


def test_fragments_change_nothing_but_the_work() -> None:
    entries = [entry_view(n) for n in range(1, 6)]
    kept = Fragments()
    first = rendered(site_view(entries), kept)
    kept.end_of_publish(set())
    assert rendered(site_view(entries), kept) == first == rendered(site_view(entries))
    kept.end_of_publish(set())
    edited = [*entries[:4], entry_view(5, title="New title", revision=2, edited_at=NOW)]
    assert rendered(site_view(edited), kept) == rendered(site_view(edited)) != first


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "<p>other</p>"},
        {"image_url": None},
        {"story_id": 7, "enclosures": ()},
        {"published": None},
        {"language": "uk"},
    ],
)
def test_fragment_of_a_changed_entry_is_not_used(change: dict[str, Any]) -> None:
    kept = Fragments()
    rendered(site_view([entry_view()]), kept)
    changed = site_view([entry_view(**change)])
    assert rendered(changed, kept) == rendered(changed)


def test_fragment_is_not_used_under_other_topics_another_source_name_or_another_address() -> None:
    kept = Fragments()
    rendered(site_view([entry_view()]), kept)
    for changed in (
        site_view([entry_view(topics=(AID,))]),
        site_view([entry_view(source=replace(SOURCE, name="Renamed"))]),
        site_view([entry_view(source=replace(SOURCE, outlet="Renamed"), authors=())]),
        site_view([entry_view()], site=SITE.model_copy(update={"url": "https://moved.example"})),
    ):
        assert rendered(changed, kept) == rendered(changed)


def test_fragments_stay_within_their_bytes_and_forget_what_was_not_used() -> None:
    kept = Fragments(max_bytes=100)
    kept.put("big", (random.Random(1).randbytes(101), b"", b""))
    assert kept.get("big") is None
    kept.put("small", (b"x", b"yy", b"zzz"))
    kept.end_of_publish(set())
    assert kept.get("small") == (b"x", b"yy", b"zzz")
    kept.end_of_publish(set())
    kept.end_of_publish(set())
    assert kept.get("small") is None


TEXT = st.text(st.characters(), max_size=60)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "title": TEXT,
        "summary": TEXT | TEXT.map("<p>{}</p>".format),
        "content": TEXT | TEXT.map('<a href="{}">x</a>'.format),
        "url": TEXT | TEXT.map("https://a.example/".__add__) | st.none(),
        "language": TEXT,
        "authors": st.lists(st.builds(Person, TEXT, TEXT, TEXT), max_size=2).map(tuple),
        "enclosures": st.lists(
            st.builds(Enclosure, TEXT.map("https://a.example/".__add__), TEXT, st.integers()), max_size=2
        ).map(tuple),
        "source": st.builds(SourceRef, TEXT, TEXT | TEXT.map("http://a.example/".__add__)),
        "published": st.datetimes(timezones=st.just(UTC)) | st.none(),
        "updated": st.datetimes(timezones=st.just(UTC)) | st.none(),
    },
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ENTRIES, min_size=1, max_size=3))
def test_whatever_a_feed_sent_is_published_validly(entries: list[dict[str, Any]]) -> None:
    views = [
        replace(view, entry=replace(view.entry, **fields))
        for view, fields in ((entry_view(n), fields) for n, fields in enumerate(entries, start=1))
    ]
    bodies = assert_valid(site_view(views, [story_view(views)]))
    for form in XML_FORMS:
        assert len(read(bodies[f"feed.{form}"]).entries) == len(entries)
