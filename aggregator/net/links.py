"""Link headers (RFC 8288): what an answer says of other addresses without a page. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

_MOST = 16_384  # characters of all values together
_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]+))?)*)")
_PARAMETER = re.compile(r";\s*([^\s=;,]+)\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))")


@dataclass(frozen=True, slots=True)
class Link:
    """`url` is absolute; `relations` and `type` are in lower case."""

    url: str
    relations: tuple[str, ...]
    type: str
    title: str


def parse_links(values: Iterable[str], base: str) -> Iterator[Link]:
    """The links of all Link headers of an answer from `base`, in their order."""
    for target, rest in _LINK.findall(",".join(values)[:_MOST]):
        parameters: dict[str, str] = {}
        for name, quoted, token in _PARAMETER.findall(rest):
            parameters.setdefault(name.lower(), quoted or token)  # section 3.3: the first one counts
        try:
            url = urljoin(base, target.strip())
        except ValueError:
            continue
        relations = tuple(parameters.get("rel", "").lower().split())
        yield Link(url, relations, parameters.get("type", "").lower(), parameters.get("title", ""))
