"""The words of a mail in ten languages."""

from __future__ import annotations

import string
from dataclasses import asdict
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from aggregator.digest.languages import LANGUAGES
from aggregator.digest.phrases import direction_of, name_of, phrases
from tests.digest.editions import rendered
from tests.digest.mailhtml import MailHtml
from tests.digest.sample import edition_of


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_language_says_everything_that_english_says(language: str) -> None:
    words, english = asdict(LANGUAGES[language]), asdict(LANGUAGES["en"])
    made = phrases(language)
    assert (len(made.weekdays), len(made.weekdays_short), len(made.months), len(made.months_short)) == (7, 7, 12, 12)
    for name, value in words.items():
        if isinstance(value, str):
            assert value and _fields(value) == _fields(str(english[name])), name


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_language_has_words_of_its_own_for_subscriptions(language: str) -> None:
    said, english = (asdict(LANGUAGES[one].subscribing) for one in (language, "en"))
    for name, text in said.items():
        assert text.strip() == text != "" and _fields(text) == _fields(english[name]), name
    same = {name for name in said if said[name] == english[name]} if language != "en" else set()
    assert same <= {"alerts"}, "left in English"


def test_languages_are_called_as_they_call_themselves() -> None:
    assert [name_of(tag) for tag in ("uk", "en-GB", "pt_BR", "tlh")] == [
        "українська",
        "English (GB)",
        "português (BR)",
        "tlh",
    ]


def _fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_whole_mail_can_be_written_in_it(language: str) -> None:
    mail = rendered(edition_of(12), language=language)
    html = MailHtml(mail.html)
    assert (html.root.get("lang"), html.root.get("dir")) == (language, direction_of(language))
    assert phrases(language).end_today in mail.text and phrases(language).end_today in mail.html


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_number_has_its_plural_form(language: str) -> None:
    made = phrases(language)
    used = {made.plural(number) for number in range(120)}
    assert used == set(range(len(made.story_forms))) == set(range(len(made.source_forms)))
    assert len(made.origin_forms) == len(made.source_forms)


def test_copies_are_told_in_words() -> None:
    assert phrases("en").sources(9, 9) == "9 sources"
    assert phrases("de").sources(9, 1) == "9 Quellen, 1 Ursprung"
    assert phrases("uk").sources(21, 2) == "21 джерело, 2 першоджерела"


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("en", 1, "1 story"),
        ("en", 18, "18 stories"),
        ("fr", 1, "1 sujet"),
        ("pl", 1, "1 wiadomość"),
        ("pl", 3, "3 wiadomości"),
        ("pl", 21, "21 wiadomości"),
        ("uk", 21, "21 новина"),
        ("uk", 22, "22 новини"),
        ("uk", 12, "12 новин"),
        ("ru", 11, "11 новостей"),
        ("ar", 2, "خبران"),
        ("ar", 5, "5 أخبار"),
        ("ar", 18, "18 خبرا"),
        ("ar", 100, "100 خبر"),
    ],
)
def test_numbers_of_stories(language: str, count: int, expected: str) -> None:
    assert phrases(language).stories(count) == expected


def test_the_region_of_a_language_does_not_matter_and_unknown_ones_are_english() -> None:
    assert phrases("de-AT") is not None and phrases("de-AT").language == "de"
    assert phrases("pt_BR").top_stories == "Destaques"
    assert phrases("tlh").language == "en"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Tuesday 3 March"),
        ("de", "Dienstag, 3. März"),
        ("uk", "вівторок, 3 березня"),
        ("es", "martes 3 de marzo"),
    ],
)
def test_dates_are_written_as_the_language_writes_them(language: str, expected: str) -> None:
    assert phrases(language).day_long(date(2026, 3, 3)) == expected


@pytest.mark.parametrize(
    ("when", "language", "expected"),
    [
        (datetime(2026, 3, 2, 22, 0, tzinfo=UTC), "en", "00:00"),
        (datetime(2026, 3, 3, 5, 5, tzinfo=UTC), "en", "07:05"),
        (datetime(2026, 3, 2, 21, 59, tzinfo=UTC), "en", "Mon 2 Mar 23:59"),
        (datetime(2026, 3, 2, 21, 59, tzinfo=UTC), "de", "Mo 2. März 23:59"),
        (datetime(2026, 3, 3, 22, 1, tzinfo=UTC), "uk", "ср 4 бер. 00:01"),
    ],
)
def test_times_name_the_day_where_it_is_not_the_editions(when: datetime, language: str, expected: str) -> None:
    assert phrases(language).moment(when, datetime(2026, 3, 3, 7, tzinfo=ZoneInfo("Europe/Kyiv"))) == expected


def test_spans_name_days_or_dates() -> None:
    words = phrases("en")
    assert words.span(date(2026, 3, 6), date(2026, 3, 9)) == "Fri–Mon"
    assert words.span(date(2026, 3, 2), date(2026, 3, 9)) == "Mon 2 Mar – Mon 9 Mar"


def test_hours_are_local() -> None:
    assert phrases("en").hour(datetime(2026, 3, 4, 5, tzinfo=UTC), ZoneInfo("Europe/Kyiv")) == "Wed 07:00 Europe/Kyiv"
