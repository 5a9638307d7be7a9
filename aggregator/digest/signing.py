"""DKIM signatures (RFC 6376, RFC 8463): relaxed/relaxed over every header that matters, From twice.

A signature has the time of its edition and no randomness, so a mail that is sent again has the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from aggregator.digest.message import domain_of
from aggregator.errors import DeliveryError

FEWEST_BITS = 1024  # of an RSA key: receivers take none that is shorter (RFC 8301 section 3.2)
_SIGNED = (
    *("from", "reply-to", "to", "subject", "date", "message-id"),
    *("mime-version", "content-type", "content-transfer-encoding", "content-language"),
    *("list-id", "list-unsubscribe", "list-unsubscribe-post", "list-archive", "auto-submitted", "feedback-id"),
)
_BASE64_LINE = 72
_WHITESPACE = re.compile(rb"[\t ]+")


@dataclass(frozen=True, slots=True)
class Key:
    """A private key, and the domain and selector under which DNS has its public half."""

    selector: str
    domain: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        """As the tag `a=` names it."""
        return "rsa-sha256" if isinstance(self.private, RSAPrivateKey) else "ed25519-sha256"

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`. Ed25519 signs its SHA-256 (RFC 8463 section 3)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(data, PKCS1v15(), SHA256())
        return self.private.sign(hashlib.sha256(data).digest())


def read_key(path: Path, selector: str, sender: str) -> Key:
    """The key of a PEM file, for the domain of `sender`. Raises DeliveryError saying what is wrong with it."""
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise DeliveryError(f"mail.dkim.key {path} can't be read: {error.strerror}") from error
    except TypeError as error:
        raise DeliveryError(f"mail.dkim.key {path} has a password; a key without one is needed") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise DeliveryError(f"mail.dkim.key {path} is no private key in PEM form") from error
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise DeliveryError(f"mail.dkim.key {path} is neither an RSA nor an Ed25519 key")
    if isinstance(private, RSAPrivateKey) and private.key_size < FEWEST_BITS:
        raise DeliveryError(
            f"mail.dkim.key {path} has {private.key_size} bits; receivers take RSA keys of {FEWEST_BITS} and more, "
            "2048 are usual"
        )
    return Key(selector, domain_of(sender), private)


def sign(data: bytes, key: Key, when: datetime) -> bytes:
    """The mail (lines ending with CRLF, no header twice) with a DKIM-Signature in front, as of `when`."""
    head, _, body = data.partition(b"\r\n\r\n")
    headers = dict(relaxed_headers(head.split(b"\r\n")))
    signed = [name for name in _SIGNED if name in headers]
    body_hash = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
    tags = (
        f"v=1; a={key.algorithm}; c=relaxed/relaxed; d={key.domain}; s={key.selector};\r\n"
        f" t={int(when.timestamp())}; h={_folded(['from', *signed])};\r\n bh={body_hash};\r\n b="
    ).encode()
    lines = [headers[name] for name in signed]  # the second From is not there, so it adds nothing (section 5.4.2)
    ((_, own),) = relaxed_headers([b"DKIM-Signature: " + tags])
    signature = base64.b64encode(key.sign(b"\r\n".join([*lines, own]))).decode()
    wrapped = "\r\n ".join(signature[at : at + _BASE64_LINE] for at in range(0, len(signature), _BASE64_LINE))
    return b"DKIM-Signature: " + tags + wrapped.encode() + b"\r\n" + data


def _folded(names: list[str]) -> str:
    """The tag `h=`, some names to a line."""
    return ":\r\n ".join(":".join(names[at : at + 5]) for at in range(0, len(names), 5))


def relaxed_headers(lines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """(name, canonical line without its end) of each header (RFC 6376 section 3.4.2)."""
    for line in _unfolded(lines):
        name, _, value = line.partition(b":")
        lower = name.strip().lower()
        yield lower.decode(), lower + b":" + _WHITESPACE.sub(b" ", value).strip()


def _unfolded(lines: Iterable[bytes]) -> list[bytes]:
    whole: list[bytes] = []
    for line in lines:
        for one in line.split(b"\r\n"):
            if one[:1] in {b" ", b"\t"} and whole:
                whole[-1] += one
            else:
                whole.append(one)
    return whole


def relaxed_body(body: bytes) -> bytes:
    """The canonical body (RFC 6376 section 3.4.4). By replacing alone: a mail is hashed in a tenth of a millisecond."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n" if end else b""
