"""The documentation is complete and leads nowhere that isn't there."""

import re
from pathlib import Path
from typing import Any

import pytest

from aggregator.config.load import parse
from tests.cli.conftest import command_line

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")])
PROGRAM = command_line()
CLI = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", CLI, re.M | re.S)
    assert found, f"docs/cli.md has no section '{title}'"
    return found[1]


def options(command: Any) -> set[str]:
    """Its options, and those of its own commands."""
    own = {name for one in command.params for name in [*one.opts, *one.secondary_opts] if name.startswith("-")}
    inner = getattr(command, "commands", {}).values() if command is not PROGRAM else ()
    return own.union(*map(options, inner))


@pytest.mark.parametrize("name", sorted(PROGRAM.commands))
def test_every_command_is_documented_with_an_example_and_its_options(name: str) -> None:
    text = section(name)
    assert re.search(rf"^```\naggregator {name}\b", text, re.M)
    assert f"[`{name}`](#{name})" in CLI
    assert options(PROGRAM.commands[name]) - set(re.findall(r"`(-[-a-z]+)`", text)) == {"--help", "-h"} & options(
        PROGRAM.commands[name]
    )


def test_no_option_is_documented_that_is_not_there() -> None:
    for name, command in PROGRAM.commands.items():
        assert set(re.findall(r"^\| `(?:-\w`, `)?(--[-a-z]+)`", section(name), re.M)) <= options(command), name


def test_options_of_the_whole_and_exit_codes_are_documented() -> None:
    text = section("For all commands")
    assert options(PROGRAM) <= set(re.findall(r"`(-[-a-z]+)`", text)) | {"--help"}
    assert set(re.findall(r"^\| (\d+) \|", text, re.M)) == {"0", "1", "2", "130"}
    assert "`AGGREGATOR_CONFIG`" in text
    assert "`AGGREGATOR_DATA`" in text


def test_sections_of_commands_that_are_gone_are_gone() -> None:
    assert set(re.findall(r"^## ([-a-z]+)$", CLI, re.M)) == set(PROGRAM.commands)


def test_commands_named_anywhere_exist() -> None:
    for page in PAGES:
        for word in re.findall(r"`aggregator ((?!-)[a-z-]+)", page.read_text(encoding="utf-8")):
            assert word in PROGRAM.commands, f"{page.relative_to(ROOT)} names `aggregator {word}`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor and linked.suffix == ".md":
            assert anchor in anchors(linked), f"{page.name} links to {target}"


def anchors(page: Path) -> set[str]:
    """Headings as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ["README.md", "docs/quick-start.md"])
def test_feeds_yaml_examples_load(name: str) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.S)
    assert examples
    for example in examples:
        whole = example if "feeds:" in example else f"{example}feeds: https://a.example/\n"
        parse(whole.encode(), Path("feeds.yaml"), {"SMTP_PASSWORD": "k", "DB_PASSWORD": "k"})


def test_first_example_of_the_readme_is_five_lines_of_feeds_yaml() -> None:
    (example, *_) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert example.startswith("feeds:")
    assert len(example.splitlines()) <= 6


def test_benchmarks_that_the_docs_name_exist() -> None:
    for page in PAGES:
        for name in re.findall(r"python -m bench ([a-z]+)", page.read_text(encoding="utf-8")):
            assert (ROOT / "bench" / f"{name}.py").exists(), f"{page.name} names the benchmark {name}"


def test_make_targets_that_the_docs_name_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for page in PAGES:
        for name in re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8")):
            assert name in targets, f"{page.name} names `make {name}`"
