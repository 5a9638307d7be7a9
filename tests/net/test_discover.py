"""Finding the feed behind a page's address, on good and hostile pages."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.net.client import OutboundClient
from aggregator.net.discover import Discovery, discover, page_links
from aggregator.net.robots import Robots
from aggregator.net.sites import known_feeds, podcast_feed, podcast_lookup
from aggregator.net.sniff import feed_format, guard_of
from aggregator.net.urls import parse_url
from tests.feedserver import FeedServer, Reply

ATOM = b"<?xml version='1.0'?><!-- c --><feed xmlns='http://www.w3.org/2005/Atom'/>"
RSS = b"<rss version='2.0'><channel><title>T</title></channel></rss>"
PAGE = b"""<!doctype html><html><head><base href="/blog/">
<link rel=alternate type="application/rss+xml; charset=utf-8" title="All &amp; more" href="rss">
<link rel="ALTERNATE feed" type="application/atom+xml" href="https://other.example/atom">
<link rel=alternate type=application/rss+xml href="rss">
<link rel=alternate type=application/rss+xml href="javascript:alert(1)">
<link rel=alternate type=text/html hreflang=de href="/de">
<link rel=stylesheet type=application/rss+xml href="/style">
</head><body><a href="/nothing">x</a><a href="my-feed.xml">feed</a></body></html>"""


async def found(client: OutboundClient, address: str) -> Discovery:
    return await discover(client, Robots(client), address)


async def test_address_of_a_feed_is_that_feed(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/x", Reply(body=ATOM))

    (candidate,) = (await found(client, url)).candidates
    assert (candidate.url, candidate.format, candidate.via) == (url, "Atom", "the address itself is a feed")


async def test_feeds_that_a_page_declares_come_in_its_order(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/", Reply(body=PAGE))
    feed_server.script("/blog/rss", Reply(body=RSS))

    first, second = (await found(client, url)).candidates
    assert (first.url, first.title, first.format) == (feed_server.url("/blog/rss"), "All & more", "RSS")
    assert (second.url, second.title, second.format) == ("https://other.example/atom", None, "Atom")
    assert [sent.path for sent in feed_server.requests] == ["/robots.txt", "/", "/blog/rss"]


LINK = '<link rel=alternate type="application/rss+xml" href="{}">'


@pytest.mark.parametrize(
    "page",
    [
        LINK.format("/comments/feed/") + LINK.format("/live"),
        '<link rel=alternate type="application/json" href="/api/page">' + LINK.format("/live"),
        LINK.format("/gone") + LINK.format("http://169.254.169.254/feed") + LINK.format("/live"),
    ],
)
async def test_declared_feed_is_one_and_not_of_comments(
    client: OutboundClient, feed_server: FeedServer, page: str
) -> None:
    for path, body in (("/live", RSS), ("/comments/feed/", RSS), ("/api/page", b'{"id": 1}')):
        feed_server.script(path, Reply(body=body))

    best = (await found(client, feed_server.script("/", Reply(body=page.encode())))).candidates[0]
    assert best.url == feed_server.url("/live")
    assert best.answer is not None
    assert best.answer.body == RSS


async def test_declared_feed_that_is_none_is_no_find(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/", Reply(body=LINK.format("/gone").encode()))

    result = await found(client, url)
    assert result.candidates == ()
    assert result.reason == (
        f"{url} names {feed_server.url('/gone')} as its feed, but 127.0.0.1 has nothing at this address (404)"
    )


async def test_declared_feed_that_cannot_answer_now_is_taken(client: OutboundClient, feed_server: FeedServer) -> None:
    feed_server.script("/feed", Reply(500))

    (candidate,) = (await found(client, feed_server.script("/", Reply(body=LINK.format("/feed").encode())))).candidates
    assert (candidate.url, candidate.answer) == (feed_server.url("/feed"), None)


async def test_feed_in_a_link_header_is_declared(client: OutboundClient, feed_server: FeedServer) -> None:
    header = '</style.css>; rel=preload, </feed>; rel="alternate"; type="application/rss+xml"; title="All, of it"'
    feed_server.script("/feed", Reply(body=RSS))

    url = feed_server.script("/", Reply(body=b"<html>", headers={"Link": header}))
    (candidate,) = (await found(client, url)).candidates
    assert (candidate.url, candidate.title, candidate.via) == (
        feed_server.url("/feed"),
        "All, of it",
        "declared by the page",
    )


@pytest.mark.parametrize(("status", "lasting"), [(301, "/new"), (308, "/new"), (302, "/"), (307, "/")])
async def test_p13_feed_that_is_elsewhere_for_the_moment_keeps_its_address(
    client: OutboundClient, feed_server: FeedServer, status: int, lasting: str
) -> None:
    feed_server.script("/new", Reply(body=RSS))
    url = feed_server.script("/", Reply(status, headers={"Location": "/new"}))

    (candidate,) = (await found(client, url)).candidates
    assert candidate.url == feed_server.url(lasting)


@pytest.mark.parametrize("rules", [b"Disallow: /hidden", b"Disallow: /feed\nDisallow: /rss"])
async def test_p19_neither_a_redirect_nor_a_guess_leads_to_what_robots_txt_excludes(
    client: OutboundClient, feed_server: FeedServer, rules: bytes
) -> None:
    feed_server.script("/robots.txt", Reply(body=b"User-agent: *\n" + rules))
    feed_server.script("/hidden", Reply(body=b"<html>"))
    feed_server.script("/feed/", Reply(body=RSS))
    feed_server.script("/page", Reply(302, headers={"Location": "/hidden"}))

    assert (await found(client, feed_server.url("/page"))).candidates == ()
    assert not [one.path for one in feed_server.requests if one.path.encode() in rules or one.path == "/feed/"]


def test_title_is_read_in_utf_8_where_the_page_does_not_say() -> None:
    ((candidate, *_), _) = page_links('<link rel=alternate type=text/xml title="Новини" href=/f>'.encode(), "http://a/")
    assert candidate.title == "Новини"


@pytest.mark.parametrize("path", ["/weblog.rss", "/feed.xml"])
async def test_undeclared_feed_is_found_by_links_and_well_known_paths(
    client: OutboundClient, feed_server: FeedServer, path: str
) -> None:
    url = feed_server.script("/", Reply(body=b"<a href='/weblog.rss'>RSS</a>"))
    feed_server.script(path, Reply(body=ATOM))

    (candidate,) = (await found(client, url)).candidates
    assert candidate.url == feed_server.url(path)


async def test_page_without_a_feed_is_told_so(client: OutboundClient, feed_server: FeedServer) -> None:
    url = feed_server.script("/", Reply(body=b"<p>hello"))

    result = await found(client, url)
    assert result.candidates == ()
    assert result.reason == f"no feed was found behind {url}"


async def test_page_that_robots_txt_excludes_is_not_fetched(client: OutboundClient, feed_server: FeedServer) -> None:
    feed_server.script("/robots.txt", Reply(body=b"User-agent: *\nDisallow: /"))

    result = await found(client, feed_server.url("/"))
    assert "write it into feeds.yaml yourself" in result.reason
    assert len(feed_server.requests) == 1


async def test_page_that_cannot_be_fetched_says_why(client: OutboundClient, feed_server: FeedServer) -> None:
    assert "(404)" in (await found(client, feed_server.url("/nothing"))).reason
    feed_server.script("/robots.txt", Reply(500))
    assert "robots.txt" in (await found(client, feed_server.url("/nothing"))).reason


async def test_address_without_a_scheme_means_https(client: OutboundClient, names: dict[str, list[str]]) -> None:
    assert "a.example" in (await found(client, " a.example ")).reason


@pytest.mark.parametrize(
    "address", ["https://[", "https://a.example:x/", "ftp://a.example/", "http://", "https://a b/"]
)
async def test_address_that_is_none_is_told_so(client: OutboundClient, address: str) -> None:
    nothing = await found(client, address)
    assert nothing.candidates == ()
    assert nothing.reason.isprintable()


async def test_page_that_answers_304_unasked_is_told_so(client: OutboundClient, feed_server: FeedServer) -> None:
    assert "304" in (await found(client, feed_server.script("/page", Reply(304)))).reason


async def test_known_site_is_asked_for_its_feed_first(
    client: OutboundClient, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = feed_server.script("/@jo", Reply(body=b"<p>profile"))
    monkeypatch.setattr("aggregator.net.discover.known_feeds", lambda url: [f"{url}.rss"])
    feed_server.script("/@jo.rss", Reply(body=b"<rss/>"))

    (candidate,) = (await found(client, url)).candidates
    assert candidate.url == f"{url}.rss"
    assert [sent.path for sent in feed_server.requests] == ["/@jo.rss"]


async def test_known_site_that_does_not_answer_is_looked_at_as_a_page(
    client: OutboundClient, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.net.discover.known_feeds", lambda url: [f"{url}.rss"])
    url = feed_server.script("/@jo", Reply(body=PAGE))
    feed_server.script("/blog/rss", Reply(body=RSS))

    assert len((await found(client, url)).candidates) == 2


async def test_podcast_at_apple_is_asked_for_by_its_id(
    client: OutboundClient, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed_server.feed("/show", RSS)
    answer = json.dumps({"resultCount": 1, "results": [{"feedUrl": feed_server.url("/show")}]})
    lookup = feed_server.script("/lookup", Reply(body=answer.encode()))
    monkeypatch.setattr("aggregator.net.discover.podcast_lookup", lambda url: lookup if "/podcast/" in url else None)

    (candidate,) = (await found(client, feed_server.url("/de/podcast/show/id42"))).candidates

    assert candidate.url == feed_server.url("/show")
    assert [sent.path for sent in feed_server.requests] == ["/lookup", "/show"]


@pytest.mark.parametrize(
    ("page", "id_"),
    [
        ("https://podcasts.apple.com/us/podcast/the-show/id1200361736", "1200361736"),
        ("https://podcasts.apple.com/podcast/id42?i=1000", "42"),
        ("https://itunes.apple.com/de/podcast/show/id42?mt=2", "42"),
    ],
)
def test_page_of_a_podcast_is_looked_up_by_its_id(page: str, id_: str) -> None:
    assert podcast_lookup(page) == f"https://itunes.apple.com/lookup?id={id_}&entity=podcast"


@pytest.mark.parametrize(
    "page",
    ["https://podcasts.apple.com/us/browse", "https://example.org/podcast/show/id42", "https://music.apple.com/1"],
)
def test_other_pages_are_not_looked_up(page: str) -> None:
    assert podcast_lookup(page) is None


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[]",
        b'{"results": []}',
        b'{"results": [{}]}',
        b'{"results": [{"feedUrl": "file:///etc"}]}',
        b"[" * 9999,
    ],
)
def test_answer_without_a_feed_is_none(answer: bytes) -> None:
    assert podcast_feed(answer) is None


async def test_handle_is_followed_to_the_address_that_its_page_gives_itself(
    client: OutboundClient, feed_server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = feed_server.script("/videos.xml", Reply(body=RSS))
    monkeypatch.setattr(
        "aggregator.net.discover.known_feeds", lambda url: [channel] if url.endswith("/channel/UC1") else []
    )
    url = feed_server.script("/@handle", Reply(body=b"<link rel=canonical href='/channel/UC1'><a href='/rss'>x</a>"))

    assert [one.url for one in (await found(client, url)).candidates] == [channel]


async def test_category_of_wordpress_has_its_own_feed(client: OutboundClient, feed_server: FeedServer) -> None:
    feed_server.script("/feed/", Reply(body=RSS))
    feed_server.script("/category/war/feed/", Reply(body=RSS))
    page = b"<meta name=generator content='WordPress 6.9'><p>War</p>"

    for path in ("/category/war/", "/category/war"):
        url = feed_server.script(path, Reply(body=page))
        assert [one.url for one in (await found(client, url)).candidates] == [feed_server.url("/category/war/feed/")]


async def test_file_is_looked_at_without_robots_txt(client: OutboundClient) -> None:
    assert "polling.allow_files" in (await found(client, "file:///etc/passwd")).reason


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        (
            "https://www.youtube.com/channel/UC1234567890123456789012/videos",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UC1234567890123456789012",
        ),
        ("https://youtube.com/user/name", "https://www.youtube.com/feeds/videos.xml?user=name"),
        (
            "https://m.youtube.com/playlist?list=PL12-_x",
            "https://www.youtube.com/feeds/videos.xml?playlist_id=PL12-_x",
        ),
        ("https://old.reddit.com/r/ukraine/", "https://www.reddit.com/r/ukraine/.rss"),
        ("https://www.reddit.com/r/python/new", "https://www.reddit.com/r/python/new/.rss"),
        ("https://mastodon.social/@jo", "https://mastodon.social/@jo.rss"),
        ("https://github.com/python", "https://github.com/python.atom"),
        ("https://github.com/python/cpython", "https://github.com/python/cpython/releases.atom"),
        ("https://github.com/python/cpython/tags", "https://github.com/python/cpython/tags.atom"),
        ("https://github.com/python/cpython/commits/main", "https://github.com/python/cpython/commits/main.atom"),
        ("https://github.com/python/cpython/commits", "https://github.com/python/cpython/commits.atom"),
        ("https://github.com/python/cpython/tree/main", "https://github.com/python/cpython/releases.atom"),
        ("https://www.reddit.com/r/ukraine+europe", "https://www.reddit.com/r/ukraine+europe/.rss"),
        ("https://mastodon.social/@jo/with_replies", "https://mastodon.social/@jo.rss"),
        ("https://mastodon.social/@jo/tagged/news", "https://mastodon.social/@jo/tagged/news.rss"),
        ("https://substack.com/@Paper", "https://paper.substack.com/feed"),
        ("https://open.substack.com/pub/paper/p/one?r=1", "https://paper.substack.com/feed"),
        ("https://gitlab.com/a/b", "https://gitlab.com/a/b.atom"),
        ("https://medium.com/@jo/story", "https://medium.com/feed/@jo"),
        ("https://medium.com/paper/story-1", "https://medium.com/feed/paper"),
        ("https://medium.com/paper/tagged/news", "https://medium.com/feed/paper/tagged/news"),
        ("https://medium.com/tag/news", "https://medium.com/feed/tag/news"),
        ("https://jo.medium.com/story-1", "https://jo.medium.com/feed"),
        ("https://www.reddit.com/user/jo/m/news", "https://www.reddit.com/user/jo/m/news/.rss"),
        ("https://www.reddit.com/r/a/comments/1x/title/", "https://www.reddit.com/r/a/comments/1x/title/.rss"),
        ("https://www.reddit.com/r/a/rising/", "https://www.reddit.com/r/a/rising/.rss"),
        ("https://github.com/python/cpython.git", "https://github.com/python/cpython/releases.atom"),
        ("https://github.com/a/b/commits/main/docs", "https://github.com/a/b/commits/main/docs.atom"),
        ("https://jo.wordpress.com/category/news/", "https://jo.wordpress.com/category/news/feed/"),
        ("https://jo.blogspot.com/search/label/News", "https://jo.blogspot.com/feeds/posts/default/-/News"),
        ("https://jo.tumblr.com/tagged/news", "https://jo.tumblr.com/tagged/news/rss"),
        ("https://www.tumblr.com/jo/123/post", "https://jo.tumblr.com/rss"),
        ("https://bsky.app/profile/jo.example/post/1", "https://bsky.app/profile/jo.example/rss"),
        ("https://vimeo.com/channels/news", "https://vimeo.com/channels/news/videos/rss"),
        ("https://paper.substack.com/p/one", "https://paper.substack.com/feed"),
        ("https://jo.wordpress.com/2026/", "https://jo.wordpress.com/feed/"),
        ("https://jo.blogspot.com/", "https://jo.blogspot.com/feeds/posts/default"),
        ("https://jo.tumblr.com/", "https://jo.tumblr.com/rss"),
        ("https://bsky.app/profile/jo.example", "https://bsky.app/profile/jo.example/rss"),
        ("https://vimeo.com/jo", "https://vimeo.com/jo/videos/rss"),
    ],
)
def test_feed_of_a_known_site_follows_from_the_address(page: str, feed: str) -> None:
    assert known_feeds(page) == [feed]


@pytest.mark.parametrize(
    "page",
    [
        "https://example.org/",
        "https://www.youtube.com/@handle",
        "https://www.reddit.com/",
        "https://substack.com/",
        "https://mastodon.social/@jo/123456",
        "https://github.com/",
        "https://gitlab.com/",
        "https://vimeo.com/",
        "https://bsky.app/",
        "https://notyoutube.com/user/name",
        "https://www.youtube.com/watch?v=1&list=RD1",
        "https://docs.github.com/en",
        "https://gist.github.com/jo",
        "https://wordpress.com/read",
        "https://www.tumblr.com/tagged/news",
        "https://medium.com/",
        "https://vimeo.com/123456",
        "https://mastodon.social/@jo@elsewhere.example",
    ],
)
def test_other_addresses_are_looked_at_as_pages(page: str) -> None:
    assert known_feeds(page) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<rss version='2.0'>", "RSS"),
        (
            b"\xef\xbb\xbf\n <?xml version='1.0'?>\n<?xml-stylesheet href='a'?><!DOCTYPE rss [<!ENTITY a 'b'>]><rss>",
            "RSS",
        ),
        (b"<rdf:RDF xmlns:rdf='x'>", "RSS 1.0"),
        (b"<atom:feed xmlns:atom='x'>", "Atom"),
        ("\ufeff<?xml version='1.0' encoding='UTF-16'?><feed/>".encode("utf-16-le"), "Atom"),
        ("\ufeff<feed/>".encode("utf-16-be"), "Atom"),
        ("<?xml version='1.0'?><feed/>".encode("utf-16-be"), "Atom"),
        ("<?xml version='1.0'?><feed/>".encode("utf-16-le"), "Atom"),
        (b' {"title": "x", "version" : "https:\\/\\/jsonfeed.org\\/version\\/1.1"}', "JSON Feed"),
        (b'{"version": "1"}', None),
        (b"<!doctype html><html><rss>", None),
        (b"<!-- <rss> --><html>", None),
        (b"<feedback>", None),
        (b"", None),
    ],
)
def test_feed_is_told_from_a_page_by_its_first_bytes(body: bytes, expected: str | None) -> None:
    assert feed_format(body) == expected


LINKS = st.sampled_from([b"<link rel=alternate type=application/rss+xml href='", b"<a href='", b"<base href='", b"'>"])
ADDRESSES = st.sampled_from(
    [b"/feed", b"//[", b"javascript:feed", b"http://b.example/feed", b"\\rss", b"?feed=rss2", b"#"]
)


@given(st.lists(LINKS | ADDRESSES | st.binary(max_size=20)).map(b"".join))
def test_hostile_pages_give_only_addresses_that_can_be_asked_each_once(body: bytes) -> None:
    declared, guessed = page_links(body, "http://a.example/")
    for found in ([candidate.url for candidate in declared], guessed):
        assert all(parse_url(url).url for url in found)
        assert len(set(found)) == len(found) <= 20


def test_page_of_many_links_and_deep_nesting_gives_a_bounded_answer() -> None:
    many = b"".join(b"<link rel=alternate type=application/rss+xml href=/%d>" % number for number in range(5000))
    declared, _ = page_links(b"<head>" + many, "http://a.example/")
    assert len(declared) == 20

    declared, guessed = page_links(b"<div>" * 100_000 + b"<a href=/rss>", "http://a.example/")
    assert (declared, len(guessed) <= 1) == ([], True)


@pytest.mark.parametrize(
    ("body", "guard"),
    [
        (b"<html><a href='/.within.website/x/cmd/anubis/'>", "Anubis"),
        (b"<HTML><p>Incapsula incident ID: 1", "Imperva"),
        (b"<html><title>Nothing here</title>", None),
        (b"<rss><item><title>ddos-guard was attacked</title>", None),
        (b"", None),
    ],
)
def test_page_that_keeps_programs_out_is_told_from_others(body: bytes, guard: str | None) -> None:
    assert guard_of(body) == guard
