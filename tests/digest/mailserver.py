"""A real SMTP server on loopback that answers as a test tells it to and keeps every mail byte for byte."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Answer = str | Callable[[], str]


@dataclass
class MailServer:
    """What the server got and how it answers. An answer of 'drop' closes the connection without a word."""

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    mail_answers: list[Answer] = field(default_factory=list)  # the next ones; then 250
    rcpt_answers: dict[str, list[Answer]] = field(default_factory=dict)  # by recipient
    data_answers: list[Answer] = field(default_factory=list)
    drop_after_accepting: int = 0  # so many mails are kept, but the client never hears of it
    greetings: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    password: str | None = None
    most_connections: int = 1000  # at a time; further ones are greeted with 421
    open_connections: int = 0
    rcpt_pause: float = 0  # seconds before RCPT is answered
    drop_at_data: int = 0  # so many connections break once the text of a mail is asked for
    extensions: list[str] = field(default_factory=list)  # offered besides
    offers_utf8: bool = True

    @property
    def url(self) -> str:
        """For mail.smtp."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def recipients(self) -> list[str]:
        """Who got a mail, in order."""
        return [recipient for mail in self.mails for recipient in mail.rcpt_tos]

    @property
    def contents(self) -> list[bytes]:
        """The mails' bytes."""
        found = [mail.content for mail in self.mails]
        return [content for content in found if isinstance(content, bytes)]

    async def handle_EHLO(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], *(f"250-{name}" for name in self.extensions), responses[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append(f"MAIL {address} {' '.join(options)}".strip())
        answer = await _next(server, self.mail_answers)
        if answer.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append(f"RCPT {address}")
        await asyncio.sleep(self.rcpt_pause)
        answer = await _next(server, self.rcpt_answers.get(address, []))
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.commands.append("DATA")
        answer = await _next(server, self.data_answers)
        if answer.startswith("2"):
            self.mails.append(envelope)
        if self.drop_after_accepting:
            self.drop_after_accepting -= 1
            return await _drop(server)
        return answer

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == self.password, handled=False)


async def _next(server: SMTP, answers: list[Answer]) -> str:
    answer = answers.pop(0) if answers else "250 2.0.0 fine"
    text = answer if isinstance(answer, str) else answer()
    return await _drop(server) if text == "drop" else text


async def _drop(server: SMTP) -> str:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    await asyncio.sleep(0.05)
    return "421 gone"


class _Greeting(SMTP):
    """aiosmtpd with a greeting that a test may choose, and a bound on connections."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.open_connections += 1
        if self.event_handler.open_connections > self.event_handler.most_connections:
            self._greeting = "421 4.7.0 too many connections"
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.open_connections -= 1
        super().connection_lost(error)

    async def push(self, status: AnyStr) -> None:
        handler: MailServer = self.event_handler
        if isinstance(status, str) and status.startswith("220 ") and not self._greeted:
            self._greeted = True
            await super().push(self._greeting or (handler.greetings.pop(0) if handler.greetings else status))
            return
        if isinstance(status, str) and status.startswith("354 ") and handler.drop_at_data:
            handler.drop_at_data -= 1
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(status.encode() + b"\r\n")  # at once: a client that is faster has sent its dot
            await _drop(self)
            return
        await super().push(status)

    _greeting = ""
    _greeted = False


@contextmanager
def mail_server(*, tls: ssl.SSLContext | None = None, implicit: bool = False, **settings: Any) -> Iterator[MailServer]:
    """A server in a thread of its own, on a free port. `tls`: it offers STARTTLS, or `implicit` speaks TLS at once."""
    handler = MailServer(**settings)
    loop = asyncio.new_event_loop()

    def protocol() -> SMTP:
        handler.connections += 1
        return _Greeting(
            handler,
            loop=loop,
            hostname="mail.test",
            enable_SMTPUTF8=handler.offers_utf8,
            tls_context=None if implicit else tls,
            authenticator=handler.authenticate if handler.password else None,
            auth_require_tls=False,
        )

    async def start() -> asyncio.Server:
        return await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if implicit else None)

    server = loop.run_until_complete(start())
    handler.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield handler
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
