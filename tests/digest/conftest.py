"""Stores with something to tell."""

import pytest

from aggregator.store.database import Store
from tests.digest.sample import edition_of, stock


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
