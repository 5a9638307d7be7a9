"""Each rule of 'The message' that concerns HTML and text, checked by a program on editions of every kind."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from jinja2 import meta

from aggregator.digest.contents import Also, Contents, Item, Section
from aggregator.digest.edition import Candidate
from aggregator.digest.phrases import phrases
from aggregator.digest.render import MOST_BYTES, Rendered, render_edition, size, variables_of
from aggregator.errors import ConfigError
from aggregator.templating import environment
from aggregator.text.lines import cut
from tests.digest.editions import HOSTILE, frame, hostile, large, real, rendered
from tests.digest.mailhtml import MailHtml, contrast, inverted
from tests.digest.sample import AIR, FEEDS, edition_of, entry, story

KINDS = ("ordinary", "one", "many", "large", "hostile", "update", "real")
FORBIDDEN_TAGS = {"script", "form", "input", "iframe", "object", "embed", "link", "video", "audio", "svg", "base"}
FORBIDDEN_CSS = re.compile(r"\b(?:display:\s*(?:flex|grid)|position:|float:|url\(|expression|@import|behavior)", re.I)
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069\u2028\u2029\x00-\x08\x0b-\x1f]")


@cache
def edition(kind: str) -> Rendered:
    if kind == "large":
        return rendered(large(), stories=100)
    if kind == "real":
        return rendered(real(), stories=60)
    if kind == "update":
        return rendered([*edition_of(9), _update()], shown=[900])
    stories = {"ordinary": edition_of(25), "one": edition_of(1), "many": edition_of(100), "hostile": hostile()}[kind]
    return rendered(stories, stories=100 if kind == "many" else 20)


def _update() -> Candidate:
    told = entry(900, "Bridge closed", "A blast closed the bridge.", hours=30)
    news = entry(901, "One lane to reopen", "Engineers expect to reopen one lane within two weeks.", feed=3, hours=1)
    return story(90, [told, news], AIR)


@pytest.fixture(params=KINDS)
def mail(request: pytest.FixtureRequest) -> Rendered:
    return edition(request.param)


@pytest.fixture
def html(mail: Rendered) -> MailHtml:
    return MailHtml(mail.html)


def test_it_is_at_most_90_kb_and_has_its_footer(mail: Rendered) -> None:
    assert size(mail.html) <= MOST_BYTES == 90_000
    assert "Unsubscribe" in mail.html and "12 Example Street" in mail.html
    assert "That is everything for today." in mail.html and "Unsubscribe: mailto:" in mail.text


def test_it_has_doctype_language_direction_charset_and_title(mail: Rendered, html: MailHtml) -> None:
    assert mail.html.startswith("<!DOCTYPE html>")
    assert (html.root.get("lang"), html.root.get("dir")) == ("en", "ltr")
    assert 'content="text/html; charset=utf-8"' in mail.html[:300]
    assert html.root.findtext(".//title") == mail.subject


def test_tables_are_for_layout_only(html: MailHtml) -> None:
    assert {table.get("role") for table in html.root.iter("table")} == {"presentation"}


def test_headings_go_down_one_level_at_a_time(html: MailHtml) -> None:
    levels = [int(tag[1]) for tag in html.tags() if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert set(levels) == {1, 2, 3}
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_each_link_has_a_text_of_its_own(html: MailHtml) -> None:
    texts = [text.casefold() for text, _ in html.links()]
    assert all(texts)
    assert len(set(texts)) == len(texts)


def test_links_lead_to_the_web_or_write_a_mail(html: MailHtml) -> None:
    assert {address.split(":")[0] for _, address in html.links()} <= {"http", "https", "mailto"}


@pytest.mark.parametrize("kind", ["ordinary", "real"])
def test_no_link_is_rewritten_and_nothing_counts_who_reads(kind: str) -> None:
    told = {one.url for candidate in (real() if kind == "real" else edition_of(25)) for one in candidate.entries}
    html = MailHtml(edition(kind).html)
    ours = ("https://news.example.org/", "mailto:editor@example.org")
    assert {address for _, address in html.links() if not address.startswith(ours)} <= told
    assert "img" not in html.tags() and "background=" not in html.source


def test_the_text_has_the_same_stories_order_and_links(mail: Rendered, html: MailHtml) -> None:
    in_text = re.findall(r"(?:https?://|mailto:)\S+", mail.text)
    links = [address for _, address in html.links()]
    assert [one for one in in_text if one in links] == links  # a summary may name addresses of its own
    flat = " ".join(mail.text.split())
    places = [flat.find(" ".join(item.headline.split())[:60]) for item in mail.contents.items]
    assert -1 not in places and places == sorted(places)


def test_nothing_runs_loads_or_floats(mail: Rendered, html: MailHtml) -> None:
    assert not FORBIDDEN_TAGS & set(html.tags())
    assert not FORBIDDEN_CSS.search(mail.html)
    assert not [name for one in html.root.iter() for name in one.attrib if str(name).lower().startswith("on")]


def test_styles_are_small_flat_and_dark_ones_win(html: MailHtml) -> None:
    assert len(html.style.encode()) <= 16_000
    depth = 0
    for token in re.findall(r"[@{}]", html.style):
        assert not (token == "@" and depth), "an at-rule inside another"
        depth += {"{": 1, "}": -1, "@": 0}[token]
    dark = html.style[html.style.index("prefers-color-scheme: dark") :]
    declarations = re.findall(r"[\w-]+: [^;{}]+;", dark)
    assert declarations and all(one.endswith("!important;") for one in declarations)


@pytest.mark.parametrize("mode", ["light", "dark", "inverted"])
def test_every_text_is_readable(html: MailHtml, mode: str) -> None:
    texts = list(html.texts())
    assert len(texts) > 10
    for text in texts:
        colour, background = text.colours["dark" if mode == "dark" else "light"]
        if mode == "inverted":
            colour, background = inverted(colour), inverted(background)
        assert contrast(colour, background) >= 4.5, (text.text, colour, background)


def test_text_of_feeds_is_isolated(mail: Rendered, html: MailHtml) -> None:
    isolated = {" ".join(str(one.text_content()).split()) for one in html.root.iter("bdi")}
    for item in mail.contents.items:
        assert {item.headline, item.outlet} <= isolated
        assert not item.summary or item.summary in isolated


def test_lines_of_the_text_are_short_but_for_addresses(mail: Rendered) -> None:
    assert [
        line for line in mail.text.splitlines() if len(line) > 80 and "://" not in line and "mailto:" not in line
    ] == []


def test_no_control_character_reaches_the_reader(mail: Rendered) -> None:
    for text in (mail.subject, mail.preheader, mail.html, mail.text):
        assert not BIDI_CONTROLS.search(text)
        text.encode("utf-8")


def test_the_subject_is_the_lead_headline_and_the_date(mail: Rendered) -> None:
    headline, day = mail.subject.rsplit(" · ", 1)
    assert day == "Tue 3 Mar"
    assert len(headline) <= 50
    assert mail.contents.top[0].headline.startswith(headline.removesuffix("…"))


def test_the_preheader_tells_the_second_headline_and_how_much_there_is(mail: Rendered) -> None:
    facts = "1 story" if mail.contents.stories == 1 else f"{mail.contents.stories} stories"
    assert mail.preheader.endswith(f"{facts} · {mail.contents.minutes} min")
    if mail.contents.stories > 1:
        assert mail.preheader.startswith(cut(mail.contents.items[1].headline, 70))


def test_the_same_data_is_the_same_bytes(mail: Rendered) -> None:
    again = rendered(edition_of(25))
    assert (again.html, again.text) == (edition("ordinary").html, edition("ordinary").text)


def test_a_template_in_a_title_stays_a_title() -> None:
    assert "{{ 7 * 7 }}" in edition("hostile").text
    assert "alert(1)</script>" not in edition("hostile").html


def test_right_to_left_stories_are_set_right_to_left() -> None:
    html = MailHtml(edition("ordinary").html)
    (cell,) = [one for one in html.root.iter("td") if one.get("lang") == "ar"]
    assert cell.get("dir") == "rtl"


def test_an_update_is_marked() -> None:
    mail = edition("update")
    (item,) = [item for item in mail.contents.items if item.update]
    assert f"[Update] {item.headline}" in mail.text
    assert item.summary == "Engineers expect to reopen one lane within two weeks."
    assert mail.html.count('<span class="update"') == 1


def test_times_are_as_true_in_the_archive_as_in_the_mail() -> None:
    mail = rendered([story(n, [entry(n, f"Headline {n}", hours=hours)], AIR) for n, hours in ((90, 3), (91, 8))])
    assert [item.time for item in mail.contents.items] == ["04:00", "Mon 2 Mar 23:00"]
    for one, space in ((mail.html, "&nbsp;"), (mail.text, " ")):
        assert f"{space}· 04:00" in one
        assert f"{space}· Mon 2 Mar 23:00" in one


def test_no_line_of_a_narrow_mail_begins_with_the_dot_between_two_things() -> None:
    _, body = edition("ordinary").html.split("</head>")
    visible = body[body.index('class="date"') :]
    assert visible.count("&nbsp;·") > 5
    assert visible.count("&nbsp;·") == visible.count("·")


def test_mail_without_a_next_one_names_the_zone_of_its_times() -> None:
    assert frame("en", at_once=True).date == "Tuesday 3 March, 07:00 Europe/Kyiv"
    assert frame("en").date == "Tuesday 3 March"


def test_copies_of_one_text_are_told_from_sources_of_their_own() -> None:
    texts = [entry(n, "Bridge closed", "A blast closed the bridge.", feed=n) for n in range(1, 6)]
    copied = rendered([story(90, texts, AIR, origins=2), story(91, [entry(9, "Another", feed=2)], AIR, origins=1)])
    for one in (copied.html, copied.text):
        assert "5 sources, 2 origins" in one
    assert "4 sources" in edition("ordinary").text and "4 sources," not in edition("ordinary").text


def test_figures_stay_behind_an_outlet_written_from_right_to_left_where_bdi_is_dropped() -> None:
    feeds = FEEDS | {5: replace(FEEDS[5], outlet="صحيفة المنارة")}
    mail = rendered([story(90, [entry(9, "الدفاع الجوي", "نص.", feed=5, language="ar")], AIR)], feeds=feeds)
    assert "صحيفة المنارة</bdi>\u200e&nbsp;· 04:00" in mail.html
    assert "صحيفة المنارة\u200e · 04:00" in mail.text


def test_a_topic_told_whole_has_one_number_and_one_told_in_part_has_two() -> None:
    whole, part = edition("ordinary"), rendered(edition_of(60), stories=20)
    numbers = {section.name: (section.shown, section.total) for section in whole.contents.sections}
    assert any(shown == total for shown, total in numbers.values())
    for mail in (whole, part):
        for section in mail.contents.sections:
            if section.stories:
                number = f"{section.shown}" if section.shown == section.total else f"{section.shown} of {section.total}"
                assert f"{section.name.upper()} ({number})" in mail.text


def test_a_mail_that_would_be_too_large_loses_its_least_important_stories() -> None:
    mail = edition("large")
    assert 3 < mail.contents.stories < 100
    assert size(mail.html) > MOST_BYTES * 0.8


def test_hostile_titles_all_arrive_as_text() -> None:
    assert edition("hostile").contents.stories == len(HOSTILE)


def test_a_folder_of_the_user_wins_over_the_shipped_templates(tmp_path: Path) -> None:
    (tmp_path / "digest.txt").write_text("{{ digest }}: {{ contents.stories }}\n", encoding="utf-8")
    contents = edition("ordinary").contents
    mine = render_edition(environment(tmp_path), frame(), lambda keep: contents)
    assert mine.text == f"Morning briefing: {contents.stories}\n"
    assert mine.html == edition("ordinary").html


def test_a_template_can_change_one_block_of_the_shipped_one(tmp_path: Path) -> None:
    own = '{% extends "shipped/digest.html" %}{% block end %}<tr><td>Over and out</td></tr>{% endblock %}'
    (tmp_path / "digest.html").write_text(own, encoding="utf-8")
    contents = edition("ordinary").contents
    mine = render_edition(environment(tmp_path), frame(), lambda keep: contents)
    assert "Over and out" in mine.html and "That is everything" not in mine.html
    assert contents.items[-1].headline in mine.html and "12 Example Street" in mine.html


def test_a_template_that_is_too_large_by_itself_is_reported(tmp_path: Path) -> None:
    (tmp_path / "digest.html").write_text("<p>" + "x" * MOST_BYTES, encoding="utf-8")
    contents = edition("ordinary").contents
    with pytest.raises(ConfigError, match="over 90000 bytes"):
        render_edition(environment(tmp_path), frame(), lambda keep: contents)


def tables(page: str) -> list[set[str]]:
    """The names in the first column of each table of a page of docs/."""
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    found = re.findall(r"^\| (?:Variable|Field) \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [
        {name for row in table.splitlines() for name in re.findall("`([a-z_]+)`", row.split("|")[1])} for table in found
    ]


def test_the_variables_of_the_documentation_are_those_that_templates_get() -> None:
    variables, section, item = tables("digest.md")
    assert variables == set(variables_of(frame(), edition("ordinary").contents))
    assert section == {field.name for field in fields(Section)}
    assert item == {field.name for field in fields(Item)}
    page = (Path(__file__).parents[2] / "docs/digest.md").read_text(encoding="utf-8")
    assert [field.name for kind in (Also, Contents) for field in fields(kind) if f"`{field.name}`" not in page] == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_language_and_direction_survive_where_a_mail_program_keeps_the_body_alone(language: str) -> None:
    (main,) = MailHtml(rendered(edition_of(3), language=language).html).root.xpath("//*[@role='main']")
    assert (main.get("lang"), main.get("dir")) == (language, "rtl" if language == "ar" else "ltr")


@pytest.mark.parametrize("name", ["confirm.txt", "manage.txt", "welcome.txt"])
def test_letters_have_short_lines_and_their_variables_are_documented(name: str) -> None:
    env = environment(None)
    assert env.loader
    source = env.loader.get_source(env, name)[0]
    long = {"name": "Watch " * 30, "digests": ["Morning briefing"] * 9, "url": "u", "days": 3, "address": ""}
    more = {"words": phrases("de"), "coming": (), "site_url": "s", "unsubscribe_url": "v"}
    letter = env.get_template(name).render(long | more).splitlines()[1:]
    assert max(len(line) for line in letter if not line.startswith("Watch ")) <= 80
    used = meta.find_undeclared_variables(env.parse(source))
    assert any(used <= names for names in tables("subscribers.md"))
