"""What a feeds.yaml becomes, and that nothing crashes the reading of one."""

from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.config.load import load, parse
from aggregator.config.models import Config
from aggregator.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]
FEEDS = "feeds: [https://a.example/feed]\n"


def read(text: str, **environ: str) -> Config:
    return parse(text.encode(), Path("feeds.yaml"), environ)


def test_shipped_file_loads_without_environment_and_sends_no_mail() -> None:
    config = load(REPOSITORY / "feeds.yaml", {})
    assert len(config.feeds) >= 12
    assert {"Air defense", "Aid pledges"} <= set(config.topics)
    assert config.mail.smtp.get_secret_value() == f"file:{REPOSITORY / 'outbox'}"
    assert config.digests
    assert all(not digest.to for digest in config.digests.values())


def test_shipped_file_points_at_its_schema_in_the_first_line() -> None:
    first = (REPOSITORY / "feeds.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=feeds.schema.json"


def test_bare_url_is_a_feed() -> None:
    config = read("feeds:\n  - https://a.example/feed\n  - {url: 'https://b.example/', every: 15m}\n")
    assert [feed.url for feed in config.feeds] == ["https://a.example/feed", "https://b.example/"]
    assert config.feeds[1].every == timedelta(minutes=15)


def test_single_feed_needs_no_list() -> None:
    assert read("feeds: https://a.example/feed").feeds[0].url == "https://a.example/feed"


def test_topic_is_a_list_a_string_or_a_mapping() -> None:
    config = read(
        FEEDS + "topics:\n  A: [x, y]\n  B: x y\n  C:\n    any: x\n    not: z\n    feeds: https://a.example/feed\n"
    )
    assert config.topics["A"].any == ("x", "y")
    assert config.topics["B"].any == ("x y",)
    assert (config.topics["C"].any, config.topics["C"].not_) == (("x",), ("z",))
    assert config.topics["C"].feeds == ("https://a.example/feed",)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("mon-fri", "mon tue wed thu fri"),
        ("sat, sun", "sat sun"),
        ("[sun, monday]", "mon sun"),
        ("sat-mon", "mon sat sun"),
        ("weekdays", "mon tue wed thu fri"),
        ("weekends", "sat sun"),
        ("daily", "mon tue wed thu fri sat sun"),
        ("Tues", "tue"),
    ],
)
def test_days(days: str, expected: str) -> None:
    config = read(FEEDS + f"digests: {{D: {{days: {days if days.startswith('[') else repr(days)}}}}}")
    assert " ".join(config.digests["D"].days) == expected


@pytest.mark.parametrize("at", ["07:00", '"07:00"', "7:00"])
@pytest.mark.parametrize("version", ["", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n"])
def test_time_of_day_is_no_number_of_minutes_in_any_yaml(at: str, version: str) -> None:
    assert read(f"{version}{FEEDS}digests: {{D: {{at: {at}}}}}").digests["D"].at == time(7, 0)


def test_plain_scalars_stay_as_written() -> None:
    config = read(FEEDS + "site: {language: no, title: 1.10}\ntopics: {2024: [2024-02-24, yes, 0x10, null x]}")
    assert (config.site.language, config.site.title) == ("no", "1.10")
    assert config.topics["2024"].any == ("2024-02-24", "yes", "0x10", "null x")


def test_truth_values_are_read_where_one_is_meant() -> None:
    config = read("feeds: [{url: 'https://a.example/', paused: yes}]\ntopics: {A: {any: x, alert: true}}")
    assert config.feeds[0].paused
    assert config.topics["A"].alert


def test_key_with_nothing_after_it_counts_as_left_out() -> None:
    config = read(FEEDS + "site:\nmail:\n  reply_to:\ndigests:\n  Morning:\n")
    assert config.site == Config(feeds=config.feeds).site
    assert config.mail.reply_to is None
    assert config.digests["Morning"].at == time(7, 0)


def test_values_of_every_kind() -> None:
    config = read(
        FEEDS
        + "site: {url: 'https://n.example/', timezone: Europe/Kyiv, contact: 'Ed <ed@n.example>'}\n"
        + "polling: {floor: 1h30m, allow_networks: 10.0.0.0/8, concurrency: '7'}\n"
        + "digests: {D: {to: 'Team <team@n.example>', languages: en, topics: []}}\n"
        + "storage: {database: 'postgresql://u:p@h/d'}\n"
    )
    assert config.site.url == "https://n.example"
    assert config.site.timezone == ZoneInfo("Europe/Kyiv")
    assert config.site.contact == "ed@n.example"
    assert config.polling.floor == timedelta(minutes=90)
    assert config.polling.allow_networks == (ip_network("10.0.0.0/8"),)
    assert config.polling.concurrency == 7
    assert config.digests["D"].to == ("team@n.example",)
    assert config.digests["D"].languages == ("en",)


def test_variables_come_from_the_environment() -> None:
    config = read(
        'feeds: [{url: "https://a.example/$${x}/${PART}", headers: {X-Key: "Bearer ${KEY}"}, auth: "u:${KEY}"}]\n'
        "web: {port: '${PORT}'}",
        PART="p",
        KEY="k3y: # '\"",
        PORT="9000",
    )
    feed = config.feeds[0]
    assert feed.url.reveal(feed.url) == "https://a.example/${x}/p"
    assert feed.headers["X-Key"].get_secret_value() == "Bearer k3y: # '\""
    assert config.web.port == 9000


def test_secrets_of_an_address_are_filled_in_for_the_server_alone() -> None:
    config = read(
        "feeds: ['https://${HOST}/f?$${x}=${KEY}', '${WHOLE}', 'https://a.example/${KEY}', 'https://b.example/']\n"
        "topics: {A: {any: x, feeds: ['https://a.example/${KEY}', '${WHOLE}']}}",
        HOST="h.example",
        KEY="k/3y",
        WHOLE="https://c.example/private/k3y",
    )
    first, whole, in_path, plain = (feed.url for feed in config.feeds)
    assert first == "https://h.example/f?${x}=${KEY}"
    assert first.reveal(first) == "https://h.example/f?${x}=k/3y"
    assert first.conceal("h.example: /n?a=k/3y&b=k%2F3y") == "h.example: /n?a=${KEY}&b=${KEY}"
    assert (whole, whole.reveal(whole)) == ("${WHOLE}", "https://c.example/private/k3y")
    assert config.topics["A"].feeds == (in_path, whole)
    assert plain.conceal("k/3y") == "k/3y"


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    for folder in ("feeds", "themes"):
        (tmp_path / folder).mkdir()
    (tmp_path / "dkim.pem").write_text("key")
    file = tmp_path / "feeds.yaml"
    file.write_text(
        "feeds: [file:feeds/my%20news.xml]\ntemplates: themes\npolling: {allow_files: ./feeds}\n"
        "mail: {smtp: file:sent/, dkim: {selector: d1, key: dkim.pem}}\n"
    )
    config = load(file, {})
    assert config.feeds[0].url == (tmp_path / "feeds" / "my news.xml").as_uri()
    assert config.templates == tmp_path / "themes"
    assert config.polling.allow_files == (tmp_path / "feeds",)
    assert config.mail.smtp.get_secret_value() == f"file:{tmp_path / 'sent'}"
    assert config.mail.dkim
    assert config.mail.dkim.key == tmp_path / "dkim.pem"


def test_aliases_share_a_value() -> None:
    config = read(
        "feeds:\n- {url: 'https://a.example/', headers: &h {X-A: '1'}}\n- {url: 'https://b.example/', headers: *h}\n"
    )
    assert config.feeds[0].headers == config.feeds[1].headers


def test_ten_thousand_feeds_load() -> None:
    text = "feeds:\n" + "".join(f"  - https://h{n}.example/feed\n" for n in range(10_000))
    assert len(read(text).feeds) == 10_000


SEED = (REPOSITORY / "feeds.yaml").read_bytes()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
@example(b"%YAML 9.9\n---\na")
@example(b"\xff\xfea\x00")
@example(b"- " * 5000)
@example(b"[" * 5000)
@example(b"? ? ? a")
@example(b"&a [*a]")
@example(b"feeds: 'https://[/'")
@example("feeds: 'https://\u2100.example/'".encode())
def test_any_bytes_give_a_config_or_its_faults(data: bytes) -> None:
    config_or_faults(data)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_change_of_a_good_file_gives_a_config_or_its_faults(data: st.DataObject) -> None:
    text = bytearray(SEED)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        length = data.draw(st.integers(0, 12))
        text[at : at + length] = data.draw(
            st.one_of(
                st.binary(max_size=4), st.sampled_from([b"\t", b": ", b"- ", b"${A}", b"*", b"[", b"!!x ", b"'", b"\n"])
            )
        )
    config_or_faults(bytes(text))


_words = st.text(max_size=12) | st.sampled_from(["https://a.example/", "${A}", "07:00", "", "mon-fri", "-1", "x & "])
_keys = st.one_of(
    st.sampled_from(
        ["site", "feeds", "topics", "digests", "mail", "polling", "url", "name", "any", "not", "at", "days"]
    ),
    st.sampled_from(
        ["from", "smtp", "dkim", "key", "headers", "floor", "timezone", "contact", "language", "to", "keep"]
    ),
)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys | _words, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_keys, _values, max_size=5))
def test_any_structure_gives_a_config_or_its_faults(value: dict[str, object]) -> None:
    import json

    config_or_faults(json.dumps(value).encode())


def config_or_faults(data: bytes) -> None:
    try:
        config = parse(data, Path("feeds.yaml"), {"A": "hunter2hunter2"})
    except ConfigError as error:
        assert error.faults
        for fault in error.faults:
            assert fault.line >= 1
            assert fault.column >= 1
            assert fault.message
            assert "hunter2hunter2" not in fault.message
        assert list(error.faults) == sorted(error.faults, key=lambda fault: (fault.line, fault.column, fault.message))
    else:
        assert config.feeds
