"""`make migration MESSAGE="add a column"`: write the migration from the last one to what tables.py now says."""

from __future__ import annotations

import sys

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from aggregator.store.migrations import HEAD, alembic_config


def main(message: str) -> None:
    """Build a database of the last migration in memory, compare it with tables.py and write the difference."""
    with create_engine("sqlite://").connect() as conn, conn.begin():
        config = alembic_config(conn)
        if ScriptDirectory.from_config(config).get_current_head() is not None:
            command.upgrade(config, "head")
        command.revision(config, message=message, autogenerate=True, rev_id=f"{int(HEAD) + 1:04}")


if __name__ == "__main__":
    main(sys.argv[1])
