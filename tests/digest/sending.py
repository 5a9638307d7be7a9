"""A newsletter to some people through a mail server, and what became of its mails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aggregator.config.models import Config
from aggregator.digest import service
from aggregator.model import Delivery
from aggregator.store import deliveries
from aggregator.store.database import Store
from tests.digest.sample import NOW, config

NAME = "Morning briefing"


def mailing(url: str, *people: str, window: str = "6h", **mail: Any) -> Config:
    """The newsletter; `mail` are settings of its section."""
    made = {"from": "Watch <digest@example.org>", "smtp": url, **mail}
    return config(mail=made, digests={NAME: {"to": list(people), "window": window}})


def send(store: Store, made: Config, minutes: float = 0) -> service.SendReport:
    """One look at the digests, so many minutes after their hour."""
    return service.send_due(store, made, NOW + timedelta(minutes=minutes))


def outcomes(store: Store) -> dict[str, Delivery]:
    """The deliveries by address."""
    with store.read() as conn:
        return {one.address: one for one in deliveries.listing(conn)}
