"""What an address tells by itself: who answers for it, and what in it is not for others' eyes. Pure.

A host here is all that one operator answers for: the registrable domain (Public Suffix List, ICANN part). Addresses and
names without a public suffix, such as localhost, are told apart by their port.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_MOST_SHOWN = 500
_USER = re.compile(r"^([^/?#]*//)[^/?#]*@")
_WITHOUT_SCHEME = re.compile(r"www\.(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?=[/:?#]|$)", re.IGNORECASE)
_SECRET_PART = re.compile(
    r"([?&;](?:[\w.\[\]-]*(?:key|token|secret|passw(?:or)?d|passwd|pwd|auth|signature|credentials?)|(?:[\w.-]+[_.-])?(?:sig|sid))\]?=)"
    r"[^&;#]+",
    re.IGNORECASE,
)


def with_scheme(url: str) -> str:
    """`www.example.org/x`, by the letter a relative address, is meant for an absolute one."""
    return f"http://{url.lstrip()}" if _WITHOUT_SCHEME.match(url.lstrip()) else url


@lru_cache(maxsize=20_000)
def host_key(url: str) -> str:
    """'bbc.co.uk' for https://feeds.bbci.bbc.co.uk/x, '127.0.0.1:8080' for an address; '' for a file or no URL."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    if not host:
        return ""
    registrable = None if is_address(host) else _suffixes().privatesuffix(host)
    if registrable is not None:
        return str(registrable)
    return f"{host}:{port or (443 if parts.scheme == 'https' else 80)}"


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - most commands start faster without it

    return PublicSuffixList(only_icann=True, accept_unknown=False)


@lru_cache(maxsize=10_000)
def is_address(host: str) -> bool:
    """Whether a URL's host is an address and not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def holds_secret(url: str) -> bool:
    """Whether the address lets in whoever knows it: with ${NAME} in it, or a query such as ?key=... or &token=..."""
    return "${" in url or _SECRET_PART.search(url) is not None


def without_credentials(url: str) -> str:
    """The URL without `user:password@` and with `…` for keys in its query, whatever is wrong with it; not endless."""
    return _SECRET_PART.sub(r"\1…", _USER.sub(r"\1", url))[:_MOST_SHOWN]
