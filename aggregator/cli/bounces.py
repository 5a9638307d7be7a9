"""What came back of the mails that were sent."""

from __future__ import annotations

from typing import Annotated

import typer

from aggregator import clock
from aggregator.cli.context import app, current, flag
from aggregator.cli.output import complain, iso, print_json, print_table, print_text, say
from aggregator.errors import UsageError

returned = typer.Typer(invoke_without_command=True)
app.add_typer(returned, name="bounces")


@returned.callback()
def bounces(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most this many, newest first.")] = 200,
    as_json: Annotated[bool, flag("--json", help="Print JSON.")] = False,
) -> None:
    """List the reports about mails that came back, newest first: of whom, why, and what followed.

    Example: aggregator bounces
    """
    if context.invoked_subcommand is not None:
        return
    from aggregator.store import bounces as stored

    with current(context).store() as store, store.read() as conn:
        found = stored.listing(conn, limit=limit)
    if as_json:
        print_json(found)
        return
    columns = ("Id", "At", "Digest", "Date", "Address", "What", "Reason")
    rows = [
        (str(one.id), iso(one.at) or "", one.digest, one.local_date, one.address, one.weight, one.reason)
        for one in found
    ]
    print_table(columns, rows, none="No report of a mail that came back is stored")


@returned.command()
def read(context: typer.Context) -> None:
    """Look into the mailbox of mail.bounces now; `aggregator run` does it by itself.

    Example: aggregator bounces read
    """
    from aggregator.digest.bounces.service import look

    here = current(context)
    if here.config.mail.bounces is None or here.config.mail.bounces.mailbox is None:
        raise UsageError("feeds.yaml names no mail.bounces.mailbox to look into")
    with here.store() as store:
        seen = look(store, here.config, clock.utc_now())
    for found in seen.found:
        say(found.sentence)
    for key, why in seen.left:
        complain(f"mail {key} was left alone and flagged: {why}")
    say(f"{len(seen.found)} understood, {len(seen.left)} left for you")
    if seen.trouble:
        complain(seen.trouble)
        raise typer.Exit(1)


@returned.command()
def show(context: typer.Context, id_: Annotated[int, typer.Argument(metavar="ID", help="As listed.")]) -> None:
    """Print a report as it came, its first 16 KB.

    Example: aggregator bounces show 3
    """
    from aggregator.store import bounces as stored

    with current(context).store() as store, store.read() as conn:
        original = stored.original(conn, id_)
    if original is None:
        raise UsageError(f"there is no report {id_}; `aggregator bounces` lists them")
    print_text(original.decode("utf-8", "replace"))
