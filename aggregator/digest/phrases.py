"""The words of mails and of pages of subscriptions by language: `phrases('uk')` has all. English where unknown."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, tzinfo
from functools import cache

from aggregator.digest.languages import LANGUAGES
from aggregator.digest.languages.words import Words

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "dv", "ckb"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases(Words):
    """One language's words, put together: counts, dates and times."""

    language: str

    @property
    def direction(self) -> str:
        """'rtl' or 'ltr'."""
        return direction_of(self.language)

    def stories(self, count: int) -> str:
        """'1 story', '18 stories'."""
        return self.story_forms[self.plural(count)].format(count)

    def sources(self, count: int, origins: int = 0) -> str:
        """'1 source', '6 sources'; '9 sources, 2 origins' where copies make the `origins` fewer."""
        sources = self.source_forms[self.plural(count)].format(count)
        if not 0 < origins < count:
            return sources
        return self.copied.format(sources=sources, origins=self.origin_forms[self.plural(origins)].format(origins))

    def day_long(self, day: date) -> str:
        """'Tuesday 3 March'."""
        return self.long_date.format(
            weekday=self.weekdays[day.weekday()], day=day.day, month=self.months[day.month - 1]
        )

    def day_short(self, day: date) -> str:
        """'Tue 3 Mar'."""
        return self.short_date.format(
            weekday=self.weekdays_short[day.weekday()], day=day.day, month=self.months_short[day.month - 1]
        )

    def moment(self, when: datetime, issued: datetime) -> str:
        """'07:05', or 'Mon 2 Mar 22:10' of another day than the edition's; in the zone in which that is `issued`.

        Absolute, since a mail is read when it is read, and its copy on the web for years.
        """
        local = when.astimezone(issued.tzinfo)
        day = "" if local.date() == issued.date() else f"{self.day_short(local.date())} "
        return f"{day}{local:%H:%M}"

    def span(self, start: date, end: date) -> str:
        """'Fri–Mon', with dates where the days of the week alone would not say which."""
        if (end - start).days < 7:
            return f"{self.weekdays_short[start.weekday()]}–{self.weekdays_short[end.weekday()]}"
        return f"{self.day_short(start)} – {self.day_short(end)}"

    def hour(self, when: datetime, zone: tzinfo) -> str:
        """'Wed 07:00 Europe/Kyiv'."""
        local = when.astimezone(zone)
        return f"{self.weekdays_short[local.weekday()]} {local:%H:%M} {zone}"


def direction_of(language: str | None) -> str:
    """The direction in which a language is written: 'rtl' or 'ltr'."""
    primary = (language or "").replace("_", "-").split("-")[0].casefold()
    return "rtl" if primary in _RIGHT_TO_LEFT else "ltr"


def name_of(language: str) -> str:
    """What a language calls itself, as far as it is known here; its tag otherwise."""
    primary, _, region = language.replace("_", "-").partition("-")
    known = LANGUAGES.get(primary.casefold())
    return language if known is None else f"{known.name} ({region})" if region else known.name


@cache
def phrases(language: str) -> Phrases:
    """The phrases of a BCP 47 tag, those of English for a language that has none here."""
    primary = language.replace("_", "-").split("-")[0].casefold()
    code = primary if primary in LANGUAGES else "en"
    words = LANGUAGES[code]
    return Phrases(**{field.name: getattr(words, field.name) for field in fields(words)}, language=code)
