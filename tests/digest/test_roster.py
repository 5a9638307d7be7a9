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


MAILCHIMP = "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,TIMEZONE,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
CHIMP = f'{ANNA},Anna,2,"2024-03-01 10:00:00","2024-03-01 10:05:00",Nowhere/Town,"2024-03-02",17,ab,,"""vip"""'
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers"
)


@pytest.mark.parametrize(
    ("table", "state"),
    [
        (f"{MAILCHIMP}\n{CHIMP}\n", None),
        (f"{MAILCHIMP},UNSUB_TIME,UNSUB_REASON\n{CHIMP},2025-01-01 08:00:00,normal\n", SubscriberState.UNSUBSCRIBED),
        (f"{MAILCHIMP},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE\n{CHIMP},2025-01-01 08:00:00,x\n", SubscriberState.SUPPRESSED),
        (f'{LISTMONK}\nu1,{ANNA},Anna,"{{""city"": ""Kyiv""}}",enabled,2024,2024\n', SubscriberState.CONFIRMED),
        (f'{LISTMONK}\nu1,{ANNA},Anna,"{{}}",blocklisted,2024,2024\n', SubscriberState.UNSUBSCRIBED),
        (f"{GHOST}\n1,{ANNA},Anna,,true,false,,2024-01-01T00:00:00Z,,a,\n", SubscriberState.CONFIRMED),
        (f"{GHOST}\n1,{ANNA},Anna,,false,false,,2024-01-01T00:00:00Z,,a,\n", SubscriberState.UNSUBSCRIBED),
        (f"{GHOST}\n1,{ANNA},Anna,,true,false,,2024-01-01,2025-01-01,a,\n", SubscriberState.UNSUBSCRIBED),
        (f"email,active_subscription,email_disabled,created_at\n{ANNA},false,false,2024\n", None),  # Substack
        (f"email,active_subscription,email_disabled,created_at\n{ANNA},true,true,2024\n", SubscriberState.UNSUBSCRIBED),
        (f"email,notes,tags,type\n{ANNA},,,regular\n", SubscriberState.CONFIRMED),  # Buttondown
        (f"email,notes,tags,type\n{ANNA},,,undeliverable\n", SubscriberState.SUPPRESSED),
        (f"email,type\n{ANNA},journalist\n", None),
        (f"CONTACT ID,EMAIL,EMAIL_BLACKLISTED\n1,{ANNA},Yes\n", SubscriberState.UNSUBSCRIBED),  # Brevo
        (f"Subscriber,Email,Subscribed\nAnna,{ANNA},2024-05-01 10:00:00\n", None),  # MailerLite
    ],
)
def test_exports_of_other_programs_bring_nobody_back_who_has_left(table: str, state: SubscriberState | None) -> None:
    roster = read_roster(table.encode(), CONFIG)
    assert roster.faults == ()
    (row,) = roster.rows
    assert (row.address, row.state, row.wishes) == (ANNA, state, Wishes())


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
