"""The wheel holds everything that the program needs and works where no checkout is near."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a network."""
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (made,) = out.glob("*.whl")
    return made


def test_wheel_holds_what_the_program_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, pattern in (
        ("templates", "*"),
        ("aggregator/demo/feeds", "*"),
        ("aggregator/store/migrations", "**/*.py"),
    ):
        for path in (ROOT / folder).glob(pattern):
            inside = path.relative_to(ROOT).as_posix()
            assert (f"aggregator/{inside}" if folder == "templates" else inside) in names
    assert {"aggregator/demo/feeds.yaml", "aggregator/py.typed"} <= names
    assert not any(name.startswith(("tests/", "bench/")) or name.endswith(".pyc") for name in names)


def test_installed_elsewhere_the_demo_runs(wheel: Path, tmp_path: Path) -> None:
    installed, cwd = tmp_path / "installed", tmp_path / "empty"
    cwd.mkdir()
    zipfile.ZipFile(wheel).extractall(installed)
    done = run(installed, cwd, "demo", "--once")
    assert done.returncode == 0, done.stderr
    assert (cwd / "data/demo/public/index.html").is_file()
    assert (cwd / "data/demo/digest/digest.html").is_file()
    assert "<title>The Demo Desk" in (cwd / "data/demo/public/index.html").read_text(encoding="utf-8")


def test_installed_elsewhere_it_knows_its_schema_and_version(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    assert run(tmp_path, tmp_path, "schema").stdout == (ROOT / "feeds.schema.json").read_text(encoding="utf-8")
    assert run(tmp_path, tmp_path, "--version").stdout.startswith("aggregator ")


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program of the wheel, with the libraries of this environment and without this checkout."""
    code = (
        "import sys; sys.path[:0] = [sys.argv.pop(1)]; import aggregator.cli as cli\n"
        f"assert cli.__file__.startswith({str(installed)!r}), cli.__file__\n"
        "if __name__ == '__main__': cli.main()"
    )
    (cwd / "start.py").write_text(code)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "start.py", str(installed), *arguments],
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
