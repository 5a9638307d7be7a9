"""What a language has to say, and the rules of plurals (Unicode CLDR). Weekdays begin with Monday."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribing:
    """The words of the mails about a subscription and of its pages; what is filled in stands in braces."""

    confirm_subject: str  # {site}
    confirm_asked: str  # {digests} {site}
    confirm_open: str
    confirm_ends: str  # {days}
    manage_subject: str  # {site}
    manage_asked: str  # {site}
    manage_open: str
    manage_ignore: str
    welcome_subject: str  # {site}
    welcome_text: str  # {digests} {site}
    welcome_last: str
    subscribe: str
    subscribe_heading: str
    subscribe_text: str
    address: str
    newsletters: str
    no_address: str
    no_digest: str
    accepted: str
    accepted_text: str
    too_many: str
    too_many_text: str
    front_page: str
    confirm: str
    confirm_text: str  # {digests} {site} {address}
    confirm_button: str
    confirmed: str
    confirmed_text: str  # {address}
    choose: str
    unreachable: str
    unreachable_text: str
    unsubscribe_text: str  # {address} {digests} {site}
    unsubscribed: str
    unsubscribed_text: str  # {address}
    under_way: str
    mistake: str
    resumed: str
    resumed_text: str  # {address}
    settings: str
    saved: str
    nothing_chosen: str
    how_often: str
    as_it_happens: str
    daily: str
    weekly: str
    paused: str
    alerts: str
    alerts_text: str  # {topics}
    topics: str
    topics_hint: str
    hour: str
    as_usual: str  # {usual}
    timezone: str
    weekday: str
    story_language: str
    all_languages: str
    save: str
    leave: str
    not_subscribed: str
    subscribe_again: str
    data: str
    data_link: str
    erase_sure: str
    erase: str
    erased: str
    erased_text: str
    dead_link: str
    dead_link_text: str
    foreign_form: str
    foreign_form_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language. `{}` stands for what is filled in; plural forms are in the order of the language's rule."""

    name: str  # of the language, in itself
    plural: Callable[[int], int]
    weekdays: tuple[str, ...]  # Monday first
    weekdays_short: tuple[str, ...]
    months: tuple[str, ...]  # as they stand in a date
    months_short: tuple[str, ...]
    long_date: str  # {weekday} {day} {month}
    short_date: str
    view_in_browser: str
    in_this_issue: str
    top_stories: str
    other_stories: str
    of_total: str  # {shown} {total}
    also: str
    more: str  # {n}
    update: str
    all_on_web: str  # {topic} {n}
    end_today: str
    end_now: str
    next: str
    covers: str
    why: str  # {site}
    alert: str
    why_alert: str  # {site} {topic}
    preferences: str
    unsubscribe: str
    unsubscribe_subject: str
    story_forms: tuple[str, ...]
    source_forms: tuple[str, ...]
    origin_forms: tuple[str, ...]
    copied: str  # {sources} {origins}
    minutes: str
    subscribing: Subscribing


def each(names: str) -> tuple[str, ...]:
    """Names that stand with blanks between them."""
    return tuple(names.split())


def one(count: int) -> int:
    """1, other."""
    return 0 if count == 1 else 1


def none_or_one(count: int) -> int:
    """0 and 1, other."""
    return 0 if count <= 1 else 1


def _few(count: int) -> bool:
    return 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14


def polish(count: int) -> int:
    """1, few, other."""
    return 0 if count == 1 else 1 if _few(count) else 2


def slavic(count: int) -> int:
    """1 and 21, few, other."""
    if count % 10 == 1 and count % 100 != 11:
        return 0
    return 1 if _few(count) else 2


def arabic(count: int) -> int:
    """0, 1, 2, few, many, other."""
    if count <= 2:
        return count
    return 3 if 3 <= count % 100 <= 10 else 4 if count % 100 >= 11 else 5
