"""DKIM signatures, verified as a receiving server would."""

from __future__ import annotations

from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.message import MessageMaker
from aggregator.digest.signing import read_key, relaxed_body, relaxed_headers, sign
from aggregator.digest.tokens import Holder, personal_links
from aggregator.errors import DeliveryError
from tests.digest.sample import NOW
from tests.digest.test_message import MAILING, edition_with
from tests.digest.test_render import edition

SENDER = MAILING.sender
MAIL = MessageMaker(edition_with()).make("team@example.org", "<1@example.org>").data
KEYS = Path(__file__).parents[1] / "data" / "dkim"  # made for these tests: NAME.pem and its DNS record NAME.txt


@pytest.fixture(params=["rsa", "rsa-pkcs1", "ed25519"])
def key_file(request: pytest.FixtureRequest) -> Path:
    return KEYS / f"{request.param}.pem"


def verifies(data: bytes, key_file: Path) -> bool:
    names: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        names.append(name)
        return key_file.with_suffix(".txt").read_bytes().strip()

    found = dkim.verify(data, dnsfunc=dns)
    assert set(names) == {b"d1._domainkey.example.org."}
    return bool(found)


def test_a_signed_mail_verifies(key_file: Path) -> None:
    signed = sign(MAIL, read_key(key_file, "d1", SENDER), NOW)
    assert signed.endswith(MAIL)
    assert verifies(signed, key_file)


def test_the_signature_is_relaxed_and_covers_every_list_header_and_from_twice(key_file: Path) -> None:
    signed = sign(MAIL, read_key(key_file, "d1", SENDER), NOW)
    tags = dkim.util.parse_tag_value(signed.split(b"\r\nFrom:")[0].split(b":", 1)[1])
    headers = [name.strip().decode() for name in tags[b"h"].split(b":")]
    assert tags[b"c"] == b"relaxed/relaxed" and tags[b"d"] == b"example.org"
    assert tags[b"a"] == (b"ed25519-sha256" if key_file.stem == "ed25519" else b"rsa-sha256")
    assert headers.count("from") == 2
    assert {
        "to",
        "subject",
        "date",
        "message-id",
        "content-type",
        "list-id",
        "list-unsubscribe",
        "list-archive",
    } <= set(headers)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: Subject", b"Subject: Other"),
        (b"From: ", b"From: x@evil.example\r\nFrom: "),
        (b"List-Unsubscribe: <mailto:editor", b"List-Unsubscribe: <mailto:evil"),
        (b"Hello", b"Goodbye"),
    ],
)
def test_a_changed_mail_does_not_verify(key_file: Path, old: bytes, new: bytes) -> None:
    signed = sign(MAIL, read_key(key_file, "d1", SENDER), NOW)
    assert not verifies(signed.replace(old, new, 1), key_file)


def test_a_mail_that_is_signed_again_has_the_same_bytes(key_file: Path) -> None:
    key = read_key(key_file, "d1", SENDER)
    assert sign(MAIL, key, NOW) == sign(MAIL, key, NOW)
    assert f"t={int(NOW.timestamp())};".encode() in sign(MAIL, key, NOW)


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"=20", b"word", b"."]), max_size=30))
def test_bodies_are_canonical_as_dkimpy_has_them(parts: list[bytes]) -> None:
    body = b"".join(parts) + b"\r\n"
    assert relaxed_body(body) == Relaxed.canonicalize_body(body)


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n ", b"\r\n\t", b"Word", b":"]), max_size=30))
def test_headers_are_canonical_as_dkimpy_has_them(parts: list[bytes]) -> None:
    value = b"".join(parts)
    ((name, line),) = relaxed_headers((b"Subject :" + value).split(b"\r\n"))
    assert (name, line + b"\r\n") == ("subject", b":".join(*Relaxed.canonicalize_headers([(b"Subject ", value)])))


@pytest.mark.parametrize("kind", ["ordinary", "hostile", "large"])
def test_a_subscribers_mail_of_every_kind_verifies(key_file: Path, kind: str) -> None:
    links = personal_links("secret", "https://news.example.org", Holder(17, "salt"))
    mail = MessageMaker(edition_with(edition(kind))).make("anna@example.org", "<1@example.org>", links=links)
    signed = sign(mail.data, read_key(key_file, "d1", SENDER), NOW)
    assert verifies(signed, key_file)
    assert b"list-unsubscribe-post" in signed.removesuffix(mail.data)
    assert not verifies(signed.replace(b"List-Unsubscribe-Post: ", b"X-List-Unsubscribe-Post: "), key_file)


def test_lines_of_the_signature_are_short(key_file: Path) -> None:
    signed = sign(MAIL, read_key(key_file, "d1", SENDER), NOW)
    assert max(map(len, signed.removesuffix(MAIL).split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    "content",
    [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "ключ".encode(), b"\xff\x00"],
)
def test_what_is_no_key_is_refused_with_its_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dkim.pem"
    path.write_bytes(content)
    with pytest.raises(DeliveryError, match=r"mail\.dkim\.key .*dkim\.pem is no private key in PEM form"):
        read_key(path, "d1", SENDER)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)


def test_a_key_that_can_not_be_used_says_why(tmp_path: Path) -> None:
    path = tmp_path / "dkim.pem"
    known = serialization.load_pem_private_key((KEYS / "rsa.pem").read_bytes(), None)
    assert isinstance(known, rsa.RSAPrivateKey)
    for content, why in (
        (pem(known, b"secret"), "has a password"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "is neither an RSA nor an Ed25519 key"),
        ((KEYS / "rsa-768.pem").read_bytes(), "has 768 bits; receivers take RSA keys of 1024 and more"),
    ):
        path.write_bytes(content)
        with pytest.raises(DeliveryError, match=why):
            read_key(path, "d1", SENDER)


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"nowhere\.pem can't be read: No such file"):
        read_key(tmp_path / "nowhere.pem", "d1", SENDER)
