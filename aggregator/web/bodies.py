"""What a request brings along, and no more than it may."""

from __future__ import annotations

from starlette.requests import Request


async def read_body(request: Request, largest: int) -> bytes | None:
    """The body; None where it has more bytes than `largest`."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
