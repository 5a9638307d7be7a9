"""The one outbound HTTP client: polls, discovery, WebSub, images and webhooks all go through `fetch`.

    fetch(request)
      file: URL                  read it inside the allowed folders
      for each hop, at most six:
        address of the URL       refused unless public or allowed        (again where the socket is made)
        gate                     the host's turn; closed hosts are not asked
        exchange                 GET with exactly our headers, within the time limit
          200                    decode while counting -> Fetched
          304                    only where we sent validators -> NotModified
          301 302 303 307 308    next hop; secrets stay with their origin
          anything else          -> FetchFailed with a sentence

Nothing a server does raises. There are no cookies, no Referer, no environment proxies, and no retries: the schedule
decides when a feed is asked again.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Self

import aiohttp

from aggregator.clock import utc_now
from aggregator.net.address import allowed, guarded_sockets
from aggregator.net.decode import ACCEPT_ENCODING, BodyDecoder
from aggregator.net.failures import explain_error, explain_status, printable, refused_address
from aggregator.net.files import read_file
from aggregator.net.gate import HostGate
from aggregator.net.hints import NO_HINTS, CacheHints, in_one_line, parse_hints
from aggregator.net.policy import NetPolicy
from aggregator.net.response import (
    MAX_VALIDATOR,
    FailureKind,
    Fetched,
    FetchFailed,
    FetchRequest,
    Hop,
    NotModified,
    Result,
)
from aggregator.net.transport import Facts, Lost, open_session
from aggregator.net.urls import BadUrl, Target, follow, parse_url
from aggregator.text.addresses import host_key, without_credentials

MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Leg:
    """One hop's request: where, and with what."""

    request: FetchRequest
    own: Target  # what the request's URL names; secrets belong to its origin
    target: Target
    method: str
    hops: tuple[Hop, ...] = ()

    def failed(
        self, kind: FailureKind, reason: str, status: int | None = None, hints: CacheHints = NO_HINTS
    ) -> FetchFailed:
        return FetchFailed(kind=kind, reason=reason, url=self.target.url, status=status, hints=hints, hops=self.hops)


@dataclass(slots=True)
class OutboundClient:
    """An async context manager; belongs to one event loop. Without a gate, hosts have no queues (tests, webhooks)."""

    policy: NetPolicy
    gate: HostGate | None = None
    _slots: asyncio.Semaphore = field(init=False)
    _direct: aiohttp.ClientSession = field(init=False)
    _proxied: aiohttp.ClientSession = field(init=False)

    async def __aenter__(self) -> Self:
        self._slots = asyncio.Semaphore(self.policy.concurrency)
        self._direct = open_session(self.policy, guarded_sockets(self.policy.allow_networks))
        # Its sockets lead to the proxies that the editor has named, wherever they stand.
        self._proxied = open_session(self.policy, None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._direct.close()
        await self._proxied.close()

    async def fetch(self, request: FetchRequest) -> Result:
        """One request with its redirects. Never raises for what a server, a name or a network does."""
        if request.url.startswith("file:"):
            return await asyncio.to_thread(read_file, request, self.policy.allow_files)
        try:
            own = parse_url(request.url)
        except BadUrl as error:
            shown = without_credentials(request.url)
            return FetchFailed(kind=FailureKind.REFUSED_ADDRESS, reason=printable(str(error)), url=shown)
        leg = _Leg(request, own, own, request.method)
        while True:
            outcome = await self._hop(leg)
            if not isinstance(outcome, _Leg):
                return outcome
            leg = outcome
            if request.refusal is not None and (refusal := await request.refusal(leg.target.url)):
                return leg.failed(FailureKind.REDIRECT, printable(refusal))

    async def _hop(self, leg: _Leg) -> Result | _Leg:
        """One exchange, in the host's turn: a result, or the next hop."""
        literal = leg.target.literal
        if literal is not None and not allowed(literal, self.policy.allow_networks):
            reason = refused_address(leg.target.host, str(literal))
            return leg.failed(FailureKind.REFUSED_ADDRESS, reason)
        if self.gate is None:
            return await self._timed(leg)
        host = host_key(leg.target.url)
        postponed = await self.gate.enter(host)
        if postponed is not None:
            pause = CacheHints(retry_after=postponed.until - utc_now())
            return leg.failed(FailureKind.POSTPONED, postponed.reason, hints=pause)
        try:
            outcome = await self._timed(leg)
            if isinstance(outcome, FetchFailed):
                self.gate.note(host, outcome.status, outcome.hints)
            else:
                self.gate.note(host, 200, NO_HINTS)
        finally:
            self.gate.leave(host)
        return outcome

    async def _timed(self, leg: _Leg) -> Result | _Leg:
        async with self._slots:
            try:
                async with asyncio.timeout(self.policy.timeout.total_seconds()):
                    return await self._exchange(leg)
            except Exception as error:
                failed = leg.failed(*explain_error(error, leg.target, leg.request.max_bytes))
                _let_go(error)
                return failed

    async def _exchange(self, leg: _Leg) -> Result | _Leg:
        conditional = _validators(leg)
        for attempt in (1, 2):
            facts = Facts()
            try:
                response = await self._send(leg, conditional, facts)
                break
            except Lost:
                # A kept connection that the server has closed meanwhile (RFC 9112 section 9.3.1).
                if attempt == 2 or not facts.reused or leg.method not in ("GET", "HEAD"):
                    raise
        async with response:
            return await _judge(leg, response, bool(conditional))

    async def _send(self, leg: _Leg, conditional: dict[str, str], facts: Facts) -> aiohttp.ClientResponse:
        request = leg.request
        body = request.body if leg.method == request.method else None
        headers = {
            "User-Agent": self.policy.user_agent,
            "Accept": request.accept,
            "Accept-Encoding": ACCEPT_ENCODING,
            **({"Content-Type": request.content_type} if body is not None and request.content_type else {}),
            **({} if self._followed(leg) else {"Connection": "close"}),
            **conditional,
            **_secrets(leg),
        }
        session = self._direct if request.proxy is None else self._proxied
        return await session.request(
            leg.method,
            leg.target.wire,
            headers=headers,
            data=body,
            allow_redirects=False,
            proxy=request.proxy,
            trace_request_ctx=facts,
        )

    def _followed(self, leg: _Leg) -> bool:
        """Whether the connection is worth keeping: thousands of hosts with one feed each would fill up the sockets."""
        return self.gate is None or self.gate.awaited(host_key(leg.target.url))


async def _judge(leg: _Leg, response: aiohttp.ClientResponse, conditional: bool) -> Result | _Leg:
    status, headers, target = response.status, response.headers, leg.target
    hints = parse_hints(headers, utc_now())
    if status == 304 and conditional:
        return NotModified(
            url=target.url,
            etag=_validator(headers.get("ETag")) or leg.request.etag,
            last_modified=_validator(headers.get("Last-Modified")) or leg.request.last_modified,
            hints=hints,
            hops=leg.hops,
        )
    if status == 304:
        reason = f"{target.host} answered 304 although nothing was known that could be unchanged"
        return leg.failed(FailureKind.PROTOCOL, reason, status, hints)
    if status in _REDIRECTS:
        return _next_leg(leg, status, headers.get("Location", ""))
    if status not in (200, 203) and not (leg.method != "GET" and 200 <= status < 300):
        return leg.failed(*explain_status(status, headers, target.host), status, hints)
    return Fetched(
        url=target.url,
        status=status,
        body=await _body(response, leg.request.max_bytes),
        content_type=headers.get("Content-Type"),
        etag=_validator(headers.get("ETag")),
        last_modified=_validator(headers.get("Last-Modified")),
        hints=hints,
        hops=leg.hops,
        links=tuple(headers.getall("Link", ())),
    )


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    decoder = BodyDecoder(in_one_line(response.headers, "Content-Encoding"), limit)
    while chunk := await response.content.readany():
        decoder.feed(chunk)
    return decoder.finish()


def _let_go(error: BaseException | None) -> None:
    """Forget where an exception was raised.

    aiohttp's stream keeps the exception, and that by its frames the stream and all of the body that was read: hundreds
    of broken bodies would lie there until garbage is next collected.
    """
    while error is not None and error.__traceback__ is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def _next_leg(leg: _Leg, status: int, location: str) -> _Leg | FetchFailed:
    """The hop that a redirect asks for, or why it is not followed."""
    host = leg.target.host
    if not location.strip():
        return leg.failed(FailureKind.REDIRECT, f"{host} redirects without saying where to", status)
    try:
        target = follow(leg.target, location)
    except BadUrl as error:
        return leg.failed(FailureKind.REDIRECT, printable(f"{host} redirects badly: {error}"), status)
    hops = (*leg.hops, Hop(leg.target.url, status, target.url))
    if target.scheme == "http" and leg.target.scheme == "https":
        to = without_credentials(target.url)
        reason = f"{host} redirects from https to http ({to}), which anyone on the way could change"
        return leg.failed(FailureKind.REDIRECT, printable(reason), status)
    if any(target.url == hop.url for hop in hops):
        return leg.failed(FailureKind.REDIRECT, f"{host} redirects in a circle", status)
    if len(hops) > MAX_REDIRECTS:
        return leg.failed(FailureKind.REDIRECT, f"more than {MAX_REDIRECTS} redirects", status)
    keep_method = status in (307, 308) or leg.method == "HEAD"
    return _Leg(leg.request, leg.own, target, leg.method if keep_method else "GET", hops)


def _validators(leg: _Leg) -> dict[str, str]:
    """They belong to the URL that they came from, and go nowhere else."""
    request = leg.request
    first = leg.hops[0].url if leg.hops else leg.target.url
    if leg.target.url != (request.validators_url or first):
        return {}
    etag, modified = _validator(request.etag), _validator(request.last_modified)
    return ({"If-None-Match": etag} if etag else {}) | ({"If-Modified-Since": modified} if modified else {})


def _validator(value: str | None) -> str | None:
    """Kept byte for byte, unless it is huge or can't be sent back unchanged."""
    if not value or len(value) > MAX_VALIDATOR or _UNSENDABLE.search(value):
        return None
    return value


def _secrets(leg: _Leg) -> dict[str, str]:
    """Headers and credentials of the feed, for its own origin and for that host's https."""
    request, own = leg.request, leg.own
    upgraded = own.scheme == "http" and leg.target.origin == ("https", own.host, 443)
    if leg.target.origin != own.origin and not upgraded:
        return {}
    headers = dict(request.headers)
    if request.auth is not None:
        user, _, password = request.auth.partition(":")
        headers["Authorization"] = aiohttp.encode_basic_auth(user, password)
    elif own.user is not None:
        headers["Authorization"] = aiohttp.encode_basic_auth(own.user, own.password)
    return headers
