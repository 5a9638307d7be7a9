"""aiohttp set up our way: guarded sockets, own name look-ups, no cookies, no environment, no silent retries."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.net.address import AddressInfo
from aggregator.net.policy import NetPolicy

_MAX_HEADER_LINE = 64 * 1024  # a huge ETag is ignored, not a reason to lose the feed


class Lost(aiohttp.ClientError):
    """The connection broke before the answer's head had come."""


@dataclass(slots=True)
class Facts:
    """What aiohttp tells of one request. `reused`: it went over a connection that was kept from an earlier one."""

    reused: bool = False


def open_session(
    policy: NetPolicy, socket_factory: Callable[[AddressInfo], socket.socket] | None
) -> aiohttp.ClientSession:
    """One session for all requests. Each request takes a `Facts` as its trace_request_ctx."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(_mark_reused)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,  # the client bounds it: aiohttp's own queue would count against the time limit
            ttl_dns_cache=60,
            resolver=_Resolver(policy.concurrency),
            socket_factory=socket_factory,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=policy.timeout.total_seconds() / 2),
        max_line_size=_MAX_HEADER_LINE,
        max_field_size=_MAX_HEADER_LINE,
        middlewares=(_no_silent_retry,),
        trace_configs=[trace],
    )


async def _mark_reused(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _: aiohttp.TraceConnectionReuseconnParams
) -> None:
    context.trace_request_ctx.reused = True


async def _no_silent_retry(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp sends a request again when the connection breaks, even a fresh one: the server would see two at once."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Lost(str(error)) from error


class _Resolver(AbstractResolver):
    """getaddrinfo in threads of our own: a few dead name servers must not hold up every other name."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads,
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family),
        )
        return [
            ResolveResult(hostname=host, host=str(peer[0]), port=int(peer[1]), family=family, proto=proto, flags=0)
            for family, _, proto, _, peer in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
