"""What `aggregator check` says of a feed that it tried. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.net.response import FailureKind, FetchFailed, NotModified
from aggregator.poll.outcome import Polled, known_move
from aggregator.text.addresses import without_credentials

_ADVICE = {
    FailureKind.NEEDS_CREDENTIALS: "give it `auth` or `headers` in feeds.yaml",
    FailureKind.GONE: "the server says that it is gone for good; take it out of feeds.yaml",
    FailureKind.NOT_FOUND: "look for its new address with `aggregator add` and the address of its site",
    FailureKind.NOT_A_FEED: "`aggregator add` finds the feed behind a page's address",
    FailureKind.BLOCKED: "ask the publisher, or read it from another address",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`advice` is what the editor could do; empty where there is nothing to do."""

    ok: bool
    sentence: str
    advice: str = ""


BUSY = Verdict(True, "another process is polling it just now; `aggregator sources` says what came of it")


def verdict(polled: Polled) -> Verdict:
    """Whether the feed can be read, and how."""
    result = polled.result
    if isinstance(result, FetchFailed):
        postponed = result.kind is FailureKind.POSTPONED
        return Verdict(postponed, result.reason, _ADVICE.get(result.kind, ""))
    advice = ""
    url, known = polled.leased.feed.url, known_move(polled.leased)
    if known is not None and (known.adopted(url, polled.at) or not known.polls):
        advice = f"it {known.sentence(url, polled.at)}"
    elif result.hops and all(hop.permanent for hop in result.hops):
        advice = f"it says that it has moved for good: change its url to {without_credentials(result.url)}"
    if polled.parsed is None:
        how = "not modified" if isinstance(result, NotModified) else "the same as at the last poll"
        return Verdict(True, f"answers: {how}", advice)
    parsed = polled.parsed
    notes = "".join(f"; {note}" for note in parsed.notes)
    return Verdict(True, f"{parsed.format}, {parsed.served} entries{notes}", advice)
