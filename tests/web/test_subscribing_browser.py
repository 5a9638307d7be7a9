"""Subscribing as people do it: in a browser, on wide and narrow screens, light and dark."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext

from aggregator.clock import utc_now
from aggregator.config.models import Config
from aggregator.digest import service
from aggregator.model import Frequency, SubscriberState
from aggregator.publish.publisher import publish
from aggregator.store import subscribers
from aggregator.store.database import Store, sqlite_url
from aggregator.web.app import create_app
from tests.digest.mailserver import MailServer, mail_server
from tests.web.client import serving
from tests.web.subscribing import mails, path_in, personal_page, taking_subscribers
from tests.web.test_browser import CONTRAST, SIDEWAYS, browser  # noqa: F401 - the fixture

T = TypeVar("T")
SMALL_CONTROLS = """() => [...document.querySelectorAll('button, select, .field input')]
  .map(one => [one.textContent.trim(), one.getBoundingClientRect().height]).filter(([, height]) => height < 40)"""
UNNAMED = """() => [...document.querySelectorAll('input:not([type=hidden]), select, button')]
  .filter(one => !(one.labels?.length || one.textContent.trim())).map(one => one.outerHTML)"""


def apart(work: Callable[[], T]) -> T:
    """In a thread of its own: Playwright's event loop keeps this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    opened = mail_server()
    yield apart(opened.__enter__)
    apart(lambda: opened.__exit__(None, None, None))


@pytest.fixture(scope="module")
def made(server: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Store, Config]]:
    folder = tmp_path_factory.mktemp("subscribing")
    store = Store.open(sqlite_url(folder))
    config = taking_subscribers(server.url, web={"port": 0})
    publish(store, config, folder / "public", utc_now())
    with serving(create_app(store, lambda: config, folder / "public")) as client:
        yield client.url.rstrip("/"), store, config
    store.close()


@pytest.fixture(params=[("light", 1280), ("dark", 1280), ("light", 320), ("dark", 320)])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811
    scheme, width = request.param
    opened = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    yield opened
    opened.close()


def test_somebody_subscribes_chooses_pauses_and_leaves(
    context: BrowserContext, made: tuple[str, Store, Config], server: MailServer, request: pytest.FixtureRequest
) -> None:
    url, store, config = made
    address = f"{request.node.callspec.id}@example.org"
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    def look() -> None:
        assert page.evaluate(SIDEWAYS) == 0
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate(SMALL_CONTROLS) == []
        assert page.evaluate(UNNAMED) == []

    page.goto(url)
    look()
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("heading", level=1).text_content() == "Look into your mailbox"
    look()
    apart(lambda: service.send_due(store, config, utc_now() + timedelta(minutes=1)))
    letter = next(mail for mail in mails(server) if mail["To"] == address)
    page.goto(url + path_in(letter, "confirm"))
    look()
    page.get_by_role("button", name="Yes, subscribe").click()
    assert page.get_by_role("heading", level=1).text_content() == "You are subscribed"
    page.goto(personal_page(store, url, address, "preferences"))
    look()
    page.get_by_label("Not for now").check()
    page.get_by_label("Air defense").check()
    page.get_by_label("Hour").select_option("18:30")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_role("status").text_content() == "Saved. It counts from the next edition on."
    look()
    with store.read() as conn:
        person = subscribers.by_address(conn, address)
    assert person is not None and person.wishes.frequency is Frequency.PAUSED
    assert person.wishes.topics == ("Air defense",) and person.wishes.hour == "18:30"
    page.goto(personal_page(store, url, address, "unsubscribe"))
    look()
    page.get_by_role("button", name="Unsubscribe").click()
    assert page.get_by_role("heading", level=1).text_content() == "You are unsubscribed"
    look()
    with store.read() as conn:
        person = subscribers.by_address(conn, address)
    assert person is not None and person.state is SubscriberState.UNSUBSCRIBED
    assert context.cookies() == [] and said == []
