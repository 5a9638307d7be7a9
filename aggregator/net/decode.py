"""Content codings (RFC 9110 section 8.4), decoded piece by piece under one limit, so that no bomb ever unfolds.

A body may carry what its label doesn't say: a plain one labelled gzip is taken as it is, an unlabelled gzip is decoded.
"""

from __future__ import annotations

import sys
import zlib
from typing import Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
_MAX_CODINGS = 2
_MAX_MEMBERS = 1000
_ZSTD_WINDOW_LOG = 23  # 8 MB, the most that RFC 9659 lets a server use
_ENOUGH_TO_JUDGE = 16  # bytes
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_PLAIN = ("", "identity", "none", "utf-8", "8bit", "binary")


class TooLarge(Exception):  # noqa: N818 - reads as a state
    """More bytes than allowed."""


class BadEncoding(Exception):  # noqa: N818 - reads as a state
    """The body is not what its Content-Encoding says; the text is a sentence."""


class _Coding(Protocol):
    def feed(self, data: bytes, limit: int) -> bytes:
        """Decodes; gives at most `limit` + 1 bytes, one more than allowed meaning that there is more."""

    def finished(self) -> bool:
        """Whether the stream came to its end."""


class BodyDecoder:
    """Takes the pieces of one body and counts what comes out of them."""

    def __init__(self, content_encoding: str, limit: int) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",")]
        self._names = [name for name in reversed(names) if name not in _PLAIN]
        self._limit = limit
        self._codings: list[_Coding] | None = None
        self._start = bytearray()
        self._out = bytearray()
        self._raw = 0
        if len(self._names) > _MAX_CODINGS:
            raise BadEncoding(f"the body is encoded {len(self._names)} times over")

    def feed(self, data: bytes) -> None:
        """Raises TooLarge or BadEncoding."""
        self._raw += len(data)
        if self._raw > self._limit:
            raise TooLarge
        if self._codings is None:
            self._start += data
            if len(self._start) < _ENOUGH_TO_JUDGE:
                return
            data = self._choose()
        self._decode(data)

    def finish(self) -> bytes:
        """The whole body. Raises TooLarge, or BadEncoding where a stream ends in its middle."""
        if self._codings is None and self._start:
            self._decode(self._choose())
        if self._codings and not all(coding.finished() for coding in self._codings):
            raise BadEncoding(f"the {self._label()} data ends in the middle")
        return bytes(self._out)

    def _decode(self, data: bytes) -> None:
        room = self._limit - len(self._out)
        for coding in self._codings or ():
            try:
                data = coding.feed(data, room)
            except (zlib.error, brotli.error, zstd.ZstdError) as error:
                raise BadEncoding(f"the body is not valid {self._label()} data ({error})") from None
            if len(data) > room:
                raise TooLarge
        self._out += data

    def _label(self) -> str:
        return ", ".join(self._names) or "gzip"

    def _choose(self) -> bytes:
        """Settles the codings by the label and the first bytes, and gives these."""
        start = bytes(self._start)
        self._codings = self._codings_for(start)
        return start

    def _codings_for(self, start: bytes) -> list[_Coding]:
        if not self._names:
            return [_Zlib(zlib.MAX_WBITS | 16)] if start.startswith(_GZIP_MAGIC) else []
        if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{"):
            return []  # labelled as encoded, and plainly isn't
        codings: list[_Coding] = []
        for name in self._names:
            coding = _coding(name)
            if coding is None:
                raise BadEncoding(f"the body is encoded as {name[:40]!r}, which was not asked for")
            codings.append(coding)
        return codings


def _coding(name: str) -> _Coding | None:
    if name in ("gzip", "x-gzip"):
        return _Zlib(zlib.MAX_WBITS | 16)
    if name == "deflate":
        return _Deflate()
    if name == "br":
        return _Brotli()
    return _Zstd() if name == "zstd" else None


class _Zlib:
    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._stream = zlib.decompressobj(wbits)
        self._members = 1

    def feed(self, data: bytes, limit: int) -> bytes:
        out = bytearray()
        while data and len(out) <= limit:
            if self._stream.eof:
                if self._wbits < zlib.MAX_WBITS or data[0] != _GZIP_MAGIC[0]:
                    break  # padding after the end, as some servers send
                self._members += 1
                if self._members > _MAX_MEMBERS:
                    raise BadEncoding(f"the body is made of more than {_MAX_MEMBERS} gzip members")
                self._stream = zlib.decompressobj(self._wbits)
            out += self._stream.decompress(data, limit + 1 - len(out))
            data = self._stream.unconsumed_tail or self._stream.unused_data
        return bytes(out)

    def finished(self) -> bool:
        return self._stream.eof


class _Deflate:
    """RFC 9110 says zlib; many servers send bare deflate. The first two bytes tell."""

    def __init__(self) -> None:
        self._start = b""
        self._stream: _Zlib | None = None

    def feed(self, data: bytes, limit: int) -> bytes:
        if self._stream is None:
            data = self._start = self._start + data
            if len(data) < 2:
                return b""
            zlib_header = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._stream = _Zlib(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
        return self._stream.feed(data, limit)

    def finished(self) -> bool:
        return self._stream is not None and self._stream.finished()


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def feed(self, data: bytes, limit: int) -> bytes:
        out = bytearray(self._stream.process(data, output_buffer_limit=limit + 1))
        while len(out) <= limit and not self._stream.can_accept_more_data():
            out += self._stream.process(b"", output_buffer_limit=limit + 1 - len(out))
        return bytes(out)

    def finished(self) -> bool:
        return bool(self._stream.is_finished())


class _Zstd:
    def __init__(self) -> None:
        self._stream = self._fresh()
        self._frames = 1

    @staticmethod
    def _fresh() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})

    def feed(self, data: bytes, limit: int) -> bytes:
        out = bytearray()
        while len(out) <= limit:
            if self._stream.eof:
                if data[:1] != _ZSTD_MAGIC[:1]:
                    break
                self._frames += 1
                if self._frames > _MAX_MEMBERS:
                    raise BadEncoding(f"the body is made of more than {_MAX_MEMBERS} zstd frames")
                self._stream = self._fresh()
            out += self._stream.decompress(data, limit + 1 - len(out))
            if self._stream.needs_input:
                break
            data = self._stream.unused_data if self._stream.eof else b""
        return bytes(out)

    def finished(self) -> bool:
        return self._stream.eof
