"""Kill -9 at every step of sending, and at random: nobody gets two, nobody is lost without a row that says why."""

from __future__ import annotations

import email
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.model import Delivery, DeliveryState
from aggregator.store import deliveries, editions
from aggregator.store.database import Store
from tests.digest.killed import DIED, POINTS, SAFE, TOLD
from tests.digest.mailserver import mail_server
from tests.digest.sample import edition_of, stock

KILLS = int(os.environ.get("AGGREGATOR_KILLS", "25"))
PEOPLE = tuple(f"reader{n}@example.com" for n in range(4))


Program = subprocess.Popen[str]


class Sender:
    """Has a program run senders, one process each, that can be killed."""

    def __init__(self, program: Program, store: Store, smtp: str, people: tuple[str, ...]) -> None:
        self.store = store
        url = store.engine.url.render_as_string(hide_password=False)
        self._prefix = f"{url} {smtp}"
        self._people = ",".join(people)
        self._process = program

    def run(self, minutes: float, where: str = "-") -> int:
        self.start(minutes, where)
        return self.result()

    def start(self, minutes: float, where: str = "-") -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{self._prefix} {minutes} {self._people} {where}\n")
        self._process.stdin.flush()

    def result(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())

    def deliveries(self) -> list[Delivery]:
        with self.store.read() as conn:
            return deliveries.listing(conn)


@pytest.fixture
def stocked(sqlite_store: Store) -> Store:
    stock(sqlite_store, edition_of(5))
    return sqlite_store


def begun() -> Iterator[Program]:
    command = [sys.executable, "-m", "tests.digest.killed"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as program:
        yield program


program = pytest.fixture(begun, scope="module")
another_program = pytest.fixture(begun, scope="module")


def test_two_processes_at_once_send_each_mail_once(store: Store, program: Program, another_program: Program) -> None:
    stock(store, edition_of(5))
    people = tuple(f"reader{n}@example.com" for n in range(60))
    with mail_server(rcpt_pause=0.03) as server:  # long enough for the second to begin before the first is done
        senders = [Sender(one, store, server.url, people) for one in (program, another_program)]
        for sender in senders:
            sender.start(0)
        assert [sender.result() for sender in senders] == [0, 0]
    assert sorted(server.recipients) == sorted(people)
    assert {one.state for one in senders[0].deliveries()} == {DeliveryState.SENT}


@pytest.mark.parametrize("point", [point for point in POINTS if "rename" not in point])
def test_killed_at_any_step_nobody_gets_two_and_nobody_is_lost(stocked: Store, program: Program, point: str) -> None:
    with mail_server() as server:
        sender = Sender(program, stocked, server.url, PEOPLE)
        assert sender.run(0, point) == DIED
        assert sender.run(1) == 0
        assert sender.run(2) == 0
    got = Counter(server.recipients)
    found = {one.address: one for one in sender.deliveries()}
    assert set(found) == set(PEOPLE) and max(got.values()) == 1
    uncertain = [one for one in found.values() if one.state is DeliveryState.UNCERTAIN]
    assert {one.state for one in found.values()} <= {DeliveryState.SENT, DeliveryState.UNCERTAIN}
    assert len(uncertain) == (0 if point in SAFE + TOLD else 1)
    assert all("may have arrived" in one.reason for one in uncertain)
    assert set(got) | {one.address for one in uncertain} == set(PEOPLE)
    with stocked.read() as conn:
        assert len(editions.recent(conn)) == 1


@pytest.mark.parametrize("point", ["before the rename", "after the rename"])
def test_killed_around_the_rename_there_is_a_whole_file_or_none(
    stocked: Store, program: Program, tmp_path: Path, point: str
) -> None:
    sender = Sender(program, stocked, f"file:{tmp_path}/out", PEOPLE[:1])
    assert sender.run(0, point) == DIED
    files = [path for path in (tmp_path / "out").iterdir() if path.suffix == ".eml"]
    assert len(files) == (0 if point.startswith("before") else 1)
    assert all(email.message_from_bytes(path.read_bytes()).is_multipart() for path in files)
    assert sender.run(1) == 0
    (delivery,) = sender.deliveries()
    assert delivery.state is DeliveryState.UNCERTAIN


def test_random_kills_send_nothing_twice_and_lose_nobody(stocked: Store, program: Program) -> None:
    people = tuple(f"reader{n}@example.com" for n in range(KILLS * 20))
    chance = random.Random(7)
    with mail_server() as server:
        sender = Sender(program, stocked, server.url, people)
        statuses = [sender.run(number / 2, f"ms:{chance.randint(0, 60)}") for number in range(KILLS)]
        for rest in range(20):
            assert sender.run(KILLS / 2 + 1 + rest) == 0
    got = Counter(server.recipients)
    found = sender.deliveries()
    uncertain = {one.address for one in found if one.state is DeliveryState.UNCERTAIN}
    assert statuses.count(-9) > KILLS / 2, statuses  # the others had nothing left to send
    assert max(got.values()) == 1
    assert {one.address for one in found} == set(people)
    assert {one.state for one in found} <= {DeliveryState.SENT, DeliveryState.UNCERTAIN}
    assert {one.address for one in found if one.state is DeliveryState.SENT} <= set(got)
    assert set(people) - set(got) <= uncertain
