"""What tests of whole polls share: small feeds, settings for loopback, a poller as after a start, a clock to move."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from aggregator import clock
from aggregator.config.models import Config
from aggregator.model import Feed
from aggregator.poll.poller import Poller
from aggregator.store import feeds
from aggregator.store.database import Store

ITEM = "<item><title>Item {0}</title><link>https://a.example/{0}</link><guid>{0}</guid></item>"


def rss(*items: int, extra: str = "") -> bytes:
    text = "".join(ITEM.format(item) for item in items)
    return f"<rss version='2.0'><channel><title>T</title><link>https://a.example/</link>{extra}{text}</channel></rss>".encode()


def config(*urls: str, **polling: object) -> Config:
    return Config.model_validate(
        {
            "feeds": [{"url": url} for url in urls],
            "polling": {"allow_networks": ["127.0.0.0/8"], "host_gap": "0s", "timeout": "2s", **polling},
        }
    )


def with_gap(settings: Config, gap: timedelta) -> Config:
    """Shorter than feeds.yaml can say."""
    return settings.model_copy(update={"polling": settings.polling.model_copy(update={"host_gap": gap})})


@asynccontextmanager
async def started(store: Store, settings: Config) -> AsyncIterator[Poller]:
    """As after a start of the program or a reload of feeds.yaml."""
    with store.write() as conn:
        feeds.sync(conn, settings.feeds)
    async with Poller.open(store, settings) as poller:
        yield poller


def stored(store: Store) -> list[Feed]:
    with store.read() as conn:
        return feeds.list_all(conn)


class Time:
    """The program's clock, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.offset = timedelta()
        monkeypatch.setattr(clock, "utc_now", lambda: datetime.now(UTC) + self.offset)

    def pass_by(self, span: timedelta) -> None:
        self.offset += span


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what another task, thread or process does; gives up after half a minute."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - nobody there could set an event
            await asyncio.sleep(0.02)
