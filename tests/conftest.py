"""What every test may use: the shared corpus where it is present, and a store on each database engine."""

import os
from pathlib import Path

import pytest

_SHARED = Path(os.environ.get("AGGREGATOR_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def shared_path(name: str) -> Path:
    """A folder or file of the shared test data; skips the test where the data is absent."""
    path = _SHARED / name
    if not path.exists():
        pytest.skip(f"test data {name} is not here (AGGREGATOR_SHARED={_SHARED})")
    return path
