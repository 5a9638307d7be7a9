"""P17, size and time: content codings, mislabelled bodies, bombs."""

import gzip
import random
import sys
import zlib
from collections.abc import Callable
from functools import cache

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.net.decode import ACCEPT_ENCODING, BadEncoding, BodyDecoder, TooLarge

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FEED = b"<?xml version='1.0'?><rss>" + random.Random(1).randbytes(50_000).hex().encode() + b"</rss>"
LIMIT = 1024 * 1024


def deflate_raw(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return coder.compress(data) + coder.flush()


def decode(body: bytes, encoding: str, piece: int = 1 << 16, limit: int = LIMIT) -> bytes:
    decoder = BodyDecoder(encoding, limit)
    for start in range(0, len(body), piece):
        decoder.feed(body[start : start + piece])
    return decoder.finish()


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", FEED),
        ("identity", FEED),
        ("UTF-8", FEED),
        ("gzip", gzip.compress(FEED)),
        ("x-gzip", gzip.compress(FEED)),
        (" GZip ", gzip.compress(FEED)),
        ("gzip", gzip.compress(FEED[:999]) + gzip.compress(FEED[999:])),
        ("gzip", gzip.compress(FEED) + b"\0" * 100),
        ("deflate", zlib.compress(FEED)),
        ("br", brotli.compress(FEED)),
        ("zstd", zstd.compress(FEED)),
        ("zstd", zstd.compress(FEED[:999]) + zstd.compress(FEED[999:])),
        ("gzip, br", brotli.compress(gzip.compress(FEED))),
    ],
)
def test_each_coding_is_decoded_however_the_body_is_cut(encoding: str, body: bytes, piece: int) -> None:
    assert decode(body, encoding, piece) == FEED


def test_bare_deflate_is_decoded() -> None:
    assert decode(deflate_raw(FEED), "deflate") == FEED


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "compress", "gzip, gzip"])
def test_plain_body_labelled_as_encoded_is_taken_as_it_is(encoding: str) -> None:
    assert decode(b"\xef\xbb\xbf \n" + FEED, encoding) == b"\xef\xbb\xbf \n" + FEED
    assert decode(b'{"version": 1}', encoding) == b'{"version": 1}'


def test_gzip_without_a_label_is_decoded() -> None:
    assert decode(gzip.compress(FEED), "") == FEED


def test_empty_body_is_empty_whatever_the_label() -> None:
    assert decode(b"", "gzip") == b""


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_only_what_can_be_decoded_is_advertised(encoding: str) -> None:
    assert encoding in [name.strip() for name in ACCEPT_ENCODING.split(",")]
    assert len(ACCEPT_ENCODING.split(",")) == 4


def test_coding_that_was_not_asked_for_is_refused_with_its_name() -> None:
    with pytest.raises(BadEncoding, match="'compress', which was not asked for"):
        decode(b"\x1f\x9d\x90", "compress")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(FEED)[:-9]),
        ("deflate", zlib.compress(FEED)[:-9]),
        ("br", brotli.compress(FEED)[:-9]),
        ("zstd", zstd.compress(FEED)[:-9]),
    ],
)
def test_stream_that_ends_in_the_middle_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(BadEncoding, match="ends in the middle"):
        decode(body, encoding)


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_body_that_is_not_what_its_label_says_is_refused(encoding: str) -> None:
    with pytest.raises(BadEncoding, match="not valid"):
        decode(b"\x00\x01\x02 not compressed at all" * 10, encoding)


def test_more_codings_than_two_are_refused() -> None:
    with pytest.raises(BadEncoding, match="3 times over"):
        BodyDecoder("gzip, gzip, gzip", LIMIT)


@cache
def gzip_bomb() -> bytes:
    coder = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    zeros = bytes(10_000_000)
    return b"".join(coder.compress(zeros) for _ in range(30)) + coder.flush()


def zstd_bomb() -> bytes:
    coder = zstd.ZstdCompressor()
    zeros = bytes(10_000_000)
    return b"".join(coder.compress(zeros) for _ in range(30)) + coder.flush()


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("", lambda: b"x" * (LIMIT + 1)),
        ("gzip", gzip_bomb),
        ("", gzip_bomb),
        ("br", lambda: brotli.compress(bytes(300_000_000), quality=1)),
        ("zstd", zstd_bomb),
        ("gzip, gzip", lambda: gzip.compress(gzip_bomb())),
    ],
)
def test_bomb_is_stopped_at_the_limit(encoding: str, bomb: Callable[[], bytes]) -> None:
    with pytest.raises(TooLarge):
        decode(bomb(), encoding)


def test_body_of_exactly_the_limit_passes() -> None:
    body = b"<" + b"x" * 99

    assert decode(gzip.compress(body), "gzip", limit=100) == body
    with pytest.raises(TooLarge):
        decode(gzip.compress(body), "gzip", limit=99)


@pytest.mark.parametrize(
    ("encoding", "member"), [("gzip", gzip.compress(b"x", mtime=0)), ("zstd", zstd.compress(b"x"))]
)
def test_thousands_of_members_are_refused(encoding: str, member: bytes) -> None:
    with pytest.raises(BadEncoding, match="more than 1000"):
        decode(member * 5000, encoding)


def test_zstd_window_beyond_what_rfc_9659_allows_is_refused() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    coder = zstd.ZstdCompressor(options=options)
    body = coder.compress(random.Random(2).randbytes(1000)) + coder.flush()

    with pytest.raises(BadEncoding, match="not valid zstd"):
        decode(body, "zstd")


@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "deflate", "br", "zstd", "br, gzip", "odd"]))
def test_hostile_bytes_are_refused_or_give_the_same_within_the_limit_however_they_are_cut(
    body: bytes, encoding: str
) -> None:
    def decoded(piece: int) -> bytes | None:
        try:
            return decode(body, encoding, piece=piece, limit=1000)
        except (TooLarge, BadEncoding):
            return None

    whole = decoded(300)
    assert whole is None or len(whole) <= 1000
    assert decoded(50) == decoded(1) == whole
