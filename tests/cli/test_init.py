"""init, as typed."""

from pathlib import Path

import pytest

from aggregator.config.load import load
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]


def test_init_writes_a_feeds_yaml_that_works_and_its_schema(run: Run, tmp_path: Path) -> None:
    ran = run("init")
    assert (ran.code, ran.err) == (0, "")
    assert "aggregator check" in ran.out
    assert (tmp_path / "feeds.yaml").read_bytes() == (ROOT / "feeds.yaml").read_bytes()
    assert (tmp_path / "feeds.schema.json").read_bytes() == (ROOT / "feeds.schema.json").read_bytes()
    assert load(tmp_path / "feeds.yaml").topics


def test_init_makes_the_folder_of_the_file_it_is_given(run: Run, tmp_path: Path) -> None:
    assert run("-c", "desk/mine.yaml", "init").code == 0
    assert sorted(one.name for one in (tmp_path / "desk").iterdir()) == ["feeds.schema.json", "mine.yaml"]


def test_init_leaves_a_feeds_yaml_that_is_there_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("feeds: [https://a.example/feed]\n", encoding="utf-8")
    ran = run("init")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "feeds.yaml exists already; edit it, or name another file with -c FILE\n"
    assert (tmp_path / "feeds.yaml").read_text(encoding="utf-8") == "feeds: [https://a.example/feed]\n"


def test_init_says_where_it_cannot_write(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    ran = run("-c", "taken/feeds.yaml", "init")
    assert ran.code == 2
    assert ran.err.startswith("taken/feeds.yaml can't be written: ")


@pytest.mark.parametrize("command", [["poll"], ["add", "https://a.example/"]])
def test_command_without_a_feeds_yaml_names_init(run: Run, command: list[str]) -> None:
    assert "`aggregator init`" in run(*command).err
