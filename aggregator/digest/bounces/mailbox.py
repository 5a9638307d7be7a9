"""Mailboxes that bounces arrive in: a maildir here, IMAP in `imap`. Nothing is ever removed from one.

Mails that are neither seen nor flagged are unread. One that was understood is marked as seen; one that was not stays
where it is, flagged, for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from aggregator.digest.bounces.mail import LARGEST
from aggregator.errors import DeliveryError

_INFO = ":2,"  # introduces a maildir's flags
_READ = frozenset("SFT")  # seen, flagged, trashed


class Mailbox(Protocol):
    """A context manager; each mail has a key by which it is marked, and by which a person finds it.

    Everything raises DeliveryError with a sentence when the mailbox can't be used.
    """

    def unread(self) -> Iterator[tuple[str, bytes]]:
        """(key, the first LARGEST bytes) of each unread mail, the oldest first."""

    def mark(self, key: str, *, understood: bool) -> None:
        """As seen, or as flagged. A mail that somebody else has taken away meanwhile is no error."""

    def close(self) -> None:
        """Give back what was opened."""


class Maildir:
    """A folder with `new` and `cur` (https://cr.yp.to/proto/maildir.html)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
            raise DeliveryError(f"{folder} of mail.bounces.mailbox is no maildir: it has no folders new and cur")

    def unread(self) -> Iterator[tuple[str, bytes]]:
        """As promised by Mailbox."""
        try:
            found = [path for part in ("new", "cur") for path in (self._folder / part).iterdir() if _is_unread(path)]
        except OSError as error:
            raise self._trouble(error) from error
        for path in sorted(found, key=lambda path: path.name):
            try:
                with path.open("rb") as file:
                    data = file.read(LARGEST)
            except FileNotFoundError:
                continue  # another process, or a person, was faster
            except OSError as error:
                raise self._trouble(error) from error
            yield f"{path.parent.name}/{path.name}", data

    def mark(self, key: str, *, understood: bool) -> None:
        """As promised by Mailbox."""
        name, _, flags = key.partition("/")[2].partition(_INFO)
        marked = "".join(sorted({*flags, "S" if understood else "F"}))
        try:
            (self._folder / key).rename(self._folder / "cur" / f"{name}{_INFO}{marked}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        """Nothing is held open."""

    def _trouble(self, error: OSError) -> DeliveryError:
        return DeliveryError(f"the maildir {self._folder} can't be used: {error.strerror}")


def _is_unread(path: Path) -> bool:
    flags = path.name.partition(_INFO)[2]
    return not path.name.startswith(".") and _READ.isdisjoint(flags) and path.is_file() and not path.is_symlink()
