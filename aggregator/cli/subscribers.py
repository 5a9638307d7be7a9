"""Those who get digests by mail, as the operator sees them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator import clock
from aggregator.cli.context import app, current
from aggregator.cli.output import complain, iso, print_json, print_table, say, unknown, write
from aggregator.errors import UsageError
from aggregator.model import SubscriberState

if TYPE_CHECKING:
    from aggregator.config.models import Config
    from aggregator.digest.signup import Admission
    from aggregator.model import Subscriber
    from aggregator.store.database import Store

COLUMNS = ("address", "state", "digests", "frequency", "topics", "language", "hour", "weekday", "timezone", "created")
_ADDRESS_COLUMNS = ("address", "email", "e-mail", "mail", "email address")

people = typer.Typer(
    no_args_is_help=True,
    help="List, add, import, remove and export those who get digests by mail.\n\nExample: aggregator subscribers list",
)
app.add_typer(people, name="subscribers")

Digests = Annotated[
    list[str] | None, typer.Option("--digest", help="Of this digest; can be given several times. All otherwise.")
]
Ask = Annotated[bool, typer.Option("--ask", help="Send a mail to confirm first, instead of counting as confirmed.")]


@people.command("list")
def list_(
    context: typer.Context,
    state: Annotated[SubscriberState | None, typer.Option("--state", "-s", help="In this state.")] = None,
    digest: Annotated[str | None, typer.Option("--digest", help="Of this digest.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List subscribers in the order in which they came.

    Example: aggregator subscribers list --state confirmed
    """
    from aggregator.store import subscribers

    here = current(context)
    _known(here.config, [digest] if digest else [])
    with here.store() as store, store.read() as conn:
        found = subscribers.listing(conn, state=state, digest=digest)
    if as_json:
        print_json([{**_row(one), "reason": one.reason} for one in found])
    else:
        print_table(("Address", "State", "Digests", "Often", "Reason"), [_cells(one) for one in found])


@people.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The e-mail address.")],
    digest: Digests = None,
    ask: Ask = False,
) -> None:
    """Add somebody who asked you for it.

    Who has unsubscribed stays so; with --ask he is asked again.

    Example: aggregator subscribers add anna@example.org --digest "Morning briefing"
    """
    _admit(context, [address], digest, ask=ask, origin="added")


@people.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="CSV", help="A table with a column address or email; or one a line.")],
    digest: Digests = None,
    ask: Ask = False,
) -> None:
    """Add the people of a table, such as another newsletter's export.

    Who is known already keeps his state and his choices.

    Example: aggregator subscribers import people.csv --ask
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{file} can't be read: {error}") from None
    _admit(context, _addresses(text), digest, ask=ask, origin="imported")


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
    address: Annotated[str | None, typer.Argument(help="One subscriber, everything, as JSON.")] = None,
) -> None:
    """Print all subscribers as CSV, or everything that is stored about one.

    Example: aggregator subscribers export > subscribers.csv
    """
    from aggregator.digest import signup
    from aggregator.store import subscribers

    with current(context).store() as store:
        if address is not None:
            print_json(signup.export(store, _find(store, address)))
            return
        with store.read() as conn:
            found = subscribers.listing(conn)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in found:
        row = _row(one)
        writer.writerow({name: _plain(row[name]) for name in COLUMNS})
    write(text.getvalue())


def _admit(context: typer.Context, addresses: list[str], digest: list[str] | None, *, ask: bool, origin: str) -> None:
    from aggregator.digest import signup

    here = current(context)
    digests = digest or list(here.config.digests)
    _known(here.config, digests)
    if not digests:
        raise UsageError("feeds.yaml names no digest to subscribe to")
    with here.store() as store:
        done = signup.admit(store, addresses, digests, clock.utc_now(), ask=ask, origin=origin)
    _report(done, ask=ask)


def _report(done: Admission, *, ask: bool) -> None:
    say(f"{done.added} {'will be asked by mail' if ask else 'added'}, {done.known} known already")
    for place, address in done.refused:
        complain(f"{place}: {address!r} is not an e-mail address")
    for address in done.left:
        complain(f"{address} had unsubscribed or can't be reached, and stays so")
    if done.refused or done.left:
        raise typer.Exit(1)


def _addresses(text: str) -> list[str]:
    """Those of a table with a heading, or of the first column of one without."""
    rows = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    if not rows:
        return []
    heading = [cell.strip().casefold() for cell in rows[0]]
    column = next((heading.index(name) for name in _ADDRESS_COLUMNS if name in heading), None)
    body = rows if column is None else rows[1:]
    return [row[column or 0].strip() if len(row) > (column or 0) else "" for row in body]


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


def _row(one: Subscriber) -> dict[str, object]:
    wishes = one.wishes
    return {
        "address": one.address,
        "state": one.state.value,
        "digests": one.digests,
        "frequency": wishes.frequency.value,
        "topics": wishes.topics,
        "language": wishes.language,
        "hour": wishes.hour,
        "weekday": wishes.weekday,
        "timezone": wishes.timezone,
        "created": iso(one.created),
    }


def _plain(value: object) -> str:
    """A cell of the CSV; what a spreadsheet would take for a formula gets an apostrophe in front."""
    text = "; ".join(value) if isinstance(value, tuple) else str(value or "")
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _cells(one: Subscriber) -> tuple[str, ...]:
    return (one.address, one.state, ", ".join(one.digests), one.wishes.frequency, one.reason)
