"""Permanent redirects: when a feed's new address is believed. Pure.

A 301 may be a mistake of an afternoon, or a parked domain's. So the new address is adopted only after three polls over
48 hours that agree, when every hop was permanent (301, 308) and the target is a feed that has entries in common with
the old one. Whether it has any is told by the first poll that gets there: from then on, what is stored may be the
target's own. http to https on the same host is adopted at once. feeds.yaml keeps the old address until the editor
changes it, and the old address is asked again when the new one fails.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.net.response import FailureKind, Fetched, FetchFailed, NotModified
from aggregator.net.urls import BadUrl, parse_url
from aggregator.text.addresses import without_credentials

_POLLS = 3
_SPAN = timedelta(hours=48)
_FAILURES = 3


@dataclass(frozen=True, slots=True)
class Move:
    """A permanent redirect that is being watched or has been adopted. `polls` agreed since `since`.

    None agreed: the entries of the old address are not there, so it is not the feed that has moved.
    """

    to: str
    since: datetime
    polls: int

    def adopted(self, url: str, now: datetime) -> bool:
        """Whether polls go to the new address."""
        return is_upgrade(url, self.to) or (self.polls >= _POLLS and now - self.since >= _SPAN)

    def sentence(self, url: str, now: datetime) -> str:
        """For the sources page and `aggregator check`."""
        if self.adopted(url, now):
            return f"has moved for good to {without_credentials(self.to)}; change its url in feeds.yaml"
        to = without_credentials(self.to)
        if not self.polls:
            return f"says that it has moved for good to {to}, where its entries are not; see whether it is your feed"
        return f"says that it has moved for good to {to}; watched since {self.since:%Y-%m-%d %H:%M} UTC"


def poll_url(url: str, move: Move | None, failures: int, now: datetime) -> str:
    """The address to ask: the new one once it is adopted, the old one again after three failures in a row."""
    if move is None or failures >= _FAILURES or not move.adopted(url, now):
        return url
    return move.to


def watch_move(
    url: str, known: Move | None, result: Fetched | NotModified, *, shares_entries: bool, now: datetime
) -> Move | None:
    """What is known of the feed's move after a successful poll.

    `shares_entries`: the answer's entries, or the unchanged ones of a 304, are those of the old address.
    """
    if not result.hops:
        asked_old = result.url == url or result.url == _plain(url)
        return None if asked_old else known  # the old address answers itself again, or the new one as it should
    stays = known if known is not None and known.adopted(url, now) else None
    if not all(hop.permanent for hop in result.hops):
        return stays
    if known is None or known.to != result.url:
        return Move(result.url, now, 1) if shares_entries else stays or Move(result.url, now, 0)
    if not known.polls or shares_entries:
        return replace(known, polls=known.polls and known.polls + 1)
    return stays or Move(known.to, now, 1)


def gone_for_good(url: str, failed: FetchFailed) -> bool:
    """Whether a 410 speaks for the feed: its own address says so, or has moved for good to the one that does."""
    asked = failed.hops[0].url if failed.hops else failed.url
    own = asked == _plain(url) and all(hop.permanent for hop in failed.hops)
    return failed.kind is FailureKind.GONE and own


def is_upgrade(old: str, new: str) -> bool:
    """http to https, all else the same."""
    return _plain(old).startswith("http://") and _plain(new) == _plain(old).replace("http://", "https://", 1)


def _plain(url: str) -> str:
    try:
        return parse_url(url).url
    except BadUrl:  # file: feeds
        return url
