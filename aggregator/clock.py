"""The only place that asks for the time; everything else is handed `now`."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment as an aware UTC datetime, in whole microseconds."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never jumps, for intervals within one process."""
    return time.monotonic()
