"""Every kind of public page as axe-core sees it in a browser, light and wide, dark and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from aggregator.publish.pages import edition_page
from aggregator.store.database import Store, sqlite_url
from aggregator.web.app import create_app
from tests.checkers import axe_violations
from tests.digest.test_render import edition
from tests.web import sample
from tests.web.client import serving
from tests.web.subscribing import ANNA, personal_page, post, taking_subscribers
from tests.web.test_browser import PAGES, browser  # noqa: F401 - the fixture

BORIS = "boris@reader.example"
STATIC = PAGES | {"sign up": "/subscribe/"}


@pytest.fixture(scope="module")
def site(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The sample site's address and pages; Anna is a subscriber, Boris was asked to confirm."""
    config = taking_subscribers("smtp://127.0.0.1:9", web={"port": 0})  # no mail is sent here
    store = Store.open(sqlite_url(tmp_path_factory.mktemp("axe")))
    with serving(create_app(store, lambda: config, published)) as client:
        for address in (ANNA, BORIS):
            assert post(client, "/subscribe/", {"address": address}).status == 200
        personal = {
            f"{name} of {address}": personal_page(store, "", address, name)
            for name in ("confirm", "preferences", "unsubscribe")
            for address in (ANNA, BORIS)
        }
        assert post(client, personal[f"confirm of {ANNA}"], {}).status == 200
        yield client.url.rstrip("/"), STATIC | personal
    store.close()


@pytest.fixture(params=[("light", 1280), ("dark", 375)])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811
    scheme, width = request.param
    made = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    yield made
    made.close()


def test_axe_finds_nothing(context: BrowserContext, site: tuple[str, dict[str, str]]) -> None:
    url, pages = site
    page = context.new_page()
    for name, path in pages.items():
        answer = page.goto(f"{url}{path}")
        assert answer and answer.status == (404 if name == "missing" else 200), name
        assert axe_violations(page) == [], name


def test_axe_finds_nothing_in_the_web_copy_of_a_mail(context: BrowserContext) -> None:
    mailed = replace(sample.sample().editions[0].edition, html=edition("ordinary").html)
    page = context.new_page()
    page.set_content(edition_page(sample.SITE, mailed, "editions/morning-briefing/2026-11-21/").decode())
    assert axe_violations(page) == []
