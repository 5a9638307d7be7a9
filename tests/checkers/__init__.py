"""Checkers from npm that the tests run over mails and pages; `make checkers` installs them here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

HERE = Path(__file__).parent
_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
_AXE = """async options => {
  const {violations} = await axe.run(document, options);
  return violations.map(({id, help, nodes}) => `${id}: ${help}: ${nodes[0].html} (${nodes.length})`);
}"""


def _installed(package: str) -> Path:
    """The package's folder; skips the test where it is absent."""
    folder = HERE / "node_modules" / package
    if not folder.is_dir():
        pytest.skip("the checkers are not installed; `make checkers` brings them")
    return folder


def _run(script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node", path=_PATH)
    assert node, "the checkers are installed, but there is no Node.js to run them"
    return subprocess.run([node, script, *map(str, arguments)], capture_output=True, text=True, check=False)


def html_faults(documents: Mapping[str, str], kind: str, folder: Path) -> str:
    """What html-validate says of the documents, by name; `kind` is 'pages' or 'mails'. '' when it finds nothing."""
    validate = _installed("html-validate") / "bin" / "html-validate.mjs"
    said = _run(validate, "--config", HERE / f"{kind}.mjs", *_written(documents, folder))
    return said.stdout + said.stderr if said.returncode else ""


def unsupported(documents: Mapping[str, str], folder: Path) -> list[tuple[str, str, str]]:
    """(level, feature, client) of all in the documents that Gmail, Outlook, Apple Mail or Yahoo don't support."""
    _installed("caniemail")
    said = _run(HERE / "supported.mjs", *_written(documents, folder))
    assert said.returncode == 0, said.stderr
    return [tuple(one) for one in json.loads(said.stdout)]


def reviewed() -> Mapping[str, Mapping[str, Any]]:
    """What may be unsupported: by feature, the clients of each level and the reason why that does no harm."""
    found: dict[str, dict[str, Any]] = json.loads((HERE / "supported.json").read_text(encoding="utf-8"))
    return found


def axe_violations(page: Page, *, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe-core says of the page as the browser shows it; `rules` keeps it to some."""
    page.evaluate(_axe())
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found: list[str] = page.evaluate(_AXE, options)
    return found


@cache
def _axe() -> str:
    return (_installed("axe-core") / "axe.min.js").read_text(encoding="utf-8")


def _written(documents: Mapping[str, str], folder: Path) -> list[Path]:
    files = [folder / f"{name.replace('/', '-')}.html" for name in documents]
    for file, document in zip(files, documents.values(), strict=True):
        file.write_text(document, encoding="utf-8")
    return files
