import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import EntryContent, Person
from aggregator.text.evidence import Kind, score, score_all
from aggregator.text.keyword_lexer import KeywordError
from aggregator.text.matcher import Matcher
from aggregator.text.tokens import CHUNK


def entry(title: str, text: str = "", **fields: object) -> EntryContent:
    return EntryContent(title=title, text=text, **fields)  # type: ignore[arg-type]


def scores(keyword: str, *entries: EntryContent) -> list[float]:
    matcher = Matcher({"list": [keyword]})
    evidence = [matcher.find(matcher.read(one)).get("list", {}).get(keyword, []) for one in entries]
    return [score(hits) for hits in evidence]


def filler(words: int) -> str:
    return " ".join(["Nothing of that sort happened on the quiet road to the village that day."] * (words // 14 + 1))


def test_title_weighs_more_than_lead_and_lead_more_than_what_follows() -> None:
    title, lead, late = scores(
        "missile",
        entry("A missile flew over the sea", filler(200)),
        entry("A quiet day by the sea", f"A missile flew. {filler(200)}"),
        entry("A quiet day by the sea", f"{filler(200)} A missile flew. {filler(50)}"),
    )
    assert title == 3.0
    assert 1.0 < lead <= 2.0
    assert 0.0 < late < 1.0


def test_several_mentions_make_up_for_their_places() -> None:
    once, often = scores(
        "missile",
        entry("A quiet day by the sea", filler(200) + "The missile fell."),
        entry("A quiet day by the sea", filler(200) + "The missile fell. " * 6),
    )
    assert once < 1.0 <= often


def test_every_mention_in_a_summary_counts() -> None:
    assert scores("missile", entry("A quiet day", "word " * 58 + "missile"))[0] >= 1.0


def test_near_is_weaker_than_side_by_side_and_apart_weaker_than_near() -> None:
    together, near, apart = scores(
        "aid pledges",
        entry("New aid pledges at the summit"),
        entry("New pledges of military aid at the summit"),
        entry("Summit ends with pledges", "The ministers spoke for nine hours before they sent their aid."),
    )
    assert together > near > apart >= 1.0


def test_words_apart_need_the_main_word_in_the_title() -> None:
    assert scores("aid pledges", entry("Summit ends with aid", "They made pledges after many hours of talks.")) == [0.0]


def test_words_apart_in_an_article_need_more_than_one_mention() -> None:
    once, twice = scores(
        "aid pledges",
        entry("Pledge by the West", f"{filler(100)} They sent aid."),
        entry("Pledge by the West", f"{filler(100)} They sent aid. It was the aid that counts."),
    )
    assert once == 0.0
    assert twice >= 1.0


def test_modifier_of_another_word_is_not_a_part_of_the_phrase() -> None:
    assert scores(
        "air defense",
        entry("Air raid sirens in Kyiv as defense minister resigns"),
        entry("Defense minister resigns", "An air strike hit Odesa, an air raid went on for hours."),
    ) == [0.0, 0.0]


def test_noun_and_name_find_each_other_whatever_links_them() -> None:
    found = scores(
        "war in Ukraine",
        entry("War in Ukraine: what we know"),
        entry("Ukraine war enters its third year"),
        entry("Putin's war on Ukraine goes on"),
        entry("Trade war hits Germany", "Ukraine sells grain."),
        entry("War in Sudan: Ukraine sends grain"),
    )
    assert found == [3.0, 3.0, 2.25, 0.0, 0.0]


def test_phrase_without_a_name_or_that_is_one_needs_each_of_its_words() -> None:
    assert scores("Bank of England", entry("England's bank holiday was rainy")) == [0.0]
    assert scores("state of emergency", entry("The state hires emergency workers")) == [0.0]


def test_initial_is_passed_over_in_a_name_only() -> None:
    whole, other, missing, two = scores(
        "vitamin deficiency",
        entry("Vitamin deficiency on the rise"),
        entry("Why so few of us have enough vitamin D. Deficiency in children"),
        entry("Deficiency of sleep, and a vitamin"),
        entry("Vitamin A. B. Deficiency"),
    )
    assert whole == 3.0
    assert max(other, missing, two) < 3.0
    names = [entry(title) for title in ("Donald J. Trump wins", "DONALD J. TRUMP WINS", "Donald J Trump wins")]
    assert scores("Donald Trump", *names) == [3.0, 3.0, 3.0]
    spaced = [entry(f"Donald{space}J.{space}Trump wins") for space in ("\u00a0", "  ")]
    assert scores("Donald Trump", *spaced) == [3.0, 3.0]
    assert scores('"Donald Trump"', *names) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "text",
    [
        "Donald Q, Trump",
        "Donald Jr. Trump",
        "donald j. Trump",
        "Donald J. trump",
        "Donald NATO Trump",
        "Donald J.\nTrump",
        "It is up to Donald. J. Trump was there",
        "A letter to Donald. A Trump aide spoke",
    ],
)
def test_no_initial_of_a_name_is_passed_over(text: str) -> None:
    assert scores("Donald Trump", entry(text)) == [0.0]


def test_keywords_of_one_word_do_not_hide_each_other() -> None:
    matcher = Matcher({"list": ["missile", "Missile", "missiles", '"missile"']})
    found = matcher.find(matcher.read(entry("A missile over Odesa")))
    assert list(found["list"]) == ["missile", "Missile", "missiles", '"missile"']


def test_number_is_one_however_its_thousands_and_its_fractions_are_written() -> None:
    assert scores("1600 drones", entry("1,600 drones"), entry("1600 drones"), entry("(1.600 drones)")) == [3.0] * 3
    assert scores("3.5 percent", entry("3,5 percent"), entry("35 percent")) == [3.0, 0.0]


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("flood", "Flooding cuts off the valley"),
        ("flooding", "Floods cut off the valley"),
        ("flooding", "A flooded valley"),
        ("bomb", "Bombings in the capital"),
        ("drown", "Three drownings at the beach"),
    ],
)
def test_noun_that_is_made_of_a_verb_is_one_with_it(keyword: str, text: str) -> None:
    assert scores(keyword, entry(text)) == [3.0]


def test_full_stop_before_a_name_in_capitals_ends_no_sentence() -> None:
    assert scores("Mark Milley", entry("MARK A. MILLEY"), entry("THANKS, MARK. MILLEY LEAVES")) == [3.0, 0.0]
    assert scores("General Milley | Gen Milley", entry("ALLIES HEAR GEN. MILLEY")) == [3.0]
    assert scores("Dr King", entry("A DAY FOR DR. KING")) == [3.0]


def test_word_of_one_small_letter_is_no_initial_in_any_alphabet() -> None:
    apart, whole = scores("Зеленський Путін", entry("Зеленський і Путін говорили"), entry("Зеленський Путін говорили"))
    assert apart < whole


def test_main_word_of_a_romance_language_comes_first() -> None:
    title = "La défense de Kiev se renforce avec de nouveaux moyens"
    [apart] = scores("défense aérienne", entry(title, "La France livrera une protection aérienne complète à la ville."))
    assert apart >= 1.0


def test_mentions_that_overlap_count_once() -> None:
    matcher = Matcher({"list": ["aid | military aid"]})
    hits = matcher.find(matcher.read(entry("New military aid for Kyiv")))["list"]["aid | military aid"]
    assert len(hits) == 2
    assert score(hits) == 3.0


@pytest.mark.parametrize(
    ("keyword", "title", "found"),
    [
        ("oil", "Hershey Oil Corp names a new head", False),
        ("Oil", "Hershey Oil Corp names a new head", True),
        ("nvidia", "Nvidia Corp names a new head", True),
        ("dollar", "He paid 3 million dollars for the house", False),
        ("dollar", "The dollar falls against the yen", True),
        ("oil", "Oil prices rise", True),
    ],
)
def test_common_word_in_a_company_name_or_an_amount_hardly_counts(keyword: str, title: str, found: bool) -> None:
    [result] = scores(keyword, entry(title))
    assert (result >= 1.0) == found
    assert result > 0.0


def test_shouted_title_is_read_without_regard_to_capitals() -> None:
    assert scores("missile", entry("RUSSIAN MISSILES HIT KYIV")) == [3.0]
    assert scores("US", entry("US SENATE VOTES ON THE BILL")) == [3.0]


def test_shouted_keyword_is_no_acronym() -> None:
    assert scores("AIR DEFENSE", entry("Kyiv asks for air defences")) == [3.0]


def test_and_is_as_strong_as_its_weaker_side() -> None:
    both = entry("Patriot battery in Poland", f"{filler(200)} One missile was fired.")
    assert scores("patriot & missile", both)[0] < 1.0 <= scores("patriot", both)[0]


def test_near_looks_within_one_field() -> None:
    close, far, split = scores(
        "pledge* ~ weapons",
        entry("Allies pledged more weapons"),
        entry("Allies pledged one two three four five six seven eight nine weapons"),
        entry("Allies pledged more", "Weapons are on their way."),
    )
    assert close == 3.0
    assert far == split == 0.0


def test_fields_are_searched_alone() -> None:
    written = entry(
        "Notes", "By the sea", url="https://news.example/world/ukraine-war", authors=(Person("Ann O'Brien"),)
    )
    assert scores("author: O'Brien", written) == [3.0]
    assert scores("url: ukraine", written) == [3.0]
    assert scores("url:news.example/world", written) == [3.0]
    assert scores("title: sea", written) == [0.0]
    assert scores("url: sport | author: /^Ann /", written) == [3.0]


def test_regular_expression_gives_its_very_characters() -> None:
    matcher = Matcher({"list": ["/S-[34]00/"]})
    [hit] = matcher.find(matcher.read(entry("Two S-400s seen")))["list"]["/S-[34]00/"]
    assert hit.offsets == (4, 9)
    assert hit.kind is Kind.TOGETHER


def test_regular_expression_is_searched_beside_half_a_surrogate_pair() -> None:
    matcher = Matcher({"list": ["/S-[34]00/"]})
    (hit,) = matcher.find(matcher.read(entry("\ud83d Two S-400 batteries")))["list"]["/S-[34]00/"]
    assert hit.offsets == (6, 11)


def test_exclusion_within_a_group_or_a_field_holds() -> None:
    assert scores("patriot & (missile & !film)", entry("Patriot missile", "A film by Emmerich")) == [0.0]
    assert scores("patriot & title:(missile & !film)", entry("Patriot missile", "A film by Emmerich")) == [3.0]


def test_keyword_that_cannot_work_is_refused_when_compiled() -> None:
    with pytest.raises(KeywordError):
        Matcher({"list": ["*"]})


def test_long_text_is_matched_with_a_bounded_number_of_mentions() -> None:
    matcher = Matcher({"list": ["missile"]})
    hits = matcher.find(matcher.read(entry("Missile", "missile " * 20_000)))["list"]["missile"]
    assert len(hits) <= 51


MATCHER = Matcher({"list": ["a", "乌", "1"]})
KEYWORDS = st.sampled_from(
    [
        "air defense",
        "anti-aircraft",
        '"air def*"',
        "air ~ kyiv",
        "/[a-z]+/",
        "乌克兰",
        "U.S.",
        "O'Brien",
        "ai",
        "war in Kyiv",
    ]
)
MIXTURE = "war in on Kyiv air defense Defences anti-aircraft antiaircraft kyiv Kyiv's 乌克兰 U.S. O’Brien AI T-72s — 🚀 \u00ad e\u0301"
WORDS = st.sampled_from(MIXTURE.split(" "))


@settings(deadline=None, max_examples=150)
@given(
    st.lists(KEYWORDS, min_size=1, max_size=4), st.lists(WORDS | st.text(max_size=6), max_size=30), st.text(max_size=80)
)
def test_evidence_lies_in_its_field(keywords: list[str], words: list[str], title: str) -> None:
    matcher = Matcher({"list": keywords})
    read = matcher.read(entry(title, " ".join(words)))
    for hits in matcher.find(read).get("list", {}).values():
        for hit in hits:
            assert hit.weight >= 0.0
            for field, place in hit.places:
                start, end = hit.offsets or field.offsets(place)
                assert 0 <= start < end <= len(field.text)


@settings(deadline=None, max_examples=150)
@given(st.lists(KEYWORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=90), st.lists(WORDS, max_size=4))
def test_no_list_scores_more_than_its_ceiling(keywords: list[str], words: list[str], title: list[str]) -> None:
    matcher = Matcher({"list": keywords})
    read = matcher.read(entry(" ".join(title), " ".join(words)))
    hits = [(keyword, hit) for keyword, found in matcher.find(read).get("list", {}).items() for hit in found]
    assert score_all(hits) <= matcher.ceilings(read).get("list", 0.0) + 1e-9


def test_phrase_of_many_words_is_found() -> None:
    phrase = "quick brown fox jumps over the lazy dog and then sleeps in a barn"
    assert scores(f'"{phrase}"', entry(f"Why {phrase} tonight")) == [3.0]


def test_line_separator_ends_a_phrase() -> None:
    assert scores("air defense", entry("Planes took to the air\u2028defense of the realm")) == [0.0]


def test_offsets_are_right_far_into_a_text_without_spaces() -> None:
    text = "a/" * 5_000 + "missile/" * 3 + "(end)"
    matcher = Matcher({"list": ["missile"]})
    hits = matcher.find(matcher.read(entry("", text)))["list"]["missile"]
    assert [text[slice(*field.offsets(place))] for hit in hits for field, place in hit.places] == ["missile"] * 3


@settings(deadline=None)
@given(st.text() | st.text(alphabet="aB1-'.&,+#é乌ー\u0301\u00ad\u200d\u3000\u2028\x1c\x85 \n🚀ـ", max_size=60))
def test_text_read_word_by_word_has_the_chunks_of_the_whole_text(text: str) -> None:
    field = MATCHER.read(entry("", text)).fields["text"]
    assert field.length == len(CHUNK.findall(text))
    assert [field.word(index) for index in range(field.length)] == CHUNK.findall(text)
