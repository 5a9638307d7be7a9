"""Where mails go, as `mail.smtp` says: a mail server, or a folder of .eml files."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from aggregator.digest.message import Message
from aggregator.digest.replies import Result, Verdict
from aggregator.text.slug import slugify

BeforeDot = Callable[[], Awaitable[Result | None]]  # None: go on


class Transport(Protocol):
    """One way out, for one mail at a time."""

    async def open(self) -> Result | None:
        """Get ready. None when it is; else PAUSE or STOP with the reason."""

    async def send(self, message: Message, before_dot: BeforeDot) -> Result:
        """Hand over one mail. Once it can't be taken back after the next step, `before_dot` is asked first;
        when it gives a result, the mail is not sent, and that is the result."""

    async def close(self) -> None:
        """Leave politely."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server of feeds.yaml. `password` is never shown."""

    host: str
    port: int
    implicit_tls: bool
    username: str | None
    password: str | None

    @property
    def name(self) -> str:
        """'mail.example.org:587'."""
        return f"{self.host}:{self.port}"

    @property
    def is_this_machine(self) -> bool:
        """Whether the way there never leaves this machine: then a password needs no encryption."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of .eml files instead of a server."""

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)


def parse_target(url: str) -> Server | Folder:
    """`mail.smtp` of feeds.yaml, which has been checked there."""
    if url.startswith("file:"):
        return Folder(Path(url.removeprefix("file:").removeprefix("//")))
    parts = urlsplit(url)
    implicit = parts.scheme == "smtps"
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return Server(parts.hostname or "localhost", parts.port or (465 if implicit else 587), implicit, username, password)


def fingerprint(url: str) -> str:
    """Tells whether `mail.smtp` is still the same one, password included, without keeping it."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


class FolderTransport:
    """Writes each mail as a file. The name is made of recipient and Message-ID: the same mail is the same file."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder.path

    async def open(self) -> Result | None:
        """Make the folder."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return Result(Verdict.STOP, f"the folder {self._folder} of mail.smtp can't be made: {error.strerror}")
        return None

    async def send(self, message: Message, before_dot: BeforeDot) -> Result:
        """Write the file beside its place, then move it there."""
        name = f"{slugify(message.recipient)}-{message.id.strip('<>').partition('@')[0][:12]}.eml"
        place = self._folder / name
        try:
            part = await asyncio.to_thread(_write_beside, place, message.data)
            if (reason := await before_dot()) is not None:
                await asyncio.to_thread(part.unlink)
                return reason
            await asyncio.to_thread(_move, part, place)
        except OSError as error:
            return Result(Verdict.PAUSE, f"can't write to the folder {self._folder}: {error.strerror}")
        return Result(Verdict.ACCEPTED, f"written to {place}", "250")

    async def close(self) -> None:
        """Nothing is held open."""


def _write_beside(place: Path, data: bytes) -> Path:
    with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".", suffix=".part", delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return Path(file.name)


def _move(part: Path, place: Path) -> None:
    part.chmod(0o644)
    part.replace(place)
    handle = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
