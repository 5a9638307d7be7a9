"""An edition as an item of its digest's feed: the stories of the mail, without what makes sense in a mail alone."""

from __future__ import annotations

import html
from datetime import datetime

from lxml import etree
from lxml.html import HtmlElement, document_fromstring, tostring

from aggregator.config.models import SiteConfig
from aggregator.model import Person
from aggregator.publish import clean
from aggregator.publish.items import Item, Piece, distinct, final
from aggregator.publish.view import EditionView, absolute

_WITH_CLASS = "//*[contains(concat(' ', normalize-space(@class), ' '), ' {} ')]"
_PLAIN = {"table": "div", "td": "div"}  # what a table for the layout's sake is in a reader


def edition_piece(view: EditionView, site: SiteConfig) -> Piece:
    """An edition as a piece of a feed. It is frozen, so its id says all about its text."""
    shared = (site.url, site.title, site.language)
    return Piece(
        ("edition", view.edition.id, view.edition.atom_id, view.path, shared), lambda: edition_item(view, site)
    )


def edition_item(view: EditionView, site: SiteConfig) -> Item:
    """An edition with all that it tells."""
    edition = view.edition
    page = absolute(site.url, view.path)
    made: datetime = edition.created.replace(microsecond=0)
    title = clean.line(edition.subject) or f"{clean.line(edition.digest)} {edition.local_date}"
    return Item(
        id=edition.atom_id,
        title=title,
        url=page,
        summary=html.escape(clean.line(edition.preheader), quote=False),
        content=final(stories_of(view.html()), page) or html.escape(title, quote=False),
        authors=(Person(clean.plain(site.title) or "News"),),
        categories=(),
        category_scheme=absolute(site.url, "topics/"),
        enclosures=(),
        related=(),
        source=None,
        published=made,
        dated=made,
        updated=distinct(made, edition.id),
        language=clean.language(edition.mailing.language if edition.mailing else site.language),
        image_url=None,
        comments_url=None,
    )


def stories_of(mail: str) -> str:
    """The HTML of a mail's stories: what stands in class `body`, else the whole mail without its preheader.

    Tables that are there for the layout become divisions; readers have a layout of their own.
    """
    if not mail.strip():
        return ""
    document = document_fromstring(mail)
    for hidden in document.xpath(_WITH_CLASS.format("preheader")):
        hidden.drop_tree()
    parts: list[HtmlElement] = document.xpath(_WITH_CLASS.format("body")) or [document.body]
    for part in parts:
        _without_layout(part)
    return "".join(tostring(part, encoding="unicode", with_tail=False) for part in parts)


def _without_layout(part: HtmlElement) -> None:
    for table in part.xpath(".//table[@role='presentation']"):
        for element in list(table.iter("table", "td")):
            element.tag = _PLAIN[element.tag]
        etree.strip_tags(table, "tbody", "tr")
    if part.tag in _PLAIN:
        part.tag = _PLAIN[part.tag]
