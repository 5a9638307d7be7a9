"""Codes in envelope senders: short, signed, whole through what servers do to addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config.values import check_bounce_address
from aggregator.digest.bounces.verp import codes_in, envelope_sender, is_genuine

PATTERNS = [check_bounce_address(text) for text in ("bounces@example.org", "b-*@example.org", "*@b.example.org")]


@given(st.sampled_from(PATTERNS), st.integers(1, 10**15 - 1), st.text(min_size=1, max_size=30))
def test_a_code_is_found_again_and_is_genuine_for_its_mail_alone(pattern: str, id_: int, message_id: str) -> None:
    sender = envelope_sender(pattern, "secret", id_, message_id)
    assert len(sender.partition("@")[0]) <= 64 and sender.isascii()
    ((found, mac),) = codes_in(f"for <{sender.upper()}>; Tue", pattern)  # some servers change the letters
    assert found == id_ and is_genuine("secret", id_, mac, message_id)
    assert not is_genuine("secret", id_ + 1, mac, message_id)
    assert not is_genuine("secret", id_, mac, message_id + "x")
    assert not is_genuine("another", id_, mac, message_id)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_addresses_of_others_are_no_codes(pattern: str) -> None:
    sender = envelope_sender(pattern, "secret", 17, "<1@x>")
    assert list(codes_in(f"x{sender} {sender}x.example bounces@example.org b-17@example.org", pattern)) == []


@given(st.text(max_size=400))
def test_any_text_can_be_searched(text: str) -> None:
    assert all(not is_genuine("secret", id_, mac, "<1@x>") for id_, mac in codes_in(text, PATTERNS[0]))
