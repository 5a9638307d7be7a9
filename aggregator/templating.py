"""Jinja2 as every page and mail is rendered with it: where templates come from, what they may do, and their filters.

A template of the user's folder wins over the shipped one of the same name, and can extend it as `shipped/<name>`.
Feed data reaches a template as variables only and is escaped everywhere but in plain text files. Templates run in
Jinja2's immutable sandbox: whoever copies a template from somewhere gets its looks, not its author's code.
"""

from __future__ import annotations

import traceback
import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, TemplateError
from jinja2 import TemplateNotFound as JinjaTemplateNotFound
from jinja2 import TemplateSyntaxError as JinjaTemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from aggregator.errors import ConfigError, ConfigFault
from aggregator.text.counts import plural

_UNESCAPED = (".txt", ".css")


def shipped_templates() -> Path:
    """The folder of the templates that come with the program: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


@lru_cache(maxsize=8)
def environment(user_folder: Path | None) -> Environment:
    """The environment that finds the user's templates first, then the shipped ones; an edited template is read anew.

    Undefined variables are errors, so that a slip in a template is found by the first render and not by a reader.
    """
    shipped = FileSystemLoader(shipped_templates())
    own = [FileSystemLoader(user_folder)] if user_folder else []
    made = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*own, shipped, PrefixLoader({"shipped": shipped})]),
        autoescape=lambda name: name is None or not name.endswith(_UNESCAPED),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(
        bdi=bdi,
        brief=brief,
        clock=clock,
        date=date,
        day=day,
        domain=domain,
        mark=mark,
        moment=moment,
        plural=plural,
        sentence=sentence,
        weblink=weblink,
    )
    return made


def render(env: Environment, name: str, variables: Mapping[str, object]) -> str:
    """The template `name` with `variables`. Raises ConfigError with the template's file and line."""
    try:
        return env.get_template(name).render(variables)
    except JinjaTemplateNotFound as error:
        raise ConfigError([_missing(env, name, error)]) from error
    except JinjaTemplateSyntaxError as error:
        fault = ConfigFault(error.filename or name, error.lineno, 1, error.message or "syntax error")
        raise ConfigError([fault]) from error
    except (TemplateError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
        raise ConfigError([_runtime_fault(env, name, error)]) from error


def static_file(env: Environment, name: str) -> bytes:
    """A file that is taken as it is (style.css), the user's before the shipped one. UTF-8."""
    assert env.loader is not None
    source, _, _ = env.loader.get_source(env, name)
    return source.encode()


def _missing(env: Environment, name: str, error: JinjaTemplateNotFound) -> ConfigFault:
    """A template that is not there, where another one extends or includes it."""
    if error.name == name:
        return ConfigFault(name, 1, 1, "there is no template of this name")
    place = _runtime_fault(env, name, error)
    return ConfigFault(place.path, place.line, place.column, f"there is no template {error.name!r}")


def _runtime_fault(env: Environment, name: str, error: Exception) -> ConfigFault:
    """Jinja2 gives the frames of a traceback the file and line of their template; the innermost one counts."""
    folders = (str(shipped_templates()), *_user_folders(env))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(folders)]
    message = f"{error}" if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    if not frames:
        return ConfigFault(name, 1, 1, message)
    return ConfigFault(frames[-1].filename, frames[-1].lineno or 1, 1, message)


def _user_folders(env: Environment) -> tuple[str, ...]:
    assert isinstance(env.loader, ChoiceLoader)
    loaders = (loader for loader in env.loader.loaders if isinstance(loader, FileSystemLoader))
    return tuple(folder for loader in loaders for folder in loader.searchpath)


def moment(when: datetime, zone: tzinfo) -> Markup:
    """`<time>` with day and minute in `zone`: '22 Nov 2026, 07:05'."""
    local = when.astimezone(zone)
    return _time_tag(local, f"{local.day} {local:%b %Y, %H:%M}")


def clock(when: datetime, zone: tzinfo) -> Markup:
    """`<time>` with the minute alone, for use under a heading that names the day: '07:05'."""
    local = when.astimezone(zone)
    return _time_tag(local, f"{local:%H:%M}")


def brief(when: datetime, zone: tzinfo, today: datetime) -> Markup:
    """`<time>` as short as it can be beside another day: '07:05' on the same one, else '21 Nov, 07:05'."""
    local, other = when.astimezone(zone), today.astimezone(zone)
    if local.date() == other.date():
        return clock(when, zone)
    return _time_tag(local, f"{local.day} {local:%b, %H:%M}") if local.year == other.year else moment(when, zone)


def day(when: datetime, zone: tzinfo) -> str:
    """The day in `zone`: 'Sunday, 22 November 2026'."""
    local = when.astimezone(zone)
    return f"{local:%A}, {local.day} {local:%B %Y}"


def date(iso: str) -> Markup:
    """`<time>` with the day that '2026-11-22' names: '22 Nov 2026'."""
    named = datetime.fromisoformat(iso)
    return Markup('<time datetime="{}">{}</time>').format(iso, f"{named.day} {named:%b %Y}")


def sentence(text: str) -> str:
    """With a capital at its beginning, unless it begins with the name of a host, which has none."""
    return text if "." in text.split(" ", 1)[0] else text[:1].upper() + text[1:]


def _time_tag(local: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="seconds"), text)


def domain(url: str | None) -> str:
    """The host of a web address without 'www.', as it stands in the address; '' when there is none."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:  # such as an unclosed [
        return ""
    return host.removeprefix("www.")


def weblink(url: str | None) -> str | None:
    """The address if it is an absolute http or https one, else None: never `javascript:` or `data:` in an href."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme.lower() in {"http", "https"} and parts.netloc else None


def bdi(text: str) -> Markup:
    """Text from elsewhere, isolated so that its writing direction can't disturb what stands around it."""
    return Markup("<bdi>{}</bdi>").format(text)


def mark(text: str, around: str) -> str:
    """A mark of the direction 'ltr' or 'rtl' that is `around` a text with letters of the other one, else ''.

    Put behind the text, it keeps figures that follow on their side where a mail program drops `<bdi>`.
    """
    other = {"L"} if around == "rtl" else {"R", "AL"}
    if not any(unicodedata.bidirectional(char) in other for char in text):
        return ""
    return "\u200f" if around == "rtl" else "\u200e"
