"""Where mail services post what came back: POST /bounces/<secret of mail.bounces.webhook>.

a mail (Content-Type: message/rfc822)   200, 422 when it isn't understood
a service's JSON                        200, 400 when it is none
about a mail that is just being sent    503: post it again
another secret                          404, as for any path that isn't there
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aggregator import clock
from aggregator.config.models import Config
from aggregator.digest.bounces.events import Confirmation, read_events
from aggregator.digest.bounces.service import Answer, Found, take_events, take_mail
from aggregator.store.database import Store
from aggregator.web.bodies import read_body
from aggregator.web.document import SAFE_HEADERS

log = logging.getLogger(__name__)

LARGEST = 1024 * 1024  # bytes
_TOGETHER = 4  # posts read and taken at once
_RETRY_SECONDS = 30
_HEADERS = SAFE_HEADERS | {"cache-control": "no-store"}


def bounces_route(store: Store, config_source: Callable[[], Config]) -> Route:
    """The route of this module."""
    return Route("/bounces/{secret}", _Bounces(store, config_source).post, methods=["POST"])


class _Bounces:
    def __init__(self, store: Store, config_source: Callable[[], Config]) -> None:
        self._store = store
        self._config_source = config_source
        self._turns = asyncio.Semaphore(_TOGETHER)

    async def post(self, request: Request) -> Response:
        settings = self._config_source().mail.bounces
        secret = settings.webhook.get_secret_value() if settings and settings.webhook else ""
        given: str = request.path_params["secret"]
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            raise HTTPException(404)
        async with self._turns:
            body = await read_body(request, LARGEST)
            if request.headers.get("content-type", "").casefold().startswith("message/"):
                return await self._mail(body)
            return await self._events(body)

    async def _mail(self, body: bytes) -> Response:
        now = clock.utc_now()
        found = await asyncio.to_thread(take_mail, self._store, self._config_source(), body, now)
        return _answer([found], 422)

    async def _events(self, body: bytes) -> Response:
        events = read_events(body)
        if events is None:
            return _said(400, "The post is no JSON that is known here.")
        if isinstance(events, Confirmation):
            return _confirmation(events.url)
        found = await asyncio.to_thread(take_events, self._store, events, body, clock.utc_now())
        return _answer(found, 200)


def _answer(found: Sequence[Found], when_left: int) -> Response:
    for one in found:
        if one.answer is Answer.TAKEN:
            log.info("%s", one.sentence)
    if any(one.answer is Answer.LATER for one in found):
        return _said(503, "A mail of these is just being sent; post this again.", {"retry-after": str(_RETRY_SECONDS)})
    left = any(one.answer is Answer.LEFT for one in found)
    return _said(when_left if left else 200, "\n".join(one.sentence for one in found) or "Nothing came back.")


def _confirmation(url: str) -> Response:
    """Nothing is asked of an address that a post names: a person opens the link."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not (parts.hostname or "").endswith(".amazonaws.com"):
        return _said(400, "The confirmation does not come from Amazon SNS.")
    log.warning("Amazon SNS asks whether it may post bounces here; to say yes, open %s", url)
    return _said(200, "The operator is told to confirm.")


def _said(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{sentence}\n", status, headers=_HEADERS | (headers or {}))
