"""`aggregator why`: why anything is as it is, and why it isn't otherwise."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator import clock
from aggregator.cli.context import app, current, flag
from aggregator.cli.output import print_json, print_text
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from aggregator.cli.why_entry import Explainer
    from aggregator.cli.why_feed import Told
    from aggregator.config.models import Config
    from aggregator.model import Feed

Finder = Callable[["Connection", str], Iterator["Told"]]
_NEAREST = 3


@app.command()
def why(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[KIND] WHAT",
            help="An entry's id, guid or address; a story's id or page; a topic, feed, digest or host by name; an "
            "edition as DIGEST YYYY-MM-DD; a reader's address; delivery ID. "
            "KIND, such as feed, before it says which is meant.",
        ),
    ],
    topic: Annotated[
        str | None, typer.Option("--topic", "-t", help="Of an entry: which keywords of this topic it has.")
    ] = None,
    other: Annotated[
        str | None,
        typer.Option("--with", metavar="ENTRY", help="Of an entry: why it is in one story with this one."),
    ] = None,
    as_json: Annotated[bool, flag("--json", help="Print JSON.")] = False,
) -> None:
    """Explain an entry, a story, a topic, a feed, a host, a digest, an edition, a delivery or a reader's mail.

    Of an entry: its topics with the words that decided, its story with what ties it, the feeds and digests that it is
    in. What it is not in is explained as well. When several things have the same name, each is explained.

    Example: aggregator why https://example.org/article --topic "Air defense"
    """
    from aggregator.cli.why_entry import Explainer
    from aggregator.cli.why_pair import together

    here = current(context)
    now = clock.utc_now()
    with here.reading() as store, store.read() as conn:
        if other is not None:
            found = [together(conn, " ".join(what), other)]
        else:
            explainer = Explainer(store, here.config, now, topic)
            found = _find(
                conn, here.config, what, _finders(explainer, here.config, now, entries_only=topic is not None)
            )
    if as_json:
        print_json([told.document for told in found])
    else:
        print_text("\n\n".join("\n".join(told.lines) for told in found))


def _finders(explainer: Explainer, config: Config, now: datetime, *, entries_only: bool) -> dict[str, Finder]:
    """By kind, in the order in which they are tried."""
    from aggregator.cli import why_feed, why_mail

    of_entries: dict[str, Finder] = {"entry": explainer.entries_called, "story": explainer.stories_called}
    if entries_only:
        return of_entries
    return of_entries | {
        "topic": lambda conn, name: why_feed.topics_called(conn, config, name, now),
        "feed": lambda conn, name: why_feed.feeds_called(conn, config, name, now),
        "digest": lambda conn, name: why_mail.digests_called(conn, config, name, now),
        "edition": lambda conn, name: why_mail.digests_called(conn, config, name, now),
        "subscriber": lambda conn, name: why_mail.readers_called(conn, config, name, now),
        "host": lambda conn, name: why_feed.hosts_called(conn, config, name, now),
        "delivery": lambda conn, name: why_mail.deliveries_called(conn, config, name, now),
    }


_SAID = {"edition", "delivery"}  # kinds that have to be named: a number is an entry, a digest tells of its editions


_LISTED = {"delivery": "`aggregator deliveries`", "subscriber": "`aggregator subscribers list`"}


def _find(conn: Connection, config: Config, what: list[str], finders: dict[str, Finder]) -> list[Told]:
    """All that is called so. Raises UsageError with what comes nearest."""
    from aggregator.store import feeds
    from aggregator.text.addresses import host_key

    kind, rest = what[0], " ".join(what[1:])
    if kind in finders and rest:
        found = list(finders[kind](conn, rest))
        if not found and kind in _LISTED:
            raise UsageError(f"there is no {kind} {rest!r}; {_LISTED[kind]} lists what there is")
    else:
        rest = " ".join(what)
        found = [told for kind, finder in finders.items() if kind not in _SAID for told in finder(conn, rest)]
    if not found:
        known = feeds.list_all(conn)
        names = {**dict.fromkeys(config.topics, "topic"), **dict.fromkeys(config.digests, "digest")}
        names |= {feed.name: "feed" for feed in known}
        names |= {host: "host" for feed in known if (host := host_key(feed.url))}
        asked = kind if kind in finders else None
        raise UsageError(_other_kind(names, rest, asked) or _nothing(conn, names, known, rest))
    return found


def _other_kind(names: Mapping[str, str], what: str, asked: str | None) -> str | None:
    """What to say where something is called so, but is not of the kind that was asked about. `names`: their kinds."""
    for name, kind in names.items():
        if name.casefold() == what.casefold():
            wrong = f"and no {asked}" if asked else "and --topic is for entries"
            return f"{name!r} is a {kind} {wrong}; `aggregator why {kind} {shlex.quote(name)}` explains it"
    return None


def _nothing(conn: Connection, names: Mapping[str, str], known: Iterable[Feed], what: str) -> str:
    from aggregator.store import entries
    from aggregator.text.addresses import host_key

    plain = {name.casefold(): name for name in names}
    near = [plain[one] for one in get_close_matches(what.casefold(), plain, n=_NEAREST, cutoff=0.6)]
    titled = entries.titled(conn, what, _NEAREST) if len(what) > _NEAREST else []
    said = [f"entry {id_} has the title {title!r}" for id_, title in titled]
    mine = [feed.name for feed in known if host_key(what) and host_key(feed.url) == host_key(what)]
    if mine:
        said.append(f"of its host, {mine[0]!r} is polled: perhaps its keep: or drop: left the entry out")
    said += [f"did you mean {' or '.join(f'the {names[one]} {one!r}' for one in near)}?"] if near else []
    return (
        f"nothing is called {what!r}: no stored entry has that id, guid or address, and no story, topic, feed, digest, "
        f"host or reader that name; {'; '.join(said) or '`aggregator entries` lists what there is'}"
    )
