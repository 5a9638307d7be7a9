import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InternalError

from aggregator.errors import DatabaseBusy, DatabaseGone, DatabaseTooNew, StorageError
from aggregator.store import database
from aggregator.store.database import Store, sqlite_url
from aggregator.store.tables import meta, metadata


def test_migrations_build_the_tables_that_the_program_speaks_of(store: Store) -> None:
    with store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_opening_twice_changes_nothing(store: Store, database_url: str) -> None:
    with store.write() as conn:
        conn.execute(insert(meta).values(key="a", value="b"))
    again = Store.open(database_url)
    with again.read() as conn:
        assert conn.execute(select(meta.c.value)).scalar() == "b"
    again.close()


def test_database_of_a_newer_version_is_refused(store: Store, database_url: str) -> None:
    with store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNew, match="newer than this program"):
        Store.open(database_url)


def test_failed_write_is_undone_whole(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as conn:
        conn.execute(insert(meta).values(key="a", value="b"))
        1 / 0  # noqa: B018
    with store.read() as conn:
        assert conn.execute(select(meta)).all() == []


def test_read_sees_one_state_while_another_writes(store: Store) -> None:
    with store.read() as reader:
        assert reader.execute(select(meta)).all() == []
        with store.write(durable=True) as writer:
            writer.execute(insert(meta).values(key="a", value="b"))
        assert reader.execute(select(meta)).all() == []


def test_locked_database_is_reported_as_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.1)
    store = Store.open(sqlite_url(tmp_path))
    other = sqlite3.connect(tmp_path / "aggregator.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy, match="locked by another process"), store.write():
        pass
    other.close()
    store.close()


def test_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "aggregator.db").write_bytes(b"no database " * 100)
    with pytest.raises(StorageError, match="damaged or no database"):
        Store.open(sqlite_url(tmp_path))


def test_data_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="data folder"):
        Store.open(sqlite_url(tmp_path / "file" / "data"))


@pytest.mark.parametrize(
    ("make", "advice"),
    [
        (lambda path: path.mkdir(), "a file that this user may read and write"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE feeds (a)"), "another program's"),
    ],
)
def test_sqlite_that_cannot_be_used_is_reported_with_what_to_do(
    tmp_path: Path, make: Callable[[Path], object], advice: str
) -> None:
    make(tmp_path / "aggregator.db")
    with pytest.raises(StorageError, match=advice):
        Store.open(sqlite_url(tmp_path))


def test_full_disk_is_reported_with_what_to_do(tmp_path: Path) -> None:
    store = Store.open(sqlite_url(tmp_path))
    with pytest.raises(StorageError, match="make room on its disk"), store.write() as conn:
        conn.exec_driver_sql("PRAGMA max_page_count = 1")
        conn.execute(insert(meta).values(key="a", value="b" * 1_000_000))
    store.close()


def test_postgresql_user_without_rights_is_told_which_one_is_lacking(postgresql_server: str) -> None:
    admin = create_engine(
        make_url(postgresql_server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as conn:
        conn.execute(text("CREATE USER guest"))
        conn.execute(text("CREATE DATABASE of_others"))
    guest = make_url(postgresql_server).set(username="guest", database="of_others").render_as_string(False)
    with pytest.raises(StorageError, match=r"permission denied for schema public.*GRANT CREATE"):
        Store.open(guest)
    with pytest.raises(StorageError, match=r"does not exist; make it \(createdb\)"):
        Store.open(make_url(postgresql_server).set(database="nowhere").render_as_string(False))
    with admin.connect() as conn:
        conn.execute(text("DROP DATABASE of_others"))
        conn.execute(text("DROP USER guest"))
    admin.dispose()


@pytest.mark.parametrize("url", ["postgresql://u:p@127.0.0.1:1/x", "postgresql:"])
def test_unreachable_postgresql_is_reported_without_its_password(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        Store.open(url)
    assert "u:p" not in str(caught.value)


def test_times_keep_their_microseconds_on_both_engines(store: Store) -> None:
    from aggregator.store.tables import hosts

    moment = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
    with store.write() as conn:
        conn.execute(insert(hosts).values(host="h", not_before=moment, reason="", failures=0))
    with store.read() as conn:
        assert conn.execute(select(hosts.c.not_before)).scalar() == moment


def test_store_that_is_opened_to_read_refuses_every_write(store: Store, database_url: str) -> None:
    with store.write() as conn:
        conn.execute(insert(meta).values(key="a", value="b"))
    reader = Store.open_to_read(database_url)
    with reader.read() as conn:
        assert conn.execute(select(meta.c.value)).scalar() == "b"
    with pytest.raises((StorageError, InternalError), match=r"readonly|read-only"), reader.write() as conn:
        conn.execute(insert(meta).values(key="c", value="d"))
    reader.close()


def test_store_that_is_not_there_or_of_another_version_is_not_opened_to_read(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    with pytest.raises(StorageError, match="nothing is stored yet"):
        Store.open_to_read(sqlite_url(tmp_path / "nowhere"))
    with store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="of version 9999"):
        Store.open_to_read(database_url)
    with store.write() as conn:
        conn.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(StorageError, match="nothing is stored yet"):
        Store.open_to_read(database_url)


@pytest.mark.parametrize("replaced", [False, True])
def test_database_file_that_is_taken_away_is_noticed_by_the_next_transaction(tmp_path: Path, replaced: bool) -> None:
    store = Store.open(sqlite_url(tmp_path))
    with store.write() as conn:
        conn.execute(insert(meta).values(key="a", value="b"))
    file = tmp_path / "aggregator.db"
    file.rename(tmp_path / "moved.db")
    if replaced:
        file.touch()
    for transaction in (store.read, store.write):
        with pytest.raises(DatabaseGone, match=r"aggregator\.db was removed or replaced"), transaction():
            pass
    store.close()


def test_frozen_process_holds_up_no_other_one_on_postgresql(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "IDLE_WRITER", 1)
    frozen, alive = Store.open(postgresql_url), Store.open(postgresql_url)
    lock = text("SELECT pg_advisory_xact_lock(77)")
    with pytest.raises(StorageError, match="idle-in-transaction"), frozen.write() as conn:
        conn.execute(lock)
        with alive.write() as other:
            other.execute(lock)  # waits until the first one has lost it
        conn.execute(select(meta))
    with frozen.write() as conn:  # and goes on with another connection
        conn.execute(lock)
    for one in (frozen, alive):
        one.close()


def test_silent_postgresql_server_is_given_up_unless_the_address_says_otherwise(postgresql_url: str) -> None:
    url = make_url(postgresql_url)
    for given, waited in (({}, "30000"), ({"tcp_user_timeout": "5000"}, "5000")):
        store = Store.open(url.update_query_dict(given).render_as_string(hide_password=False))
        with store.read() as conn:
            raw = conn.connection.driver_connection
            assert raw is not None and raw.info.get_parameters()["tcp_user_timeout"] == waited
        store.close()
