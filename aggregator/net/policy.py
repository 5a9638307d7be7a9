"""What the outbound client may do and how it presents itself: feeds.yaml's polling section and site, in one value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from aggregator.config.models import Config
from aggregator.net.address import Network

PRODUCT = "aggregator"


@dataclass(frozen=True, slots=True)
class NetPolicy:
    """Limits of one OutboundClient. `timeout` is for one exchange; a redirect starts another."""

    user_agent: str
    allow_networks: tuple[Network, ...] = ()
    allow_files: tuple[Path, ...] = ()
    timeout: timedelta = timedelta(seconds=30)
    concurrency: int = 64

    @classmethod
    def from_config(cls, config: Config, subscribers: int) -> NetPolicy:
        """`subscribers` is the number of readers that the User-Agent tells publishers of."""
        return cls(
            user_agent=user_agent(config.site.contact or config.site.url, subscribers),
            allow_networks=config.polling.allow_networks,
            allow_files=config.polling.allow_files,
            timeout=config.polling.timeout,
            concurrency=config.polling.concurrency,
        )


def user_agent(contact: str, subscribers: int) -> str:
    """'aggregator/1.0 (+https://news.example.org; 12 subscribers)', in characters that a header may hold."""
    readers = f"{subscribers} subscriber{'' if subscribers == 1 else 's'}"
    safe_contact = re.sub(r"[^!-~]|[()\\;]", "", contact)
    return f"{PRODUCT}/{version(PRODUCT)} (+{safe_contact}; {readers})"
