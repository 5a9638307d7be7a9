from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from aggregator.cli import output
from aggregator.cli.look import parse_since
from aggregator.errors import UsageError
from aggregator.model import FeedState, PollReport

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_text_of_a_feed_cannot_move_the_cursor_or_start_a_line() -> None:
    assert output.plain("a\x1b[31mb\r\nc\u202ed\u200b") == "a [31mb  c d "
    assert output.plain("a\nb", lines=True) == "a\nb"


def test_letters_of_every_script_stay() -> None:
    assert output.plain("Київ – Zürich – القاهرة 😀") == "Київ – Zürich – القاهرة 😀"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (None, "never"),
        (NOW - timedelta(seconds=40), "40 s ago"),
        (NOW - timedelta(minutes=5), "5 min ago"),
        (NOW + timedelta(hours=2, minutes=59), "in 2 h"),
        (NOW - timedelta(days=3), "3 d ago"),
    ],
)
def test_age_in_words(moment: datetime | None, words: str) -> None:
    assert output.ago(moment, NOW) == words


def test_time_in_a_sentence_is_to_the_minute_in_utc() -> None:
    assert (
        output.minute(datetime(2026, 11, 22, 14, 0, 59, tzinfo=timezone(timedelta(hours=2)))) == "2026-11-22 12:00 UTC"
    )


def test_json_has_times_in_utc_and_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json(
        {
            "time": NOW,
            "span": timedelta(minutes=1),
            "state": FeedState.OK,
            "path": Path("a"),
            "set": {1},
            "report": PollReport(feeds=1),
        }
    )
    printed = capsys.readouterr().out
    assert '"time": "2026-11-22T12:00:00Z"' in printed
    assert '"span": 60.0' in printed
    assert '"state": "ok"' in printed
    assert '"feeds": 1' in printed


def test_value_without_a_json_form_is_an_error() -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        output.print_json(object())


def test_table_is_tab_separated_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["A", "B"], [["x\ty", "z"]], none="")
    assert capsys.readouterr().out == "x y\tz\n"


def test_empty_table_is_said_beside_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["A", "B"], [], none="Nothing is stored yet")
    assert capsys.readouterr() == ("", "Nothing is stored yet\n")


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            80,
            [
                "Story             Entries  Title",
                "faa50582e78d539c  12       Two Patriot launchers and sixty interceptors reach",
                "                           Odesa in a delivery",
                "0123456789abcdef  1        Short",
            ],
        ),
        (
            40,
            [
                "Story             Entries",
                "    Title",
                "faa50582e78d539c  12",
                "    Two Patriot launchers and sixty",
                "    interceptors reach Odesa in a",
                "    delivery",
                "0123456789abcdef  1",
                "    Short",
            ],
        ),
    ],
)
def test_table_on_a_terminal_of_any_width_cuts_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, lines: list[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(output.stderr, "width", width)
    title = "Two Patriot launchers and sixty interceptors reach Odesa in a delivery"
    rows = [["faa50582e78d539c", "12", title], ["0123456789abcdef", "1", "Short"]]
    output.print_table(["Story", "Entries", "Title"], rows, none="")
    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (None, None),
        ("2d", NOW - timedelta(days=2)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T08:00+02:00", datetime(2026, 11, 20, 6, tzinfo=UTC)),
    ],
)
def test_since_is_an_age_a_date_or_a_time(value: str | None, moment: datetime | None) -> None:
    assert parse_since(value, NOW) == moment


def test_since_that_is_neither_is_refused_with_an_example() -> None:
    with pytest.raises(UsageError, match="2026-11-22"):
        parse_since("yesterday", NOW)
