"""The output folder: files are replaced whole and only when they differ; what is no longer published goes.

    lock -> clear leftovers -> for each file: temporary beside it, fsync, os.replace -> remove stale -> sync folders

Whoever reads a file, at any moment and after any crash, finds the old bytes or the new ones. `.published` lists what
this program wrote, a path a line, so that nothing else is ever removed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from aggregator.clock import monotonic
from aggregator.errors import PublishError
from aggregator.publish.fragments import Signature

MANIFEST = ".published"
LOCK = ".publishing"
_TEMPORARY = ".new~"
_LOCK_PATIENCE = 30.0  # seconds for another publish into the same folder to end


class Output:
    """One publish into a folder; made by `open_output`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: set[str] = set()  # all that belongs to this publish
        self.written = 0
        self._before = _read_manifest(root)
        self._changed_folders: set[Path] = set()
        self._known_inside: set[Path] = set()

    def read(self, path: str) -> bytes | None:
        """The present bytes of a file, None where there is none."""
        try:
            return self._inside(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def signature(self, path: str) -> Signature:
        """What changes when somebody writes to a file; zeros where there is none."""
        try:
            found = self._inside(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return (0, 0, 0)
        return (found.st_ino, found.st_size, found.st_mtime_ns)

    def keep(self, path: str) -> None:
        """Let a file stay as it is."""
        self.paths.add(path)

    def write(self, path: str, body: bytes) -> bool:
        """Make a file hold these bytes; whether it had to be replaced. Raises PublishError, the old file intact."""
        target = self._inside(path)
        self.paths.add(path)
        if _holds(target, body):
            return False
        try:
            self._claim(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, body)
        except OSError as error:
            raise PublishError(_sentence(target, error)) from error
        self._changed_folders.add(target.parent)
        self.written += 1
        return True

    def finish(self) -> int:
        """Remove what was published before and is no longer; how many files that were."""
        stale = sorted(path for path in self._before - self.paths if self._remove(path))
        if self._before != self.paths:
            self._write_manifest()
        for folder in self._changed_folders:
            _sync_folder(folder)
        return len(stale)

    def clear_leftovers(self) -> None:
        """Remove temporaries that a publish left when it was killed."""
        for folder in {self.root, *(self.root.joinpath(path).parent for path in self._before)}:
            if not self._leads_inside(folder):
                continue
            for leftover in folder.glob(f".*{_TEMPORARY}"):
                leftover.unlink(missing_ok=True)

    def _inside(self, path: str) -> Path:
        """The file of a path. Raises PublishError for one that would lie outside the folder."""
        target = self.root / path
        if not _is_plain(path) or not self._leads_inside(target.parent):
            raise PublishError(f"{path!r} would be written outside of {self.root}; nothing was written there")
        return target

    def _leads_inside(self, folder: Path) -> bool:
        """Whether a folder lies in ours, whatever links are on its way."""
        if folder not in self._known_inside and folder.resolve().is_relative_to(self.root.resolve()):
            self._known_inside.add(folder)
        return folder in self._known_inside

    def _claim(self, path: str) -> None:
        """List a new file before it is written: should the program be killed in between, it is still known as ours."""
        if path not in self._before:
            self._before.add(path)
            with (self.root / MANIFEST).open("a", encoding="utf-8") as manifest:
                manifest.write(f"{path}\n")

    def _write_manifest(self) -> None:
        manifest = self.root / MANIFEST
        try:
            _replace(manifest, "".join(f"{path}\n" for path in sorted(self.paths)).encode())
        except OSError as error:
            raise PublishError(_sentence(manifest, error)) from error
        self._changed_folders.add(self.root)

    def _remove(self, path: str) -> bool:
        target = self.root / path
        if not self._leads_inside(target.parent):
            return False
        try:
            target.unlink()
        except OSError:  # gone already, or replaced by something that is not ours
            return False
        self._changed_folders.discard(target.parent)
        for folder in target.parents:
            if folder == self.root or any(folder.iterdir()):
                break
            folder.rmdir()
        return True


@contextmanager
def open_output(root: Path) -> Iterator[Output]:
    """The folder, made if need be, for one publish at a time. Raises PublishError where it can't be used."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = os.open(root / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise PublishError(_sentence(root, error)) from error
    try:
        _acquire(lock, root)
        output = Output(root)
        output.clear_leftovers()
        yield output
    finally:
        os.close(lock)


def _acquire(lock: int, root: Path) -> None:
    until = monotonic() + _LOCK_PATIENCE
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() > until:
                sentence = f"another process is publishing into {root}; try again when it is done"
                raise PublishError(sentence) from None
            time.sleep(0.05)


def _holds(target: Path, body: bytes) -> bool:
    try:
        return target.stat().st_size == len(body) and target.read_bytes() == body
    except (FileNotFoundError, NotADirectoryError):
        return False


def _replace(target: Path, body: bytes) -> None:
    temporary = target.with_name(f".{target.name}{_TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_plain(path: str) -> bool:
    """Whether a path, by its words, names a file below the folder that it is relative to."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path


def _read_manifest(root: Path) -> set[str]:
    try:
        listed = (root / MANIFEST).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return set()
    return {path for path in listed if _is_plain(path)}


def _sentence(target: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"no space left to write {target}; the file that was there before stays: free some space and publish again"
        )
    return f"can't write {target}: {error.strerror}; the file that was there before stays"
