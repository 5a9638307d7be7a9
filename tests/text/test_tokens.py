import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.text.tokens import CHUNK, MAX_WORD, chunk, normal_form, tokenize


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("Ukraine's defence", ["ukraine", "defence"]),
        ("Jean-Luc’s", ["jean", "luc"]),
        ("anti-aircraft anti‑aircraft", ["anti", "aircraft", "anti", "aircraft"]),
        ("The U.S. and U.S.A.", ["the", "us", "and", "usa"]),
        ("Los EE.UU. y EEUU", ["los", "eeuu", "y", "eeuu"]),
        ("don't we'll п’ять об'єкт", ["don't", "we'll", "п'ять", "об'єкт"]),
        ("l'Ukraine d’Italie dell'arte", ["l", "ukraine", "d", "italie", "dell", "arte"]),
        ("T-72s and F-16s", ["t", "72", "and", "f", "16"]),
        ("C++, C#, Disney+", ["c++", "c#", "disney+"]),
        ("1,000 or 1.000, 3.5 or 3,5", ["1000", "or", "1000", "3.5", "or", "3.5"]),
        ("ended.The", ["ended", "the"]),
        ("ÉCOLE Straße ﬁne İstanbul cafe\u0301", ["école", "strasse", "fine", "istanbul", "café"]),
        ("in\u00adfor\u00admation", ["information"]),
        ("العـــربي", ["العربي"]),
        ("Росси\u0301я й Ки\u0301їв", ["россия", "й", "київ"]),
        ("об\u02bcєкт O\u02bcBrien", ["об'єкт", "o", "brien"]),
        ("乌克兰 タワー", ["乌", "克", "兰", "タ", "ワ", "ー"]),
        ("2024年", ["2024", "年"]),
        ("भारत में", ["भारत", "में"]),
        ("War 🇺🇦❤️", ["war", "🇺", "🇦", "❤"]),
        ("snake_case", ["snake", "case"]),
        ("— … !", []),
    ],
)
def test_text_is_cut_into_normal_forms(text: str, forms: list[str]) -> None:
    assert [token.form for token in tokenize(text)] == forms


@pytest.mark.parametrize(
    ("surface", "joined"),
    [
        ("anti-aircraft", "antiaircraft"),
        ("AT&T", "att"),
        ("O'Brien", "obrien"),
        ("ended.The", None),
        ("red,green", None),
        ("乌克兰", None),
        ("Ukraine's", None),
    ],
)
def test_chunk_of_several_tokens_is_also_one_word_where_that_makes_sense(surface: str, joined: str | None) -> None:
    assert chunk(surface).joined == joined


def test_possessive_is_not_part_of_the_word() -> None:
    text = "On Kyiv's side"
    token = tokenize(text)[1]
    assert (token.form, text[token.start : token.end]) == ("kyiv", "Kyiv")


def test_endless_word_is_cut_in_its_form() -> None:
    assert len(normal_form("x" * 1000)) == MAX_WORD
    assert len(normal_form("ж" * 1000)) == MAX_WORD
    assert all(len(token.form) <= MAX_WORD for token in tokenize("-".join("ab" * 2000)))


@given(st.text(max_size=200))
def test_tokens_lie_in_the_text_in_order(text: str) -> None:
    end = 0
    for token in tokenize(text):
        assert end <= token.start < token.end <= len(text)
        assert token.form
        end = token.end


@example("B'ـ")
@given(st.text(alphabet="aB1-'.&,+#éЖ乌ー\u0301\u00ad\u200d 🚀ـ", max_size=40))
def test_tokens_of_odd_mixtures_lie_in_the_text(text: str) -> None:
    assert [m.group() for m in CHUNK.finditer(text)] == CHUNK.findall(text)
    for token in tokenize(text):
        assert 0 <= token.start < token.end <= len(text)


@given(st.from_regex(r"\A[A-Za-z0-9]{1,6}(?:['&.,-][A-Za-z0-9]{1,6}){0,3}[+#]{0,2}\Z"))
def test_words_of_a_chunk_do_not_depend_on_the_letters_of_another(words: str) -> None:
    assert chunk(f"{words}-été").tokens[:-1] == chunk(f"{words}-ete").tokens[:-1]
