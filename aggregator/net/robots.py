"""robots.txt (RFC 9309) for pages: discovery and full text. Feeds that the editor named are exempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from protego import Protego

from aggregator.clock import monotonic
from aggregator.net.client import OutboundClient
from aggregator.net.policy import PRODUCT
from aggregator.net.response import FailureKind, Fetched, FetchFailed, FetchRequest, Result
from aggregator.net.urls import BadUrl, parse_url
from aggregator.text.addresses import without_credentials

_MAX_BYTES = 512 * 1024  # RFC 9309 section 2.5: at least 500 KiB
_KEPT = timedelta(hours=24)  # section 2.4
_MOST_SITES = 1000
_UNASKED = (FailureKind.POSTPONED, FailureKind.REFUSED_ADDRESS, FailureKind.DNS)  # nobody was reached: no rules to keep


@dataclass(slots=True)
class Robots:
    """Asks each site for its rules once a day."""

    client: OutboundClient
    _rules: dict[tuple[str, str, int], tuple[float, Protego | None]] = field(default_factory=dict)

    async def refusal(self, url: str) -> str | None:
        """Why the page may not be fetched, as a sentence; None when it may."""
        try:
            target = parse_url(url)
        except BadUrl as error:
            return str(error)
        asked_at, rules = self._rules.get(target.origin, (float("-inf"), None))
        if monotonic() - asked_at > _KEPT.total_seconds():
            if len(self._rules) >= _MOST_SITES:
                self._rules.clear()
            answer = await self.client.fetch(
                FetchRequest(url=target.at("/robots.txt"), accept="text/plain, */*;q=0.1", max_bytes=_MAX_BYTES)
            )
            if isinstance(answer, FetchFailed) and answer.kind in _UNASKED:
                return answer.reason
            rules = _read(answer)
            self._rules[target.origin] = (monotonic(), rules)
        if rules is None:
            return f"{target.host} does not say what its robots.txt allows, so its pages are left alone for now"
        if not rules.can_fetch(target.url, PRODUCT):
            return f"robots.txt of {target.host} asks programs not to fetch {without_credentials(target.url)}"
        return None


def _read(answer: Result) -> Protego | None:
    """Section 2.3.1: no file, no rules; a server that can't answer forbids all (None)."""
    if isinstance(answer, Fetched):
        return Protego.parse(answer.body.decode("utf-8", "replace"))
    status = getattr(answer, "status", None)
    if status is not None and 400 <= status < 500 and status != 429:
        return Protego.parse("")
    if getattr(answer, "kind", None) in (FailureKind.TOO_LARGE, FailureKind.DECODE, FailureKind.REDIRECT):
        return Protego.parse("")
    return None
