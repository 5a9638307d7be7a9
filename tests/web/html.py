"""Checks of an HTML page that need no browser: what a validator would say of pages like ours."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _words("area base br col embed hr img input link meta source track wbr")
_PHRASING_ONLY = _words("p h1 h2 h3 h4 h5 h6 dt span a bdi time small title")
_BLOCKS = _words("p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd div section article aside nav main header footer")
_PARENTS = {
    "li": {"ul", "ol"},
    "dt": {"div", "dl"},
    "dd": {"div", "dl"},
    "title": {"head"},
    "meta": {"head"},
    "link": {"head"},
}
_RAW_AMPERSAND = re.compile(r"&(?!(?:[a-zA-Z][a-zA-Z0-9]*|#[0-9]+|#x[0-9a-fA-F]+);)")


class Page(HTMLParser):
    """A parsed page: its tags in order, their attributes, and the faults found."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.headings: list[int] = []
        self._open: list[str] = []
        self._text: list[tuple[str, list[str]]] = []
        self.names: list[tuple[str, str, dict[str, str]]] = []  # (tag, text or label, attributes)
        self._named: list[tuple[str, dict[str, str], list[str]]] = []
        if not source.startswith("<!doctype html>\n"):
            self.faults.append("no doctype")
        if found := _RAW_AMPERSAND.search(source):
            self.faults.append(f"a raw ampersand: {source[found.start() : found.start() + 20]!r}")
        self.feed(source)
        self.close()
        self._finish()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        where = f"<{tag}> at line {self.getpos()[0]}"
        self.tags.append((tag, given))
        if len(given) != len(attrs):
            self.faults.append(f"an attribute twice in {where}")
        self.faults += [
            f"empty {name} in {where}" for name in ("href", "id", "lang", "content") if given.get(name) == ""
        ]
        parent = self._open[-1] if self._open else ""
        if tag in _BLOCKS and parent in _PHRASING_ONLY:
            self.faults.append(f"{where} inside <{parent}>")
        if tag in _PARENTS and parent not in _PARENTS[tag]:
            self.faults.append(f"{where} inside <{parent}>")
        if tag == "a" and "a" in self._open:
            self.faults.append(f"a link inside a link at line {self.getpos()[0]}")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self._open.append(tag)
        if tag in {"a", "h1", "h2", "h3", "title"}:
            self._named.append((tag, given, []))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> at line {self.getpos()[0]} closes <{self._open[-1] if self._open else ''}>")
            return
        self._open.pop()
        if self._named and self._named[-1][0] == tag:
            name, given, parts = self._named.pop()
            self.names.append((name, given.get("aria-label") or " ".join("".join(parts).split()), given))

    def handle_data(self, data: str) -> None:
        for _, _, parts in self._named:
            parts.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [given for name, given in self.tags if name == tag]

    def _finish(self) -> None:
        self.faults += [f"<{tag}> is never closed" for tag in self._open]
        ids = Counter(given["id"] for _, given in self.tags if "id" in given)
        self.faults += [f"id {name!r} stands {count} times" for name, count in ids.items() if count > 1]
        for _, given in self.tags:
            for name in ("aria-labelledby", "aria-describedby"):
                self.faults += [f"{name} names no id: {one}" for one in given.get(name, "").split() if one not in ids]
            target = given.get("href", "")
            if target.startswith("#") and target[1:] not in ids:
                self.faults.append(f"a link to nothing: {target}")
        self.faults += [f"<{tag}> without a name" for tag, text, _ in self.names if not text]
        if self.headings.count(1) != 1:
            self.faults.append(f"{self.headings.count(1)} headings of level 1")
        self.faults += [
            f"a heading of level {after} after one of level {before}"
            for before, after in zip(self.headings, self.headings[1:], strict=False)
            if after > before + 1
        ]
