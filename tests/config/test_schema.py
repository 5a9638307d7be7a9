"""The JSON Schema that editors use says what the loader does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from aggregator.config.load import parse
from aggregator.config.schema import duration_text, schema, schema_text
from aggregator.config.values import parse_duration
from aggregator.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]
FEEDS = "feeds: [https://a.example/feed]\n"
VALIDATOR = Draft202012Validator(schema())

LONG = """
site: {title: T, description: D, url: https://n.example, language: en, timezone: UTC, contact: a@b.example}
feeds:
  - https://a.example/feed
  - {url: https://b.example/feed, name: B, outlet: O, language: uk, every: 1h30m, priority: 3, keep: x, drop: [y, 2024],
     headers: {X-Key: "${KEY}"}, auth: "u:${KEY}", proxy: "http://p.example:3128", paused: true}
topics:
  Short: air defense
  List: [a, b]
  Long: {any: [a], not: b, feeds: [B], threshold: 0.5, weight: 2, alert: false}
digests:
  D: {at: 7:00, days: mon-fri, timezone: Europe/Kyiv, topics: Short, languages: [en, uk], stories: 10, to: a@b.example,
     window: 2h}
  E: {at: "07:00", days: [sat, sun], to: [a@b.example]}
mail: {from: N <a@b.example>, smtp: "smtp://u:${KEY}@h:587", reply_to: a@b.example, address: Street 1}
polling: {floor: 5m, ceiling: 12h, allow_networks: 10.0.0.0/8, allow_files: [], concurrency: "${COUNT}", host_gap: 0s,
  timeout: 10s}
publish: {entries: 100, max_age: 2w, hub: https://hub.example/}
web: {host: 0.0.0.0, port: 8080}
storage: {keep: 30d}
"""


def problems(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(YAML(typ="safe", pure=True).load(text))]


def loads(text: str) -> bool:
    try:
        parse(text.encode(), Path("feeds.yaml"), {"KEY": "k", "COUNT": "7"})
    except ConfigError:
        return False
    return True


def test_committed_schema_is_what_the_program_prints() -> None:
    assert (REPOSITORY / "feeds.schema.json").read_text(encoding="utf-8") == schema_text()


def test_schema_is_valid_2020_12() -> None:
    Draft202012Validator.check_schema(schema())
    assert json.loads(schema_text())["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_shipped_file_is_valid() -> None:
    assert problems((REPOSITORY / "feeds.yaml").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", [FEEDS, "feeds: https://a.example/", LONG])
def test_what_loads_is_valid_short_and_long(text: str) -> None:
    assert loads(text)
    assert problems(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "site: {}",
        "feeds: []",
        FEEDS + "topcis: {}",
        FEEDS + "site: [a]",
        FEEDS + "site: {titel: x}",
        FEEDS + "web: {port: 70000}",
        FEEDS + "web: {port: many}",
        FEEDS + "polling: {floor: soon}",
        FEEDS + "digests: {D: {at: 25:00}}",
        FEEDS + "topics: {A: {not: x}}",
        FEEDS + "topics: {A: {any: x, alert: maybe}}",
        FEEDS + "topics: {A: []}",
    ],
)
def test_what_does_not_load_is_marked_in_the_editor(text: str) -> None:
    assert not loads(text)
    assert problems(text)


def test_every_key_has_a_description() -> None:
    def keys(node: object) -> Iterator[tuple[str, Any]]:
        if isinstance(node, dict):
            for name, value in node.get("properties", {}).items():
                yield name, value
            for value in node.values():
                yield from keys(value)

    definitions, found = schema()["$defs"], list(keys(schema()))
    described = {
        name: value if "$ref" not in value else definitions[value["$ref"].split("/")[-1]] for name, value in found
    }
    assert len(described) > 40
    assert [name for name, value in described.items() if not value.get("description")] == []


def test_defaults_are_written_as_in_the_file() -> None:
    definitions = schema()["$defs"]
    assert definitions["PollingConfig"]["properties"]["ceiling"]["default"] == "1d"
    assert definitions["DigestConfig"]["properties"]["at"]["default"] == "07:00"
    assert definitions["MailConfig"]["properties"]["smtp"]["default"] == "file:outbox/"


@pytest.mark.parametrize("text", ["0s", "90s", "1h30m", "14d", "36h"])
def test_duration_text_reads_back(text: str) -> None:
    assert parse_duration(duration_text(parse_duration(text))) == parse_duration(text)
