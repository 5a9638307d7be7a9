from aggregator.model import EntryContent
from aggregator.text.filters import EntryFilters


def entry(title: str, text: str = "") -> EntryContent:
    return EntryContent(title=title, text=text)


def judged(entry_: EntryContent, keep: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> tuple[bool, str]:
    return EntryFilters({"feed": (keep, drop)}).accepts("feed", entry_)


def test_without_keep_all_that_drop_does_not_name_is_kept() -> None:
    drop = ("football",)
    assert judged(entry("Kyiv asks for help"), drop=drop) == (True, "Kept: nothing of drop: matches.")
    assert judged(entry("Football: Dynamo wins"), drop=drop) == (
        False,
        "Left out: 'football' of drop: is in the title.",
    )


def test_with_keep_only_what_it_names_is_kept() -> None:
    keep = ("ukraine", "aid pledges")
    assert judged(entry("Talks", "Ukraine asks for help"), keep) == (True, "Kept: 'ukraine' of keep: is in the text.")
    assert judged(entry("Pledge by the West", "More military aid for Kyiv"), keep) == (
        True,
        "Kept: 'aid pledges' of keep: is in the title and the text.",
    )
    assert judged(entry("Rain in Paris"), keep) == (False, "Left out: nothing of keep: matches.")


def test_drop_wins_over_keep() -> None:
    assert judged(entry("Ukraine wins at football"), ("ukraine",), ("football",))[0] is False


def test_passing_mention_in_an_article_is_not_enough_to_drop_it() -> None:
    text = "Nothing of that sort happened on the quiet road to the village that day. " * 15
    assert judged(entry("Kyiv", text + "football"), drop=("football",))[0] is True


def test_each_feed_is_judged_by_its_own_lists() -> None:
    filters = EntryFilters({"a": ((), ("football",)), "b": (("football",), ()), "c": ((), ())})
    news = entry("Football: Dynamo wins")

    assert ["a" in filters, "b" in filters, "c" in filters, "d" in filters] == [True, True, False, False]
    assert [filters.accepts(feed, news)[0] for feed in "abcd"] == [False, True, True, True]
