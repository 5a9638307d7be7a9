"""Who answers for an address, and what in it is not for others' eyes."""

import pytest

from aggregator.text.addresses import holds_secret, host_key, is_address, without_credentials


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://feeds.bbci.co.uk/news/rss.xml", "bbci.co.uk"),
        ("https://www.example.org/a", "example.org"),
        ("https://example.org./a", "example.org"),
        ("https://jo.github.io/feed", "github.io"),
        ("http://127.0.0.1:8080/a", "127.0.0.1:8080"),
        ("http://127.0.0.1/a", "127.0.0.1:80"),
        ("https://[::1]/a", "::1:443"),
        ("http://localhost:81/a", "localhost:81"),
        ("http://co.uk/", "co.uk:80"),
        ("file:///srv/feed.xml", ""),
        ("http://[", ""),
        ("http://a.example:99999/", ""),
    ],
)
def test_host_is_the_registrable_domain_or_address_and_port(url: str, key: str) -> None:
    assert host_key(url) == key


def test_names_are_no_addresses() -> None:
    assert is_address("127.0.0.1")
    assert is_address("::1")
    assert not is_address("localhost")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:secret@host/x@y", "http://host/x@y"),
        ("//user:se@cret@host", "//host"),
        ("https://a.example/f?key=s3cret&x=1", "https://a.example/f?key=…&x=1"),
        ("https://a.example/f?x=1&ACCESS_TOKEN=s3cret#a", "https://a.example/f?x=1&ACCESS_TOKEN=…#a"),
        ("https://a.example/f?auth[password]=s3cret;sig=s3cret", "https://a.example/f?auth[password]=…;sig=…"),
        ("https://a.example/f?x_sid=s3cret", "https://a.example/f?x_sid=…"),
        ("https://a.example/f?keyword=war&author=jo&design=1", "https://a.example/f?keyword=war&author=jo&design=1"),
        ("https://a.example/f?key=${TOKEN}", "https://a.example/f?key=…"),
    ],
)
def test_logs_credentials_are_never_shown(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://a.example/f?key=x", True),
        ("https://a.example/${FEED}.xml", True),
        ("${FEED}", True),
        ("https://a.example/f?keyword=x", False),
        ("https://a.example/key=x", False),
    ],
)
def test_address_that_lets_in_whoever_knows_it_is_told_from_others(url: str, secret: bool) -> None:
    assert holds_secret(url) == secret
