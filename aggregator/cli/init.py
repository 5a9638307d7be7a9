"""The command that gives a new editor something to start from."""

from __future__ import annotations

from pathlib import Path

import typer

import aggregator
from aggregator.cli.context import app, current
from aggregator.cli.output import say
from aggregator.errors import UsageError

SCHEMA = "feeds.schema.json"  # the name by which the first line of feeds.yaml calls it


def shipped_feeds_yaml() -> Path:
    """The feeds.yaml that comes with the program: inside the wheel, or beside the package in a checkout."""
    package = Path(aggregator.__file__).parent
    installed = package / "feeds.yaml"
    return installed if installed.is_file() else package.parent / "feeds.yaml"


@app.command()
def init(context: typer.Context) -> None:
    """Write a feeds.yaml to start from, with its explanations, and the schema that helps to edit it.

    Example: aggregator init
    """
    from aggregator.config.schema import schema_text

    path = current(context).config_path
    text = shipped_feeds_yaml().read_bytes()
    if path.is_file():
        raise UsageError(f"{path} exists already; edit it, or name another file with -c FILE")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(text)
        path.with_name(SCHEMA).write_text(schema_text(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}; choose another folder") from error
    say(f"{path} is written: put your feeds and topics into it, then `aggregator check` and `aggregator run`.")
