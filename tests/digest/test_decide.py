"""What becomes of a delivery depends on the last one to the same address."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.digest.decide import DISABLED, outcome
from aggregator.digest.replies import Result, Verdict
from aggregator.model import Delivery, DeliveryState
from aggregator.store.deliveries import Claimed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DELIVERY = Delivery(id=2, edition_id=2, address="ann@one.example", state=DeliveryState.PENDING)
BEFORE = replace(DELIVERY, id=1, edition_id=1, state=DeliveryState.FAILED)
ANSWER = Result(Verdict.SUPPRESS_SECOND, "550 5.2.1 disabled", DISABLED)


@pytest.mark.parametrize(
    ("before", "state"),
    [
        (None, DeliveryState.FAILED),
        (replace(BEFORE, code="4.2.0"), DeliveryState.FAILED),
        (replace(BEFORE, code=DISABLED), DeliveryState.SUPPRESSED),
    ],
)
def test_mailbox_that_is_disabled_twice_running_gets_nothing_more(
    before: Delivery | None, state: DeliveryState
) -> None:
    made = outcome(Claimed(DELIVERY, 1), ANSWER, NOW, before=before)
    assert made is not None
    assert made.state is state
    assert made.reason.endswith("for the second time") is (state is DeliveryState.SUPPRESSED)
