"""file: feeds, only inside the allowed folders."""

import os
from pathlib import Path

import pytest

from aggregator.net.files import read_file
from aggregator.net.response import FailureKind, Fetched, FetchFailed, FetchRequest, NotModified, Result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "a feed.xml").write_bytes(b"<rss/>")
    (tmp_path / "secret.xml").write_bytes(b"<secret/>")
    return tmp_path / "feeds"


def read(url: str, folder: Path, **more: object) -> Result:
    return read_file(FetchRequest(url=url, **more), [folder])  # type: ignore[arg-type]


def test_file_is_read_then_unchanged_then_read_again_when_it_changes(folder: Path) -> None:
    path = folder / "a feed.xml"
    first = read(path.as_uri(), folder)
    assert isinstance(first, Fetched)
    assert first.body == b"<rss/>"

    assert isinstance(read(path.as_uri(), folder, etag=first.etag), NotModified)

    path.write_bytes(b"<rss>new</rss>")
    again = read(path.as_uri(), folder, etag=first.etag)
    assert isinstance(again, Fetched)
    assert again.body == b"<rss>new</rss>"


def failure(result: Result) -> FailureKind:
    assert isinstance(result, FetchFailed)
    assert result.reason
    return result.kind


def test_file_outside_the_folders_is_refused_by_whatever_way(folder: Path) -> None:
    (folder / "link.xml").symlink_to(folder.parent / "secret.xml")

    for url in (
        "file:///etc/passwd",
        f"file://{folder}/../secret.xml",
        f"file://{folder}/%2e%2e/secret.xml",
        f"file://{folder}/link.xml",
    ):
        assert failure(read(url, folder)) is FailureKind.REFUSED_ADDRESS
    assert failure(read_file(FetchRequest(url=f"file://{folder}/a%20feed.xml"), [])) is FailureKind.REFUSED_ADDRESS


def test_link_inside_the_folder_is_followed(folder: Path) -> None:
    (folder / "link.xml").symlink_to(folder / "a feed.xml")

    assert isinstance(read(f"file://{folder}/link.xml", folder), Fetched)


def test_pipe_and_folder_are_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe")

    assert failure(read(f"file://{folder}/pipe", folder)) is FailureKind.REFUSED_ADDRESS
    assert failure(read(f"file://{folder}", folder)) is FailureKind.REFUSED_ADDRESS


def test_links_in_a_circle_and_missing_files_are_failures(folder: Path) -> None:
    (folder / "circle").symlink_to(folder / "circle")

    assert failure(read(f"file://{folder}/circle", folder)) is FailureKind.CONNECT
    assert failure(read(f"file://{folder}/nothing.xml", folder)) is FailureKind.NOT_FOUND
    assert failure(read(f"file://{folder}/a%20feed.xml/x", folder)) is FailureKind.NOT_FOUND


@pytest.mark.parametrize("url", ["file:relative.xml", "file://host/etc/passwd", "file:///a%00b"])
def test_url_without_a_local_path_is_a_failure(url: str, folder: Path) -> None:
    assert failure(read(url, folder)) is FailureKind.NOT_FOUND


def test_file_beyond_the_size_limit_is_refused(folder: Path) -> None:
    assert failure(read(f"file://{folder}/a%20feed.xml", folder, max_bytes=5)) is FailureKind.TOO_LARGE
