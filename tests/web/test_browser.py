"""The pages as a browser shows them: wide and narrow, light and dark."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from aggregator.store.database import Store, sqlite_url
from aggregator.web.app import create_app
from tests.web import sample
from tests.web.client import Client, serving
from tests.web.conftest import CONFIG

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = {
    "front": "/",
    "topic": "/topics/air-defense/",
    "older topic": "/topics/energy-grid/2/",
    "story": f"/{max(sample.sample().stories, key=lambda one: len(one.entries)).path}",
    "sources": "/sources/",
    "editions": "/editions/",
    "missing": "/nothing/here/",
}

# The relative luminance contrast of every text with what is behind it (WCAG 2.2, success criterion 1.4.3).
CONTRAST = """() => {
  const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const behind = node => {
    for (let at = node; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const faults = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.getClientRects().length) continue;
    const [front, back] = [luminance(colour(getComputedStyle(node).color)), luminance(behind(node))];
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) faults.push(`${ratio.toFixed(2)} ${walker.currentNode.textContent.trim().slice(0, 40)}`);
  }
  return faults;
}"""
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL_TARGETS = """() => [...document.querySelectorAll('nav a, .forms a, .pages a')]
  .map(a => [a.textContent.trim(), a.getBoundingClientRect().height]).filter(([, height]) => height < 20)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def site(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    store = Store.open(sqlite_url(tmp_path_factory.mktemp("browser")))
    with serving(create_app(store, lambda: CONFIG, published)) as client:
        yield client
    store.close()


@pytest.fixture(params=[("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375), ("light", 320)])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    scheme, width = request.param
    made = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    yield made
    made.close()


def test_pages_fit_the_screen_can_be_read_and_ask_no_other_host(context: BrowserContext, site: Client) -> None:
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for name, path in PAGES.items():
        page.goto(f"{site.url.rstrip('/')}{path}")
        assert page.evaluate(SIDEWAYS) == 0, name
        assert page.evaluate(CONTRAST) == [], name
        assert page.evaluate(SMALL_TARGETS) == [], name
        assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none", name
        if name != "missing":
            assert said == [], name
    assert all(url.startswith(site.url) for url in asked)


def test_keyboard_reaches_the_content_first_and_every_focus_can_be_seen(browser: Browser, site: Client) -> None:
    page = browser.new_page()
    page.goto(site.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().width") > 50
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.close()


def test_right_to_left_headline_stands_right_and_leaves_the_rest_alone(browser: Browser, site: Client) -> None:
    page = browser.new_page()
    page.goto(site.url)
    arabic = page.locator("article.card", has=page.locator("h3[lang=ar]")).first
    assert arabic.evaluate("node => getComputedStyle(node).direction") == "rtl"
    meta = arabic.locator(".meta")
    assert meta.evaluate("node => [getComputedStyle(node).direction, getComputedStyle(node).textAlign]") == [
        "ltr",
        "end",
    ]
    assert page.locator("article.card").first.evaluate("node => getComputedStyle(node).direction") == "ltr"
    page.close()


def test_headline_leads_to_the_article_and_sources_to_the_story(browser: Browser, site: Client) -> None:
    page = browser.new_page()
    page.goto(site.url)
    headline = page.get_by_role("link", name="Three more air defence batteries").first
    assert re.match(r"https://www\.outlet1\.example\.net/", headline.get_attribute("href") or "")
    page.get_by_role("link", name="7 sources").click()
    assert page.get_by_role("heading", level=1).text_content() == (
        "Three more air defence batteries on their way to Kyiv, allies say"
    )
    page.get_by_role("link", name="Air defense").first.click()
    assert page.get_by_role("heading", level=1).text_content() == "Air defense"
    page.close()


def test_printed_page_has_the_content_without_the_navigation(browser: Browser, site: Client) -> None:
    page = browser.new_page()
    page.goto(site.url)
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation").is_visible()
    assert not page.get_by_text("Subscribe").first.is_visible()
    assert page.get_by_text("Three more air defence batteries").first.is_visible()
    page.close()
