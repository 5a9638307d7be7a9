"""What the locks name is what gets installed, whatever was released since."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock"]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_is_installed_with_hashes_and_nothing_is_resolved(lock: str) -> None:
    # pip takes the newest release of what another package asks for with an extra, then misses its hash.
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (install,) = re.findall(rf"^\t@\$\(PIP\) (.*)-r {re.escape(lock)}$", makefile, re.M)
    assert {"--require-hashes", "--no-deps"} <= set(install.split())


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_every_package_with_hashes_and_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    packages = re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]
    assert len(packages) > 40
    for package in packages:
        assert re.match(r"[-.\w]+==\S+ (; .*)?\\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n)+", package), package[:200]
    assert "://" not in text


def test_nothing_that_a_package_needs_is_missing_in_the_locks() -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
