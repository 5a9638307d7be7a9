"""Serves the demo's fictional outlets over real HTTP on loopback, with validators, two versions and one broken feed.

The files in `feeds/` are templates: `{{-3h}}` is a moment before `now`, in the date format of the file's kind;
`{{base}}` the server's address; `{{#1}}…{{/1}}` and `{{#2}}…{{/2}}` hold what only one of the two versions says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from hashlib import sha256
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from aggregator.config.values import parse_duration
from aggregator.demo.pictures import PICTURES, png

_KINDS = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "json": "application/feed+json",
}
_OUTLETS = {
    "/meridian-post.rss": "meridian-post.rss",
    "/harbor-wire.atom": "harbor-wire.atom",
    "/lakeside-courier.rss": "lakeside-courier.rss",
    "/northfield-defence.json": "northfield-defence.json",
    "/rheinblick.atom": "rheinblick.atom",
    "/quai-des-nouvelles.rdf": "quai-des-nouvelles.rdf",
    "/dniprovska-khvylia.rss": "dniprovska-khvylia.rss",
    "/faro-del-ebro.rss": "faro-del-ebro.rss",
    "/old-mill-gazette.rss": "old-mill-gazette.html",
}
_VERSION_PART = re.compile(r"\{\{#([12])\}\}\n?(.*?)\{\{/\1\}\}\n?", re.S)
_BEFORE_NOW = re.compile(r"\{\{-(\w+)\}\}")


class DemoOutlets:
    """The outlets' web server, in a thread of its own. `with DemoOutlets() as outlets: base = outlets.start(now)`."""

    def __init__(self) -> None:
        self._server: _Server | None = None
        self._now: datetime | None = None
        self._base = ""

    def start(self, now: datetime, port: int = 0) -> str:
        """Serves the first version, with news that is fresh at `now`; returns the address, without a slash at its end.

        `port` 0 takes a free one. Raises OSError when the port is taken.
        """
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.daemon_threads = True
        self._now, self._base = now, f"http://127.0.0.1:{self._server.server_address[1]}"
        self._serve(1)
        Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="demo outlets", daemon=True
        ).start()
        return self._base

    def advance(self) -> None:
        """From now on the second version: some entries are edited, one is new."""
        self._serve(2)

    def stop(self) -> None:
        """Ends the server; harmless when it doesn't run."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _serve(self, version: int) -> None:
        if self._server is None or self._now is None:
            raise RuntimeError("the outlets have to be started first")
        served = feeds(version, self._now, self._base)
        self._server.documents = {**served, **_pictures()}


@dataclass(frozen=True, slots=True)
class Document:
    """What a path answers with."""

    body: bytes
    content_type: str

    @property
    def etag(self) -> str:
        """A strong validator (RFC 9110 section 8.8.3)."""
        return f'"{sha256(self.body).hexdigest()[:16]}"'


def feeds(version: int, now: datetime, base: str) -> dict[str, Document]:
    """Every outlet's feed by its path, in version 1 or 2, with dates counted back from `now`."""
    return {path: _feed(name, version, now, base) for path, name in _OUTLETS.items()}


def write_demo_config(folder: Path, base_url: str) -> Path:
    """Writes the demo's feeds.yaml with the outlets at `base_url` into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "feeds.yaml"
    text = files("aggregator.demo").joinpath("feeds.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("{{base}}", base_url), encoding="utf-8")
    return path


def _feed(name: str, version: int, now: datetime, base: str) -> Document:
    text = files("aggregator.demo").joinpath("feeds", name).read_text(encoding="utf-8")
    text = _VERSION_PART.sub(lambda part: part[2] if int(part[1]) == version else "", text)
    kind = name.rpartition(".")[2]

    def date(match: re.Match[str]) -> str:
        moment = (now - parse_duration(match[1])).replace(microsecond=0)
        return format_datetime(moment) if kind == "rss" else moment.isoformat()

    body = _BEFORE_NOW.sub(date, text).replace("{{base}}", base)
    return Document(body.encode("utf-8"), _KINDS.get(kind, "text/html; charset=utf-8"))


@cache
def _pictures() -> Mapping[str, Document]:
    return {f"/pictures/{name}.png": Document(png(name), "image/png") for name in PICTURES}


def _article(path: str) -> Document:
    """The page behind an entry's link."""
    name = escape(path.strip("/").rpartition("/")[2].replace("-", " "))
    page = (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{name}</title><h1>{name}</h1>'
        "<p>This page stands for an article of a fictional outlet of the demo. Its text is in the feed.</p></html>"
    )
    return Document(page.encode("utf-8"), "text/html; charset=utf-8")


class _Server(ThreadingHTTPServer):
    """Holds the documents itself: a connection that was kept from the first version gets the second one too."""

    documents: Mapping[str, Document] = {}


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD with 304 (RFC 9110 section 13.1.2)."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        document = self._document()
        if document is None:
            self._answer(HTTPStatus.NOT_FOUND, Document(b"There is nothing here.\n", "text/plain"))
        elif self.headers.get("If-None-Match") == document.etag:
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.send_header("ETag", document.etag)
            self.end_headers()
        else:
            self._answer(HTTPStatus.OK, document)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _document(self) -> Document | None:
        path = self.path.partition("?")[0]
        outlet, _, article = path.strip("/").partition("/")
        known = any(served.startswith(f"/{outlet}.") for served in self.server.documents)
        return self.server.documents.get(path) or (_article(path) if known and "/" not in article else None)

    def _answer(self, status: HTTPStatus, document: Document) -> None:
        self.send_response(status)
        self.send_header("Content-Type", document.content_type)
        self.send_header("Content-Length", str(len(document.body)))
        self.send_header("ETag", document.etag)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(document.body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the demo's terminal belongs to the aggregator."""
