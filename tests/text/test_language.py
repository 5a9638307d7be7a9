import pytest

from aggregator.text.language import UNKNOWN, detect

TITLES = {
    "en": ["Ukraine asks allies for more air defence", "Bank of England holds rates", "BREAKING: MISSILES HIT KYIV"],
    "de": ["Bundestag stimmt über das Rentenpaket ab", "Mehr Geld für die Bahn", "Was hinter dem Streik steckt"],
    "fr": ["Macron promet de nouvelles armes à Kiev", "La grève continue à la SNCF", "Le prix du pain augmente encore"],
    "es": ["El Gobierno aprueba la subida del salario mínimo", "Muere un hombre en un incendio en Sevilla"],
    "pt": ["Governo anuncia novas medidas para a habitação", "Lula diz que não vai mudar a meta"],
    "it": ["Il governo approva la manovra", "Scontro tra due treni nel Lazio, nessun ferito"],
    "pl": ["Rząd przyjął projekt budżetu na przyszły rok", "Strzały w centrum Warszawy, są ranni"],
    "uk": ["Уряд ухвалив бюджет на наступний рік", "Вночі над Києвом збили десять безпілотників"],
    "ru": ["Правительство утвердило бюджет на следующий год", "В Москве открыли новую станцию метро"],
    "ar": ["الحكومة تعلن عن خطة جديدة للإسكان", "مقتل عشرة أشخاص في انفجار وسط المدينة"],
}


@pytest.mark.parametrize(("language", "title"), [(key, title) for key, titles in TITLES.items() for title in titles])
def test_language_is_told_from_a_title(language: str, title: str) -> None:
    assert detect(title) == language


@pytest.mark.parametrize(("language", "titles"), TITLES.items())
def test_declared_language_does_not_rule(language: str, titles: list[str]) -> None:
    declared = "de-DE" if language == "en" else "en-GB"
    assert detect(titles[0], declared=declared) == language


@pytest.mark.parametrize("declared", ["es", "pt-BR", "IT_it"])
def test_declared_language_decides_where_the_title_does_not(declared: str) -> None:
    assert detect("Putin", declared=declared) == declared[:2].lower()


def test_text_helps_a_title_that_says_nothing() -> None:
    assert detect("Putin", "Der Präsident hat am Montag in Moskau erklärt, dass er nicht kommen wird.") == "de"


@pytest.mark.parametrize("title", ["", "42", "❤️", "5-3 (2:1)"])
def test_title_without_words_has_the_declared_language_or_none(title: str) -> None:
    assert detect(title) == UNKNOWN
    assert detect(title, declared="uk-UA") == "uk"


def test_other_languages_are_told_from_the_ten() -> None:
    assert detect("Regering presenteert nieuwe plannen voor de woningmarkt") == "nl"
    assert detect("乌克兰请求更多的防空系统") == "zh"


@pytest.mark.parametrize(("language", "title"), [("ru", "Слова Трампа о мире"), ("uk", "Заява Порошенка")])
def test_short_title_in_cyrillic_is_of_a_language_of_the_ten(language: str, title: str) -> None:
    assert detect(title) == language


def test_text_that_begins_with_foreign_names_is_read_further() -> None:
    title = "OESTERREICHISCHE DRAUKRAFTWERKE SETS SFR BOND"
    text = (
        "Oesterreichische Draukraftwerke AG of Klagenfurt is launching a 100 mln Swiss franc bond with a coupon, the lead "
        "manager said. The bond is guaranteed by the state, and subscriptions close at the end of the month."
    )
    assert detect(title, text[:85]) == "de"
    assert detect(title, text) == "en"


def test_capitals_of_a_title_are_no_sign_of_german() -> None:
    text = "Shr 1.93 dlrs vs 2.21 dlrs Net 8,371,000 vs 9,576,000 Revs 18.3 mln vs 15.7 mln Reuter"
    assert detect("<GREAT PACIFIC INDUSTRIES INC> YEAR NET", text) == "en"


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("de", "Netflix: »The Haunting of the Hill House« bekommt eine neue Staffel"),
        ("ru", "Сериал The Lord of the Rings: The Rings of Power снимают с эфира из-за низких рейтингов"),
        ("fr", "« The Lord of the Rings » revient au cinéma avec une version restaurée dès mercredi"),
    ],
)
def test_english_title_of_a_film_does_not_make_a_headline_english(language: str, title: str) -> None:
    assert detect(title) == language


def test_names_with_foreign_articles_do_not_matter_in_a_text() -> None:
    text = (
        "The Netherlands striker Robin van Persie said that he was ready to return to the team after the break, and his "
        "coach said the decision about the match was theirs."
    )
    assert detect("Van Persie", text) == "en"


def test_text_behind_a_table_of_figures_tells_its_language() -> None:
    table = "Shr 39 cts vs 50 cts Net 1,545,160 vs 2,188,933 Revs 25.2 mln vs 19.5 mln " * 6
    note = "Ergebnis: Die Zahlen sind nicht geprüft und werden von der Gesellschaft im Mai auf der Versammlung für das Jahr "
    assert detect("Mercantile Stores", table + note * 4) == "de"
