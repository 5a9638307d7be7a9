"""The app, its global options, and what every command starts from: feeds.yaml, the data folder, the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from aggregator.errors import UsageError

if TYPE_CHECKING:
    from aggregator.config.models import Config
    from aggregator.store.database import Store

MOST_DAYS = 36_500  # that an option can name

# As the help lists them: first what a beginner needs.
_ORDER = (
    *("init", "check", "add", "import", "run", "demo"),
    *("poll", "group", "publish", "digest"),
    *("sources", "entries", "stories", "why", "plan", "suggest"),
    *("subscribers", "deliveries", "bounces"),
    *("export-opml", "schema"),
)


class _InOrder(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=_ORDER.index)


app = typer.Typer(
    name="aggregator",
    cls=_InOrder,
    help="Poll feeds, group their entries by topic and story, publish them again and mail a digest.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def local_date(option: str, value: str | None) -> str | None:
    """A day as an option names it. Raises UsageError."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise UsageError(f"{option} {value!r} is no date; write it as 2026-11-22") from None


def flag(*names: str, **more: Any) -> Any:
    """An option that takes no value; by itself Typer's help would show one, `<bool>`."""
    return typer.Option(*names, metavar="", **more)


@dataclass(frozen=True)
class Context:
    """Where this command's configuration and data are."""

    config_path: Path
    data: Path

    @cached_property
    def config(self) -> Config:
        """feeds.yaml as values. Raises ConfigError with every fault."""
        from aggregator.config.load import load

        return load(self.config_path)

    @property
    def public(self) -> Path:
        """The folder that is published."""
        return self.data / "public"

    @property
    def database_url(self) -> str:
        """The database of feeds.yaml, or SQLite in the data folder."""
        from aggregator.store.database import sqlite_url

        secret = self.config.storage.database
        return secret.get_secret_value() if secret else sqlite_url(self.data)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The opened store, its feeds being those of feeds.yaml."""
        from aggregator.store import feeds
        from aggregator.store.database import Store

        store = Store.open(self.database_url)
        try:
            with store.write() as conn:
                feeds.sync(conn, self.config.feeds)
            yield store
        finally:
            store.close()

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """The store as it is, its feeds those that were applied last; nothing can be written through it."""
        from aggregator.store.database import Store

        store = Store.open_to_read(self.database_url)
        try:
            yield store
        finally:
            store.close()


def version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from importlib.metadata import version as installed

        typer.echo(f"aggregator {installed('aggregator')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", "-c", envvar="AGGREGATOR_CONFIG", help="The file with feeds and topics.")
    ] = Path("feeds.yaml"),
    data: Annotated[
        Path, typer.Option("--data", "-d", envvar="AGGREGATOR_DATA", help="The folder of the database and the pages.")
    ] = Path("data"),
    _version: Annotated[bool, flag("--version", callback=version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Poll feeds, group their entries by topic and story, publish them again and mail a digest."""
    context.obj = Context(config, data)


def current(context: typer.Context) -> Context:
    """The Context that the global options made."""
    found = context.obj
    assert isinstance(found, Context)
    return found
