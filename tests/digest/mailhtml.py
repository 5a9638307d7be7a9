"""Reads a mail's HTML as a mail program would: colours in light, dark and inverted, links, tags, what is forbidden."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import lxml.html
from lxml.etree import _Element

_DARK = re.compile(r"@media \(prefers-color-scheme: dark\) \{(.*?)\n\}", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HEX = re.compile(r"#([0-9a-f]{6})\b")


@dataclass(frozen=True)
class Text:
    """A piece of text that a reader sees, with its colours: 'light' or 'dark' -> (text, background)."""

    text: str
    colours: dict[str, tuple[str, str]]


class MailHtml:
    """A parsed mail."""

    def __init__(self, html: str) -> None:
        self.source = html
        self.root = lxml.html.document_fromstring(html)
        self.style = "".join(str(one.text_content()) for one in self.root.iter("style"))
        dark = _DARK.search(self.style)
        self._dark = [
            (selector.strip(), _declarations(body))
            for selectors, body in _RULE.findall(dark[1] if dark else "")
            for selector in selectors.split(",")
        ]

    def links(self) -> list[tuple[str, str]]:
        """(text, address) of each link in order."""
        return [(" ".join(str(a.text_content()).split()), str(a.get("href"))) for a in self.root.iter("a")]

    def tags(self) -> list[str]:
        """Every tag's name in order."""
        return [str(one.tag) for one in self.root.iter() if isinstance(one.tag, str)]

    def texts(self) -> Iterator[Text]:
        """Every visible text."""
        body = self.root.find("body")
        assert body is not None
        for element in body.iter():
            for owner, text in ((element, element.text), (element.getparent(), element.tail)):
                if text and text.strip() and owner is not None and not self._hidden(owner):
                    yield Text(text.strip(), {mode: self._colours(owner, mode) for mode in ("light", "dark")})

    def _hidden(self, element: _Element) -> bool:
        chain = [element, *element.iterancestors()]
        return any("display: none" in (one.get("style") or "") for one in chain)

    def _colours(self, element: _Element, mode: str) -> tuple[str, str]:
        chain = [element, *element.iterancestors()]
        found = [self._own(one, mode) for one in chain]
        colour = next(style["color"] for style in found if "color" in style)
        background = next(style["background-color"] for style in found if "background-color" in style)
        return colour, background

    def _own(self, element: _Element, mode: str) -> dict[str, str]:
        style = _declarations(element.get("style") or "")
        if mode == "dark":
            classes = {f".{name}" for name in (element.get("class") or "").split()} | {str(element.tag)}
            for selector, declarations in self._dark:
                if selector in classes:
                    style |= {name: value.removesuffix(" !important") for name, value in declarations.items()}
        return style


def _declarations(body: str) -> dict[str, str]:
    pairs = (line.split(":", 1) for line in body.split(";") if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two #rrggbb colours."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def inverted(colour: str) -> str:
    """The colour as clients that turn everything around show it."""
    match = _HEX.fullmatch(colour)
    assert match, colour
    return f"#{0xFFFFFF - int(match[1], 16):06x}"


def _luminance(colour: str) -> float:
    match = _HEX.fullmatch(colour)
    assert match, colour
    parts = [int(match[1][at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
