"""Those who get digests by mail, as the operator sees them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator import clock
from aggregator.cli.context import app, current, flag
from aggregator.cli.output import complain, print_json, print_table, say, unknown, write
from aggregator.errors import UsageError
from aggregator.model import SubscriberState

if TYPE_CHECKING:
    from aggregator.config.models import Config
    from aggregator.digest.admission import Admission
    from aggregator.digest.roster import Roster
    from aggregator.model import Subscriber
    from aggregator.store.database import Store

people = typer.Typer(
    no_args_is_help=True,
    help="List, add, import, remove and export those who get digests by mail.\n\nExample: aggregator subscribers list",
)
app.add_typer(people, name="subscribers")

Digests = Annotated[
    list[str] | None, typer.Option("--digest", help="Of this digest; can be given several times. All otherwise.")
]
Ask = Annotated[bool, flag("--ask", help="Send a mail to confirm first, instead of counting as confirmed.")]


@people.command("list")
def list_(
    context: typer.Context,
    state: Annotated[SubscriberState | None, typer.Option("--state", "-s", help="In this state.")] = None,
    digest: Annotated[str | None, typer.Option("--digest", help="Of this digest.")] = None,
    as_json: Annotated[bool, flag("--json", help="Print JSON.")] = False,
) -> None:
    """List subscribers in the order in which they came.

    Example: aggregator subscribers list --state confirmed
    """
    from aggregator.digest.roster import as_row
    from aggregator.store import subscribers

    here = current(context)
    _known(here.config, [digest] if digest else [])
    with here.store() as store, store.read() as conn:
        found = subscribers.listing(conn, state=state, digest=digest)
    if as_json:
        print_json([{**as_row(one), "reason": one.reason} for one in found])
    else:
        columns = ("Address", "State", "Digests", "Often", "Reason")
        none = (
            "No subscriber fits"
            if state or digest
            else "Nobody has subscribed yet; `aggregator subscribers add ADDRESS` adds one"
        )
        print_table(columns, [_cells(one) for one in found], none)


@people.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The e-mail address.")],
    digest: Digests = None,
    ask: Ask = False,
) -> None:
    """Add somebody who asked you for it.

    Somebody who has unsubscribed stays unsubscribed; with --ask they are asked again.

    Example: aggregator subscribers add anna@example.org --digest "Morning briefing"
    """
    from aggregator.digest.roster import Roster, Row
    from aggregator.digest.subscriptions import read_address

    read = read_address(address)
    if read is None:
        raise UsageError(f"{address!r} is not an e-mail address")
    _admit(context, Roster((Row(1, read),), ()), digest, ask=ask, origin="added")


@people.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="CSV", help="A table with a column address or email; or one a line.")],
    digest: Digests = None,
    ask: Ask = False,
) -> None:
    """Add the people of a table, such as another newsletter's export, or this program's.

    Those who are known already keep their state and choices. Those who have left, here or by the table's column state
    or status, get no mail. Rows that can't be understood are named with their line; mend them and import again.

    Example: aggregator subscribers import people.csv --ask
    """
    from aggregator.digest.roster import read_roster

    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}") from None
    try:
        roster = read_roster(data, current(context).config)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None
    _admit(context, roster, digest, ask=ask, origin="imported")


@people.command()
def remove(context: typer.Context, address: Annotated[str, typer.Argument(help="The e-mail address.")]) -> None:
    """Erase somebody: the address, the choices, and the record of what was sent to it.

    Example: aggregator subscribers remove anna@example.org
    """
    from aggregator.digest import signup

    with current(context).store() as store:
        signup.erase(store, _find(store, address), clock.utc_now())
    say("erased")


@people.command()
def export(
    context: typer.Context,
    address: Annotated[str | None, typer.Argument(help="Everything about this subscriber, as JSON.")] = None,
) -> None:
    """Print all subscribers as CSV, or everything that is stored about one.

    Example: aggregator subscribers export > subscribers.csv
    """
    from aggregator.digest import signup
    from aggregator.digest.roster import roster_of
    from aggregator.store import subscribers

    with current(context).store() as store:
        if address is not None:
            print_json(signup.export(store, _find(store, address)))
            return
        with store.read() as conn:
            found = subscribers.listing(conn)
    write(roster_of(found))


def _admit(context: typer.Context, roster: Roster, digest: list[str] | None, *, ask: bool, origin: str) -> None:
    from aggregator.digest.admission import Terms, admit

    here = current(context)
    digests = list(dict.fromkeys(digest or here.config.digests))
    _known(here.config, digests)
    if not digests:
        raise UsageError("feeds.yaml names no digest to subscribe to")
    terms = Terms(digests=digests, also=digests if digest else (), ask=ask, origin=origin)
    with here.store() as store:
        done = admit(store, roster.rows, terms, clock.utc_now())
    _report(done, roster, ask=ask)


def _report(done: Admission, roster: Roster, *, ask: bool) -> None:
    counts = [f"{done.added} {'will be asked by mail' if ask else 'added'}", f"{done.known} known already"]
    counts += [f"{done.ended} noted as having left"] if done.ended else []
    counts += [f"{roster.twice} named twice"] if roster.twice else []
    say(", ".join(counts))
    for fault in roster.faults:
        complain(fault)
    for address in done.left:
        complain(f"{address} had unsubscribed or can't be reached, and stays so")
    for address in done.unasked:
        complain(f"{address} has not confirmed, and gets no mail; --ask sends a mail to confirm")
    if roster.faults or done.left or done.unasked:
        raise typer.Exit(1)


def _find(store: Store, address: str) -> Subscriber:
    from aggregator.store import subscribers

    with store.read() as conn:
        person = subscribers.by_address(conn, address.strip())
    if person is None:
        raise UsageError(f"there is no subscriber {address!r}; `aggregator subscribers list` shows them all")
    return person


def _known(config: Config, names: list[str]) -> None:
    for name in names:
        if name not in config.digests:
            raise UsageError(unknown("digest", name, config.digests))


def _cells(one: Subscriber) -> tuple[str, ...]:
    return (one.address, one.state, ", ".join(one.digests), one.wishes.frequency, one.reason)
