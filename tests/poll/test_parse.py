"""Each format's way into entries: golden pairs, and the rules that a reader of feeds would notice."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import ParsedEntry
from aggregator.poll.parse.names import MOST_SHARED_GUIDS, Sharing
from aggregator.poll.parse.read import parse_feed
from aggregator.poll.parse.result import KnownSpans, NotAFeed, ParsedFeed
from aggregator.poll.parse.spans import Spans, scan

DATA = Path(__file__).resolve().parents[1] / "data" / "feeds"
URL = "https://feeds.example/dir/feed.xml"
RSS = '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/">'


def parse(body: str | bytes, known: KnownSpans | None = None, content_type: str | None = None) -> ParsedFeed:
    data = body.encode() if isinstance(body, str) else body
    return parse_feed(data, content_type=content_type, base_url=URL, known=known)


def rss(*items: str, channel: str = "<title>T</title>") -> str:
    return f"{RSS}<channel>{channel}{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"


def entry(item: str, channel: str = "<title>T</title>") -> ParsedEntry:
    return parse(rss(item, channel=channel)).entries[0]


def plain(value: Any) -> Any:
    """A value as JSON would give it back."""
    return json.loads(
        json.dumps(value, default=lambda one: one.isoformat() if hasattr(one, "isoformat") else sorted(one))
    )


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml", "rdf.xml", "youtube.xml", "jsonfeed.json"])
def test_feed_gives_what_the_golden_file_says(name: str, request: pytest.FixtureRequest) -> None:
    parsed = parse((DATA / name).read_bytes())
    meta = asdict(parsed.meta)
    for key in ("ttl", "update_period"):
        meta[key] = meta[key].total_seconds() if meta[key] else None
    got = plain({"format": parsed.format, "meta": meta, "entries": [asdict(one) for one in parsed.entries]})
    golden = DATA / f"{name}.expected.json"
    assert got == json.loads(golden.read_text())


def test_title_is_text_decoded_once_by_its_type() -> None:
    assert entry("<title>Fish &amp; chips</title>").title == "Fish & chips"
    assert entry("<title>Fish &amp;amp; chips</title>").title == "Fish & chips"
    assert entry("<title>&lt;b&gt;Bold&lt;/b&gt; fish</title>").title == "Bold fish"
    assert entry("<title><![CDATA[a < b &#8211; c]]></title>").title == "a < b – c"
    assert entry("<title>&amp;lt;script&amp;gt;x&amp;lt;/script&amp;gt;</title>").title == "<script>x</script>"
    assert entry("<title>if a &lt;b&gt; c</title>").title == "if a <b> c"


def test_long_title_is_cut() -> None:
    title = entry(f"<title>{'word ' * 1000}</title>").title
    assert len(title) == 500
    assert title.endswith("…")


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("<description>One two.</description>", "One two."),
        ("<description>&lt;p&gt;First&lt;/p&gt;&lt;p&gt;Second&lt;/p&gt;</description>", "First"),
        ("<link>https://a.example/2026/the-tide/</link>", "the-tide"),
        ("<link>https://a.example/</link>", "a.example"),
        ("<guid isPermaLink='false'>7</guid>", "Untitled"),
        ("<guid>7</guid><link>http://[bad</link>", "Untitled"),
    ],
)
def test_entry_without_title_gets_its_first_words(item: str, title: str) -> None:
    assert entry(item).title == title


def test_item_that_holds_nothing_is_no_entry() -> None:
    parsed = parse(rss("<category>x</category>", "<title>A</title>"))
    assert [one.title for one in parsed.entries] == ["A"]


def test_markup_that_shows_nothing_is_no_text() -> None:
    one = entry(
        "<description>Text</description><content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>"
        "&lt;p&gt;&amp;nbsp;&lt;/p&gt;&lt;div&gt; &lt;/div&gt;</content:encoded>"
    )
    assert (one.summary, one.content, one.text) == ("Text", "", "Text")
    assert parse(rss("<description>&lt;p&gt;&lt;/p&gt;</description>")).entries == ()


def test_picture_without_words_is_an_entry() -> None:
    one = entry("<guid>1</guid><description>&lt;img src='/a.jpg'&gt;</description>")
    assert one.summary == '<img src="https://feeds.example/a.jpg">'
    assert one.image_url == "https://feeds.example/a.jpg"


def test_address_is_link_then_alternate_then_web_id() -> None:
    assert entry("<link> https://a.example/1 </link><guid>https://a.example/2</guid>").url == "https://a.example/1"
    assert entry("<title>x</title><guid>https://a.example/2</guid>").url == "https://a.example/2"
    assert entry("<title>x</title><guid isPermaLink='false'>https://a.example/2</guid>").url == "https://a.example/2"
    assert entry("<title>x</title><guid isPermaLink='true'>tag:a.example,2005:1</guid>").url is None
    assert entry("<title>x</title><link>javascript:alert(1)</link>").url is None
    assert entry(f"<title>x</title><link>https://a.example/{'x' * 3000}</link>").url is None


RELATED = """<x:related xmlns:x="urn:x"><link url="https://a.example/other"/><title>Other</title>
  <x:photo><description>A caption</description></x:photo></x:related>"""


@pytest.mark.parametrize("unusual", ["", "<textInput/>"])
def test_parts_of_an_element_of_another_vocabulary_are_not_the_items(unusual: str) -> None:
    one = entry(
        f"<title>A</title><link>https://a.example/1</link><description>Text</description>{RELATED}{unusual}"
        "<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate>"
    )
    assert (one.title, one.url, one.summary, one.content) == ("A", "https://a.example/1", "Text", "")
    assert one.published == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_lists_without_a_vocabulary_of_their_own_are_read() -> None:
    one = entry("<title>A</title><categories><category>a</category><category>b</category></categories>")
    assert one.categories == ("a", "b")


@pytest.mark.parametrize("name", ["authors", "links", "tags", "content", "published_parsed", "media_content", "source"])
@pytest.mark.parametrize("form", ["<{0}>x</{0}>", "<{0} a='b'/>", "<x:{0} xmlns:x='urn:x' a='b'>x</x:{0}>"])
def test_names_that_feedparser_uses_itself_do_no_harm(name: str, form: str) -> None:
    odd = form.format(name)
    body = rss(f"{odd}<title>A</title><link>https://a.example/1</link>{odd}", channel=f"<title>T</title>{odd}")
    for well_formed in (True, False):
        parsed = parse(body if well_formed else body.replace("</rss>", ""))
        assert [(one.title, one.url) for one in parsed.entries] == [("A", "https://a.example/1")]
        assert parsed.meta.title == "T"


def test_language_of_a_part_of_xhtml_is_kept() -> None:
    body = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id>{}<content type="xhtml">
      <div xmlns="http://www.w3.org/1999/xhtml"><i xml:lang="en" title='"'>home</i></div></content></entry></feed>"""
    for unusual in ("", "<summary src='x'/>"):
        assert parse(body.format(unusual)).entries[0].content == '<i lang="en" title="&quot;">home</i>'


def test_relative_links_of_rss_stand_on_the_items_page() -> None:
    one = entry("<link>https://a.example/dir/page</link><description>&lt;a href='next'&gt;x&lt;/a&gt;</description>")
    assert 'href="https://a.example/dir/next"' in one.summary


def test_xml_base_resolves_relative_links() -> None:
    body = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://b.example/x/">
      <entry><id>1</id><link href="a"/>
      <content type="html" xml:base="y/">&lt;img src="i.png"&gt;</content></entry></feed>"""
    (one,) = parse(body).entries
    assert one.url == "https://b.example/x/a"
    assert one.content == '<img src="https://b.example/x/y/i.png">'


@pytest.mark.parametrize("unusual", ["", "<textInput/>"])
def test_address_without_its_scheme_is_not_relative(unusual: str) -> None:
    one = entry(f"<title>x</title><link>www.example.org/x</link><description>t</description>{unusual}")
    assert one.url == "http://www.example.org/x"
    other = entry("<title>x</title><description>&lt;a href='www.example.org/y'>y&lt;/a></description>")
    assert 'href="http://www.example.org/y"' in other.summary
    assert entry(f"<title>x</title><link>www.html</link>{unusual}").url == "https://feeds.example/dir/www.html"


@pytest.mark.parametrize(
    "odd", ["<author>a</author>", "<image/>", "<category>c</category>", "<dc:title>d</dc:title>", "<x><title/></x>"]
)
def test_channels_image_does_not_name_the_channel(odd: str) -> None:
    image = f"<image>{odd}<title>Logo</title><link>https://i.example/</link><url>https://i.example/i.png</url></image>"
    meta = parse(rss("<title>x</title>", channel=f"<title>T</title>{image}")).meta
    assert (meta.title, meta.site_url, meta.image_url) == ("T", None, "https://i.example/i.png")


def test_cdata_that_lacks_the_end_of_its_end_costs_nothing() -> None:
    items = (
        "<title>One</title><description><![CDATA[<p>First]]</description>",
        "<title>Two</title><description><![CDATA[<code>a[b[0]]</code>, <b>second</b>]]></description>",
        "<title>Three</title><description> <![CDATA[Third]]</description >",
    )
    found = parse(rss(*items)).entries
    assert [(one.title, one.text) for one in found] == [
        ("One", "First"),
        ("Two", "a[b[0]], second"),
        ("Three", "Third"),
    ]


def test_caption_of_a_picture_is_not_the_text() -> None:
    caption = (
        "<media:content url='https://a.example/a.jpg'><media:description>A caption</media:description></media:content>"
    )
    one = entry(f"{caption}<description>Text</description>")
    assert (one.summary, one.content) == ("Text", "")


def test_second_description_is_content() -> None:
    one = entry("<description>Short</description><itunes:summary>Long text of it</itunes:summary>")
    assert (one.summary, one.content, one.text) == ("Short", "Long text of it", "Long text of it")


def test_text_that_was_escaped_or_encoded_twice_is_mended() -> None:
    assert entry("<description>&amp;lt;p&amp;gt;Hello &amp;amp;amp; you&amp;lt;/p&amp;gt;</description>").summary == (
        "<p>Hello &amp; you</p>"
    )
    assert entry("<title>FranÃ§ois dit â€œnonâ€\x9d</title>").title == "François dit “non”"
    assert entry("<title>Ã la carte</title>").title == "Ã la carte"


def test_plain_text_keeps_its_lines() -> None:
    body = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><summary>a &lt; b\nc</summary></entry></feed>'
    (one,) = parse(body).entries
    assert (one.summary, one.text) == ("a &lt; b<br>\nc", "a < b\nc")


@pytest.mark.parametrize(
    ("author", "name", "email"),
    [
        ("jane@example.org (Jane Doe)", "Jane Doe", "jane@example.org"),
        ("Jane Doe &lt;jane@news.example&gt;", "Jane Doe", "jane@news.example"),
        ("jane@example.org", "jane@example.org", "jane@example.org"),
        ("Jane\n Doe", "Jane Doe", None),
        ("a@" + "a." * 20_000, None, None),
    ],
)
def test_author_is_split_into_name_and_address(author: str, name: str | None, email: str | None) -> None:
    (person,) = entry(f"<title>x</title><author>{author}</author>").authors
    assert person.email == email
    assert name is None or person.name == name


def test_second_author_does_not_get_the_firsts_address() -> None:
    body = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><author><name>A</name><email>a@a.example</email>
      </author><author><name>B</name></author></entry>{}</feed>"""
    for odd in ("", "<entry><image><title>x</title></image><id>2</id></entry>"):  # read at once, and by feedparser
        first = parse(body.format(odd)).entries[0]
        assert [(one.name, one.email) for one in first.authors] == [("A", "a@a.example"), ("B", None)]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 22 Nov 2026 09:00:00 +0100", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-11-22T09:00:00.123-05:00", datetime(2026, 11, 22, 14, tzinfo=UTC)),
        ("22 Nov 2026", datetime(2026, 11, 22, tzinfo=UTC)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", datetime(1970, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("9999-12-31T23:59:59-12:00", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("Sun, 31 Feb 2026 09:00:00 GMT", None),
        ("GMT", None),
        ("", None),
        ("x" * 100_000, None),
    ],
)
def test_dates_are_what_the_feed_claims_or_nothing(date: str, expected: datetime | None) -> None:
    assert entry(f"<title>x</title><pubDate>{date}</pubDate>").published == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 02 Mar 2026 10:00:00", "10:00"),
        ("Mon, 02 Mar 2026 10:00:00 CET", "09:00"),
        ("Mon, 02 Mar 2026 10:00:00 MSK", "07:00"),
        ("Mon, 02 Mar 2026 10:00:00 JST", "01:00"),
        ("Mon, 02 Mar 2026 10:00:00 GMT+3", "07:00"),
        ("Mon, 02 Mar 2026 10:00:00 UTC-03:30", "13:30"),
        ("Mon, 02 Mar 2026 10:00 PM GMT", "22:00"),
        ("Monday, March 2, 2026 12:05 a.m.", "00:05"),
        ("March 2nd, 2026", "00:00"),
        ("Mon, 02-Mar-2026 10:00:00 +0000 (UTC)", "10:00"),
        ("lun., 02 mars 2026 10:00:00 +0100", "09:00"),
        ("Mo, 2. März 2026 10:00 +0100", "09:00"),
        ("Пн, 02 мар 2026 10:00:00 +0300", "07:00"),
        ("понеділок, 2 березня 2026", "00:00"),
        ("lunes, 2 de marzo de 2026 10:00", "10:00"),
        ("2026/03/02 10:00:00", "10:00"),
        ("2026年3月2日 10:00", "10:00"),
        ("02.03.2026 10:00", "10:00"),
        ("20260302T100000Z", "10:00"),
        ("2026-W10-1", "00:00"),
        ("2026-W10", "00:00"),
        ("2026W101", "00:00"),
        ("1772445600", "10:00"),
        ("1772445600000", "10:00"),
        ("Mon, 02 Mar 2026 10:00:00 Europe/Kyiv", "10:00"),
    ],
)
@pytest.mark.parametrize("unusual", ["", "<textInput/>"])
def test_dates_of_other_forms_are_read(date: str, expected: str, unusual: str) -> None:
    published = entry(f"<title>x</title><pubDate>{date}</pubDate>{unusual}").published
    assert published is not None
    assert published.isoformat() == f"2026-03-02T{expected}:00+00:00"


@pytest.mark.parametrize(
    "date", ["Thu, 30 Nov -0001 00:00:00 +0000", "0000-00-00 00:00:00", "2 Foo 2026", "02/03/2026"]
)
def test_what_may_be_two_dates_or_none_is_none(date: str) -> None:
    assert entry(f"<title>x</title><pubDate>{date}</pubDate>").published is None


def test_date_that_can_not_be_read_does_not_undo_one_that_can() -> None:
    for odd in ("", "<image><url>x</url></image>"):
        one = entry(f"<title>x</title>{odd}<pubDate>Sun, 22 Nov 2026 09:00:00 GMT</pubDate><pubDate>soon</pubDate>")
        assert one.published == datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_films_of_media_rss_are_enclosures_and_pictures_illustrate() -> None:
    one = entry(
        "<title>x</title><media:group><media:content url='https://a.example/a.mp4' type='video/mp4' fileSize='9'/>"
        "<media:content url='https://a.example/a.webp'/></media:group><media:thumbnail url='https://a.example/t.jpg'/>"
    )
    assert [(file.url, file.length) for file in one.enclosures] == [("https://a.example/a.mp4", 9)]
    assert one.image_url == "https://a.example/a.webp"


@pytest.mark.parametrize(
    ("item", "image"),
    [
        ("<enclosure url='https://a.example/e.png' type='image/png'/>", "https://a.example/e.png"),
        ("<itunes:image href='https://a.example/i.png'/>", "https://a.example/i.png"),
        ("<media:thumbnail>https://a.example/t.png</media:thumbnail>", "https://a.example/t.png"),
        ("<media:thumbnail url='data:x'/>", None),
    ],
)
def test_image_is_taken_from_where_the_feed_has_it(item: str, image: str | None) -> None:
    assert entry(f"<title>x</title>{item}").image_url == image


def test_language_of_the_feed_holds_for_its_entries() -> None:
    assert entry("<title>x</title>", "<language>pt_br</language>").language == "pt-BR"
    assert entry("<title>x</title>", "<language>English (US)</language>").language is None


def test_hints_of_the_publisher_are_read() -> None:
    channel = "<ttl>60</ttl><skipHours><hour>3</hour><hour>99</hour></skipHours><skipDays><day>Mon</day></skipDays>"
    meta = parse(rss("<title>x</title>", channel=channel)).meta
    assert meta.ttl == timedelta(hours=1)
    assert (meta.skip_hours, meta.skip_days) == (frozenset({3}), frozenset({0}))
    assert parse(rss("<title>x</title>", channel="<ttl>0</ttl>")).meta.ttl is None
    assert parse(rss("<title>x</title>", channel="<ttl>999999999</ttl>")).meta.ttl == timedelta(days=366)
    assert parse(rss("<title>x</title>", channel="<ttl unit='h'>5</ttl>")).meta.ttl is None
    sy = '<p:updatePeriod xmlns:p="http://purl.org/rss/1.0/modules/syndication/">{}</p:updatePeriod>'
    assert parse(rss("<title>x</title>", channel=sy.format("daily"))).meta.update_period == timedelta(days=1)
    assert parse(rss("<title>x</title>", channel=sy.format("never"))).meta.update_period is None


def test_items_that_share_an_id_are_told_apart_by_links() -> None:
    items = [
        f"<title>{n}</title><guid isPermaLink='false'>x</guid><link>https://a.example/{n}</link>" for n in range(3)
    ]
    parsed = parse(rss(*items))
    assert parsed.identities == tuple(f"https://a.example/{n}" for n in range(3))
    assert parsed.spans.sharing.guids
    assert parsed.notes == ("Its items share ids, so they are told apart by their links.",)
    later = parse(rss(items[0]), KnownSpans.from_bytes(parsed.spans.to_bytes()))
    assert later.spans.sharing.guids  # it stays so, with one item too


def numbered(*numbers: int) -> list[str]:
    link = "<link>https://a.example/{n}</link>"
    return [f"<title>{n}</title><guid isPermaLink='false'>id-{n}</guid>{link.format(n=n)}" for n in numbers]


def test_items_of_one_shared_id_among_many_leave_the_others_theirs() -> None:
    twins = [f"<title>{n}</title><guid isPermaLink='false'>x</guid><link>https://a.example/{n}</link>" for n in "ab"]
    first = parse(rss(twins[0], *numbered(*range(20))))
    assert first.identities[0] == "x"
    both = parse(rss(*twins, *numbered(*range(20))), KnownSpans.from_bytes(first.spans.to_bytes()))
    names = ("https://a.example/a", "https://a.example/b", *(f"id-{n}" for n in range(20)))
    assert both.identities == names
    assert both.notes == ("Some of its items share an id, so those are told apart by their links.",)
    later = parse(rss(twins[1]), KnownSpans(sharing=both.spans.sharing))
    assert later.identities == ("https://a.example/b",)  # nor is the id used again when one item alone has it


def test_feed_that_shares_more_and_more_ids_is_known_by_links() -> None:
    known = KnownSpans()
    for day in range(MOST_SHARED_GUIDS + 1):
        twins = [
            f"<title>{day}{n}</title><guid isPermaLink='false'>day-{day}</guid><link>https://a.example/{day}{n}</link>"
            for n in "ab"
        ]
        parsed = parse(rss(*twins, *numbered(*range(20))), known)
        known = KnownSpans.from_bytes(parsed.spans.to_bytes())
        assert known.sharing.guids == (day == MOST_SHARED_GUIDS)
    again = parse(rss(*numbered(*range(20))), KnownSpans(sharing=known.sharing))
    assert again.identities == tuple(f"https://a.example/{n}" for n in range(20))


def test_link_of_an_item_that_is_the_id_of_another_is_no_name_for_it() -> None:
    page = "https://a.example/page"
    items = [
        f"<title>A</title><guid isPermaLink='false'>x</guid><link>{page}</link>",
        "<title>B</title><guid isPermaLink='false'>x</guid><link>https://a.example/b</link>",
        f"<title>C</title><guid>{page}</guid><link>{page}</link>",
    ]
    parsed = parse(rss(*items, *numbered(*range(20))))
    assert {"A", "B", "C"} < {one.title for one in parsed.entries}
    assert parsed.identities[2:4] == (page, "id-0")


def test_items_without_id_that_share_a_link_are_told_apart_by_title_and_date() -> None:
    items = [f"<title>{n}</title><link>https://a.example/</link>" for n in range(3)]
    parsed = parse(rss(*items))
    assert len(parsed.entries) == 3
    assert all(name.startswith("sha256:") for name in parsed.identities)
    assert parsed.spans.sharing.links


def test_items_of_one_id_link_and_date_are_told_apart_by_titles() -> None:
    same = "<guid>https://a.example/</guid><pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>"
    items = [f"<title>{n}</title><description>About {n}</description>{same}" for n in range(3)]
    assert [one.title for one in parse(rss(*items)).entries] == ["0", "1", "2"]
    renamed = [f"<title>{n}</title><description>The same</description>{same}" for n in range(2)]
    assert [one.title for one in parse(rss(*renamed)).entries] == ["0"]  # the first is what the feed means now


def test_item_that_is_listed_twice_counts_once() -> None:
    item = "<title>A</title><guid>https://a.example/1</guid>"
    parsed = parse(rss(item, item, "<title>B</title><guid>2</guid>"))
    assert [one.title for one in parsed.entries] == ["A", "B"]
    assert parsed.spans.sharing == Sharing()


def test_new_item_with_the_id_of_a_known_one_brings_both_back() -> None:
    old = "<title>A</title><guid isPermaLink='false'>x</guid><link>https://a.example/1</link>"
    new = "<title>B</title><guid isPermaLink='false'>x</guid><link>https://a.example/2</link>"
    first = parse(rss(old))
    both = parse(rss(new, old), first.spans)
    assert both.identities == ("https://a.example/2", "https://a.example/1")


def test_edited_item_is_read_alone() -> None:
    first = parse(rss("<title>A</title><guid>1</guid>", "<title>B</title><guid>2</guid>"))
    again = parse(rss("<title>A, corrected</title><guid>1</guid>", "<title>B</title><guid>2</guid>"), first.spans)
    assert [one.title for one in again.entries] == ["A, corrected"]
    assert again.served == 2


def test_date_of_the_feed_alone_does_not_bring_items_back() -> None:
    before = parse(rss("<title>A</title><guid>1</guid>", channel="<lastBuildDate>Mon</lastBuildDate>"))
    after = parse(rss("<title>A</title><guid>1</guid>", channel="<lastBuildDate>Tue</lastBuildDate>"), before.spans)
    assert after.entries == ()


def test_anything_else_outside_the_items_does() -> None:
    before = parse(rss("<title>A</title><guid>1</guid>", channel="<language>de</language>"))
    after = parse(rss("<title>A</title><guid>1</guid>", channel="<language>fr</language>"), before.spans)
    assert [one.language for one in after.entries] == ["fr"]


def test_what_the_feed_says_of_itself_is_remembered_while_it_stays_the_same() -> None:
    channel = (
        "<language>de</language><ttl>45</ttl><image><url>https://a.example/i.png</url></image>"
        "<skipHours><hour>3</hour></skipHours><skipDays><day>Monday</day></skipDays>"
        '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="https://hub.example/"/>'
    )
    first = parse(rss("<title>A</title><guid>1</guid>", channel=channel))
    known = KnownSpans.from_bytes(first.spans.to_bytes())
    assert known == first.spans
    again = parse(rss("<title>B</title><guid>2</guid>", "<title>A</title><guid>1</guid>", channel=channel), known)
    assert (again.meta, again.format) == (first.meta, first.format)
    assert again.meta.hub_urls == ("https://hub.example/",)
    assert [(one.title, one.language) for one in again.entries] == [("B", "de")]
    assert again.spans.header == first.spans.header


def test_spans_that_make_no_sense_count_as_nothing_known() -> None:
    assert KnownSpans.from_bytes(b"") == KnownSpans.from_bytes(b"x" * 11) == KnownSpans()
    for sharing in (Sharing(links=True), Sharing(some_guids=frozenset({-1, 2**62})), Sharing(guids=True)):
        spans = KnownSpans(b"12345678", {b"87654321": -5}, sharing, b"header")
        assert KnownSpans.from_bytes(spans.to_bytes()) == spans
        assert KnownSpans.from_bytes(spans.to_bytes()[:-7]) == KnownSpans()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "Got an empty body instead of a feed."),
        (b" \n\x00", "Got an empty body instead of a feed."),
        (b"\x89PNG\r\n\x1a\n", "Got a PNG picture instead of a feed."),
        (b"\x1f\x8b\x08", "Got compressed data that was not announced as such instead of a feed."),
        (
            b"<!DOCTYPE html><html><head><title>Log in &amp; more</title></head></html>",
            "Got an HTML page titled “Log in & more” instead of a feed.",
        ),
        (b"<?xml version='1.0'?><html/>", "Got an HTML page instead of a feed."),
        (b"<opml version='2.0'><body/></opml>", "Got an OPML list of feeds; import it instead."),
        (b"<error>no</error>", "Got XML whose root is <error> instead of a feed."),
        (b"Not found", "Got text that is no feed: “Not found”."),
        (b"<!-- open", "Got text that is no feed: “<!-- open”."),
        (b"/etc/passwd", "Got text that is no feed: “/etc/passwd”."),
        (b"<rss><", "Got a feed that is broken, and no item in it can be read."),
        (b'{"a": 1}', "Got JSON that is no JSON Feed: it has no list of items."),
        (b'{"items": []}', "Got JSON that is no JSON Feed: its version is missing."),
        (b"[" * 100_000, None),
        (b"{", None),
    ],
)
def test_body_that_is_no_feed_is_described(body: bytes, sentence: str | None) -> None:
    with pytest.raises(NotAFeed) as refused:
        parse(body)
    assert sentence in {None, str(refused.value)}
    assert str(refused.value).endswith(".")


def test_warnings_of_a_broken_server_before_the_feed_are_skipped() -> None:
    parsed = parse("<br />\n<b>Warning</b>: x<br />\n<?xml version='1.0'?>\n" + rss("<title>A</title>"))
    assert [one.title for one in parsed.entries] == ["A"]


@pytest.mark.parametrize("start", ['<rss version="2.0">', '<feed xmlns="http://www.w3.org/2005/Atom">'])
def test_feed_that_is_laid_out_as_a_page_is_read(start: str) -> None:
    name, item = ("rss", "item") if "rss" in start else ("feed", "entry")
    page = f"<!DOCTYPE html>\n<html><head><title>Page</title></head><body>{start}<title>T</title>"
    parsed = parse(f"{page}<{item}><title>A</title><id>1</id></{item}></{name}></body></html>")
    assert [one.title for one in parsed.entries] == ["A"]
    assert parsed.meta.title in {"T", None}  # RSS without a channel has none


def test_ill_formed_feed_gives_what_can_be_read() -> None:
    parsed = parse(rss("<title>A & B</title><guid>1</guid>", "<title>C</title><guid>2</guid>").replace("</rss>", ""))
    assert [one.title for one in parsed.entries] == ["A & B", "C"]
    assert parsed.spans.items == {}


def test_feed_without_items_is_a_feed() -> None:
    parsed = parse(rss())
    assert (parsed.entries, parsed.meta.title, parsed.format) == ((), "T", "RSS 2.0")


def test_items_beyond_the_cap_are_counted() -> None:
    many = rss(*(f"<title>x</title><guid isPermaLink='false'>{n}</guid>" for n in range(2005)))
    for body in (many, many.replace("</rss>", ""), many.replace("<rss", "<!DOCTYPE rss><rss")):
        parsed = parse(body)
        assert (len(parsed.entries), parsed.served, parsed.dropped) == (2000, 2005, 5)
        assert parsed.notes == ("5 items beyond the first 2000 were left out.",)
    items = ", ".join(f'{{"id": "{n}", "title": "x"}}' for n in range(2005))
    parsed = parse(f'{{"version": "https://jsonfeed.org/version/1", "items": [{items}]}}')
    assert (len(parsed.entries), parsed.served, parsed.dropped) == (2000, 2005, 5)


def test_second_poll_of_a_feed_beyond_the_cap_brings_nothing() -> None:
    many = rss(*(f"<title>x</title><guid isPermaLink='false'>{n}</guid>" for n in range(2005)))
    again = parse(many, parse(many).spans)
    assert (again.entries, again.dropped) == ((), 5)


@pytest.mark.parametrize("empty", ["<item/>", '<item a="x>y"/>'])
def test_spans_of_a_document_with_an_empty_item_are_not_known(empty: str) -> None:
    document = f"<rss><channel>{empty}<item><title>T</title></item></channel></rss>"
    assert scan(document.encode(), "") is None


def test_empty_date_of_the_feed_ends_before_what_follows_it() -> None:
    def spans(date: str, item: str) -> Spans:
        found = scan(f"<rss><channel><pubDate{date}><item>{item}</item></channel></rss>".encode(), "")
        assert found is not None
        return found

    first, second = spans("/", "<title>A</title>"), spans("/", "<title>B</title>")
    assert [first.data[start:end] for start, end in first.items] == [b"<item><title>A</title></item>"]
    assert first.key == second.key
    assert spans(">1</pubDate", "").key == spans(">2</pubDate", "").key


def test_text_after_a_json_feed_is_ignored() -> None:
    parsed = parse('{"version": "http://jsonfeed.org/version/1", "items": [{"id": "1", "title": "A"}]}\n---')
    assert [one.title for one in parsed.entries] == ["A"]


def test_wrong_types_in_a_json_feed_count_as_absent() -> None:
    item = '{"id": true, "title": ["x"], "content_text": "Hello", "authors": "x", "tags": "y", "attachments": {}}'
    (one,) = parse(f'{{"version": "https://jsonfeed.org/version/1", "items": [{item}], "hubs": 3}}').entries
    assert (one.guid, one.title, one.authors, one.categories, one.enclosures) == (None, "Hello", (), (), ())
