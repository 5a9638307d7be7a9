"""Alembic migrations, run from within the program; there is no alembic.ini.

Alembic is imported where there is something to migrate: most starts find nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from aggregator.errors import DatabaseTooNew, StorageError

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0001"
_LOCK = 0x61676772  # advisory lock on PostgreSQL: two processes may start at once


def upgrade(engine: Engine) -> None:
    """Bring the database to this version's tables. Raises DatabaseTooNew when it is ahead of the program."""
    options = {"sqlite_write": True}
    with engine.connect().execution_options(**options) as conn, conn.begin():
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        current = _current(conn)
        if current == HEAD:
            return
        from alembic import command  # noqa: PLC0415
        from alembic.script import ScriptDirectory  # noqa: PLC0415

        config = alembic_config(conn)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if current is not None and current not in known:
            raise DatabaseTooNew(
                f"the database is of version {current}, newer than this program knows ({HEAD}); update the program"
            )
        command.upgrade(config, "head")


def check(engine: Engine) -> None:
    """Raise StorageError unless the tables are of this version; nothing is written."""
    with engine.connect() as conn:
        current = _current(conn)
    if current == HEAD:
        return
    if current is None:
        raise StorageError("nothing is stored yet; `aggregator poll`, then `aggregator group`, fill the database")
    raise StorageError(
        f"the database is of version {current}, this program's is {HEAD}; "
        "`aggregator group` of the newer program brings it up to date"
    )


def alembic_config(conn: Connection) -> Config:
    """Alembic's configuration over an open connection."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = conn
    return config


def _current(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
