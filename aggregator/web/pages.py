"""The pages that are made while the program runs, in the looks of the published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from aggregator.config.models import Config
from aggregator.publish.assemble import Stored, assemble
from aggregator.publish.pages import Chrome, chrome_of, page_bytes, sources_page
from aggregator.publish.source_rows import SourceRow
from aggregator.templating import environment

_NOTHING = Stored(
    feeds=(),
    entries=(),
    topic_entries={},
    stories=(),
    story_entries={},
    merged={},
    editions=(),
    edition_html=lambda _: "",
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A page that says one thing."""

    heading: str
    text: str


COMING = Notice(
    "The first poll is under way",
    "Feeds are being read and sorted. This page looks again by itself every few seconds.",
)
BROKEN = Notice("Something went wrong here", "The fault is ours and has been noted. Please try again in a while.")
BUSY = Notice("This can't be done at the moment", "Nothing was changed. Please try again in a minute.")
REFUSALS = {
    404: Notice(
        "There is nothing at this address", "The article may have aged out, or the address was copied only in part."
    ),
    403: Notice("This came from another site", "Please open the page here, and send the form from it."),
    405: Notice("This can't be done here", "This site can be read, and nothing else."),
    408: Notice("This did not arrive in time", "The connection may be too slow. Please send it once more."),
    413: Notice("This is too large", "What was sent is larger than any form of this site."),
}


def sources(config: Config, rows: Sequence[SourceRow], now: datetime) -> bytes:
    """The sources page with the polls of each feed."""
    env = environment(config.templates)
    return sources_page(_chrome(config), env, rows, checked_at=now)


def notice(config: Config, said: Notice, refresh: int | None = None) -> bytes:
    """A page that says one thing, at any address; `refresh` makes it load itself again after so many seconds."""
    variables = {"heading": said.heading, "text": said.text, "refresh": refresh}
    return page(config, "error.html", said.heading, variables)


def page(config: Config, template: str, title: str, variables: Mapping[str, object]) -> bytes:
    """A page at any address, with the variables of every page besides."""
    root = f"{urlsplit(config.site.url).path.rstrip('/')}/"
    chrome = _chrome(config)
    shared = chrome.variables("", root=root, title=f"{title} – {config.site.title}")
    elsewhere = {"nav": tuple(replace(link, current=False) for link in chrome.nav(""))}
    return page_bytes(environment(config.templates), template, shared | elsewhere | dict(variables))


def _chrome(config: Config) -> Chrome:
    return chrome_of(assemble(config, _NOTHING), environment(config.templates))
