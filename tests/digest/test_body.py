"""A mail's body: every character arrives, and each reader gets his own links."""

from __future__ import annotations

import email
import email.policy
import quopri
from html import escape

from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.body import both_bodies, text_body

SHARED = "mailto:editor@example.org?subject=Unsubscribe&body=x"
PAGE = "https://news.example.org/subscribe/"
OWN = {
    SHARED: "https://news.example.org/unsubscribe/17.ab_cd-" + "x" * 60,
    PAGE: "https://news.example.org/p?a=1&b=2",
}
WORDS = st.lists(
    st.one_of(st.text(max_size=90), st.sampled_from(["=", "é" * 30, "x" * 75, "x" * 76, " ", "\n", ".\n", "👩‍👩‍👧‍👦"])),
    max_size=6,
)


def arrived(encoded: bytes) -> str:
    lines = encoded.split(b"\r\n")
    assert max(map(len, lines)) <= 76 and encoded.isascii()
    assert b"\n" not in b"".join(lines) and b"\r" not in b"".join(lines)
    return quopri.decodestring(encoded.replace(b"\r\n", b"\n")).decode()


def normal(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


@given(WORDS)
def test_every_text_arrives_as_it_was(words: list[str]) -> None:
    body = text_body("".join(words), (SHARED, PAGE))
    assert arrived(body.filled({})) == normal("".join(words))


@given(WORDS, WORDS, WORDS)
def test_own_links_stand_in_place_of_shared_ones(before: list[str], between: list[str], after: list[str]) -> None:
    one, two, three = ("".join(words) for words in (before, between, after))
    text = f"{one}{SHARED} {two}{PAGE}\n{three}"
    own = f"{one}{OWN[SHARED]} {two}{OWN[PAGE]}\n{three}"
    body = text_body(text, (SHARED, PAGE))
    assert arrived(body.filled(OWN)) == normal(own)
    assert arrived(body.filled({})) == normal(text)


@given(WORDS, WORDS)
def test_in_html_whole_attributes_are_replaced(before: list[str], after: list[str]) -> None:
    one, two = ("".join(words).replace('"', "") for words in (before, after))
    html = f'{one}<a href="{escape(SHARED)}">{PAGE}</a>{two}<a href="{PAGE}"></a><a href="{PAGE}x"></a>'
    body = both_bodies("text\n", html, (SHARED, PAGE))
    whole = f"MIME-Version: 1.0\r\nContent-Type: {body.content_type}\r\n\r\n".encode() + body.filled(OWN)
    part = list(email.message_from_bytes(whole, policy=email.policy.default).iter_parts())[1]
    links = (escape(OWN[SHARED]), escape(OWN[PAGE]))
    expected = f'{one}<a href="{links[0]}">{PAGE}</a>{two}<a href="{links[1]}"></a><a href="{PAGE}x"></a>'
    assert part.get_content().replace("\r\n", "\n") == normal(expected)


def test_a_link_that_only_begins_like_a_shared_one_is_left_alone() -> None:
    body = text_body(f"{PAGE}more and {PAGE}", (PAGE,))
    assert arrived(body.filled(OWN)) == f"{PAGE}more and {OWN[PAGE]}\n"


def test_lines_are_broken_only_where_a_link_stands_within_one() -> None:
    assert text_body(f"See:\n{PAGE}\nBye", (PAGE,)).filled({}) == f"See:\r\n{PAGE}\r\nBye\r\n".encode()
    assert text_body(f"See: {PAGE} now", (PAGE,)).filled({}) == f"See:=20=\r\n{PAGE}=\r\n now\r\n".encode()
