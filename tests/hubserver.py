"""A WebSub hub on loopback for tests (W3C Recommendation): it asks back before it answers, and pushes what it is told.

with HubServer() as hub:
    hub.address                     the feeds name it
    hub.subscribed                  callback -> form of the request that it confirmed
    hub.publish(topic, body)        POST to every callback of the topic; gives their statuses
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Self
from urllib.parse import parse_qs, urlencode

from tests.feedserver import FeedServer, Reply, Request


def get(url: str, query: Mapping[str, str]) -> tuple[int, str, str]:
    """Status, media type and text."""
    return _open(urllib.request.Request(f"{url}?{urlencode(query)}"))


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Status."""
    return _open(urllib.request.Request(url, data=body, headers=dict(headers)))[0]


def _open(request: urllib.request.Request) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read().decode()


class HubServer(FeedServer):
    """`lease`: the seconds that it grants. `refusal`: why it denies every request, when it does."""

    def __init__(self) -> None:
        super().__init__()
        self.subscribed: dict[str, dict[str, str]] = {}
        self.forms: list[dict[str, str]] = []
        self.lease: int | None = 864_000
        self.refusal: str | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        self.script("/hub", self._ask_back)
        return self

    @property
    def address(self) -> str:
        return self.url("/hub")

    def publish(
        self,
        topic: str,
        body: bytes,
        *,
        algorithm: str = "sha256",
        secret: str | None = None,
        media_type: str = "application/rss+xml",
    ) -> list[int]:
        """`secret`: another one than was agreed."""
        statuses = []
        for callback, form in self.subscribed.items():
            if form["hub.topic"] == topic:
                digest = hmac.new(
                    (secret or form["hub.secret"]).encode(), body, getattr(hashlib, algorithm)
                ).hexdigest()
                headers = {"Content-Type": media_type, "X-Hub-Signature": f"{algorithm}={digest}"}
                statuses.append(post(callback, body, headers))
        return statuses

    def deny(self, callback: str, topic: str, reason: str) -> int:
        """Ends a subscription from the hub's side."""
        return get(callback, {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason})[0]

    def _ask_back(self, request: Request) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self.forms.append(form)
        callback, topic = form["hub.callback"], form["hub.topic"]
        if self.refusal is not None:
            self.deny(callback, topic, self.refusal)
            return Reply(202)
        challenge = secrets.token_hex(16)
        query = {"hub.mode": form["hub.mode"], "hub.topic": topic, "hub.challenge": challenge}
        if form["hub.mode"] == "subscribe" and self.lease is not None:
            query["hub.lease_seconds"] = str(self.lease)
        if get(callback, query) == (200, "text/plain", challenge):
            if form["hub.mode"] == "subscribe":
                self.subscribed[callback] = form
            else:
                self.subscribed.pop(callback, None)
        return Reply(202)
