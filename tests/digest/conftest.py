"""What every test of digests has."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails that go to file:outbox/ lie in the test's own folder."""
    monkeypatch.chdir(tmp_path)
