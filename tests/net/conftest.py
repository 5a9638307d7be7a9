"""Clients that may talk to the loopback servers of these tests."""

from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network

import pytest

from aggregator.net.client import OutboundClient
from aggregator.net.policy import NetPolicy, user_agent

POLICY = NetPolicy(
    user_agent=user_agent("https://news.example", 3),
    allow_networks=(ip_network("127.0.0.0/8"),),
    timeout=timedelta(seconds=2),
)


@pytest.fixture
async def client() -> AsyncIterator[OutboundClient]:
    """Without a gate: hosts have no queues."""
    async with OutboundClient(POLICY) as opened:
        yield opened
