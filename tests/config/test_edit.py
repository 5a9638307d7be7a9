"""Adding feeds changes nothing but what is added."""

import difflib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config.edit import Added, NewFeed, add_feeds
from aggregator.config.load import load
from aggregator.errors import ConfigError, UsageError

REPOSITORY = Path(__file__).resolve().parents[2]
NEW = NewFeed("https://new.example/feed")
LONG = NewFeed("https://long.example/feed?a=1&b=2#c", 'Über: "die" # Sache', "de")


def added(path: Path, before: str | bytes, *feeds: NewFeed) -> str:
    path.write_bytes(before if isinstance(before, bytes) else before.encode())
    add_feeds(path, feeds or (NEW,), {})
    return path.read_bytes().decode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feeds.yaml"


def test_only_lines_are_added_to_the_shipped_file(file: Path) -> None:
    before = (REPOSITORY / "feeds.yaml").read_text(encoding="utf-8")
    after = added(file, before, NEW, LONG)
    changes = [line for line in difflib.ndiff(before.splitlines(True), after.splitlines(True)) if line[0] != " "]
    assert changes == [
        "+   - https://new.example/feed\n",
        "+   - url: https://long.example/feed?a=1&b=2#c\n",
        '+     name: "Über: \\"die\\" # Sache"\n',
        "+     language: de\n",
    ]
    config = load(file, {})
    assert [feed.url for feed in config.feeds[-2:]] == [NEW.url, LONG.url]
    assert config.feeds[-1].name == LONG.name


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("feeds:\n- https://a.example/", "feeds:\n- https://a.example/\n- https://new.example/feed\n"),
        (
            "feeds:\n  -   https://a.example/   # first\n  # why\n\ntopics: {A: x}\n",
            "feeds:\n  -   https://a.example/   # first\n  -   https://new.example/feed\n  # why\n\ntopics: {A: x}\n",
        ),
        (
            "feeds:\r\n  - url: 'https://a.example/'\r\n    keep: [a,\r\n      b] # c\r\n\r\n# end\r\n",
            "feeds:\r\n  - url: 'https://a.example/'\r\n    keep: [a,\r\n      b] # c\r\n"
            "  - https://new.example/feed\r\n\r\n# end\r\n",
        ),
        (
            "feeds:\n  - url: https://a.example/\n    name: |\n      A\n\n# end\n",
            "feeds:\n  - url: https://a.example/\n    name: |\n      A\n\n  - https://new.example/feed\n# end\n",
        ),
        ("feeds: [https://a.example/]  # c\n", "feeds: [https://a.example/, https://new.example/feed]  # c\n"),
        ("feeds: [\n  'https://a.example/',\n]\n", "feeds: [\n  'https://a.example/', https://new.example/feed,\n]\n"),
        ("feeds: []\n", "feeds: [https://new.example/feed]\n"),
        ("feeds: https://a.example/ # c\n", "feeds: [https://a.example/, https://new.example/feed] # c\n"),
        ("feeds:  # none yet\nsite: {}\n", "feeds:  # none yet\n  - https://new.example/feed\nsite: {}\n"),
        ("site: {title: x}\n# end", "site: {title: x}\n# end\nfeeds:\n  - https://new.example/feed\n"),
        ("{feeds: [https://a.example/]}", "{feeds: [https://a.example/, https://new.example/feed]}"),
        (
            "\ufefffeeds:\n  - https://a.example/\n",
            "\ufefffeeds:\n  - https://a.example/\n  - https://new.example/feed\n",
        ),
    ],
)
def test_lists_of_every_shape_are_added_to(file: Path, before: str, after: str) -> None:
    assert added(file, before) == after


def test_feed_with_a_name_goes_into_a_list_in_brackets(file: Path) -> None:
    after = added(file, "feeds: [https://a.example/]\n", LONG)
    assert after == (
        "feeds: [https://a.example/, {url: https://long.example/feed?a=1&b=2#c, "
        'name: "Über: \\"die\\" # Sache", language: de}]\n'
    )


def test_feed_that_is_there_is_not_added_again(file: Path) -> None:
    before = "feeds:\n  - url: https://a.example\n  - HTTPS://NEW.example/feed#top\n"
    file.write_text(before)
    assert add_feeds(file, [NEW, NewFeed("https://a.example/")], {}) == Added((), (NEW.url, "https://a.example/"))
    assert file.read_text() == before


def test_feed_given_twice_is_added_once(file: Path) -> None:
    file.write_text("feeds: https://a.example/")
    assert add_feeds(file, [NEW, NEW], {}) == Added((NEW.url,), (NEW.url,))


def test_name_that_another_feed_has_gets_the_host(file: Path) -> None:
    added(
        file,
        "feeds: [{url: https://a.example/, name: News}]",
        *(NewFeed(f"https://n.example/{n}", "News") for n in "12"),
    )
    assert [feed.name for feed in load(file, {}).feeds] == ["News", "News (n.example)", None]


def test_mode_stays_and_nothing_else_lies_in_the_folder(file: Path) -> None:
    file.write_text("feeds: https://a.example/")
    file.chmod(0o640)
    add_feeds(file, [NEW], {})
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["feeds.yaml"]


def test_symbolic_link_stays_one(file: Path) -> None:
    real = file.parent / "real.yaml"
    real.write_text("feeds: https://a.example/")
    file.symlink_to(real)
    add_feeds(file, [NEW], {})
    assert file.is_symlink()
    assert NEW.url in real.read_text()


def test_file_stays_whole_when_the_folder_can_not_be_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("feeds: https://a.example/")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="can't be written, and stays as it was: No space"):
        add_feeds(file, [NEW], {})
    assert [path.name for path in file.parent.iterdir()] == ["feeds.yaml"]
    assert file.read_text() == "feeds: https://a.example/"


def test_variable_in_the_file_is_compared_filled_in(file: Path) -> None:
    file.write_text("feeds: ['${URL}']")
    assert add_feeds(file, [NEW], {"URL": NEW.url}).added == ()


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (None, "the file can't be read"),
        ("feeds: [", "a bracket or brace opens here"),
        ("feeds: {a: b}", "there is no list of feeds to add to"),
        ("- a", "there is no list of feeds to add to"),
    ],
)
def test_file_that_can_not_be_read_is_a_configuration_error(file: Path, before: str | None, message: str) -> None:
    if before is not None:
        file.write_text(before)
    with pytest.raises(ConfigError, match=message.replace("'", ".")):
        add_feeds(file, [NEW], {})


@pytest.mark.parametrize(
    "before", ["feeds: ~\n", "feeds: &f\n- https://a.example/\ntopics: {A: *f}\n", "? feeds\n: []\n"]
)
def test_file_written_in_an_unusual_way_is_left_as_it_is_or_added_to_rightly(file: Path, before: str) -> None:
    file.write_text(before)
    try:
        add_feeds(file, [NEW], {})
    except UsageError as error:
        assert "add the feed by hand" in str(error)
        assert file.read_text() == before
    else:
        assert NEW.url in file.read_text()


@pytest.mark.parametrize("feed", [NewFeed("nonsense"), NewFeed("https://a.example/", language="english")])
def test_bad_address_or_language_is_a_usage_error(file: Path, feed: NewFeed) -> None:
    file.write_text("feeds: https://b.example/")
    with pytest.raises(UsageError):
        add_feeds(file, [feed], {})


@settings(max_examples=100, deadline=None)
@given(name=st.text(max_size=120), path=st.text(st.characters(min_codepoint=33, codec="utf-8"), max_size=20))
def test_any_name_and_address_reads_back(tmp_path_factory: pytest.TempPathFactory, name: str, path: str) -> None:
    for before in ("feeds:\n  - https://a.example/\n", "feeds: [https://a.example/]\n"):
        file = tmp_path_factory.mktemp("edit") / "feeds.yaml"
        file.write_text(before)
        try:
            (url,) = add_feeds(file, [NewFeed(f"https://b.example/{path}", name)], {}).added
        except UsageError:
            assert "\x7f" in path or "[" in path or "]" in path
            continue
        assert load(file, {}).feeds[-1].url == url
