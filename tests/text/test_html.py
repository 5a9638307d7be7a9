"""Sanitising and text extraction, on hostile and everyday HTML. The output is checked by a parser of its own."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.text.html import (
    ATTRIBUTES,
    MAX_DEPTH,
    MAX_HTML,
    TAGS,
    clean_text,
    escape,
    first_image,
    sanitise,
    text_of,
    to_text,
    web_url,
)

BASE = "https://example.org/news/feed.xml"


class Inspector(HTMLParser):
    """Python's own HTML parser collects what it sees; it shares no code with the sanitiser."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.other: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)


def assert_safe(html: str) -> None:
    seen = Inspector(html)
    assert not seen.other
    for tag, attributes in seen.tags:
        assert tag in TAGS, tag
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
        assert set(attributes) <= allowed, (tag, attributes)
        for name in ("href", "src"):
            if name in attributes:
                assert (attributes[name] or "").lower().startswith(("http:", "https:", "mailto:")), attributes
    assert clean_text(html) == html


HOSTILE = [
    "<script>alert(1)</script>x",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<svg><a><set attributeName=href to=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<p style='background:url(javascript:x)'>x</p>",
    "<style>@import 'http://evil/x.css'</style>x",
    "<form action=http://evil><input name=password><button>Go</button></form>",
    "<object data=x></object><embed src=x><applet code=x></applet>",
    "<base href='http://evil/'><a href='x'>x</a>",
    "<meta http-equiv=refresh content='0;url=http://evil'>",
    "<link rel=stylesheet href=http://evil/x.css>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->x",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>x",
    "<a href='http://ok.example/' onclick='x' target=_top id=x class=y name=z>x</a>",
    "<img src='http://[::1'>",
    "<a href='http://[bad'>x</a>",
    "<p title='\"><script>alert(1)</script>'>x</p>",
    "<xmp><script>alert(1)</script></xmp><plaintext><b>x",
    "<table><td><script>x</script><img src=//evil.example/x.png>",
    "<video poster=javascript:x><source src=x></video><audio src=x></audio>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>&#0;&#1;&#x1F;&#xFFFF;&#xD800;\ufffe\u202e",
    "<" * 1000,
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;",
]


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_comes_out_safe(html: str) -> None:
    assert_safe(sanitise(html, BASE))


FRAGMENTS = st.sampled_from(
    [
        *HOSTILE,
        *("<p>", "</p>", "<b", ">", "'", '"', "</", "<!--", "-->", "<a\thref=", "javascript:", "&#", ";", "<noscript>"),
        *("<svg>", "<math>", "<table>", "<td>", "<select>", "<option>", "<style>", "</style>", "<template>", "<title>"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(FRAGMENTS, st.text(max_size=20)), max_size=12).map("".join), st.text(max_size=20))
def test_any_html_comes_out_safe_and_stays_as_it_is_when_sanitised_again(html: str, base: str) -> None:
    clean = sanitise(html, base)
    assert_safe(clean)
    again, once = Inspector(sanitise(clean, base)), Inspector(clean)
    assert (again.tags, again.text) == (once.tags, once.text)


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_text_stays_text(text: str) -> None:
    assert to_text(escape(text)).split() == clean_text(text).split()


@pytest.mark.parametrize(
    "unit",
    [
        "<div>",
        "<b><p>",
        "<p><ul><li>",
        "<p><font color=%d>",
        "<table><tr><td>",
        "&lt;!--",
        "<!--",
        "<a ",
        "<",
        '"<',
        "<x>",
    ],
)
def test_deep_or_endless_html_is_read_in_linear_time(unit: str) -> None:
    html = "".join(unit.replace("%d", str(number)) for number in range(MAX_HTML // len(unit)))
    started = time.process_time()
    assert_safe(sanitise(html, BASE))
    assert time.process_time() - started < 5  # quadratic: 20 s and more


def test_html_that_is_deeper_than_any_text_loses_its_tags_and_long_html_keeps_them() -> None:
    def nested(depth: int) -> str:
        return sanitise("<div>" * depth + "x" + "</div>" * depth, BASE)

    assert nested(MAX_DEPTH).count("<div>") == MAX_DEPTH
    assert nested(MAX_DEPTH + 1) == "x"
    assert sanitise("<p>x</p>" * 1000, BASE).count("<p>") == 1000


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\x00\x08b\x1b\x7f", "ab"),
        ("a\u202eb\u202d", "ab"),
        ("\ufeffa\ud800b\uffff\ufdd0", "ab"),
        (
            "two\nlines\tand \u200d joined, isolated \u2068x\u2069",
            "two\nlines\tand \u200d joined, isolated \u2068x\u2069",
        ),
    ],
)
def test_characters_that_no_text_needs_are_dropped_and_no_others(text: str, clean: str) -> None:
    assert clean_text(text) == clean


def test_relative_links_are_resolved_and_links_into_the_page_lose_their_target() -> None:
    clean = sanitise("<a href='../a?b=c&d'>x</a><a href='#note'>1</a><img src='/i.png' srcset='b.png 2x'>", BASE)
    assert 'href="https://example.org/a?b=c&amp;d"' in clean
    assert "#note" not in clean
    assert '<img src="https://example.org/i.png">' in clean
    assert "srcset" not in clean


def test_relative_links_without_a_base_are_dropped() -> None:
    assert "href" not in sanitise("<a href='x'>x</a>", "")


def test_links_tell_nothing_of_us_and_lend_no_rank() -> None:
    assert 'rel="nofollow noopener noreferrer"' in sanitise("<a rel=me href=http://a.example/>x</a>", BASE)


@pytest.mark.parametrize(
    "pixel",
    [
        "<img src='http://a.example/t.gif' width=1 height=1>",
        "<img width='1px' src='http://a.example/t.gif'>",
        "<img src='http://feeds.feedburner.com/~r/x/~4/y' height=100>",
        "<img src='https://pixel.wp.com/b.gif?x'>",
        "<img alt='no source'>",
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
        "<img src='mailto:x@example.org'>",
    ],
)
def test_tracking_pixels_and_images_without_source_are_removed(pixel: str) -> None:
    assert sanitise(f"<p>a{pixel}b</p>", BASE) == "<p>ab</p>"


def test_real_images_stay_with_size_and_description() -> None:
    html = '<img src="https://a.example/i.jpg" alt="A &lt;b&gt;" width="640" height="360">'
    assert sanitise(html, BASE) == html
    assert first_image(html) == "https://a.example/i.jpg"
    assert first_image('<img src="https://a.example/i.jpg?a=1&amp;b=2">') == "https://a.example/i.jpg?a=1&b=2"
    assert first_image("<p>none</p>") is None


def test_direction_and_language_are_kept() -> None:
    html = '<p dir="rtl" lang="ar">سلام</p>'
    assert sanitise(html, BASE) == html


def test_lists_tables_and_ruby_are_kept() -> None:
    for html in (
        '<ol start="3"><li>x</li></ol>',
        '<table><tbody><tr><td colspan="2">y</td></tr></tbody></table>',
        "<ruby>漢<rt>kan</rt></ruby>",
    ):
        assert sanitise(html, BASE) == html


def test_text_has_a_line_per_block_and_entities_decoded_once() -> None:
    html = "<h1>One</h1><p>two\n three<br>four &amp;lt; five</p><ul><li>a<li>b</ul><td>c</td><script>no</script>"
    assert to_text(html) == "One\ntwo three\nfour &lt; five\na\nb\nc"


def test_text_without_tags_is_decoded_once() -> None:
    assert to_text("AT&amp;T &amp;amp; &#8217;tis&nbsp;so") == "AT&T &amp; ’tis so"


def test_table_cells_are_words_of_their_own() -> None:
    assert text_of(sanitise("<table><tr><td>a</td><td>b</td></tr></table>", "")) == "a b"


def test_long_html_is_cut_and_closed() -> None:
    clean = sanitise("<p>" + "word " * MAX_HTML, BASE)
    assert len(clean) <= MAX_HTML + 10
    assert clean.endswith("</p>")


def test_html_that_grows_when_it_is_mended_keeps_its_text_only() -> None:
    clean = sanitise("<a href=x>" * 200 + "</p>" * 100_000, "https://example.org/" + "long/" * 300)
    assert len(clean) < 4 * MAX_HTML


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/x y\n", "http://a.example/x%20y"),
        ("/x", "https://example.org/x"),
        ("//b.example/x", "https://b.example/x"),
        ("HTTP://a.example/", "HTTP://a.example/"),
        ("tag:a.example,2005:1", None),
        ("urn:uuid:1", None),
        ("javascript:alert(1)", None),
        ("http://", None),
        ("http://[bad", None),
        ("", None),
        (None, None),
    ],
)
def test_web_addresses_are_absolute_http_or_nothing(url: str | None, expected: str | None) -> None:
    assert web_url(url, BASE) == expected


def test_picture_for_browsers_without_scripts_stays() -> None:
    html = "<img src='data:image/gif;base64,R0' data-src=x><noscript><img src='http://a.example/i.jpg'></noscript>"
    assert sanitise(html, BASE) == '<img src="http://a.example/i.jpg">'
