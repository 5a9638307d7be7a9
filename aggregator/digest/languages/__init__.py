"""The words of mails and of the pages of a subscription, in ten languages. `phrases` says what each entry is for."""

from aggregator.digest.languages import ar, de, en, es, fr, it, pl, pt, ru, uk
from aggregator.digest.languages.words import Words

LANGUAGES: dict[str, Words] = {
    "en": en.WORDS,
    "de": de.WORDS,
    "fr": fr.WORDS,
    "es": es.WORDS,
    "pt": pt.WORDS,
    "it": it.WORDS,
    "pl": pl.WORDS,
    "uk": uk.WORDS,
    "ru": ru.WORDS,
    "ar": ar.WORDS,
}
