import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.text.keyword_lexer import MAX_LENGTH, KeywordError
from aggregator.text.keywords import (
    MAX_TERMS,
    AllOf,
    AnyOf,
    InField,
    Keyword,
    Near,
    Not,
    Phrase,
    Regex,
    Word,
    parse_keyword,
)


def phrase(text: str, *, exact: bool = False) -> Phrase:
    return Phrase(tuple(Word(word.rstrip("*"), word.endswith("*")) for word in text.split(" ")), exact)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("air defense", phrase("air defense")),
        ('"air defense"', phrase("air defense", exact=True)),
        ("„air defense“", phrase("air defense", exact=True)),
        ("«air defense»", phrase("air defense", exact=True)),
        ("»air defense«", phrase("air defense", exact=True)),
        ("pledg*", phrase("pledg*")),
        ('"air def*"', phrase("air def*", exact=True)),
        ("弹*", phrase("弹*")),
        ("a1 | b1 & c1", AnyOf((phrase("a1"), AllOf((phrase("b1"), phrase("c1")))))),
        ("a1 & !b1 ~ c1", AllOf((phrase("a1"), Not(Near(phrase("b1"), phrase("c1")))))),
        ("a1 ~ b1 ~ c1", Near(Near(phrase("a1"), phrase("b1")), phrase("c1"))),
        ("(a1 | b1) & c1", AllOf((AnyOf((phrase("a1"), phrase("b1"))), phrase("c1")))),
        ("title: air defense | b1", AnyOf((InField("title", phrase("air defense")), phrase("b1")))),
        ("url:https://x.example/y", InField("url", phrase("https://x.example/y"))),
        ("author:(a1 | b1)", InField("author", AnyOf((phrase("a1"), phrase("b1"))))),
        ("/S-[34]00/", Regex("S-[34]00")),
        (r"/a\/b/ | c1", AnyOf((Regex("a/b"), phrase("c1")))),
        ("Mission - Impossible", phrase("Mission Impossible")),
        ("a1|b1", AnyOf((phrase("a1"), phrase("b1")))),
    ],
)
def test_keyword_means(text: str, meaning: object) -> None:
    assert parse_keyword(text).root == meaning


NAMES = (
    "U.S.", "C++", "AT&T", "O'Brien", "COVID-19", "T-72", "US", "24/7", "AC/DC", "Yahoo!", "3.5", "🚀", "乌克兰", "حماس",
    "Ukraine's", "#ukraine", "@nato", "Who?", "Disney+", "OR", "1,000",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_name_is_one_word(name: str) -> None:
    root = parse_keyword(name).root
    assert isinstance(root, Phrase)
    assert len(root.words) == 1


@pytest.mark.parametrize(
    ("text", "column", "reason", "hint"),
    [
        ("", 1, "empty", "write a word"),
        ("   ", 1, "empty", "write a word"),
        ("|", 1, "nothing to look for before |", "quotes"),
        ("a1 |", 5, "nothing to look for after |", "quotes"),
        ("a1 & ", 6, "nothing to look for after &", "quotes"),
        ("!film", 1, "only says what to leave out", "patriot & !film"),
        ("a1 | !film", 1, "only says what to leave out", "patriot & !film"),
        ("title: !film", 8, "nothing to look for after title", "add a word"),
        ("a1 & !(b1 & !c1)", 13, "! within !", "without the inner !"),
        ('"air defense', 1, "never closed", 'add a "'),
        ("(a1", 1, "( is never closed", "add a )"),
        ("a1)", 3, ") closes nothing", "remove it"),
        ("a1 (b1)", 4, "without an operator", "write |"),
        ("a1 AND b1", 4, "AND is not an operator", "write &"),
        ("NOT b1", 1, "NOT is not an operator", "write !"),
        ("a1 && b1", 4, "&& is not an operator", "once"),
        ("tanks, drones", 6, ", joins nothing", "write |"),
        ("tanks,drones", 6, ", joins nothing", "write |"),
        ("tanks; drones", 6, "; joins nothing", "write |"),
        ("a1 -film", 4, "does not leave anything out", "& !film"),
        ("*craft", 1, "only at the end", "beginning of the word"),
        ("air*craft", 4, "only at the end", "beginning of the word"),
        ("a*", 1, "far too much", "2 letters"),
        ("titel: a1", 1, "titel: is not a field", "did you mean title"),
        ("https://a.example", 1, "address is not a keyword", "url:"),
        (r"a\d", 1, "no meaning in a word", "regular expression"),
        ("/(a/", 1, "not valid", "RE2"),
        (r"/(a)\1/", 1, "not valid", "RE2"),
        ("/a*/", 1, "matches an empty text", "use +"),
        ("...", 1, "no letter", "write a word"),
        ('""', 1, "no letter", "write a word"),
        ("Johnson & Johnson", 9, "the same", '"Johnson & Johnson"'),
        ("a1 ~ (b1 & c1)", 4, "~ joins words", "write &"),
        ("(" * 30 + "a1" + ")" * 30, 21, "parentheses within parentheses", "several keywords"),
        (" | ".join(["a1"] * (MAX_TERMS + 1)), 5 * MAX_TERMS + 1, "more than 50 parts", "several keywords"),
        ("x" * (MAX_LENGTH + 1), MAX_LENGTH + 1, "longer than 1000", "several keywords"),
    ],
)
def test_keyword_that_cannot_work_is_refused_with_a_hint(text: str, column: int, reason: str, hint: str) -> None:
    with pytest.raises(KeywordError) as caught:
        parse_keyword(text)
    assert caught.value.column == column
    assert reason in caught.value.reason
    assert hint in caught.value.hint
    assert str(caught.value).startswith(caught.value.reason)


def test_pattern_that_would_take_much_memory_is_refused() -> None:
    with pytest.raises(KeywordError, match="not valid"):
        parse_keyword(r"/((\pL{1,50}){1,50}){1,50}/")


@given(st.text(max_size=60) | st.text(alphabet='ab1 |&!~()":/*\\-,title', max_size=40))
@example("title:title:a")
@example("!!a")
@example("/\x00+/")
def test_any_text_is_a_keyword_or_a_keyword_error(text: str) -> None:
    try:
        keyword = parse_keyword(text)
    except KeywordError as error:
        assert 1 <= error.column <= len(text) + 1
        assert error.hint
    else:
        assert isinstance(keyword, Keyword)
        assert keyword.text == text
