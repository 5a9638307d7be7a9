"""What feedparser calls an element, and in which base URL and language it stands."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from feedparser.mixin import _FeedParserMixin
from feedparser.urls import _urljoin, make_safe_absolute_uri
from lxml.etree import _Element

from aggregator.text.addresses import with_scheme

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "{http://www.w3.org/XML/1998/namespace}"

_STANDARD = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()}
_DECLARATIONS = re.compile(rb"""xmlns:([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
# A plain absolute address, which joining with any base leaves as it is.
_ABSOLUTE = re.compile(r"https?://[A-Za-z0-9_.-]+(?::\d+)?(?:/[^\s?#;]*)?(?:\?[^\s#]+)?(?:#\S+)?")
# Attributes that feedparser takes by their local name, whatever their namespace.
_READ_ATTRIBUTES = frozenset({
    "href", "url", "uri", "rel", "type", "length", "term", "scheme", "domain", "label", "ispermalink", "text", "width",
    "medium", "filesize", "filetype", "src", "mode", "base", "lang", "about", "lastmod",
})  # fmt: skip


class Beyond(Exception):  # noqa: N818 - not an error: feedparser reads it
    """Something outside the proven set."""


class Scope(NamedTuple):
    """xml:base and xml:lang as they hold for an element's children."""

    base: str
    lang: str | None

    def inside(self, element: _Element) -> Scope:
        """The scope within an element, by feedparser's rules."""
        if not element.attrib:
            return self
        base, lang = element.get(f"{_XML}base"), element.get(f"{_XML}lang", self.lang)
        if base:
            base = (make_safe_absolute_uri(self.base, base) or self.base) if self.base else _urljoin("", base)
        return Scope(base or self.base, lang or None)

    def resolve(self, uri: str) -> str:
        """An address in this scope made absolute."""
        return uri if _ABSOLUTE.fullmatch(uri) else str(_urljoin(self.base, with_scheme(uri)))

    @property
    def language(self) -> str | None:
        return self.lang.replace("_", "-") if self.lang else None


class Names:
    """feedparser's names for the elements of one document."""

    def __init__(self, data: bytes) -> None:
        self._prefixes: dict[str, str] = {}
        for prefix, *uris in _DECLARATIONS.findall(data):
            uri = (uris[0] or uris[1]).decode()
            if self._prefixes.setdefault(prefix.decode(), uri) != uri:
                raise Beyond
        self._prefixes_of = Counter(self._prefixes.values())
        self._known: dict[tuple[str, str | None], str] = {}

    def of(self, element: _Element) -> str:
        """Such as 'title', 'dc:creator', 'media:content'."""
        key = (str(element.tag), element.prefix)
        name = self._known.get(key)
        if name is None:
            name = self._known[key] = self._name(*key)
        return name

    def _name(self, tag: str, declared: str | None) -> str:
        uri, _, local = tag.rpartition("}")
        uri = uri[1:]
        prefix = "" if "backend.userland.com/rss" in uri.lower() else _STANDARD.get(uri.lower())
        if prefix is None:
            # Of an unknown namespace feedparser takes the prefix, or none, and has handlers for that.
            prefix = declared or ""
            others = self._prefixes_of[uri] - (self._prefixes.get(prefix) == uri)
            if others or (prefix != prefix.lower() and prefix.lower() in self._prefixes):
                raise Beyond
        return f"{prefix}:{local}".lower() if prefix else local.lower()


def attributes_of(element: _Element) -> dict[str, str]:
    """Attributes as feedparser's handlers get them: by local names, these and `rel` and `type` in lower case."""
    found: dict[str, str] = {}
    for name, value in element.items():
        local = name.rpartition("}")[2].lower()
        if name[0] == "{" and local in _READ_ATTRIBUTES and not name.startswith((_XML, "{" + RDF)):
            raise Beyond
        if local in {"base", "lang"} and name[0] != "{":
            raise Beyond
        if local in found:
            raise Beyond
        found[local] = value.lower() if local in {"rel", "type"} else value
    return found


@lru_cache(maxsize=4096)
def has_handler(name: str) -> bool:
    """Whether feedparser does something of its own with elements of this name."""
    method = name.replace(":", "_")
    return hasattr(_FeedParserMixin, f"_start_{method}") or hasattr(_FeedParserMixin, f"_end_{method}")
