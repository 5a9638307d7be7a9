"""docs/feeds-yaml.md says what the program does: every key with its default, every message as it is given."""

import re
from pathlib import Path

import pytest

from aggregator.config.load import parse
from aggregator.config.schema import schema
from aggregator.errors import ConfigError

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "feeds-yaml.md").read_text(encoding="utf-8")
SECTIONS = {
    "site": "SiteConfig",
    "feeds": "FeedConfig",
    "topics": "TopicConfig",
    "digests": "DigestConfig",
    "mail": "MailConfig",
    "mail.dkim": "DkimConfig",
    "mail.bounces": "BouncesConfig",
    "polling": "PollingConfig",
    "publish": "PublishConfig",
    "web": "WebConfig",
    "storage": "StorageConfig",
}

BOUNCES = {"`address`": "address: bounces@example.org", "`mailbox`": "mailbox: maildir:bounces/"}  # one needs the other


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables below a heading; a | inside backquotes is no border."""
    (part,) = re.findall(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", DOCS, re.M | re.S)
    lines = [line for line in part.splitlines() if line.startswith("|") and not line.startswith("|--")]
    return [[cell.strip() for cell in re.split(r" \| ", line.strip("| "))] for line in lines[1:]]


def default_text(value: object, required: bool) -> str:
    if required:
        return "required"
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, list):
        return "every day"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_every_section_is_documented() -> None:
    assert set(schema()["properties"]) - {"templates"} | {"mail.dkim", "mail.bounces"} == set(SECTIONS)
    assert rows("templates")


@pytest.mark.parametrize(("heading", "name"), SECTIONS.items())
def test_every_key_is_documented_with_its_default_and_meaning(heading: str, name: str) -> None:
    definitions = schema()["$defs"]
    section = definitions[name]
    expected = []
    for key, value in section["properties"].items():
        meaning = value.get("description") or definitions[value["$ref"].split("/")[-1]]["description"]
        expected.append((f"`{key}`", default_text(value.get("default"), key in section.get("required", [])), meaning))
    documented = [
        (key, default, meaning) for key, default, _, meaning in (row for row in rows(heading) if len(row) == 4)
    ]
    assert documented == expected


@pytest.mark.parametrize(("heading", "name"), SECTIONS.items())
def test_every_example_loads(heading: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").touch()
    (tmp_path / "local-feeds").mkdir()
    for key, _, example, _ in (row for row in rows(heading) if len(row) == 4):
        line = f"{key.strip('`')}: {example.strip('`')}"
        inner = {
            "feeds": f"- url: https://a.example/\n  {line}" if key != "`url`" else f"- {line}",
            "topics": f"  A: {{any: x, {line}}}" if key != "`any`" else f"  A:\n    {line}",
            "digests": f"  D:\n    {line}",
            "mail.dkim": f"  dkim: {{selector: d1, key: dkim.pem}} # {line}",
            "mail.bounces": "  bounces:\n"
            + "".join(f"    {one}\n" for one in dict([*BOUNCES.items(), (key, line)]).values()),
        }.get(heading, f"  {line}")
        text = f"{heading.split('.', maxsplit=1)[0]}:\n{inner}\n" + (
            "" if heading == "feeds" else "feeds: https://a.example/\n"
        )
        if "[The Guardian]" in line:
            text = text.replace(
                "feeds: https://a.example/\n", "feeds: [{url: 'https://a.example/', name: The Guardian}]\n"
            )
        if heading == "digests" and key == "`topics`":
            text += "topics: {Air defense: x, Aid pledges: y}\n"
        environ = {"API_KEY": "k", "FEED_PASSWORD": "k", "SMTP_PASSWORD": "k", "DB_PASSWORD": "k"}
        environ |= {"IMAP_PASSWORD": "k", "BOUNCE_SECRET": "k" * 40}
        parse(text.encode(), tmp_path / "feeds.yaml", environ)


@pytest.mark.parametrize("row", rows("When something is wrong"), ids=lambda row: row[0])
def test_every_message_is_given_as_documented(row: list[str]) -> None:
    written, message = row[0].split("`")[1], row[1]
    first = "" if written.startswith("feeds") or "no feeds" in row[0] else "\nfeeds: https://b.example/"
    with pytest.raises(ConfigError) as caught:
        parse((written + first).encode(), Path("feeds.yaml"), {})
    assert any(message in fault.message for fault in caught.value.faults), caught.value


def test_yaml_examples_load(tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").touch()
    (tmp_path / "local-feeds").mkdir()
    examples = re.findall(r"```yaml\n(.*?)```", DOCS, re.S)
    assert len(examples) >= 5
    for example in examples:
        text = example
        if "The Guardian" in text and not text.startswith("#"):
            text += "feeds: [{url: 'https://a.example/', name: The Guardian}]\n"
        elif "feeds:" not in text:
            text += "feeds: https://a.example/\n"
        if text.startswith("digests"):
            text += "topics: {Air defense: x, Aid pledges: y}\n"
        parse(text.encode(), tmp_path / "feeds.yaml", {"SMTP_PASSWORD": "k", "IMAP_PASSWORD": "k"})
