"""Mails of every kind as independent checkers see them: html-validate, caniemail, and axe-core in Chromium."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from aggregator.digest.render import render_edition
from aggregator.templating import environment
from tests.checkers import axe_violations, html_faults, reviewed, unsupported
from tests.digest.editions import frame, rendered
from tests.digest.mailhtml import MailHtml
from tests.digest.sample import AIR, edition_of
from tests.digest.test_render import KINDS, edition
from tests.web.test_browser import SIDEWAYS, browser  # noqa: F401 - the fixture


@cache
def mails() -> dict[str, str]:
    """The HTML of mails of every kind."""
    made = {kind: edition(kind).html for kind in KINDS if kind != "real"}
    alert = render_edition(environment(None), frame(alert=AIR), lambda _: edition("one").contents)
    return made | {"alert": alert.html, "arabic": rendered(edition_of(25), language="ar").html}


def test_html_validate_finds_nothing(tmp_path: Path) -> None:
    assert html_faults(mails(), "mails", tmp_path) == ""


def test_what_mail_programs_lack_was_reviewed_and_no_more_is_allowed_than_that(tmp_path: Path) -> None:
    found = set(unsupported(mails(), tmp_path))
    allowed = {
        (level, feature, client)
        for feature, entry in reviewed().items()
        for level in ("errors", "warnings")
        for client in entry.get(level, ())
    }
    assert found - allowed == set()
    assert allowed - found == set(), "no longer needed"
    assert all(len(entry["reason"]) > 10 for entry in reviewed().values())


def _styles(source: str) -> str:
    html = MailHtml(source)
    return " ".join(str(one.get("style")) for one in html.root.iter() if one.get("style")) + html.style


def test_styles_are_those_that_the_review_speaks_of() -> None:
    styles = " ".join(_styles(html) for html in mails().values())
    allowed = {
        "display": r"none|inline",
        "text-align": r"left|right|center",
        "text-transform": r"uppercase|none",
        "text-decoration": r"none|underline",
        "font-weight": r"400|600|700",
        "font-size": r"\d+px",
        "line-height": r"\d+px",
        "letter-spacing": r"0|0?\.\d+em",
        "width": r"100%",
        "max-width": r"\d+px",
        "margin(?:-[a-z]+)?": r"(?:\d+(?:px)? ?)+",
        "padding(?:-[a-z]+)?": r"(?:\d+(?:px)? ?)+",
    }
    for name, values in allowed.items():
        for value in re.findall(rf"(?<![\w(-]){name}: ([^;}}]+);", styles):
            assert re.fullmatch(values, value.removesuffix(" !important").strip()), (name, value)
    assert not re.search(r"background: |height: \d+%|transform: (?!upper|none)", styles)


@pytest.mark.parametrize(("scheme", "width"), [("light", 700), ("dark", 375)])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    browser: Browser,  # noqa: F811
    scheme: str,
    width: int,
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for kind, html in mails().items():
        page.set_content(html)
        assert page.evaluate(SIDEWAYS) == 0, kind
        if kind in {"ordinary", "hostile", "update", "arabic", "alert"}:
            assert axe_violations(page) == [], kind
    context.close()
