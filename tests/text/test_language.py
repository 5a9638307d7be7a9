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


def test_text_that_begins_with_foreign_names_is_read_further() -> None:
    title = "OESTERREICHISCHE DRAUKRAFTWERKE SETS SFR BOND"
    text = (
        "Oesterreichische Draukraftwerke AG of Klagenfurt is launching a 100 mln Swiss franc bond with a coupon, the lead "
        "manager said. The bond is guaranteed by the state, and subscriptions close at the end of the month."
    )
    assert detect(title, text[:85]) == "de"
    assert detect(title, text) == "en"
