"""Which language an entry is written in, short titles included.

py3langid judges among the languages of news; the ten whose inflection the program knows are likelier beforehand than
the others, and what the feed declares is likelier still, but neither rules: a clear text wins over both.
"""

from __future__ import annotations

from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from aggregator.text.stems import LANGUAGES

UNKNOWN = "other"

_NEIGHBOURS = (
    "nl", "sv", "da", "no", "cs", "sk", "sl", "hr", "ro", "ca", "gl", "tr", "hu", "fi", "et", "lv", "lt", "sq", "id",
    "vi", "el", "he", "fa", "ur", "hi", "bg", "sr", "mk", "be", "ja", "zh", "ko", "th", "ka", "hy", "az", "kk",
)  # fmt: skip
# How likely a language is before the text is read, relative to most of the ten.
_PRIORS = {"en": 2.0} | dict.fromkeys(_NEIGHBOURS, 0.5)
_DECLARED = 5.0  # times as likely as it would be otherwise
_ENOUGH = 160  # characters: more change nothing


def detect(title: str, text: str = "", declared: str | None = None) -> str:
    """Two-letter code of the language of an entry, `UNKNOWN` if there are no words to tell it by.

    `declared` is the feed's or the entry's own statement (BCP 47).
    """
    sample = f"{title} {text[:_ENOUGH]}"[:_ENOUGH] if len(title) < _ENOUGH else title[:_ENOUGH]
    if declared:
        declared = declared.replace("_", "-").split("-")[0].lower()
    letters = sum(map(str.isalpha, sample))
    if letters < 2:
        return declared or UNKNOWN
    return _judge(sample, declared)


@lru_cache(2_048)  # topics and stories ask for the same entry one after the other
def _judge(sample: str, declared: str | None) -> str:
    best, best_score = UNKNOWN, 0.0
    for language, probability in _identifier().rank(sample):
        score = probability * _PRIORS.get(language, 1.0) * (_DECLARED if language == declared else 1.0)
        if score > best_score:
            best, best_score = language, score
    return best


@lru_cache(1)
def _identifier() -> LanguageIdentifier:
    """Loaded when first needed: 0.4 s and about 90 MB."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*LANGUAGES, *_NEIGHBOURS])
    return identifier
