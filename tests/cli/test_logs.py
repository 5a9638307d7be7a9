"""What the log keeps of texts from feeds and servers."""

import logging

import pytest

from aggregator.cli.logs import OneLine
from aggregator.errors import ConfigError, ConfigFault


def line(message: str, *args: object) -> str:
    return OneLine("%(levelname)s %(message)s").format(
        logging.LogRecord("aggregator", logging.INFO, "x.py", 1, message, args, None)
    )


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("a\r\nERROR all is lost", "a\\x0d\\nERROR all is lost"),
        ("\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J"),
        ("a\u2028b\u202ec\x85d\x00", "a\\x2028b\\x202ec\\x85d\\x00"),
        ("Ünicode – stays", "Ünicode – stays"),
    ],
)
def test_text_from_elsewhere_is_one_line_of_the_log(text: str, logged: str) -> None:
    assert line("%s: %s", "https://a.example/", text) == f"INFO https://a.example/: {logged}"


def test_our_own_list_of_faults_keeps_its_lines() -> None:
    error = ConfigError([ConfigFault("feeds.yaml", 1, 1, "one"), ConfigFault("feeds.yaml", 2, 1, "two")])
    assert line("%s", error).count("\n") == 1
