"""What follows from which code, and when there were enough."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.digest.bounces.report import Kind, Report
from aggregator.digest.bounces.weigh import Weight, enough, sentence, weigh
from tests.digest.bounces.kit import ANN
from tests.digest.sample import NOW


@pytest.mark.parametrize(
    ("code", "weight"),
    [
        ("5.1.1", Weight.GONE),
        ("5.1.2", Weight.GONE),
        ("5.1.10", Weight.GONE),
        ("5.0.0", Weight.GONE),
        ("550", Weight.GONE),
        ("553", Weight.GONE),
        ("5.2.1", Weight.DISABLED),
        ("5.2.2", Weight.COUNTED),
        ("5.3.4", Weight.COUNTED),
        ("5.4.4", Weight.COUNTED),
        ("552", Weight.COUNTED),
        ("554", Weight.COUNTED),
        ("4.4.7", Weight.COUNTED),
        ("4.2.2", Weight.COUNTED),
        ("", Weight.COUNTED),
        ("5.7.1", Weight.POLICY),
        ("5.7.26", Weight.POLICY),
        ("5.1.8", Weight.POLICY),
    ],
)
def test_each_code_has_its_weight(code: str, weight: Weight) -> None:
    report = Report(Kind.FAILED, "words", code, frozenset({ANN}))
    assert weigh(report, ANN.upper()) is weight
    assert code in sentence(weight, report) and "words" in sentence(weight, report)


def test_a_failure_where_the_mail_was_forwarded_to_is_counted_only() -> None:
    elsewhere = Report(Kind.FAILED, "no such user", "5.1.1", frozenset({"ann@other.example"}))
    assert weigh(elsewhere, ANN) is Weight.COUNTED
    assert weigh(Report(Kind.FAILED, "no", "5.7.1", elsewhere.recipients), ANN) is Weight.POLICY


def test_complaints_and_notices_have_weights_of_their_own() -> None:
    assert weigh(Report(Kind.COMPLAINT, "abuse"), ANN) is Weight.COMPLAINT
    assert weigh(Report(Kind.NOTHING, "away"), ANN) is Weight.NOTHING


@pytest.mark.parametrize(
    ("days", "full"),
    [
        ([0, 0, 0, 0, 0, 0, 0, 0], False),  # of one day
        ([0, 1, 2, 3], False),
        ([0, 1, 2, 3, 4], True),  # five days in a row
        ([0, 7, 14, 21, 28, 35, 42, 49], False),  # once a week, for ever: six of seven mails arrive
        ([30, 31, 32, 33, 34], False),  # long ago
        ([], False),
    ],
)
def test_days_are_counted_and_wear_off(days: list[int], full: bool) -> None:
    assert enough([NOW - timedelta(days=day, minutes=n) for n, day in enumerate(days)], NOW) is full
