import pytest

from aggregator.text.spelling import american
from aggregator.text.stems import found, is_common, sought

JOINED = {
    "en": "defence defences defense;pledge pledges pledged pledging;missile missiles;city cities;crisis crises;"
    "woman women;strike strikes struck;buy bought;acquire acquired acquiring;centre centers;colour colors;"
    "organise organized;programme programs",
    "de": "rakete raketen;angriff angriffe angriffs;land länder ländern;krieg kriege krieges;wahl wahlen;"
    "präsident präsidenten;ukrainisch ukrainischen;gesetz gesetze;selenskyj selenskyjs",
    "fr": "missile missiles;aérien aériennes;travail travaux;national nationaux;promettre promis;grève grèves",
    "es": "misil misiles;aéreo aéreas;elección elecciones;país países;sanción sanciones",
    "pt": "míssil mísseis;eleição eleições;sanção sanções;juro juros;greve greves",
    "it": "attacco attacchi;difesa difese;elezione elezioni;paese paesi;sciopero scioperi",
    "pl": "rakieta rakiet rakietami;obrona obronę obronie;uchodźca uchodźców;wybory wyborów;dron drony dronów",
    "uk": "ракета ракет ракетами;оборона обороні обороною;біженець біженців;шахед шахедів шахедами;зброя зброї",
    "ru": "ракета ракет ракетами;оборона обороне;беженец беженцев;обстрел обстрелы;цена цен",
    "ar": "صاروخ الصواريخ والصواريخ;دفاع والدفاع للدفاع الدفاعات;مساعدة ومساعدات;حرب والحرب;أوكرانيا لأوكرانيا",
}
FOUND = {  # the first as a keyword finds the others
    "en": "cancel cancelled cancelling canceled;travel travelling;person people;close closing;mum mom",
    "de": "begrüßen begrüßt;letzt letzte letzten;fallen gefallen;brechen brach",
    "fr": "nouveau nouvelle nouvelles;directeur directrice;policier policière;élire élu élues;mourir morts;uni unies;"
    "différent différentes;composer composé;député députée",
    "es": "vacuna vacunas;bueno buenos buenas;ministro ministra;actor actrices;nacer nacido;físico física;"
    "descubrir descubierto;estado estados",
    "pt": "económico econômica;prêmio prémio;ação acção;bebê bebé;facto fato;ministro ministra;fazer feita;ligar ligadas",
    "it": "lavoro lavori;politico politiche;attore attrice;studente studentessa;scoprire scoperto;stato stati",
    "pl": "środek środków;góra górach;rok lata",
    "uk": "день дні днів;рада ради раді;рівень рівня;час часом;шлях шляхом;боєць бійці",
    "ru": "имя имени имён;открыть открыты;начать начал;округ округу",
    "ar": "امرأة النساء;هجوم الهجمات;وقف لوقف;غزة غزه;أمريكا اميركا",
}
LEFT = {  # the first as a keyword leaves the others
    "es": "estado está;partido parte",
    "it": "stato è sono;partito partita;porto porta;posto posta",
    "fr": "été est",
    "pt": "era são;dado deu;estado está",
    "pl": "maj mają;mowa mówi",
}
NAMES = {
    "en": "american americans;israeli israelis",
    "de": "verletzte verletzter verletzten;angeklagter angeklagte;jugendlicher jugendlichen;mueller müller",
    "pl": "zełenski zełenskiego zełenskim;tusk tuska tuskowi;kijów kijowa",
    "uk": "зеленський зеленського зеленським;київ києва києві;залужний залужного",
    "ru": "байден байденом;зеленский зеленского зеленским;путин путина путиным;лавров лаврова лавровым;киев киева",
}
APART = {
    "en": "defense defend;organ organization;universe university;news new;policy police;army arm;missile mission",
    "de": "wahl wal;stadt staat;recht rechnung;regel regierung",
    "fr": "politique police;arme armée;mort mortier;grève grec",
    "es": "caso casa;puerto puerta;banco banca;partido partir",
    "pt": "caso casa;porto porta;ministro ministério",
    "it": "caso casa;ministro ministero;politica polizia",
    "pl": "polska pole;wojna wojsko;prawo prawda",
    "uk": "війна військо;рада радар;право правда",
    "ru": "война войско;рада радар;право правда",
    "ar": "حرب حرية;سلام سلاح;نفط نقطة",
}


def _pairs(table: dict[str, str]) -> list[tuple[str, str, str]]:
    groups = [(language, group.split(" ")) for language, text in table.items() for group in text.split(";")]
    return [(language, group[0], other) for language, group in groups for other in group[1:]]


@pytest.mark.parametrize(("language", "one", "other"), _pairs(JOINED))
def test_forms_of_a_word_find_each_other(language: str, one: str, other: str) -> None:
    assert sought(one, language, False) & found(other, language, False)
    assert sought(other, language, False) & found(one, language, False)


@pytest.mark.parametrize(("language", "keyword", "form"), _pairs(FOUND))
def test_keyword_finds_forms_that_the_dictionary_takes_for_another_word(language: str, keyword: str, form: str) -> None:
    assert sought(keyword, language, False) & found(form, language, False)


@pytest.mark.parametrize(("language", "keyword", "form"), _pairs(LEFT))
def test_noun_is_not_taken_for_a_form_of_a_verb_that_looks_like_it(language: str, keyword: str, form: str) -> None:
    assert not sought(keyword, language, False) & found(form, language, False)


@pytest.mark.parametrize(("language", "one", "other"), _pairs(NAMES))
def test_names_are_inflected(language: str, one: str, other: str) -> None:
    assert sought(one, language, True) & found(other, language, True)


@pytest.mark.parametrize(("language", "one", "other"), _pairs(APART))
def test_other_words_stay_apart(language: str, one: str, other: str) -> None:
    assert not sought(one, language, False) & found(other, language, False)
    assert not sought(other, language, False) & found(one, language, False)


def test_word_of_an_unknown_language_is_itself() -> None:
    assert found("raketten", "nl", False) == sought("raketten", "nl", False) == {"raketten"}


def test_numbers_are_not_inflected() -> None:
    assert found("3.5", "en", False) == {"3.5"}


OTHERS = ("hour", "four", "tour", "rise", "precise", "enterprise", "fire", "acre", "there", "crisis", "basis", "source")


@pytest.mark.parametrize("word", OTHERS)
def test_spelling_leaves_other_words_alone(word: str) -> None:
    assert american(word, lambda form: is_common(form, "en")) == word


def test_common_words_are_in_the_dictionary_names_are_not() -> None:
    assert is_common("oil", "en")
    assert not is_common("nvidia", "en")
    assert not is_common("oil", "nl")
