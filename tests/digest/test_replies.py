"""What a mail server's answers mean, and what becomes of a delivery."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.decide import Pause, outcome, pause_after, pause_from_text, pause_to_text
from aggregator.digest.replies import Result, Verdict, judge, read_reply
from aggregator.model import Delivery, DeliveryState
from aggregator.store.deliveries import Claimed, Outcome
from tests.digest.sample import NOW


@pytest.mark.parametrize(
    ("code", "text", "step", "verdict"),
    [
        (250, "2.0.0 queued", ".", Verdict.ACCEPTED),
        (251, "2.1.5 forwarded", ".", Verdict.ACCEPTED),
        (354, "still listening", ".", Verdict.LOST),
        (600, "what?", ".", Verdict.LOST),
        (250, "what?", "DATA", Verdict.RETRY),
        (421, "4.3.2 closing", "RCPT", Verdict.PAUSE),
        (450, "4.2.0 greylisted", "RCPT", Verdict.RETRY),
        (451, "try later", ".", Verdict.RETRY),
        (452, "4.3.1 disk full", "MAIL", Verdict.RETRY),
        (421, "4.7.28 rate limit", "RCPT", Verdict.PAUSE),
        (450, "4.7.1 too many mails", "MAIL", Verdict.PAUSE),
        (451, "4.7.1 greylisted", "RCPT", Verdict.THROTTLED),
        (450, "4.7.0 throttled", ".", Verdict.THROTTLED),
        (530, "5.7.0 authentication required", "MAIL", Verdict.STOP),
        (535, "5.7.8 bad credentials", "MAIL", Verdict.STOP),
        (553, "5.7.1 sender not yours", "MAIL", Verdict.STOP),
        (550, "5.1.1 no such user", "RCPT", Verdict.SUPPRESS),
        (550, "5.1.2 no such host", "RCPT", Verdict.SUPPRESS),
        (553, "5.1.3 bad address", "RCPT", Verdict.SUPPRESS),
        (556, "5.1.10 null MX", "RCPT", Verdict.SUPPRESS),
        (550, "5.2.1 mailbox disabled", "RCPT", Verdict.SUPPRESS_SECOND),
        (550, "5.7.1 blocked by policy", "RCPT", Verdict.HOLD_DOMAIN),
        (554, "5.7.26 unauthenticated", ".", Verdict.HOLD_DOMAIN),
        (552, "too big", "MAIL", Verdict.COMPACT),
        (552, "5.3.4 too big", ".", Verdict.COMPACT),
        (554, "5.3.4 too big", "RCPT", Verdict.COMPACT),
        (552, "5.2.2 mailbox full", "RCPT", Verdict.REFUSED),
        (550, "no", "RCPT", Verdict.REFUSED),
        (554, "5.6.0 content", ".", Verdict.REFUSED),
        (550, "4.1.1 nonsense", "RCPT", Verdict.REFUSED),
    ],
)
def test_each_answer_has_its_meaning(code: int, text: str, step: str, verdict: Verdict) -> None:
    result = judge(read_reply(code, text), step=step)
    assert result.verdict is verdict
    assert str(code) in result.reason


@given(st.integers(0, 999), st.text(max_size=2000), st.sampled_from(["MAIL", "RCPT", "DATA", "."]))
def test_every_answer_is_a_sentence_of_one_line(code: int, text: str, step: str) -> None:
    result = judge(read_reply(code, text), step=step)
    assert result.reason.isprintable() and len(result.reason) < 400
    assert (result.verdict is Verdict.ACCEPTED) == (200 <= code < 300 and step == ".")


def claimed(*, attempts: int = 0, compact: bool = False) -> Claimed:
    delivery = Delivery(
        id=1, edition_id=1, address="a@example.org", state=DeliveryState.CLAIMED, attempts=attempts, compact=compact
    )
    return Claimed(delivery, 1)


def after(verdict: Verdict, *, attempts: int = 0, compact: bool = False, before: Delivery | None = None) -> Outcome:
    made = outcome(claimed(attempts=attempts, compact=compact), Result(verdict, "because", "5.2.1"), NOW, before=before)
    assert made is not None
    return made


def test_a_retry_waits_5_15_30_60_120_minutes_and_is_charged() -> None:
    outcomes = [after(Verdict.RETRY, attempts=attempts) for attempts in range(7)]
    waits = [(one.next_try_at - NOW) // timedelta(minutes=1) for one in outcomes if one.next_try_at]
    assert waits == [5, 15, 30, 60, 120, 120, 120]
    assert all(one.charged and one.state is DeliveryState.DEFERRED for one in outcomes)


@pytest.mark.parametrize("verdict", [Verdict.PAUSE, Verdict.STOP])
def test_a_pause_charges_nobody(verdict: Verdict) -> None:
    fresh, tried = after(verdict), after(verdict, attempts=2)
    assert (fresh.state, fresh.charged, fresh.next_try_at) == (DeliveryState.PENDING, False, NOW)
    assert tried.state is DeliveryState.DEFERRED


def test_a_held_domain_waits_an_hour_and_suppresses_nobody() -> None:
    made = after(Verdict.HOLD_DOMAIN)
    assert (made.state, made.charged, made.next_try_at) == (DeliveryState.DEFERRED, False, NOW + timedelta(hours=1))


def test_too_large_sends_the_compact_version_once() -> None:
    first, second = after(Verdict.COMPACT), after(Verdict.COMPACT, compact=True)
    assert first.compact and first.next_try_at == NOW and not first.charged
    assert second.state is DeliveryState.FAILED


def test_a_disabled_mailbox_is_suppressed_the_second_time() -> None:
    last = Delivery(id=0, edition_id=0, address="a@example.org", state=DeliveryState.FAILED, code="5.2.1")
    assert after(Verdict.SUPPRESS_SECOND).state is DeliveryState.FAILED
    assert after(Verdict.SUPPRESS_SECOND, before=last).state is DeliveryState.SUPPRESSED


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.ACCEPTED, DeliveryState.SENT),
        (Verdict.SUPPRESS, DeliveryState.SUPPRESSED),
        (Verdict.REFUSED, DeliveryState.FAILED),
        (Verdict.LOST, DeliveryState.UNCERTAIN),
    ],
)
def test_final_verdicts_end_in_their_state(verdict: Verdict, state: DeliveryState) -> None:
    made = after(verdict)
    assert made.state is state and made.next_try_at is None
    assert (made.sent_at == NOW) == (state is DeliveryState.SENT)


def test_what_another_sender_took_over_is_left_to_it() -> None:
    assert outcome(claimed(), Result(Verdict.FENCED, ""), NOW) is None


def test_pauses_grow_and_end_with_another_transport() -> None:
    result = Result(Verdict.PAUSE, "down")
    pause: Pause | None = None
    waits = []
    for _ in range(6):
        pause = pause_after(result, "one", NOW, pause)
        waits.append((pause.until - NOW) // timedelta(minutes=1))
    assert waits == [5, 15, 30, 60, 120, 120]
    assert pause is not None and pause.holds("one", NOW) and not pause.holds("two", NOW)
    assert not pause.holds("one", pause.until)
    assert not pause.holds("one", NOW - timedelta(days=1)), "the clock was put back"
    assert pause_after(result, "two", NOW, pause).failures == 1


def test_a_stop_lasts_a_quarter_of_an_hour() -> None:
    assert pause_after(Result(Verdict.STOP, "wrong password"), "one", NOW, None).until == NOW + timedelta(minutes=15)


def test_a_pause_outlives_the_process() -> None:
    pause = Pause("one", NOW, "down", 2)
    assert pause_from_text(pause_to_text(pause)) == pause
    assert pause_from_text(pause_to_text(None)) is None
    assert pause_from_text(None) is None
