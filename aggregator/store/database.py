"""Opening the database, and the two kinds of transaction that everything else is written in.

with store.read() as conn:    # one snapshot; never blocks a writer
with store.write() as conn:   # SQLite: BEGIN IMMEDIATE, since a read that turns into a write fails at once
                              # whatever the busy timeout
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from aggregator.errors import DatabaseBusy, DatabaseGone, StorageError
from aggregator.store import migrations

BUSY_TIMEOUT = 30  # seconds that a writer waits for another one

# No thread waits for another one's connection: there are as many as threads that ask at once, ten of them kept.
_POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": -1}

IDLE_WRITER = 60  # seconds after which PostgreSQL ends the transaction of a process that was frozen, and its locks
# A PostgreSQL server that fell silent, such as one that lost its power, is given up after half a minute.
_NOT_FOR_EVER = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}

# What to do about what an engine says, the first that fits.
_ADVICE = {
    "readonly database": "give this user the right to write it and the folder around it",
    "unable to open database": "there has to be a file that this user may read and write, or a folder to make it in",
    "is full": "make room on its disk; what was stored is kept",
    "disk I/O error": "is there room on its disk, and is the disk sound? What was stored is kept",
    "already exists": "it is another program's; name another folder with -d, or another storage.database",
    "password": "mend user and password of storage.database",
    "does not exist": "make it (createdb), or mend storage.database",
    "permission denied for schema": "as its owner, GRANT CREATE ON SCHEMA public to this user",
    "permission denied": "as its owner, GRANT this user the right to read and write its tables",
    "read-only transaction": "connect to the server that takes writes, not to a standby",
    "No space left": "make room on its disk; what was stored is kept",
    "resolve host": "mend the host in storage.database",
    "connection": "is the server running, and are host and port of storage.database right?",
}


def sqlite_url(data: Path) -> str:
    """The database of a data folder."""
    return f"sqlite:///{data / 'aggregator.db'}"


class Store:
    """An opened database whose tables are those of this version. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._file: tuple[int, int] | None = None  # of SQLite: the file that was opened

    @classmethod
    def open(cls, url: str) -> Store:
        """Open, create or migrate the database at an SQLAlchemy or plain postgresql:// URL.

        Raises StorageError (DatabaseTooNew, DatabaseBusy) with a sentence that says what to do.
        """
        engine = _sqlite_engine(url) if url.startswith("sqlite") else _postgresql_writer(url)
        return cls._checked(engine, migrations.upgrade)

    @classmethod
    def open_to_read(cls, url: str) -> Store:
        """Open a database so that the engine itself refuses to change anything. Raises StorageError."""
        engine = _sqlite_reader(url) if url.startswith("sqlite") else _postgresql_engine(url)
        if not url.startswith("sqlite"):
            event.listen(engine, "connect", _read_only)
        return cls._checked(engine, migrations.check)

    @classmethod
    def _checked(cls, engine: Engine, check: Callable[[Engine], None]) -> Store:
        store = cls(engine)
        try:
            with store._translated():
                check(engine)
            store._file = store._file_now()
        except BaseException:
            store.close()
            raise
        return store

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite; PostgreSQL otherwise."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database from its first to its last statement."""
        options: dict[str, Any] = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._translated(), self.engine.connect().execution_options(**options) as conn:
            yield conn

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that is committed at the end of the block and undone by an exception.

        `durable` waits until the operating system says that the commit is on the disk (PRAGMA synchronous=FULL);
        without it, SQLite in WAL mode may lose the last commits in a power cut, never in a crash of the program.
        """
        options = {"sqlite_write": True, "sqlite_durable": durable}
        with self._translated(), self.engine.connect().execution_options(**options) as conn, conn.begin():
            yield conn

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def _file_now(self) -> tuple[int, int] | None:
        path = self.engine.url.database
        if not self.is_sqlite or not path or path == ":memory:":
            return None
        try:
            found = os.stat(path)  # noqa: PTH116 - for every transaction, and a third of the time of Path.stat
        except FileNotFoundError:
            return (0, 0)
        return (found.st_dev, found.st_ino)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._file is not None and self._file_now() != self._file:
            # Open connections would go on with the old file, and all that they write would go with it.
            raise DatabaseGone(
                f"{self.engine.url.database} was removed or replaced while it was in use; start the program again"
            )
        try:
            yield
        except DatabaseError as error:
            where = self.engine.url.render_as_string(hide_password=True)
            if isinstance(error, OperationalError) and re.search("locked|busy", str(error.orig)):
                raise DatabaseBusy(
                    f"{where} is locked by another process for more than {BUSY_TIMEOUT} s; "
                    "stop the other process, or try again when it is done"
                ) from error
            if isinstance(error.orig, sqlite3.DatabaseError) and type(error.orig) is sqlite3.DatabaseError:
                raise StorageError(
                    f"{where} is damaged or no database ({error.orig}); put it aside and restore a backup"
                ) from error
            said = " ".join(str(error.orig).split()).rstrip(".")
            advice = next((advice for part, advice in _ADVICE.items() if part in said), "")
            if isinstance(error, OperationalError) or (advice and not isinstance(error, IntegrityError)):
                raise StorageError(f"{where} can't be used: {said}{advice and '; '}{advice}") from error
            raise


def _sqlite_engine(url: str) -> Engine:
    database = make_url(url).database
    if database and database != ":memory:":
        try:
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            where = Path(database).parent
            raise StorageError(f"can't make the data folder {where}: {error.strerror}; name another with -d") from error
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT, "check_same_thread": False}, **_POOL)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _sqlite_reader(url: str) -> Engine:
    path = Path(make_url(url).database or "")
    if not path.is_file():
        raise StorageError(f"nothing is stored yet: there is no {path}; `aggregator poll` makes it")

    def connect() -> sqlite3.Connection:
        where = f"{path.resolve().as_uri()}?mode=ro"
        return sqlite3.connect(where, uri=True, timeout=BUSY_TIMEOUT, check_same_thread=False, isolation_level=None)

    engine = create_engine(url, creator=connect)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read_only(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.read_only = True  # psycopg: every transaction begins with READ ONLY


def _prepare_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite alone
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        "temp_store=MEMORY",
        "cache_size=-8000",  # kilobytes, for each connection
        "wal_autocheckpoint=4000",  # pages: one that changes often is copied into the database less often
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(conn: Connection) -> None:
    options = conn.get_execution_options()
    if options.get("sqlite_write"):
        conn.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('sqlite_durable') else 'NORMAL'}")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if options.get("sqlite_write") else "BEGIN")


def _postgresql_writer(url: str) -> Engine:
    return _postgresql_engine(url, {"options": f"-c idle_in_transaction_session_timeout={IDLE_WRITER}s"})


def _postgresql_engine(url: str, more: Mapping[str, object] = MappingProxyType({})) -> Engine:
    """Whatever storage.database says of the connection itself counts more than what is usual here."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StorageError(
            "storage.database is not a database URL; write postgresql://user:password@host/name"
        ) from error
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    usual = {name: value for name, value in {**_NOT_FOR_EVER, **more}.items() if name not in parsed.query}
    try:
        return create_engine(parsed, connect_args=usual, pool_pre_ping=True, **_POOL)
    except ModuleNotFoundError as error:
        raise StorageError(
            "PostgreSQL needs the package psycopg: pip install 'psycopg[binary]', where this program is installed"
        ) from error
