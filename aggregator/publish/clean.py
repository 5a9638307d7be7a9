"""Values out of feeds made fit for XML 1.0, JSON and the rules of the formats; what can't be made fit is left out.

The rules are those of the W3C feed validator where a specification is silent.
"""

from __future__ import annotations

import html
import mimetypes
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from yarl import URL

from aggregator.config.values import LANGUAGE_CODES
from aggregator.text.addresses import holds_secret
from aggregator.text.html import to_text

FIRST_PLAUSIBLE = datetime(1990, 1, 1, tzinfo=UTC)  # no feed and no web page is older: such a date is a fault

# All but XML 1.0 section 2.2 without what it discourages (C1 controls, noncharacters), without the mark of lost text
# (U+FFFD) and without what turns the text after it round (U+202D, U+202E).
_UNFIT = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u202c\u202f-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffc\U00010000-\U0010ffff]"
)
_URI = re.compile(
    r"https?://[0-9A-Za-z.\-]+(?::[0-9]{1,4})?(?:[/?#](?:[0-9A-Za-z;/?:@&=+$.\-_!~*'(),]|%[0-9A-Fa-f]{2})*)?"
)
_URI_FRAGMENT = re.compile(r"(?:[0-9A-Za-z;/?:@&=+$.\-_!~*'(),]|%[0-9A-Fa-f]{2})*")
_HOST = re.compile(r"[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
_PUBLIC_HOST = re.compile(r"https?://[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)+(?:[:/?#]|\Z)")
_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:-[A-Za-z0-9]{1,8})*")
_EMAIL = re.compile(r"[A-Za-z0-9_\-+.'!#$%&*/=?^`{|}~]+@(?:[A-Za-z0-9\-]+\.)+[A-Za-z0-9][A-Za-z0-9\-]*")
_TOKEN = r"[A-Za-z0-9!#$&^_.+\-]+"  # noqa: S105 - RFC 6838 section 4.2
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}")
_LOOKS_LIKE_MARKUP = re.compile(r"<[A-Za-z/!?]")
_NO_BRACKETS = str.maketrans("<>&", "   ")
_MEDIA_TYPES = mimetypes.MimeTypes()  # the table that comes with Python, not the machine's: the same bytes everywhere


def text(value: str) -> str:
    """Without the characters that an output can't hold."""
    return _UNFIT.sub("", value)


def line(value: str) -> str:
    """Text on one line, with single spaces."""
    return " ".join(text(value).split())


def looks_like_markup(value: str) -> bool:
    """Whether a reader that takes plain text for HTML would show something else than what is written."""
    return bool(_LOOKS_LIKE_MARKUP.search(value)) or html.unescape(value) != value


def plain(value: str) -> str:
    """A name without markup and '<mail@address>', for places where no format can say that it is plain text."""
    cleaned = line(value)
    if looks_like_markup(cleaned):
        cleaned = line(to_text(cleaned))
    return line(cleaned.translate(_NO_BRACKETS)) if looks_like_markup(cleaned) else cleaned


def web_url(value: str | None) -> str | None:
    """An absolute http(s) address in ASCII (RFC 3986) without user and password, or None; a valid one is kept."""
    if not value:
        return None
    address, _, fragment = value.partition("#")
    if _URI.fullmatch(address) and _URI_FRAGMENT.fullmatch(fragment):
        return value
    try:
        url = URL(text(value).strip())
        if url.scheme not in ("http", "https") or not url.raw_host:
            return None
        made = str(url.with_user(None))
    except (ValueError, UnicodeError):
        return None
    return made if _HOST.fullmatch(_bracketed(url.raw_host)) else None


def feed_url(value: str | None) -> str | None:
    """As web_url, for the address of a feed that is polled: None where it lets in whoever knows it."""
    return None if value and holds_secret(value) else web_url(value)


def public_host(url: str) -> bool:
    """Whether the host of a web address is a name with a dot or an IPv4 address: others mean nothing elsewhere."""
    return bool(_PUBLIC_HOST.match(url))


def canonical_url(value: str) -> str | None:
    """The one spelling of an address among its equivalents (RFC 3986 section 6), for an id; None as in web_url."""
    address = web_url(value)
    if address is None:
        return None
    parts = urlsplit(str(URL(address)))
    return parts._replace(path=parts.path or "/").geturl()


def language(value: str | None) -> str | None:
    """A language tag (BCP 47) that starts with a code of ISO 639-1, or None; en_GB becomes en-GB."""
    tag = (value or "").strip().replace("_", "-")
    found = _LANGUAGE.fullmatch(tag)
    return tag if found and found[1].lower() in LANGUAGE_CODES else None


def email(value: str | None) -> str | None:
    """An address of the common form, or None."""
    return value if value and _EMAIL.fullmatch(value) else None


def media_type(value: str | None, url: str) -> str:
    """The media type without parameters; guessed by the address where it is missing or malformed."""
    given = (value or "").partition(";")[0].strip().lower()
    if _MEDIA_TYPE.fullmatch(given):
        return given
    return _MEDIA_TYPES.guess_type(URL(url).path)[0] or "application/octet-stream"


def moment(value: datetime | None) -> datetime | None:
    """A date that can be true, or None."""
    return value if value is not None and value >= FIRST_PLAUSIBLE else None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
