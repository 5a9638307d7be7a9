"""From a feed's bytes to clean entries. `read.parse_feed` is the way in, and draws the path."""

from aggregator.poll.parse.read import parse_feed
from aggregator.poll.parse.result import FeedMeta, KnownSpans, NotAFeed, ParsedFeed, ParseFailed

__all__ = ["FeedMeta", "KnownSpans", "NotAFeed", "ParseFailed", "ParsedFeed", "parse_feed"]
