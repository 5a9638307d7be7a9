from dataclasses import replace

from lxml import etree

from aggregator.publish.opml import public_sources, render_opml
from tests.publish.values import SOURCE


def test_opml_names_each_source_with_its_addresses() -> None:
    other = replace(SOURCE, id=2, url="http://o.example/rss", name='<b>"Ö"\x00</b>\n', site_url=None, language=None)
    root = etree.fromstring(render_opml("Ukraine Watch", [SOURCE, other]))
    assert (root.tag, root.get("version"), root.findtext("head/title")) == ("opml", "2.0", "Ukraine Watch")
    assert [dict(outline.attrib) for outline in root.iter("outline")] == [
        {
            "type": "rss",
            "text": "Outlet & Sons",
            "title": "Outlet & Sons",
            "xmlUrl": "https://outlet.example/feed.xml",
            "htmlUrl": "https://outlet.example/",
            "language": "en",
        },
        {"type": "rss", "text": '"Ö"', "title": '<b>"Ö"</b>', "xmlUrl": "http://o.example/rss"},
    ]


def test_source_without_a_name_is_listed_by_its_address() -> None:
    root = etree.fromstring(render_opml("x", [replace(SOURCE, name=" ")]))
    assert root.find("body/outline").get("text") == SOURCE.url  # type: ignore[union-attr]


def test_published_list_holds_no_local_files_and_no_credentials() -> None:
    local = replace(SOURCE, url="file:///home/editor/feed.xml")
    private = replace(SOURCE, url="https://user:secret@outlet.example/rss")
    assert [source.url for source in public_sources([SOURCE, local, private])] == [
        SOURCE.url,
        "",
        "https://outlet.example/rss",
    ]
    root = etree.fromstring(render_opml("x", public_sources([local, replace(local, name="")])))
    assert [dict(outline.attrib) for outline in root.iter("outline")] == [
        {"text": "Outlet & Sons"},
        {"text": "unnamed"},
    ]
