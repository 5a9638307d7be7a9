"""One connection to a mail server: TLS, login, and one recipient a transaction.

    connect -> EHLO -> STARTTLS (offered, or needed for the password) -> AUTH
    MAIL FROM -> RCPT TO -> DATA -> body -> before_dot() -> '.' -> 250

aiosmtplib speaks the protocol; only the final dot is sent by itself, because what must be remembered before it has to
be on the disk first.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import cast

import aiosmtplib

from aggregator.digest.message import Message
from aggregator.digest.replies import Reply, Result, Verdict, judge, read_reply
from aggregator.digest.transport import BeforeDot, Server

COMMAND_TIMEOUT = 60.0  # seconds
DOT_TIMEOUT = 600.0  # RFC 5321 section 4.5.3.2.6: giving up sooner is how a mail arrives twice
_DRAIN_STEP = 0.002


class SmtpTransport:
    """A connection that is made when needed and kept for the next mail."""

    def __init__(self, server: Server, *, timeout: float = COMMAND_TIMEOUT, dot_timeout: float = DOT_TIMEOUT) -> None:
        self._server = server
        self._timeout = timeout
        self._dot_timeout = dot_timeout
        self._client: aiosmtplib.SMTP | None = None

    async def open(self) -> Result | None:
        """Connect and log in, unless that is done. PAUSE for what may pass by itself, STOP for what needs a person."""
        if self._client is not None and self._client.is_connected:
            return None
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.implicit_tls,
            start_tls=False,
            timeout=self._timeout,
        )
        try:
            await client.connect()
            trouble = await self._secure_and_log_in(client)
        except aiosmtplib.SMTPResponseException as error:
            trouble = self._refused(read_reply(error.code, error.message))
        except (aiosmtplib.SMTPException, OSError) as error:
            trouble = self._unreachable(error)
        if trouble is None:
            self._client = client
        else:
            client.close()
        return trouble

    async def _secure_and_log_in(self, client: aiosmtplib.SMTP) -> Result | None:
        server = self._server
        await client.ehlo()
        if not (server.implicit_tls or server.is_this_machine):
            if client.supports_extension("starttls"):
                await client.starttls()
                await client.ehlo()
            elif server.password is not None:
                return Result(
                    Verdict.STOP, f"{server.name} offers no STARTTLS, so the password was not sent; use smtps://"
                )
        if server.username is not None:
            await client.login(server.username, server.password or "")
        return None

    def _refused(self, reply: Reply) -> Result:
        passing = 400 <= reply.code < 500
        what = "asks to come back later" if passing else "does not let us in; check user and password of mail.smtp"
        verdict = Verdict.PAUSE if passing else Verdict.STOP
        return Result(verdict, f"{self._server.name} {what}: {reply.code} {reply.text}", reply.best_code)

    def _unreachable(self, error: Exception) -> Result:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, ssl.SSLError):
            cause = cause.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = f"the certificate of {self._server.name} is not valid: {cause.verify_message}"
            return Result(Verdict.STOP, reason)
        if isinstance(error, aiosmtplib.SMTPNotSupported):
            return Result(Verdict.STOP, f"{self._server.name} offers no way to log in that is known here: {error}")
        return Result(Verdict.PAUSE, f"{self._server.name} can't be reached: {error}")

    async def send(self, message: Message, before_dot: BeforeDot) -> Result:
        """One transaction. Whatever breaks before the dot is a RETRY; after it, LOST."""
        client = self._client
        assert client is not None, "open() first"
        if message.utf8 and not client.supports_extension("smtputf8"):
            reason = f"{self._server.name} can't take addresses with letters beyond ASCII (it offers no SMTPUTF8)"
            return Result(Verdict.REFUSED, reason, "5.6.7")
        try:
            refused = await self._hand_over(client, message)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return Result(Verdict.RETRY, f"the connection to {self._server.name} broke: {error}")
        if refused is not None:
            await self._reset(client)
            return refused
        try:
            instead = await before_dot()
        except BaseException:
            client.close()
            raise
        if instead is not None:
            client.close()  # without the dot, the server forgets the mail
            return instead
        if not client.is_connected:
            return Result(Verdict.RETRY, f"the connection to {self._server.name} broke before the end of the mail")
        return await self._dot(client)

    async def _hand_over(self, client: aiosmtplib.SMTP, message: Message) -> Result | None:
        """Everything up to the final dot; the server's refusal, if it refuses."""
        encoding = "utf-8" if message.utf8 else "ascii"
        options = [f"SIZE={len(message.data)}"] if client.supports_extension("size") else []
        options += ["SMTPUTF8", "BODY=8BITMIME"] if message.utf8 else []
        sender, recipient = f"FROM:<{message.sender}>", f"TO:<{message.recipient}>"
        steps: tuple[tuple[str, tuple[str, ...], set[int]], ...] = (
            ("MAIL", (sender, *options), {250}),
            ("RCPT", (recipient,), {250, 251}),
            ("DATA", (), {354}),
        )
        for step, arguments, fine in steps:
            words = [word.encode(encoding) for word in (step, *arguments)]
            response = await client.execute_command(*words)
            if response.code not in fine:
                return judge(read_reply(response.code, response.message), step=step)
        await self._write(client, message.data)
        return None

    async def _write(self, client: aiosmtplib.SMTP, data: bytes) -> None:
        """The mail, dots stuffed (RFC 5321 section 4.5.2; it begins with a header), until the system has taken it."""
        protocol, transport = client.protocol, cast(asyncio.WriteTransport | None, client.transport)
        if protocol is None or transport is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        protocol.write(data.replace(b"\r\n.", b"\r\n.."))
        async with asyncio.timeout(self._timeout):
            while transport.get_write_buffer_size():  # noqa: ASYNC110 - asyncio tells nobody but the protocol
                await asyncio.sleep(_DRAIN_STEP)

    async def _dot(self, client: aiosmtplib.SMTP) -> Result:
        try:
            response = await client.execute_command(b".", timeout=self._dot_timeout)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            reason = f"the connection to {self._server.name} broke after the mail was handed over: {error}"
            return Result(Verdict.LOST, f"{reason}; it may have arrived")
        return judge(read_reply(response.code, response.message), step=".")

    async def _reset(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            client.close()

    async def close(self) -> None:
        """QUIT."""
        if self._client is not None and self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=5)
        self._client = None
