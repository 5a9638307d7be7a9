"""URLs as they go over the wire: what is written is what is sent; what can't be sent safely is refused.

Only http and https. The host is brought to ASCII (IDNA, UTS 46) before it is judged, because `①②⑦.⓪.⓪.①` is
127.0.0.1; IPv4 addresses are taken in dotted form only, not as `2130706433`, `0x7f.1` or `127.1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import AddressValueError, IPv6Address, ip_address
from urllib.parse import quote, unquote, urljoin

import idna
from yarl import URL

from aggregator.net.address import Address
from aggregator.text.addresses import is_address, without_credentials

_PORTS = {"http": 80, "https": 443}
_PARTS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^#]*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SENDABLE = "".join(map(chr, range(0x21, 0x7F)))  # printable ASCII goes out as it is, %7E and all


class BadUrl(ValueError):  # noqa: N818 - reads as a state
    """The URL can't be asked for; the text says why."""


@dataclass(frozen=True)
class Target:
    """An http(s) URL taken apart. `path` is the request target: path and query exactly as written."""

    scheme: str
    host: str  # ASCII, lower case, IPv6 without brackets
    port: int
    path: str
    user: str | None = None
    password: str = ""

    @property
    def origin(self) -> tuple[str, str, int]:
        """RFC 6454."""
        return (self.scheme, self.host, self.port)

    @property
    def literal(self) -> Address | None:
        """The address, where the host is one and not a name."""
        return ip_address(self.host) if is_address(self.host) else None

    @cached_property
    def url(self) -> str:
        """The URL without credentials and fragment: fit for logs, comparisons and the database."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    def at(self, path: str) -> str:
        """Another path on the same origin."""
        return replace(self, path=path).url

    @property
    def wire(self) -> URL:
        """For aiohttp. The query stands in the path, because yarl drops a lone `?` at the end of a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return URL.build(scheme=self.scheme, authority=f"{host}:{self.port}", path=self.path, encoded=True)


def parse_url(text: str) -> Target:
    """Takes an http(s) URL apart. Raises BadUrl with a sentence."""
    parts = _PARTS.match(text.strip())
    if parts is None or parts["scheme"].lower() not in _PORTS:
        raise _bad(text, "is not an http or https URL")
    if _CONTROL.search(text.strip()) or "\\" in parts["authority"]:
        raise _bad(text, "holds characters that no URL may hold")
    scheme = parts["scheme"].lower()
    userinfo, _, netloc = parts["authority"].rpartition("@")
    host, port = _split_port(netloc, text)
    user, _, password = userinfo.partition(":")
    path = parts["path"] if parts["path"].startswith("/") else "/" + parts["path"]
    return Target(
        scheme,
        _host(host, text),
        port or _PORTS[scheme],
        quote(path, safe=_SENDABLE, encoding="utf-8", errors="surrogateescape"),
        unquote(user) if userinfo else None,
        unquote(password),
    )


def follow(target: Target, location: str) -> Target:
    """Where a redirect leads (RFC 9110 section 10.2.2). Raises BadUrl."""
    try:
        written = location.strip().partition("#")[0]
        joined = urljoin(target.url, written)
    except ValueError:
        raise _bad(location, "is not a URL") from None
    return parse_url(f"{joined}?" if written.endswith("?") and "?" not in joined else joined)  # urljoin drops it


def _bad(url: str, why: str) -> BadUrl:
    return BadUrl(f"{without_credentials(url)!r} {why}")


def _split_port(netloc: str, url: str) -> tuple[str, int | None]:
    host, colon, port = netloc.rpartition(":")
    if not colon or netloc.endswith("]"):
        return netloc, None
    if not port:
        return host, None
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise _bad(url, "has no valid port")
    return host, int(port)


def _host(host: str, url: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        try:
            return str(IPv6Address(host[1:-1]))
        except AddressValueError:
            raise _bad(url, "has no valid IPv6 address") from None
    try:
        name = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError:
        raise _bad(url, "has no valid host name") from None
    name = name.rstrip(".") if name.endswith(".") and not name.endswith("..") else name
    if not _NAME.fullmatch(name):
        raise _bad(url, "has no valid host name")
    if _NUMERIC.fullmatch(name.rpartition(".")[2]) and not is_address(name):
        raise _bad(url, "hides an IPv4 address in an unusual form")
    return name
