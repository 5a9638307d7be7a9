"""A sender that dies when it is told to. Run as a program; each line on stdin is one run in a process of its own:

    <database URL> <mail.smtp> <minutes after NOW> <recipients, comma-separated> <where to die>

where the last is '-', a label of `POINTS`, or 'ms:<number>' to be killed so many milliseconds after it has begun to
send. It answers each line with the exit status: 0, 77 for a death at a point, -9 for a kill.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiosmtplib

from aggregator.digest import ledger, service, transport
from aggregator.store import deliveries, editions
from aggregator.store.database import Store
from tests.digest.sample import NOW, config

DIED = 77


def _die() -> None:
    os._exit(DIED)


def _around(owner: Any, name: str, *, before: bool, when: Callable[..., bool] = lambda *_: True) -> None:
    """Die before or after the function, when its arguments say so."""
    real = getattr(owner, name)

    def wrapped(*args: Any, **options: Any) -> Any:
        if before and when(*args):
            _die()
        result = real(*args, **options)
        if not before and when(*args):
            _die()
        return result

    setattr(owner, name, wrapped)


def _around_command(command: bytes, *, before: bool) -> None:
    real = aiosmtplib.SMTP.execute_command

    async def wrapped(self: aiosmtplib.SMTP, *args: bytes, **options: Any) -> Any:
        if before and args[0] == command:
            _die()
        result = await real(self, *args, **options)
        if not before and args[0] == command:
            _die()
        return result

    aiosmtplib.SMTP.execute_command = wrapped  # type: ignore[method-assign]


def _after_commit_of(name: str) -> None:
    """Die once the transaction that called a function of `deliveries` is committed."""
    called: list[bool] = []
    real = getattr(deliveries, name)

    def noted(*args: Any, **options: Any) -> Any:
        called.append(True)
        return real(*args, **options)

    setattr(deliveries, name, noted)
    _around(ledger.Ledger, "_apply", before=False, when=lambda *_: bool(called))


POINTS: dict[str, Callable[[], None]] = {
    "while freezing": lambda: _around(editions, "freeze", before=False),
    "after freezing": lambda: _around(service, "_make", before=False),
    "while claiming": lambda: _around(deliveries, "claim", before=False),
    "after claiming": lambda: _after_commit_of("claim"),
    "before MAIL": lambda: _around_command(b"MAIL", before=True),
    "after MAIL": lambda: _around_command(b"MAIL", before=False),
    "after RCPT": lambda: _around_command(b"RCPT", before=False),
    "before DATA": lambda: _around_command(b"DATA", before=True),
    "after DATA": lambda: _around_command(b"DATA", before=False),
    "while noting that the dot comes": lambda: _around(deliveries, "about_to_commit", before=False),
    "before the dot": lambda: _around_command(b".", before=True),
    "after the 250": lambda: _around_command(b".", before=False),
    "while marking it sent": lambda: _around(deliveries, "settle", before=False),
    "after marking it sent": lambda: _after_commit_of("settle"),
    "before the rename": lambda: _around(transport, "_move", before=True),
    "after the rename": lambda: _around(transport, "_move", before=False),
}
SAFE = tuple(list(POINTS)[: list(POINTS).index("before the dot")])  # killed here, nobody can have got it
TOLD = ("after marking it sent",)


def main() -> None:
    """Answer each line of stdin."""
    for line in sys.stdin:
        database, smtp, minutes, recipients, where = line.rstrip("\n").split(" ", 4)
        begun, tell = os.pipe()
        child = os.fork()
        if child == 0:
            _tell_when_sending(tell)
            _run(database, smtp, float(minutes), recipients.split(","), where)
        os.close(tell)
        if where.startswith("ms:") and os.read(begun, 1):
            time.sleep(int(where.removeprefix("ms:")) / 1000)
            os.kill(child, signal.SIGKILL)
        os.close(begun)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _tell_when_sending(pipe: int) -> None:
    real = deliveries.claim

    def claim(*args: Any, **options: Any) -> Any:
        os.write(pipe, b"x")
        return real(*args, **options)

    deliveries.claim = claim


def _run(database: str, smtp: str, minutes: float, recipients: list[str], where: str) -> None:
    if where in POINTS:
        POINTS[where]()
    store = Store.open(database)
    made = config(
        mail={"from": "Watch <digest@example.org>", "smtp": smtp}, digests={"Morning briefing": {"to": recipients}}
    )
    service.send_due(store, made, NOW + timedelta(minutes=minutes))
    os._exit(0)


if __name__ == "__main__":
    main()
