"""DKIM signatures (RFC 6376, RFC 8463): relaxed/relaxed over every header that matters, From twice."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim

from aggregator.digest.message import domain_of
from aggregator.errors import DeliveryError

_SIGNED = (
    b"from reply-to to subject date message-id mime-version content-type content-transfer-encoding content-language "
    b"list-id list-unsubscribe list-unsubscribe-post list-archive auto-submitted"
).split()
_ED25519 = bytes.fromhex("302e020100300506032b657004220420")  # how PKCS #8 announces its 32 bytes (RFC 8410)
_PKCS8 = re.compile(r"-----BEGIN PRIVATE KEY-----(.+?)-----END PRIVATE KEY-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Key:
    """A private key as dkimpy wants it, and the domain and selector under which DNS has its public half."""

    selector: str
    domain: str
    secret: bytes
    algorithm: bytes


def read_key(path: Path, selector: str, sender: str) -> Key:
    """The key of a PEM file, for the domain of `sender`. Raises DeliveryError when it is none."""
    try:
        pem = path.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"mail.dkim.key {path} can't be read: {error}") from error
    key = _key(pem, selector, domain_of(sender))
    try:
        sign(b"From: a@example.org\r\n\r\n", key, datetime.fromtimestamp(0, UTC))
    except DeliveryError as error:
        raise DeliveryError(f"mail.dkim.key {path} is no private RSA or Ed25519 key in PEM form: {error}") from error
    return key


def _key(pem: str, selector: str, domain: str) -> Key:
    match = _PKCS8.search(pem)
    der = base64.b64decode(match[1]) if match else b""
    if der.startswith(_ED25519):
        seed = der[len(_ED25519) :][:32]
        return Key(selector, domain, base64.b64encode(seed), b"ed25519-sha256")
    return Key(selector, domain, pem.encode(), b"rsa-sha256")


def sign(data: bytes, key: Key, when: datetime) -> bytes:
    """The mail with a DKIM-Signature in front, as of `when`: equal input gives equal bytes.

    Raises DeliveryError when the key can't sign.
    """
    signer = _Signer(data, when, key.algorithm)
    present = [name.lower() for name, _ in signer.headers]
    headers = [name for name in _SIGNED if name in present]
    try:
        signature = signer.sign(
            key.selector.encode(),
            key.domain.encode(),
            key.secret,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[b"from", *headers],
        )
    except (dkim.DKIMException, ValueError) as error:
        raise DeliveryError(f"the mail can't be signed: {error}") from error
    return bytes(signature) + data


class _Signer(dkim.DKIM):  # type: ignore[misc]
    """dkimpy's signer, with a given time in the signature instead of the present one."""

    def __init__(self, data: bytes, when: datetime, algorithm: bytes) -> None:
        super().__init__(data, signature_algorithm=algorithm)
        self._when = str(int(when.timestamp())).encode()

    def gen_header(self, fields: list[tuple[bytes, bytes]], *args: Any, **options: Any) -> bytes:
        dated = [(tag, self._when if tag == b"t" else value) for tag, value in fields]
        return bytes(super().gen_header(dated, *args, **options))
