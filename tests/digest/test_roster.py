"""Tables of people as programs write them, read with every fault at its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.roster import read_roster, roster_of
from aggregator.errors import UsageError
from aggregator.model import Frequency, SubscriberState, Wishes
from tests.digest.sample import AID, AIR, config

CONFIG = config()
NAME = "Morning briefing"
ANNA, BOB = "anna@reader.example", "bob@reader.example"


def addresses(data: bytes) -> list[str]:
    roster = read_roster(data, CONFIG)
    assert roster.faults == ()
    return [row.address for row in roster.rows]


@pytest.mark.parametrize(
    "data",
    [
        f"{ANNA}\n{BOB}\n".encode(),
        f"{ANNA},Anna\r\n{BOB},Bob\r\n".encode(),
        f"Name,E-Mail\nAnna,{ANNA}\nBob,{BOB}\n".encode("utf-8-sig"),
        f"Name;Email\r\nAnna;{ANNA}\r\nBöb;{BOB}\r\n".encode("cp1252"),
        f"sep=;\r\nName;Email\r\nAnna;{ANNA}\r\nBob;{BOB}\r\n".encode(),
        f"Name\tEmail\r\nAnna\t{ANNA}\r\nBöb\t{BOB}\r\n".encode("utf-16"),
        f'\n\n"Email Address",Name\n{ANNA},"Smith, Anna"\n\n{BOB},"two\nlines"\n'.encode(),
        f"EMAIL\n {ANNA} \n{BOB}".encode(),
    ],
)
def test_tables_of_other_programs_are_understood(data: bytes) -> None:
    assert addresses(data) == [ANNA, BOB]


def test_every_fault_is_named_with_its_line_and_the_rest_is_read() -> None:
    table = (
        "name,email,frequency,topics,hour,weekday,timezone,state,digests,alerts,language\n"
        f'"a\nb",{ANNA}\n'
        "x,nobody\n"
        "\n"
        "x,c@x.example,hourly\n"
        "x,d@x.example,,Air defence\n"
        "x,e@x.example,,,25:00\n"
        "x,f@x.example,,,,someday\n"
        "x,g@x.example,,,,,Mars/Olympus\n"
        "x,h@x.example,,,,,,perhaps\n"
        "x,i@x.example,,,,,,,Evening\n"
        "x,j@x.example,,,,,,,,maybe\n"
        "x,k@x.example,,,,,,,,,no language at all\n"
        "x,\n"
        f"x,{BOB}\n"
        f"x,{ANNA.upper()}\n"
    )
    roster = read_roster(table.encode(), CONFIG)
    assert [(row.line, row.address) for row in roster.rows] == [(2, ANNA), (16, BOB)] and roster.twice == 1
    assert [fault.split(":")[0] for fault in roster.faults] == [f"line {n}" for n in (4, *range(6, 16))]
    said = "\n".join(roster.faults)
    for hint in ("'nobody' is not", "as it happens, daily", "did you mean 'Air defense'?", "someday", "perhaps", "yes"):
        assert hint in said


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("confirmed", SubscriberState.CONFIRMED),
        ("Active", SubscriberState.CONFIRMED),
        ("true", SubscriberState.CONFIRMED),
        ("unsubscribed", SubscriberState.UNSUBSCRIBED),
        ("blocklisted", SubscriberState.UNSUBSCRIBED),
        ("FALSE", SubscriberState.UNSUBSCRIBED),
        ("bounced", SubscriberState.SUPPRESSED),
        ("pending", SubscriberState.UNCONFIRMED),
        ("", None),
    ],
)
def test_words_of_other_programs_for_who_is_subscribed(word: str, state: SubscriberState | None) -> None:
    for column in ("status", "state", "subscribed_to_emails"):
        (row,) = read_roster(f"email,{column}\n{ANNA},{word}\n".encode(), CONFIG).rows
        assert row.state is state


def test_wishes_of_a_row() -> None:
    table = (
        "address;frequency;topics;hour;weekday;timezone;alerts;digests\n"
        f'{ANNA};as it happens;"{AIR}; {AID}";7:30;Friday;Europe/Kyiv;no;{NAME}\n'
    )
    (row,) = read_roster(table.encode(), CONFIG).rows
    assert row.digests == (NAME,)
    assert row.wishes == Wishes(
        frequency=Frequency.AS_IT_HAPPENS,
        topics=(AIR, AID),
        hour="07:30",
        weekday="fri",
        timezone="Europe/Kyiv",
        alerts=False,
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"name,phone\nAnna,1\n", "is called address or email"),
        (b"\x89PNG\r\n\x1a\n\0\0", "save it as CSV"),
        (b"PK\x03\x04\x14\x00\x06\x00", "save it as CSV"),
        (b'email\n"' + b"a" * 200_000, "line 2"),
    ],
)
def test_what_is_no_table_is_a_usage_error(data: bytes, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_roster(data, CONFIG)


def test_nobody_is_nobody() -> None:
    assert read_roster(b"", CONFIG).rows == () and read_roster(b"\n \n", CONFIG).rows == ()
    assert roster_of([]).startswith("address,state,")


@given(st.binary(max_size=300) | st.text(alphabet="ae@.,;\t\n\"'=x", max_size=200).map(str.encode))
def test_any_bytes_are_rows_faults_or_a_usage_error(data: bytes) -> None:
    try:
        roster = read_roster(data, CONFIG)
    except UsageError as error:
        assert str(error)
    else:
        assert all("@" in row.address for row in roster.rows)
        assert all(fault.startswith("line ") for fault in roster.faults)
