"""A folder for the mails, and stores with something to tell."""

from pathlib import Path

import pytest

from aggregator.store.database import Store
from tests.digest.sample import edition_of, stock


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails that go to file:outbox/ lie in the test's own folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def stocked(store: Store) -> Store:
    """On each engine."""
    stock(store, edition_of(3))
    return store


@pytest.fixture
def stocked_sqlite(sqlite_store: Store) -> Store:
    """On SQLite alone."""
    stock(sqlite_store, edition_of(3))
    return sqlite_store
