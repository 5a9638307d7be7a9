import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator.errors import PublishError
from aggregator.publish import files
from aggregator.publish.files import LOCK, MANIFEST, Output, open_output

NOBODY = 65534


def published(root: Path, **bodies: bytes) -> Output:
    with open_output(root) as output:
        for name, body in bodies.items():
            output.write(name.replace("__", "/"), body)
        output.finish()
    return output


def listed(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - {MANIFEST, LOCK}


def test_files_are_written_in_folders_and_only_when_they_differ(tmp_path: Path) -> None:
    root = tmp_path / "a" / "site"
    assert published(root, index=b"1", topics__air__feed=b"2").written == 2
    assert (root / "topics/air/feed").read_bytes() == b"2"
    before = (root / "index").stat()
    assert published(root, index=b"1", topics__air__feed=b"3").written == 1
    assert (root / "index").stat().st_mtime_ns == before.st_mtime_ns
    assert (root / "index").stat().st_ino == before.st_ino


def test_a_second_publish_of_the_same_touches_nothing(tmp_path: Path) -> None:
    published(tmp_path, index=b"1", x__y=b"2")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert published(tmp_path, index=b"1", x__y=b"2").written == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_is_no_longer_published_goes_with_its_empty_folder_and_nothing_else_does(tmp_path: Path) -> None:
    published(tmp_path, index=b"1", topics__old__feed=b"2", topics__kept__feed=b"3")
    (tmp_path / "topics/kept/mine.txt").write_text("the editor's")
    (tmp_path / "mine.txt").write_text("the editor's")
    published(tmp_path, index=b"1")
    assert listed(tmp_path) == {"index", "mine.txt", "topics/kept/mine.txt"}
    assert not (tmp_path / "topics/old").exists()


def test_kept_file_stays(tmp_path: Path) -> None:
    published(tmp_path, feed=b"good")
    with open_output(tmp_path) as output:
        output.keep("feed")
        assert output.finish() == 0
    assert (tmp_path / "feed").read_bytes() == b"good"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "", "a/\0", ".."])
def test_path_outside_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    with open_output(tmp_path / "out") as output, pytest.raises(PublishError, match="outside of"):
        output.write(path, b"x")
    assert listed(tmp_path) == {f"out/{LOCK}"}


def test_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/topics").symlink_to(tmp_path / "elsewhere")
    with open_output(tmp_path / "out") as output, pytest.raises(PublishError, match="outside of"):
        output.write("topics/x/feed", b"x")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_output_folder_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    published(tmp_path / "out", x__feed=b"1")
    assert (tmp_path / "real/x/feed").read_bytes() == b"1"


def test_manifest_that_names_files_elsewhere_removes_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    published(tmp_path / "out", index=b"1")
    with (tmp_path / "out" / MANIFEST).open("a") as manifest:
        manifest.write("../precious\n/etc/passwd\n\n")
    published(tmp_path / "out", index=b"1")
    assert (tmp_path / "precious").exists()


def test_folder_that_became_a_link_to_elsewhere_keeps_what_is_there(tmp_path: Path) -> None:
    published(tmp_path / "out", topics__old__feed=b"1")
    shutil.rmtree(tmp_path / "out/topics")
    (tmp_path / "precious/old").mkdir(parents=True)
    (tmp_path / "precious/old/feed").write_text("x")
    (tmp_path / "precious/old/.feed.new~").write_text("x")
    (tmp_path / "out/topics").symlink_to(tmp_path / "precious")
    assert published(tmp_path / "out").written == 0
    assert sorted(path.name for path in (tmp_path / "precious/old").iterdir()) == [".feed.new~", "feed"]


def test_leftover_temporaries_are_cleared_and_other_hidden_files_are_not(tmp_path: Path) -> None:
    published(tmp_path, x__feed=b"1")
    (tmp_path / "x/.feed.new~").write_bytes(b"half")
    (tmp_path / ".index.new~").write_bytes(b"half")
    (tmp_path / "x/.htaccess").write_bytes(b"mine")
    published(tmp_path, x__feed=b"1")
    assert listed(tmp_path) == {"x/feed", "x/.htaccess"}


def test_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published(tmp_path, feed=b"good")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PublishError, match=r"no space left to write .*feed; the file that was there before stays"):
        published(tmp_path, feed=b"new")
    monkeypatch.undo()
    assert (tmp_path / "feed").read_bytes() == b"good"
    assert listed(tmp_path) == {"feed"}
    assert published(tmp_path, feed=b"new").written == 1


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="needs a file system of a few bytes")
def test_file_size_limit_leaves_the_old_file(tmp_path: Path) -> None:
    published(tmp_path, feed=b"good")
    script = f"""
import resource, signal
from pathlib import Path
from aggregator.errors import PublishError
from aggregator.publish.files import open_output
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
with open_output(Path({str(tmp_path)!r})) as output:
    try:
        output.write("feed", b"x" * 100_000)
    except PublishError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "the file that was there before stays" in done.stdout
    assert (tmp_path / "feed").read_bytes() == b"good"
    assert listed(tmp_path) == {"feed"}


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may write anywhere; while the block runs, this process is not root."""
    was = os.geteuid()
    os.seteuid(was or NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


def test_folder_that_cannot_be_written_is_said_so() -> None:
    with tempfile.TemporaryDirectory() as name:  # tmp_path is in a folder that only this user may enter
        Path(name).chmod(0o555)
        with ordinary_user(), pytest.raises(PublishError, match="Permission denied"):
            published(Path(name) / "out", feed=b"x")


def test_output_that_is_a_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(PublishError, match="can't write"):
        published(tmp_path / "out", feed=b"x")


def test_file_in_the_place_of_a_folder_is_said_so(tmp_path: Path) -> None:
    published(tmp_path, topics=b"x")
    with pytest.raises(PublishError, match="can't write"):
        published(tmp_path, topics__air__feed=b"x")


def test_folder_in_the_place_of_a_published_file_stays_when_the_file_goes(tmp_path: Path) -> None:
    published(tmp_path, feed=b"x")
    (tmp_path / "feed").unlink()
    (tmp_path / "feed").mkdir()
    published(tmp_path)
    assert (tmp_path / "feed").is_dir()


def test_publish_waits_for_another_one(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        published(tmp_path, feed=b"second")
        order.append("second")

    with open_output(tmp_path) as output:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        output.write("feed", b"first")
        output.finish()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert (tmp_path / "feed").read_bytes() == b"second"


def test_publish_gives_up_when_another_one_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LOCK_PATIENCE", 0.1)
    with open_output(tmp_path), pytest.raises(PublishError, match="another process is publishing"):
        published(tmp_path, feed=b"x")


def test_readers_see_whole_files_while_a_publisher_is_killed_again_and_again(tmp_path: Path) -> None:
    script = f"""
import itertools
from pathlib import Path
from aggregator.publish.files import open_output
for number in itertools.count():
    with open_output(Path({str(tmp_path)!r})) as output:
        output.write("feed", b"%d " % number * 50_000)
        output.write(f"stories/{{number % 3}}/index.html", b"%d" % number)
        output.finish()
    print(number, flush=True)
"""
    published(tmp_path, feed=b"0 " * 50_000)
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(3):
                process.stdout.readline()
                words = (tmp_path / "feed").read_bytes().split()
                assert len(words) == 50_000
                assert len(set(words)) == 1
            process.send_signal(signal.SIGKILL)
    published(tmp_path, feed=b"end")
    assert listed(tmp_path) == {"feed"}, "nothing is left of the killed ones, not even what they had not listed as done"
