"""Rendered editions to look at: ordinary, large, right-to-left, hostile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from aggregator.digest.contents import Contents, Site, compose
from aggregator.digest.edition import Candidate, choose
from aggregator.digest.phrases import phrases
from aggregator.digest.render import Frame, Rendered, render_edition
from aggregator.model import Feed
from aggregator.poll.parse.read import parse_feed
from aggregator.poll.parse.result import NotAFeed
from aggregator.templating import environment
from aggregator.text.slug import unique_slugs
from tests.conftest import shared_path
from tests.digest.sample import AID, AIR, FEEDS, NOW, brief, config, edition_of, entry, story

HOSTILE = (
    "</title></body><script>alert(1)</script>",
    "{{ 7 * 7 }} {% raw %} <% x %>",
    "=?utf-8?q?hi=0d=0aBcc:_v@x?=",
    "Line\r\nBcc: victim@example.org\r\n\r\nbody",
    "\u202eevil\u202c \u2066isolate\u2069 \u2028separator\u2029 \x00\x07null",
    "<!--[if mso]><style>*{display:none}</style><![endif]-->",
    "&amp;lt;b&amp;gt; &quot;quoted&quot; ' \" <b>",
    "A" * 5000,
    "word " * 400,
    "👩‍👩‍👧‍👦" * 60,
    "الدفاع الجوي يسقط 34 طائرة (IRIS-T) فوق أوديسا: 12% — «نجاح»",
    "דיווח: מערכת ההגנה יירטה",
    "\ud800 lone surrogate",
    "",
)


def hostile() -> list[Candidate]:
    """Stories with titles, texts and addresses from people who mean harm."""
    made = []
    for number, title in enumerate(HOSTILE, start=1):
        lead = entry(
            number * 10,
            title,
            f"{title} {title}. And <form action=x> more of {title}!",
            url=f"https://outlet1.example/{number}?a=\"><script>&b='\n<x> y",
            image_url="javascript:alert(1)",
        )
        other = entry(number * 10 + 1, f"Also {title}", title, feed=2, url="javascript:alert(1)")
        third = entry(number * 10 + 2, f"Besides {title}", title, feed=3)
        made.append(story(number, [lead, other, third], (AIR, AID)[number % 2], image_url="http://x/y.gif"))
    return made


def frame(language: str = "en", **changes: object) -> Frame:
    """What surrounds the stories."""
    words = phrases(language)
    values = {
        "name": "Ukraine Watch",
        "digest": "Morning briefing",
        "words": words,
        "zone": config().site.timezone,
        "when": NOW,
        "covers": "",
        "next": "Wed 07:00 Europe/Kyiv",
        "web_url": "https://news.example.org/editions/morning-briefing/2026-03-03/",
        "unsubscribe_url": "mailto:editor@example.org?subject=Unsubscribe",
        "why": words.why.format(site="Ukraine Watch"),
        "address": "Ukraine Watch, 12 Example Street, Kyiv",
    }
    return Frame(**(values | changes))  # type: ignore[arg-type]


def rendered(
    candidates: Iterable[Candidate],
    *,
    stories: int = 20,
    language: str = "en",
    shown: Iterable[int] = (),
    feeds: Mapping[int, Feed] = FEEDS,
) -> Rendered:
    """The edition of these stories."""
    made = config(digests={"Morning briefing": {"stories": stories}})
    selection = choose(candidates, feeds, brief(made, shown=shown))
    site = Site("https://news.example.org", unique_slugs(made.topics))
    around = frame(language)

    def composed(keep: int | None) -> Contents:
        return compose(selection, feeds, phrases(language), site, issued=around.local, keep=keep)

    return render_edition(environment(None), around, composed)


def large() -> list[Candidate]:
    """A hundred stories with long headlines, in a script that takes three bytes a letter, and long addresses."""
    made = []
    for one in edition_of(100):
        entries = tuple(
            replace(
                e,
                title=f"{e.id} " + "防空系统抵达基辅" * 20,
                text="第一套系统已经抵达并投入使用。" * 40,
                url=f"{e.url}?{'utm=x&' * 300}",
            )
            for e in one.entries
        )
        made.append(Candidate(replace(one.story, title=entries[0].title), entries))
    return made


@cache
def real() -> list[Candidate]:
    """Stories of the feeds of real outlets and blogs, as if all were of the last day; skips where they are absent."""
    made: list[Candidate] = []
    for path in sorted(one for one in shared_path("corpus/real").rglob("*") if one.is_file())[::9]:
        try:
            found = parse_feed(path.read_bytes(), content_type=None, base_url="https://outlet.example/", known=None)
        except NotAFeed:
            continue
        for one in found.entries[:1]:
            number = len(made) + 1
            lead = entry(number, one.title, one.text, feed=1 + number % 8, url=one.url, language=one.language)
            made.append(story(number, [lead], *((AIR,), (AID,), ())[number % 3], image_url=one.image_url))
    return made
