"""What can go wrong that the program itself is to blame for, or that a person has to mend.

    AggregatorError
    ├── ConfigError            feeds.yaml is wrong; holds every fault with its line (exit code 2)
    ├── UsageError             a command was called with something it can't use (exit code 2)
    ├── StorageError           the database can't be used
    │   ├── DatabaseTooNew     it was written by a newer version of the program
    │   ├── DatabaseBusy       another process holds it and did not let go in time
    │   └── DatabaseGone       its file was removed or replaced while it was open
    ├── PublishError           a rendered feed would not be valid; the last good one stays
    └── DeliveryError          mail can't be sent at all (wrong password, no server)

A remote fault (a feed that is down, a refused recipient) is a value, never an exception:
see `net.response.FetchFailed` and `digest.smtp.Refused`. The text of each error is a sentence for the person who
reads it: where, what, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AggregatorError(Exception):
    """Root of the tree; its text is shown to the user as it is."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One fault in feeds.yaml. `line` and `column` count from 1."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class ConfigError(AggregatorError):
    """feeds.yaml can't be used; `faults` lists everything that is wrong with it, in the file's order."""

    exit_code = 2

    def __init__(self, faults: Sequence[ConfigFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UsageError(AggregatorError):
    """A command was called with something it can't use."""

    exit_code = 2


class StorageError(AggregatorError):
    """The database can't be opened, read or written."""


class DatabaseTooNew(StorageError):  # noqa: N818 - reads as a state
    """The database was written by a newer version of the program."""


class DatabaseBusy(StorageError):  # noqa: N818 - reads as a state
    """Another process holds the database and did not let go in time."""


class DatabaseGone(StorageError):  # noqa: N818 - reads as a state
    """The file of the database was removed or replaced while it was open."""


class PublishError(AggregatorError):
    """A rendered feed would not be valid; nothing was replaced."""


class DeliveryError(AggregatorError):
    """Mail can't be sent at all."""
