"""Words that are the same in another inflection: base forms from simplemma's dictionaries, stems where those end.

A word can be read in several ways ('Kriegs' is a form of 'Krieg', 'krieg' one of 'kriegen'), so two words match when
any of their readings agree: `sought` gives those of a keyword's word, `found` those of a word in a text. Dictionaries
are loaded when a language is first used (English and Polish 20 and 45 MB, the others 5-20 MB; at most 0.5 s, Polish
1.1 s) and results are cached, so that the cost of most words is a look-up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache, partial

import Stemmer
from simplemma.strategies import DefaultStrategy, DictionaryLookupStrategy
from simplemma.strategies.dictionaries import DefaultDictionaryFactory, DictionaryFactory, StreamDictionaryFactory

from aggregator.text.accents import english_spelling, found_accents, sought_accents
from aggregator.text.homographs import is_noun_of_its_own, other_bases, own_base
from aggregator.text.irregular import irregular
from aggregator.text.spelling import american, portuguese

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "pl", "uk", "ru", "ar")
"""Languages whose inflection is known. In any other, words count as they are written."""

_CACHE = 16_384  # words: whoever reads many texts remembers more, and what he needs
_SNOWBALL = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "pt": "portuguese",
    "it": "italian",
    "pl": "polish",
    "ru": "russian",
    "ar": "arabic",
}
_HOMOGRAPHS = frozenset(("fr", "es", "pt", "it", "de"))
_ACCENTED = frozenset(("fr", "es", "pt", "it", "pl"))
_FEW_NAMES = frozenset(("fr", "es", "pt", "it", "ar"))  # in the dictionary: words in lower case are none
_INFLECTED_NAMES = frozenset(("pl", "uk", "ru"))
# Case endings of Ukrainian nouns and adjectives: Snowball has no stemmer for the language.
_UKRAINIAN = re.compile(
    "(?<=.{4})(?:ами|ями|ові|еві|ого|ому|ими|ою|ею|ів|їв|ах|ях|ам|ям|ом|ем|им|их|ій|ий|у|ю|а|я|и|і|о|е|ї|й|ь)$"
)
# Surnames in -ov, -ev, -in: their endings look like those of the bare name.
_SURNAME = re.compile("(?<=.)(ов|ев|ёв|єв|ин|ын|ін|їн)(?:а|у|ым|им|е|і|ой|ою|ы|и|ых|их)?$")
_PEOPLES = re.compile("(?<=...)(?:an|i)s$")  # Americans, Israelis
_GERMAN_ENDING = re.compile("(?<=...)e[rnm]?$")
_UMLAUTS = {"ae": "ä", "oe": "ö", "ue": "ü"}
_DIGRAPHS = re.compile("[aou]e")
_CAREFUL = {"pl": 4, "uk": 4, "ru": 5}  # letters from which a bare stem tells a word in the dictionary
_FRENCH_ADJECTIVES = ("el", "elle", "els", "elles", "al", "ale", "aux", "ales", "if", "ive", "ifs", "ives")
_POLISH_SHIFTS = str.maketrans("óźśćń", "ozscn")  # powódź, powodzi; Kraków, Krakowa
# Zelensky, Zelenskyy, Zelenskiy, Zelenskyi: one name in several transcriptions.
_TRANSCRIBED = re.compile("(?<=[a-z]{3})sk(?:y|yy|iy|yi|ii|ij|yj)$")
_SCRIPTS = {"uk": "cyrillic", "ru": "cyrillic", "ar": "arabic"}
# 'and', 'so', 'with', 'for', 'like' and the article, written together with the word.
_SHORT_ARABIC = 4  # letters of a word of three with a preposition
_ARABIC_CLITICS = re.compile("^[وف]?(?:[بك]?ال|لل|[بكل](?=.{4}))?(?=.{3})")


class _Dictionaries(DictionaryFactory):
    """English, the commonest by far, in a dict (20 MB, 1 µs a word), the others as streams (a fifth of that, 7 µs)."""

    def __init__(self) -> None:
        self._fast = DefaultDictionaryFactory(cache_max_size=1)
        self._small = StreamDictionaryFactory(cache_max_size=len(LANGUAGES))

    def get_dictionary(self, lang: str) -> Mapping[str, str]:
        """The dictionary of a language, loaded once."""
        return (self._fast if lang == "en" else self._small).get_dictionary(lang)


_dictionaries = _Dictionaries()
_lookup = DictionaryLookupStrategy(_dictionaries)
_lemmas = DefaultStrategy(dictionary_factory=_dictionaries)


@lru_cache(_CACHE)
def stem(form: str, language: str) -> str:
    """The form under which stories count a word (group.stories.terms). Other languages: `form` itself."""
    if language not in LANGUAGES or not form.isalpha():
        return form
    lemma = _lemma(form, language)
    return lemma if language == "en" else _strip(lemma, language)


def found(form: str, language: str, capital: bool) -> set[str]:
    """Readings of a word in a text. `capital`: it is printed with a capital letter, so it may be a name."""
    if not _is_word(form):
        return {form}
    base = _entry(form, language) if language in LANGUAGES else None
    readings = _readings(form, language, capital, base)
    if language in _HOMOGRAPHS and not (language == "de" and capital):
        readings |= other_bases(form, language, base, partial(_entry, language=language))
    if base is None or language in _ACCENTED or not form.isascii():
        is_word = _has_meaning(form, language, capital, base)
        readings |= found_accents(_spellings(form, readings, language), is_word=is_word)
    readings.update(irregular(form, language))
    return readings


def sought(form: str, language: str, capital: bool) -> set[str]:
    """Readings of a keyword's word: those of a text's word, and its bare stem for words that no dictionary has."""
    if not _is_word(form):
        return {form}
    base = _entry(form, language) if language in LANGUAGES else None
    if base is not None and is_noun_of_its_own(form, language, base, partial(_entry, language=language)):
        base = form
    readings = _readings(form, language, capital, base)
    is_word = _has_meaning(form, language, capital, base)
    readings |= sought_accents(_spellings(form, readings, language), is_word=is_word)
    if language in LANGUAGES and language != "en" and not _is_foreign(form, language):
        readings.add(_marked(form, language))
    if capital and language in _INFLECTED_NAMES:
        readings.add(f"~{form}")  # 'Байден', whose end looks like an ending
    if language == "de" and capital and (noun := _GERMAN_ENDING.sub("", form)) != form and _entry(noun, language):
        readings |= {f"{noun}e", f"{noun}er"}  # 'Verletzte' and 'Verletzter' are one word
    if language == "de" and (umlauts := _DIGRAPHS.sub(lambda match: _UMLAUTS[match.group()], form)) != form:
        readings.update(filter(None, [_entry(umlauts.title(), language), _entry(umlauts, language)]))
    return readings


def _is_word(form: str) -> bool:
    return form.isalpha() or form.replace("'", "").isalpha()  # об'єкт


def _spellings(form: str, readings: set[str], language: str) -> set[str]:
    """What of a word may be written with or without accents."""
    spellings = {reading for reading in readings if reading[0] != "~"}
    return spellings | {_strip(form, language)} if language in _ACCENTED else spellings


def _has_meaning(form: str, language: str, capital: bool, base: str | None) -> bool:
    """Whether a word without accents is one of its own. Where no dictionary tells, only names are not."""
    if language not in LANGUAGES:
        return not capital
    return base is not None or (language == "de" and is_noun(form))


def _readings(form: str, language: str, capital: bool, base: str | None) -> set[str]:
    """What both sides have in common: base forms, and stems where those are missing or known to be careful.

    `base` is what the dictionary gives for the word.
    """
    if language not in LANGUAGES or _is_foreign(form, language):
        return {form}
    name = capital and language in _INFLECTED_NAMES
    missing = base is None and (capital or language not in _FEW_NAMES)
    noun = _entry(form.title(), language) if missing or language == "de" or name else None
    if language == "en":
        readings = {form, american(base or noun or form, _is_english)}
        if capital and form[-1] == "s" and base in (None, form) and _is_of_a_people(form):
            readings.add(form[:-1])
        if not form.isascii() and (letters := english_spelling(form)) is not None:
            readings |= {letters, _entry(letters, language) or letters}
    elif language == "de" and capital and noun is not None:
        readings = {form, noun}  # 'Rate' is not a form of 'raten'
    else:
        readings = {form, base or noun or form, noun or form}
    if language == "pt":
        readings |= {portuguese(reading) for reading in readings}
    if language == "ar":
        clipped = _ARABIC_CLITICS.sub("", form)
        readings |= {_entry(clipped, language) or clipped, _marked(clipped.removesuffix("ات"), language)}
        readings.add(f"~{_stemmer(language).stemWord(form)}")  # 'بيتهم': its first letter is no clitic
        if base is None:
            readings |= _unknown_arabic(form)
    if (
        (base is None and (noun is None or (noun == form and form[-1] in "ns")))
        or name
        or _is_stemmed(form, language, base)
    ):
        readings.add(_marked(form, language))
    if name and language != "pl" and (surname := _SURNAME.search(form)):
        readings.add(f"~{form[: surname.end(1)]}")
    if capital and "sk" in form and (transcribed := _TRANSCRIBED.search(form)):
        readings.add(f"~{form[: transcribed.start()]}sky")
    return readings


def _is_of_a_people(form: str) -> bool:
    return _PEOPLES.search(form) is not None and _entry(form[:-1].title(), "en") is not None


def _unknown_arabic(form: str) -> set[str]:
    """Readings of a word that the dictionary does not have: with a preposition ('لوقف'), or ه for ة ('غزه')."""
    readings = {f"~{form[1:]}"} if len(form) == _SHORT_ARABIC and form[0] in "بكل" else set()
    return readings | {f"{form[:-1]}ة"} if form[-1] == "ه" else readings


def _is_foreign(form: str, language: str) -> bool:
    """Whether a word is in letters that the language is not written in: it is not inflected."""
    if form.isascii():
        return language in _SCRIPTS
    script = _SCRIPTS.get(language, "latin")
    cyrillic, arabic = "\u0400" <= form[0] <= "\u052f", "\u0600" <= form[0] <= "\u06ff"
    return (script == "cyrillic") != cyrillic or (script == "arabic") != arabic


def is_noun(form: str) -> bool:
    """Whether the German dictionary has a word with a capital letter."""
    return _entry(form.title(), "de") is not None


def bare_stem(form: str, language: str) -> str:
    """A word's stem by rules alone, for one of `LANGUAGES`."""
    return _strip(form, language)


def is_common(form: str, language: str) -> bool:
    """Whether a word written in lower case is in the language's dictionary, so that it is more than a name."""
    return language in LANGUAGES and _entry(form, language) is not None


def _is_stemmed(form: str, language: str, base: str | None) -> bool:
    """Whether the bare stem of a word in the dictionary is a reading: where stems are known to be careful."""
    if language in _CAREFUL:
        return len(_strip(form, language)) >= _CAREFUL[language] or (language == "pl" and base == form)
    return language == "ar" or (language == "fr" and form.endswith(_FRENCH_ADJECTIVES))


def _marked(form: str, language: str) -> str:
    """The bare stem, marked so that it only meets other stems, never a word that looks like it."""
    return f"~{_strip(form, language)}"


def _lemma(form: str, language: str) -> str:
    lemma = (_lemmas.get_lemma(form, language) or form).casefold()
    return american(lemma, _is_english) if language == "en" else lemma


def _is_english(word: str) -> bool:
    return _entry(word, "en") is not None


def _entry(form: str, language: str) -> str | None:
    """The base form that the dictionary gives a word in just this case, None if it does not have it."""
    if language == "en":
        return _look_up(form, language)  # a dict: faster than a cache that is full
    return _remembered(form, language)


def _look_up(form: str, language: str) -> str | None:
    if (own := own_base(form, language)) is not None:
        return own
    if form.isascii() and form.isalpha():  # no apostrophes or marks, with which `exact_lemma` is busy
        lemma = _dictionaries.get_dictionary(language).get(form)
    else:
        lemma = _lookup.exact_lemma(form, language)
    return lemma if lemma is None else lemma.casefold().replace("œ", "oe")  # as in normal forms


_remembered = lru_cache(_CACHE)(_look_up)


@lru_cache(8)  # a word's stem is asked for up to three times in a row
def _strip(form: str, language: str) -> str:
    if language == "uk":
        return _UKRAINIAN.sub("", form)
    if language == "ar":
        form = _ARABIC_CLITICS.sub("", form)
    stemmed: str = _stemmer(language).stemWord(form)
    if language == "pl":
        return stemmed.translate(_POLISH_SHIFTS)
    if language == "de" and stemmed == form and form.endswith("s"):
        return form[:-1]
    return stemmed


@lru_cache(len(LANGUAGES))
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(_SNOWBALL[language], 0)  # no cache of its own: filling it costs more than stemming
