"""Each rule of the check, by a feed that breaks it: RFC 4287, RSS 2.0, JSON Feed 1.1, and the W3C validator's own."""

import json

import pytest

from aggregator.publish.check import count_items, faults
from tests.publish.values import entry_view, rendered, site_view, story_view

URL = "https://news.example.org/feed."
FEEDS = rendered(site_view([entry_view(1), entry_view(2)], [story_view([entry_view(1)])], hub="https://hub.example/"))


def broken(form: str, old: str, new: str) -> list[str]:
    body = FEEDS[f"feed.{form}"].decode()
    assert old in body
    return faults(f"feed.{form}", body.replace(old, new, 1).encode(), URL + form)


@pytest.mark.parametrize("path", FEEDS)
def test_rendered_feed_has_no_fault(path: str) -> None:
    assert faults(path, FEEDS[path], f"https://news.example.org/{path}") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</feed>", "", "can't be read back"),
        ("<feed ", "<fxed ", "can't be read back"),
        ('xmlns="http://www.w3.org/2005/Atom"', "", "root"),
        ("<title>Ukraine Watch</title>", "", "needs one title, and has 0"),
        ("<updated>2026-11-20T07", "<updated>20 Nov", "is no date"),
        ('rel="self"', 'rel="alternate"', "self link"),
        ("https://news.example.org/feed.atom</id>", "tag/1</id>", "no absolute address"),
        ("<id>urn:uuid:", "<id>", "no absolute address"),
        ("<id>urn:uuid:", "<id>x</id><id>urn:uuid:", "needs one id, and has 2"),
        ("<title>Patriots for Kyiv 1</title>", "<title> </title>", "needs one title"),
        ("<author><name>Ann Author</name>", "<author>", "no author"),
        ('href="https://outlet.example/talk.mp3"', 'href="/talk.mp3"', "'/talk.mp3' in link is no absolute address"),
        ("Patriots for Kyiv 1", "Patriots \x85 1", "control character"),
        ("Patriots for Kyiv 1", "Patriots \ufffd 1", "control character"),
        ("Patriots for Kyiv 1", "Patriots \x01 1", "can't be read back"),
    ],
)
def test_broken_atom_is_found(old: str, new: str, said: str) -> None:
    assert any(said in fault for fault in broken("atom", old, new)), broken("atom", old, new)


def test_atom_entries_with_one_id_or_one_update_are_found() -> None:
    twice = FEEDS["feed.atom"].decode()
    start, end = twice.index("<entry"), twice.index("</entry>") + len("</entry>")
    body = (twice[:end] + twice[start:end] + twice[end:]).encode()
    assert faults("feed.atom", body, URL + "atom") == [
        "two items have the same id",
        "two items have the same updated",
    ]


def test_atom_entry_with_two_alternates_of_a_type_or_without_any_is_found() -> None:
    assert broken("atom", '<link rel="enclosure" type="audio/mpeg"', "<link") == [
        "an entry has two alternate links of one type"
    ]
    body = FEEDS["feed.atom"].decode().replace('rel="alternate" href="https://outlet', 'rel="via" href="https://outlet')
    cut = body.replace('<content type="html">', "<!--").replace("</content>", "-->").encode()
    assert set(faults("feed.atom", cut, URL + "atom")) == {"an entry has neither content nor an alternate link"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version="2.0"', 'version="0.91"', "not RSS 2.0"),
        ("<description>Ukraine Watch</description>", "", "channel needs one description"),
        ('rel="self"', 'rel="hub"', "self link"),
        ("<guid ", "<guix ", "can't be read back"),
        ("<pubDate>Fri,", "<pubDate>31 Feb or Fri,", "is no date"),
        ("<link>https://outlet.example/1", "<link>/1", "no absolute address"),
        ('<source url="https://outlet', '<source url="outlet', "no absolute address"),
        ("<comments>https:", "<comments>", "no absolute address"),
        ("<dc:creator>Ann Author</dc:creator>", "<author>Ann</author>", "author"),
        ("<enclosure ", '<enclosure url="https://x/"/><enclosure ', "more than one enclosure"),
    ],
)
def test_broken_rss_is_found(old: str, new: str, said: str) -> None:
    assert any(said in fault for fault in broken("rss", old, new)), broken("rss", old, new)


def test_rss_item_without_title_and_description_or_with_a_known_guid_is_found() -> None:
    body = FEEDS["feed.rss"].decode()
    guid = body[body.index("<guid") : body.index("</guid>")]
    last = body[body.rindex("<guid") : body.rindex("</guid>")]
    assert faults("feed.rss", body.replace(last, guid).encode(), URL + "rss") == ["two items have the same guid"]
    bare = body.replace("<title>Patriots for Kyiv 1</title>", "").replace(
        "<description>&lt;p&gt;Short&lt;/p&gt;</description>", ""
    )
    assert "an item has neither title nor description" in faults("feed.rss", bare.encode(), URL + "rss")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version/1.1", "version/1", "not JSON Feed 1.1"),
        ('"title":"Ukraine Watch",', "", "no title"),
        ("https://news.example.org/feed.json", "https://else.example/", "feed_url"),
        ('"id":"urn', '"di":"urn', "no id"),
        ('"content_html"', '"content"', "no content"),
        ('"date_modified":"2026', '"date_modified":"Fri 2026', "no date of RFC 3339"),
        ('"url":"https://outlet.example/1', '"url":"/1', "no absolute address"),
        ('"image":"https:', '"image":"', "no absolute address"),
        ('"url":"https://outlet.example/talk', '"url":"talk', "no absolute address"),
        ("Patriots", "Patriots \x85", "control character"),
        ("]}", "]", "can't be read back"),
    ],
)
def test_broken_json_feed_is_found(old: str, new: str, said: str) -> None:
    assert any(said in fault for fault in broken("json", old, new)), broken("json", old, new)


def test_json_feed_items_with_one_id_are_found() -> None:
    feed = json.loads(FEEDS["feed.json"])
    feed["items"][1]["id"] = feed["items"][0]["id"]
    assert faults("feed.json", json.dumps(feed).encode(), URL + "json") == ["two items have the same id"]
    assert faults("feed.json", b"[]", URL + "json") == ["it is not JSON Feed 1.1"]


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_items_are_counted_and_what_cannot_be_read_has_none(form: str) -> None:
    assert count_items(f"feed.{form}", FEEDS[f"feed.{form}"]) == 2
    assert count_items(f"feed.{form}", FEEDS[f"feed.{form}"][:-10]) == 0
    assert count_items(f"feed.{form}", b"") == 0


def test_external_entities_are_not_read() -> None:
    body = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><feed xmlns="http://www.w3.org/2005/Atom"><title>&e;</title></feed>'
    assert any("needs one title" in fault for fault in faults("feed.atom", body, URL + "atom"))
