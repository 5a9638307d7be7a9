"""What docs/politeness.md and docs/security.md promise is shown by tests."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = {
    name
    for path in ROOT.glob("tests/**/test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
}
# What could ask a server of others. aiohttp is the client's; smtplib and its like are no HTTP.
HTTP = {"aiohttp", "httpx", "requests", "urllib3", "http", "urllib", "pycurl"}
HARMLESS = {"urllib.parse", "http", "http.server"}  # HTTPStatus; the demo's outlets


def rows(page: str) -> list[list[str]]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_every_row_of_politeness_has_a_test_that_is_named_after_it() -> None:
    ids = [cells[0] for cells in rows("politeness.md") if re.fullmatch(r"P\d+", cells[0])]
    assert ids == [f"P{number}" for number in range(1, 22)]
    named = {int(number) for name in TESTS for number in re.findall(r"(?<=_)p(\d+)(?=_)", name)}
    assert named == set(range(1, 22))


def test_every_row_of_security_names_tests_that_are_there() -> None:
    header, _, *table = rows("security.md")
    assert header[-1] == "Shown by"
    assert len(table) >= 18
    for cells in table:
        named = re.findall(r"`(test_\w+)`", cells[-1])
        assert named, cells[0]
        assert set(named) <= TESTS, cells[0]


def imports(path: Path) -> set[str]:
    """The modules that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
    return found


def test_only_one_client_speaks_http_to_others() -> None:
    speaking = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("aggregator/**/*.py")
        for module in imports(path) - HARMLESS
        if module.split(".")[0] in HTTP
    }
    assert speaking == {"aggregator/net/client.py", "aggregator/net/failures.py", "aggregator/net/transport.py"}
