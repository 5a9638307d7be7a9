"""Who polls an SQLite database: whoever starts while nobody else does drops the leases that a killed process left.

A lock on a file beside the database is shared by all who poll, and given up by the system when a process dies, however
it dies. Who can have it for himself alone for a moment knows that no lease is anybody's.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from aggregator.store import feeds
from aggregator.store.database import Store

log = logging.getLogger(__name__)


@contextmanager
def polling_lock(store: Store) -> Iterator[None]:
    """Held while the block runs. Leases on PostgreSQL, whose clients may be anywhere, end by their time alone."""
    path = beside_database(store, "polling")
    if path is None:
        yield
        return
    with path.open("ab") as file:
        _take(file, store)
        yield


def beside_database(store: Store, name: str) -> Path | None:
    """A file that all processes with this database share; None where it is no file of this machine."""
    database = store.engine.url.database
    if not store.is_sqlite or not database or database == ":memory:":
        return None
    return Path(f"{database}.{name}")


def _take(file: IO[bytes], store: Store) -> None:
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            with store.write() as conn:
                feeds.release_all(conn)
        fcntl.flock(file, fcntl.LOCK_SH)
    except OSError as error:
        log.info("no lock on %s (%s): leases of a killed process end by their time", file.name, error.strerror)
