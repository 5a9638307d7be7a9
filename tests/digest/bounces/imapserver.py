"""An IMAP server on loopback, as far as a mailbox that is only read and marked needs one. It answers as a test tells it."""

from __future__ import annotations

import base64
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ImapServer:
    """What it holds and how it behaves. Mails are told by UID."""

    port: int = 0
    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    user: str = "bounces"
    password: str = "secret"
    plain: bool = True  # offers AUTH=PLAIN; else LOGIN alone
    starttls: bool = False
    read_only: bool = False
    refuses: tuple[str, ...] = ()  # commands that are answered with NO
    drops: tuple[str, ...] = ()  # commands at which the connection breaks
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    commands: list[str] = field(default_factory=list)

    @property
    def capabilities(self) -> str:
        """As CAPABILITY tells them."""
        return f"IMAP4rev1{' AUTH=PLAIN' if self.plain else ''}{' STARTTLS' if self.starttls else ''}"


class _Session(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        here: ImapServer = self.server.here
        if here.tls is not None and here.implicit:
            self._secure(here.tls)
        self._say("* OK here")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            words = rest.split(" ")
            name = words[1] if words[0].upper() == "UID" else words[0]
            here.commands.append(name.upper())
            if name.upper() in here.drops:
                return
            if name.upper() in here.refuses:
                self._say(f"{tag} NO not today")
                continue
            answer = getattr(self, f"do_{name.lower()}")(here, rest)
            self._say(f"{tag} {answer}")
            if name.upper() == "STARTTLS" and here.tls is not None:
                self._secure(here.tls)
            if name.upper() == "LOGOUT":
                return

    def _secure(self, context: ssl.SSLContext) -> None:
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def do_capability(self, here: ImapServer, _rest: str) -> str:
        self._say(f"* CAPABILITY {here.capabilities}")
        return "OK done"

    def do_starttls(self, _here: ImapServer, _rest: str) -> str:
        return "OK begin"

    def do_login(self, here: ImapServer, rest: str) -> str:
        return self._let_in(here, *re.findall(r'(?:"(?:[^"\\]|\\.)*"|\S+)', rest)[1:])

    def do_authenticate(self, here: ImapServer, _rest: str) -> str:
        self._say("+ ")
        said = base64.b64decode(self.rfile.readline()).decode()
        return self._let_in(here, *said.split("\0")[1:])

    def _let_in(self, here: ImapServer, user: str, password: str) -> str:
        right = (user.strip('"'), password.strip('"')) == (here.user, here.password)
        return "OK done" if right else "NO [AUTHENTICATIONFAILED] wrong"

    def do_select(self, here: ImapServer, rest: str) -> str:
        if rest.partition(" ")[2] != '"INBOX"':
            return "NO no such mailbox"
        self._say(f"* {len(here.mails)} EXISTS")
        return f"OK [READ-{'ONLY' if here.read_only else 'WRITE'}] done"

    def do_search(self, here: ImapServer, _rest: str) -> str:
        unread = [str(uid) for uid in sorted(here.mails) if not here.flags.get(uid)]
        self._say(f"* SEARCH {' '.join(unread)}")
        return "OK done"

    def do_fetch(self, here: ImapServer, rest: str) -> str:
        uid, most = int(rest.split()[2]), int(re.findall(r"<0\.(\d+)>", rest)[0])
        if uid in here.mails:
            data = here.mails[uid][:most]
            self.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(data)}}}\r\n".encode() + data + b")\r\n")
        return "OK done"

    def do_store(self, here: ImapServer, rest: str) -> str:
        here.flags.setdefault(int(rest.split()[2]), set()).add(rest.rpartition(" ")[2].strip("()"))
        return "OK done"

    def do_logout(self, _here: ImapServer, _rest: str) -> str:
        self._say("* BYE bye")
        return "OK done"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: Any) -> None:
        """A client that breaks off is what some tests are about."""


@contextmanager
def imap_server(**settings: Any) -> Iterator[ImapServer]:
    """A server in a thread of its own, on a free port."""
    here = ImapServer(**settings)
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.here = here  # type: ignore[attr-defined]
        here.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield here
        server.shutdown()
