"""The callbacks that WebSub hubs reach: the one path on which anything but reading is allowed.

    GET    the hub asks whether we meant what we asked   200 with its challenge, 404
    POST   the hub pushes                                202, 410 unknown, 413 too large, 503 try again

A callback's path can't be guessed, so whoever reaches one is a hub that we asked. The challenge, which only such a hub
is given back, is sent as plain text.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.net.response import MAX_BODY
from aggregator.poll.hubs import Hubs, Receipt
from aggregator.poll.websub import PATH, Question
from aggregator.web.bodies import read_body
from aggregator.web.document import SAFE_HEADERS

_TOGETHER = 4  # pushes read and parsed at once: each may be large
_RETRY_SECONDS = 30
_MAX_CHALLENGE = 4096
_HEADERS = SAFE_HEADERS | {"cache-control": "no-store"}


def websub_route(hubs: Hubs) -> Route:
    """The route of every callback."""
    callbacks = _Callbacks(hubs)
    return Route(f"{PATH}{{token}}", callbacks.answer, methods=["GET", "POST"])


class _Callbacks:
    def __init__(self, hubs: Hubs) -> None:
        self._hubs = hubs
        self._turns = asyncio.Semaphore(_TOGETHER)

    async def answer(self, request: Request) -> Response:
        token = str(request.path_params["token"])
        return await self._push(request, token) if request.method == "POST" else await self._verify(request, token)

    async def _verify(self, request: Request, token: str) -> Response:
        question = Question.of(request.query_params)
        echo = None
        if len(question.challenge or "") <= _MAX_CHALLENGE:
            echo = await self._hubs.answer(token, question)
        return Response(echo or "", 404 if echo is None else 200, media_type="text/plain", headers=_HEADERS)

    async def _push(self, request: Request, token: str) -> Response:
        one = await self._hubs.find(token)
        if one is None:
            return _status(410)
        async with self._turns:
            body = await read_body(request, MAX_BODY)
            receipt = await self._hubs.receive(
                one,
                body,
                content_type=request.headers.get("content-type"),
                signature=request.headers.get("x-hub-signature"),
            )
        if receipt is Receipt.BUSY:
            return _status(503, {"retry-after": str(_RETRY_SECONDS)})
        return _status(202)


def _status(status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(status_code=status, headers=_HEADERS | (headers or {}))
