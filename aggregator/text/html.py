"""Foreign HTML made safe, and turned into plain text.

    sanitise(html, base_url)    an allow-list of tags and attributes (nh3), absolute web and mail links, no trackers
    to_text(html)               plain text: a line per block, entities decoded once
    clean_text(text)            without the characters that XML can't hold or that reverse the text around them

A sanitised fragment is well-formed as html5ever serialises it: `<`, `>` and `&` stand in text and attribute values only
as references. `text_of` and the removal of tracking pixels rely on it.
"""

from __future__ import annotations

import re
import threading
from html import unescape
from urllib.parse import urljoin, urlsplit

import nh3

from aggregator.text.addresses import with_scheme

MAX_HTML = 500_000
"""Characters of one HTML field that are looked at; what follows is cut off."""
MAX_DEPTH = 256
"""HTML that nests deeper keeps its text only: the time to parse it grows with the square of its depth."""

# fmt: off
TAGS = frozenset({
    "a", "abbr", "acronym", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center",
    "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption",
    "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "mark",
    "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strike", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
})
_DROPPED_WITH_CONTENT = frozenset({
    "applet", "audio", "canvas", "embed", "frameset", "iframe", "math", "noembed", "noframes", "noscript", "object",
    "option", "plaintext", "script", "select", "style", "svg", "template", "textarea", "title", "video", "xmp",
})
_NEVER_NEST = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p", "param",
    "source", "td", "th", "tr", "track", "wbr",
})
# fmt: on
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    "time": {"datetime"},
}
_SCHEMES = frozenset({"http", "https", "mailto"})
_REL = "nofollow noopener noreferrer"

# Not allowed in XML 1.0 (controls, surrogates, U+FFFE, U+FFFF), the other noncharacters, C1 controls, the byte order
# mark, and the two overrides that turn the text after them round. None of them is printable.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202d\u202e\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]+"
)
_TAG = re.compile(r"<[^<>]*>")
_NOSCRIPT = re.compile(r"</?noscript[^<>]*>", re.IGNORECASE)
_NESTING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_BLOCK = re.compile(
    r"</?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|blockquote|pre|table|tr|caption|figure|figcaption|section|article|aside"
    r"|header|footer|details|summary|center)(?=[\s>])[^<>]*>"
)
_CELL = re.compile(r"</t[dh]>")
_IMG = re.compile(r"<img(?: [a-z]+=\"[^\"]*\")*>")
_SOURCE = re.compile(r' src="([^"]*)"')
_TINY = re.compile(r' (?:width|height)="\s*[0-3](?:px)?\s*"')
_TRACKER = re.compile(
    r"^https?://(?:[^/]*\.)?(?:feeds\.feedburner\.com/~r/|feedsportal\.com/|pixel\.wp\.com/|stats\.wordpress\.com/"
    r"|pixel\.quantserve\.com/|doubleclick\.net/|google-analytics\.com/|scorecardresearch\.com/|statcounter\.com/"
    r"|b\.scorecardresearch\.com/|rss\.buysellads\.com/|medium\.com/_/stat|blogger\.googleusercontent\.com/tracker/)",
    re.IGNORECASE,
)
_URL_SPACES = str.maketrans({"\t": None, "\n": None, "\r": None, " ": "%20", "\xa0": "%20"})
_MARKUP = re.compile(r"[<&\r]")


def clean_text(text: str) -> str:
    """The text without control characters, lone surrogates, noncharacters and bidirectional overrides."""
    # Line breaks are not printable, either; almost every text without them is.
    return text if text.replace("\n", "").isprintable() else _UNWANTED.sub("", text)


def sanitise(html: str, base_url: str) -> str:
    """Safe HTML with absolute links.

    Kept are the tags in TAGS with the attributes in ATTRIBUTES, links to http, https and mailto, images from http and
    https. `base_url` resolves relative links; links into the same page lose their target, since ids are dropped.
    Tracking pixels, scripts, styles, embedded pages, forms, SVG and MathML go. Never raises.
    """
    html = html[:MAX_HTML]
    if not _MARKUP.search(html):
        return clean_text(html).strip().replace(">", "&gt;")
    if "noscript" in html:  # pictures for browsers without scripts, beside those that a script would load
        html = _NOSCRIPT.sub("", html)
    if html.count("<") > MAX_DEPTH and _depth(html) > MAX_DEPTH:
        html = _TAG.sub(" ", html).replace("<", "&lt;")
    _base.url = base_url
    clean = clean_text(_cleaner.clean(clean_text(html)))
    if "<img" in clean:
        clean = _IMG.sub(_keep_image, clean)
    clean = clean.strip()
    return clean if len(clean) <= 4 * MAX_HTML else escape(text_of(clean[:MAX_HTML]))


def to_text(html: str) -> str:
    """Plain text of any HTML: a line per block, white space normalised, entities decoded exactly once."""
    if "<" not in html:
        return _lines(unescape(html[:MAX_HTML]))
    return text_of(sanitise(html, ""))


def text_of(sanitised: str) -> str:
    """Plain text of what `sanitise` gave."""
    text = sanitised.replace("\n", " ").replace("\r", " ")
    if "<" in text:
        text = _BLOCK.sub("\n", text)
        text = _TAG.sub("", _CELL.sub(" ", text))
    return _lines(unescape(text)) if "&" in text else _lines(text)


def escape(text: str) -> str:
    """Plain text as HTML: each line a paragraph's line."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.strip().replace("\n", "<br>\n")


def first_image(sanitised: str) -> str | None:
    """Address of the first picture in what `sanitise` gave."""
    for img in _IMG.finditer(sanitised):
        source = _SOURCE.search(img[0])
        if url := web_url(unescape(source[1])) if source else None:
            return url
    return None


def web_url(url: str | None, base_url: str = "") -> str | None:
    """The absolute http or https form of a URL, None when it has none."""
    if not url:
        return None
    url = clean_text(url).strip().translate(_URL_SPACES)
    try:
        if not url.lower().startswith(("http://", "https://")):
            url = urljoin(base_url, with_scheme(url))
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


class _Base(threading.local):
    """What relative links are resolved against while nh3 calls back: a cleaner for each base would take longer."""

    url = ""

    def absolute(self, url: str) -> str | None:
        return None if url.startswith("#") else web_url(url, self.url)


_base = _Base()
_cleaner = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=_DROPPED_WITH_CONTENT,
    attributes=ATTRIBUTES,
    link_rel=_REL,
    url_schemes=_SCHEMES,
    url_relative=_base.absolute,
)


def _keep_image(img: re.Match[str]) -> str:
    source = _SOURCE.search(img[0])
    if source is None or source[1].startswith("mailto:") or _TRACKER.match(source[1]) or _TINY.search(img[0]):
        return ""
    return img[0]


def _depth(html: str) -> int:
    """At most how many elements lie in one another, counting those that are never closed as open to the end."""
    depth = deepest = 0
    for closing, name in _NESTING.findall(html):
        if name.lower() in _NEVER_NEST:
            continue
        depth += -1 if closing else 1
        depth = max(depth, 0)
        deepest = max(deepest, depth)
    return deepest


def _lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in clean_text(text).split("\n"))
    return "\n".join(line for line in lines if line)
