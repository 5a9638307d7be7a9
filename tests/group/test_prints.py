"""Copies of one text are known, also rewritten ones; two reporters' own texts are not taken for copies."""

from itertools import combinations

import pytest

from aggregator.group.stories.clusterer import Clusterer
from aggregator.group.stories.prints import Prints, from_list, listed, same_text
from tests.group.news import CONTACT_GROUP, OTHERS
from tests.group.reading import printed
from tests.group.rewritten import (
    EARTHQUAKE,
    EARTHQUAKE_BY_OTHERS,
    FIRE,
    FIRE_BY_OTHERS,
    TAKEOVER,
    TAKEOVER_BY_OTHERS,
)


def is_copy(one: Prints, other: Prints) -> bool:
    found = same_text(one, listed(other))
    assert found == same_text(other, listed(one))
    return found


WIRE = """The port of Odesa sent 14 ships with 320,000 tonnes of grain to Africa, Asia and Europe on Sunday, the
largest number since the deal of 22 July, Infrastructure Minister Oleksandr Kubrakov said. In Istanbul,
inspectors from the United Nations, Turkey, Russia and Ukraine cleared 11 vessels on Saturday, according to the
Joint Coordination Centre. President Volodymyr Zelenskiy told Indonesia, Ethiopia and Egypt last week that Kyiv
would fill every order of the World Food Programme. Moscow complains that too little goes to the poorest
countries, and that its own fertiliser is held up in Latvia, Estonia and Belgium. The agreement runs out on 19
November; Antonio Guterres wants it renewed for a year."""

# As a machine rewrites it: other words, the same names and numbers one after the other.
REWRITTEN = """Odesa's harbour dispatched 14 freighters carrying 320,000 tonnes of cereals towards Africa, Asia and
Europe this Sunday, a record since the pact of 22 July, according to Infrastructure Minister Oleksandr Kubrakov.
At Istanbul, controllers of the United Nations, Turkey, Russia and Ukraine waved through 11 boats on Saturday,
the Joint Coordination Centre reported. Last week President Volodymyr Zelenskiy assured Indonesia, Ethiopia and
Egypt that Kyiv will honour each request of the World Food Programme. For its part Moscow laments that hardly
anything reaches the neediest nations, and that its fertiliser is stuck in Latvia, Estonia and Belgium. The
accord expires on 19 November; Antonio Guterres hopes to prolong it by a year."""

OWN = """Grain exports through the Black Sea reached a new high at the weekend. Infrastructure Minister Oleksandr
Kubrakov said 14 ships had left Odesa on Sunday. The United Nations, which brokered the deal with Turkey in
July, hopes that Russia agrees to renew it in November. At the Joint Coordination Centre in Istanbul,
delegations from Ukraine and Russia work side by side, though inspections are slow. In Cairo, traders said Egypt
had bought most of its wheat from Romania this month. Europe takes the largest part, Antonio Guterres conceded,
but prices have fallen for all, from Ethiopia to Indonesia."""


def test_text_printed_again_is_a_copy() -> None:
    assert is_copy(printed("Record", WIRE), printed("Ships leave Odesa", WIRE))


def test_text_cut_short_is_a_copy() -> None:
    assert is_copy(printed("Record", WIRE), printed("Record", WIRE[:200] + " ..."))


def test_shortest_text_that_is_compared_is_a_copy_with_four_of_its_six_runs_of_three_words() -> None:
    shortest = "one two three four five six seven eight"
    assert is_copy(printed("", shortest), printed("", "one two three four five six and more"))
    assert not is_copy(printed("", shortest), printed("", "one two three four five or six more"))


def test_text_rewritten_with_its_names_and_numbers_kept_is_a_copy() -> None:
    assert is_copy(printed("Record", WIRE), printed("New high", REWRITTEN))


@pytest.mark.parametrize(
    ("language", "versions", "others"),
    [
        ("en", EARTHQUAKE, EARTHQUAKE_BY_OTHERS),
        ("en", TAKEOVER, TAKEOVER_BY_OTHERS),
        ("de", FIRE, FIRE_BY_OTHERS),
    ],
)
def test_versions_of_a_wire_text_are_one_origin_and_other_reporters_are_not(
    language: str, versions: dict[str, str], others: list[str]
) -> None:
    clusterer = Clusterer(language)
    texts = [" ".join(text.split()) for text in (*versions.values(), *others)]
    placed = [
        clusterer.place(number, number, 1_665_600_000 + 600 * number, text.partition(",")[0], text)
        for number, text in enumerate(texts)
    ]
    assert [one.copy_of for one in placed] == [None, *[0] * (len(versions) - 1), *[None] * len(others)]
    assert {clusterer.story_of(number) for number in range(len(versions))} == {0}


def test_wire_texts_of_different_events_are_no_copies() -> None:
    for one, other in combinations((EARTHQUAKE, TAKEOVER, FIRE), 2):
        assert not any(is_copy(printed("", a), printed("", b)) for a in one.values() for b in other.values())


def test_market_reports_of_two_days_are_no_copies() -> None:
    report = "The S&P 500 rose {}% to {}. The Dow Jones added {} points. Germany's DAX rose {}%, London's FTSE {}%, {}"
    report += "% was lost by Tokyo's Nikkei and {}% by Hong Kong's Hang Seng, where Alibaba and Tencent were sold."
    one = report.format("0.4", "4,512", "120", "0.2", "0.7", "0.5", "1.1")
    other = report.format("0.9", "4,471", "310", "0.6", "0.3", "0.1", "0.8")
    assert is_copy(printed("", one), printed("", one.replace("rose", "climbed").replace("added", "gained")))
    names, others = printed("", one), printed("", other)
    assert names.names == others.names
    assert not is_copy(names._replace(text=frozenset(), triples=0, pairs=0), others)


def test_own_text_on_the_same_event_is_no_copy() -> None:
    assert not is_copy(printed("Record", WIRE), printed("Record", OWN))
    assert not is_copy(printed("Record", REWRITTEN), printed("Record", OWN))


def test_headline_alone_is_a_copy_of_the_same_headline_only() -> None:
    headline = "Residents told to leave Kherson as Ukrainian troops advance on city"
    assert is_copy(printed(headline, ""), printed(headline.upper(), ""))
    assert not is_copy(printed(headline, ""), printed("Kherson residents told to leave by boat", ""))


def test_short_texts_are_never_copies() -> None:
    assert not is_copy(printed("Photo of the day", ""), printed("Photo of the day", ""))
    assert not is_copy(printed("", ""), printed("", ""))


def test_script_without_capitals_is_compared_by_its_words() -> None:
    text = "五十多个国家承诺向乌克兰提供防空系统以保护城市"
    assert is_copy(printed("", text), printed("", text + "和发电站"))
    assert not is_copy(printed("", text), printed("", "黑海粮食出口创新高八百万吨小麦离开敖德萨港口"))


def test_prints_are_stored_whole() -> None:
    prints = printed("Record", WIRE)
    assert from_list(listed(prints)) == prints
    assert prints.names
    assert prints.pairs
    assert prints.triples


def test_copy_points_at_the_oldest_entry_with_its_text() -> None:
    clusterer = Clusterer("en")
    placed = [
        clusterer.place(number, number, 1_665_600_000 + number, title, text)
        for number, (title, text) in enumerate(
            [OTHERS["grain"], ("Odesa record", WIRE), ("Odesa high", REWRITTEN), ("Odesa again", WIRE[:200])], 1
        )
    ]
    assert [one.copy_of for one in placed[1:]] == [None, 2, 2]
    told = [clusterer.place(10 + n, 10 + n, 1_665_600_000, *news) for n, news in enumerate(CONTACT_GROUP.values())]
    assert [one.copy_of for one in told] == [None, None, None]
