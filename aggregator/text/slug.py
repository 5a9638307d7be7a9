"""Names of topics and digests as parts of file names and URLs."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

MAX_BYTES = 80  # of UTF-8: file systems allow 255 for a name, and three bytes become nine characters of a URL

_NO_DECOMPOSITION = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\Z")


def slugify(name: str) -> str:
    """'Défense aérienne!' -> 'defense-aerienne'; other scripts stay, as no transliteration suits all.

    The result holds lower-case letters, marks, digits and single hyphens only, is never empty, about MAX_BYTES of
    UTF-8 at most, and never a name that a file system treats in its own way (`..`, `CON`).
    """
    kept = "".join(_letter_or_hyphen(char) for char in unicodedata.normalize("NFC", _fold(name)))
    slug = _cut(re.sub("-+", "-", kept).strip("-"))
    if not slug:
        return f"x-{_digest(name)}"
    return f"{slug}-{_digest(name)}" if _WINDOWS_DEVICE.match(slug) else slug


def unique_slugs(names: Iterable[str]) -> dict[str, str]:
    """Slugs for names that share a folder: of those with one slug the first keeps it, others get a hash."""
    slugs: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        slug = slugify(name)
        while slug in taken:
            slug = f"{slug}-{_digest(name)}"
        taken.add(slug)
        slugs[name] = slug
    return slugs


def _fold(name: str) -> str:
    """Lower case, compatibility forms resolved, accents of Latin letters dropped (й, ї and ё stay)."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_NO_DECOMPOSITION)
    return "".join(_without_accent(char) for char in unicodedata.normalize("NFC", folded))


def _without_accent(char: str) -> str:
    base = unicodedata.normalize("NFKD", char)
    return base[0] if base[0].isascii() else char


def _letter_or_hyphen(char: str) -> str:
    return char if unicodedata.category(char)[0] in "LMN" else "-"


def _cut(slug: str) -> str:
    return slug.encode()[:MAX_BYTES].decode(errors="ignore").rstrip("-")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
