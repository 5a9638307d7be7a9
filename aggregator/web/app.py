"""The site over HTTP.

/healthz, /metrics      for machines
/sources/               the feeds and their polls, live
/websub/...             for hubs, where the program polls (`websub`)
/bounces/...            for mail services (`bounces`)
/subscribe/, /confirm/, /preferences/, /unsubscribe/    for subscribers (`subscriptions`)
any other path          -> published file           200, or 304 if the client has it
                        -> a page without its slash 308
                        -> a merged story           308 to the one it went into
                        -> nothing published yet    503, a page that loads itself again
                        -> 404

Reads only (GET and HEAD), apart from hubs' callbacks, mail services' posts and subscribers' forms. Nothing of a
request is ever written into an answer: no path, no header, no host.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aggregator import clock
from aggregator.config.models import Config
from aggregator.errors import AggregatorError, StorageError
from aggregator.poll.hubs import Hubs
from aggregator.publish.source_rows import live_rows
from aggregator.store import feeds, health, stories, websub
from aggregator.store.database import Store
from aggregator.web import pages
from aggregator.web.bounces import bounces_route
from aggregator.web.document import MAIL_POLICY, SAFE_HEADERS, Document, answer
from aggregator.web.files import PublishedFiles
from aggregator.web.health import Report, as_json, metrics
from aggregator.web.subscriptions import subscription_routes
from aggregator.web.websub import websub_route

log = logging.getLogger(__name__)

LIVE_SECONDS = 5.0  # the live page and the counts are made at most this often, however many ask
BUSY_SECONDS = 60  # after which to ask again what needs the database
LIVE_PATIENCE = 10.0  # seconds for the database to answer
RETRY_SECONDS = 5  # between two looks at a site that is not published yet

_STORY = re.compile(r"/stories/([0-9a-f]{16})/?")
_LEADS_TO = re.compile(
    rb'<meta http-equiv="refresh" content="0; url=(\.\./[0-9a-f]{16}/)">'
)  # of a merged story's page
_EDITION = re.compile(r"/editions/[^/]+/[^/]+/(?:index\.html)?")
_NOT_STORED = {"cache-control": "no-store"}

Made = TypeVar("Made")


def create_app(
    store: Store,
    config_source: Callable[[], Config],
    out: Path,
    warnings: Callable[[], Sequence[str]] = tuple,
    hubs: Hubs | None = None,
    *,
    letter_waits: Callable[[], None] = lambda: None,
) -> Starlette:
    """The application. `config_source` gives the active configuration; `warnings` are sentences for /healthz.

    `hubs` takes what hubs push; without it there are no callbacks. `letter_waits` is called when a form was answered
    with a letter.
    """
    site = _Site(store, config_source, out, warnings)
    app = Starlette(
        routes=[
            Route("/healthz", site.healthz),
            Route("/metrics", site.metrics),
            Route("/sources/", site.sources),
            *([websub_route(hubs)] if hubs else []),
            bounces_route(store, config_source),
            *subscription_routes(store, config_source, letter_waits),
            Route("/{path:path}", site.published),
        ],
        exception_handlers={HTTPException: site.refused, AggregatorError: site.unable, Exception: site.failed},
    )
    app.router.redirect_slashes = False  # its redirect trusts the Host header
    return app


class _Site:
    """The endpoints, and what they share."""

    def __init__(
        self, store: Store, config_source: Callable[[], Config], out: Path, warnings: Callable[[], Sequence[str]]
    ) -> None:
        self._store = store
        self._config_source = config_source
        self._warnings = warnings
        self._files = PublishedFiles(out)
        self._started = clock.utc_now()
        self._facts = _Briefly(self._read_facts)
        self._live = _Briefly(self._make_sources)

    async def published(self, request: Request) -> Response:
        path: str = request.scope["path"]
        document = await self._files.find(path)
        elsewhere = await self._elsewhere(path, document)
        if elsewhere:
            return _moved(elsewhere)
        if document:
            extra = {"content-security-policy": MAIL_POLICY} if _EDITION.fullmatch(path) else None
            return await answer(document, request.headers, extra)
        if await self._files.find("/index.html") is None:
            return await self._page(pages.COMING, 503, refresh=RETRY_SECONDS)
        return await self._page(pages.REFUSALS[404], 404)

    async def _elsewhere(self, path: str, document: Document | None) -> str | None:
        """Where what was asked for is, from there: a page with its slash, the story that this one went into."""
        if document:
            leads_to = _LEADS_TO.search(document.body) if _STORY.fullmatch(path) else None
            return leads_to[1].decode() if leads_to else None
        if path == "/favicon.ico":  # asked for by browsers where a document names no icon, as feeds can't
            return "./favicon.svg"
        if not path.endswith("/") and self._files.has_folder(path):
            return f"./{quote(path.rsplit('/', 1)[1])}/"
        successor = await self._successor(path)
        return f"{'..' if path.endswith('/') else '.'}/{successor}/" if successor else None

    async def _successor(self, path: str) -> str | None:
        """The key of the story that the one at `path` was merged into."""
        match = _STORY.fullmatch(path)
        if match is None:
            return None
        key = await asyncio.to_thread(self._present_key, match[1])
        return key if key != match[1] else None

    def _present_key(self, key: str) -> str | None:
        with self._store.read() as conn:
            story = stories.get(conn, key)
        return story.key if story else None

    async def sources(self, request: Request) -> Response:
        return await answer(await self._live.get(), request.headers)

    async def _make_sources(self) -> Document:
        body = await asyncio.to_thread(self._render_sources, clock.utc_now())
        tag = hashlib.sha256(body).hexdigest()[:20]
        return Document(body=body, tag=tag, media_type="text/html; charset=utf-8", cache_control="public, max-age=5")

    def _render_sources(self, now: datetime) -> bytes:
        with self._store.read() as conn:
            rows = live_rows(feeds.list_all(conn), websub.states(conn, now))
        return pages.sources(self._config_source(), rows, now)

    async def healthz(self, _request: Request) -> Response:
        report = await self._report()
        status = 503 if report.problems else 200
        return JSONResponse(as_json(report), status, headers=SAFE_HEADERS | _NOT_STORED)

    async def metrics(self, _request: Request) -> Response:
        body = metrics(await self._report())
        return Response(body, headers=SAFE_HEADERS | _NOT_STORED | {"content-type": CONTENT_TYPE_LATEST})

    async def _report(self) -> Report:
        front = await self._files.find("/index.html")
        return Report(
            now=clock.utc_now(),
            started=self._started,
            facts=await self._present_facts(),
            published=front.modified if front else None,
            warnings=tuple(self._warnings()),
        )

    async def _present_facts(self) -> health.Facts | None:
        try:
            return await self._facts.get()
        except StorageError:  # it takes too long, which the answer says
            return None

    async def _read_facts(self) -> health.Facts | None:
        try:
            return await asyncio.to_thread(self._query_facts, clock.utc_now())
        except StorageError as error:
            log.error("the database can't be read: %s", error)  # noqa: TRY400 - the sentence says it all
            return None

    def _query_facts(self, now: datetime) -> health.Facts:
        with self._store.read() as conn:
            return health.facts(conn, now)

    async def refused(self, _request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        notice = pages.REFUSALS.get(error.status_code, pages.BROKEN)
        return await self._page(notice, error.status_code, headers=dict(error.headers or {}))

    async def unable(self, _request: Request, error: Exception) -> Response:
        """What a sentence says enough about: a database that is locked or gone, a faulty template."""
        log.error("%s", error)
        if isinstance(error, StorageError):
            return await self._page(pages.BUSY, 503, headers={"retry-after": str(BUSY_SECONDS)})
        return await self._page(pages.BROKEN, 500)

    async def failed(self, _request: Request, _error: Exception) -> Response:
        return await self._page(pages.BROKEN, 500)

    async def _page(
        self, notice: pages.Notice, status: int, *, refresh: int | None = None, headers: dict[str, str] | None = None
    ) -> Response:
        """A page of our own. When even that can't be made, such as with a faulty base template, its words alone."""
        sent = SAFE_HEADERS | _NOT_STORED | (headers or {})
        if refresh:
            sent["retry-after"] = str(refresh)
        try:
            body = await asyncio.to_thread(pages.notice, self._config_source(), notice, refresh)
        except AggregatorError as error:
            log.error("%s", error)  # noqa: TRY400 - the sentence says it all
            return Response(notice.text, status, headers=sent | {"content-type": "text/plain; charset=utf-8"})
        return Response(body, status, headers=sent | {"content-type": "text/html; charset=utf-8"})


def _moved(location: str) -> Response:
    """A permanent redirect to a relative address, which can lead nowhere but to this site."""
    return Response(status_code=308, headers=SAFE_HEADERS | {"location": location, "cache-control": "max-age=3600"})


class _Briefly(Generic[Made]):
    """Something that is made anew only when it is older than LIVE_SECONDS; those who ask meanwhile share it."""

    def __init__(self, make: Callable[[], Awaitable[Made]]) -> None:
        self._make = make
        self._making: asyncio.Task[Made] | None = None
        self._made: tuple[float, Made] | None = None

    async def get(self) -> Made:
        """Raises StorageError when the database takes too long; it is not asked again before it has answered."""
        if self._made is not None and clock.monotonic() - self._made[0] <= LIVE_SECONDS:
            return self._made[1]
        if self._making is None:
            self._making = asyncio.create_task(self._make_anew())
            self._making.add_done_callback(self._end)
        try:
            return await asyncio.wait_for(asyncio.shield(self._making), LIVE_PATIENCE)
        except TimeoutError:
            raise StorageError(f"the database has not answered for {LIVE_PATIENCE:.0f} s") from None

    async def _make_anew(self) -> Made:
        made = await self._make()
        self._made = (clock.monotonic(), made)
        return made

    def _end(self, task: asyncio.Task[Made]) -> None:
        self._making = None
        if not task.cancelled():
            task.exception()  # seen, though all who asked may have left
