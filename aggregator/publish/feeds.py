"""Feeds as bytes: head, items, tail. Items come from the fragments of the last publish where they are unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from aggregator.publish.channels import Channel, Published
from aggregator.publish.fragments import Fragments, Rendered
from aggregator.publish.items import Item
from aggregator.publish.jsonfeed import write_json
from aggregator.publish.parts import Parts
from aggregator.publish.xmlfeeds import write_atom, write_rss

_BATCH = 500  # items in memory as trees at one time

Writer = Callable[[Channel, Sequence[Item]], Parts]
_WRITERS: tuple[Writer, Writer, Writer] = (write_atom, write_rss, write_json)


def render(feed: Published, fragments: Fragments) -> Iterator[tuple[str, bytes]]:
    """Atom 1.0, RSS 2.0 and JSON Feed 1.1 of one feed, each with its path."""
    items = _items(feed, fragments)
    paths = (feed.paths.atom, feed.paths.rss, feed.paths.json)
    for at, (path, write) in enumerate(zip(paths, _WRITERS, strict=True)):
        yield path, write(feed.channel, ()).around([item[at] for item in items])


def _items(feed: Published, fragments: Fragments) -> list[Rendered]:
    found = [fragments.get(piece.key) for piece in feed.pieces]
    missing = [at for at, rendered in enumerate(found) if rendered is None]
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        items = [feed.pieces[at].build() for at in batch]
        for at, rendered in zip(batch, _render_items(feed.channel, items), strict=True):
            fragments.put(feed.pieces[at].key, rendered)
            found[at] = rendered
    return [rendered for rendered in found if rendered is not None]


def _render_items(channel: Channel, items: Sequence[Item]) -> Sequence[Rendered]:
    atom, rss, json = (write(channel, items).items for write in _WRITERS)
    return list(zip(atom, rss, json, strict=True))
