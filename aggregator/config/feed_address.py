"""A feed's address whose secrets come from the environment: `https://a.example/feed?key=${TOKEN}`.

What ${NAME} stands for is filled in where the feed is asked, and nowhere else. Stored, shown and logged is the address
as it stands in feeds.yaml, so another value of the variable is still the same feed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import quote

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema

_LEAST_SECRET = 4  # characters; a shorter value stands in many texts by chance
_BEFORE_PATH = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


class Filled(str):
    """A text of feeds.yaml with its variables filled in. `written` still has them as ${NAME}; `variables` by name."""

    written: str
    variables: Mapping[str, str]

    def __new__(cls, text: str, written: str, variables: Mapping[str, str]) -> Self:
        made = super().__new__(cls, text)
        made.written, made.variables = written, variables
        return made


class FeedAddress(str):
    """The feed's identity. Variables of the path and query stay as written; those of the host are filled in."""

    variables: Mapping[str, str]

    def __new__(cls, text: str) -> Self:
        made = super().__new__(cls, identity(text))
        used = text.variables if isinstance(text, Filled) else {}
        made.variables = {name: value for name, value in used.items() if f"${{{name}}}" in made}
        return made

    def reveal(self, text: str) -> str:
        """With what the variables stand for: for the wire alone."""
        for name, value in self.variables.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    def conceal(self, text: str) -> str:
        """A text that others wrote, with ${NAME} for what the variable stands for, however a URL may spell it."""
        for name, value in sorted(self.variables.items(), key=lambda item: -len(item[1])):
            if len(value) >= _LEAST_SECRET:
                for spelling in dict.fromkeys((value, quote(value, safe="!$&'()*+,;=:@/?%"), quote(value, safe=""))):
                    text = text.replace(spelling, f"${{{name}}}")
        return text

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(str)


def identity(text: str) -> str:
    """By what a feed is known: its address with ${NAME} in path and query; any other text as it is."""
    if not isinstance(text, Filled) or text.startswith("file:"):
        return str(text)
    filled, written = _BEFORE_PATH.match(text), _BEFORE_PATH.match(text.written)
    if filled is None or written is None:
        return text.written if filled else str(text)
    return filled[0] + text.written[written.end() :]
