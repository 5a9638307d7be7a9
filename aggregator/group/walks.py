"""A walk through what is stored, newest first, after something was edited that old results were made with.

Its place is kept in the store, so that it goes on where it was interrupted, by Ctrl-C or by a newer edit.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from aggregator.store import meta


@dataclass(frozen=True, slots=True)
class Walk:
    """`key` names the walk in the store; what is stored is what it is made with, and the id below which it goes on."""

    key: str

    def start(self, conn: Connection, made_with: str, newest_id: int) -> None:
        """Begin if what is stored was made with something else. The first time nothing is stored: nothing to do."""
        stored, _ = self._read(conn)
        if stored != made_with:
            meta.put(conn, self.key, f"{made_with} {newest_id + 1 if stored else 0}")

    def is_made_with(self, conn: Connection, made_with: str) -> bool:
        """Whether nothing has to be begun."""
        return self._read(conn)[0] == made_with

    def below(self, conn: Connection) -> int:
        """Ids below this one are still to be walked; 0 when none are."""
        return self._read(conn)[1]

    def go_on(self, conn: Connection, below: int) -> None:
        """The ids from here on are done."""
        meta.put(conn, self.key, f"{self._read(conn)[0]} {below}")

    def _read(self, conn: Connection) -> tuple[str, int]:
        made_with, _, below = (meta.get(conn, self.key) or " 0").partition(" ")
        return made_with, int(below)


TOPICS = Walk("walk.topics")
"""Matches entries of old with edited topics."""
