"""Templates: the user's folder wins, feed text is escaped, faults name their file and line."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment

from aggregator import templating
from aggregator.errors import ConfigError

WHEN = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return templating.environment(tmp_path)


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_template_of_the_user_wins_over_the_shipped_one(env: Environment, tmp_path: Path) -> None:
    write(tmp_path, "style.css", "body { color: red }")
    assert templating.static_file(env, "style.css") == b"body { color: red }"
    assert templating.static_file(templating.environment(None), "style.css") != b"body { color: red }"


def test_template_of_the_user_can_extend_the_shipped_one(env: Environment, tmp_path: Path) -> None:
    write(tmp_path, "style.css", "{% include 'shipped/style.css' %}\nbody { color: red }")
    text = templating.render(env, "style.css", {})
    assert "prefers-color-scheme" in text
    assert text.endswith("body { color: red }")


def test_edited_template_is_read_anew(env: Environment, tmp_path: Path) -> None:
    write(tmp_path, "page.html", "{% include 'part.html' %}")
    for number, text in enumerate(("before", "after")):
        write(tmp_path, "part.html", text)
        os.utime(tmp_path / "part.html", (number, number))
        assert templating.render(templating.environment(tmp_path), "page.html", {}) == text


def test_feed_text_is_escaped_in_html_and_left_alone_in_plain_text(env: Environment, tmp_path: Path) -> None:
    for name in ("a.html", "a.html.j2", "a.txt"):
        write(tmp_path, name, "{{ title }}")
    variables = {"title": "<script>{{ 7 * 7 }}</script>"}
    assert templating.render(env, "a.html", variables) == "&lt;script&gt;{{ 7 * 7 }}&lt;/script&gt;"
    assert "&lt;script" in templating.render(env, "a.html.j2", variables)
    assert templating.render(env, "a.txt", variables) == "<script>{{ 7 * 7 }}</script>"


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("one\n{{ missing }}", 2, "missing"),
        ("one\ntwo\n{% if %}", 3, "Expected"),
        ("\n{{ 1 / 0 }}", 2, "division"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ titles.append(1) }}", 1, "'append'"),
        ("one\n{% include 'nowhere.html' %}", 2, "there is no template 'nowhere.html'"),
    ],
)
def test_fault_in_a_template_names_its_file_and_line(
    env: Environment, tmp_path: Path, source: str, line: int, words: str
) -> None:
    write(tmp_path, "page.html", source)
    with pytest.raises(ConfigError) as caught:
        templating.render(env, "page.html", {"titles": []})
    (fault,) = caught.value.faults
    assert fault.path == str(tmp_path / "page.html")
    assert fault.line == line
    assert words in fault.message


def test_fault_inside_an_included_template_names_that_template(env: Environment, tmp_path: Path) -> None:
    write(tmp_path, "page.html", "{% include 'part.html' %}")
    write(tmp_path, "part.html", "\n\n{{ nothing.here }}")
    with pytest.raises(ConfigError, match=r"part\.html:3:1: 'nothing' is undefined"):
        templating.render(env, "page.html", {})


def test_missing_template_is_reported_by_name(env: Environment) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.html.*no template of this name"):
        templating.render(env, "nowhere.html", {})


def test_times_are_shown_in_the_zone_that_is_asked_for() -> None:
    assert templating.moment(WHEN, KYIV) == ('<time datetime="2026-03-02T00:30:00+02:00">2 Mar 2026, 00:30</time>')
    assert templating.brief(WHEN, KYIV, WHEN) == '<time datetime="2026-03-02T00:30:00+02:00">00:30</time>'
    assert templating.brief(WHEN, KYIV, WHEN - timedelta(days=1)).endswith(">2 Mar, 00:30</time>")
    assert templating.brief(WHEN, KYIV, WHEN - timedelta(days=99)).endswith(">2 Mar 2026, 00:30</time>")
    assert templating.clock(WHEN, UTC) == '<time datetime="2026-03-01T22:30:00+00:00">22:30</time>'
    assert templating.day(WHEN, UTC) == "Sunday, 1 March 2026"
    assert templating.day(WHEN, KYIV) == "Monday, 2 March 2026"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.example.org/a", "example.org"),
        ("http://user:pw@News.Example.org:8080/", "news.example.org"),
        ("http://[::1", ""),
        (None, ""),
        ("mailto:a@b", ""),
    ],
)
def test_domain_is_the_host_without_www(url: str | None, host: str) -> None:
    assert templating.domain(url) == host


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "//evil",
        "/x",
        "http:x",
        "http://[::1",
    ],
)
def test_only_absolute_web_addresses_are_links(url: str | None) -> None:
    assert templating.weblink(url) is None
    assert templating.weblink("HTTPS://example.org/?a=1") == "HTTPS://example.org/?a=1"


def test_isolated_text_reads_well() -> None:
    assert templating.bdi("<b>\u202e") == "<bdi>&lt;b&gt;\u202e</bdi>"


@pytest.mark.parametrize(
    ("text", "around", "expected"),
    [
        ("Courier", "ltr", ""),
        ("صحيفة", "ltr", "\u200e"),
        ("Al-Manar صحيفة", "ltr", "\u200e"),
        ("صحيفة", "rtl", ""),
        ("Courier", "rtl", "\u200f"),
        ("24", "rtl", ""),
    ],
)
def test_figures_behind_a_name_in_another_direction_keep_their_side(text: str, around: str, expected: str) -> None:
    assert templating.mark(text, around) == expected


def test_day_that_is_written_as_a_date_is_shown_as_elsewhere() -> None:
    assert templating.date("2026-03-02") == '<time datetime="2026-03-02">2 Mar 2026</time>'


def test_sentence_begins_with_a_capital_but_for_the_name_of_a_host() -> None:
    assert templating.sentence("answers, but has had nothing new") == "Answers, but has had nothing new"
    assert templating.sentence("news.example asks for a pause (503)") == "news.example asks for a pause (503)"
    assert templating.sentence("") == ""
