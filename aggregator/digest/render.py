"""An edition's HTML and text from the templates: the same stories, order and links. Pure but for reading them.

contents -> digest.html -> css inlined -> too large for Gmail? with fewer stories, again
         -> digest.txt
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment

from aggregator.digest.contents import Contents
from aggregator.digest.phrases import Phrases
from aggregator.errors import ConfigError, ConfigFault
from aggregator.templating import render
from aggregator.text.lines import cut

MOST_BYTES = 90_000  # Gmail cuts a mail's HTML at 102 KB, and with it the footer
SUBJECT_HEADLINE = 50  # characters
PREHEADER_HEADLINE = 70
ALERT_TOPIC = 30
ALERT_HEADLINE = 70
ALERT_PREHEADER = 120

_BLANK_LINES = re.compile(r"\n{3,}")
_EMPTY_LINES = re.compile(r"\n\s*\n+")
_INLINER = css_inline.CSSInliner(
    keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False, remove_inlined_selectors=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds the stories: every field is a variable of the templates, beside `contents`."""

    name: str  # of the digest's site
    digest: str
    words: Phrases
    zone: ZoneInfo
    when: datetime  # of the edition's hour
    covers: str  # 'covers Fri–Mon' where it is more than a day, '' otherwise
    next: str  # 'Wed 07:00 Europe/Kyiv'; '' when there is none
    web_url: str
    unsubscribe_url: str
    why: str
    address: str
    preferences_url: str = ""  # '' where the site takes no subscribers
    alert: str = ""  # the topic of an alert, which has templates of its own
    at_once: bool = False  # several a day: it shows its time, too

    @property
    def date(self) -> str:
        """'Tuesday 3 March', or 'Tuesday 3 March, 14:05 Europe/Kyiv': it has no `next`, which names the zone."""
        return self.words.day_long(self.local.date()) + (f", {self.local:%H:%M} {self.zone}" if self.at_once else "")

    @property
    def date_short(self) -> str:
        """'Tue 3 Mar', or 'Tue 3 Mar 14:05'."""
        return self.words.day_short(self.local.date()) + (f" {self.local:%H:%M}" if self.at_once else "")

    @property
    def local(self) -> datetime:
        """Its hour in its zone."""
        return self.when.astimezone(self.zone)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished edition. `html` has its styles inlined and is at most MOST_BYTES long."""

    subject: str
    preheader: str
    html: str
    text: str
    contents: Contents


def render_edition(env: Environment, frame: Frame, compose: Callable[[int | None], Contents]) -> Rendered:
    """Render with as many stories as fit into MOST_BYTES; `compose(keep)` gives the contents with at most that many.

    Raises ConfigError when a template is wrong or larger than a mail may be with a single story.
    """
    whole = compose(None)
    rendered = _render(env, frame, whole)
    if size(rendered.html) <= MOST_BYTES:
        return rendered
    fits, too_many = 0, whole.stories
    best: Rendered | None = None
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        rendered = _render(env, frame, compose(middle))
        if size(rendered.html) <= MOST_BYTES:
            fits, best = middle, rendered
        else:
            too_many = middle
    if best is None:
        raise ConfigError([ConfigFault("digest.html", 1, 1, f"the mail is over {MOST_BYTES} bytes with one story")])
    return best


def size(html: str) -> int:
    """Bytes of the HTML as mailed, before its transfer encoding: what Gmail counts."""
    return len(html.encode())


def _render(env: Environment, frame: Frame, contents: Contents) -> Rendered:
    variables = variables_of(frame, contents)
    name = "alert" if frame.alert else "digest"
    html = _INLINER.inline(_EMPTY_LINES.sub("\n", render(env, f"{name}.html", variables)))
    text = _BLANK_LINES.sub("\n\n", render(env, f"{name}.txt", variables)).strip() + "\n"
    return Rendered(str(variables["subject"]), str(variables["preheader"]), html, text, contents)


def variables_of(frame: Frame, contents: Contents) -> Mapping[str, object]:
    """Every variable of the templates by name; docs/digest.md explains them."""
    return {
        "name": frame.name,
        "digest": frame.digest,
        "subject": subject(frame, contents),
        "preheader": preheader(frame, contents),
        "date": frame.date,
        "covers": frame.covers,
        "next": frame.next,
        "end": frame.words.end_now if frame.at_once else frame.words.end_today,
        "alert": frame.alert,
        "web_url": frame.web_url,
        "unsubscribe_url": frame.unsubscribe_url,
        "preferences_url": frame.preferences_url,
        "why": frame.why,
        "address": frame.address,
        "words": frame.words,
        "contents": contents,
    }


def subject(frame: Frame, contents: Contents) -> str:
    """The lead headline and the date: 'Kyiv gets new Patriots · Tue 3 Mar'; of an alert, its topic and the headline."""
    headline = contents.top[0].headline
    if frame.alert:
        return f"{cut(frame.alert, ALERT_TOPIC)}: {cut(headline, ALERT_HEADLINE)}"
    return f"{cut(headline, SUBJECT_HEADLINE)} · {frame.date_short}"


def preheader(frame: Frame, contents: Contents) -> str:
    """The second headline, the number of stories and the minutes to read; of an alert, how the story begins."""
    if frame.alert:
        return cut(contents.top[0].summary, ALERT_PREHEADER) or contents.top[0].outlet
    facts = [frame.words.stories(contents.stories), frame.words.minutes.format(n=contents.minutes)]
    second = contents.items[1:2]
    return " · ".join([*(cut(item.headline, PREHEADER_HEADLINE) for item in second), *facts])
