"""An envelope sender for each delivery (VERP), so that a mail that comes back tells which one it was. Pure.

    bounces+17k3v…@example.org        17     the delivery's id
                                      k3v…   130 bits of HMAC-SHA256 over id and Message-ID, keyed by the site's secret

Who never got a mail can't make its code, so nobody is taken off by a forged one. Codes are small letters and digits:
servers on the way may change letters' case, and cut at + or -.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator

_MAC_LETTERS = 26
_CODE = rf"([1-9][0-9]{{0,14}})([a-z2-7]{{{_MAC_LETTERS}}})"


def envelope_sender(pattern: str, secret: str, delivery_id: int, message_id: str) -> str:
    """The sender of one delivery's mail. `pattern` is mail.bounces.address, with a * where the code goes."""
    return pattern.replace("*", f"{delivery_id}{_mac(secret, delivery_id, message_id)}", 1)


def codes_in(text: str, pattern: str) -> Iterator[tuple[int, str]]:
    """(delivery id, mac) of every address in the text that has our pattern, genuine or not."""
    before, _, after = pattern.partition("*")
    ours = rf"(?<![A-Za-z0-9.+_-]){re.escape(before)}{_CODE}{re.escape(after)}(?![A-Za-z0-9-])"
    for match in re.finditer(ours, text, re.IGNORECASE | re.ASCII):
        yield int(match[1]), match[2].lower()


def is_genuine(secret: str, delivery_id: int, mac: str, message_id: str) -> bool:
    """Whether we made the code for this delivery."""
    return hmac.compare_digest(mac.encode(), _mac(secret, delivery_id, message_id).encode())


def _mac(secret: str, delivery_id: int, message_id: str) -> str:
    said = "\n".join(("bounce", str(delivery_id), message_id)).encode()
    made = hmac.new(secret.encode(), said, hashlib.sha256).digest()
    return base64.b32encode(made).decode().lower()[:_MAC_LETTERS]
