"""What a request brings along, and no more than it may."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

READ_SECONDS = 20.0  # in which a body must have arrived; who sends a byte a minute would keep a connection for ever


async def read_body(request: Request, largest: int) -> bytes:
    """The body. Raises HTTPException: 413 where it has more bytes than `largest`, 408 where it doesn't arrive."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > largest:
                    raise HTTPException(413)
                chunks.append(chunk)
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408) from None
    return b"".join(chunks)
