"""docs/pages.md knows every variable, field, filter and metric."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import Environment, meta

from aggregator import templating
from aggregator.config.models import SiteConfig
from aggregator.publish import cards, pages, source_rows
from aggregator.publish.view import FeedPaths
from aggregator.store.health import Facts
from aggregator.web import health
from aggregator.web.files import CACHE_BYTES

DOCS = (Path(__file__).parents[2] / "docs/pages.md").read_text(encoding="utf-8")
ENV = templating.environment(None)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
COMMON = {"site", "root", "style", "nav", "page", "opml", "digests"}


def words_in(section: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", section))


def section(title: str) -> str:
    """What stands under a bold title, up to the next one."""
    found = re.search(rf"^\*\*{re.escape(title)}\*\*$(.*?)(?=^\*\*|\Z)", DOCS, re.MULTILINE | re.DOTALL)
    assert found, f"docs/pages.md has nothing about {title}"
    return found[1]


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "topic.html",
        "story.html",
        "sources.html",
        "editions.html",
        "error.html",
        "subscribe.html",
        "confirm.html",
        "unsubscribe.html",
        "preferences.html",
        "erased.html",
        "refused.html",
    ],
)
def test_every_variable_of_a_template_is_documented_under_its_name(name: str) -> None:
    assert ENV.loader is not None
    source = ENV.loader.get_source(ENV, name)[0]
    used = meta.find_undeclared_variables(ENV.parse(source)) - {"parts", "option", "say"}
    assert used - COMMON <= words_in(section(name))


def test_variables_of_every_page_are_documented() -> None:
    chrome = pages.Chrome(SiteConfig(), (), (), "sources.opml", "style.css")
    assert set(chrome.variables("")) == COMMON <= words_in(section("Every page"))


@pytest.mark.parametrize(
    "kind",
    [
        cards.Card,
        cards.Version,
        cards.Day,
        cards.Section,
        cards.FrontPage,
        pages.NavLink,
        pages.Page,
        source_rows.SourceRow,
        source_rows.Polls,
        FeedPaths,
    ],
)
def test_every_field_that_templates_get_is_documented(kind: type) -> None:
    names = {field.name for field in fields(kind)}
    assert names <= words_in(DOCS[DOCS.index("### Variables") :])


def test_every_filter_is_documented() -> None:
    own = set(ENV.filters) - set(Environment().filters)
    listed = set(re.findall(r"^\| `\w+ \\\| (\w+)", DOCS, re.MULTILINE))
    assert listed == own


def test_every_metric_is_documented_and_no_other() -> None:
    facts = Facts(
        feeds={"ok": 1},
        entries=1,
        dropped=1,
        ungrouped=1,
        due=1,
        due_since=NOW,
        last_poll=NOW,
        last_edition=NOW,
        deliveries={"sent": 1},
    )
    report = health.Report(now=NOW, started=NOW, facts=facts, published=NOW)
    text = health.metrics(report).decode()
    given = set(re.findall(r"^(aggregator_\w+)", text, re.MULTILINE))
    assert given == set(re.findall(r"^\| `(aggregator_\w+)", DOCS, re.MULTILINE))
    assert set(health.as_json(report)) - {"status"} <= words_in(DOCS)


def test_limits_in_the_docs_are_those_of_the_program() -> None:
    assert f"{CACHE_BYTES // 1024**2} MB at most" in DOCS
    assert f"cut at {cards.TITLE_CHARACTERS} characters" in DOCS
    assert f"more than {cards.FRESH.seconds // 60} minutes after its leading one" in " ".join(DOCS.split())
