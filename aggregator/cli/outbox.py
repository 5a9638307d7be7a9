"""Looking into the outbox, and deciding what only a person can decide."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator import clock
from aggregator.cli.context import app, current, flag, local_date
from aggregator.cli.output import complain, iso, print_json, print_table, say
from aggregator.errors import UsageError
from aggregator.model import DeliveryState

if TYPE_CHECKING:
    from aggregator.model import Delivery
    from aggregator.store.database import Store
    from aggregator.store.editions import Label

AGAIN_WITHIN = timedelta(hours=6)  # how long a mail that is sent again may still be tried

outbox = typer.Typer(invoke_without_command=True)
app.add_typer(outbox, name="deliveries")


@outbox.callback()
def deliveries(
    context: typer.Context,
    edition: Annotated[
        str | None, typer.Option("--edition", "-e", metavar="YYYY-MM-DD", help="Of editions of this day.")
    ] = None,
    state: Annotated[DeliveryState | None, typer.Option("--state", "-s", help="In this state.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most this many, newest first.")] = 200,
    as_json: Annotated[bool, flag("--json", help="Print JSON.")] = False,
) -> None:
    """List deliveries, newest first: who got which edition, and why not.

    Example: aggregator deliveries --state uncertain
    """
    if context.invoked_subcommand is not None:
        return
    with current(context).store() as store:
        rows = _rows(store, local_date("--edition", edition), state, limit)
    if as_json:
        print_json([_document(delivery, of) for delivery, of in rows])
        return
    columns = ("Id", "Digest", "Date", "Kind", "Address", "State", "Tries", "Next try", "Reason")
    none = (
        "No delivery fits"
        if edition or state
        else "No digest was mailed yet; `aggregator digest NAME --send` mails one"
    )
    print_table(columns, [_cells(delivery, of) for delivery, of in rows], none)


@outbox.command()
def retry(context: typer.Context, ids: Annotated[list[int], typer.Argument(metavar="ID", help="As listed.")]) -> None:
    """Send deliveries again, whether they failed, expired, were suppressed or are deferred.

    Example: aggregator deliveries retry 17 18
    """
    from aggregator.store import deliveries as stored

    now = clock.utc_now()
    with current(context).store() as store, store.write(durable=True) as conn:
        done = stored.retry(conn, ids, now, now + AGAIN_WITHIN)
    _report(done, ids, "deliveries that can be sent again are deferred, failed, suppressed or expired")


@outbox.command()
def resolve(
    context: typer.Context,
    id_: Annotated[int, typer.Argument(metavar="ID", help="As listed.")],
    arrived: Annotated[bool, flag("--arrived/--lost", help="Whether the mail is there; a lost one is sent again.")],
) -> None:
    """Say whether an uncertain mail arrived.

    Example: aggregator deliveries resolve 17 --lost
    """
    from aggregator.store import deliveries as stored

    now = clock.utc_now()
    with current(context).store() as store, store.write(durable=True) as conn:
        done = stored.resolve(conn, id_, now, arrived=arrived, deadline=now + AGAIN_WITHIN)
    if not done:
        raise UsageError(f"there is no uncertain delivery {id_}; `aggregator deliveries --state uncertain` lists them")
    say(f"{id_} is sent" if arrived else f"{id_} waits to be sent again")


def _report(done: list[int], asked: list[int], otherwise: str) -> None:
    if done:
        say(f"{', '.join(map(str, done))} {'waits' if len(done) == 1 else 'wait'} to be sent again")
    left = sorted(set(asked) - set(done))
    if left:
        complain(f"{', '.join(map(str, left))}: not touched; {otherwise}")
        raise typer.Exit(1)


def _rows(store: Store, day: str | None, state: DeliveryState | None, limit: int) -> list[tuple[Delivery, Label]]:
    from aggregator.store import deliveries as stored
    from aggregator.store import editions

    with store.read() as conn:
        chosen = None if day is None else sorted(editions.labels(conn, local_date=day))
        found = stored.listing(conn, edition_ids=chosen, state=state, limit=limit)
        of = editions.labels(conn, ids={one.edition_id for one in found})
    return [(one, of[one.edition_id]) for one in found]


def _document(delivery: Delivery, edition: Label) -> dict[str, object]:
    return {
        "id": delivery.id,
        "digest": edition.digest,
        "date": edition.local_date,
        "kind": edition.kind,
        "address": delivery.address,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_try_at": iso(delivery.next_try_at),
        "sent_at": iso(delivery.sent_at),
        "code": delivery.code,
        "reason": delivery.reason,
        "message_id": delivery.message_id,
    }


def _cells(delivery: Delivery, edition: Label) -> tuple[str, ...]:
    return (
        str(delivery.id),
        edition.digest,
        edition.local_date,
        edition.kind,
        delivery.address,
        delivery.state,
        str(delivery.attempts),
        iso(delivery.next_try_at) or "",
        delivery.reason,
    )
